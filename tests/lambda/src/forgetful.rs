//! An endpoint whose connections become unusable after their first response, as can happen while Lambda freezes the client's process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Behaviour of a connection after its first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// The endpoint closes the connection at once.
    Closed,
    /// The endpoint closes the connection when a second request arrives, so the client has already sent this request.
    ClosedWhenUsed,
    /// The endpoint never responds on the connection again, as if a device on the network path had dropped it.
    Silent,
}

pub struct Forgetful {
    pub url: String,
    connections: Arc<AtomicUsize>,
}

impl Forgetful {
    /// Listens on a free port until the runtime ends. The response to the first request of each connection has the header
    /// `connection: keep-alive` and the body `body`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(idle: Idle, body: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(connection, idle, body));
            }
        });
        Self { url, connections }
    }

    /// Returns how many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut connection: TcpStream, idle: Idle, body: &str) -> Option<()> {
    read_request(&mut connection).await?;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: keep-alive\r\n\r\n{body}", body.len());
    connection.write_all(response.as_bytes()).await.ok()?;
    match idle {
        Idle::Closed => {}
        Idle::ClosedWhenUsed => read_request(&mut connection).await?,
        Idle::Silent => while connection.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {},
    }
    Some(())
}

/// Reads a request with its body. Returns `None` if the client closes the connection first.
async fn read_request(connection: &mut TcpStream) -> Option<()> {
    let mut request = Vec::new();
    loop {
        if connection.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or(Some(0), |length| length.trim().parse().ok())?;
        if body.len() >= length {
            return Some(());
        }
    }
}

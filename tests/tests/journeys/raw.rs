//! Sends an HTTP request whose path and cookies a normal client would reject or normalise.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use journeys::stack;
use url::Url;

/// The response to a raw request.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
}

/// Sends `GET path` exactly as written, with this `Cookie` header.
pub(crate) fn raw(path: &str, cookie: Option<&str>) -> Raw {
    let origin = Url::parse(&stack::origin()).expect("a URL");
    let mut socket = TcpStream::connect(("127.0.0.1", origin.port().expect("a port"))).expect("a connection");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let (host, cookie) = (origin.authority(), cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n{cookie}Connection: close\r\n\r\n");
    // A single call sends the whole request. `write!` would send it in parts. A server that rejects the path may close the connection after
    // the first part, and sending the next part would then fail.
    socket.write_all(request.as_bytes()).expect("a request");
    let mut response = Vec::new();
    socket.read_to_end(&mut response).expect("a response");
    let response = String::from_utf8_lossy(&response).to_lowercase();
    let head = response.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{path}: {head}"));
    let media_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
    Raw { status, media_type, head }
}

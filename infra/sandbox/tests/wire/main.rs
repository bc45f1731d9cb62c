//! Tests of the sandbox over real HTTP. Each test runs a sandbox on its own port and with its own folder.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test")]

mod messages;
mod people;
mod registers;
mod taxisnet;

use reqwest::redirect::Policy;
use sandbox::Secrets;
use serde_json::Value;
use tempfile::TempDir;

const SEED: &str = include_str!("../../people.toml");

struct Sandbox {
    origin: String,
    client: reqwest::Client,
    state: TempDir,
}

impl Sandbox {
    async fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap()).await
    }

    async fn start_on(state: TempDir) -> Self {
        let secrets = Secrets { client_id: "client".to_owned(), client_secret: "secret".to_owned(), registers_token: "token".to_owned() };
        let router = sandbox::router(secrets, SEED, state.path()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, client: reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap(), state }
    }

    /// Starts another sandbox with the same state folder, as after a restart of the process.
    async fn restart(self) -> Self {
        Self::start_on(self.state).await
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.origin))
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.origin))
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).send().await.unwrap().json().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        self.get(path).send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn the_first_page_is_available_in_both_languages() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.text("/health").await, "ok");
    assert!(sandbox.text("/").await.contains("Άνθρωποι"));
    let page = sandbox.text("/?lang=en").await;
    assert!(page.contains("People") && page.contains("ΚΕΠ Δήμου Νέας Πηγής (KEP-0418)") && page.contains(", until 2025-06-30"));
}

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sandbox::Secrets;

/// The outside world for myPhoto's runs and tests: TAXISnet, the registers, an inbox for SMS and email.
#[derive(Parser)]
struct Arguments {
    /// A loopback address; port 0 takes a free one. The first line of output names it.
    #[arg(long, env = "SANDBOX_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The file of people.
    #[arg(long, env = "SANDBOX_SEED", default_value = "infra/sandbox/people.toml")]
    seed: PathBuf,
    /// Folder for messages and for people made at run time.
    #[arg(long, env = "SANDBOX_STATE")]
    state: PathBuf,
    #[arg(long, env = "TAXISNET_CLIENT_ID")]
    client_id: String,
    #[arg(long, env = "TAXISNET_CLIENT_SECRET", hide_env_values = true)]
    client_secret: String,
    #[arg(long, env = "REGISTERS_TOKEN", hide_env_values = true)]
    registers_token: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if !arguments.listen.ip().is_loopback() {
        // Anyone who reaches it can sign in as anyone.
        return Err("--listen must be a loopback address".into());
    }
    let seed = std::fs::read_to_string(&arguments.seed).map_err(|error| format!("{}: {error}", arguments.seed.display()))?;
    let secrets =
        Secrets { client_id: arguments.client_id, client_secret: arguments.client_secret, registers_token: arguments.registers_token };
    let router = sandbox::router(secrets, &seed, &arguments.state)?;
    let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(|error| format!("{}: {error}", arguments.listen))?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    axum::serve(listener, router).await?;
    Ok(())
}

use std::error::Error;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use sandbox::Secrets;

/// Replaces the external services for local runs and tests of myPhoto: TAXISnet, the registers, and an inbox for SMS and email.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on: a loopback address, or with `--private-address` also a private one. Port 0 chooses a free port.
    /// The first line of output shows the address.
    #[arg(long, env = "SANDBOX_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Permits a private address, for an emulator that runs functions in containers. Anyone who can reach the sandbox can sign
    /// in as anyone.
    #[arg(long)]
    private_address: bool,
    /// File with the people.
    #[arg(long, env = "SANDBOX_SEED", default_value = "infra/sandbox/people.toml")]
    seed: PathBuf,
    /// Folder for messages and for people created at run time.
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
    if !may_listen_on(arguments.listen.ip(), arguments.private_address) {
        return Err(
            "--listen must be a loopback address, or with --private-address a private one, because anyone who can reach the sandbox can \
             sign in as anyone"
                .into(),
        );
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

fn may_listen_on(address: IpAddr, private: bool) -> bool {
    let is_private = match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    address.is_loopback() || (private && is_private)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_loopback_and_with_the_option_on_private_addresses() {
        for (address, by_default, with_option) in [
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("172.17.0.1", false, true),
            ("192.168.1.5", false, true),
            ("fd00::1", false, true),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("8.8.8.8", false, false),
        ] {
            let ip: IpAddr = address.parse().expect("an address");
            assert_eq!((may_listen_on(ip, false), may_listen_on(ip, true)), (by_default, with_option), "{address}");
        }
    }
}

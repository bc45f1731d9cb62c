//! The command `applications`, which `make application` calls (docs/operating/applications.md).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::process::ExitCode;

use clap::Parser;
use operator::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match operator::run(Cli::parse()).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

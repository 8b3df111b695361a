//! `homing`: what a person can do in the window, on the command line, for scripts, scheduled jobs and tests.
//!
//! A command opens the profile, makes its calls, prints and ends. If another process owns the profile (an open
//! window, a `sync --watch`), that process does the work and this one only prints. Commands that need no relay
//! never wait for the network: what they change is durable and waits in the outbox for whoever syncs next.

mod args;
mod client;
mod commands;
mod passphrase;
mod platform;
mod print;
mod shapes;

use std::process::ExitCode;

use clap::Parser as _;
use homing_engine::api::{ApiError, Code};

use args::Cli;
use print::Printer;

/// A command was stopped by a signal, in the shells' way of counting.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = std::env::var("HOMING_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let printer = Printer::new(cli.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.fail(&ApiError::new(Code::Internal, format!("The system gives no threads: {error}")));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(cli, &printer));
    // A thread that still reads stdin must not hold the process back.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli, printer: &Printer) -> ExitCode {
    let client = match client::Client::open(&cli).await {
        Ok(client) => client,
        Err(error) => {
            printer.fail(&error);
            return ExitCode::FAILURE;
        }
    };
    let watching = cli.command.watches();
    let code = tokio::select! {
        outcome = commands::run(cli.command, &client, printer) => match outcome {
            Ok(commands::Outcome::Done) => ExitCode::SUCCESS,
            Ok(commands::Outcome::Unhealthy) => ExitCode::FAILURE,
            Err(error) => {
                printer.fail(&error);
                ExitCode::FAILURE
            }
        },
        // Being stopped is how watching ends.
        () = platform::interrupted() => ExitCode::from(if watching { 0 } else { INTERRUPTED }),
    };
    client.close().await;
    code
}

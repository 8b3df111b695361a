//! The relay's command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use homing_relay::{Config, Limits, Relay};

/// Passes end-to-end encrypted messages between the devices of Homing. It stores what it can't read.
///
/// When it is ready it prints one line on standard output, {"listening":"http://ADDR"}, and logs to standard
/// error. It stops cleanly on SIGINT and SIGTERM (Ctrl+C on Windows). Nothing is acknowledged to a device before it
/// is on the disk, so a crash or power cut loses nothing that a device believes sent.
///
/// It speaks plain HTTP. Put a proxy that does TLS in front (Caddy, nginx, HAProxy), let it pass WebSockets on,
/// and start the relay with --host and --trust-forwarded:
///
///     homing-relay --listen 127.0.0.1:7600 --data /var/lib/homing-relay --host relay.example.com --trust-forwarded
///
/// The data folder holds the database (relay.db), the files people send (blobs/), and the relay's identity
/// (relay.json, keep it secret). To back up, stop the relay and copy the folder, or copy a snapshot of its disk. If
/// you ever put an older copy back, keep the newest relay.json and relay.commits: the relay then notices, and the
/// devices bring back what is missing. Losing relay.json means that every device must be told of a new relay.
///
/// /healthz answers 200 while the relay takes writes, /metrics has counters for Prometheus (none of them names
/// anybody), /i/ is the page that invitation links open.
#[derive(Parser)]
#[command(name = "homing-relay", version, verbatim_doc_comment)]
struct Arguments {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7600")]
    listen: SocketAddr,

    /// Folder of everything the relay keeps; created if it is missing.
    #[arg(long, value_name = "DIR", default_value = "homing-relay-data")]
    data: PathBuf,

    /// Name under which devices reach this relay, with the port where it isn't 80 or 443. May be given several
    /// times. Without it any name is taken, which is fine on your own computer and not on the internet.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,

    /// Take the client's address from X-Forwarded-For. Only behind a proxy that sets it.
    #[arg(long)]
    trust_forwarded: bool,

    /// Megabytes of messages kept for one account.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().account_bytes / MIB)]
    account_mb: u64,

    /// Megabytes of messages kept in one space.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().space_bytes / MIB)]
    space_mb: u64,

    /// Spaces one account may register.
    #[arg(long, value_name = "N", default_value_t = Limits::default().account_spaces)]
    account_spaces: u64,

    /// Megabytes of one file.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().blob_bytes / MIB)]
    file_mb: u64,

    /// Megabytes of files one account may keep here.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().account_blob_bytes / MIB)]
    account_files_mb: u64,

    /// Requests of one address per hour that come before a device has proved itself: registrations, linking.
    #[arg(long, value_name = "N", default_value_t = Limits::default().anonymous_per_hour)]
    anonymous_per_hour: u64,

    /// Frames per second of one connection, on average.
    #[arg(long, value_name = "N", default_value_t = Limits::default().frames_per_second)]
    frames_per_second: u64,

    /// Connections of one address.
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections_per_address)]
    connections_per_address: usize,

    /// Connections in all.
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    connections: usize,

    /// Percent of the disk in use at which the relay refuses writes, once less than --disk-free-mb is free too.
    #[arg(long, value_name = "PERCENT", default_value_t = Limits::default().disk_full_percent)]
    disk_full_percent: u64,

    /// Free megabytes with which the relay takes writes however large the part of the disk in use.
    #[arg(long, value_name = "MB", default_value_t = Limits::default().disk_free_bytes / MIB)]
    disk_free_mb: u64,
}

const MIB: u64 = 1024 * 1024;

impl Arguments {
    fn config(self) -> Config {
        let limits = Limits {
            account_bytes: self.account_mb.saturating_mul(MIB),
            space_bytes: self.space_mb.saturating_mul(MIB),
            account_spaces: self.account_spaces,
            blob_bytes: self.file_mb.saturating_mul(MIB),
            account_blob_bytes: self.account_files_mb.saturating_mul(MIB),
            anonymous_per_hour: self.anonymous_per_hour,
            frames_per_second: self.frames_per_second,
            connections_per_address: self.connections_per_address,
            connections: self.connections,
            disk_full_percent: self.disk_full_percent,
            disk_free_bytes: self.disk_free_mb.saturating_mul(MIB),
            ..Limits::default()
        };
        Config {
            listen: self.listen,
            hosts: self.hosts,
            trust_forwarded: self.trust_forwarded,
            limits,
            ..Config::new(self.data)
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    let runtime = tokio::runtime::Runtime::new().context("can't start")?;
    runtime.block_on(run(arguments.config()))
}

async fn run(config: Config) -> anyhow::Result<()> {
    // Before anybody hears that the relay is there: a signal must never find it deaf.
    let stopped = homing_relay::stop_signal().context("can't wait for signals")?;
    let relay = Relay::start(config).await?;
    let line = serde_json::json!({ "listening": format!("http://{}", relay.addr) });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("can't write to standard output")?;
    drop(out);
    stopped.await;
    tracing::info!("stopping");
    relay.stop().await?;
    Ok(())
}

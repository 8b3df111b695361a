//! What every test needs: people who make valid entries, a real relay, and clients that speak frames.

mod client;
mod http;
mod world;

pub use client::{Client, chain};
pub use http::request;
pub use world::{Person, World};

use homing_relay::{Config, Limits, Relay, RunningRelay};

/// A relay in a folder of its own, stopped and started by the test.
pub struct Home {
    pub folder: tempfile::TempDir,
    pub limits: Limits,
    running: Option<RunningRelay>,
}

impl Home {
    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let mut home = Self { folder: tempfile::tempdir().unwrap(), limits, running: None };
        home.start().await;
        home
    }

    pub async fn start(&mut self) {
        let config = Config { limits: self.limits.clone(), ..Config::new(self.folder.path()) };
        self.running = Some(Relay::start(config).await.unwrap());
    }

    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await.unwrap();
        }
    }

    pub fn address(&self) -> String {
        self.running.as_ref().unwrap().addr.to_string()
    }

    /// A session of a person's first device.
    pub async fn login(&self, person: &Person) -> Client {
        Client::login(&self.address(), person).await
    }

    /// Registers the account, then a session.
    pub async fn join(&self, person: &Person) -> Client {
        let mut client = Client::open(&self.address()).await;
        for op in &person.log {
            client.account_push(op).await.unwrap();
        }
        client.auth(person).await;
        client
    }

    /// The database alone, without what lies beside it.
    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("relay.db")
    }

    pub fn wipe_database(&self) {
        for end in ["", "-wal", "-shm"] {
            let path = self.folder.path().join(format!("relay.db{end}"));
            if path.exists() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

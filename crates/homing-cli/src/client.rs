//! The open profile a command works on.

use std::path::PathBuf;
use std::sync::Arc;

use homing_engine::api::{ApiError, Call, Code, Event, Nothing, Passphrase, Status};
use homing_engine::host::{Session, SessionOptions};
use homing_engine::platform::folders;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::broadcast;

use crate::args::Cli;
use crate::passphrase;

/// A session, and how to unlock it.
pub struct Client {
    session: Arc<Session>,
    passphrase_file: Option<PathBuf>,
}

impl Client {
    /// Opens the profile in the way the command needs.
    pub async fn open(cli: &Cli) -> Result<Self, ApiError> {
        let profile = folders::profile(cli.profile.as_deref());
        let profile = profile.map_err(|error| ApiError::new(Code::FileFailed, error.to_string()))?;
        let network = cli.command.needs_relay();
        // Who keeps the profile for long must let others use it meanwhile.
        let options = SessionOptions { profile, network, serve: network };
        Ok(Self { session: Session::open(options).await?, passphrase_file: cli.passphrase_file.clone() })
    }

    /// Makes a call; unlocks the profile first if that is needed and this process owns it. A window that is locked
    /// stays locked until its passphrase is entered there or with `homing unlock`.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        match self.session.call(call.clone()).await {
            Err(error) if error.code == Code::Locked && self.session.owns().await => {
                self.unlock().await?;
                read(&self.session.call(call).await?)
            }
            answer => read(&answer?),
        }
    }

    /// Unlocks the profile.
    pub async fn unlock(&self) -> Result<Status, ApiError> {
        let passphrase = self.passphrase()?;
        read(&self.session.call(Call::Unlock(Passphrase { passphrase })).await?)
    }

    /// The profile's passphrase as its user gives it.
    pub fn passphrase(&self) -> Result<String, ApiError> {
        passphrase::of_profile(self.passphrase_file.as_ref())
    }

    pub async fn status(&self) -> Result<Status, ApiError> {
        self.call(Call::Status(Nothing {})).await
    }

    pub async fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.session.subscribe().await
    }

    pub async fn close(&self) {
        self.session.close().await;
    }
}

fn read<T: DeserializeOwned>(answer: &RawValue) -> Result<T, ApiError> {
    serde_json::from_str(answer.get()).map_err(|_| {
        ApiError::new(Code::VersionTooNew, "The process that owns this profile is of another version.")
    })
}

//! The profile, its settings, its devices' linking, and its care.

use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, ApiError, KeyProtection};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{clock, word};

/// Who this profile is.
#[derive(Serialize)]
pub struct Identity {
    pub person: Option<String>,
    pub device: Option<String>,
    pub relay: Option<String>,
}

impl From<api::Status> for Identity {
    fn from(status: api::Status) -> Self {
        Self { person: status.person, device: status.device, relay: status.relay }
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
        writeln!(f, "Person  {}", or_none(&self.person))?;
        writeln!(f, "Device  {}", or_none(&self.device))?;
        write!(f, "Relay   {}", or_none(&self.relay))
    }
}

/// The profile at a glance.
#[derive(Serialize)]
pub struct Status {
    pub person: Option<String>,
    pub device: Option<String>,
    pub name: Option<String>,
    pub relay: Option<String>,
    pub online: bool,
    pub offline_since: Option<String>,
    pub outbox: u32,
    pub refused: u32,
    pub unread: u32,
    pub quarantined: u32,
    pub parked: u32,
    pub requests: u32,
    pub locked: bool,
    pub demo: bool,
    pub recovery_confirmed: bool,
    pub recovery_here: bool,
    pub problem: Option<ApiError>,
    pub version: String,
}

impl From<api::Status> for Status {
    fn from(status: api::Status) -> Self {
        Self {
            person: status.person,
            device: status.device,
            name: status.name,
            relay: status.relay,
            online: status.online,
            offline_since: status.offline_since,
            outbox: status.outbox,
            refused: status.refused,
            unread: status.unread,
            quarantined: status.quarantined,
            parked: status.parked,
            requests: status.requests,
            locked: status.locked,
            demo: status.demo,
            recovery_confirmed: status.recovery_confirmed,
            recovery_here: status.recovery_here,
            problem: status.problem,
            version: status.version,
        }
    }
}

impl Display for Status {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.locked {
            return f.write_str("Locked");
        }
        let Some(person) = &self.person else {
            return f.write_str("Nobody yet: `homing init --name NAME`, or `homing join LINK --name NAME`");
        };
        writeln!(f, "{}  {person}", self.name.as_deref().unwrap_or("(no name)"))?;
        match (&self.relay, self.online, &self.offline_since) {
            (None, ..) => writeln!(f, "On this device only; no relay is set")?,
            (Some(relay), true, _) => writeln!(f, "Online at {relay}")?,
            (Some(relay), false, Some(since)) => {
                writeln!(f, "Not connected to {relay} since {}", clock(since))?;
            }
            (Some(relay), false, None) => writeln!(f, "Not connected to {relay}")?,
        }
        write!(f, "{} unread, {} waiting to be sent", self.unread, self.outbox)?;
        if self.parked + self.quarantined > 0 {
            write!(f, ", {} not readable yet, {} refused", self.parked, self.quarantined)?;
        }
        if self.refused > 0 {
            write!(f, "\n{} could not be sent: `homing outbox list`", self.refused)?;
        }
        if self.requests > 0 {
            write!(f, "\n{} ask to join: `homing request list`", self.requests)?;
        }
        if let Some(problem) = &self.problem {
            write!(f, "\n{}", problem.message)?;
        }
        Ok(())
    }
}

/// Where the demo is.
#[derive(Serialize)]
pub struct Demo {
    pub profile: Option<String>,
}

impl From<api::Status> for Demo {
    fn from(status: api::Status) -> Self {
        Self { profile: status.demo_profile }
    }
}

impl Display for Demo {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.profile {
            Some(profile) => {
                write!(f, "The demo is ready:\n  homing --profile '{profile}' conversation list")
            }
            None => f.write_str("There is no demo."),
        }
    }
}

/// What a sync moved.
#[derive(Serialize)]
pub struct Sync {
    pub pushed: u32,
    pub pulled: u32,
}

impl From<api::SyncReport> for Sync {
    fn from(report: api::SyncReport) -> Self {
        Self { pushed: report.pushed, pulled: report.pulled }
    }
}

impl Display for Sync {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Sent {}, received {}", self.pushed, self.pulled)
    }
}

/// The code another device enters.
#[derive(Serialize)]
pub struct Code {
    pub code: String,
}

impl Display for Code {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Code: {}", self.code)
    }
}

/// What both devices show.
#[derive(Serialize)]
pub struct Digits {
    pub digits: String,
}

impl Display for Digits {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Digits: {}", self.digits)
    }
}

/// A device that was linked.
#[derive(Serialize)]
pub struct LinkDone {
    pub linked: bool,
    pub device_name: Option<String>,
}

impl Display for LinkDone {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Linked {}", self.device_name.as_deref().unwrap_or("the device"))
    }
}

/// The recovery words.
#[derive(Serialize)]
pub struct Words {
    pub words: Vec<String>,
    pub confirmed: bool,
}

impl From<api::RecoveryWords> for Words {
    fn from(words: api::RecoveryWords) -> Self {
        Self { words: words.words, confirmed: words.confirmed }
    }
}

impl Display for Words {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, words) in (1..).step_by(4).zip(self.words.chunks(4)) {
            for (number, word) in (number..).zip(words) {
                write!(f, "{number:>2} {word:<10}")?;
            }
            writeln!(f)?;
        }
        f.write_str("Whoever has these words can read everything. Write them on paper and keep it safe.")
    }
}

/// A backup that was written.
#[derive(Serialize)]
pub struct Backup {
    pub file: String,
    pub bytes: u64,
}

impl From<api::BackupReport> for Backup {
    fn from(report: api::BackupReport) -> Self {
        // Sizes travel as the window's numbers; a backup is far below 2^53 bytes.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self { file: report.file, bytes: report.bytes as u64 }
    }
}

impl Display for Backup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Saved {} ({} bytes)", self.file, self.bytes)
    }
}

/// What the doctor found.
#[derive(Serialize)]
pub struct Doctor {
    pub healthy: bool,
    pub findings: Vec<Finding>,
}

#[derive(Serialize)]
pub struct Finding {
    pub code: String,
    pub message: String,
    pub repaired: bool,
}

impl From<api::DoctorReport> for Doctor {
    fn from(report: api::DoctorReport) -> Self {
        let finding = |f: api::Finding| Finding { code: f.code, message: f.message, repaired: f.repaired };
        Self { healthy: report.healthy, findings: report.findings.into_iter().map(finding).collect() }
    }
}

impl Display for Doctor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let mended = if finding.repaired { "mended" } else { "found" };
            writeln!(f, "{mended}: {} ({})", finding.message, finding.code)?;
        }
        f.write_str(if self.healthy { "Everything is in order." } else { "Something is damaged." })
    }
}

/// What a load test made.
#[derive(Serialize)]
pub struct Seeded {
    pub messages: u32,
    pub conversations: u32,
}

impl From<api::SeedReport> for Seeded {
    fn from(report: api::SeedReport) -> Self {
        Self { messages: report.messages, conversations: report.conversations }
    }
}

impl Display for Seeded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Made {} messages in {} conversations", self.messages, self.conversations)
    }
}

/// Settings by their keys.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Settings(pub Map<String, Value>);

impl Display for Settings {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => format!("{key} = {text}"),
                Value::Null => format!("{key} ="),
                value => format!("{key} = {value}"),
            })
            .collect();
        f.write_str(&lines.join("\n"))
    }
}

/// All settings that `config` knows.
pub fn settings_keys(status: &api::Status, settings: &api::Settings) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("name".into(), status.name.clone().into());
    all.insert("relay".into(), status.relay.clone().into());
    all.insert("passphrase".into(), (status.key_protection == KeyProtection::Passphrase).into());
    all.insert("theme".into(), word(&settings.theme).into());
    all.insert("notifications".into(), settings.notifications.into());
    all.insert("notification_content".into(), settings.notification_content.into());
    all.insert("read_receipts".into(), settings.read_receipts.into());
    all.insert("enter_sends".into(), settings.enter_sends.into());
    all.insert("zoom".into(), settings.zoom.into());
    all.insert("close_to_tray".into(), settings.close_to_tray.into());
    all.insert("lock_after_minutes".into(), settings.lock_after_minutes.into());
    all.insert("compact_list".into(), settings.compact_list.into());
    all.insert("undo_send_seconds".into(), settings.undo_send_seconds.into());
    all.insert("presence".into(), settings.presence.into());
    all.insert("link_previews".into(), settings.link_previews.into());
    all.insert("clean_photos".into(), settings.clean_photos.into());
    all.insert("video_call".into(), settings.video_call.clone().into());
    all.insert("translate_at".into(), settings.translate_at.clone().into());
    all.insert("translate_to".into(), settings.translate_to.clone().into());
    all
}

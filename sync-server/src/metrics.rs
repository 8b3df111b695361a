//! Counters for the operator, in Prometheus' text form. Counts and codes only: no label names anybody.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use homing_wire::NackCode;

/// How many codes there are.
const CODES: usize = 20;

/// What the relay counts. One per relay, so that several can run in one process.
#[derive(Debug, Default)]
pub struct Metrics {
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) frames_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) frames_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) entry_bytes: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) refilled: AtomicU64,
    pub(crate) scheduled: AtomicU64,
    pub(crate) released: AtomicU64,
    pub(crate) slots: AtomicU64,
    pub(crate) account_ops: AtomicU64,
    pub(crate) ephemerals: AtomicU64,
    pub(crate) overflows: AtomicU64,
    pub(crate) goaways: AtomicU64,
    pub(crate) slow_readers: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) commit_micros: AtomicU64,
    pub(crate) commit_micros_max: AtomicU64,
    pub(crate) states: AtomicU64,
    pub(crate) generation: AtomicU64,
    pub(crate) disk_used_percent: AtomicU64,
    pub(crate) disk_full: AtomicU64,
    pub(crate) blob_bytes_in: AtomicU64,
    pub(crate) blob_bytes_out: AtomicU64,
    pub(crate) nacks: [AtomicU64; CODES],
}

pub(crate) fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(u64::try_from(amount).unwrap_or(u64::MAX), Relaxed);
}

impl Metrics {
    pub(crate) fn nack(&self, code: NackCode) {
        if let Some(counter) = self.nacks.get(number(code)) {
            add(counter, 1);
        }
    }

    pub(crate) fn committed(&self, micros: u64) {
        add(&self.commits, 1);
        self.commit_micros.fetch_add(micros, Relaxed);
        self.commit_micros_max.fetch_max(micros, Relaxed);
    }

    /// The page `/metrics` serves.
    pub fn render(&self) -> String {
        let mut page = String::new();
        let mut line = |name: &str, kind: &str, help: &str, value: &AtomicU64| {
            let value = value.load(Relaxed);
            // Writing to a String can't fail.
            let _ = writeln!(
                page,
                "# HELP homing_relay_{name} {help}\n# TYPE homing_relay_{name} {kind}\nhoming_relay_{name} {value}"
            );
        };
        line("connections", "gauge", "Open WebSocket connections.", &self.connections);
        line("connections_refused_total", "counter", "Over a limit.", &self.connections_refused);
        line("frames_in_total", "counter", "Frames received.", &self.frames_in);
        line("bytes_in_total", "counter", "Bytes of frames received.", &self.bytes_in);
        line("frames_out_total", "counter", "Frames sent.", &self.frames_out);
        line("bytes_out_total", "counter", "Bytes of frames sent.", &self.bytes_out);
        line("entries_total", "counter", "Entries appended.", &self.entries);
        line("entry_bytes_total", "counter", "Bytes of entries appended.", &self.entry_bytes);
        line("duplicates_total", "counter", "Entries that were here already.", &self.duplicates);
        line("refilled_total", "counter", "Entries that came back after a restore.", &self.refilled);
        line("scheduled_total", "counter", "Entries taken to be released later.", &self.scheduled);
        line("released_total", "counter", "Entries released at their time.", &self.released);
        line("slots_total", "counter", "Slots written.", &self.slots);
        line("account_ops_total", "counter", "Ops appended to account logs.", &self.account_ops);
        line("ephemerals_total", "counter", "Frames passed on without being stored.", &self.ephemerals);
        line("overflows_total", "counter", "Live modes ended for want of credit.", &self.overflows);
        line("goaways_total", "counter", "Sessions closed by the relay.", &self.goaways);
        line("slow_readers_total", "counter", "Connections closed for not reading.", &self.slow_readers);
        line("commits_total", "counter", "Write transactions.", &self.commits);
        line("commit_microseconds_total", "counter", "Time spent in them.", &self.commit_micros);
        line("commit_microseconds_max", "gauge", "The longest.", &self.commit_micros_max);
        line("states", "gauge", "States of spaces and accounts in memory.", &self.states);
        line("generation", "gauge", "Rises with each restore.", &self.generation);
        line("disk_used_percent", "gauge", "Of the data folder's disk.", &self.disk_used_percent);
        line("disk_full", "gauge", "1 while writes are refused for want of room.", &self.disk_full);
        line("blob_bytes_in_total", "counter", "Bytes of file chunks stored.", &self.blob_bytes_in);
        line("blob_bytes_out_total", "counter", "Bytes of file chunks served.", &self.blob_bytes_out);
        page.push_str(
            "# HELP homing_relay_nacks_total Refusals by code.\n# TYPE homing_relay_nacks_total counter\n",
        );
        for (number, counter) in self.nacks.iter().enumerate() {
            let _ = writeln!(
                page,
                "homing_relay_nacks_total{{code=\"{}\"}} {}",
                name(number),
                counter.load(Relaxed)
            );
        }
        page
    }
}

fn number(code: NackCode) -> usize {
    match code {
        NackCode::Malformed => 0,
        NackCode::TooLarge => 1,
        NackCode::BadSignature => 2,
        NackCode::NotFound => 3,
        NackCode::NotAMember => 4,
        NackCode::RoleForbids => 5,
        NackCode::StaleOps => 6,
        NackCode::StaleEpoch => 7,
        NackCode::NeedsRotation => 8,
        NackCode::Cloned => 9,
        NackCode::PinMismatch => 10,
        NackCode::Revoked => 11,
        NackCode::Exists => 12,
        NackCode::Quota => 13,
        NackCode::DiskFull => 14,
        NackCode::RateLimited => 15,
        NackCode::Held => 16,
        NackCode::Expired => 17,
        NackCode::OldRules => 18,
        NackCode::Unavailable => 19,
    }
}

fn name(number: usize) -> &'static str {
    const NAMES: [&str; CODES] = [
        "malformed",
        "too_large",
        "bad_signature",
        "not_found",
        "not_a_member",
        "role_forbids",
        "stale_ops",
        "stale_epoch",
        "needs_rotation",
        "cloned",
        "pin_mismatch",
        "revoked",
        "exists",
        "quota",
        "disk_full",
        "rate_limited",
        "held",
        "expired",
        "old_rules",
        "unavailable",
    ];
    NAMES.get(number).copied().unwrap_or("unknown")
}

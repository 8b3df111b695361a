//! What an operator can set, with values that suit a team on a small machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::platform::Disk;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// Where the relay listens, where its data lives, and its limits.
#[derive(Debug, Clone)]
pub struct Config {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the database, the files and the relay's identity.
    pub data: PathBuf,
    /// Names under which devices reach this relay (host, with port where it isn't the scheme's own). Empty:
    /// whatever the request says. Set, it stops another server from passing a device's answer on to this one.
    pub hosts: Vec<String>,
    /// Behind a proxy on this machine: the client's address is the last one in `X-Forwarded-For`.
    pub trust_forwarded: bool,
    /// Quotas and rates.
    pub limits: Limits,
}

impl Config {
    /// Defaults: a free loopback port and this data folder.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: data.into(),
            hosts: Vec::new(),
            trust_forwarded: false,
            limits: Limits::default(),
        }
    }
}

/// Quotas and rates. Everything a stranger or a member can make the relay keep or do has one.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of entries, slots and account ops kept for one account.
    pub account_bytes: u64,
    /// Bytes of entries kept in one space.
    pub space_bytes: u64,
    /// Bytes of slots kept for one device in one space.
    pub device_slot_bytes: u64,
    /// Spaces one account may register.
    pub account_spaces: u64,
    /// Bytes of one file.
    pub blob_bytes: u64,
    /// Bytes of files one account may upload.
    pub account_blob_bytes: u64,
    /// Files one account may have begun and not finished to upload.
    pub account_uploads: u64,
    /// Bytes of one page of entries.
    pub page_bytes: usize,
    /// Bytes of one answer about feeds; a connection with more unread would be cut all the same.
    pub feed_bytes: usize,
    /// Bytes of live frames a session may have outstanding before it gets `Overflow`.
    pub live_bytes: u64,
    /// Bytes of pushes a session may have unanswered; beyond it the relay stops reading from it.
    pub push_bytes: u64,
    /// Frames per second of one session, on average.
    pub frames_per_second: u64,
    /// Frames a session may send at once after a pause.
    pub frame_burst: u64,
    /// Accounts, refills and mailbox requests per hour and address before a session is bound; after it, accounts and what
    /// is put into mailboxes.
    pub anonymous_per_hour: u64,
    /// How many of those at once.
    pub anonymous_burst: u64,
    /// Connections of one address.
    pub connections_per_address: usize,
    /// Connections in all.
    pub connections: usize,
    /// For the head of a request, and for whatever comes before it on a connection.
    pub head_timeout: Duration,
    /// For a request with its body: a file's chunk over a slow line takes minutes.
    pub request_timeout: Duration,
    /// Spaces and accounts whose states are kept in memory.
    pub cached_states: usize,
    /// Ids of a proof of an older log that are kept per session, and four times as many in all.
    pub proof_items: usize,
    /// Linking mailboxes open at once.
    pub mailboxes: usize,
    /// Bytes in all of them together.
    pub mailbox_bytes: usize,
    /// Percent of the disk in use at which nothing more is taken..
    pub disk_full_percent: u64,
    /// ..unless this many bytes are free all the same: a tenth of a large disk is much room.
    pub disk_free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            account_bytes: 4 * GIB,
            space_bytes: 4 * GIB,
            device_slot_bytes: 4 * MIB,
            account_spaces: 20_000,
            blob_bytes: 512 * MIB,
            account_blob_bytes: 16 * GIB,
            account_uploads: 1_000,
            page_bytes: 512 * 1024,
            feed_bytes: 32 * 1024 * 1024,
            live_bytes: 4 * MIB,
            push_bytes: 4 * MIB,
            frames_per_second: 2_000,
            frame_burst: 20_000,
            anonymous_per_hour: 600,
            anonymous_burst: 300,
            connections_per_address: 1_000,
            connections: 20_000,
            head_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(300),
            cached_states: 2_000,
            proof_items: 500_000,
            mailboxes: 10_000,
            mailbox_bytes: 64 * 1024 * 1024,
            disk_full_percent: 90,
            disk_free_bytes: 4 * GIB,
        }
    }
}

impl Limits {
    /// True if nothing more may be written to a disk in this state.
    pub(crate) fn full(&self, disk: &Disk) -> bool {
        disk.used_percent >= self.disk_full_percent && disk.free_bytes < self.disk_free_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_when_a_small_part_of_it_and_little_at_all_is_free() {
        let full = |used_percent, free_bytes| Limits::default().full(&Disk { used_percent, free_bytes });
        assert!(full(90, 2 * GIB));
        assert!(full(99, 4 * GIB - 1));
        assert!(!full(89, GIB), "a small disk with room");
        assert!(!full(95, 25 * GIB), "a large one");
    }
}

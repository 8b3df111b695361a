//! Mailboxes: two devices that share a one-time code leave each other sealed notes for a few minutes.
//!
//! In memory only; after a restart the devices leave their notes again.

use std::collections::{BTreeSet, HashMap};

use homing_wire::{MailboxId, limits};

use super::SessionId;

/// A linking takes four messages; the rest is room for retries.
const MESSAGES: usize = 16;
/// Milliseconds a mailbox lives.
const LIFE_MS: u64 = 10 * 60 * 1000;
/// Sessions that may watch one mailbox: two devices, each with a lost connection or two.
const WATCHERS: usize = 8;

#[derive(Debug, Default)]
struct Mailbox {
    messages: Vec<Vec<u8>>,
    watchers: BTreeSet<SessionId>,
    until_ms: u64,
}

impl Mailbox {
    fn bytes(&self) -> usize {
        self.messages.iter().map(Vec::len).sum()
    }
}

/// All open mailboxes.
#[derive(Debug, Default)]
pub struct Mailboxes {
    open: HashMap<MailboxId, Mailbox>,
    /// Of all messages together.
    bytes: usize,
}

/// What all mailboxes together may take.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub mailboxes: usize,
    pub bytes: usize,
}

/// Why a mailbox did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailError {
    /// The message is over its limit.
    TooLarge,
    /// Too many messages, watchers or mailboxes, or too much in all of them.
    Full,
}

/// What one request leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Messages the asker has not seen.
    pub unseen: Vec<Vec<u8>>,
    /// Others who watch and get the new message, if one was put.
    pub notify: Vec<SessionId>,
}

impl Mailboxes {
    /// True if there is such a mailbox.
    pub fn is_open(&self, mailbox: &MailboxId, now_ms: u64) -> bool {
        self.open.get(mailbox).is_some_and(|mailbox| mailbox.until_ms > now_ms)
    }

    /// Puts a message, if any, and reads what is new; from now on the session is told of others' messages.
    pub fn visit(
        &mut self,
        session: SessionId,
        mailbox: MailboxId,
        put: Option<Vec<u8>>,
        seen: u32,
        room: Room,
        now_ms: u64,
    ) -> Result<Delivery, MailError> {
        let length = put.as_ref().map_or(0, Vec::len);
        if length > limits::MAILBOX {
            return Err(MailError::TooLarge);
        }
        self.sweep(now_ms);
        let new = !self.open.contains_key(&mailbox);
        if (new && self.open.len() >= room.mailboxes) || self.bytes.saturating_add(length) > room.bytes {
            return Err(MailError::Full);
        }
        let found = self.open.entry(mailbox).or_default();
        if found.until_ms == 0 {
            found.until_ms = now_ms.saturating_add(LIFE_MS);
        }
        let watches = found.watchers.contains(&session);
        if (!watches && found.watchers.len() >= WATCHERS)
            || (put.is_some() && found.messages.len() >= MESSAGES)
        {
            return Err(MailError::Full);
        }
        let seen = usize::try_from(seen).unwrap_or(usize::MAX);
        let unseen = found.messages.get(seen..).unwrap_or_default().to_vec();
        let notify = match put {
            Some(message) => {
                self.bytes = self.bytes.saturating_add(length);
                found.messages.push(message);
                found.watchers.iter().copied().filter(|watcher| *watcher != session).collect()
            }
            None => Vec::new(),
        };
        found.watchers.insert(session);
        Ok(Delivery { unseen, notify })
    }

    /// Ends a session's watching.
    pub fn leave(&mut self, session: SessionId) {
        for mailbox in self.open.values_mut() {
            mailbox.watchers.remove(&session);
        }
    }

    /// Forgets mailboxes that are past their time.
    pub fn sweep(&mut self, now_ms: u64) {
        let bytes = &mut self.bytes;
        self.open.retain(|_, mailbox| {
            let stays = mailbox.until_ms > now_ms;
            if !stays {
                *bytes = bytes.saturating_sub(mailbox.bytes());
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { mailboxes: 10, bytes: 1_000_000 };
    const BOX: MailboxId = MailboxId([1; 16]);

    #[test]
    fn each_side_reads_the_others_messages_once() {
        let mut mail = Mailboxes::default();
        let first = mail.visit(1, BOX, Some(b"a".to_vec()), 0, ROOM, 0).unwrap();
        assert_eq!(first, Delivery { unseen: vec![], notify: vec![] });
        let second = mail.visit(2, BOX, Some(b"b".to_vec()), 0, ROOM, 0).unwrap();
        assert_eq!(second, Delivery { unseen: vec![b"a".to_vec()], notify: vec![1] });
        let third = mail.visit(1, BOX, None, 1, ROOM, 0).unwrap();
        assert_eq!(third, Delivery { unseen: vec![b"b".to_vec()], notify: vec![] });
    }

    #[test]
    fn bounded_in_time_count_and_size() {
        let mut mail = Mailboxes::default();
        let long = vec![0; limits::MAILBOX + 1];
        assert_eq!(mail.visit(1, BOX, Some(long), 0, ROOM, 0), Err(MailError::TooLarge));
        for _ in 0..MESSAGES {
            mail.visit(1, BOX, Some(vec![1]), 0, ROOM, 0).unwrap();
        }
        assert_eq!(mail.visit(1, BOX, Some(vec![1]), 0, ROOM, 0), Err(MailError::Full));
        assert_eq!(
            mail.visit(1, MailboxId([2; 16]), None, 0, Room { mailboxes: 1, ..ROOM }, 0),
            Err(MailError::Full)
        );
        let later = mail.visit(2, BOX, None, 0, ROOM, LIFE_MS).unwrap();
        assert!(later.unseen.is_empty());
    }

    #[test]
    fn all_together_take_so_much_and_no_more() {
        let mut mail = Mailboxes::default();
        let room = Room { bytes: 250, ..ROOM };
        let boxes: Vec<MailboxId> = (1..=3).map(|n| MailboxId([n; 16])).collect();
        let mut put =
            |mailbox: usize, now_ms| mail.visit(1, boxes[mailbox], Some(vec![7; 100]), 0, room, now_ms);
        assert!(put(0, 0).is_ok() && put(1, 5).is_ok());
        assert_eq!(put(1, 5), Err(MailError::Full));
        assert_eq!(put(2, 5), Err(MailError::Full));
        assert!(put(2, LIFE_MS).is_ok(), "the first is past its time");
    }
}

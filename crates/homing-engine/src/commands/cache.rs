//! Files on this device: what comes by itself, and what goes when room is short.
//!
//! A file whose bytes are at the relay can be fetched again, so those that were not used for longest go first. What is
//! pinned stays, what is in a conversation whose files are kept, and all that is nowhere but here: what waits to be sent,
//! what a draft holds, what records show. How it is set is each device's own; that a conversation's files are kept is
//! the person's, on all devices.

use homing_store::attachments::{self, AttachmentRow, FileState};
use homing_store::cache::{self, Old};
use homing_store::messages::{self, MessageState};
use homing_store::{Durability, Read, Tx, conversations, merging, meta, people};
use homing_wire::DocId;

use crate::api::{
    ApiError, Attachment, Code, Downloads, FilePin, FileRoom, FileRules, FileRulesSet, ItemRef, Nothing,
};
use crate::core::Core;
use crate::fail::{Fail, invalid, not_found};
use crate::replica::Replica;

/// Where the rules lie in the store.
const RULES: &str = "settings/files";
/// As people are told sizes.
const MB: u64 = 1_000_000;
/// Files looked at, or asked for, in one go.
const AT_ONCE: u32 = 500;
/// What was written longer ago comes when somebody looks at it: a new device would load for days.
const RECENT_MS: u64 = 14 * 24 * 3600 * 1000;
/// The most that can be set, in MB.
const MOST_MB: u32 = 100_000_000;

fn rules(db: &Read<'_>) -> Result<FileRules, Fail> {
    let stored = meta::get(db, RULES)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(stored.unwrap_or(FileRules { downloads: Downloads::UpTo, up_to_mb: 25, room_mb: 5000 }))
}

impl FileRules {
    /// Whether a file of that size comes by itself.
    fn bring(&self, size: u64) -> bool {
        match self.downloads {
            Downloads::Always => true,
            Downloads::OnDemand => false,
            Downloads::UpTo => size <= u64::from(self.up_to_mb) * MB,
        }
    }
}

/// Whether all files of a conversation stay.
fn keeps_files(db: &Read<'_>, written: &DocId) -> Result<bool, Fail> {
    let shown = merging::shown_in(db, written)?.unwrap_or(*written);
    Ok(conversations::get(db, &shown)?.is_some_and(|row| row.own.keep_files))
}

/// Whether a file could go: a message at the relay holds it, in a conversation whose files are not kept.
fn can_go(db: &Read<'_>, message: &DocId) -> Result<bool, Fail> {
    let Some(row) = messages::get(db, message)? else { return Ok(false) };
    Ok(row.state == MessageState::Sent && !keeps_files(db, &row.conversation)?)
}

/// Files that could go, unused for longest first, until `enough` says so.
fn going(db: &Read<'_>, mut enough: impl FnMut(&Old) -> bool) -> Result<Vec<Old>, Fail> {
    let (mut going, mut after) = (Vec::new(), None);
    loop {
        let page = cache::least_used(db, after.as_ref().map(|(used_ms, id)| (*used_ms, id)), AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(going) };
        after = Some((last.used_ms, last.id));
        for old in page {
            if can_go(db, &old.message)? {
                if enough(&old) {
                    return Ok(going);
                }
                going.push(old);
            }
        }
    }
}

impl Core {
    pub(crate) fn file_room(&mut self, _: Nothing) -> Result<FileRoom, ApiError> {
        let db = self.db()?;
        let taken = cache::taken(&db)?;
        // Without a relay all of it is only here.
        let free = if self.replica()?.has_relay { going(&db, |_| false)? } else { Vec::new() };
        #[allow(clippy::cast_precision_loss, reason = "disks are smaller than 2^53 bytes")]
        let (bytes, free_bytes) = (taken.bytes as f64, free.iter().map(|old| old.size).sum::<u64>() as f64);
        let count = |files: u64| u32::try_from(files).unwrap_or(u32::MAX);
        Ok(FileRoom {
            rules: rules(&db)?,
            bytes,
            files: count(taken.files),
            free_bytes,
            free_files: count(free.len() as u64),
        })
    }

    pub(crate) fn file_rules_set(&mut self, args: FileRulesSet) -> Result<FileRoom, ApiError> {
        let mut new = rules(&self.db()?)?;
        new.downloads = args.downloads.unwrap_or(new.downloads);
        new.up_to_mb = args.up_to_mb.unwrap_or(new.up_to_mb);
        new.room_mb = args.room_mb.unwrap_or(new.room_mb);
        if new.room_mb > MOST_MB {
            return Err(invalid("This is more room than any disk has. 0 sets no limit.").into());
        }
        if new.up_to_mb == 0 || new.up_to_mb > MOST_MB {
            return Err(invalid("Give the largest file that comes by itself in MB, from 1.").into());
        }
        let stored = serde_json::to_vec(&new).map_err(|_| Fail::Internal("file rules"))?;
        self.write(Durability::Full, |tx, _, _| Ok(meta::set(tx, RULES, &stored)?))?;
        self.make_room()?;
        self.file_room(Nothing {})
    }

    /// Takes everything off this device that can be fetched again and nothing keeps.
    pub(crate) fn files_free(&mut self, _: Nothing) -> Result<FileRoom, ApiError> {
        if !self.replica()?.has_relay {
            return Err(nowhere_else());
        }
        let all = going(&self.db()?, |_| false)?;
        self.take_off(&all)?;
        self.file_room(Nothing {})
    }

    pub(crate) fn file_pin(&mut self, args: FilePin) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        self.write(Durability::Full, |tx, replica, _| {
            cache::set_pinned(tx, &row.id, args.on)?;
            replica.touch_holder(tx, &row.message)
        })?;
        if args.on {
            return self.attachment_fetch(ItemRef { id: args.id });
        }
        self.make_room()?;
        self.attachment_shown(&args.id)
    }

    /// Takes one file off this device.
    pub(crate) fn file_drop(&mut self, args: ItemRef) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        let has_relay = self.replica()?.has_relay;
        if row.state != FileState::Ready || !has_relay || !can_go(&self.db()?, &row.message)? {
            return Err(nowhere_else());
        }
        let AttachmentRow { id, message, size, .. } = row;
        self.write(Durability::Full, |tx, _, _| Ok(cache::set_pinned(tx, &id, false)?))?;
        self.take_off(&[Old { id, message, size, used_ms: 0 }])?;
        self.attachment_shown(&args.id)
    }

    /// Fetches a file that is being looked at, if it comes by itself on this device.
    pub(crate) fn attachment_want(&mut self, args: ItemRef) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        let wanted = {
            let db = self.db()?;
            let conversation = messages::conversation_of(&db, &row.message)?;
            let kept = match conversation {
                _ if row.pinned => true,
                Some(conversation) => keeps_files(&db, &conversation)?,
                None => false,
            };
            kept || (rules(&db)?.bring(row.size) && !cache::was_taken_off(&db, &row.id)?)
        };
        match row.state {
            FileState::Remote if wanted => self.attachment_fetch(args),
            _ => Ok(crate::rows::attachment(&row, &self.files_held)),
        }
    }

    /// Takes files off this device, unused for longest first, until the others have room.
    fn make_room(&mut self) -> Result<(), ApiError> {
        let goes = {
            let db = self.db()?;
            let room = u64::from(rules(&db)?.room_mb) * MB;
            let mut taken = cache::taken(&db)?.bytes;
            if room == 0 || taken <= room || !self.replica()?.has_relay {
                return Ok(());
            }
            going(&db, |old| {
                let enough = taken <= room;
                taken = taken.saturating_sub(old.size);
                enough
            })?
        };
        self.take_off(&goes)
    }

    fn take_off(&mut self, files: &[Old]) -> Result<(), ApiError> {
        if files.is_empty() {
            return Ok(());
        }
        self.write(Durability::Full, |tx, replica, _| {
            for file in files {
                let row = attachments::get(tx, &file.id)?.ok_or_else(|| not_found("file"))?;
                let Some(blob) = row.blob else { continue };
                for holder in cache::take_off(tx, &blob)? {
                    replica.touch_holder(tx, &holder)?;
                }
                replica.files_taken_off.extend(row.path.map(Into::into));
            }
            Ok(())
        })
    }

    /// Somebody looked at a file: it goes later than others.
    pub(crate) fn file_used(&mut self, id: &str) {
        let Ok(id) = id.parse::<DocId>() else { return };
        self.try_write("file used", |tx, replica, _| Ok(cache::set_used(tx, &id, replica.now_ms)?));
    }

    /// Files that are wanted since the last input, and room for what came with it.
    pub(crate) fn files_due(&mut self) {
        if std::mem::take(&mut self.files_wanted) {
            self.resume_transfers_logged();
            if let Err(error) = self.make_room() {
                tracing::warn!(code = ?error.code, "room for files could not be made");
            }
        }
    }
}

fn nowhere_else() -> ApiError {
    ApiError::new(
        Code::FileFailed,
        "This file is kept, or is nowhere but on this device: it stays. Deleting its message removes it.",
    )
}

impl Replica {
    /// Files of messages that came just now are wanted, if that is how it is set.
    pub fn want_files(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        let Some(row) = messages::get(tx, message)? else { return Ok(()) };
        let kept = keeps_files(tx, &row.conversation)?;
        if !kept && row.at_ms.saturating_add(RECENT_MS) < self.now_ms {
            return Ok(());
        }
        // What somebody who is blocked sends is not even loaded.
        if people::is_blocked(tx, &row.author)? {
            return Ok(());
        }
        let rules = rules(tx)?;
        for file in attachments::of(tx, &[*message])? {
            if file.state == FileState::Remote && (kept || rules.bring(file.size)) {
                self.want_file(tx, &file.id)?;
            }
        }
        Ok(())
    }

    /// Files of a quick reply are wanted before somebody picks it, if files come by themselves.
    pub fn want_files_at_hand(&mut self, tx: &Tx<'_>, record: &DocId) -> Result<(), Fail> {
        let rules = rules(tx)?;
        for file in attachments::of(tx, &[*record])? {
            let comes = rules.bring(file.size) && !cache::was_taken_off(tx, &file.id)?;
            if file.state == FileState::Remote && comes {
                self.want_file(tx, &file.id)?;
            }
        }
        Ok(())
    }

    /// All files of a conversation are wanted, as far back as it goes.
    pub fn want_files_of(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let mut all = merging::parts(tx, conversation)?;
        all.push(*conversation);
        for part in all {
            loop {
                let missing = cache::missing_of(tx, &part, AT_ONCE)?;
                for id in &missing {
                    self.want_file(tx, id)?;
                }
                if missing.len() < AT_ONCE as usize {
                    break;
                }
            }
        }
        Ok(())
    }

    fn want_file(&mut self, tx: &Tx<'_>, id: &DocId) -> Result<(), Fail> {
        cache::ask_for(tx, id)?;
        attachments::set_state(tx, id, FileState::Downloading, 0.0, None)?;
        self.files_wanted = true;
        Ok(())
    }
}

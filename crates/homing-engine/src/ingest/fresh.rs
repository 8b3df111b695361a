//! Nearly every entry that comes: one message that nobody had heard of.
//!
//! Nothing of it has to be looked up in the log, and its row follows from its one change. So such entries are judged
//! before anything is written, written once with what became of them, and their rows go into the store together.
//! Whatever is different in any way goes the long way, in its turn.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use homing_access::Verdict;
use homing_model::{Kind, Projection, project_first};
use homing_store::entries::{self, NewEntry, Status};
use homing_store::messages::NewMessage;
use homing_store::parked::{self, Wait};
use homing_store::{IntervalSet, Tx, changes, receipts};
use homing_wire::{DeviceId, EntryHeader, EntryKind, Hash, SpaceId, Stored};

use super::prepare::Prepared;
use super::{WAKE, place_of};
use crate::docs::{Author, Judged, Passed, insert, judge_first};
use crate::fail::Fail;
use crate::project::Carried;
use crate::replica::Replica;

/// Messages of a page that wait to be written together.
#[derive(Default)]
pub(super) struct Fresh {
    batch: Vec<NewMessage>,
    /// What this person has read of a device, as far as the page had to know.
    positions: HashMap<(SpaceId, DeviceId), IntervalSet>,
    /// Something in the store waits for something else.
    pub parked: bool,
}

impl Replica {
    /// Takes an entry in if it is a fresh message; false: nothing was done, it has to go the long way.
    pub(super) fn ingest_fresh(
        &mut self,
        tx: &Tx<'_>,
        stored: &Stored,
        prepared: &Prepared,
        fresh: &mut Fresh,
    ) -> Result<bool, Fail> {
        let Some((passed, header)) = self.judge_fresh(tx, prepared)? else { return Ok(false) };
        // Content that can't be read is dealt with on the long way.
        let Ok(Projection::Message(message)) = project_first(&passed.info) else { return Ok(false) };
        let (id, place) = (&prepared.id, place_of(stored));
        let new = NewEntry {
            id,
            header,
            place: Some(place),
            status: Status::Accepted,
            reason: "",
            bytes: &stored.entry,
        };
        if !entries::insert(tx, &new)? {
            return Ok(false);
        }
        self.received += 1;
        self.own_entry_came(tx, &prepared.entry, id)?;
        insert(tx, (header.space, header.salt), &passed, Some(*id), None)?;
        let conversation = message.content.conversation;
        self.touched.message(conversation, passed.doc);
        let read = match fresh.positions.entry((header.space, header.device)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let position = receipts::get(tx, &header.space, &self.person(), &header.device)?;
                free.insert(position.read)
            }
        };
        let carried = Carried { device: header.device, dseq: header.dseq, place: Some(place) };
        let read = read.contains(header.dseq);
        fresh.batch.push(self.new_message(&passed.doc, message, &carried, read));
        self.note_delivered(header.space, header.device, header.dseq, true);
        if fresh.parked {
            let waits = [Wait::Doc(passed.doc), Wait::Change(Hash(passed.info.hash.0)), Wait::Entry(*id)];
            for wait in &waits {
                let woken = parked::waiting_for(tx, wait, WAKE)?;
                if !woken.is_empty() {
                    self.insert_fresh(tx, fresh)?;
                }
                for id in woken {
                    self.judge_from(tx, id)?;
                }
            }
        }
        Ok(true)
    }

    /// The message of an entry that can be accepted as it stands, judged like every other.
    fn judge_fresh<'a>(
        &mut self,
        tx: &Tx<'_>,
        prepared: &'a Prepared,
    ) -> Result<Option<(Passed, &'a EntryHeader)>, Fail> {
        let header = prepared.entry.header();
        let Some(Ok(opened)) = &prepared.opened else { return Ok(None) };
        let ([only], true, EntryKind::Data) = (opened.as_slice(), prepared.verified, header.kind) else {
            return Ok(None);
        };
        let Ok(info) = &only.info else { return Ok(None) };
        let message = info.preimage.as_ref().is_some_and(|preimage| preimage.kind() == Kind::Message);
        if !message || changes::has_doc(tx, &only.doc)? {
            return Ok(None);
        }
        let Verdict::Accept { role, .. } = self.verdict_of(tx, &prepared.entry, prepared.id)? else {
            return Ok(None);
        };
        let author =
            Author { header, space_kind: self.space(&header.space)?.kind(), role, rules: self.rules };
        match judge_first(&author, only) {
            Judged::Accept(passed) => Ok(Some((passed, header))),
            Judged::Park(..) | Judged::Refuse(_) => Ok(None),
        }
    }

    /// Writes the rows that were put off. Has to come before anything else looks at messages or read positions.
    pub(super) fn insert_fresh(&mut self, tx: &Tx<'_>, fresh: &mut Fresh) -> Result<(), Fail> {
        fresh.positions.clear();
        self.insert_messages(tx, std::mem::take(&mut fresh.batch))
    }
}

impl Fresh {
    /// As the store is now.
    pub fn of(tx: &Tx<'_>) -> Result<Self, Fail> {
        Ok(Self { parked: parked::any(tx)?, ..Self::default() })
    }
}

//! The order of messages that wait.
//!
//! What is shown is what is sent, and in the conversation the author's time decides. So messages that are put into another
//! order are written anew, each later than the one before and later than all that is known there: what somebody answered
//! never comes to stand behind its answer. Their places in the outbox are dealt out among them, in the new order;
//! whatever was made on one of them (other words, a reaction) stays behind it. Only what is not frozen can be moved.

use homing_model::Edit;
use homing_store::outbox::{self, OutboxRow, OutboxState};
use homing_store::{Tx, changes, messages};
use homing_wire::{DocId, Hash};

use crate::docs::{insert, read_doc};
use crate::fail::{Fail, invalid};
use crate::replica::Replica;

impl Replica {
    /// Puts a waiting message before another of its conversation, or behind all of them. False if it is there already.
    pub fn move_waiting(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        row: &OutboxRow,
        before: Option<i64>,
    ) -> Result<bool, Fail> {
        let Some(conversation) = row.conversation else { return Err(not_movable()) };
        let queued = outbox::in_state(tx, &row.space, OutboxState::Queued, u32::MAX)?;
        let mut old = Vec::new();
        for item in queued {
            if item.conversation == Some(conversation)
                && let Some(doc) = item.doc
                && matches!(self.waiting_edit(tx, &item)?, Some(Edit::CreateMessage { .. }))
            {
                old.push((item.id, doc));
            }
        }
        let from = old.iter().position(|(id, _)| *id == row.id).ok_or_else(not_movable)?;
        let mut new = old.clone();
        let moved = new.remove(from);
        let to = match before {
            Some(before) if before == row.id => from,
            Some(before) => new.iter().position(|(id, _)| *id == before).ok_or_else(not_movable)?,
            None => new.len(),
        };
        new.insert(to, moved);
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let moved: Vec<DocId> = new.into_iter().skip(same).map(|(_, doc)| doc).collect();
        if moved.is_empty() {
            return Ok(false);
        }
        let from_ms = now_ms.max(messages::newest_at(tx, &conversation)?.unwrap_or(0) + 1);
        let mut rows = Vec::new();
        for (at_ms, doc) in (from_ms..).zip(&moved) {
            self.write_later(tx, doc, at_ms)?;
            rows.extend(outbox::of_doc(tx, doc)?.into_iter().map(|row| row.id));
            self.touched.message(conversation, *doc);
        }
        let mut places = rows.clone();
        places.sort_unstable();
        outbox::renumber(tx, &rows.into_iter().zip(places).collect::<Vec<_>>())?;
        self.touched.outbox = true;
        self.touched.work.insert(row.space);
        Ok(true)
    }

    fn waiting_edit(&self, tx: &Tx<'_>, row: &OutboxRow) -> Result<Option<Edit>, Fail> {
        let (Some(doc), Some(hash)) = (row.doc, row.hash) else { return Ok(None) };
        let intent = changes::get(tx, &doc, &hash)?.and_then(|change| change.intent);
        Ok(intent.and_then(|bytes| Edit::decode(&bytes).ok()))
    }

    /// Makes a waiting message anew with another time, and everything that was made on it.
    fn write_later(&mut self, tx: &Tx<'_>, doc: &DocId, at_ms: u64) -> Result<(), Fail> {
        let preimage = read_doc(tx, doc)?.preimage.ok_or(Fail::Internal("waiting message"))?;
        let rows = outbox::of_doc(tx, doc)?;
        let mut edits = Vec::with_capacity(rows.len());
        for row in &rows {
            let edit = self.waiting_edit(tx, row)?.ok_or(Fail::Internal("pending change without intent"))?;
            edits.push((row, edit));
        }
        for hash in rows.iter().rev().filter_map(|row| row.hash) {
            changes::delete(tx, doc, &hash)?;
        }
        for (row, mut edit) in edits {
            if let Edit::CreateMessage { author_ms, .. } = &mut edit {
                *author_ms = at_ms;
            }
            let change = self.change_for(tx, &preimage, &edit)?.ok_or(Fail::Internal("waiting change"))?;
            insert(tx, (row.space, self.salt), &change, None, Some(edit.encode()))?;
            outbox::set_change(tx, row.id, &Hash(change.info.hash.0), &self.salt)?;
        }
        messages::set_time(tx, doc, at_ms)?;
        self.project(tx, doc)
    }
}

fn not_movable() -> Fail {
    invalid("Only messages of one conversation that wait and were not handed over yet can change places.")
}

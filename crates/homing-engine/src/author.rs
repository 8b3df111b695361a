//! What this person does: an edit becomes a pending change, a row on the screen and a place in the outbox, in one
//! transaction.

use std::collections::HashMap;

use homing_model::{
    ChangeInfo, Edit, Kind, ModelError, Preimage, Ruling, Subject, author_from, rules, verdict,
};
use homing_store::outbox::{self, NewOutbox};
use homing_store::{Tx, changes, spaces};
use homing_wire::{DocId, Hash, SpaceId};

use crate::docs::{Passed, insert, read_doc};
use crate::fail::{Fail, forbidden};
use crate::replica::Replica;

/// How an edit shows up in the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub kind: &'static str,
    pub conversation: Option<DocId>,
    /// Not handed over before then, Unix ms; 0: at once.
    pub hold_until: u64,
}

impl Label {
    pub const OTHER: Self = Self { kind: "other", conversation: None, hold_until: 0 };
    pub const RECORD: Self = Self { kind: "record", conversation: None, hold_until: 0 };

    pub fn message(conversation: DocId) -> Self {
        Self { kind: "message", ..Self::conversation(conversation) }
    }

    pub fn edit(conversation: DocId) -> Self {
        Self { kind: "edit", ..Self::conversation(conversation) }
    }

    pub fn reaction(conversation: DocId) -> Self {
        Self { kind: "reaction", ..Self::conversation(conversation) }
    }

    pub fn conversation(conversation: DocId) -> Self {
        Self { kind: "conversation", conversation: Some(conversation), hold_until: 0 }
    }
}

impl Replica {
    /// Makes and stores a change; `None` if it would change nothing.
    pub fn author(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        preimage: &Preimage,
        edit: &Edit,
        label: Label,
    ) -> Result<Option<DocId>, Fail> {
        let space = preimage.space();
        let Some(change) = self.change_for(tx, preimage, edit)? else { return Ok(None) };
        let id = NewOutbox {
            space,
            kind: label.kind.to_owned(),
            doc: Some(change.doc),
            conversation: label.conversation,
            hash: Some(Hash(change.info.hash.0)),
            salt: self.salt,
            created_ms: now_ms,
            hold_until: label.hold_until,
        };
        insert(tx, (space, self.salt), &change, None, Some(edit.encode()))?;
        outbox::enqueue(tx, &id)?;
        self.project(tx, &change.doc)?;
        self.touched.outbox = true;
        self.touched.status = true;
        self.touched.work.insert(space);
        Ok(Some(change.doc))
    }

    /// Judged by the same rules as everybody else's, so that what others would refuse is never shown as done.
    pub fn change_for(
        &mut self,
        tx: &Tx<'_>,
        preimage: &Preimage,
        edit: &Edit,
    ) -> Result<Option<Passed>, Fail> {
        let space = preimage.space();
        let doc = preimage.doc_id();
        if !self.load_space(tx, &space)? {
            return Err(Fail::Internal("space not loaded"));
        }
        let gone = spaces::get(tx, &space)?.is_some_and(|row| row.state == spaces::SpaceState::Gone);
        let (_, role) = self.writes_as(&space).filter(|_| !gone).ok_or_else(|| {
            forbidden(
                "You are not a member here any more, so nothing can be written. What you had stays readable.",
            )
        })?;
        let known = read_doc(tx, &doc)?;
        let new = match author_from(known.accepted.iter().cloned(), self.actor(), preimage, edit) {
            Ok(new) => new,
            Err(ModelError::Unchanged) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let subject = Subject {
            doc,
            space,
            space_kind: self.space(&space)?.kind(),
            preimage: known.preimage.as_ref(),
            author: self.person(),
            role,
        };
        match verdict(rules::CURRENT, &subject, &new.info) {
            Ruling::Accept => {}
            Ruling::Refuse(reason) => {
                tracing::info!(code = reason.code(), "an own edit is against the rules");
                return Err(forbidden("Your role here doesn't allow this."));
            }
            Ruling::Park(_) => return Err(Fail::Internal("own edit can't be judged")),
        }
        Ok(Some(Passed {
            doc,
            info: new.info,
            bytes: new.bytes,
            kind: preimage.kind(),
            duplicate: false,
            known: false,
            fresh: known.accepted.is_empty(),
        }))
    }

    /// Makes all pending changes of a space anew, in order, from their intents: under this device's present actor.
    /// What no longer fits is marked as refused, with its text.
    pub fn author_again(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let pending = changes::pending(tx, space)?;
        self.author_these_again(tx, space, &pending)
    }

    /// Makes what waits of one document anew: what it was made on is gone.
    pub fn author_rest_again(&mut self, tx: &Tx<'_>, space: &SpaceId, doc: &DocId) -> Result<(), Fail> {
        let mut pending = changes::pending(tx, space)?;
        pending.retain(|row| row.doc == *doc);
        if pending.is_empty() { Ok(()) } else { self.author_these_again(tx, space, &pending) }
    }

    fn author_these_again(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        pending: &[changes::ChangeRow],
    ) -> Result<(), Fail> {
        let mut preimages = Vec::with_capacity(pending.len());
        for row in pending {
            preimages.push(read_doc(tx, &row.doc)?.preimage);
        }
        for row in pending.iter().rev() {
            changes::delete(tx, &row.doc, &row.hash)?;
        }
        let last: HashMap<DocId, usize> = pending.iter().enumerate().map(|(n, row)| (row.doc, n)).collect();
        for (n, (row, preimage)) in pending.iter().zip(preimages).enumerate() {
            self.author_one_again(tx, space, row, preimage)?;
            // Once a document is whole again: what only its later changes name, a file that is here, would be dropped.
            if last.get(&row.doc) == Some(&n) {
                self.project(tx, &row.doc)?;
            }
        }
        self.touched.outbox = true;
        Ok(())
    }

    fn author_one_again(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        row: &changes::ChangeRow,
        preimage: Option<Preimage>,
    ) -> Result<(), Fail> {
        let queued = outbox::of_doc(tx, &row.doc)?.into_iter().find(|queued| queued.hash == Some(row.hash));
        let Some(queued) = queued else { return Ok(()) };
        let intent = row.intent.as_deref().and_then(|bytes| Edit::decode(bytes).ok());
        let (Some(preimage), Some(edit)) = (preimage, intent) else {
            return Err(Fail::Internal("pending change without intent"));
        };
        match self.change_for(tx, &preimage, &edit) {
            Ok(Some(change)) => {
                insert(tx, (*space, self.salt), &change, None, Some(edit.encode()))?;
                outbox::set_change(tx, queued.id, &Hash(change.info.hash.0), &self.salt)?;
            }
            Ok(None) => {
                outbox::cancel(tx, queued.id)?;
            }
            Err(Fail::Store(error)) => return Err(error.into()),
            Err(other) => {
                let error = crate::api::ApiError::from(other);
                outbox::refuse(tx, queued.id, "no_longer_fits", &error.message)?;
            }
        }
        Ok(())
    }

    /// Makes what waits of a message anew, its first change with other content: what is queued is changed, and stays in
    /// its place. False if it does not wait here any more.
    pub fn author_queued_anew(
        &mut self,
        tx: &Tx<'_>,
        message: &DocId,
        rework: impl FnOnce(&mut Edit),
    ) -> Result<bool, Fail> {
        let rows = outbox::of_doc(tx, message)?;
        let waits = rows.first().is_some_and(|row| row.kind == "message")
            && rows.iter().all(|row| row.state != outbox::OutboxState::Sealed);
        let preimage = read_doc(tx, message)?.preimage;
        let (true, Some(preimage)) = (waits, preimage) else { return Ok(false) };
        let mut edits = Vec::with_capacity(rows.len());
        for row in &rows {
            let hash = row.hash.ok_or(Fail::Internal("queued change"))?;
            let change = changes::get(tx, message, &hash)?.ok_or(Fail::Internal("queued change"))?;
            let edit = change.intent.as_deref().and_then(|bytes| Edit::decode(bytes).ok());
            edits.push(edit.ok_or(Fail::Internal("pending change without intent"))?);
        }
        for hash in rows.iter().rev().filter_map(|row| row.hash) {
            changes::delete(tx, message, &hash)?;
        }
        if let Some(first) = edits.first_mut() {
            rework(first);
        }
        let space = preimage.space();
        for (row, edit) in rows.iter().zip(&edits) {
            match self.change_for(tx, &preimage, edit)? {
                Some(change) => {
                    insert(tx, (space, self.salt), &change, None, Some(edit.encode()))?;
                    outbox::set_change(tx, row.id, &Hash(change.info.hash.0), &self.salt)?;
                }
                None => {
                    outbox::cancel(tx, row.id)?;
                }
            }
        }
        self.project(tx, message)?;
        self.touched.outbox = true;
        self.touched.work.insert(space);
        Ok(true)
    }

    /// The first change of a document that exists here.
    pub fn preimage(&self, tx: &homing_store::Read<'_>, doc: &DocId) -> Result<Option<Preimage>, Fail> {
        Ok(read_doc(tx, doc)?.preimage)
    }
}

/// The kind a document's changes say it is.
pub(crate) fn kind_of(changes: &[ChangeInfo]) -> Option<Kind> {
    changes.iter().find_map(|change| change.preimage.as_ref()).map(Preimage::kind)
}

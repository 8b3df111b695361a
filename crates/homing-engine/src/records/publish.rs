//! Copies of records in clients' spaces, kept up to date in the background.
//!
//! Where a record is shared is said by its copies: one that is there and not deleted is kept as the record is. Who edits
//! publishes at once; every other device of the staff looks again after a random while and publishes only what is still
//! behind, so that an edit is published once, and also when the device that made it is gone. A device that does not
//! know yet what a copy was made from leaves it alone: it is behind, not the copy.

use std::collections::BTreeMap;

use homing_model::record::{FieldValue, PublishedCopy, RecordKind, RecordSchema};
use homing_model::{ChangeHash, Edit, FieldEdit, Preimage};
use homing_store::attachments::{self, FileState};
use homing_store::records::{self, RecordRow as StoredRecord};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, Tx, changes};
use homing_sync::Connection;
use homing_wire::{DocId, Hash, SpaceId, SpaceKind};
use rand_core::Rng;

use super::rows::{Look, Whole};
use super::{copies_of, record_file_id};
use crate::api::ApiError;
use crate::author::Label;
use crate::core::Core;
use crate::fail::{Fail, forbidden};
use crate::replica::Replica;

/// After an own edit: several in a row are one copy.
const OWN_MS: u64 = 400;
/// After what came from elsewhere: whoever edited is faster.
const OTHERS_MS: u64 = 4_000;
const SPREAD_MS: u64 = 12_000;
/// Deleting a record takes it back from clients, unless that is undone meanwhile.
const DELETED_MS: u64 = 15_000;
/// After something failed.
const AGAIN_MS: u64 = 30_000;
/// Copies written in one transaction.
const AT_ONCE: usize = 40;

/// What is to be looked at, and when.
#[derive(Default)]
pub(crate) struct Publishing {
    /// Records by the time their copies are compared, in steady time.
    due: BTreeMap<DocId, u64>,
    /// Copies or files came that the relay may not give to clients yet.
    grants: bool,
    /// Not before then: it failed.
    grants_at: u64,
    /// All were looked through since the start.
    begun: bool,
}

impl Publishing {
    /// When the next comparison is due.
    pub fn next_wake(&self) -> Option<u64> {
        let grants = (self.grants && self.grants_at > 0).then_some(self.grants_at);
        self.due.values().min().copied().into_iter().chain(grants).min()
    }

    /// Files or copies came: what clients may fetch is looked through.
    pub fn look_at_grants(&mut self) {
        self.grants = true;
    }
}

impl Core {
    /// Publishes what is due. Called after every input, before the screens are told.
    pub(crate) fn publish_due(&mut self) {
        if self.store.is_none() || self.replica.is_none() {
            return;
        }
        let now = self.env.steady_ms();
        if let Err(error) = self.note_due(now) {
            tracing::warn!(code = ?error.code, "records to publish could not be read");
        }
        let due: Vec<DocId> =
            self.publishing.due.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).collect();
        for record in due {
            self.publishing.due.remove(&record);
            match self.publish_again(&record) {
                Ok(true) => drop(self.publishing.due.insert(record, now)),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(code = ?error.code, "a record could not be published");
                    self.publishing.due.insert(record, now + AGAIN_MS);
                }
            }
        }
        if self.publishing.grants_at <= now
            && let Err(error) = self.grant_files()
        {
            tracing::warn!(code = ?error.code, "files could not be granted");
            (self.publishing.grants, self.publishing.grants_at) = (true, now + AGAIN_MS);
        }
    }

    fn note_due(&mut self, now: u64) -> Result<(), ApiError> {
        let (mut subjects, mut copies_came) = (Vec::new(), false);
        let begun = std::mem::replace(&mut self.publishing.begun, true);
        {
            let db = self.db()?;
            for schema in
                homing_model::record::SCHEMAS.iter().filter(|schema| schema.copy_of.is_some() && !begun)
            {
                let copies = records::of_kind(&db, schema.kind.number())?;
                subjects.extend(copies.iter().filter(|copy| !copy.deleted).filter_map(|copy| copy.about));
            }
            for id in &self.touched.records {
                let Some(row) = records::get(&db, id)? else { continue };
                let Some(schema) = RecordKind::from_number(row.kind).and_then(RecordKind::schema) else {
                    continue;
                };
                if schema.copy_of.is_some() {
                    copies_came = true;
                    subjects.extend(row.about);
                } else if schema.published_as.is_some() {
                    subjects.push(row.id);
                }
            }
        }
        self.publishing.grants |= copies_came || !begun;
        for subject in subjects {
            let deleted = records::get(&self.db()?, &subject)?.is_some_and(|row| row.deleted);
            let least = if deleted { DELETED_MS } else { OTHERS_MS };
            let spread = self.env.rng.next_u64() % SPREAD_MS;
            self.publishing.due.entry(subject).or_insert(now + least + spread);
        }
        Ok(())
    }

    /// An own edit follows to clients at once; a deletion can still be taken back.
    pub(super) fn publish_soon(&mut self, record: &DocId, deleted: bool) {
        let after = if deleted { DELETED_MS } else { OWN_MS };
        self.publishing.due.insert(*record, self.env.steady_ms() + after);
    }

    /// Compares the copies of a record with it and writes those that are behind; true if there are more.
    fn publish_again(&mut self, record: &DocId) -> Result<bool, ApiError> {
        let behind = self.copies_behind(record)?;
        let more = behind.len() > AT_ONCE;
        if behind.is_empty() {
            return Ok(false);
        }
        self.write(Durability::Full, |tx, replica, env| {
            let Some(row) = records::get(tx, record)? else { return Ok(()) };
            let Some(source) = Whole::of(tx, row)? else { return Ok(()) };
            for space in behind.iter().take(AT_ONCE) {
                match source.row.deleted {
                    true => replica.withdraw(tx, env.now_ms(), &source, space)?,
                    false => replica.publish(tx, env.now_ms(), &source, space)?,
                }
            }
            Ok(())
        })?;
        Ok(more)
    }

    fn copies_behind(&mut self, record: &DocId) -> Result<Vec<SpaceId>, ApiError> {
        let mut behind = Vec::new();
        let copies = {
            let db = self.db()?;
            let Some(row) = records::get(&db, record)? else { return Ok(behind) };
            let Some(source) = Whole::of(&db, row)? else { return Ok(behind) };
            let Some(schema) = copies_of(source.schema) else { return Ok(behind) };
            let mut copies = Vec::new();
            for stored in records::about(&db, record, schema.kind.number())? {
                let space = stored.space;
                if !stored.deleted && is_behind(&db, &source, stored)? {
                    copies.push(space);
                }
            }
            copies
        };
        for space in copies {
            if self.role_in(&space)?.is_some_and(|role| homing_model::record::Who::Staff.includes(role)) {
                behind.push(space);
            }
        }
        Ok(behind)
    }

    /// Lets the relay give the files of copies to the members of their spaces. Asking twice does no harm.
    fn grant_files(&mut self) -> Result<(), ApiError> {
        let online = self
            .link
            .as_ref()
            .is_some_and(|link| link.client.status() == Connection::Online { caught_up: true });
        if !self.publishing.grants || !online {
            return Ok(());
        }
        self.publishing.grants = false;
        let mut wanted = Vec::new();
        {
            let db = self.db()?;
            for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.copy_of.is_some()) {
                for stored in records::of_kind(&db, schema.kind.number())? {
                    let (space, about) = (stored.space, stored.about);
                    let joined = spaces::get(&db, &space)?.is_some_and(|row| row.state == SpaceState::Joined);
                    let (Some(about), true, true) = (about, stored.shadowed && !stored.deleted, joined)
                    else {
                        continue;
                    };
                    let Some(copy) = Whole::of(&db, stored)? else { continue };
                    let look = Look::of(&copy.record);
                    for file in look
                        .copy()
                        .iter()
                        .flat_map(|copy| &copy.fields)
                        .flat_map(|field| look.files(&field.key))
                    {
                        let row = attachments::get(&db, &record_file_id(&about, &file.blob))?;
                        let there =
                            row.is_some_and(|row| matches!(row.state, FileState::Ready | FileState::Remote));
                        if there && !records::is_granted(&db, &space, &file.blob)? {
                            wanted.push((space, file.blob));
                        }
                    }
                }
            }
        }
        for (space, blob) in wanted {
            self.protocol(homing_sync::Event::Grant { space, blob });
        }
        Ok(())
    }
}

/// Whether a copy says something else than its record, and this device knows better.
fn is_behind(db: &homing_store::Read<'_>, source: &Whole, stored: StoredRecord) -> Result<bool, ApiError> {
    let Some(copy) = Whole::of(db, stored)? else { return Ok(false) };
    let Some(made_from) = Look::of(&copy.record).copy().map(|copy| copy.heads.clone()) else {
        return Ok(false);
    };
    if source.row.deleted {
        return Ok(true);
    }
    let known = |change: &ChangeHash| -> Result<bool, ApiError> {
        // A change that was refused is known too: it is why the copy is wrong.
        Ok(source.knows(change) || changes::state(db, &source.row.id, &Hash(change.0))?.is_some())
    };
    for change in &made_from {
        if !known(change)? {
            return Ok(false);
        }
    }
    Ok(made_from != source.record.heads)
}

impl Replica {
    /// Writes the copy of a record into a space.
    pub(crate) fn publish(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        source: &Whole,
        space: &SpaceId,
    ) -> Result<(), Fail> {
        let (schema, preimage) = self.copy_in(tx, source, space)?;
        let copy = PublishedCopy::of(source.schema, &source.record);
        let fields = vec![FieldEdit::new("copy", FieldValue::Copy(Box::new(copy)))];
        let edit = Edit::CreateRecord { kind: schema.kind, fields };
        self.author(tx, now_ms, &preimage, &edit, Label::RECORD)?;
        if records::get(tx, &preimage.doc_id())?.is_some_and(|row| row.deleted) {
            let back = Edit::DeleteRecord { kind: schema.kind, on: false };
            self.author(tx, now_ms, &preimage, &back, Label::RECORD)?;
        }
        Ok(())
    }

    /// Takes the copy of a record back from a space.
    pub(super) fn withdraw(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        source: &Whole,
        space: &SpaceId,
    ) -> Result<(), Fail> {
        let (schema, preimage) = self.copy_in(tx, source, space)?;
        if records::get(tx, &preimage.doc_id())?.is_some_and(|row| !row.deleted) {
            let edit = Edit::DeleteRecord { kind: schema.kind, on: true };
            self.author(tx, now_ms, &preimage, &edit, Label::RECORD)?;
        }
        Ok(())
    }

    /// The kind of a record's copies, and the one that is a space's.
    fn copy_in(
        &mut self,
        tx: &Tx<'_>,
        source: &Whole,
        space: &SpaceId,
    ) -> Result<(&'static RecordSchema, Preimage), Fail> {
        let schema = copies_of(source.schema).ok_or_else(|| forbidden("This can't be shared."))?;
        self.load_space(tx, space)?;
        let me = self.person();
        let in_talk = (self.space(space)?.kind() == SpaceKind::Talk).then_some(&me);
        Ok((schema, schema.derived(*space, &source.row.id, in_talk)))
    }
}

//! Records as screens and scripts get them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use homing_model::record::{
    FieldType, FieldValue, PublishedCopy, RecordKind, RecordProjection, RecordSchema, history,
};
use homing_model::{AttachmentMeta, ChangeHash, Projection, project};
use homing_store::changes::ChangeState;
use homing_store::outbox::{self, OutboxState};
use homing_store::records::{self, Made, RecordRow as StoredRecord};
use homing_store::{Read, attachments, conversations, people, spaces};
use homing_wire::{DocId, PersonId, Role, SpaceId};

use super::project::title_of;
use super::{copies_of, record_file_id, shown_schema};
use crate::api::{
    Amount, ApiError, Attachment, ConversationTitle, CopyRow, CopyState, Event, FieldKind, FieldVersion,
    NamedRef, RecordChip, RecordDetail, RecordFieldRow, RecordRow, RecordStep, RecordValue, State, StepField,
    WallTime,
};
use crate::core::Core;
use crate::docs::read_doc;
use crate::fail::not_found;
use crate::text::{rfc3339, visible};

/// What a record shows: its own fields, or those it is a copy of.
pub(crate) struct Look<'a> {
    record: &'a RecordProjection,
    copy: Option<&'a PublishedCopy>,
}

impl<'a> Look<'a> {
    pub fn of(record: &'a RecordProjection) -> Self {
        let copy = match record.value("copy") {
            Some(FieldValue::Copy(copy)) => Some(copy.as_ref()),
            _ => None,
        };
        Self { record, copy }
    }

    pub fn copy(&self) -> Option<&'a PublishedCopy> {
        self.copy
    }

    pub fn value(&self, key: &str) -> Option<&'a FieldValue> {
        match self.copy {
            Some(copy) => copy.value(key),
            None => self.record.value(key),
        }
    }

    pub fn text(&self, key: &str) -> &'a str {
        match self.value(key) {
            Some(FieldValue::Text(text) | FieldValue::Choice(text) | FieldValue::Date(text)) => text,
            _ => "",
        }
    }

    pub fn files(&self, key: &str) -> &'a [AttachmentMeta] {
        match self.value(key) {
            Some(FieldValue::Files(files)) => files,
            _ => &[],
        }
    }
}

/// A stored record with what its document says.
pub(crate) struct Whole {
    pub row: StoredRecord,
    pub record: RecordProjection,
    pub schema: &'static RecordSchema,
    changes: Vec<homing_model::ChangeInfo>,
}

impl Whole {
    pub fn of(db: &Read<'_>, row: StoredRecord) -> Result<Option<Self>, ApiError> {
        let changes = read_doc(db, &row.id).map_err(ApiError::from)?.accepted;
        let Some(schema) = RecordKind::from_number(row.kind).and_then(RecordKind::schema) else {
            return Ok(None);
        };
        match project(&changes) {
            Ok(Projection::Record(record)) => Ok(Some(Self { row, record, schema, changes })),
            _ => Ok(None),
        }
    }

    /// What links, chips and interests name it by.
    pub fn subject(&self) -> DocId {
        subject_of(&self.row, self.schema)
    }

    /// Whether this change is one of its.
    pub fn knows(&self, change: &ChangeHash) -> bool {
        self.changes.iter().any(|known| known.hash == *change)
    }
}

fn subject_of(row: &StoredRecord, schema: &RecordSchema) -> DocId {
    if schema.copy_of.is_some() { row.about.unwrap_or(row.id) } else { row.id }
}

/// Who made which change of a record, and how far the newest came.
struct Makers {
    made: HashMap<[u8; 32], Made>,
    waiting_since: u64,
    state: State,
}

impl Core {
    fn makers(&self, db: &Read<'_>, doc: &DocId) -> Result<Makers, ApiError> {
        let made = records::made(db, doc)?;
        let queued = outbox::of_doc(db, doc)?;
        let pending = made.iter().any(|one| one.state == ChangeState::Pending);
        let state = if queued.iter().any(|row| row.state == OutboxState::Refused) {
            State::Failed
        } else if pending {
            if self.replica()?.has_relay { State::Pending } else { State::Local }
        } else {
            State::Sent
        };
        let waiting_since = queued.iter().map(|row| row.created_ms).max().unwrap_or(0);
        Ok(Makers { made: made.into_iter().map(|one| (one.change.0, one)).collect(), waiting_since, state })
    }

    /// This person's role in a space, if they may write there.
    pub(super) fn role_in(&mut self, space: &SpaceId) -> Result<Option<Role>, ApiError> {
        let rights = self.rights(space)?;
        let role = self.replica()?.writes_as(space).map(|(_, role)| role);
        Ok(role.filter(|_| rights.write))
    }

    fn field_value(
        &self,
        db: &Read<'_>,
        doc: &DocId,
        value: &FieldValue,
    ) -> Result<Option<RecordValue>, ApiError> {
        Ok(Some(match value {
            FieldValue::Nothing | FieldValue::Copy(_) => return Ok(None),
            FieldValue::Text(text) => RecordValue::Text(text.clone()),
            FieldValue::Money(money) => {
                RecordValue::Money(Amount { minor: exact(money.minor), currency: money.currency.clone() })
            }
            FieldValue::Date(day) => RecordValue::Date(day.clone()),
            FieldValue::Time(time) => {
                RecordValue::Time(WallTime { local: time.local.clone(), zone: time.zone.clone() })
            }
            FieldValue::Choice(name) => RecordValue::Choice(name.clone()),
            FieldValue::Person(person) => {
                let name = people::get(db, person)?.map(|row| row.name).unwrap_or_default();
                RecordValue::Person(NamedRef { id: person.to_string(), name: visible(&name) })
            }
            FieldValue::Record(record) => RecordValue::Record(self.named(db, record)?),
            FieldValue::Files(files) => RecordValue::Files(self.file_rows(db, doc, files)?),
            FieldValue::Number(number) => RecordValue::Number(exact(*number)),
            FieldValue::Flag(on) => RecordValue::Flag(*on),
        }))
    }

    fn file_rows(
        &self,
        db: &Read<'_>,
        doc: &DocId,
        files: &[AttachmentMeta],
    ) -> Result<Vec<Attachment>, ApiError> {
        let mut rows = Vec::with_capacity(files.len());
        for file in files {
            let row = attachments::get(db, &record_file_id(doc, &file.blob))?;
            rows.extend(row.map(|row| crate::rows::attachment(&row, &self.files_held)));
        }
        Ok(rows)
    }

    fn named(&self, db: &Read<'_>, record: &DocId) -> Result<NamedRef, ApiError> {
        Ok(NamedRef { id: record.to_string(), name: title_of(db, record).map_err(ApiError::from)? })
    }

    /// A record as lists show it; nothing of one that this version can't read.
    pub(crate) fn record_row(&mut self, stored: StoredRecord) -> Result<Option<RecordRow>, ApiError> {
        let Some(whole) = Whole::of(&self.db()?, stored)? else { return Ok(None) };
        self.row_of(&whole).map(Some)
    }

    pub(super) fn row_of(&mut self, whole: &Whole) -> Result<RecordRow, ApiError> {
        let role = self.role_in(&whole.row.space)?;
        let db = self.db()?;
        let (look, shown) = (Look::of(&whole.record), shown_schema(whole.schema));
        let mut fields = BTreeMap::new();
        for field in shown.fields {
            let Some(mut value) = look.value(field.key).cloned() else { continue };
            if let FieldValue::Files(files) = &mut value {
                files.truncate(1);
            }
            if let Some(value) = self.field_value(&db, &whole.row.id, &value)? {
                fields.insert(field.key.to_owned(), value);
            }
        }
        let shared = whole.schema.copy_of.is_some();
        let about = match whole.row.about {
            Some(about) if !shared => Some(self.named(&db, &about)?),
            _ => None,
        };
        let space_name = spaces::get(&db, &whole.row.space)?.map(|space| visible(&space.name));
        let may = |who: homing_model::record::Who| !shared && role.is_some_and(|role| who.includes(role));
        Ok(RecordRow {
            id: whole.subject().to_string(),
            kind: shown.name.to_owned(),
            title: whole.row.title.clone(),
            shared,
            deleted: whole.row.deleted,
            space: whole.row.space.to_string(),
            space_name: space_name.unwrap_or_default(),
            about,
            fields,
            conflicts: whole.row.conflicts,
            updated_at: rfc3339(whole.row.updated_ms),
            state: self.makers(&db, &whole.row.id)?.state,
            can_write: may(whole.schema.writes),
            can_delete: may(whole.schema.deletes),
        })
    }

    /// A record with everything about it.
    pub(crate) fn record_detail(&mut self, stored: StoredRecord) -> Result<RecordDetail, ApiError> {
        let whole = Whole::of(&self.db()?, stored)?.ok_or_else(|| ApiError::from(not_found("record")))?;
        let row = self.row_of(&whole)?;
        let fields = self.record_fields(&whole)?;
        let history = if row.shared { Vec::new() } else { self.record_history(&whole)? };
        let subject = whole.subject();
        let conversations = self.conversations_of_record(&subject)?;
        let can_publish = row.can_write && copies_of(whole.schema).is_some();
        let copies = if can_publish { self.copy_rows(&whole)? } else { Vec::new() };
        let mut interests = Vec::new();
        for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.name == "interest") {
            for stored in records::about(&self.db()?, &subject, schema.kind.number())? {
                if !stored.deleted {
                    interests.extend(self.record_row(stored)?);
                }
            }
        }
        Ok(RecordDetail { row, fields, history, conversations, copies, can_publish, interests })
    }

    fn record_fields(&self, whole: &Whole) -> Result<Vec<RecordFieldRow>, ApiError> {
        let db = self.db()?;
        let makers = self.makers(&db, &whole.row.id)?;
        let (look, shown) = (Look::of(&whole.record), shown_schema(whole.schema));
        let mut rows = Vec::with_capacity(shown.fields.len());
        for field in shown.fields {
            if field.holds == FieldType::Copy || (field.internal && look.copy().is_some()) {
                continue;
            }
            let own = whole.record.fields.iter().find(|written| written.key == field.key);
            let values: Vec<(ChangeHash, FieldValue)> = match (look.copy(), own) {
                (None, Some(written)) => written.values.clone(),
                (Some(copy), _) => {
                    let change = whole.record.heads.first().copied();
                    change.zip(copy.value(field.key).cloned()).into_iter().collect()
                }
                (None, None) => Vec::new(),
            };
            let mut versions = Vec::with_capacity(values.len());
            for (change, value) in &values {
                let value = self.field_value(&db, &whole.row.id, value)?;
                versions.push(self.version(&db, &whole.row.space, &makers, change, value)?);
            }
            rows.push(field_row(field, versions));
        }
        Ok(rows)
    }

    fn version(
        &self,
        db: &Read<'_>,
        space: &SpaceId,
        makers: &Makers,
        change: &ChangeHash,
        value: Option<RecordValue>,
    ) -> Result<FieldVersion, ApiError> {
        let (by, at_ms, waiting) = self.maker(makers, change)?;
        Ok(FieldVersion {
            value,
            change: hex(change),
            by: by.to_string(),
            by_name: visible(&people::name_in(db, space, &by)?),
            me: by == self.replica()?.person(),
            at: rfc3339(at_ms),
            waiting,
        })
    }

    /// Who made a change, when, and whether it still waits here: then it is this person's.
    fn maker(&self, makers: &Makers, change: &ChangeHash) -> Result<(PersonId, u64, bool), ApiError> {
        let me = self.replica()?.person();
        Ok(match makers.made.get(&change.0) {
            Some(Made { by: Some(by), at_ms, .. }) if *at_ms > 0 => (*by, *at_ms, false),
            _ => (me, makers.waiting_since, true),
        })
    }

    fn record_history(&self, whole: &Whole) -> Result<Vec<RecordStep>, ApiError> {
        let db = self.db()?;
        let makers = self.makers(&db, &whole.row.id)?;
        let mut steps = Vec::new();
        for step in history(whole.schema, &whole.changes).into_iter().rev() {
            let (by, at_ms, waiting) = self.maker(&makers, &step.change)?;
            let mut fields = Vec::with_capacity(step.fields.len());
            for (key, value) in &step.fields {
                let value = self.field_value(&db, &whole.row.id, value)?;
                fields.push(StepField { key: (*key).to_owned(), value });
            }
            steps.push(RecordStep {
                by: by.to_string(),
                by_name: visible(&people::name_in(&db, &whole.row.space, &by)?),
                me: by == self.replica()?.person(),
                at: rfc3339(at_ms),
                waiting,
                fields,
                deleted: step.deleted,
            });
        }
        Ok(steps)
    }

    fn conversations_of_record(&self, subject: &DocId) -> Result<Vec<ConversationTitle>, ApiError> {
        let ids = records::conversations_about(&self.db()?, subject)?;
        let mut shown = conversations::of(&self.db()?, &ids)?;
        shown.retain(|row| !row.deleted && !row.hidden);
        shown.sort_by_key(|row| std::cmp::Reverse(row.last_at_ms));
        let titles = self.titles(&ids)?;
        let title = |id: &DocId| titles.get(id).cloned().unwrap_or_default();
        Ok(shown
            .iter()
            .map(|row| ConversationTitle { id: row.id.to_string(), title: title(&row.id) })
            .collect())
    }

    /// With whom a record is shared, and how each copy stands.
    fn copy_rows(&self, whole: &Whole) -> Result<Vec<CopyRow>, ApiError> {
        let db = self.db()?;
        let Some(schema) = copies_of(whole.schema) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        for stored in records::about(&db, &whole.row.id, schema.kind.number())? {
            let (space, deleted) = (stored.space, stored.deleted);
            let waiting = self.makers(&db, &stored.id)?.state != State::Sent;
            let Some(copy) = Whole::of(&db, stored)? else { continue };
            let current = Look::of(&copy.record).copy().is_some_and(|copy| copy.heads == whole.record.heads);
            let state = match (deleted, current, waiting) {
                (true, _, false) => continue,
                (true, _, true) => CopyState::Withdrawing,
                (false, false, _) => CopyState::Updating,
                (false, true, true) => CopyState::Waiting,
                (false, true, false) => CopyState::Published,
            };
            let name = spaces::get(&db, &space)?.map(|row| visible(&row.name)).unwrap_or_default();
            rows.push(CopyRow { space: space.to_string(), name, state });
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.space.cmp(&b.space)));
        Ok(rows)
    }

    /// The records that conversations are about, as chips. What is not shared with this person has none.
    pub(crate) fn record_chips(&self, ids: &[DocId]) -> Result<HashMap<DocId, Vec<RecordChip>>, ApiError> {
        let db = self.db()?;
        let mut chips: HashMap<DocId, Vec<RecordChip>> = HashMap::new();
        // Many conversations may be about one record: it is looked up once.
        let mut known: HashMap<DocId, Option<RecordChip>> = HashMap::new();
        for (conversation, record) in records::links_of(&db, ids)? {
            let chip = match known.entry(record) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(free) => free.insert(record_chip(&db, &record)?),
            };
            chips.entry(conversation).or_default().extend(chip.clone());
        }
        Ok(chips)
    }

    /// Rows of records that a transaction touched.
    pub(crate) fn record_events(
        &mut self,
        touched: &std::collections::BTreeSet<DocId>,
    ) -> Result<Vec<Event>, ApiError> {
        if touched.is_empty() {
            return Ok(Vec::new());
        }
        let (mut upsert, mut remove) = (Vec::new(), Vec::new());
        let mut touched = touched.clone();
        // A copy beside what it is a copy of is shown there: how it stands, and with whom it is shared.
        for id in touched.clone() {
            let copy = records::get(&self.db()?, &id)?.filter(|row| row.shadowed);
            touched.extend(copy.and_then(|row| row.about));
        }
        for id in &touched {
            match records::get(&self.db()?, id)? {
                Some(stored) if stored.shadowed => {}
                Some(stored) => upsert.extend(self.record_row(stored)?),
                None => remove.push(id.to_string()),
            }
        }
        let (previous, revision) = self.next_revision();
        Ok(vec![Event::Records { revision, previous, upsert, remove }])
    }
}

/// A record by the id that links name: itself, or the copy this person has of it.
pub(super) fn record_or_copy(db: &Read<'_>, id: &DocId) -> Result<Option<StoredRecord>, ApiError> {
    if let Some(row) = records::get(db, id)? {
        return Ok(Some(row));
    }
    let mut copies = Vec::new();
    for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.copy_of.is_some()) {
        copies.extend(records::about(db, id, schema.kind.number())?);
    }
    copies.sort_by_key(|row| (row.deleted, std::cmp::Reverse(row.updated_ms)));
    Ok(copies.into_iter().next())
}

fn record_chip(db: &Read<'_>, id: &DocId) -> Result<Option<RecordChip>, ApiError> {
    let Some(row) = record_or_copy(db, id)? else { return Ok(None) };
    let Some(schema) = RecordKind::from_number(row.kind).and_then(RecordKind::schema) else {
        return Ok(None);
    };
    Ok(Some(RecordChip {
        id: id.to_string(),
        kind: shown_schema(schema).name.to_owned(),
        title: row.title,
        shared: schema.copy_of.is_some(),
        deleted: row.deleted,
    }))
}

fn field_row(field: &homing_model::record::Field, values: Vec<FieldVersion>) -> RecordFieldRow {
    let (kind, limit, choices): (_, usize, &[&str]) = match field.holds {
        FieldType::Text(limit) => (FieldKind::Text, limit, &[]),
        FieldType::LongText(limit) => (FieldKind::LongText, limit, &[]),
        FieldType::Money => (FieldKind::Money, 0, &[]),
        FieldType::Date => (FieldKind::Date, 0, &[]),
        FieldType::Time => (FieldKind::Time, 0, &[]),
        FieldType::Choice(choices) => (FieldKind::Choice, 0, choices),
        FieldType::Person => (FieldKind::Person, 0, &[]),
        FieldType::Record => (FieldKind::Record, 0, &[]),
        FieldType::Files(limit) => (FieldKind::Files, limit, &[]),
        FieldType::Number | FieldType::Copy => (FieldKind::Number, 0, &[]),
        FieldType::Flag => (FieldKind::Flag, 0, &[]),
        FieldType::Tally => (FieldKind::Tally, 0, &[]),
    };
    RecordFieldRow {
        key: field.key.to_owned(),
        kind,
        choices: choices.iter().map(|name| (*name).to_owned()).collect(),
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
        internal: field.internal,
        required: field.required,
        values,
    }
}

#[allow(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
fn exact(number: i64) -> f64 {
    number as f64
}

pub(super) fn hex(change: &ChangeHash) -> String {
    data_encoding::HEXLOWER.encode(&change.0)
}

/// What clients would see of a record.
pub(super) fn preview_fields(
    core: &Core,
    whole: &Whole,
) -> Result<(BTreeMap<String, RecordValue>, Vec<String>), ApiError> {
    let db = core.db()?;
    let copy = PublishedCopy::of(whole.schema, &whole.record);
    let mut fields = BTreeMap::new();
    for copied in &copy.fields {
        if let Some(value) = core.field_value(&db, &whole.row.id, &copied.value)? {
            fields.insert(copied.key.clone(), value);
        }
    }
    let hidden = whole.schema.fields.iter().filter(|field| field.internal).map(|field| field.key.to_owned());
    Ok((fields, hidden.collect()))
}

//! From a record's document to its row in the lists.

use std::collections::BTreeSet;

use homing_model::record::{FieldType, FieldValue, QUICK_REPLY, RecordProjection, RecordSchema};
use homing_store::changes::ChangeState;
use homing_store::records::{self, RecordRow};
use homing_store::{Read, Tx, outbox};
use homing_wire::DocId;

use super::{Look, copies_of, shown_schema};
use crate::fail::Fail;
use crate::replica::Replica;

impl Replica {
    /// Writes the row of a record, of its files, and of what is called by it.
    pub fn project_record(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        record: &RecordProjection,
    ) -> Result<(), Fail> {
        let Some(schema) = record.kind.schema() else { return Ok(()) };
        let shown = shown_schema(schema);
        let look = Look::of(record);
        let titled = shown.title.map(|key| look.text(key)).unwrap_or_default();
        let title = match (titled.is_empty(), record.about) {
            (true, Some(about)) => title_of(tx, &about)?,
            _ => titled.to_owned(),
        };
        let mut words = String::new();
        for field in shown.fields {
            if matches!(field.holds, FieldType::Text(_) | FieldType::Choice(_)) {
                words.push_str(look.text(field.key));
                words.push(' ');
            }
        }
        let shadowed = match (schema.copy_of, record.about) {
            (Some(_), Some(about)) => records::get(tx, &about)?.is_some(),
            _ => false,
        };
        let row = RecordRow {
            id: *doc,
            kind: record.kind.number(),
            class: shown.kind.number(),
            space: record.space,
            about: record.about,
            shadowed,
            deleted: record.deleted,
            title: crate::text::visible(&title),
            words,
            status: look.text("status").to_owned(),
            level: look.text("level").to_owned(),
            number: number(shown, &look),
            conflicts: u32::try_from(record.conflicts()).unwrap_or(u32::MAX),
            updated_ms: updated_ms(tx, doc)?,
        };
        records::put(tx, &row)?;
        self.project_files(tx, doc, record)?;
        if record.kind == QUICK_REPLY && !record.deleted {
            self.want_files_at_hand(tx, doc)?;
        }
        self.touch_record(tx, doc)?;
        if let Some(copies) = copies_of(schema) {
            for copy in records::about(tx, doc, copies.kind.number())? {
                records::shadow(tx, &copy.id, true)?;
            }
        }
        self.rename_dependants(tx, &called(schema, record))
    }

    /// What is named after a record takes its new name.
    fn rename_dependants(&mut self, tx: &Tx<'_>, record: &DocId) -> Result<(), Fail> {
        for schema in homing_model::record::SCHEMAS {
            if schema.title.is_some() || schema.copy_of.is_some() {
                continue;
            }
            for row in records::about(tx, record, schema.kind.number())? {
                let title = title_of(tx, record)?;
                if row.title != title {
                    records::set_title(tx, &row.id, &title)?;
                }
                self.touched.records.insert(row.id);
            }
        }
        Ok(())
    }

    /// A record none of whose changes count any more.
    pub fn project_no_record(&mut self, tx: &Tx<'_>, doc: &DocId) -> Result<(), Fail> {
        self.touch_record(tx, doc)?;
        for file in homing_store::attachments::of(tx, &[*doc])? {
            self.files_to_remove.extend(homing_store::attachments::delete(tx, &file.id)?.map(Into::into));
        }
        records::remove(tx, doc)?;
        for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.copy_of.is_some()) {
            for copy in records::about(tx, doc, schema.kind.number())? {
                records::shadow(tx, &copy.id, false)?;
            }
        }
        Ok(())
    }

    /// Its row, and those of conversations that show it, changed.
    pub fn touch_record(&mut self, tx: &Tx<'_>, doc: &DocId) -> Result<(), Fail> {
        self.touched.records.insert(*doc);
        let about = records::get(tx, doc)?.and_then(|row| row.about);
        for subject in [Some(*doc), about].into_iter().flatten() {
            self.touched.conversations.extend(records::conversations_about(tx, &subject)?);
        }
        Ok(())
    }
}

/// What others call this record by: a copy is called what it is a copy of.
fn called(schema: &RecordSchema, record: &RecordProjection) -> DocId {
    match (schema.copy_of, record.about) {
        (Some(_), Some(about)) => about,
        _ => record.record,
    }
}

/// What a record is called, by itself or by its copy.
pub(crate) fn title_of(db: &Read<'_>, record: &DocId) -> Result<String, Fail> {
    if let Some(row) = records::get(db, record)? {
        return Ok(row.title);
    }
    for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.copy_of.is_some()) {
        if let Some(copy) = records::about(db, record, schema.kind.number())?.into_iter().next() {
            return Ok(copy.title);
        }
    }
    Ok(String::new())
}

/// What a kind is sorted by besides title and time: how much its level says, else its first amount, day or number.
fn number(schema: &RecordSchema, look: &Look<'_>) -> i64 {
    if let Some(field) = schema.field("level")
        && let FieldType::Choice(levels) = field.holds
    {
        let place = levels.iter().position(|level| *level == look.text("level"));
        return place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1);
    }
    let digits =
        |text: &str| text.bytes().filter(u8::is_ascii_digit).fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
    schema
        .fields
        .iter()
        .find_map(|field| match look.value(field.key) {
            Some(FieldValue::Money(money)) => Some(money.minor),
            Some(FieldValue::Number(number)) => Some(*number),
            Some(FieldValue::Date(day)) => Some(digits(day)),
            Some(FieldValue::Time(time)) => Some(digits(&time.local)),
            _ => None,
        })
        .unwrap_or(0)
}

/// When a record changed last: by the relay's clock, or for what waits here by this device's.
fn updated_ms(db: &Read<'_>, doc: &DocId) -> Result<u64, Fail> {
    let made = records::made(db, doc)?;
    let counted = made.iter().filter(|one| one.state != ChangeState::Refused).map(|one| one.at_ms);
    let placed = counted.max().unwrap_or(0);
    let waiting = outbox::of_doc(db, doc)?.iter().map(|row| row.created_ms).max().unwrap_or(0);
    Ok(placed.max(waiting))
}

/// All files in any value of a record, each once.
pub(super) fn files_of(record: &RecordProjection) -> Vec<&homing_model::AttachmentMeta> {
    let values = record.fields.iter().flat_map(|field| field.values.iter().map(|(_, value)| value));
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for value in values {
        let lists: Vec<&FieldValue> = match value {
            FieldValue::Copy(copy) => copy.fields.iter().map(|field| &field.value).collect(),
            other => vec![other],
        };
        for list in lists {
            if let FieldValue::Files(list) = list {
                files.extend(list.iter().filter(|file| seen.insert(file.blob)));
            }
        }
    }
    files
}

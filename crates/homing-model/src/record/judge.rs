//! The rules of all kinds of records.

use homing_wire::{PersonId, SpaceKind};

use super::{Cut, FIELD, Field, FieldType, FieldValue, RecordKind, RecordSchema};
use crate::rules::{Reason, Ruling, Subject, Unjudged, key};
use crate::{ChangeInfo, Preimage, Value, WriteOp};

/// Letters of the name of one counter of a tally.
const COUNTER: usize = 16;

/// Judges a change of a record whose identity was checked already.
pub(crate) fn verdict(
    kind: RecordKind,
    subject: &Subject<'_>,
    change: &ChangeInfo,
    preimage: &Preimage,
) -> Ruling {
    let Some(schema) = kind.schema() else { return Ruling::Park(Unjudged::Kind) };
    if change.keys().any(|name| !is_known(schema, name)) || !copies_known(schema, change) {
        return Ruling::Park(Unjudged::Key);
    }
    let judged = place(schema, subject, preimage)
        .and_then(|()| values(schema, change))
        .and_then(|()| complete(schema, change))
        .and_then(|()| rights(schema, subject, change));
    match judged {
        Ok(()) => Ruling::Accept,
        Err(reason) => Ruling::Refuse(reason),
    }
}

/// The field of a root key, and whose part of it, of a tally.
fn field_of(schema: &RecordSchema, name: &str) -> Option<(&'static Field, Option<PersonId>)> {
    let name = name.strip_prefix(FIELD)?;
    match name.split_once('/') {
        None => schema.field(name).filter(|field| field.holds != FieldType::Tally).map(|field| (field, None)),
        Some((name, part)) => {
            let (person, counter) = part.split_once('/')?;
            let read: PersonId = person.parse().ok()?;
            let field = schema.field(name).filter(|field| field.holds == FieldType::Tally)?;
            // One spelling only: else one device could count twice.
            let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            let counts = counter.len() == COUNTER && counter.bytes().all(hex);
            (counts && read.to_string() == person).then_some((field, Some(read)))
        }
    }
}

fn is_known(schema: &RecordSchema, name: &str) -> bool {
    matches!(name, key::ID | key::DELETED) || field_of(schema, name).is_some()
}

/// The record that a kind copies may have fields this version doesn't know yet.
fn copies_known(schema: &RecordSchema, change: &ChangeInfo) -> bool {
    let Some(of) = schema.copy_of.and_then(RecordKind::schema) else { return true };
    change.writes.iter().all(|write| match &write.op {
        WriteOp::Put(Value::Bytes(bytes)) if write.key != key::ID => {
            !matches!(FieldValue::read(bytes), Ok(FieldValue::Copy(copy)) if !copy.is_known(of))
        }
        _ => true,
    })
}

fn place(schema: &RecordSchema, subject: &Subject<'_>, preimage: &Preimage) -> Result<(), Reason> {
    let own = |key: &[u8]| key.get(16..) == Some(&subject.author.0);
    let fits = schema.spaces.contains(&subject.space_kind)
        && match (schema.cut, preimage.natural_key()) {
            (Cut::Owner, None) => true,
            (Cut::Record, Some(key)) if subject.space_kind == SpaceKind::Talk => key.len() == 48 && own(key),
            (Cut::Record, Some(key)) => key.len() == 16,
            _ => false,
        };
    if fits { Ok(()) } else { Err(Reason::WrongPlace) }
}

fn values(schema: &RecordSchema, change: &ChangeInfo) -> Result<(), Reason> {
    for (index, write) in change.writes.iter().enumerate() {
        if change.keys().skip(index + 1).any(|other| other == write.key) {
            return Err(Reason::RepeatedKey);
        }
        match &write.op {
            WriteOp::Put(_) if write.key == key::ID => {}
            WriteOp::Put(value) if value_allowed(schema.kind, &write.key, value) => {}
            _ => return Err(Reason::BadValue),
        }
    }
    Ok(())
}

/// Types and sizes of values.
pub(crate) fn value_allowed(kind: RecordKind, name: &str, value: &Value) -> bool {
    let Some(schema) = kind.schema() else { return false };
    match (name, value) {
        (key::DELETED, Value::Bool(_)) => true,
        (name, Value::Bytes(bytes)) => {
            field_of(schema, name).is_some_and(|(field, _)| match FieldValue::decode(field.holds, bytes) {
                Ok(FieldValue::Nothing) => !field.required,
                Ok(FieldValue::Copy(copy)) => {
                    schema.copy_of.and_then(RecordKind::schema).is_some_and(|of| copy.fits(of))
                }
                Ok(_) => true,
                Err(_) => false,
            })
        }
        _ => false,
    }
}

/// A record begins with everything it must have.
fn complete(schema: &RecordSchema, change: &ChangeInfo) -> Result<(), Reason> {
    let has = |field: &Field| change.put(&super::root_key(field.key)).is_some();
    let whole = !change.is_first() || schema.fields.iter().filter(|field| field.required).all(has);
    if whole { Ok(()) } else { Err(Reason::Incomplete) }
}

fn rights(schema: &RecordSchema, subject: &Subject<'_>, change: &ChangeInfo) -> Result<(), Reason> {
    if change.is_first() && !schema.creates.includes(subject.role) {
        return Err(Reason::NotStaff);
    }
    for name in change.keys().filter(|name| *name != key::ID) {
        let who = if name == key::DELETED { schema.deletes } else { schema.writes };
        if !who.includes(subject.role) {
            return Err(Reason::NotStaff);
        }
        if let Some((_, Some(person))) = field_of(schema, name)
            && person != subject.author
        {
            return Err(Reason::NotOwner);
        }
    }
    Ok(())
}

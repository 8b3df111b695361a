//! A record as it is shown.

use std::collections::{BTreeMap, HashMap, HashSet};

use homing_wire::{DocId, PersonId, SpaceId};

use super::{FIELD, FieldType, FieldValue, RecordKind, RecordSchema};
use crate::rules::key;
use crate::{ChangeHash, ChangeInfo, ModelError, OpId, Preimage, Registers, Value, WriteOp, fold};

/// A record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordProjection {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub record: DocId,
    /// Its space.
    pub space: SpaceId,
    /// Who began it, if the id says so.
    pub owner: Option<PersonId>,
    /// The record it is about, if the id says so.
    pub about: Option<DocId>,
    /// Fields that were ever written, in the order of the schema.
    pub fields: Vec<RecordField>,
    /// Deleted; can be taken back.
    pub deleted: bool,
    /// Its newest changes, in order.
    pub heads: Vec<ChangeHash>,
    /// How many changes it has.
    pub changes: u64,
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordField {
    /// Its key.
    pub key: &'static str,
    /// The shown value first; others that were written apart and nobody has chosen from yet, each with the change that
    /// wrote it. Equal ones are one.
    pub values: Vec<(ChangeHash, FieldValue)>,
}

impl RecordProjection {
    /// The shown value of a field.
    pub fn value(&self, key: &str) -> Option<&FieldValue> {
        self.fields.iter().find(|field| field.key == key)?.values.first().map(|(_, value)| value)
    }

    /// The shown text or choice of a field; empty if there is none.
    pub fn text(&self, key: &str) -> &str {
        match self.value(key) {
            Some(FieldValue::Text(text) | FieldValue::Choice(text) | FieldValue::Date(text)) => text,
            _ => "",
        }
    }

    /// How many fields were edited apart and are not settled.
    pub fn conflicts(&self) -> usize {
        self.fields.iter().filter(|field| field.values.len() > 1).count()
    }
}

pub(crate) fn project(
    kind: RecordKind,
    preimage: &Preimage,
    changes: &[ChangeInfo],
) -> Result<RecordProjection, ModelError> {
    let schema = kind.schema().ok_or(ModelError::Unknown)?;
    let registers = Registers::of(changes);
    let wrote: HashMap<OpId, ChangeHash> =
        changes.iter().flat_map(|change| change.numbered().map(|(id, _)| (id, change.hash))).collect();
    let mut fields = Vec::new();
    for field in schema.fields {
        let mut values = match field.holds {
            FieldType::Tally => tally(&registers, &wrote, field.key),
            _ => candidates(&registers, &wrote, &super::root_key(field.key)),
        };
        if field.holds == FieldType::Copy {
            // A copy is nobody's edit: the one that was made from most is read, and there is nothing to choose.
            values.sort_by(|(_, a), (_, b)| rank(b).cmp(&rank(a)));
            values.truncate(1);
        }
        if !values.is_empty() {
            fields.push(RecordField { key: field.key, values });
        }
    }
    let followed: HashSet<_> = changes.iter().flat_map(|change| &change.deps).collect();
    let hashes: HashSet<_> = changes.iter().map(|change| change.hash).collect();
    let mut heads: Vec<_> = hashes.iter().copied().filter(|hash| !followed.contains(hash)).collect();
    heads.sort_unstable();
    Ok(RecordProjection {
        kind,
        record: preimage.doc_id(),
        space: preimage.space(),
        owner: preimage.owner(),
        about: preimage.natural_key().and_then(|key| DocId::from_slice(key.get(..16)?)),
        fields,
        deleted: registers.get(key::DELETED) == Some(&Value::Bool(true)),
        heads,
        changes: hashes.len() as u64,
    })
}

fn rank(value: &FieldValue) -> Option<(u64, &[ChangeHash])> {
    match value {
        FieldValue::Copy(copy) => Some(copy.rank()),
        _ => None,
    }
}

fn candidates(
    registers: &Registers<'_>,
    wrote: &HashMap<OpId, ChangeHash>,
    name: &str,
) -> Vec<(ChangeHash, FieldValue)> {
    let mut values: Vec<(ChangeHash, FieldValue)> = Vec::new();
    for candidate in registers.all(name) {
        let (Value::Bytes(bytes), Some(hash)) = (candidate.value, wrote.get(&candidate.id)) else { continue };
        match FieldValue::read(bytes) {
            Ok(value) if values.iter().all(|(_, known)| *known != value) => values.push((*hash, value)),
            _ => {}
        }
    }
    values
}

/// Every counter added up; of one counter's values written apart the greatest counts.
fn tally(
    registers: &Registers<'_>,
    wrote: &HashMap<OpId, ChangeHash>,
    field: &str,
) -> Vec<(ChangeHash, FieldValue)> {
    let prefix = format!("{FIELD}{field}/");
    let mut parts: BTreeMap<&str, Vec<(ChangeHash, FieldValue)>> = BTreeMap::new();
    for name in registers.keys().filter(|name| name.starts_with(&prefix)) {
        parts.insert(name, candidates(registers, wrote, name));
    }
    let number = |(_, value): &(ChangeHash, FieldValue)| match value {
        FieldValue::Number(number) => *number,
        _ => 0,
    };
    let sum =
        parts.values().map(|part| part.iter().map(number).max().unwrap_or(0)).fold(0i64, i64::saturating_add);
    let newest = parts.into_values().flatten().map(|(hash, _)| hash).max();
    newest.map(|hash| (hash, FieldValue::Number(sum))).into_iter().collect()
}

/// What one change did to a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The change.
    pub change: ChangeHash,
    /// Fields it wrote.
    pub fields: Vec<(&'static str, FieldValue)>,
    /// It deleted the record, or took that back.
    pub deleted: Option<bool>,
}

/// What was done to a record, each step behind what it was made on.
pub fn history(schema: &RecordSchema, changes: &[ChangeInfo]) -> Vec<Step> {
    fold(changes.iter().cloned())
        .ordered
        .iter()
        .map(|change| {
            let mut step = Step { change: change.hash, fields: Vec::new(), deleted: None };
            for write in &change.writes {
                match &write.op {
                    WriteOp::Put(Value::Bool(deleted)) if write.key == key::DELETED => {
                        step.deleted = Some(*deleted);
                    }
                    WriteOp::Put(Value::Bytes(bytes)) => {
                        let field = write.key.strip_prefix(FIELD).and_then(|name| schema.field(name));
                        if let (Some(field), Ok(value)) = (field, FieldValue::read(bytes)) {
                            step.fields.push((field.key, value));
                        }
                    }
                    _ => {}
                }
            }
            step
        })
        .collect()
}

//! The copy of a record in another space.

use minicbor::{CborLen, Decode, Encode};

use super::{FieldType, FieldValue, RecordProjection, RecordSchema};
use crate::{ChangeHash, limits};

/// The public fields of a record, and what they were read from.
///
/// Readers can't look into the record's own space, so the copy says how many changes it was made from: of two copies
/// where one was made from all that the other was made from and more, the former has the greater number.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PublishedCopy {
    /// Fields that say something, in the order of their keys.
    #[n(0)]
    pub fields: Vec<CopiedField>,
    /// The record's newest changes, in order.
    #[n(1)]
    pub heads: Vec<ChangeHash>,
    /// How many changes the record had.
    #[n(2)]
    pub changes: u64,
}

/// A field of a copy.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub struct CopiedField {
    /// Its key.
    #[n(0)]
    pub key: String,
    /// What it says.
    #[n(1)]
    pub value: FieldValue,
}

impl PublishedCopy {
    /// What others may see of a record. Of values written apart the one that is shown is copied.
    pub fn of(schema: &RecordSchema, record: &RecordProjection) -> Self {
        let mut fields: Vec<CopiedField> = schema
            .public_fields()
            .filter_map(|field| {
                let value = record.value(field.key)?.clone();
                (!value.is_nothing()).then(|| CopiedField { key: field.key.to_owned(), value })
            })
            .collect();
        fields.sort_by(|a, b| a.key.cmp(&b.key));
        Self { fields, heads: record.heads.clone(), changes: record.changes }
    }

    /// A field's value.
    pub fn value(&self, key: &str) -> Option<&FieldValue> {
        self.fields.iter().find(|field| field.key == key).map(|field| &field.value)
    }

    /// Which of several copies is read: the greatest.
    pub(super) fn rank(&self) -> (u64, &[ChangeHash]) {
        (self.changes, &self.heads)
    }

    pub(super) fn is_well_formed(&self) -> bool {
        let rising = |pair: &[ChangeHash]| matches!(pair, [a, b] if a < b);
        let keys_rise = self.fields.windows(2).all(|pair| matches!(pair, [a, b] if a.key < b.key));
        (1..=limits::COPY_HEADS).contains(&self.heads.len())
            && self.heads.windows(2).all(rising)
            && self.changes >= self.heads.len() as u64
            && self.fields.len() <= limits::COPY_FIELDS
            && keys_rise
    }

    /// Whether all its fields are ones this version knows of the record.
    pub(super) fn is_known(&self, of: &RecordSchema) -> bool {
        self.fields.iter().all(|copied| of.field(&copied.key).is_some())
    }

    /// Whether it holds nothing that may not leave the record's space, and its values fit.
    pub(super) fn fits(&self, of: &RecordSchema) -> bool {
        self.fields.iter().all(|copied| {
            of.field(&copied.key).is_some_and(|field| {
                !field.internal
                    && field.holds != FieldType::Copy
                    && !copied.value.is_nothing()
                    && copied.value.check(field.holds).is_ok()
            })
        })
    }
}

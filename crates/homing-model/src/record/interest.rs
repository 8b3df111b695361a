//! A client's interest in a property: at most one per client and property, whoever notes it and wherever, because its id
//! is cut from the client's space and the property. Both sides see and edit it.

use homing_wire::SpaceKind;

use super::{Cut, Field, FieldType, RecordKind, RecordSchema, Who};
use crate::limits;

/// An interest.
pub const INTEREST: RecordKind = RecordKind::numbered(34);

/// How strong an interest is.
pub const INTEREST_LEVELS: &[&str] = &["low", "medium", "high", "very_high"];

/// How far it came.
pub const INTEREST_STATES: &[&str] =
    &["interested", "viewing_scheduled", "offer_made", "negotiating", "purchased", "not_interested"];

pub(super) static SCHEMA: RecordSchema = RecordSchema {
    kind: INTEREST,
    name: "interest",
    spaces: &[SpaceKind::Client],
    cut: Cut::Record,
    creates: Who::Writers,
    writes: Who::Writers,
    deletes: Who::Writers,
    fields: &[
        Field::new("level", FieldType::Choice(INTEREST_LEVELS)).required(),
        Field::new("status", FieldType::Choice(INTEREST_STATES)).required(),
        Field::new("notes", FieldType::LongText(limits::NOTE)),
    ],
    title: None,
    published_as: None,
    copy_of: None,
};

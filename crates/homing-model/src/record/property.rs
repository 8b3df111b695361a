//! Properties: what is sold, let or worked on. They stand in the team's space, and copies of them in clients'.

use homing_wire::SpaceKind;

use super::{Cut, Field, FieldType, RecordKind, RecordSchema, Who};
use crate::limits;

/// A property.
pub const PROPERTY: RecordKind = RecordKind::numbered(32);
/// A property's copy in the space of a client it was shared with.
pub const PUBLISHED_PROPERTY: RecordKind = RecordKind::numbered(33);

/// What a property's status may be.
pub const PROPERTY_STATES: &[&str] = &["draft", "available", "reserved", "sold", "rented", "off_market"];

/// Photos of one property.
const PHOTOS: usize = 40;

pub(super) static SCHEMA: RecordSchema = RecordSchema {
    kind: PROPERTY,
    name: "property",
    spaces: &[SpaceKind::Team, SpaceKind::Personal],
    cut: Cut::Owner,
    creates: Who::Staff,
    writes: Who::Staff,
    deletes: Who::Staff,
    fields: &[
        Field::new("title", FieldType::Text(limits::SUBJECT)).required(),
        Field::new("price", FieldType::Money),
        Field::new("place", FieldType::Text(limits::SUBJECT)),
        Field::new("status", FieldType::Choice(PROPERTY_STATES)),
        Field::new("description", FieldType::LongText(limits::NOTE)),
        Field::new("photos", FieldType::Files(PHOTOS)),
        Field::new("internal_notes", FieldType::LongText(limits::NOTE)).internal(),
    ],
    title: Some("title"),
    published_as: Some(PUBLISHED_PROPERTY),
    copy_of: None,
};

pub(super) static PUBLISHED: RecordSchema = RecordSchema {
    kind: PUBLISHED_PROPERTY,
    name: "published_property",
    spaces: &[SpaceKind::Client, SpaceKind::Talk],
    cut: Cut::Record,
    creates: Who::Staff,
    writes: Who::Staff,
    deletes: Who::Staff,
    fields: &[Field::new("copy", FieldType::Copy).required()],
    title: None,
    published_as: None,
    copy_of: Some(PROPERTY),
};

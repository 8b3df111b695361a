//! Quick replies: words a team writes once and sends often. They stand in the team's space, or in the personal one of
//! somebody without a team, and never leave it: what is sent of them is a message's own text.

use homing_wire::SpaceKind;

use super::{Cut, Field, FieldType, RecordKind, RecordSchema, Who};
use crate::limits;

/// A quick reply.
pub const QUICK_REPLY: RecordKind = RecordKind::numbered(36);

/// What a quick reply is for.
pub const QUICK_CATEGORIES: &[&str] = &[
    "greeting",
    "booking_confirmation",
    "check_in",
    "check_out",
    "amenities",
    "directions",
    "house_rules",
    "emergency",
    "thank_you",
    "custom",
];

/// Characters of its title.
pub const QUICK_TITLE: usize = 100;
/// Files that go with it.
const FILES: usize = 10;

pub(super) static SCHEMA: RecordSchema = RecordSchema {
    kind: QUICK_REPLY,
    name: "quick_reply",
    spaces: &[SpaceKind::Team, SpaceKind::Personal],
    cut: Cut::Owner,
    creates: Who::Staff,
    writes: Who::Staff,
    deletes: Who::Staff,
    fields: &[
        Field::new("title", FieldType::Text(4 * QUICK_TITLE)).required(),
        Field::new("body", FieldType::LongText(limits::NOTE)).required(),
        Field::new("category", FieldType::Choice(QUICK_CATEGORIES)),
        Field::new("active", FieldType::Flag),
        // Only where this property is talked about; everywhere, if there is none.
        Field::new("property", FieldType::Record),
        Field::new("files", FieldType::Files(FILES)),
        Field::new("uses", FieldType::Tally),
    ],
    title: Some("title"),
    published_as: None,
    copy_of: None,
};

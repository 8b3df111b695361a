//! Records: what people keep and talk about (properties, interests, and what follows).
//!
//! A kind of record is one static [`RecordSchema`]: its number, the spaces it may stand in, what its ids are cut from,
//! who may begin, write and delete it, and its fields with their types. Everything else is done for all kinds alike:
//! the rules judge a record by its schema, [`crate::Edit::CreateRecord`], [`crate::Edit::SetFields`] and
//! [`crate::Edit::DeleteRecord`] write it, and [`RecordProjection`] shows it with all values of a field that was
//! edited apart.
//!
//! A record is one document with flat root keys: `f/<field>`, each one whole canonical [`FieldValue`], and `deleted`,
//! which can be taken back. So two devices that edit different fields apart never disturb each other, and the
//! same field edited apart keeps both values, until somebody chooses and writes over both.
//!
//! A kind may be *published*: its copy stands in clients' spaces as another kind, derived from the record's id, holding
//! one whole [`PublishedCopy`] of the fields that are not internal, with the heads of what it was made from. Staff write
//! copies, nobody edits in them; of two written apart the one made from more is read.
//!
//! # A new kind
//!
//! A module beside [`property`] with its [`RecordSchema`], and a line in [`SCHEMAS`]. Apps of before don't know its number
//! and keep its documents for later. Once released, a field's type and limits don't change; fields and choices may be
//! added: an unknown field is parked until an upgrade, an unknown choice is taken and shown by its name. Bind a rule
//! that a schema can't say to a new version of the rules.

mod copy;
mod interest;
mod judge;
mod projection;
mod property;
mod quick_reply;
mod schema;
mod value;

pub use copy::{CopiedField, PublishedCopy};
pub use interest::{INTEREST, INTEREST_LEVELS, INTEREST_STATES};
pub use projection::{RecordField, RecordProjection, Step, history};
pub use property::{PROPERTY, PROPERTY_STATES, PUBLISHED_PROPERTY};
pub use quick_reply::{QUICK_CATEGORIES, QUICK_REPLY, QUICK_TITLE};
pub use schema::{Cut, Field, FieldType, RecordKind, RecordSchema, Who};
pub use value::{FieldValue, LocalTime, Money};

pub(crate) use judge::{value_allowed, verdict};
pub(crate) use projection::project;

/// All kinds of records.
pub static SCHEMAS: &[&RecordSchema] =
    &[&property::SCHEMA, &property::PUBLISHED, &interest::SCHEMA, &quick_reply::SCHEMA];

/// Before a field's key.
pub(crate) const FIELD: &str = "f/";

/// The root key of a field.
pub(crate) fn root_key(field: &str) -> String {
    format!("{FIELD}{field}")
}

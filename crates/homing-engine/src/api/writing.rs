//! Drafts beside each other, the order of what waits, and what is typed outside of drafts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, DraftRow};

wire_types! {
/// Two drafts to hold against each other.
pub struct DraftCompare { pub left: String, pub right: String }

/// A part of two texts: what both say, or where they differ. Either side may be empty.
pub struct ComparedPart { pub same: bool, pub left: String, pub right: String }

pub struct Comparison { pub left: DraftRow, pub right: DraftRow, pub parts: Vec<ComparedPart> }

/// Puts a waiting message before another one of its conversation that waits too; absent: behind all of them.
pub struct OutboxMove { pub id: String, #[serde(default)] pub before: Option<String> }

pub struct OutboxItems { pub ids: Vec<String> }

/// What became of one of several waiting changes.
pub struct OutboxResult {
    pub id: String,
    /// Why it was not done.
    pub error: Option<ApiError>,
}

/// What is typed into a field of the window that is saved when it is left, or into a form with a button. It stays on this
/// device. The window names the place; without a text there is nothing.
pub struct Unsaved { pub place: String, pub text: String }
}

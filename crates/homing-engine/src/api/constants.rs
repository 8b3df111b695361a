//! Names and limits that a window has to know too. They are written beside its types, so that they stand in one place.

pub use homing_model::record::QUICK_CATEGORIES;

pub use crate::files::FILE as FILE_BYTES;
pub use crate::quick::{TABLE as TABLE_BYTES, VARIABLES as QUICK_VARIABLES};

/// Stands in a title for somebody whose name is not known yet. Fields for names are empty then: whoever shows one has the words.
pub const UNNAMED: &str = "\u{2026}";

/// Bytes of a message's text; longer ones are offered as a file.
pub const MESSAGE_BYTES: usize = homing_model::limits::BODY;

//! Files where they stand: those of a conversation, and one by itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Attachment;

wire_types! {
#[derive(Copy, Eq)]
pub enum FilesKind { Voice, Photo, Video, File }

/// What a line says of a message that has files and no words. `file`: of another kind, or of several.
pub struct FilesSaid {
    pub kind: FilesKind,
    pub count: u32,
    /// Of recordings, together.
    pub duration_ms: Option<f64>,
    /// Of one file.
    pub name: String,
}

/// Messages that have files: the newest page without cursors; `before` / `after` a cursor, `around` a message id.
#[derive(Default)]
pub struct ConversationFiles {
    pub conversation: String,
    #[serde(default)] pub before: Option<String>,
    #[serde(default)] pub after: Option<String>,
    #[serde(default)] pub around: Option<String>,
    pub limit: u32,
}

/// A file and what holds it: a message in a conversation, or a record.
pub struct FilePlace {
    pub file: Attachment,
    pub conversation: Option<String>,
    pub message: Option<String>,
    pub record: Option<String>,
}
}

//! Files as a script reads them.

use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, ApiError, AttachmentState, Downloads};
use serde::Serialize;

use super::{called, clock, word};

/// A file of a message.
#[derive(Serialize)]
pub struct File {
    pub id: String,
    pub name: String,
    pub mime: String,
    pub size: u64,
    pub state: AttachmentState,
    /// Why it waits, if the relay does not take it for now.
    pub error: Option<ApiError>,
    /// It stays on this device however little room there is.
    pub pinned: bool,
    /// Of a voice note: how long it is.
    pub duration_ms: Option<u64>,
    pub message: Option<String>,
    pub author_name: Option<String>,
    pub at: Option<String>,
}

impl From<api::Attachment> for File {
    // Sizes and lengths travel as the window's numbers.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from(file: api::Attachment) -> Self {
        Self {
            id: file.id,
            name: file.name,
            mime: file.mime,
            size: file.size as u64,
            state: file.state,
            error: file.held,
            pinned: file.pinned,
            duration_ms: file.voice.map(|voice| voice.duration_ms as u64),
            message: None,
            author_name: None,
            at: None,
        }
    }
}

impl File {
    /// The files of a message.
    pub fn of(message: api::MessageRow) -> impl Iterator<Item = Self> {
        let api::MessageRow { id, author_name, at, attachments, .. } = message;
        attachments.into_iter().map(move |file| Self {
            message: Some(id.clone()),
            author_name: Some(called(author_name.clone())),
            at: Some(at.clone()),
            ..Self::from(file)
        })
    }
}

impl Display for File {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {} kB  {}", self.id, self.name, self.size.div_ceil(1000), word(&self.state))?;
        if self.pinned {
            f.write_str(", kept")?;
        }
        // Why nobody else gets it, and what to do.
        match self.state {
            AttachmentState::TooLarge => {
                f.write_str(": larger than what the relay takes. Take it out and add a smaller one")?;
            }
            AttachmentState::Refused => {
                write!(f, ": the relay does not take it. Try again with homing files fetch {}", self.id)?;
            }
            _ => {}
        }
        if let Some(error) = &self.error {
            write!(f, ": {}", error.message)?;
        }
        if let (Some(author), Some(at)) = (&self.author_name, &self.at) {
            write!(f, "  ({author}, {})", clock(at))?;
        }
        Ok(())
    }
}

/// What files take on this device, and by which rules.
#[derive(Serialize)]
pub struct Room {
    pub downloads: Downloads,
    pub up_to_mb: u32,
    /// 0: as much as there is.
    pub room_mb: u32,
    pub bytes: u64,
    pub files: u32,
    /// Of those that could go.
    pub free_bytes: u64,
    pub free_files: u32,
}

impl From<api::FileRoom> for Room {
    // Sizes travel as the window's numbers.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from(room: api::FileRoom) -> Self {
        let api::FileRules { downloads, up_to_mb, room_mb } = room.rules;
        Self {
            downloads,
            up_to_mb,
            room_mb,
            bytes: room.bytes as u64,
            files: room.files,
            free_bytes: room.free_bytes as u64,
            free_files: room.free_files,
        }
    }
}

impl Display for Room {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mb = |bytes: u64| bytes.div_ceil(1_000_000);
        write!(f, "{} MB in {} files", mb(self.bytes), self.files)?;
        match self.room_mb {
            0 => f.write_str(", no limit")?,
            room => write!(f, " of {room} MB")?,
        }
        write!(f, "; {} MB can be fetched again. ", mb(self.free_bytes))?;
        match self.downloads {
            Downloads::Always => f.write_str("All files come by themselves."),
            Downloads::OnDemand => f.write_str("Files come when they are asked for."),
            Downloads::UpTo => write!(f, "Files up to {} MB come by themselves.", self.up_to_mb),
        }
    }
}

//! What stands for a message that has files and no words: in lists, quotes and notices.

use std::fmt;

use homing_model::AttachmentMeta;
use homing_store::attachments::AttachmentRow;

use crate::api::{FilesKind, FilesSaid};
use crate::text::visible;

/// A file as far as it matters here.
struct Seen<'a> {
    name: &'a str,
    mime: &'a str,
    voice_ms: Option<u64>,
}

/// Of a message's files.
pub(crate) fn said(files: &[AttachmentRow]) -> Option<FilesSaid> {
    say(files.iter().map(|file| Seen {
        name: &file.name,
        mime: &file.mime,
        voice_ms: file.voice.as_ref().map(|(ms, _)| *ms),
    }))
}

/// Of the files of a message that waits.
pub(crate) fn said_of(files: &[AttachmentMeta]) -> Option<FilesSaid> {
    say(files.iter().map(|file| Seen {
        name: &file.name,
        mime: &file.mime,
        voice_ms: file.voice.as_ref().map(|voice| voice.duration_ms),
    }))
}

#[allow(clippy::cast_precision_loss, reason = "recordings last hours, not millennia")]
fn say<'a>(files: impl Iterator<Item = Seen<'a>>) -> Option<FilesSaid> {
    let mut said: Option<FilesSaid> = None;
    for file in files {
        let kind = match file.mime.split('/').next() {
            _ if file.voice_ms.is_some() => FilesKind::Voice,
            Some("image") => FilesKind::Photo,
            Some("video") => FilesKind::Video,
            _ => FilesKind::File,
        };
        said = Some(match said {
            None => FilesSaid {
                kind,
                count: 1,
                duration_ms: file.voice_ms.map(|ms| ms as f64),
                name: visible(file.name),
            },
            // What is of several kinds is files.
            Some(so_far) => FilesSaid {
                kind: if so_far.kind == kind { kind } else { FilesKind::File },
                count: so_far.count.saturating_add(1),
                duration_ms: so_far.duration_ms.zip(file.voice_ms).map(|(all, ms)| all + ms as f64),
                name: String::new(),
            },
        });
    }
    said
}

impl fmt::Display for FilesSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_words(self))
    }
}

/// In English, for the desktop's notifications and scripts: a window says it in its own words.
pub(crate) fn in_words(said: &FilesSaid) -> String {
    let many = |noun: &str| format!("{} {noun}s", said.count);
    match (said.kind, said.count) {
        (FilesKind::Voice, 1) => match said.duration_ms {
            Some(ms) => format!("Voice message ({})", clock(ms)),
            None => "Voice message".to_owned(),
        },
        (FilesKind::Voice, _) => many("voice message"),
        (FilesKind::Photo, 1) => "Photo".to_owned(),
        (FilesKind::Photo, _) => many("photo"),
        (FilesKind::Video, 1) => "Video".to_owned(),
        (FilesKind::Video, _) => many("video"),
        (FilesKind::File, 1) if said.name.is_empty() => "File".to_owned(),
        (FilesKind::File, 1) => format!("File: {}", said.name),
        (FilesKind::File, _) => many("file"),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length in seconds")]
fn clock(ms: f64) -> String {
    let seconds = (ms / 1_000.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(files: &[(&str, &str, Option<u64>)]) -> Option<String> {
        let seen = files.iter().map(|(name, mime, voice_ms)| Seen { name, mime, voice_ms: *voice_ms });
        say(seen).as_ref().map(in_words)
    }

    #[test]
    fn files_are_called_by_what_they_are_as_far_as_they_are_alike() {
        assert_eq!(words(&[]), None);
        let voice = ("note.ogg", "audio/ogg", Some(65_000));
        let (photo, plan) = (("front.jpg", "image/jpeg", None), ("plan.pdf", "application/pdf", None));
        for (files, wanted) in [
            (vec![voice], "Voice message (1:05)"),
            (vec![voice, voice], "2 voice messages"),
            (vec![photo], "Photo"),
            (vec![photo, photo], "2 photos"),
            (vec![("tour.mp4", "video/mp4", None)], "Video"),
            (vec![plan], "File: plan.pdf"),
            (vec![photo, plan, voice], "3 files"),
            (vec![("song.mp3", "audio/mpeg", None)], "File: song.mp3"),
            (vec![("", "", None)], "File"),
        ] {
            assert_eq!(words(&files).as_deref(), Some(wanted));
        }
    }
}

//! What is to be sent is looked at before any of it is sealed: all of it can go, or nothing does and the person hears why.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use data_encoding::BASE64;
use homing_model::{Voice, limits};

use super::clean::{Source, cleaned};
use super::{MOST, TOGETHER, failed, megabytes};
use crate::api::{ApiError, Code, FileSource, VoiceShown};
use crate::fail::invalid;
use crate::text::visible;

/// A file that can be read.
pub(super) struct Opened {
    pub name: String,
    pub mime: String,
    /// What a recording of a voice is shown with.
    pub voice: Option<Voice>,
    pub content: Box<dyn Read + Send>,
}

/// Opens every one of these; `clean`: photos without the place they were taken at.
pub(super) fn open_all(sources: &[FileSource], largest: u64, clean: bool) -> Result<Vec<Opened>, ApiError> {
    if sources.len() > MOST {
        return Err(invalid("At most 20 files go with one message. Send the others with another one.").into());
    }
    let mut together = 0u64;
    let mut opened = Vec::with_capacity(sources.len());
    for source in sources {
        let (file, size) = open(source, clean)?;
        if size > largest {
            return Err(too_large(&file.name, largest));
        }
        together = together.saturating_add(size);
        opened.push(file);
    }
    if together > TOGETHER {
        return Err(ApiError::new(
            Code::TooLarge,
            "These files are larger than 2 GB together. Send them with several messages.",
        ));
    }
    Ok(opened)
}

pub(super) fn too_large(name: &str, largest: u64) -> ApiError {
    let text = format!("\"{}\" is larger than {}.", visible(name), megabytes(largest));
    let advice =
        if largest < super::FILE { " Your relay takes no larger ones." } else { " Nothing was sent." };
    ApiError::new(Code::TooLarge, text + advice)
}

fn open(source: &FileSource, clean: bool) -> Result<(Opened, u64), ApiError> {
    match source {
        FileSource::Path { path } => open_path(Path::new(path), clean),
        FileSource::Bytes { name, mime, base64, voice } => {
            let bytes = BASE64
                .decode(base64.as_bytes())
                .map_err(|_| ApiError::from(invalid("The file's bytes are not base64.")))?;
            let size = bytes.len() as u64;
            let name = file_name(name);
            let mime = if mime.is_empty() { mime_of(&name) } else { mime.clone() };
            let voice = voice.as_ref().map(said).transpose()?;
            let content = content(Cursor::new(bytes), clean, &visible(&name))?;
            Ok((Opened { name, mime, voice, content }, size))
        }
        FileSource::Given { .. } => {
            Err(failed("This file is no longer at hand. Choose or drop it once more."))
        }
    }
}

/// What is said of a recording, if messages take it.
fn said(voice: &VoiceShown) -> Result<Voice, ApiError> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at first")]
    let duration_ms = voice.duration_ms as u64;
    #[allow(clippy::cast_precision_loss, reason = "some hours")]
    let longest = limits::VOICE_MS as f64;
    if !(0.0..=longest).contains(&voice.duration_ms) || voice.peaks.len() > limits::VOICE_PEAKS {
        return Err(invalid("This is more than a recording can be shown with.").into());
    }
    Ok(Voice { duration_ms, peaks: voice.peaks.clone().into() })
}

fn open_path(path: &Path, clean: bool) -> Result<(Opened, u64), ApiError> {
    let name = file_name(&path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default());
    let shown = visible(&name);
    let unreadable = |error: std::io::Error| unreadable(&error, &shown);
    // Looked at before it is opened: opening a pipe would wait for whoever writes into it.
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if about.is_dir() {
        return Err(failed(format!("\"{shown}\" is a folder. Pack it into one file (zip) and send that.")));
    }
    if !about.is_file() {
        return Err(failed(format!("\"{shown}\" is not a file that can be sent.")));
    }
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let content = content(file, clean, &shown)?;
    let mime = mime_of(&name);
    Ok((Opened { name, mime, voice: None, content }, size))
}

/// What of a file is sent.
pub(super) fn content(
    file: impl Source + 'static,
    clean: bool,
    shown: &str,
) -> Result<Box<dyn Read + Send>, ApiError> {
    match clean {
        true => cleaned(Box::new(file)).map_err(|error| unreadable(&error, shown)),
        false => Ok(Box::new(file)),
    }
}

pub(super) fn unreadable(error: &std::io::Error, shown: &str) -> ApiError {
    match error.kind() {
        ErrorKind::NotFound => failed(format!("\"{shown}\" is not there any more. Choose it once more.")),
        ErrorKind::PermissionDenied => {
            failed(format!("\"{shown}\" may not be read. Change its permissions, or choose another file."))
        }
        ErrorKind::InvalidData => failed(format!(
            "\"{shown}\" is a photo unlike those of any camera: its place and camera can't be taken out. Pack it (zip) \
             to send it as it is, or switch \"Remove place and camera from photos\" off in Settings."
        )),
        _ => failed(format!("\"{shown}\" can't be read. Check the disk it is on.")),
    }
}

fn mime_of(name: &str) -> String {
    mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned()
}

/// A name that every system takes as one.
fn file_name(name: &str) -> String {
    let mut cleaned: String =
        name.chars().map(|c| if matches!(c, '/' | '\\' | '\0') { '_' } else { c }).collect();
    while cleaned.len() > homing_model::limits::NAME {
        // In the middle, so that what kind of file it is stays.
        let middle = cleaned.chars().count() / 2;
        let at = cleaned.char_indices().nth(middle).map_or(0, |(at, _)| at);
        cleaned.remove(at);
    }
    if cleaned.is_empty() { "file".to_owned() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::FILE;

    fn path(path: &Path) -> FileSource {
        FileSource::Path { path: path.to_str().unwrap().to_owned() }
    }

    fn refused(sources: &[FileSource], largest: u64) -> ApiError {
        open_all(sources, largest, true).err().unwrap()
    }

    #[test]
    fn what_cant_be_sent_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("plan.txt");
        std::fs::write(&plan, "ground floor").unwrap();
        assert_eq!(open_all(&[path(&plan)], FILE, true).unwrap().len(), 1);

        let missing = refused(&[path(&plan), path(&folder.path().join("gone.pdf"))], FILE);
        assert_eq!(missing.code, Code::FileFailed);
        assert!(missing.message.contains("gone.pdf") && missing.message.contains("not there"));
        let directory = refused(&[path(folder.path())], FILE);
        assert!(directory.message.contains("is a folder"), "{directory:?}");
        let large = refused(&[path(&plan)], 11);
        assert_eq!(large.code, Code::TooLarge);
        assert!(large.message.contains("plan.txt"));
        let given = refused(&[FileSource::Given { number: 7 }], FILE);
        assert_eq!(given.code, Code::FileFailed);
        let many = vec![path(&plan); MOST + 1];
        assert_eq!(refused(&many, FILE).code, Code::InvalidArgument);
    }

    #[test]
    fn five_files_of_the_largest_size_are_too_much_for_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let film = folder.path().join("film.mp4");
        std::fs::File::create(&film).unwrap().set_len(FILE).unwrap();
        assert!(open_all(&vec![path(&film); 4], FILE, true).is_ok());
        assert_eq!(refused(&vec![path(&film); 5], FILE).code, Code::TooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_no_file_and_is_not_waited_for() {
        let refused = refused(&[path(Path::new("/dev/null"))], FILE);
        assert!(refused.message.contains("not a file"), "{refused:?}");
    }

    #[test]
    fn names_are_made_such_that_every_device_takes_them() {
        assert_eq!(file_name("a/b\\c\0d.txt"), "a_b_c_d.txt");
        assert_eq!(file_name(""), "file");
        let long = file_name(&format!("{}.jpeg", "ä".repeat(300)));
        assert!(long.len() <= homing_model::limits::NAME && long.ends_with(".jpeg"));
    }
}

//! Files the desktop hands to the window: dropped on it, or pasted.
//!
//! WebKit on Linux gives a page none of them, since a page could make up the address of any file. So the shell takes
//! them from the desktop itself, on every system the same way. The page learns a number, a name and a size of each, and
//! for the number, once, what is in it: no path, and nothing that nobody handed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{ApiError, Code};
use serde::Serialize;
use tauri::{AppHandle, DragDropEvent, Emitter, Manager, PhysicalPosition, Window};

use crate::{platform, window};

/// Name of the event that tells the page of a drag.
const EVENT: &str = "file-drag";
/// Larger files can't be sent, so nobody asks for them.
const LARGEST: u64 = 50 * 1024 * 1024;
/// Files that wait to be asked for; the oldest are forgotten.
const MOST: usize = 64;

/// What was handed over and not asked for yet.
#[derive(Default)]
pub struct Handed(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    last: u32,
    files: BTreeMap<u32, Content>,
}

/// Where what is in a file is found.
enum Content {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

/// A file as the page learns of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedFile {
    id: u32,
    name: String,
    mime: String,
    size: u64,
}

/// Where a drag is, as parts of the window's width and height, and what is let go.
#[derive(Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Drag {
    Over { x: f64, y: f64 },
    Leave,
    Drop { x: f64, y: f64, files: Vec<HandedFile> },
}

impl Handed {
    /// Keeps files, of those that are files.
    pub fn files(&self, paths: Vec<PathBuf>) -> Vec<HandedFile> {
        let found = paths.into_iter().filter_map(|path| {
            let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
            let name = path.file_name()?.to_string_lossy().into_owned();
            let mime = mime_guess::from_path(&path).first_or_octet_stream().essence_str().to_owned();
            Some((name, mime, about.len(), Content::Path(path)))
        });
        found.take(MOST).map(|(name, mime, size, content)| self.keep(name, mime, size, content)).collect()
    }

    /// Keeps a picture that is in no file.
    pub fn picture(&self, png: Vec<u8>) -> HandedFile {
        let size = u64::try_from(png.len()).unwrap_or(u64::MAX);
        self.keep("image.png".into(), "image/png".into(), size, Content::Bytes(png))
    }

    fn keep(&self, name: String, mime: String, size: u64, content: Content) -> HandedFile {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last = waiting.last.wrapping_add(1);
        let id = waiting.last;
        waiting.files.insert(id, content);
        while waiting.files.len() > MOST {
            waiting.files.pop_first();
        }
        HandedFile { id, name, mime, size }
    }

    /// Gives what is in a file, once.
    pub fn give(&self, id: u32) -> Result<Vec<u8>, ApiError> {
        let content = self.0.lock().unwrap_or_else(PoisonError::into_inner).files.remove(&id);
        let path = match content {
            Some(Content::Bytes(bytes)) => return Ok(bytes),
            Some(Content::Path(path)) => path,
            None => {
                return Err(ApiError::new(
                    Code::NotFound,
                    "This file is no longer at hand. Drop it once more.",
                ));
            }
        };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        if read.is_err() {
            return Err(ApiError::new(Code::FileFailed, "The file can't be read. Check its permissions."));
        }
        if u64::try_from(bytes.len()).is_ok_and(|size| size > LARGEST) {
            return Err(ApiError::new(Code::TooLarge, "The file is larger than 50 MB."));
        }
        Ok(bytes)
    }
}

/// Tells the page of files that are held over the window or let go there.
pub fn dragged(window: &Window, event: &DragDropEvent) {
    let app = window.app_handle();
    let drag = match event {
        DragDropEvent::Enter { position, .. } | DragDropEvent::Over { position } => {
            part_of(window, position).map(|(x, y)| Drag::Over { x, y })
        }
        DragDropEvent::Drop { paths, position } => part_of(window, position).map(|(x, y)| Drag::Drop {
            x,
            y,
            files: app.state::<Handed>().files(paths.clone()),
        }),
        _ => Some(Drag::Leave),
    };
    tell(app, drag.unwrap_or(Drag::Leave));
}

fn tell(app: &AppHandle, drag: Drag) {
    if let Err(error) = app.emit_to(window::LABEL, EVENT, drag) {
        tracing::warn!("the window could not be told: {error}");
    }
}

/// A place as parts of the window, so that the page's zoom does not matter.
fn part_of(window: &Window, position: &PhysicalPosition<f64>) -> Option<(f64, f64)> {
    let (width, height) = platform::drag_area(window).ok()?;
    (width > 0.0 && height > 0.0).then(|| (position.x / width, position.y / height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_given_once_and_never_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("plan.txt");
        std::fs::write(&plan, "ground floor").unwrap();
        let handed = Handed::default();
        let told = handed.files(vec![plan, folder.path().to_path_buf(), folder.path().join("missing")]);
        let [file] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((file.name.as_str(), file.mime.as_str(), file.size), ("plan.txt", "text/plain", 12));
        assert_eq!(handed.give(file.id).unwrap(), b"ground floor");
        assert_eq!(handed.give(file.id).unwrap_err().code, Code::NotFound);
        assert_eq!(handed.give(file.id + 1).unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten() {
        let handed = Handed::default();
        let first = handed.picture(vec![1]);
        let others: Vec<HandedFile> = (0..MOST).map(|_| handed.picture(vec![2])).collect();
        assert!(handed.give(first.id).is_err());
        assert!(others.iter().all(|file| handed.give(file.id).is_ok()));
    }

    #[test]
    fn what_grew_too_large_meanwhile_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.bin");
        let file = File::create(&path).unwrap();
        let handed = Handed::default();
        let [told] = handed.files(vec![path]).try_into().unwrap();
        file.set_len(LARGEST + 1).unwrap();
        assert_eq!(handed.give(told.id).unwrap_err().code, Code::TooLarge);
    }
}

//! Files the desktop hands to the window: dropped on it, or pasted.
//!
//! WebKit on Linux gives a page none of them, since a page could make up the address of any file. So the shell takes
//! them from the desktop itself, on every system the same way. The page learns a number, a name and a size of each, and
//! names files to the engine by their numbers: it never learns a path, nor holds what is in a large file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{ApiError, Call, Code, FileSource, VoiceShown};
use serde::Serialize;
use tauri::{AppHandle, DragDropEvent, Emitter, Manager, PhysicalPosition, Window};

use crate::{platform, window};

/// Name of the event that tells the page of a drag.
const EVENT: &str = "file-drag";
/// Files that wait to be sent; the oldest are forgotten.
const MOST: usize = 64;
/// Bytes of files that are in no file of this computer; the oldest are forgotten.
const HELD: usize = 128 * 1024 * 1024;

/// What was handed over.
#[derive(Default)]
pub struct Handed(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    last: u32,
    files: BTreeMap<u32, File>,
}

struct File {
    name: String,
    mime: String,
    content: Content,
    /// What a recording of a voice is shown with.
    voice: Option<VoiceShown>,
}

/// Where what is in a file is found.
enum Content {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

impl File {
    fn held(&self) -> usize {
        match &self.content {
            Content::Path(_) => 0,
            Content::Bytes(bytes) => bytes.len(),
        }
    }
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
    /// Keeps files. What is a folder, or can't be read, is refused with its reason by whom it is handed to.
    pub fn files(&self, paths: Vec<PathBuf>) -> Vec<HandedFile> {
        let found = paths.into_iter().filter_map(|path| {
            let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file);
            let name = path.file_name()?.to_string_lossy().into_owned();
            let mime = mime_guess::from_path(&path).first_or_octet_stream().essence_str().to_owned();
            Some((name, mime, about.map_or(0, |about| about.len()), Content::Path(path)))
        });
        found
            .take(MOST)
            .map(|(name, mime, size, content)| self.keep(name, mime, size, content, None))
            .collect()
    }

    /// Keeps a picture that is in no file.
    pub fn picture(&self, name: String, png: Vec<u8>) -> HandedFile {
        let size = u64::try_from(png.len()).unwrap_or(u64::MAX);
        self.keep(name, "image/png".into(), size, Content::Bytes(png), None)
    }

    /// Keeps what was recorded here.
    pub fn recording(&self, name: String, ogg: Vec<u8>, voice: VoiceShown) -> HandedFile {
        let size = u64::try_from(ogg.len()).unwrap_or(u64::MAX);
        self.keep(name, "audio/ogg".into(), size, Content::Bytes(ogg), Some(voice))
    }

    fn keep(
        &self,
        name: String,
        mime: String,
        size: u64,
        content: Content,
        voice: Option<VoiceShown>,
    ) -> HandedFile {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last = waiting.last.wrapping_add(1);
        let id = waiting.last;
        waiting.files.insert(id, File { name: name.clone(), mime: mime.clone(), content, voice });
        let held = |files: &BTreeMap<u32, File>| files.values().map(File::held).sum::<usize>();
        while waiting.files.len() > MOST || (waiting.files.len() > 1 && held(&waiting.files) > HELD) {
            waiting.files.pop_first();
        }
        HandedFile { id, name, mime, size }
    }

    /// Keeps a file that the page held itself.
    pub fn bytes(&self, name: String, mime: String, bytes: Vec<u8>) -> HandedFile {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.keep(name, mime, size, Content::Bytes(bytes), None)
    }

    /// The call as the engine takes it: files by their place instead of their number.
    pub fn fill(&self, mut call: Call) -> Result<Call, ApiError> {
        match &mut call {
            Call::Send(args) => self.fill_all(&mut args.attachments)?,
            Call::DraftSend(args) => self.fill_all(&mut args.attachments)?,
            Call::DraftAttach(args) => self.fill_all(&mut args.files)?,
            Call::ConversationNew(args) => self.fill_all(&mut args.attachments)?,
            Call::RecordNew(args) => self.fill_all(&mut args.files)?,
            Call::RecordFiles(args) => self.fill_all(&mut args.add)?,
            _ => {}
        }
        Ok(call)
    }

    fn fill_all(&self, sources: &mut [FileSource]) -> Result<(), ApiError> {
        for source in sources {
            if let FileSource::Given { number } = source {
                *source = self.given(*number)?;
            }
        }
        Ok(())
    }

    fn given(&self, number: u32) -> Result<FileSource, ApiError> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.files.get(&number) {
            Some(File { content: Content::Path(path), .. }) => {
                Ok(FileSource::Path { path: path.to_string_lossy().into_owned() })
            }
            Some(File { content: Content::Bytes(bytes), name, mime, voice }) => Ok(FileSource::Bytes {
                name: name.clone(),
                mime: mime.clone(),
                base64: data_encoding::BASE64.encode(bytes),
                voice: voice.clone(),
            }),
            None => Err(ApiError::new(
                Code::NotFound,
                "This file is no longer at hand. Choose or drop it once more.",
            )),
        }
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
    use homing_engine::api::DraftAttach;

    use super::*;

    fn attach(files: Vec<FileSource>) -> Call {
        Call::DraftAttach(DraftAttach { conversation: "c".into(), files, draft: None })
    }

    fn filled(handed: &Handed, file: FileSource) -> Result<FileSource, Code> {
        match handed.fill(attach(vec![file])).map_err(|error| error.code)? {
            Call::DraftAttach(args) => Ok(args.files.into_iter().next().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_named_by_its_number_and_never_by_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("plan.txt");
        std::fs::write(&plan, "ground floor").unwrap();
        let handed = Handed::default();
        let told =
            handed.files(vec![plan.clone(), folder.path().to_path_buf(), folder.path().join("missing")]);
        // What is no file is told as well: the engine says why it can't be sent.
        let [file, folder, missing] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((folder.size, missing.size), (0, 0));
        assert_eq!((file.name.as_str(), file.mime.as_str(), file.size), ("plan.txt", "text/plain", 12));
        let path = plan.to_str().unwrap().to_owned();
        let given = |number| FileSource::Given { number };
        assert_eq!(filled(&handed, given(file.id)), Ok(FileSource::Path { path }));
        assert_eq!(filled(&handed, given(missing.id + 1)), Err(Code::NotFound));
    }

    #[test]
    fn what_the_page_held_is_given_with_its_bytes() {
        let handed = Handed::default();
        let file = handed.bytes("note.txt".into(), "text/plain".into(), b"hello".to_vec());
        let Ok(FileSource::Bytes { name, base64, .. }) =
            filled(&handed, FileSource::Given { number: file.id })
        else {
            panic!("not given")
        };
        assert_eq!((name.as_str(), base64.as_str(), file.size), ("note.txt", "aGVsbG8=", 5));
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten() {
        let handed = Handed::default();
        let first = handed.picture("image.png".into(), vec![1]);
        let others: Vec<HandedFile> =
            (0..MOST).map(|_| handed.picture("image.png".into(), vec![2])).collect();
        assert!(handed.given(first.id).is_err());
        assert!(others.iter().all(|file| handed.given(file.id).is_ok()));
        let large = handed.picture("image.png".into(), vec![3; HELD]);
        assert!(others.iter().all(|file| handed.given(file.id).is_err()));
        assert!(handed.given(large.id).is_ok());
    }
}

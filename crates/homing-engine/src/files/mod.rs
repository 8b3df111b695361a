//! Work on files of this computer: sealing what is to be sent, writing and showing what came.
//!
//! A file may be hundreds of megabytes, so none of it happens on the core's thread and none of it holds a file in
//! memory: the core gives a [`FileJob`] out and goes on with the call when it is done. A file is read once, chunk by
//! chunk, and sealed into a folder that gets its name when it is whole. What a process that ended left of it is swept
//! away at the next start.

mod check;
mod clean;
mod open;
mod reseal;
mod said;
mod seal;
mod thumbnail;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use homing_crypto::Seed32;
use homing_model::{AttachmentMeta, Voice};
use homing_wire::limits;

use crate::api::{ApiError, Code, FileData, FileSource};
pub(crate) use open::missing;
pub(crate) use reseal::is_whole;
pub(crate) use said::{in_words, said, said_of};
pub(crate) use thumbnail::{fit_together, small_picture, thumbnail, thumbnail_url};

/// Bytes of one file.
pub const FILE: u64 = 500 * 1024 * 1024;
/// Bytes of all files of one message: what describes them must fit the message.
pub(crate) const TOGETHER: u64 = 2 * 1024 * 1024 * 1024;
/// Files of one message.
pub(crate) const MOST: usize = 20;
/// Bytes of a file that is shown in the window as a whole.
pub(crate) const SHOWN: u64 = 32 * 1024 * 1024;
/// Dots of a picture that is shown: what is packed small can unpack to more than a computer has.
pub(crate) const DOTS: usize = 80_000_000;
/// Folders of files that are being sealed.
const SEALING: &str = "sealing-";

/// A file sealed into chunks on this disk.
#[derive(Clone)]
pub(crate) struct StagedFile {
    pub meta: AttachmentMeta,
    /// None: another device of the person has its bytes.
    pub folder: Option<PathBuf>,
}

/// Encrypted chunks on this disk, and how to open them.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub folder: PathBuf,
    pub key: Seed32,
    pub chunks: usize,
    pub name: String,
    pub mime: String,
    pub size: u64,
    pub voice: Option<Voice>,
}

/// Work on files of this computer.
pub struct FileJob {
    /// Ties the outcome to it.
    pub id: u64,
    work: Work,
    stop: Arc<AtomicBool>,
}

pub(crate) enum Work {
    /// Seals files into folders below this one; no larger than that, each under its key. `clean`: photos without the place
    /// they were taken at.
    Seal { sources: Vec<FileSource>, keys: Vec<Seed32>, folder: PathBuf, largest: u64, clean: bool },
    /// Seals files that are here once more, each under its key. `clean`: as above, for they may have come with it.
    Reseal { files: Vec<Sealed>, keys: Vec<Seed32>, folder: PathBuf, clean: bool },
    /// Looks which files that are here are photos with notes.
    Look { files: Vec<Sealed> },
    /// Writes a file out.
    Save { file: Sealed, to: PathBuf },
    /// Reads a file that is to be shown.
    Read { file: Sealed },
}

/// What became of a [`FileJob`].
pub struct FileOutcome(pub(crate) Result<FileDone, ApiError>);

impl FileOutcome {
    /// Of a job that something in its files broke.
    pub(crate) fn broken() -> Self {
        Self(Err(failed(
            "This file can't be read: it is damaged, or made to do harm. Nothing was sent or saved.",
        )))
    }
}

pub(crate) enum FileDone {
    Sealed(Vec<StagedFile>),
    /// For each file, whether it is a photo with notes.
    Looked(Vec<bool>),
    Saved,
    Read(FileData),
}

impl FileJob {
    pub(crate) fn new(id: u64, work: Work) -> Self {
        Self { id, work, stop: Arc::default() }
    }

    /// Sets it to end before it is done.
    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// Does the work; takes as long as the files are large.
    pub fn carry_out(&self) -> FileOutcome {
        FileOutcome(self.work.carry_out(&Stopper(Arc::clone(&self.stop))))
    }
}

impl Work {
    pub(crate) fn carry_out(&self, stop: &Stopper) -> Result<FileDone, ApiError> {
        match self {
            Self::Seal { sources, keys, folder, largest, clean } => {
                let opened = check::open_all(sources, *largest, *clean)?;
                seal::seal(opened.into_iter().map(Ok), keys, folder, *largest, stop).map(FileDone::Sealed)
            }
            Self::Reseal { files, keys, folder, clean } => {
                let opened = reseal::open_again(files, *clean)?;
                seal::seal(opened, keys, folder, FILE, stop).map(FileDone::Sealed)
            }
            Self::Look { files } => reseal::look(files, stop).map(FileDone::Looked),
            Self::Save { file, to } => open::save(file, to, stop).map(|()| FileDone::Saved),
            Self::Read { file } => open::read(file, stop).map(FileDone::Read),
        }
    }
}

/// Ends a [`FileJob`] early.
#[derive(Clone, Default)]
pub(crate) struct Stopper(Arc<AtomicBool>);

impl Stopper {
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), ApiError> {
        if self.0.load(Ordering::Relaxed) {
            return Err(ApiError::new(Code::FileFailed, "It was stopped. Nothing was sent or saved."));
        }
        Ok(())
    }
}

/// Removes what an earlier process left of files it was sealing.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(SEALING) {
            // Best effort: it only takes room.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// The largest plain file whose chunks a relay takes that allows files of so many bytes.
pub(crate) fn largest_for(relay_bytes: u64) -> u64 {
    let sealed = limits::CHUNK as u64;
    let overhead = sealed - homing_crypto::CHUNK_PLAIN_LEN as u64;
    let chunks = relay_bytes.div_ceil(sealed);
    relay_bytes.saturating_sub(chunks.saturating_mul(overhead)).min(FILE)
}

/// "500 MB", as people are told sizes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / (1024 * 1024))
}

pub(crate) fn failed(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::FileFailed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_file_fits_what_relays_and_documents_take() {
        let chunks = FILE.div_ceil(homing_crypto::CHUNK_PLAIN_LEN as u64);
        assert!(chunks <= limits::CHUNKS as u64);
        assert_eq!(largest_for((limits::CHUNKS * limits::CHUNK) as u64), FILE);
        // A relay of before: 64 MiB with what sealing adds.
        assert_eq!(largest_for(64 << 20), 16 * homing_crypto::CHUNK_PLAIN_LEN as u64);
        assert_eq!(largest_for(0), 0);
    }

    #[test]
    fn what_was_left_half_sealed_is_swept_and_nothing_else() {
        let files = tempfile::tempdir().unwrap();
        for name in ["sealing-1", "0123abcd"] {
            std::fs::create_dir(files.path().join(name)).unwrap();
            std::fs::write(files.path().join(name).join("0"), "x").unwrap();
        }
        sweep(files.path());
        assert!(!files.path().join("sealing-1").exists());
        assert!(files.path().join("0123abcd/0").exists());
        sweep(&files.path().join("missing"));
    }
}

//! Chunks of files in the data folder: `blobs/<first two characters>/<id>/<index>`, opaque ciphertext.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use homing_wire::BlobId;

use crate::platform;

type Chunks = BTreeMap<(BlobId, u64), Vec<u8>>;

/// Where the chunks are. Cheap to clone; every thread may use it.
#[derive(Debug, Clone)]
pub enum BlobFiles {
    /// Below a data folder.
    Folder(PathBuf),
    /// In memory, for simulations.
    Memory(Arc<Mutex<Chunks>>),
}

impl BlobFiles {
    /// Below this data folder; without one in memory.
    pub fn new(data: Option<&Path>) -> Self {
        match data {
            Some(data) => Self::Folder(data.join("blobs")),
            None => Self::Memory(Arc::default()),
        }
    }

    /// Stores a chunk durably. A crash leaves the whole chunk or none, besides a temporary file.
    pub fn write(&self, id: &BlobId, index: u64, chunk: &[u8]) -> io::Result<()> {
        let root = match self {
            Self::Folder(root) => root,
            Self::Memory(chunks) => {
                let mut chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
                chunks.insert((*id, index), chunk.to_vec());
                return Ok(());
            }
        };
        let folder = folder(root, id);
        fs::create_dir_all(&folder)?;
        let mut file = tempfile::Builder::new().prefix("upload-").tempfile_in(&folder)?;
        file.write_all(chunk)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(index.to_string())).map_err(|error| error.error)?;
        // The chunk's name, and the names of the folders above it that may be new.
        folder.ancestors().take(4).try_for_each(platform::sync_folder)
    }

    /// Reads a chunk.
    pub fn read(&self, id: &BlobId, index: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Folder(root) => fs::read(folder(root, id).join(index.to_string())),
            Self::Memory(chunks) => {
                let chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
                chunks.get(&(*id, index)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
            }
        }
    }

    /// Deletes a file's chunks; nothing to delete is fine.
    pub fn remove(&self, id: &BlobId) -> io::Result<()> {
        match self {
            Self::Folder(root) => match fs::remove_dir_all(folder(root, id)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            },
            Self::Memory(chunks) => {
                let mut chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner);
                chunks.retain(|(blob, _), _| blob != id);
                Ok(())
            }
        }
    }
}

fn folder(root: &Path, id: &BlobId) -> PathBuf {
    let name = id.to_string();
    root.join(name.get(..2).unwrap_or_default()).join(&name)
}

//! A file that is here once more, under another key: whoever gets the one copy learns nothing about the other.

use std::fs;
use std::io::{self, Cursor, Read};

use homing_crypto::BlobKey;

use super::Sealed;
use super::check::Opened;
use super::open::missing;
use crate::api::ApiError;

/// Opens files that are here to be sealed again. All chunks of all of them are looked for first.
pub(super) fn open_again(files: &[Sealed]) -> Result<Vec<Opened>, ApiError> {
    for file in files {
        let whole = (0..file.chunks).all(|index| file.folder.join(index.to_string()).is_file());
        if !whole {
            return Err(missing());
        }
    }
    Ok(files
        .iter()
        .map(|file| Opened {
            name: file.name.clone(),
            mime: file.mime.clone(),
            voice: file.voice.clone(),
            content: Box::new(Plain::of(file)),
        })
        .collect())
}

/// What is in a sealed file, a chunk in memory at a time.
struct Plain {
    file: Sealed,
    next: usize,
    chunk: Cursor<Vec<u8>>,
}

impl Plain {
    fn of(file: &Sealed) -> Self {
        Self { file: file.clone(), next: 0, chunk: Cursor::default() }
    }

    fn open_next(&mut self) -> io::Result<()> {
        let sealed = fs::read(self.file.folder.join(self.next.to_string()))?;
        let number = u32::try_from(self.next).map_err(io::Error::other)?;
        let key = BlobKey::from_seed(self.file.key.clone());
        let plain = key.open_chunk(number, self.next + 1 == self.file.chunks, &sealed);
        self.chunk = Cursor::new(plain.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?.to_vec());
        self.next += 1;
        Ok(())
    }
}

impl Read for Plain {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(into)?;
            if read > 0 || into.is_empty() || self.next == self.file.chunks {
                return Ok(read);
            }
            self.open_next()?;
        }
    }
}

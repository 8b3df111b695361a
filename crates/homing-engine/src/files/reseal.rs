//! A file that is here once more, under another key: whoever gets the one copy learns nothing about the other.

use std::fs;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use homing_crypto::{BlobKey, CHUNK_PLAIN_LEN};

use super::check::{Opened, content, unreadable};
use super::clean::holds_notes;
use super::open::missing;
use super::{Sealed, Stopper};
use crate::api::ApiError;
use crate::text::visible;

/// Opens files that are here to be sealed again, one after another: each takes a chunk of memory. `clean`: photos without the
/// place they were taken at. All chunks of all of them are looked for first.
pub(super) fn open_again(
    files: &[Sealed],
    clean: bool,
) -> Result<impl Iterator<Item = Result<Opened, ApiError>>, ApiError> {
    all_here(files)?;
    Ok(files.iter().map(move |file| {
        Ok(Opened {
            name: file.name.clone(),
            mime: file.mime.clone(),
            voice: file.voice.clone(),
            content: content(Plain::of(file), clean, &visible(&file.name))?,
        })
    }))
}

/// Which files that are here are photos with notes.
pub(super) fn look(files: &[Sealed], stop: &Stopper) -> Result<Vec<bool>, ApiError> {
    all_here(files)?;
    let look = |file: &Sealed| {
        stop.check()?;
        holds_notes(&mut Plain::of(file)).map_err(|error| unreadable(&error, &visible(&file.name)))
    };
    files.iter().map(look).collect()
}

fn all_here(files: &[Sealed]) -> Result<(), ApiError> {
    if files.iter().all(|file| is_whole(&file.folder, file.chunks)) { Ok(()) } else { Err(missing()) }
}

/// Whether all chunks of a file lie in its folder.
pub(crate) fn is_whole(folder: &Path, chunks: usize) -> bool {
    (0..chunks).all(|index| folder.join(index.to_string()).is_file())
}

/// What is in a sealed file, a chunk in memory at a time.
struct Plain {
    file: Sealed,
    at: u64,
    /// The chunk that was opened last, with its number.
    chunk: Option<(usize, Vec<u8>)>,
}

impl Plain {
    fn of(file: &Sealed) -> Self {
        Self { file: file.clone(), at: 0, chunk: None }
    }

    fn chunk(&mut self, index: usize) -> io::Result<&[u8]> {
        if self.chunk.as_ref().is_none_or(|(open, _)| *open != index) {
            let sealed = fs::read(self.file.folder.join(index.to_string()))?;
            let number = u32::try_from(index).map_err(io::Error::other)?;
            let key = BlobKey::from_seed(self.file.key.clone());
            // Not as invalid data: that is a photo that can't be cleaned.
            let plain = key.open_chunk(number, index + 1 == self.file.chunks, &sealed);
            let plain = plain.map_err(io::Error::other)?;
            self.chunk = Some((index, plain.to_vec()));
        }
        Ok(self.chunk.as_ref().map_or(&[], |(_, plain)| plain))
    }

    /// How long it is; all chunks but the last are full.
    fn length(&mut self) -> io::Result<u64> {
        let Some(last) = self.file.chunks.checked_sub(1) else { return Ok(0) };
        Ok((last * CHUNK_PLAIN_LEN + self.chunk(last)?.len()) as u64)
    }
}

impl Read for Plain {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.at).map_err(io::Error::other)?;
        let (index, from) = (at / CHUNK_PLAIN_LEN, at % CHUNK_PLAIN_LEN);
        if into.is_empty() || index >= self.file.chunks {
            return Ok(0);
        }
        let mut rest = self.chunk(index)?.get(from..).unwrap_or_default();
        let read = rest.read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Plain {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length()?.checked_add_signed(by),
        };
        self.at = to.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

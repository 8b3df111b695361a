//! Photos without the place they were taken at and the camera they were taken with.
//!
//! Nothing of a picture is decoded: its file is walked along its segments, chunks or boxes, and what is to go is left out
//! when the file is read. So the picture itself keeps its bits, a file of any size takes a few buffers of memory, and a
//! hostile one can't do more than be refused. What stays is listed, not what goes: who invents a new place for notes is
//! not carried along. What stands behind the end of a picture (films of "motion" photos, second pictures with notes of
//! their own) goes too. Which way up a picture is shown stays.

mod heif;
mod jpeg;
mod png;
mod webp;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use image::metadata::Orientation;

/// Pieces of a cleaned file. Cameras come to some twenty.
const PIECES: usize = 4096;
/// Bytes of what says which way up a picture is, with whatever else stands there.
const NOTES: u64 = 256 * 1024;
/// Bytes at the beginning by which a kind of file is known.
const BEGINNING: usize = 32;

/// What a file is read from.
pub(super) trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// A file with notes taken out, if it is a photo that holds any; else as it is.
pub(super) fn cleaned(mut source: Box<dyn Source>) -> io::Result<Box<dyn Read + Send>> {
    let Some(plan) = what_stays(source.as_mut())? else { return Ok(source) };
    let mut cleaned = Cleaned { source, pieces: plan.0.into(), read: 0 };
    cleaned.begin_piece()?;
    Ok(Box::new(cleaned))
}

/// Whether a file is a photo that holds notes.
pub(super) fn holds_notes(source: &mut dyn Source) -> io::Result<bool> {
    Ok(what_stays(source)?.is_some())
}

/// What stays of a photo that holds notes.
fn what_stays(source: &mut dyn Source) -> io::Result<Option<Plan>> {
    let length = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    let mut beginning = Vec::with_capacity(BEGINNING);
    (&mut *source).take(BEGINNING as u64).read_to_end(&mut beginning)?;
    source.rewind()?;
    let mut walk = Walk { source: BufReader::new(&mut *source), at: 0, length };
    let plan = if jpeg::is_one(&beginning) {
        Some(jpeg::plan(&mut walk)?)
    } else if png::is_one(&beginning) {
        Some(png::plan(&mut walk)?)
    } else if webp::is_one(&beginning) {
        Some(webp::plan(&mut walk)?)
    } else if heif::is_one(&beginning) {
        Some(heif::plan(&mut walk)?)
    } else {
        None
    };
    source.rewind()?;
    Ok(plan.filter(|plan| !plan.is_all_of(length)))
}

/// A part of a cleaned file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// From the file itself.
    Copy { from: u64, to: u64 },
    /// Instead of what was there.
    Bytes(Vec<u8>),
    /// So many zeros: other parts of the file are found by where they lie.
    Blank(u64),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Copy { from, to } => to.saturating_sub(*from),
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blank(length) => *length,
        }
    }
}

/// What a cleaned file is put together from.
#[derive(Debug, Default)]
struct Plan(Vec<Piece>);

impl Plan {
    fn copy(&mut self, from: u64, to: u64) -> io::Result<()> {
        match self.0.last_mut() {
            _ if from >= to => Ok(()),
            Some(Piece::Copy { to: last, .. }) if *last == from => {
                *last = to;
                Ok(())
            }
            _ => self.add(Piece::Copy { from, to }),
        }
    }

    fn add(&mut self, piece: Piece) -> io::Result<()> {
        if self.0.len() >= PIECES {
            return Err(strange());
        }
        self.0.push(piece);
        Ok(())
    }

    fn is_all_of(&self, length: u64) -> bool {
        self.0 == [Piece::Copy { from: 0, to: length }]
    }
}

/// No camera makes files like this one.
fn strange() -> io::Error {
    ErrorKind::InvalidData.into()
}

/// A file that is looked through once.
struct Walk<'a> {
    source: BufReader<&'a mut dyn Source>,
    at: u64,
    length: u64,
}

impl Walk<'_> {
    /// The next bytes; none where the file ends before.
    fn next<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        if self.at.saturating_add(N as u64) > self.length {
            return Ok(None);
        }
        self.source.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(Some(bytes))
    }

    /// The next bytes up to a place: fewer where the file ends before, and none of more than notes can be.
    fn up_to(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let length = end.min(self.length).saturating_sub(self.at);
        if length > NOTES {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    fn go_to(&mut self, place: u64) -> io::Result<()> {
        let place = place.min(self.length);
        let by = i128::from(place) - i128::from(self.at);
        self.source.seek_relative(i64::try_from(by).map_err(|_| strange())?)?;
        self.at = place;
        Ok(())
    }

    /// Goes behind the next byte of this value; false: there is none.
    fn find(&mut self, value: u8) -> io::Result<bool> {
        loop {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let found = memchr::memchr(value, buffer);
            let passed = found.map_or(buffer.len(), |at| at + 1);
            self.source.consume(passed);
            self.at += passed as u64;
            if found.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Notes that say which way up a picture is shown, and nothing else; none if it is shown as it lies.
fn upright(notes: &[u8]) -> Option<Vec<u8>> {
    let turned = Orientation::from_exif_chunk(notes)?;
    (turned != Orientation::NoTransforms).then(|| {
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.push(turned.to_exif());
        tiff.extend([0; 6]);
        tiff
    })
}

/// A file as its plan says.
struct Cleaned {
    source: Box<dyn Source>,
    pieces: VecDeque<Piece>,
    /// How much of the first piece has been read.
    read: u64,
}

impl Cleaned {
    fn begin_piece(&mut self) -> io::Result<()> {
        self.read = 0;
        if let Some(Piece::Copy { from, .. }) = self.pieces.front() {
            self.source.seek(SeekFrom::Start(*from))?;
        }
        Ok(())
    }
}

impl Read for Cleaned {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(piece) = self.pieces.front() else { return Ok(0) };
            let left = piece.length().saturating_sub(self.read);
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
            let (into, _) = into.split_at_mut(most);
            let read = match piece {
                Piece::Copy { .. } => self.source.read(into)?,
                Piece::Blank(_) => {
                    into.fill(0);
                    most
                }
                Piece::Bytes(bytes) => {
                    let from = usize::try_from(self.read).unwrap_or(usize::MAX);
                    bytes.get(from..).unwrap_or_default().read(into)?
                }
            };
            self.read += read as u64;
            if read > 0 || most == 0 && left > 0 {
                return Ok(read);
            }
            if left > 0 {
                // It became shorter while it was read.
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.pieces.pop_front();
            self.begin_piece()?;
        }
    }
}

#[cfg(test)]
mod tests;

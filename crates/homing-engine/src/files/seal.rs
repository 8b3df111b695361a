//! Sealing files in one pass, a chunk at a time.

use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use homing_crypto::{BlobKey, CHUNK_PLAIN_LEN, Seed32};
use homing_model::AttachmentMeta;
use homing_wire::{BlobId, Hash};

use super::check::{Opened, too_large};
use super::thumbnail;
use super::{SEALING, StagedFile, Stopper, failed};
use crate::api::{ApiError, Code};
use crate::platform::disk::sync_folder;
use crate::text::visible;

/// Seals files into folders below `folder`, each as it is opened. All or none.
pub(super) fn seal(
    files: impl IntoIterator<Item = Result<Opened, ApiError>>,
    keys: &[Seed32],
    folder: &Path,
    largest: u64,
    stop: &Stopper,
) -> Result<Vec<StagedFile>, ApiError> {
    let mut staged = Vec::with_capacity(keys.len());
    for (opened, key) in files.into_iter().zip(keys) {
        let key = BlobKey::from_seed(key.clone());
        let work = folder.join(format!("{SEALING}{}", place_of(&key)));
        match opened.and_then(|opened| seal_one(opened, &key, &work, largest, stop)) {
            Ok(meta) => {
                let place = folder.join(meta.blob.to_string());
                let named = fs::rename(&work, &place).and_then(|()| sync_folder(folder));
                staged.push(StagedFile { meta, folder: Some(place) });
                if named.is_err() {
                    forget(&staged, &work);
                    return Err(no_room());
                }
            }
            Err(error) => {
                forget(&staged, &work);
                return Err(error);
            }
        }
    }
    Ok(staged)
}

/// A name for the folder until the file's own is known, told by nothing else.
fn place_of(key: &BlobKey) -> Hash {
    Hash(blake3::derive_key("homing 2026-11 sealing folder v1", key.seed().expose()))
}

fn forget(staged: &[StagedFile], work: &Path) {
    let folders = staged.iter().filter_map(|file| file.folder.as_deref()).chain([work]);
    // Best effort: what stays takes room and nothing else.
    folders.for_each(|folder| drop(fs::remove_dir_all(folder)));
}

fn no_room() -> ApiError {
    ApiError::new(
        Code::StorageFailed,
        "The file can't be kept on this computer. Check that its disk has room.",
    )
}

fn seal_one(
    mut file: Opened,
    key: &BlobKey,
    work: &Path,
    largest: u64,
    stop: &Stopper,
) -> Result<AttachmentMeta, ApiError> {
    fs::create_dir_all(work).map_err(|_| no_room())?;
    let mut chunks = Vec::new();
    let mut size = 0u64;
    let mut picture = file.mime.starts_with("image/").then(Picture::default);
    let mut piece = read_piece(&mut file)?;
    loop {
        stop.check()?;
        // Which chunk is the last one is part of its seal.
        let next = if piece.len() < CHUNK_PLAIN_LEN { Vec::new() } else { read_piece(&mut file)? };
        size += piece.len() as u64;
        if size > largest {
            // It grew while it was read.
            return Err(too_large(&file.name, largest));
        }
        if let Some(picture) = &mut picture {
            picture.add(&piece);
        }
        let index = u32::try_from(chunks.len()).map_err(|_| too_large(&file.name, largest))?;
        let sealed = key
            .seal_chunk(index, next.is_empty(), &piece)
            .map_err(|error| ApiError::from(crate::fail::Fail::Crypto(error)))?;
        write_durably(&work.join(index.to_string()), &sealed).map_err(|_| no_room())?;
        chunks.push(Hash::of(&sealed));
        if next.is_empty() {
            break;
        }
        piece = next;
    }
    sync_folder(work).map_err(|_| no_room())?;
    let Seen { width, height, small } = picture.map(Picture::look).unwrap_or_default();
    Ok(AttachmentMeta {
        blob: BlobId::of_chunks(&chunks),
        key: *key.seed().expose(),
        name: file.name,
        mime: file.mime,
        size,
        chunks,
        width,
        height,
        thumbnail: small.map(Into::into),
        voice: file.voice,
    })
}

/// A picture on its way: its beginning says how large it is, all of it, if it is not too much, becomes a small one.
#[derive(Default)]
struct Picture {
    bytes: Vec<u8>,
    too_much: bool,
}

#[derive(Default)]
struct Seen {
    width: Option<u32>,
    height: Option<u32>,
    small: Option<Vec<u8>>,
}

impl Picture {
    fn add(&mut self, piece: &[u8]) {
        self.too_much |= (self.bytes.len() + piece.len()) as u64 > thumbnail::MADE_OF;
        if !self.too_much || self.bytes.is_empty() {
            self.bytes.extend_from_slice(piece);
        }
    }

    fn look(self) -> Seen {
        let Ok(size) = imagesize::blob_size(&self.bytes) else { return Seen::default() };
        let made = if self.too_much { None } else { thumbnail::make(&self.bytes) };
        let (mut width, mut height) = (u32::try_from(size.width).ok(), u32::try_from(size.height).ok());
        if made.as_ref().is_some_and(|made| made.turned) {
            (width, height) = (height, width);
        }
        Seen { width, height, small: made.map(|made| made.jpeg) }
    }
}

/// As much as a chunk takes; less only at the end.
fn read_piece(file: &mut Opened) -> Result<Vec<u8>, ApiError> {
    let mut piece = Vec::with_capacity(CHUNK_PLAIN_LEN);
    let limit = CHUNK_PLAIN_LEN as u64;
    file.content.by_ref().take(limit).read_to_end(&mut piece).map_err(|_| {
        failed(format!(
            "\"{}\" could not be read to its end: was it moved, or its disk taken out? Nothing was sent.",
            visible(&file.name)
        ))
    })?;
    Ok(piece)
}

fn write_durably(path: &PathBuf, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::FileSource;
    use crate::files::check::open_all;
    use crate::files::{FILE, FileDone, Sealed, Work};

    fn written(bytes: &[u8]) -> (tempfile::TempDir, FileSource) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.bin");
        fs::write(&path, bytes).unwrap();
        let source = FileSource::Path { path: path.to_str().unwrap().to_owned() };
        (folder, source)
    }

    fn key(byte: u8) -> Seed32 {
        Seed32::from_bytes([byte; 32])
    }

    fn sealed(file: &StagedFile) -> Sealed {
        Sealed {
            folder: file.folder.clone().unwrap(),
            key: Seed32::from_bytes(file.meta.key),
            chunks: file.meta.chunks.len(),
            name: file.meta.name.clone(),
            mime: file.meta.mime.clone(),
            size: file.meta.size,
            voice: None,
        }
    }

    #[test]
    fn what_is_sealed_is_saved_bit_for_bit_whatever_its_length() {
        for length in [0, 1, CHUNK_PLAIN_LEN - 1, CHUNK_PLAIN_LEN, CHUNK_PLAIN_LEN + 1, 2 * CHUNK_PLAIN_LEN] {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let (folder, source) = written(&bytes);
            let files = folder.path().join("files");
            let opened = open_all(&[source], FILE, true).unwrap();
            let opened = opened.into_iter().map(Ok);
            let staged = seal(opened, &[key(1)], &files, FILE, &Stopper::default()).unwrap();
            let [file] = staged.as_slice() else { panic!("one file") };
            assert_eq!(file.meta.chunks.len(), length.div_ceil(CHUNK_PLAIN_LEN).max(1), "{length}");
            assert_eq!(file.meta.size, length as u64);
            let to = folder.path().join("saved.bin");
            let work = Work::Save { file: sealed(file), to: to.clone() };
            assert!(matches!(work.carry_out(&Stopper::default()), Ok(FileDone::Saved)));
            assert!(fs::read(&to).unwrap() == bytes, "{length}");
            assert!(again(file, &files) == bytes, "{length}, sealed again");
        }
    }

    /// What is in a file that is sealed once more, if it is a photo without its notes.
    fn again(file: &StagedFile, files: &Path) -> Vec<u8> {
        let (folder, files) = (files.to_owned(), vec![sealed(file)]);
        let work = Work::Reseal { files, keys: vec![key(2)], folder: folder.clone(), clean: true };
        let Ok(FileDone::Sealed(staged)) = work.carry_out(&Stopper::default()) else { panic!("not sealed") };
        let [again] = staged.as_slice() else { panic!("one file") };
        assert_ne!(again.meta.blob, file.meta.blob, "under a key of its own");
        let to = folder.join("saved again");
        let work = Work::Save { file: sealed(again), to: to.clone() };
        assert!(matches!(work.carry_out(&Stopper::default()), Ok(FileDone::Saved)));
        fs::read(&to).unwrap()
    }

    #[test]
    fn a_photo_of_several_chunks_is_sealed_again_without_its_notes() {
        let notes = b"\xff\xe1\0\x0eExif\0\0MM\0\x2a48";
        let picture = b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x02";
        let dots: Vec<u8> = (0..2 * CHUNK_PLAIN_LEN).map(|n| (n % 251) as u8).collect();
        let photo = |notes: &[u8]| [b"\xff\xd8".as_slice(), notes, picture, &dots, b"\xff\xd9"].concat();
        let (folder, source) = written(&photo(notes));
        let files = folder.path().join("files");
        let opened = open_all(&[source], FILE, false).unwrap().into_iter().map(Ok);
        let staged = seal(opened, &[key(1)], &files, FILE, &Stopper::default()).unwrap();
        let work = Work::Look { files: vec![sealed(&staged[0])] };
        let looked = work.carry_out(&Stopper::default());
        assert!(matches!(looked, Ok(FileDone::Looked(notes)) if notes == [true]));
        assert!(again(&staged[0], &files) == photo(b""));
    }

    #[test]
    fn all_are_sealed_or_nothing_stays() {
        let (folder, source) = written(b"small");
        let (_other, larger) = written(b"larger than five");
        let files = folder.path().join("files");
        let opened = |sources: &[FileSource]| open_all(sources, FILE, true).unwrap().into_iter().map(Ok);
        let both = opened(&[source.clone(), larger]);
        let refused = seal(both, &[key(1), key(2)], &files, 5, &Stopper::default());
        assert_eq!(refused.err().unwrap().code, Code::TooLarge);
        let stop = Stopper::default();
        stop.stop();
        let stopped = seal(opened(&[source]), &[key(1)], &files, FILE, &stop);
        assert_eq!(stopped.err().unwrap().code, Code::FileFailed);
        assert!(fs::read_dir(&files).map_or(0, Iterator::count) == 0);
    }
}

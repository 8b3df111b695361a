//! Opening sealed files: to a place the person chose, or into the window.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use homing_crypto::BlobKey;

use super::{DOTS, SHOWN, Sealed, Stopper, failed};
use crate::api::{ApiError, Code, FileData};
use crate::platform::disk::mark_as_foreign;
use crate::text::visible;

/// Writes a file out. It appears under its name when it is whole.
pub(super) fn save(file: &Sealed, to: &Path, stop: &Stopper) -> Result<(), ApiError> {
    let beside = beside(to);
    let written = write(file, &beside, stop).and_then(|()| {
        // Before it has its name: whoever opens it sees where it is from.
        mark_as_foreign(&beside);
        fs::rename(&beside, to).map_err(|_| unwritable())
    });
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}

fn unwritable() -> ApiError {
    failed("The file can't be written there. Check that the folder may be written to and its disk has room.")
}

fn beside(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".homing-part");
    to.with_file_name(name)
}

fn write(file: &Sealed, path: &Path, stop: &Stopper) -> Result<(), ApiError> {
    let mut out = BufWriter::new(fs::File::create(path).map_err(|_| unwritable())?);
    open(file, stop, |plain| out.write_all(plain))?;
    let out = out.into_inner().map_err(|_| unwritable())?;
    out.sync_all().map_err(|_| unwritable())
}

/// Reads a file that is shown as a whole, if it is not more than a window can show.
pub(super) fn read(file: &Sealed, stop: &Stopper) -> Result<FileData, ApiError> {
    let too_large =
        || ApiError::new(Code::TooLarge, "It is too large to be shown here. Save it and open it there.");
    if file.size > SHOWN {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    open(file, stop, |plain| {
        bytes.extend_from_slice(plain);
        // What a message says of a file may be wrong.
        if bytes.len() as u64 > SHOWN { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
    })?;
    let mime = if file.mime.starts_with("image/") {
        let kind = drawn(&bytes).ok_or_else(no_picture)?;
        let size = imagesize::blob_size(&bytes).map_err(|_| no_picture())?;
        if size.width.saturating_mul(size.height) > DOTS {
            return Err(too_large());
        }
        kind.to_owned()
    } else {
        file.mime.clone()
    };
    Ok(FileData { name: visible(&file.name), mime, base64: BASE64.encode(&bytes) })
}

/// What kind of picture it is, of those the window may draw: by what the bytes say, not the message. A few bytes can ask for
/// gigabytes of dots, and a drawing (SVG) for any number of steps, so nothing else gets to a decoder.
fn drawn(bytes: &[u8]) -> Option<&'static str> {
    use imagesize::ImageType::{Bmp, Gif, Heif, Jpeg, Png, Webp};
    match imagesize::image_type(bytes).ok()? {
        Bmp => Some("image/bmp"),
        Gif => Some("image/gif"),
        Heif(_) => Some("image/avif"),
        Jpeg => Some("image/jpeg"),
        Png => Some("image/png"),
        Webp => Some("image/webp"),
        _ => None,
    }
}

fn no_picture() -> ApiError {
    failed("It is not a picture that can be shown here. Save it and open it there.")
}

/// Hands out what is in a file, chunk by chunk.
pub(super) fn open(
    file: &Sealed,
    stop: &Stopper,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), ApiError> {
    let key = BlobKey::from_seed(file.key.clone());
    for index in 0..file.chunks {
        stop.check()?;
        let chunk = fs::read(file.folder.join(index.to_string())).map_err(|_| missing())?;
        let number = u32::try_from(index).map_err(|_| missing())?;
        let plain = key.open_chunk(number, index + 1 == file.chunks, &chunk).map_err(|_| {
            ApiError::new(
                Code::Corrupt,
                "The file's stored bytes are damaged. Remove it here and fetch it again.",
            )
        })?;
        take(&plain).map_err(|_| unwritable())?;
    }
    Ok(())
}

/// Not all of a file is here.
pub(crate) fn missing() -> ApiError {
    ApiError::new(
        Code::FileNotHere,
        "The file is not on this device yet. Have it fetched from the relay, then try once more.",
    )
}

#[cfg(test)]
mod tests {
    use homing_crypto::Seed32;

    use super::*;
    use crate::files::{FILE, seal::seal};

    fn sealed(folder: &Path, name: &str, bytes: &[u8]) -> Sealed {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let source = crate::api::FileSource::Path { path: path.to_str().unwrap().to_owned() };
        let keys = [Seed32::from_bytes([3; 32])];
        let opened = crate::files::check::open_all(&[source], FILE, true).unwrap();
        let staged =
            seal(opened.into_iter().map(Ok), &keys, &folder.join("files"), FILE, &Stopper::default())
                .unwrap();
        let file = staged.into_iter().next().unwrap();
        Sealed {
            folder: file.folder.unwrap(),
            key: Seed32::from_bytes(file.meta.key),
            chunks: file.meta.chunks.len(),
            name: file.meta.name,
            mime: file.meta.mime,
            size: file.meta.size,
            voice: None,
        }
    }

    #[test]
    fn a_picture_that_unpacks_to_too_much_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        // The head of a PNG of 100,000 x 100,000 dots.
        let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bomb.extend(100_000u32.to_be_bytes());
        bomb.extend(100_000u32.to_be_bytes());
        bomb.extend(b"\x08\x02\0\0\0....");
        let file = sealed(folder.path(), "bomb.png", &bomb);
        assert_eq!(read(&file, &Stopper::default()).err().unwrap().code, Code::TooLarge);
        assert!(save(&file, &folder.path().join("saved.png"), &Stopper::default()).is_ok());
    }

    #[test]
    fn what_only_says_it_is_a_picture_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let read = |bytes: &[u8]| read(&sealed(folder.path(), "front.png", bytes), &Stopper::default());
        for other in
            ["<svg xmlns='http://www.w3.org/2000/svg'><use href='#a'/></svg>", "%PDF-1.7", "", "\x7fELF"]
        {
            assert_eq!(read(other.as_bytes()).err().unwrap().code, Code::FileFailed, "{other}");
        }
        let mut gif = b"GIF89a".to_vec();
        gif.extend([2, 0, 2, 0, 0, 0, 0]);
        assert_eq!(read(&gif).unwrap().mime, "image/gif", "it is what its bytes say");
        gif[6..10].copy_from_slice(&[0xff; 4]);
        assert_eq!(read(&gif).err().unwrap().code, Code::TooLarge);
    }

    #[test]
    fn a_lie_about_the_size_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = sealed(folder.path(), "large.bin", &vec![7; (SHOWN + 1) as usize]);
        file.size = 5;
        assert!(read(&file, &Stopper::default()).is_err());
    }

    #[test]
    fn what_fails_leaves_nothing_under_the_chosen_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = sealed(folder.path(), "plan.txt", b"ground floor");
        file.chunks = 2;
        let to = folder.path().join("saved.txt");
        fs::write(&to, "what was there before").unwrap();
        assert!(save(&file, &to, &Stopper::default()).is_err());
        assert_eq!(fs::read(&to).unwrap(), b"what was there before");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with("part")), "{left:?}");
    }
}

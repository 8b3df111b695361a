//! Files that came with messages, handed to other programs and to the file manager.
//!
//! Another program needs the plain bytes in a file. They are written into a folder of the profile that only its owner may
//! read, may not be written to (what somebody changed there would be lost), and are swept away when the app starts, ends or
//! is locked. Programs are never opened from here, whatever they are called; what may hold one, or is of a kind
//! nobody knows, is opened when the person says so.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{ApiError, Code};
use homing_engine::platform::folders;

use crate::picked::proposed;

/// Kinds that show something and run nothing.
const PLAIN: &[&str] = &[
    "aac", "avif", "avi", "bmp", "csv", "docx", "epub", "flac", "gif", "heic", "heif", "ics", "jpeg", "jpg",
    "json", "key", "log", "m4a", "m4v", "md", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "numbers", "odg",
    "odp", "ods", "odt", "oga", "ogg", "ogv", "opus", "pages", "pdf", "png", "pptx", "rtf", "tif", "tiff",
    "tsv", "txt", "vcf", "wav", "webm", "webp", "xlsx",
];
/// Kinds that one of the systems runs, or takes commands from.
const PROGRAMS: &[&str] = &[
    "action",
    "apk",
    "app",
    "appimage",
    "appinstaller",
    "application",
    "applescript",
    "appref-ms",
    "appx",
    "appxbundle",
    "bash",
    "bat",
    "bin",
    "chm",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "diagcab",
    "dll",
    "dmg",
    "exe",
    "fish",
    "flatpak",
    "flatpakref",
    "gadget",
    "hlp",
    "hta",
    "inf",
    "iqy",
    "jar",
    "jnlp",
    "job",
    "js",
    "jse",
    "ksh",
    "library-ms",
    "lnk",
    "mobileconfig",
    "mpkg",
    "msc",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "out",
    "pif",
    "pkg",
    "pl",
    "prefpane",
    "ps1",
    "ps1xml",
    "psc1",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyw",
    "pyz",
    "rb",
    "reg",
    "rpm",
    "run",
    "saver",
    "scf",
    "scpt",
    "scptd",
    "scr",
    "sct",
    "search-ms",
    "service",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "slk",
    "snap",
    "sys",
    "terminal",
    "theme",
    "themepack",
    "tool",
    "url",
    "vb",
    "vbe",
    "vbs",
    "webloc",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xll",
    "xpi",
    "zsh",
];
/// Bytes that tell a program.
const HEAD: u64 = 4096;
/// Where files are put for other programs, in the profile.
const FOLDER: &str = "opened";

/// What opening a file takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Nothing more.
    Plainly,
    /// That the person says so, having been told.
    Asked,
    /// It is not opened from here.
    Never,
}

/// Where files are put for other programs, and where they were saved.
pub struct Opening {
    folder: PathBuf,
    last: AtomicU32,
    saved: Mutex<BTreeMap<String, PathBuf>>,
}

impl Opening {
    /// For a profile; what an earlier process left is swept away.
    pub fn new(profile: &Path) -> Self {
        let opening =
            Self { folder: profile.join(FOLDER), last: AtomicU32::default(), saved: Mutex::default() };
        opening.sweep();
        opening
    }

    /// A place for a file of that name.
    pub fn place(&self, name: &str) -> Result<PathBuf, ApiError> {
        let number = self.last.fetch_add(1, Ordering::Relaxed).to_string();
        let unwritable = |_| {
            ApiError::new(
                Code::FileFailed,
                "The file can't be opened: there is no place to put it. Check that your disk has room.",
            )
        };
        Ok(folders::create(&self.folder.join(number)).map_err(unwritable)?.join(name))
    }

    /// Removes what was put there. What a program still holds on to goes the next time.
    pub fn sweep(&self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("opened files could not be removed: {}", error.kind());
        }
    }

    /// Notes where a file was saved.
    pub fn saved(&self, file: String, path: PathBuf) {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner).insert(file, path);
    }

    /// Where a file was saved since the app started, if it is still there.
    pub fn saved_at(&self, file: &str) -> Option<PathBuf> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.get(file).filter(|path| path.is_file()).cloned()
    }
}

/// A name that every system takes as that of a file, by which it opens as the person was told.
pub fn name_on_disk(name: &str) -> String {
    let plain: String =
        proposed(name).chars().map(|c| if r#"<>:"|?*"#.contains(c) { '_' } else { c }).collect();
    // Windows drops them, and what stood before becomes the kind of the file.
    let plain = plain.trim_end_matches(['.', ' ']);
    if plain.is_empty() { "file".to_owned() } else { plain.to_owned() }
}

/// What opening a file of this name (as on the disk) takes.
pub fn by_name(name: &str) -> Opens {
    let Some((_, kind)) = name.rsplit_once('.') else { return Opens::Asked };
    let kind = kind.to_ascii_lowercase();
    match () {
        () if PROGRAMS.contains(&kind.as_str()) => Opens::Never,
        () if PLAIN.contains(&kind.as_str()) => Opens::Plainly,
        () => Opens::Asked,
    }
}

/// What opening a file takes by its first bytes: a program may call itself anything.
pub fn by_bytes(path: &Path) -> std::io::Result<Opens> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let windows = head.starts_with(b"MZ") && head.iter().take(64).any(|byte| *byte == 0);
    let programs: [&[u8]; 7] = [
        b"\x7fELF",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"L\0\0\0\x01\x14\x02\0",
    ];
    Ok(match () {
        () if windows || programs.iter().any(|magic| head.starts_with(magic)) => Opens::Never,
        () if head.starts_with(b"#!") => Opens::Asked,
        () => Opens::Plainly,
    })
}

/// Nothing is to be written to it, by this app or another.
pub fn protect(path: &Path) -> std::io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(path, permissions)
}

/// Removes a file that is not opened after all.
pub fn forget(path: &Path) {
    // Best effort: it is swept away with the others.
    drop(std::fs::remove_file(path));
}

/// Why a program is not opened.
pub fn is_a_program(name: &str) -> ApiError {
    ApiError::new(
        Code::FileUnsafe,
        format!(
            "\"{name}\" is a program. Homing opens none that came with a message. Save it if you trust who sent it."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(name: &str) -> Opens {
        by_name(&name_on_disk(name))
    }

    #[test]
    fn programs_are_never_opened_whatever_they_are_called() {
        for name in [
            "setup.exe",
            "Setup.EXE",
            "plan.pdf.exe",
            "plan.pdf.exe. ",
            "photo.jpg\u{202e}.scr",
            "run.sh",
            "a.desktop",
            "a.lnk",
            "a.app",
            "x/y\\invoice.js",
            "a.url",
        ] {
            assert_eq!(opens(name), Opens::Never, "{name}");
        }
        for name in [
            "plan.html",
            "drawing.svg",
            "letter.docm",
            "old.doc",
            "archive.zip",
            "README",
            "",
            ".bashrc",
            "a.xyz",
        ] {
            assert_eq!(opens(name), Opens::Asked, "{name}");
        }
        for name in ["plan.pdf", "Photo.JPG", "Übersicht.txt", "list.xlsx", "note.ogg"] {
            assert_eq!(opens(name), Opens::Plainly, "{name}");
        }
        assert!(PROGRAMS.iter().all(|kind| !PLAIN.contains(kind)));
    }

    #[test]
    fn bytes_tell_a_program_that_calls_itself_a_letter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.pdf");
        let told = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            by_bytes(&path).unwrap()
        };
        assert_eq!(told(b"\x7fELF\x02\x01"), Opens::Never);
        assert_eq!(told(b"MZ\x90\0\x03\0"), Opens::Never);
        assert_eq!(told(b"#!/bin/sh\nrm -rf ~"), Opens::Asked);
        for plain in [&b"MZ Immobilien"[..], b"%PDF-1.7", b""] {
            assert_eq!(told(plain), Opens::Plainly);
        }
    }

    #[test]
    fn names_are_such_that_every_disk_takes_them() {
        for (name, wanted) in [
            ("a:b.txt", "a_b.txt"),
            ("..", "file"),
            ("plan.pdf. .", "plan.pdf"),
            ("../../etc/passwd", "passwd"),
        ] {
            assert_eq!(name_on_disk(name), wanted);
        }
    }

    #[test]
    fn what_was_opened_is_private_and_swept_away() {
        let profile = tempfile::tempdir().unwrap();
        let opening = Opening::new(profile.path());
        let (one, two) = (opening.place("plan.pdf").unwrap(), opening.place("plan.pdf").unwrap());
        assert_ne!(one, two);
        std::fs::write(&one, "plan").unwrap();
        protect(&one).unwrap();
        assert!(std::fs::metadata(&one).unwrap().permissions().readonly());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let folder = std::fs::metadata(one.parent().unwrap()).unwrap();
            assert_eq!(folder.permissions().mode() & 0o077, 0);
        }
        drop(Opening::new(profile.path()));
        assert!(!profile.path().join(FOLDER).exists());
    }

    #[test]
    fn a_saved_file_is_shown_only_while_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let opening = Opening::new(folder.path());
        let path = folder.path().join("plan.pdf");
        opening.saved("f".into(), path.clone());
        assert_eq!(opening.saved_at("f"), None);
        std::fs::write(&path, "plan").unwrap();
        assert_eq!(opening.saved_at("f"), Some(path));
        assert_eq!(opening.saved_at("another"), None);
    }
}

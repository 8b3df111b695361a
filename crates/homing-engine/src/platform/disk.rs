//! What files written for a person need of their system.

use std::io;
use std::path::Path;

/// Makes a new or renamed name in this folder durable.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// NTFS journals names itself, and a folder can't be flushed.
#[cfg(target_os = "windows")]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    folder.metadata().map(drop)
}

/// Notes that a file came from somebody else, so that the system asks before it runs. Where the disk can't keep such a
/// note the file is written all the same, as a browser does. Linux has no note that programs heed.
#[cfg(target_os = "linux")]
pub(crate) fn mark_as_foreign(_file: &Path) {}

/// As on Linux, but here it is the quarantine of downloaded files.
#[cfg(target_os = "macos")]
pub(crate) fn mark_as_foreign(file: &Path) {
    let quarantine = b"0081;00000000;Homing;";
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(file, "com.apple.quarantine", quarantine, flags).ok();
}

/// As on Linux, but here it is the mark of the web: a stream beside the file's content.
#[cfg(target_os = "windows")]
pub(crate) fn mark_as_foreign(file: &Path) {
    let mut stream = file.as_os_str().to_owned();
    stream.push(":Zone.Identifier");
    drop(std::fs::write(stream, "[ZoneTransfer]\r\nZoneId=3\r\n"));
}

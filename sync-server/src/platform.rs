//! Everything that differs between Linux, macOS and Windows.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// `PRAGMA fullfsync`: macOS' fsync leaves data in the drive's cache, only F_FULLFSYNC empties it.
#[cfg(target_os = "macos")]
pub const FULL_FSYNC: bool = true;
/// Linux' fsync reaches the drive.
#[cfg(target_os = "linux")]
pub const FULL_FSYNC: bool = false;
/// FlushFileBuffers reaches the drive.
#[cfg(windows)]
pub const FULL_FSYNC: bool = false;

/// Options that create a file nobody else may read.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

/// On Windows a file takes the access list of its folder, which the installer or the operator restricts.
#[cfg(windows)]
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    options
}

/// Makes a renamed or created name in this folder durable.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// NTFS journals names itself, and a folder can't be flushed.
#[cfg(windows)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    folder.metadata().map(drop)
}

/// Takes a lock on an open file that ends with the process; false if another process holds it.
pub fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How full a disk is.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// In use or not to be had.
    pub used_percent: u64,
    /// To be had.
    pub free_bytes: u64,
}

/// How full the disk is that holds a folder.
pub fn disk(folder: &Path) -> io::Result<Disk> {
    let total = fs4::total_space(folder)?;
    let free_bytes = fs4::available_space(folder)?;
    let used_percent =
        total.saturating_sub(free_bytes).saturating_mul(100).checked_div(total).unwrap_or_default();
    Ok(Disk { used_percent, free_bytes })
}

/// Listens from now on; what it gives resolves when the operator or the system asks the relay to stop.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Listens from now on; what it gives resolves when the operator or the system asks the relay to stop.
#[cfg(windows)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let mut close = tokio::signal::windows::ctrl_close()?;
    let mut shutdown = tokio::signal::windows::ctrl_shutdown()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

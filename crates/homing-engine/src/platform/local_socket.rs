//! The local socket by which a second process reaches the process that owns a profile.
//!
//! Only processes of the same user may talk on it: on Unix the socket lies in a folder that is closed to others
//! and the peer's user is compared; on Windows the pipe's access list names its owner alone. The owner writes the
//! socket's name into the profile folder, because the two processes need not agree on anything else (a cron job
//! has no `XDG_RUNTIME_DIR`), and because a socket's path must be shorter than a profile's may be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener as Inner, Stream, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions};

/// The file of a profile that names its owner's socket.
const NAME_FILE: &str = "owner.socket";
/// How long to try to replace a socket that a crash left.
const RECLAIM_WITHIN: Duration = Duration::from_secs(1);
/// More is no name that was written here.
const NAME_BYTES: u64 = 4096;

/// The owner's end: gives up its name when dropped.
pub(crate) struct Listener {
    inner: Inner,
    name_file: PathBuf,
}

/// Begins to listen for other processes that want something of this profile. Only its owner may do this.
pub(crate) fn listen(profile: &Path) -> io::Result<Listener> {
    let name = place(profile)?;
    let options = ListenerOptions::new()
        .name(name.as_path().to_fs_name::<GenericFilePath>()?)
        .try_overwrite(true)
        .max_spin_time(RECLAIM_WITHIN);
    let inner = restrict(options)?.create_tokio()?;
    let name_file = profile.join(NAME_FILE);
    write_name(&name_file, &name)?;
    Ok(Listener { inner, name_file })
}

impl Listener {
    /// The next connection of a process of the same user; others are refused.
    pub async fn accept(&self) -> io::Result<Stream> {
        loop {
            let stream = self.inner.accept().await?;
            if check_peer(&stream).is_ok() {
                return Ok(stream);
            }
            tracing::warn!("a process of another user was refused on the local socket");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A name that stays behind leads nowhere, and the next owner overwrites it.
        drop(fs::remove_file(&self.name_file));
    }
}

/// Connects to the profile's owner.
pub(crate) async fn connect(profile: &Path) -> io::Result<Stream> {
    let name = read_name(&profile.join(NAME_FILE))?;
    let stream = Stream::connect(name.as_path().to_fs_name::<GenericFilePath>()?).await?;
    check_peer(&stream)?;
    Ok(stream)
}

fn write_name(file: &Path, name: &Path) -> io::Result<()> {
    let text = name.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    // Renamed into place, so that nobody reads half a name.
    let beside = file.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(&beside, file)
}

fn read_name(file: &Path) -> io::Result<PathBuf> {
    use io::Read as _;
    let mut text = String::new();
    fs::File::open(file)?.take(NAME_BYTES).read_to_string(&mut text)?;
    Ok(PathBuf::from(text))
}

/// The file name of a socket: the same for the same profile, so a socket left by a crash is replaced.
#[cfg(unix)]
fn place(profile: &Path) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;

    /// `sun_path` of macOS, the shorter one, with its final zero.
    const PATH_BYTES: usize = 103;
    let hash = homing_wire::Hash::of(profile.canonicalize()?.as_os_str().as_bytes()).to_string();
    let file = format!("{}.sock", hash.get(..24).unwrap_or(&hash));
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("homing"));
    let user = rustix::process::geteuid().as_raw();
    let temporary = std::env::temp_dir().join(format!("homing-{user}"));
    let shortest = PathBuf::from(format!("/tmp/homing-{user}"));
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for folder in runtime.into_iter().chain([temporary, shortest]) {
        let path = folder.join(&file);
        if !folder.is_absolute() || path.as_os_str().len() > PATH_BYTES {
            continue;
        }
        match private_folder(&folder, user) {
            Ok(()) => return Ok(path),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Makes the folder if needed, and accepts it only if it belongs to the user and is closed to others.
#[cfg(unix)]
fn private_folder(folder: &Path, user: u32) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};

    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::PermissionDenied))
    }
}

#[cfg(unix)]
fn restrict(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    Ok(options)
}

#[cfg(unix)]
fn check_peer(stream: &Stream) -> io::Result<()> {
    use interprocess::local_socket::traits::StreamCommon as _;

    if stream.peer_creds()?.euid() == Some(rustix::process::geteuid().as_raw()) {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::PermissionDenied))
    }
}

/// A random name, so that no other user's process can wait under it.
#[cfg(windows)]
fn place(_profile: &Path) -> io::Result<PathBuf> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random)?;
    Ok(PathBuf::from(format!(r"\\.\pipe\homing-{}", data_encoding::HEXLOWER.encode(&random))))
}

/// Only the user who made the pipe may open it.
#[cfg(windows)]
fn restrict(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;

    const OWNER_ONLY: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;OW)");
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(OWNER_ONLY)?))
}

/// The pipe's access list has done it.
#[cfg(windows)]
fn check_peer(_stream: &Stream) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn two_ends_meet_by_the_profile_alone_and_the_name_goes_with_the_owner() {
        let profile = tempfile::tempdir().unwrap();
        assert!(connect(profile.path()).await.is_err());

        let listener = listen(profile.path()).unwrap();
        let (near, far) = tokio::join!(connect(profile.path()), listener.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        near.write_all(b"hello").await.unwrap();
        let mut got = [0u8; 5];
        far.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");

        drop(listener);
        assert!(connect(profile.path()).await.is_err());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_socket_left_by_a_crash_is_replaced() {
        let profile = tempfile::tempdir().unwrap();
        let path = place(profile.path()).unwrap();
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());

        let listener = listen(profile.path()).unwrap();
        let (near, far) = tokio::join!(connect(profile.path()), listener.accept());
        assert!(near.is_ok() && far.is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_enter_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let user = rustix::process::geteuid().as_raw();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("run");
        private_folder(&folder, user).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(private_folder(&folder, user).is_err());
    }
}

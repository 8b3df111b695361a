//! Where profiles live.
//!
//! A profile is one folder. `--profile` wins, then `HOMING_PROFILE`, then the system's place for data that
//! stays on this computer: it must never be a roaming or synced folder, because a database that another
//! program copies behind our back is a cloned device.

use std::path::{Path, PathBuf};

/// The variable that names the profile folder when no `--profile` is given.
pub const PROFILE_VARIABLE: &str = "HOMING_PROFILE";

#[cfg(target_os = "linux")]
const APP: &str = "homing";
#[cfg(any(target_os = "macos", target_os = "windows"))]
const APP: &str = "Homing";

/// Why there is no usable profile folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system names no home folder.
    #[error("this account has no home folder; name a profile folder with --profile or HOMING_PROFILE")]
    NoHome,
    /// The folder can't be made, opened or restricted to its owner.
    #[error("the profile folder cannot be used: {0}")]
    Unusable(#[from] std::io::Error),
}

/// The folder of the profile to use: `explicit`, else `HOMING_PROFILE`, else the default profile.
pub fn profile(explicit: Option<&Path>) -> Result<PathBuf, FolderError> {
    let named = explicit
        .map(Path::to_path_buf)
        .or_else(|| std::env::var_os(PROFILE_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from));
    match named {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(home()?.join("default")),
    }
}

/// The folder that holds the default profile and those the app makes itself, such as the demo.
pub fn home() -> Result<PathBuf, FolderError> {
    let base = directories::BaseDirs::new().ok_or(FolderError::NoHome)?;
    Ok(base.data_local_dir().join(APP))
}

/// Makes the folder if needed, readable by its owner only, and gives its one canonical name.
pub fn create(folder: &Path) -> Result<PathBuf, FolderError> {
    make_private(folder)?;
    Ok(folder.canonicalize()?)
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if folder.is_dir() {
        return std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The default place lies in the user's own profile, whose access list other accounts are not on.
#[cfg(windows)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_profile_wins_and_becomes_absolute() {
        let folder = profile(Some(Path::new("somewhere"))).unwrap();
        assert!(folder.is_absolute());
        assert!(folder.ends_with("somewhere"));
    }

    #[test]
    fn the_default_profile_lies_in_the_home_of_the_app() {
        assert!(home().unwrap().ends_with(APP));
    }

    #[cfg(unix)]
    #[test]
    fn a_profile_folder_is_closed_to_others_even_if_it_was_open() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;

        let new = create(&place.path().join("a/b")).unwrap();
        assert_eq!(mode(&new), 0o700);

        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        create(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
    }
}

//! Where a passphrase comes from: a file, the environment, or the person at the terminal. Never an argument, which
//! other users of the computer could read.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use homing_engine::api::{ApiError, Code};

/// The variable that holds the profile's passphrase.
const VARIABLE: &str = "HOMING_PASSPHRASE";
const PASSPHRASE_BYTES: u64 = 64 * 1024;

/// The profile's passphrase: `--passphrase-file`, else `HOMING_PASSPHRASE`, else asked for at a terminal.
pub fn of_profile(file: Option<&PathBuf>) -> Result<String, ApiError> {
    if let Some(file) = file {
        return from_file(file);
    }
    if let Ok(passphrase) = std::env::var(VARIABLE) {
        return Ok(passphrase);
    }
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Passphrase of this profile: ")
            .map_err(|error| ApiError::new(Code::Locked, format!("No passphrase was read: {error}")));
    }
    Err(ApiError::new(
        Code::Locked,
        format!("The profile is locked. Give its passphrase with --passphrase-file or {VARIABLE}."),
    ))
}

/// The first line of a file (`-`: of stdin).
pub fn from_file(file: &Path) -> Result<String, ApiError> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().read_line(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(PASSPHRASE_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| {
        ApiError::new(Code::FileFailed, format!("{} can't be read: {error}", file.display()))
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

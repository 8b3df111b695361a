//! Folders and facts of the machine: the only module that asks which system this is.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout.
pub fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.ancestors().nth(2).context("xtask is not where it was built")?.to_path_buf())
}

/// The user's folder for things that can be made again.
pub fn cache() -> Result<PathBuf> {
    Ok(user_cache().context("this account has no cache folder; set HOME")?.join("homing"))
}

/// Where cargo builds: in CI a folder that outlives the checkout, so that a second run is warm.
pub fn target() -> Result<PathBuf> {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None if ci() => Ok(cache()?.join("target")),
        None => Ok(root()?.join("target")),
    }
}

/// The folder of the built programs of this workspace.
pub fn programs() -> Result<PathBuf> {
    Ok(target()?.join("debug"))
}

/// A built program of this workspace.
pub fn built(program: &str) -> Result<PathBuf> {
    Ok(programs()?.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
}

/// Whether nobody is there to be asked.
pub fn ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Whether `program` can be started by its name.
pub fn has(program: &str) -> bool {
    has_file(&format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// Whether a program's file is found where programs are looked for.
pub fn has_file(file: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(file).is_file())
}

/// Whether windows can be shown.
pub fn has_display() -> bool {
    let set = |variable| env::var_os(variable).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The file npm is started by.
pub const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

#[cfg(target_os = "linux")]
fn user_cache() -> Option<PathBuf> {
    let given = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    given.or_else(|| Some(env::home_dir()?.join(".cache")))
}

#[cfg(target_os = "macos")]
fn user_cache() -> Option<PathBuf> {
    Some(env::home_dir()?.join("Library/Caches"))
}

#[cfg(windows)]
fn user_cache() -> Option<PathBuf> {
    env::var_os("LOCALAPPDATA").map(PathBuf::from)
}

/// Whether this process may install system packages without asking anybody.
#[cfg(unix)]
pub fn administrator() -> bool {
    rustix::process::geteuid().is_root()
}

/// Nothing is installed there by this program.
#[cfg(windows)]
pub fn administrator() -> bool {
    false
}

/// Makes `command` the leader of a group of its own, so that what it starts can be ended with it.
#[cfg(unix)]
pub fn lead_group(command: &mut std::process::Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// What is started in a group is started on Linux only.
#[cfg(windows)]
pub fn lead_group(_command: &mut std::process::Command) {}

/// Asks a process, or the whole group it leads, to end as its terminal would.
#[cfg(unix)]
pub fn ask_to_end(child: &std::process::Child, group: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let (pid, signal) = (Pid::from_child(child), Signal::TERM);
    // It may have ended by itself: that is what was wanted.
    let _ = if group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
}

/// Windows has no such request for programs without a window; the caller's kill follows.
#[cfg(windows)]
pub fn ask_to_end(_child: &std::process::Child, _group: bool) {}

//! Installs what is missing, says what it installs, and says what to do where it may not.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{place, shell};

/// What the Tauri shell, SQLCipher, the microphone and the codec of voice notes are built with.
const BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libssl-dev",
    "libasound2-dev",
    "cmake",
    "file",
];
/// A screen for a machine that has none, and something on it to draw text with.
const SCREEN: &[&str] = &["xvfb", "webkit2gtk-driver", "dbus", "fonts-noto-core"];
/// What the tests of the window use besides: letters for every script, a keychain, and sound without a sound card.
const TEST: &[&str] =
    &["fonts-noto-cjk", "fonts-noto-color-emoji", "gnome-keyring", "pulseaudio", "libasound2-plugins"];

/// The oldest Node whose major and minor version will do.
const NODE: (u32, u32) = (20, 19);

/// What is going to be done; it decides what has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Building packages, or running on a screen that exists.
    Build,
    /// Running where there is no screen, or taking a picture.
    Screen,
    /// All tests.
    Test,
}

/// Makes sure that the system's packages are there.
pub fn system(purpose: For, yes: bool) -> Result<()> {
    if !place::has("cargo") {
        bail!("cargo is missing: install Rust from https://rustup.rs");
    }
    node()?;
    if cfg!(target_os = "linux") {
        return linux(purpose, yes);
    }
    if cfg!(target_os = "macos") && !shell::quietly("xcode-select", &["-p"]) {
        bail!("Xcode's command line tools are missing; install them with: xcode-select --install");
    }
    if cfg!(target_os = "macos") && !place::has("cmake") {
        bail!(
            "CMake is missing, which the codec of voice notes is built with; install it with: brew install cmake"
        );
    }
    if cfg!(windows) && !place::has("cmake") {
        bail!(
            "CMake is missing, which the codec of voice notes is built with; install it with: winget install Kitware.CMake"
        );
    }
    if cfg!(windows) && !place::has("perl") {
        bail!(
            "Perl is missing, which OpenSSL is built with; install it with: winget install StrawberryPerl.StrawberryPerl\n\
             The C++ build tools of Visual Studio and the WebView2 runtime (part of Windows 11) are needed too."
        );
    }
    Ok(())
}

/// Makes sure of Node: an old one fails later, with an error nobody understands.
fn node() -> Result<()> {
    const ADVICE: &str = "install Node 20.19 or newer, with npm, from https://nodejs.org";
    let version = Command::new("node").arg("--version").output();
    let Some(version) = version.ok().and_then(|output| String::from_utf8(output.stdout).ok()) else {
        bail!("node is missing: {ADVICE}");
    };
    if node_version(&version).is_none_or(|version| version < NODE) {
        bail!("node {} is too old: {ADVICE}", version.trim());
    }
    if !place::has_file(place::NPM) {
        bail!("npm is missing: {ADVICE}");
    }
    Ok(())
}

/// Reads `v20.19.1`.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn linux(purpose: For, yes: bool) -> Result<()> {
    let mut wanted = BUILD.to_vec();
    if purpose != For::Build {
        wanted.extend(SCREEN);
    }
    if purpose == For::Test {
        wanted.extend(TEST);
    }
    if !place::has("dpkg-query") || !place::has("apt-get") {
        return other_linux(purpose);
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !(place::administrator() || place::ci() || yes || agreed(&packages)?) {
        let line = format!("sudo apt-get install --no-install-recommends {packages}");
        bail!("system packages are missing; install them with\n\n    {line}\n\nor run this again with --yes");
    }
    println!("Installing system packages: {packages}");
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}

/// Asks whoever sits at the terminal; nobody there has not agreed.
fn agreed(packages: &str) -> Result<bool> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Ok(false);
    }
    print!(
        "Homing needs these packages of your system:\n\n    {packages}\n\nInstall them now with sudo? [Y/n] "
    );
    std::io::stdout().flush()?;
    let mut answer = String::new();
    // The end of input is no answer.
    Ok(std::io::stdin().read_line(&mut answer)? > 0 && means_yes(&answer))
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

/// Systems without apt: check for what the packages bring, and name it.
fn other_linux(purpose: For) -> Result<()> {
    let mut missing = Vec::new();
    for library in ["webkit2gtk-4.1", "ayatana-appindicator3-0.1", "librsvg-2.0", "alsa"] {
        if !shell::quietly("pkg-config", &["--exists", library]) {
            missing.push(library);
        }
    }
    if !place::has("cmake") {
        missing.push("cmake");
    }
    if purpose != For::Build {
        missing
            .extend(["Xvfb", "WebKitWebDriver", "dbus-run-session"].iter().filter(|name| !place::has(name)));
    }
    if !missing.is_empty() {
        bail!("install with your system's package manager what brings: {}", missing.join(", "));
    }
    Ok(())
}

fn installed(package: &str) -> bool {
    let status = Command::new("dpkg-query").args(["-W", "-f=${Status}", package]).output();
    status.is_ok_and(|output| output.stdout == b"install ok installed")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = if place::administrator() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    shell::run(&mut command)
}

/// Makes sure that `ui/node_modules` is what the lock file says.
pub fn node_modules() -> Result<()> {
    let ui = place::root()?.join("ui");
    let lock = fs::read(ui.join("package-lock.json")).context("ui/package-lock.json can't be read")?;
    // Inside the folder, so that it vanishes with it.
    let stamp: PathBuf = ui.join("node_modules/.homing-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the packages of ui/package-lock.json");
    shell::run(&mut shell::npm(["ci", "--no-audit", "--no-fund", "--prefer-offline"])?)?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Builds `ui/dist`, which is compiled into the app.
pub fn ui() -> Result<()> {
    node_modules()?;
    shell::run(&mut shell::npm(["run", "--silent", "build"])?)
}

/// Makes sure that cargo-deny is there.
pub fn cargo_deny() -> Result<()> {
    if shell::quietly("cargo", &["deny", "--version"]) {
        return Ok(());
    }
    println!("Installing cargo-deny (once; a few minutes)");
    let mut command = Command::new("cargo");
    command.args(["install", "--locked", "cargo-deny", "--version", "^0.20"]);
    // Else its release build would stay in the target folder for ever.
    command.env_remove("CARGO_TARGET_DIR");
    shell::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_node_is_told_from_a_new_one() {
        assert!(node_version("v20.19.1\n").unwrap() >= NODE);
        assert!(node_version("v24.0.0\n").unwrap() >= NODE);
        assert!(node_version("v18.19.0\n").unwrap() < NODE);
        assert!(node_version("v20.9.0\n").unwrap() < NODE);
        assert_eq!(node_version("node: not found"), None);
    }

    #[test]
    fn enter_agrees_and_anything_unclear_does_not() {
        assert!(means_yes("\n") && means_yes("Y\n") && means_yes(" yes\n"));
        assert!(!means_yes("n\n") && !means_yes("what?\n"));
    }
}

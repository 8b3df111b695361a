//! Runs other programs and says what failed.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::place;

/// The one feature set everything is built with. A second one would build most of the tree twice.
pub const FEATURES: [&str; 2] = ["--features", "homing-app/custom-protocol"];

/// A command in the checkout.
pub fn command(program: impl AsRef<OsStr>) -> Result<Command> {
    let mut command = Command::new(program);
    command.current_dir(place::root()?);
    Ok(command)
}

/// Cargo in the checkout, building where [`place::target`] says.
pub fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Command> {
    let mut command = command("cargo")?;
    command.args(arguments).env("CARGO_TARGET_DIR", place::target()?);
    Ok(command)
}

/// npm in `ui`.
pub fn npm<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Command> {
    let mut command = command(place::NPM)?;
    command.args(arguments).current_dir(place::root()?.join("ui"));
    Ok(command)
}

/// Runs it to its end, its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    if !succeeds(command)? {
        bail!("{} failed", text(command));
    }
    Ok(())
}

/// Runs it to its end, its output shown, and tells whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("{} does not start", text(command)))?;
    Ok(status.success())
}

/// Runs it and gives what it prints on stdout; stderr is shown. The flag tells whether it succeeded.
pub fn output(command: &mut Command) -> Result<(bool, String)> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", text(command)))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Whether it runs and succeeds; nothing is shown.
pub fn quietly(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The command as one would type it.
pub fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

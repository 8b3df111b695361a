//! `cargo xtask test`: every check and every test, the cheap ones first.
//!
//! A suite that ran nothing has failed, and so has one whose tool is missing: the last line can only say
//! "0 failed" after everything was looked at.

mod checks;
mod rust;
mod ui;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::place;
use crate::setup::{self, For};

/// The groups that can be named on the command line, in the order they run.
const GROUPS: [&str; 7] = ["format", "floors", "deny", "ui", "clippy", "rust", "window"];

/// What a suite found.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Checks or tests that hold.
    pub passed: usize,
    /// Those that do not, among them tests that were left out.
    pub failed: usize,
}

impl Outcome {
    /// The outcome of one check.
    pub fn of(holds: bool) -> Self {
        Self { passed: usize::from(holds), failed: usize::from(!holds) }
    }

    /// Adds another outcome to this one.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs the groups in `only`, or all of them.
pub fn test(only: &[String], yes: bool) -> Result<ExitCode> {
    if let Some(unknown) = only.iter().find(|group| !GROUPS.contains(&group.as_str())) {
        bail!("there is no suite {unknown:?}; there are: {}", GROUPS.join(" "));
    }
    let wanted = |group: &str| only.is_empty() || only.iter().any(|name| name == group);
    let mut tally = Tally::default();
    let began = Instant::now();

    setup::system(For::Test, yes)?;
    if wanted("format") {
        tally.suite("format", checks::format);
    }
    if wanted("floors") {
        tally.suite("floors", checks::floors);
    }
    if wanted("deny") {
        tally.suite("dependencies", checks::dependencies);
    }
    if wanted("ui") {
        setup::node_modules()?;
        tally.suite("workflows", checks::workflows);
        tally.suite("interface types", ui::types);
        tally.suite("interface", ui::tests);
    }
    if wanted("clippy") || wanted("rust") || wanted("window") {
        // The app embeds it: nothing that contains the app compiles before.
        tally.suite("interface build", ui::build);
    }
    if wanted("clippy") {
        tally.suite("clippy", checks::clippy);
    }
    if wanted("rust") || wanted("window") {
        rust::suites(&mut tally, wanted("rust"), wanted("window"));
    }

    println!("\n{:.0} s", began.elapsed().as_secs_f64());
    println!("{} passed, {} failed", tally.total.passed, tally.total.failed);
    Ok(if tally.total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs suites and adds up what they find.
#[derive(Default)]
pub struct Tally {
    total: Outcome,
}

impl Tally {
    /// Runs one suite and says what came out; whether it passed.
    fn suite(&mut self, name: &str, run: impl FnOnce() -> Result<Outcome>) -> bool {
        println!("\n== {name}");
        let began = Instant::now();
        let mut outcome = run().unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Outcome::of(false)
        });
        if outcome == Outcome::default() {
            eprintln!("{name} ran no test at all");
            outcome = Outcome::of(false);
        }
        let Outcome { passed, failed } = outcome;
        println!("{name}: {passed} passed, {failed} failed ({:.1} s)", began.elapsed().as_secs_f64());
        self.total.add(outcome);
        failed == 0
    }
}

/// Where a suite may leave a file for this program to read.
pub fn scratch(name: &str) -> Result<std::path::PathBuf> {
    let folder = place::target()?.join("xtask-scratch");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_without_tests_and_one_that_breaks_have_failed() {
        let mut tally = Tally::default();
        assert!(tally.suite("good", || Ok(Outcome { passed: 3, failed: 0 })));
        assert!(!tally.suite("empty", || Ok(Outcome::default())));
        assert!(!tally.suite("broken", || bail!("a tool is missing")));
        assert_eq!(tally.total, Outcome { passed: 3, failed: 2 });
    }

    #[test]
    fn an_unknown_suite_is_refused_before_anything_runs() {
        assert!(test(&["everything".into()], false).is_err());
    }
}

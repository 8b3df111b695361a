//! The Rust tests: built once for the whole workspace, then run crate by crate from the lowest floor up.
//!
//! One build with one feature set is what keeps a cold machine fast: `cargo test -p` would resolve features
//! anew for each crate and compile most dependencies again. So the test programs are taken from that build's
//! own messages and started here the way cargo would.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Outcome, Tally};
use crate::{bindings, floors, place, shell};

/// The crate whose integration tests drive windows.
const APP: &str = "homing-app";

/// A program that runs tests.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    package: String,
    /// The folder of its crate, where cargo would start it.
    folder: PathBuf,
    path: PathBuf,
    integration: bool,
}

/// Builds everything, then runs all tests below the window if `rust`, and those of the window if `window`.
pub fn suites(tally: &mut Tally, rust: bool, window: bool) {
    let mut programs = Vec::new();
    let built = tally.suite("build", || {
        programs = build()?;
        Ok(Outcome::of(true))
    });
    if !built {
        return;
    }
    if rust {
        tally.suite("bindings", bindings::unchanged);
        for package in floors::packages() {
            let of_package =
                programs.iter().filter(|program| program.package == package && !is_window(program));
            tally.suite(package, || run_all(of_package));
        }
    }
    if window && cfg!(target_os = "linux") {
        tally.suite("window", || run_all(programs.iter().filter(|program| is_window(program))));
    } else if window {
        println!(
            "\nThe window is driven on Linux only: the other systems bring no driver for their webview."
        );
    }
}

fn is_window(program: &Program) -> bool {
    program.package == APP && program.integration
}

/// Builds programs and tests of the workspace in one go, and lists the test programs.
fn build() -> Result<Vec<Program>> {
    let mut build =
        shell::cargo(["build", "--locked", "--workspace", "--lib", "--bins", "--tests", "--examples"])?;
    build.args(shell::FEATURES).arg("--message-format=json-render-diagnostics");
    let (succeeded, messages) = shell::output(&mut build)?;
    if !succeeded {
        bail!("the build failed");
    }
    messages.lines().filter_map(|line| program(line).transpose()).collect()
}

/// The test program a message of the build speaks of, if it does.
fn program(message: &str) -> Result<Option<Program>> {
    let message: Value = serde_json::from_str(message).context("the build printed something unexpected")?;
    let is_test = message.pointer("/profile/test").and_then(Value::as_bool) == Some(true);
    let Some(path) = message.get("executable").and_then(Value::as_str).filter(|_| is_test) else {
        return Ok(None);
    };
    let manifest = message.get("manifest_path").and_then(Value::as_str).map(Path::new);
    let folder = manifest.and_then(Path::parent).context("a test program without a crate")?;
    let integration =
        message.pointer("/target/kind/0").and_then(Value::as_str).is_some_and(|kind| kind == "test");
    Ok(Some(Program {
        package: package(folder)?,
        folder: folder.to_path_buf(),
        path: PathBuf::from(path),
        integration,
    }))
}

/// The crate in a folder: folders are named after their crates, but for the two at the top.
fn package(folder: &Path) -> Result<String> {
    let name = folder.file_name().and_then(|name| name.to_str()).context("a crate without a folder")?;
    Ok(match name {
        "src-tauri" => APP.into(),
        "sync-server" => "homing-relay".into(),
        other => other.into(),
    })
}

fn run_all<'a>(programs: impl Iterator<Item = &'a Program>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for program in programs {
        outcome.add(run(program)?);
    }
    Ok(outcome)
}

fn run(program: &Program) -> Result<Outcome> {
    let mut command = Command::new(&program.path);
    command
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .env("CARGO_PKG_NAME", &program.package)
        // Programs of other crates, built with these tests: building them again would be another feature set.
        .env("HOMING_BIN_DIR", place::programs()?)
        // A snapshot that differs is a failure, not something to be written down.
        .env("INSTA_UPDATE", "no")
        .env("INSTA_WORKSPACE_ROOT", place::root()?)
        .stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{} does not start", shell::text(&command)))?;
    let output = child.stdout.take().context("a test program without output")?;
    let mut outcome = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match result(&line) {
            Some(found) => outcome = Some(found),
            None if is_news(&line) => println!("{line}"),
            None => {}
        }
    }
    let succeeded = child.wait()?.success();
    let mut outcome = outcome.unwrap_or_default();
    if !succeeded && outcome.failed == 0 {
        // It broke off: what it counted until then says nothing about the rest.
        outcome.failed = 1;
    }
    Ok(outcome)
}

/// Whether a line of a test program says more than that all goes well.
fn is_news(line: &str) -> bool {
    let passed = line.starts_with("test ") && line.ends_with("... ok");
    let began = line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test"));
    !(passed || began || line.trim().is_empty())
}

/// Reads `test result: ok. 12 passed; 0 failed; 0 ignored; ..`. An ignored test counts as failed.
fn result(line: &str) -> Option<Outcome> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |name: &str| -> Option<usize> {
        counts.split("; ").find_map(|part| part.strip_suffix(name))?.trim().parse().ok()
    };
    Some(Outcome { passed: count("passed")?, failed: count("failed")? + count("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_counts_as_failed() {
        let line =
            "test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 1.0s";
        assert_eq!(result(line), Some(Outcome { passed: 12, failed: 3 }));
        assert_eq!(result("test codec::round_trip ... ok"), None);
    }

    #[test]
    fn only_test_programs_are_taken_from_the_build() {
        let message = |kind: &str, test: bool| {
            serde_json::json!({
                "reason": "compiler-artifact", "manifest_path": "/h/crates/homing-wire/Cargo.toml",
                "target": { "kind": [kind], "name": "it" }, "profile": { "test": test }, "executable": "/t/it-1",
            })
            .to_string()
        };
        let found = program(&message("test", true)).unwrap().unwrap();
        assert_eq!((found.package.as_str(), found.integration), ("homing-wire", true));
        assert!(!program(&message("lib", true)).unwrap().unwrap().integration);
        assert_eq!(program(&message("bin", false)).unwrap(), None);
        assert!(program("warning: not json").is_err());
    }

    #[test]
    fn lines_about_passed_tests_are_no_news() {
        assert!(!is_news("test seal::opens ... ok"));
        assert!(!is_news("running 12 tests"));
        assert!(is_news("test seal::opens ... FAILED"));
    }
}

//! The suites of `ui/`.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Outcome, scratch};
use crate::shell;

/// Types and accessibility hints of the components.
pub fn types() -> Result<Outcome> {
    Ok(Outcome::of(shell::succeeds(&mut shell::npm(["run", "--silent", "check"])?)?))
}

/// The component tests.
pub fn tests() -> Result<Outcome> {
    let report = scratch("vitest.json")?;
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let file = format!("--outputFile.json={}", report.display());
    let arguments = ["run", "--silent", "test", "--", "--reporter=dot", "--reporter=json", file.as_str()];
    let succeeded = shell::succeeds(&mut shell::npm(arguments)?)?;
    let text = fs::read_to_string(&report).context("vitest left no report")?;
    let mut outcome = count(&serde_json::from_str(&text)?)?;
    if !succeeded && outcome.failed == 0 {
        // A file that does not even load has no tests that could fail.
        outcome.failed = 1;
    }
    Ok(outcome)
}

/// Builds `ui/dist`.
pub fn build() -> Result<Outcome> {
    crate::setup::ui()?;
    Ok(Outcome::of(true))
}

/// Adds up vitest's report. A test that was left out counts as failed.
fn count(report: &Value) -> Result<Outcome> {
    let number = |key: &str| {
        let value =
            report.get(key).and_then(Value::as_u64).with_context(|| format!("no {key} in the report"))?;
        anyhow::Ok(usize::try_from(value)?)
    };
    let left_out = number("numPendingTests")? + number("numTodoTests")?;
    Ok(Outcome { passed: number("numPassedTests")?, failed: number("numFailedTests")? + left_out })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_test_that_was_left_out_counts_as_failed() {
        let report = json!({
            "numPassedTests": 7, "numFailedTests": 1, "numPendingTests": 1, "numTodoTests": 1
        });
        assert_eq!(count(&report).unwrap(), Outcome { passed: 7, failed: 3 });
        assert!(count(&json!({})).is_err());
    }
}

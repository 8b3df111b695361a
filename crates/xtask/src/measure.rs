//! What takes longer than a test may: budgets and endurance.

use anyhow::{Context, Result, bail};

use crate::{setup, shell};

const ROUNDS: u32 = 500;
/// All scenarios are run by other seeds once for so many rounds.
const ROUNDS_PER_SHIFT: u32 = 10;

/// Measures the budgets in an optimised build.
pub fn bench(arguments: &[String]) -> Result<()> {
    let mut command =
        shell::cargo(["run", "--locked", "--release", "--package", "homing-sim", "--bin", "bench", "--"])?;
    shell::run(command.args(arguments))
}

/// Kills real processes, and simulates days, far more often than the tests do; and every scenario by other seeds.
pub fn soak(arguments: &[String]) -> Result<()> {
    let rounds: u32 = match arguments {
        [] => ROUNDS,
        [rounds] => rounds.parse().context("soak takes a number of rounds")?,
        _ => bail!("soak takes one number of rounds"),
    };
    shell::run(&mut shell::cargo([
        "build",
        "--locked",
        "--package",
        "homing-cli",
        "--package",
        "homing-relay",
    ])?)?;
    let mut command = shell::cargo(["test", "--locked", "--package", "homing-sim", "--test", "it", "--"])?;
    command.args(["--nocapture", "random", "crash"]);
    let shifts = rounds / ROUNDS_PER_SHIFT;
    let rounds = rounds.to_string();
    shell::run(command.env("HOMING_CRASH_ROUNDS", &rounds).env("HOMING_SIM_SEEDS", &rounds))?;
    for shift in 1..=shifts {
        let mut command =
            shell::cargo(["test", "--locked", "--package", "homing-sim", "--test", "it", "--"])?;
        command.args(["--skip", "random::", "--skip", "crash::"]).env("HOMING_SIM_SHIFT", shift.to_string());
        shell::run(&mut command)?;
    }
    if cfg!(target_os = "linux") { windows(&rounds) } else { Ok(()) }
}

/// Kills the window's process as often. Only Linux has a driver for its webview.
fn windows(rounds: &str) -> Result<()> {
    setup::ui()?;
    let mut command = shell::cargo(["test", "--locked", "--package", "homing-app", "--test", "it"])?;
    command.args(shell::FEATURES).args(["--", "--nocapture", "crash"]);
    shell::run(command.env("HOMING_CRASH_ROUNDS", rounds))
}

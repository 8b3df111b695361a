//! What takes longer than a test may: budgets and endurance.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{setup, shell, start};

const ROUNDS: u32 = 500;
/// All scenarios are run by other seeds once for so many rounds.
const ROUNDS_PER_SHIFT: u32 = 10;

/// Measures the budgets in an optimised build; the window's start here, the rest in a program of its own.
pub fn bench(arguments: &[String]) -> Result<()> {
    let after = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let only = after("--only");
    if only != Some("window") {
        let mut command = shell::cargo([
            "run",
            "--locked",
            "--release",
            "--package",
            "homing-sim",
            "--bin",
            "bench",
            "--",
        ])?;
        shell::run(command.args(arguments))?;
    }
    if !matches!(only, None | Some("window")) {
        return Ok(());
    }
    if !cfg!(target_os = "linux") {
        println!("The window's start is measured on Linux only: the other systems bring no driver for it.");
        return Ok(());
    }
    let rows = match (after("--app"), after("--history")) {
        (Some(app), Some(history)) => start::measure_scrolling(Path::new(app), Path::new(history))?,
        _ => start::measure(arguments.iter().any(|argument| argument == "--full"))?,
    };
    match after("--out") {
        Some(file) => start::add_rows(Path::new(file), rows),
        None => Ok(()),
    }
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

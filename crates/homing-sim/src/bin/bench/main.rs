//! Budgets, measured against floors of the same run on the same machine: `cargo xtask bench [--full] [--only PART] [--out FILE.json]`.
//!
//! Every number stands beside what the machine itself can do at that moment, because an fsync may take ten times longer
//! an hour later. Nothing here passes or fails; it says by how much a target is met or missed.

mod device;
mod load;
mod local;
mod others;
mod relay;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::report::Report;

const HELP: &str = "\
bench [--full] [--only PART] [--out FILE.json] [--dir DIR]
  --full   a million messages instead of 200,000
  --only   one part: local, relay (or one row of it: writes, fan-out, pass-on, catch-up, idle) or device
  --out    the table as JSON, too
  --dir    where the databases are written (default: the system's temporary folder)";

struct Options {
    full: bool,
    only: Option<String>,
    out: Option<PathBuf>,
    dir: PathBuf,
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<()> {
    // Parts that need a process of their own: what they measure is that process.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["memory-of", profile] => return local::memory_of(profile.as_ref()),
        ["relay-on", folder] => return relay::serve(folder.as_ref()),
        ["echo-on"] => return device::serve_echo(),
        _ => {}
    }
    let options = read(arguments)?;
    let folder = tempfile::tempdir_in(&options.dir)?;
    let mut report = Report::new(&folder.path().join("probe"))?;
    let wanted = |part: &str| options.only.as_deref().is_none_or(|only| only == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if wanted("local") {
        local::run(&mut report, folder.path(), options.full)?;
    }
    let row = options.only.as_deref().filter(|only| relay::ROWS.contains(only));
    if wanted("relay") || row.is_some() {
        runtime.block_on(relay::run(&mut report, folder.path(), row))?;
    }
    if wanted("device") {
        runtime.block_on(device::run(&mut report, folder.path()))?;
    }
    report.finish(&folder.path().join("probe"), options.out.as_deref())
}

fn read(arguments: Vec<String>) -> Result<Options> {
    let mut options = Options { full: false, only: None, out: None, dir: std::env::temp_dir() };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--full" => options.full = true,
            "--only" => options.only = Some(arguments.next().context("--only needs a part")?),
            "--out" => options.out = Some(arguments.next().context("--out needs a file")?.into()),
            "--dir" => options.dir = arguments.next().context("--dir needs a folder")?.into(),
            other => bail!("there is no {other:?}\n{HELP}"),
        }
    }
    Ok(options)
}

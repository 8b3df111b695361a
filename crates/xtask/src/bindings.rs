//! `cargo xtask bindings`: the TypeScript types of the engine's calls.
//!
//! They are generated from the engine's types and committed, so that the interface can be worked on without
//! compiling the engine; the tests compare what is committed with what the engine says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::test::{Outcome, scratch};
use crate::{place, shell};

/// Writes the types into the interface.
pub fn write() -> Result<()> {
    let folder = committed()?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    shell::run(
        shell::cargo(["run", "--quiet", "-p", "homing-engine", "--example", "bindings", "--"])?.arg(&folder),
    )?;
    println!("{} files in {}", files(&folder)?.len(), folder.display());
    Ok(())
}

/// Compares what is committed with what the engine, already built, says; one check for each file.
pub fn unchanged() -> Result<Outcome> {
    let folder = scratch("bindings")?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let program = format!("bindings{}", std::env::consts::EXE_SUFFIX);
    let program = place::target()?.join("debug/examples").join(program);
    shell::run(shell::command(program)?.arg(&folder))?;
    let mut interface = files(&committed()?)?;
    let mut outcome = Outcome::default();
    for (name, text) in files(&folder)? {
        let same = interface.remove(&name).is_some_and(|committed| committed == text);
        if !same {
            eprintln!("{name} differs from what is committed: run cargo xtask bindings");
        }
        outcome.add(Outcome::of(same));
    }
    for name in interface.keys() {
        eprintln!("{name} is committed and no longer made: run cargo xtask bindings");
        outcome.add(Outcome::of(false));
    }
    Ok(outcome)
}

fn committed() -> Result<PathBuf> {
    Ok(place::root()?.join("ui/src/lib/bindings"))
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

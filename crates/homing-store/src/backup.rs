//! Self-contained copies under a key of their own.
//!
//! A copy is made table by table into a fresh file instead of exporting and cleaning up after, so what must
//! not be in it (the device's keys) never touches it. It holds no search index; restoring builds one.
//! Whoever restores is a new device: frozen entries go back to the queue and counters begin anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::{Durability, Result, Store, StoreError, Tx, search};

/// Writes a copy of the profile to `to`, under `key`, without the meta values named in `leave_out`. Replaces
/// a file already there once the copy is whole. Answers its size in bytes.
pub fn write(store: &Store, to: &Path, key: &[u8; 32], leave_out: &[&str]) -> Result<u64> {
    let partial = partial(to);
    remove(&partial)?;
    let copied = copy(store, &partial, key, leave_out);
    if copied.is_err() {
        remove(&partial)?;
    }
    copied?;
    finish(&partial, to)?;
    Ok(fs::metadata(to)?.len())
}

/// Makes a profile's file at `to` from a copy, under a new key, brought to the current schema. Fails if there
/// is a file at `to`. Open it with [`Store::open`].
pub fn restore(from: &Path, key: &[u8; 32], to: &Path, new_key: &[u8; 32]) -> Result<()> {
    if to.exists() {
        return Err(StoreError::Conflict("profile file"));
    }
    let partial = partial(to);
    remove(&partial)?;
    let opened = fs::copy(from, &partial).map_err(StoreError::from).and_then(|_| {
        let mut store = Store::open_unowned(&partial, key)?;
        store.rekey(new_key)?;
        store.write(Durability::Full, |tx| {
            // Copies of older versions say where files of drafts are on the computer they were made on.
            forget_places(tx)?;
            search::rebuild(tx)
        })?;
        store.close_to_one_file()
    });
    if opened.is_err() {
        remove(&partial)?;
    }
    opened?;
    finish(&partial, to)
}

fn copy(store: &Store, to: &Path, key: &[u8; 32], leave_out: &[&str]) -> Result<()> {
    let mut target = Store::open_unowned(to, key)?;
    let names = serde_json::Value::from(leave_out.to_vec()).to_string();
    target.copy_from(store, |tx| {
        let tables: Vec<String> = tx.all(
            "SELECT name FROM source.sqlite_master WHERE type = 'table'
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'search%' ORDER BY name",
            [],
            |row| row.get(0),
        )?;
        for table in tables {
            // table_info leaves generated columns out, which is what can be inserted.
            let columns: Vec<String> =
                tx.all("SELECT name FROM pragma_table_info(?1)", [&table], |row| row.get(0))?;
            let columns = columns.join(", ");
            let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM source.{table}");
            if table == "meta" {
                tx.exec(&format!("{copy} WHERE key NOT IN (SELECT value FROM json_each(?1))"), [&names])?;
            } else {
                tx.exec(&copy, [])?;
            }
        }
        for sql in [
            // A space that no relay knows yet lives from its first op, whoever signed it.
            "DELETE FROM entries WHERE status = 3
             AND NOT (kind = 0 AND space IN (SELECT n FROM spaces WHERE state = 1))",
            "UPDATE outbox SET state = 0, entry = NULL WHERE state = 1",
            "UPDATE slots_out SET counter = 0, dirty = 1, bytes = NULL",
            "UPDATE spaces SET my_dseq = 0, my_prev = NULL",
            // What another device sealed is not this one's; what the relay keeps it says itself.
            "DELETE FROM scheduled_entries",
            "UPDATE scheduled SET sealed = NULL, behind = NULL, epoch = NULL",
        ] {
            tx.exec(sql, [])?;
        }
        forget_places(tx)
    })?;
    target.close_to_one_file()
}

/// No file's bytes are where the database is. Whose come along, whoever restores notes; the rest is fetched again.
fn forget_places(tx: &Tx<'_>) -> Result<()> {
    for sql in [
        "UPDATE attachments SET path = NULL, progress = 0,
           state = CASE WHEN state IN (0, 1) THEN 0 WHEN state = 6 THEN 6 ELSE 2 END",
        "UPDATE draft_files SET path = NULL, progress = 0, state = CASE WHEN state IN (0, 1, 5, 8, 9) THEN 0 ELSE 2 END",
    ] {
        tx.exec(sql, [])?;
    }
    Ok(())
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

fn remove(file: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        match fs::remove_file(file.with_file_name(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn finish(partial: &Path, to: &Path) -> Result<()> {
    File::options().write(true).open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    Ok(())
}

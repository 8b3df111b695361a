//! Single values by name: identity, settings, the relay's address and key.

use zeroize::Zeroizing;

use crate::{Read, Result, Tx};

/// The value, if it was set.
pub fn get(db: &Read<'_>, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
    db.one("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0).map(Zeroizing::new))
}

/// Sets a value.
pub fn set(tx: &Tx<'_>, key: &str, value: &[u8]) -> Result<()> {
    tx.exec(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )?;
    Ok(())
}

/// Removes a value; answers whether there was one.
pub fn delete(tx: &Tx<'_>, key: &str) -> Result<bool> {
    Ok(tx.exec("DELETE FROM meta WHERE key = ?1", [key])? > 0)
}

/// Values whose name begins with `prefix`, by name.
pub fn with_prefix(db: &Read<'_>, prefix: &str) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>> {
    // 0x10ffff sorts after every continuation of the prefix.
    db.all(
        "SELECT key, value FROM meta WHERE key >= ?1 AND key < ?1 || char(1114111) ORDER BY key",
        [prefix],
        |row| Ok((row.get(0)?, Zeroizing::new(row.get(1)?))),
    )
}

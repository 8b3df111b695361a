//! How far each feed was followed.

use homing_wire::{FeedCursor, Member, codec};

use crate::{Read, Result, StoreError, Tx};

/// All cursors of the relay's current generation (see [`clear`]).
pub fn list(db: &Read<'_>) -> Result<Vec<FeedCursor>> {
    let rows: Vec<(Vec<u8>, u64)> =
        db.all("SELECT feed, sequence FROM feeds ORDER BY feed", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.into_iter()
        .map(|(feed, sequence)| {
            let feed: Member = codec::decode("feed", &feed, 64).map_err(|_| StoreError::Damaged("feed"))?;
            Ok(FeedCursor { feed, sequence })
        })
        .collect()
}

/// Moves a cursor.
pub fn set(tx: &Tx<'_>, cursor: &FeedCursor) -> Result<()> {
    tx.exec(
        "INSERT INTO feeds (feed, sequence) VALUES (?1, ?2)
         ON CONFLICT (feed) DO UPDATE SET sequence = excluded.sequence",
        (codec::encode(&cursor.feed), cursor.sequence),
    )?;
    Ok(())
}

/// Stops following a feed.
pub fn delete(tx: &Tx<'_>, feed: &Member) -> Result<()> {
    tx.exec("DELETE FROM feeds WHERE feed = ?1", [codec::encode(feed)])?;
    Ok(())
}

/// Forgets all cursors: a new generation of the relay numbers anew.
pub fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.exec("DELETE FROM feeds", [])?;
    Ok(())
}

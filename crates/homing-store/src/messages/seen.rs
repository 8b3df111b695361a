//! Marking messages as read: here, in a whole conversation, and by what another of the person's devices has read.

use std::collections::HashMap;

use homing_wire::{DeviceId, DocId, SpaceId};

use super::write::count;
use crate::people::heard;
use crate::sql::doc;
use crate::{IntervalSet, Result, StoreError, Tx};

/// A message that was unread until now: what the own read position must cover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The message.
    pub message: DocId,
    /// Its conversation.
    pub conversation: DocId,
    /// Its space.
    pub space: SpaceId,
    /// The sending device.
    pub device: DeviceId,
    /// The entry's number within (space, device).
    pub dseq: u64,
}

/// With what it stood for in its conversation's counter.
fn returning() -> String {
    format!("RETURNING id, conversation, space, device, dseq, {}", heard("author"))
}

/// These were visible in a focused window. Answers those that were unread until now.
pub fn mark_read(tx: &Tx<'_>, ids: &[DocId]) -> Result<Vec<Seen>> {
    let list = crate::sql::hex_list(ids.iter().map(|id| id.as_bytes().as_slice()));
    let sql = format!(
        "UPDATE messages SET unread = 0 WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND unread = 1 {}",
        returning()
    );
    seen(tx, &sql, [list])
}

/// Marks everything in a conversation as read.
pub fn mark_conversation_read(tx: &Tx<'_>, conversation: &DocId) -> Result<Vec<Seen>> {
    let sql = format!(
        "UPDATE messages INDEXED BY messages_unread SET unread = 0
         WHERE conversation = (SELECT n FROM conversations WHERE id = ?1) AND unread = 1 {}",
        returning()
    );
    seen(tx, &sql, [conversation.as_bytes()])
}

/// Another of the person's devices has read these numbers of a sending device.
pub fn mark_read_ranges(
    tx: &Tx<'_>,
    space: &SpaceId,
    device: &DeviceId,
    numbers: &IntervalSet,
) -> Result<Vec<Seen>> {
    let (Some(space), Some(device)) = (tx.find_number(&space.0)?, tx.find_number(&device.0)?) else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "UPDATE messages INDEXED BY messages_unread_device SET unread = 0
         WHERE space = ?1 AND device = ?2 AND unread = 1 AND dseq BETWEEN ?3 AND ?4 {}",
        returning()
    );
    let mut all = Vec::new();
    for (first, last) in numbers.runs() {
        let last = (*last).min(i64::MAX as u64);
        if *first <= last {
            all.extend(seen(tx, &sql, (space, device, first, last))?);
        }
    }
    Ok(all)
}

fn seen(tx: &Tx<'_>, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Seen>> {
    let rows: Vec<(DocId, i64, i64, i64, u64, i64)> = tx.all(sql, params, |row| {
        Ok((doc(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    let mut counts: HashMap<i64, i64> = HashMap::new();
    let mut conversations: HashMap<i64, DocId> = HashMap::new();
    let mut ids: HashMap<i64, [u8; 32]> = HashMap::new();
    let mut id_of = |n: i64| -> Result<[u8; 32]> {
        if let Some(id) = ids.get(&n) {
            return Ok(*id);
        }
        let id = tx
            .one("SELECT id FROM ids WHERE n = ?1", [n], |row| row.get(0))?
            .ok_or(StoreError::Damaged("ids"))?;
        ids.insert(n, id);
        Ok(id)
    };
    let mut out = Vec::with_capacity(rows.len());
    for (message, n, space, device, dseq, counted) in rows {
        *counts.entry(n).or_default() -= counted;
        let conversation = match conversations.get(&n) {
            Some(id) => *id,
            None => tx
                .one(
                    "SELECT id FROM conversations WHERE n = ?1
                     UNION ALL SELECT conversation FROM set_aside WHERE n = ?1",
                    [n],
                    |row| doc(row, 0),
                )?
                .ok_or(StoreError::Damaged("conversation"))?,
        };
        conversations.insert(n, conversation);
        out.push(Seen {
            message,
            conversation,
            space: SpaceId(id_of(space)?),
            device: DeviceId(id_of(device)?),
            dseq,
        });
    }
    for (n, less) in counts {
        count(tx, n, less, 0)?;
    }
    Ok(out)
}

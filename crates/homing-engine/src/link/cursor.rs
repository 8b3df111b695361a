//! How far a space's log and slots are held, as stored.

use homing_store::{Tx, meta, spaces};
use homing_sync::{Gap, LogCursor, SpaceCursor};
use homing_wire::codec::{decode, encode};
use homing_wire::{Head, SignedHead, SpaceId};
use minicbor::{CborLen, Decode, Encode};

use super::{CURSOR, GENERATION};
use crate::fail::Fail;

/// How far a space's log is held, as stored.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct StoredCursor {
    #[n(0)]
    generation: u64,
    #[n(1)]
    head: Head,
    #[n(2)]
    low: Option<u64>,
    #[n(3)]
    tip: Option<Head>,
    #[n(4)]
    ops: u64,
    #[n(5)]
    slots: u64,
}

pub(crate) fn store_cursor(tx: &Tx<'_>, space: &SpaceId, cursor: &SpaceCursor) -> Result<(), Fail> {
    store_cursor_with(tx, space, cursor, None)
}

fn store_cursor_with(
    tx: &Tx<'_>,
    space: &SpaceId,
    cursor: &SpaceCursor,
    signed: Option<&SignedHead>,
) -> Result<(), Fail> {
    let stored = StoredCursor {
        generation: cursor.log.generation,
        head: cursor.log.head,
        low: cursor.log.gap.map(|gap| gap.low),
        tip: cursor.log.gap.map(|gap| gap.tip),
        ops: cursor.log.ops,
        slots: cursor.slots,
    };
    meta::set(tx, &format!("{CURSOR}{space}"), &encode(&stored))?;
    if spaces::get(tx, space)?.is_some() {
        let tip = cursor.log.tip();
        spaces::update(tx, space, |row| {
            row.generation = tip.generation;
            row.sequence = tip.sequence;
            row.chain = tip.chain;
            row.bottom = cursor.log.head.sequence;
            row.low = cursor.log.gap.map_or(cursor.log.head.sequence, |gap| gap.low);
            row.slot_cursor = cursor.slots;
            if let Some(head) = signed {
                row.signed_head = Some(encode(head));
            }
        })?;
    }
    Ok(())
}

pub(crate) fn load_cursor(bytes: &[u8]) -> Option<SpaceCursor> {
    let stored: StoredCursor = decode("cursor", bytes, 1024).ok()?;
    let gap = match (stored.low, stored.tip) {
        (Some(low), Some(tip)) => Some(Gap { low, tip }),
        _ => None,
    };
    let log = LogCursor { generation: stored.generation, head: stored.head, gap, ops: stored.ops };
    Some(SpaceCursor { log, slots: stored.slots })
}

pub(super) fn cursor_of(tx: &Tx<'_>, space: &SpaceId) -> Result<SpaceCursor, Fail> {
    let stored = meta::get(tx, &format!("{CURSOR}{space}"))?;
    let generation = meta::get(tx, GENERATION)?
        .and_then(|bytes| bytes.as_slice().try_into().ok())
        .map_or(0, u64::from_be_bytes);
    Ok(stored.and_then(|bytes| load_cursor(&bytes)).unwrap_or_else(|| SpaceCursor::empty(generation)))
}

/// All slots are fetched again: this profile is another device now, and its old one's are others' too.
pub(crate) fn forget_slots_seen(tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
    let mut cursor = cursor_of(tx, space)?;
    cursor.slots = 0;
    store_cursor(tx, space, &cursor)
}

/// How far the log is held now; `signed`: what the relay says of it.
pub(super) fn update_log(
    tx: &Tx<'_>,
    space: &SpaceId,
    log: LogCursor,
    signed: Option<&SignedHead>,
) -> Result<(), Fail> {
    let mut cursor = cursor_of(tx, space)?;
    cursor.log = log;
    store_cursor_with(tx, space, &cursor, signed)
}

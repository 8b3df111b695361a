//! JPEG: a row of segments, some with the picture's data behind them.

use std::io;

use super::{Piece, Plan, Walk, upright};

const BEGIN: u8 = 0xd8;
const END: u8 = 0xd9;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COMMENT: u8 = 0xfe;
const EXIF: &[u8] = b"Exif\0\0";

pub(super) fn is_one(beginning: &[u8]) -> bool {
    beginning.starts_with(&[0xff, BEGIN, 0xff])
}

/// What stands between segments is passed over, as whatever shows pictures does.
pub(super) fn plan(walk: &mut Walk<'_>) -> io::Result<Plan> {
    let mut plan = Plan::default();
    let (mut kept, mut turned) = (0, false);
    while walk.find(0xff)? {
        let mut kind = 0xff;
        while kind == 0xff {
            let Some([next]) = walk.next()? else { return rest(plan, kept, walk.length) };
            kind = next;
        }
        // A byte of the picture's data, or a mark without a length.
        if matches!(kind, 0x00 | 0x01 | 0xd0..=BEGIN) {
            continue;
        }
        if kind == END {
            // Whatever comes behind it is not this picture.
            return rest(plan, kept, walk.at);
        }
        let begins = walk.at.saturating_sub(2);
        let Some(length) = walk.next()? else { break };
        let end = walk.at.saturating_add(u64::from(u16::from_be_bytes(length)).saturating_sub(2));
        if matches!(kind, APP0..=APP15 | COMMENT) {
            let notes = walk.up_to(end)?;
            if !stays(kind, &notes) {
                plan.copy(kept, begins)?;
                kept = end;
                let up = notes.strip_prefix(EXIF).filter(|_| kind == APP1 && !turned).and_then(upright);
                if let Some(up) = up {
                    plan.add(Piece::Bytes(segment(&up)))?;
                    turned = true;
                }
            }
        }
        walk.go_to(end)?;
    }
    rest(plan, kept, walk.length)
}

fn rest(mut plan: Plan, kept: u64, end: u64) -> io::Result<Plan> {
    plan.copy(kept, end)?;
    Ok(plan)
}

/// What pictures are not shown right without: their resolution and their colours.
fn stays(kind: u8, notes: &[u8]) -> bool {
    match kind {
        APP0 => notes.starts_with(b"JFIF\0"),
        APP2 => notes.starts_with(b"ICC_PROFILE\0"),
        APP14 => notes.starts_with(b"Adobe"),
        _ => false,
    }
}

fn segment(notes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(2 + EXIF.len() + notes.len()).unwrap_or(u16::MAX);
    [&[0xff, APP1], length.to_be_bytes().as_slice(), EXIF, notes].concat()
}

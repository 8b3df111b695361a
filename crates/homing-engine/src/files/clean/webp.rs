//! WebP: chunks in a RIFF file, which says how long it is and which of them there are.

use std::io;

use super::{Piece, Plan, Walk, upright};

/// Bytes before the first chunk.
const HEAD: u64 = 12;
const EXIF: &[u8; 4] = b"EXIF";
const STAY: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// Of the bits that say which chunks there are.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn is_one(beginning: &[u8]) -> bool {
    beginning.starts_with(b"RIFF") && beginning.get(8..12) == Some(b"WEBP")
}

pub(super) fn plan(walk: &mut Walk<'_>) -> io::Result<Plan> {
    let mut chunks = Plan::default();
    let mut flags = None;
    let mut turned = false;
    walk.go_to(4)?;
    let Some(length) = walk.next()? else { return Ok(chunks) };
    let end = walk.at.saturating_add(u64::from(u32::from_le_bytes(length))).min(walk.length);
    walk.go_to(HEAD)?;
    while walk.at < end {
        let begins = walk.at;
        let (Some(kind), Some(length)) = (walk.next::<4>()?, walk.next()?) else { break };
        let length = u64::from(u32::from_le_bytes(length));
        // Filled up to an even length.
        let ends = walk.at.saturating_add(length).saturating_add(length % 2).min(end);
        if &kind == b"VP8X" && flags.is_none() {
            chunks.copy(begins, walk.at)?;
            flags = walk.next::<1>()?.map(|[bits]| (chunks.0.len(), bits));
            chunks.add(Piece::Bytes(Vec::new()))?;
            chunks.copy(walk.at, ends)?;
        } else if STAY.contains(&&kind) {
            chunks.copy(begins, ends)?;
        } else if &kind == EXIF && !turned && flags.is_some() {
            let notes = walk.up_to(ends)?;
            if let Some(up) = upright(notes.strip_prefix(b"Exif\0\0").unwrap_or(&notes)) {
                let length = u32::try_from(up.len()).unwrap_or(u32::MAX).to_le_bytes();
                chunks.add(Piece::Bytes([EXIF.as_slice(), &length, &up].concat()))?;
                turned = true;
            }
        }
        walk.go_to(ends)?;
    }
    if let Some((at, bits)) = flags
        && let Some(piece) = chunks.0.get_mut(at)
    {
        let exif = if turned { HAS_EXIF } else { 0 };
        *piece = Piece::Bytes(vec![bits & !(HAS_EXIF | HAS_XMP) | exif]);
    }
    headed(chunks)
}

/// The chunks behind a head that says how long they are now.
fn headed(chunks: Plan) -> io::Result<Plan> {
    let length = 4 + chunks.0.iter().map(Piece::length).sum::<u64>();
    let length = u32::try_from(length).map_err(|_| super::strange())?;
    let mut plan = Plan::default();
    plan.add(Piece::Bytes([b"RIFF".as_slice(), &length.to_le_bytes(), b"WEBP"].concat()))?;
    plan.0.extend(chunks.0);
    Ok(plan)
}

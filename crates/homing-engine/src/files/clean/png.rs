//! PNG: a row of chunks, each with its kind and a checksum.

use std::io;

use super::{Piece, Plan, Walk, upright};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks beside those a picture can't be shown without: colours, transparency, resolution, movement.
const STAY: [&[u8; 4]; 17] = [
    b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi", b"bKGD",
    b"hIST", b"tRNS", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
const EXIF: &[u8; 4] = b"eXIf";

pub(super) fn is_one(beginning: &[u8]) -> bool {
    beginning.starts_with(SIGNATURE)
}

pub(super) fn plan(walk: &mut Walk<'_>) -> io::Result<Plan> {
    let mut plan = Plan::default();
    walk.go_to(SIGNATURE.len() as u64)?;
    plan.copy(0, walk.at)?;
    let mut turned = false;
    loop {
        let begins = walk.at;
        let (Some(length), Some(kind)) = (walk.next()?, walk.next::<4>()?) else { return Ok(plan) };
        let data_ends = walk.at.saturating_add(u64::from(u32::from_be_bytes(length)));
        let ends = data_ends.saturating_add(4).min(walk.length);
        let [first, ..] = kind;
        if first.is_ascii_uppercase() || STAY.contains(&&kind) {
            plan.copy(begins, ends)?;
        } else if &kind == EXIF
            && !turned
            && let Some(up) = upright(&walk.up_to(data_ends)?)
        {
            plan.add(Piece::Bytes(chunk(EXIF, &up)))?;
            turned = true;
        }
        if &kind == b"IEND" {
            return Ok(plan);
        }
        walk.go_to(ends)?;
    }
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut sum = crc32fast::Hasher::new();
    sum.update(kind);
    sum.update(data);
    let sum = sum.finalize().to_be_bytes();
    [length.to_be_bytes().as_slice(), kind, data, &sum].concat()
}

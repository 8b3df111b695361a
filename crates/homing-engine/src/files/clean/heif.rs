//! HEIC and AVIF: boxes, one of which lists what the file holds and where. Notes are blanked where they lie, because
//! everything else is found by its place. Which way up a picture is shown stands elsewhere.

use std::io;

use super::{PIECES, Piece, Plan, Walk, strange};

const KINDS: [&[u8; 4]; 10] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"];

/// Boxes that are pictures, or say where they are; others hold films and whatever makers of phones add.
const STAY: [&[u8; 4]; 9] = [b"ftyp", b"styp", b"meta", b"mdat", b"moov", b"moof", b"sidx", b"free", b"skip"];

pub(super) fn is_one(beginning: &[u8]) -> bool {
    beginning.get(4..8) == Some(b"ftyp")
        && KINDS.iter().any(|kind| beginning.get(8..12) == Some(kind.as_slice()))
}

pub(super) fn plan(walk: &mut Walk<'_>) -> io::Result<Plan> {
    let mut places = Vec::new();
    while let Some((kind, begins, ends)) = next_box(walk)? {
        if &kind == b"meta" {
            let bytes = walk.up_to(ends)?;
            if bytes.is_empty() && ends > begins {
                return Err(strange());
            }
            places.extend(notes(&bytes, begins).ok_or_else(strange)?);
        } else if !STAY.contains(&&kind) {
            places.push((begins, ends));
        }
        if places.len() > PIECES {
            return Err(strange());
        }
        walk.go_to(ends)?;
    }
    places.sort_unstable();
    let mut plan = Plan::default();
    let mut done = 0;
    for (from, to) in places {
        let (from, to) = (from.max(done), to.min(walk.length));
        if from < to {
            plan.copy(done, from)?;
            plan.add(Piece::Blank(to - from))?;
            done = to;
        }
    }
    plan.copy(done, walk.length)?;
    Ok(plan)
}

/// A box's kind, and where its content begins and ends.
fn next_box(walk: &mut Walk<'_>) -> io::Result<Option<([u8; 4], u64, u64)>> {
    let begins = walk.at;
    let (Some(size), Some(kind)) = (walk.next()?, walk.next::<4>()?) else { return Ok(None) };
    let size = match u32::from_be_bytes(size) {
        0 => u64::MAX,
        1 => match walk.next()? {
            Some(size) => u64::from_be_bytes(size),
            None => return Ok(None),
        },
        size => u64::from(size),
    };
    let ends = begins.saturating_add(size).min(walk.length);
    if ends < walk.at {
        return Err(strange());
    }
    Ok(Some((kind, walk.at, ends)))
}

/// Where in the file the notes lie that this list of its content tells of; it lies there itself.
fn notes(list: &[u8], at: u64) -> Option<Vec<(u64, u64)>> {
    let mut rest = Bytes(list);
    rest.number(4)?;
    let (mut items, mut places, mut inside) = (Vec::new(), None, None);
    while !rest.0.is_empty() {
        let size = usize::try_from(rest.number(4)?).ok()?;
        let kind = rest.take(4)?;
        let content = rest.take(size.checked_sub(8)?)?;
        match kind {
            b"iinf" => items = notes_listed(content)?,
            b"iloc" => places = Some(content),
            b"idat" => inside = Some(at + (list.len() - rest.0.len() - content.len()) as u64),
            _ => {}
        }
    }
    if items.is_empty() {
        return Some(Vec::new());
    }
    places_of(&items, places?, inside)
}

/// The items that are notes, by their numbers.
fn notes_listed(content: &[u8]) -> Option<Vec<u64>> {
    let mut rest = Bytes(content);
    let version = rest.number(1)?;
    rest.number(3)?;
    let count = rest.number(if version == 0 { 2 } else { 4 })?;
    let mut items = Vec::new();
    for _ in 0..count {
        let size = usize::try_from(rest.number(4)?).ok()?;
        let kind = rest.take(4)?;
        let mut entry = Bytes(rest.take(size.checked_sub(8)?)?);
        let version = entry.number(1)?;
        if kind != b"infe" || version < 2 {
            continue;
        }
        entry.number(3)?;
        let item = entry.number(if version == 2 { 2 } else { 4 })?;
        entry.number(2)?;
        if matches!(entry.take(4)?, b"Exif" | b"mime" | b"uri ") {
            items.push(item);
        }
    }
    Some(items)
}

fn places_of(items: &[u64], content: &[u8], inside: Option<u64>) -> Option<Vec<(u64, u64)>> {
    let mut rest = Bytes(content);
    let version = rest.number(1)?;
    rest.number(3)?;
    let sizes = rest.number(2)?;
    let size = |shift: u32| usize::try_from(sizes >> shift & 0xf).ok();
    let (offset, length, base) = (size(12)?, size(8)?, size(4)?);
    let index = if version == 0 { 0 } else { size(0)? };
    let wide = if version < 2 { 2 } else { 4 };
    if offset + length == 0 {
        return None;
    }
    let mut places = Vec::new();
    for _ in 0..rest.number(wide)? {
        let item = rest.number(wide)?;
        // 0: from the beginning of the file; 1: inside this list.
        let way = if version == 0 { 0 } else { rest.number(2)? & 0xf };
        rest.number(2)?;
        let begins = rest.number(base)?;
        for _ in 0..rest.number(2)? {
            rest.number(index)?;
            let from = rest.number(offset)?.checked_add(begins)?;
            let many = rest.number(length)?;
            if !items.contains(&item) {
                continue;
            }
            let from = match way {
                0 => from,
                1 => from.checked_add(inside?)?,
                _ => return None,
            };
            let to = if many == 0 { u64::MAX } else { from.checked_add(many)? };
            places.push((from, to));
        }
    }
    Some(places)
}

/// Bytes that are read one after the other.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Of so many bytes, eight at the most.
    fn number(&mut self, count: usize) -> Option<u64> {
        if count > 8 {
            return None;
        }
        Some(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

//! Pages, written down while their entries are read from a log.
//!
//! A relay serves long logs; building every entry as a value first would copy each one twice more. It keeps entries as
//! they stand in a page, so reading one is copying. What comes out is byte for byte the canonical form of
//! [`RelayFrame::Page`](crate::RelayFrame::Page).

use bytes::Bytes;
use minicbor::encode::{Error, Write};
use minicbor::{CborLen, Decode, Encode, Encoder};

use crate::codec::encode;
use crate::{SignedHead, SpaceId, limits};

/// Variant and fields of `RelayFrame::Page`.
const PAGE: (u32, u64) = (3, 5);
/// More than a page needs before its entries, and behind them.
const HEAD: usize = 64;
const TAIL: usize = 256;
/// The form of [`Stored`](crate::Stored), borrowed.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Line<'a> {
    #[n(0)]
    sequence: u64,
    #[n(1)]
    received_ms: u64,
    #[n(2)]
    generation: u64,
    #[cbor(b(3), with = "minicbor::bytes")]
    entry: &'a [u8],
}

/// An entry of a log as it stands in a page.
pub fn line(sequence: u64, received_ms: u64, generation: u64, entry: &[u8]) -> Vec<u8> {
    encode(&Line { sequence, received_ms, generation, entry })
}

/// The encoded entry within such a line; none if it is not one.
pub fn entry_of(line: &[u8]) -> Option<&[u8]> {
    minicbor::decode::<Line<'_>>(line).ok().map(|line| line.entry)
}

/// A page that grows entry by entry.
#[derive(Debug)]
pub struct PageWriter {
    /// The entries, behind room for what stands before them: nothing is moved when that is known.
    entries: Vec<u8>,
    count: u64,
    last: u64,
    budget: usize,
}

impl PageWriter {
    /// A page of about so many bytes.
    pub fn new(budget: usize) -> Self {
        let mut entries = Vec::with_capacity(budget.min(limits::FRAME).saturating_add(HEAD + TAIL));
        entries.resize(HEAD, 0);
        Self { entries, count: 0, last: 0, budget }
    }

    /// True if the page stays within its budget with this line, too.
    pub fn has_room_for(&self, line: &[u8]) -> bool {
        self.entries.len().saturating_add(line.len()) <= self.budget.saturating_add(HEAD)
    }

    /// Adds an entry of a log as [`line`] made it.
    pub fn push(&mut self, sequence: u64, line: &[u8]) {
        self.entries.extend_from_slice(line);
        self.count = self.count.saturating_add(1);
        self.last = sequence;
    }

    /// Entries so far.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// True if there is no entry yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sequence of the last entry; 0 if there is none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The encoded frame.
    pub fn finish(mut self, req: u64, space: &SpaceId, head: &SignedHead, more: bool) -> Bytes {
        let mut before = Vec::with_capacity(HEAD);
        let written = self.write_around(&mut before, req, space, head, more);
        debug_assert!(written.is_ok());
        let start = HEAD.saturating_sub(before.len());
        if let Some(room) = self.entries.get_mut(start..HEAD) {
            room.copy_from_slice(&before);
        }
        Bytes::from(self.entries).slice(start..)
    }

    fn write_around(
        &mut self,
        before: &mut Vec<u8>,
        req: u64,
        space: &SpaceId,
        head: &SignedHead,
        more: bool,
    ) -> Result<(), Error<<Vec<u8> as Write>::Error>> {
        let (variant, fields) = PAGE;
        Encoder::new(before)
            .array(2)?
            .u32(variant)?
            .array(fields)?
            .u64(req)?
            .encode(space)?
            .array(self.count)?;
        Encoder::new(&mut self.entries).encode(head)?.bool(more)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hash, Head, RelayFrame, Signature, Stored};

    #[test]
    fn what_is_written_entry_by_entry_is_the_canonical_frame() {
        for (count, more) in [(0, false), (1, true), (40, true), (300, false)] {
            let space = SpaceId([7; 32]);
            let head = SignedHead {
                space,
                head: Head { sequence: 70_000, generation: 3, chain: Hash([9; 32]) },
                signature: Signature([5; 64]),
            };
            let entries: Vec<Stored> = (0..count)
                .map(|n: u64| Stored {
                    sequence: n * 257 + 1,
                    received_ms: 1_795_608_000_000 + n,
                    generation: 3,
                    entry: vec![1; usize::try_from(n).unwrap()],
                })
                .collect();
            let mut writer = PageWriter::new(4096);
            for stored in &entries {
                let line = line(stored.sequence, stored.received_ms, stored.generation, &stored.entry);
                assert_eq!(entry_of(&line), Some(stored.entry.as_slice()));
                writer.push(stored.sequence, &line);
            }
            assert_eq!(writer.is_empty(), count == 0);
            assert_eq!(writer.last(), entries.last().map_or(0, |stored| stored.sequence));
            let written = writer.finish(1 << 40, &space, &head, more);
            let frame = RelayFrame::Page { req: 1 << 40, space, entries, head, more };
            assert_eq!(written, frame.encode());
            assert_eq!(RelayFrame::decode(&written).unwrap(), frame);
        }
    }

    #[test]
    fn a_page_knows_what_it_has_room_for() {
        let mut page = PageWriter::new(1000);
        assert!(page.has_room_for(&[0; 1000]) && !page.has_room_for(&[0; 1001]));
        page.push(1, &[0; 400]);
        assert!(page.has_room_for(&[0; 600]) && !page.has_room_for(&[0; 601]));
    }

    #[test]
    fn what_is_no_line_holds_no_entry() {
        assert_eq!(entry_of(&[]), None);
        assert_eq!(entry_of(&[0x00]), None);
        assert_eq!(entry_of(&line(1, 2, 3, &[7; 50])[..40]), None);
    }
}

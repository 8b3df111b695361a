//! Pages, written down while their entries are read from a log.
//!
//! A relay serves long logs; building every entry as a value first would copy each one twice more. What comes out is
//! byte for byte the canonical form of [`RelayFrame::Page`](crate::RelayFrame::Page).

use minicbor::encode::{Error, Write};
use minicbor::{Encode, Encoder};

use crate::{SignedHead, SpaceId, limits};

/// Variant and fields of `RelayFrame::Page`.
const PAGE: (u32, u64) = (3, 5);
/// More than a page needs besides its entries.
const FRAME: usize = 512;
/// More than an entry needs besides its bytes: three integers and a length.
const LINE: usize = 40;

/// The form of [`Stored`](crate::Stored).
#[derive(Encode)]
#[cbor(map)]
struct Line<'a> {
    #[n(0)]
    sequence: u64,
    #[n(1)]
    received_ms: u64,
    #[n(2)]
    generation: u64,
    #[cbor(n(3), with = "minicbor::bytes")]
    entry: &'a [u8],
}

/// A page that grows entry by entry.
#[derive(Debug, Clone)]
pub struct PageWriter {
    entries: Vec<u8>,
    count: u64,
    last: u64,
    budget: usize,
}

impl PageWriter {
    /// A page of about so many bytes.
    pub fn new(budget: usize) -> Self {
        Self { entries: Vec::with_capacity(budget.min(limits::FRAME)), count: 0, last: 0, budget }
    }

    /// True if the page stays within its budget with this entry, too.
    pub fn has_room_for(&self, entry: &[u8]) -> bool {
        self.entries.len().saturating_add(entry.len()).saturating_add(LINE) <= self.budget
    }

    /// Adds an entry of a log.
    pub fn push(&mut self, sequence: u64, received_ms: u64, generation: u64, entry: &[u8]) {
        let line = Line { sequence, received_ms, generation, entry };
        // Writing into a Vec can't fail.
        let written = minicbor::encode(&line, &mut self.entries);
        debug_assert!(written.is_ok());
        self.count = self.count.saturating_add(1);
        self.last = sequence;
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
    pub fn finish(&self, req: u64, space: &SpaceId, head: &SignedHead, more: bool) -> Vec<u8> {
        let mut frame = Vec::with_capacity(self.entries.len().saturating_add(FRAME));
        let written = self.write(&mut frame, req, space, head, more);
        debug_assert!(written.is_ok());
        frame
    }

    fn write<W: Write>(
        &self,
        frame: &mut W,
        req: u64,
        space: &SpaceId,
        head: &SignedHead,
        more: bool,
    ) -> Result<(), Error<W::Error>> {
        let (variant, fields) = PAGE;
        let mut encoder = Encoder::new(frame);
        encoder.array(2)?.u32(variant)?.array(fields)?.u64(req)?.encode(space)?.array(self.count)?;
        encoder.writer_mut().write_all(&self.entries).map_err(Error::write)?;
        encoder.encode(head)?.bool(more)?;
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
                writer.push(stored.sequence, stored.received_ms, stored.generation, &stored.entry);
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
        assert!(page.has_room_for(&[0; 960]) && !page.has_room_for(&[0; 961]));
        page.push(1, 2, 3, &[0; 400]);
        let (entries, rest) = (page.entries.len(), 1000 - page.entries.len() - LINE);
        assert!((400..400 + LINE).contains(&entries), "an integer and a length never take more");
        assert!(page.has_room_for(&vec![0; rest]) && !page.has_room_for(&vec![0; rest + 1]));
    }
}

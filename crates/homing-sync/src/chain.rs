//! Ids of entries, also of versions this one can't read, and walks along a log's chain.

use homing_wire::{Entry, EntryBody, EntryId, EntryKind, Head, SpaceId, Stored, limits};

use crate::Fault;

/// A map of two, key 0: how every version's encoded entry begins, before the signed body.
const BEFORE: [u8; 2] = [0xa2, 0x00];
/// Key 1, byte string of 64: what follows the body, before the signature.
const BETWEEN: [u8; 3] = [0x01, 0x58, 0x40];
/// Bytes of the signature.
const SIGNATURE: usize = 64;

/// The id of an encoded entry without reading it: the hash of what stands between envelope and signature. It is the
/// same in every version, so an old device can follow the chain over entries that it can only park.
pub fn entry_id(encoded: &[u8]) -> Option<EntryId> {
    if encoded.len() > limits::ENTRY {
        return None;
    }
    let body_and_rest = encoded.strip_prefix(&BEFORE)?;
    let end = body_and_rest.len().checked_sub(SIGNATURE)?;
    let body = body_and_rest.get(..end)?.strip_suffix(&BETWEEN)?;
    (!body.is_empty()).then(|| EntryBody::id_of(body))
}

/// A received entry with what had to be computed to follow the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// Its id.
    pub(crate) id: EntryId,
    /// As received.
    pub(crate) stored: Stored,
}

impl Link {
    /// Takes an entry of this space. One that can be read must belong to it.
    pub(crate) fn check(space: &SpaceId, stored: Stored, ops_only: bool) -> Result<Self, Fault> {
        let id = entry_id(&stored.entry).ok_or(Fault::BadEntry)?;
        if let Ok(entry) = Entry::decode(&stored.entry) {
            let header = entry.header();
            if header.space != *space || (ops_only && header.kind != EntryKind::Op) {
                return Err(Fault::WrongSubject);
            }
        }
        Ok(Self { id, stored })
    }

    /// The head after this entry.
    pub(crate) fn after(&self, head: &Head) -> Head {
        head.next(self.stored.generation, &self.id, self.stored.received_ms)
    }
}

/// Same place, same history. The generation is in the hash.
pub(crate) fn same(a: &Head, b: &Head) -> bool {
    a.sequence == b.sequence && (a.sequence == 0 || a.chain == b.chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use homing_wire::{DeviceId, EntryHeader, Member, PersonId, Salt, Signature};

    fn entry(content: Vec<u8>) -> Entry {
        let person = PersonId([2; 32]);
        Entry {
            body: EntryBody {
                header: EntryHeader {
                    version: 1,
                    space: SpaceId([1; 32]),
                    kind: EntryKind::Data,
                    device: DeviceId([3; 32]),
                    person,
                    written_as: Member::Person(person),
                    dseq: 1,
                    prev: None,
                    op_head: None,
                    rules: 1,
                    epoch: None,
                    salt: Salt([0; 16]),
                    seen: None,
                    nonce: [0; 24],
                },
                content,
            },
            signature: Signature([9; 64]),
        }
    }

    #[test]
    fn the_id_is_that_of_the_decoded_entry() {
        for size in [0, 1, 23, 24, 300, 70_000] {
            let entry = entry(vec![7; size]);
            assert_eq!(entry_id(&entry.encode()), Some(entry.id()));
        }
    }

    #[test]
    fn rubbish_has_no_id() {
        assert_eq!(entry_id(&[]), None);
        assert_eq!(entry_id(&[0xa2, 0x00]), None);
        assert_eq!(entry_id(&[0; 200]), None);
        assert_eq!(entry_id(&vec![0xa2; limits::ENTRY + 1]), None);
    }
}

//! Room promised to chunks that are on their way: requests that come at once share what is left, and none of them passes
//! by a number that another is about to change.
//!
//! In memory only. Whoever was promised room and does not come loses it before long.

use std::collections::{BTreeMap, HashMap};

use homing_wire::{BlobId, PersonId};

/// Milliseconds a chunk may take to come: longer than a request may.
const LIFE_MS: u64 = 15 * 60 * 1000;

/// A chunk of a file.
pub type ChunkId = (BlobId, u64);

#[derive(Debug, Clone, Copy)]
struct Promise {
    bytes: u64,
    until_ms: u64,
}

/// Bytes that were promised besides one chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promised {
    /// To everything this person brings.
    pub of_person: u64,
    /// To the same file.
    pub of_file: u64,
}

/// All promises, by who brings the chunk.
#[derive(Debug, Default)]
pub struct Promises {
    open: HashMap<PersonId, BTreeMap<ChunkId, Promise>>,
}

impl Promises {
    /// What a person was promised for other chunks than this one.
    pub fn besides(&self, person: &PersonId, chunk: &ChunkId, now_ms: u64) -> Promised {
        let mut promised = Promised::default();
        for (other, promise) in self.open.get(person).into_iter().flatten() {
            if other == chunk || promise.until_ms <= now_ms {
                continue;
            }
            promised.of_person = promised.of_person.saturating_add(promise.bytes);
            if other.0 == chunk.0 {
                promised.of_file = promised.of_file.saturating_add(promise.bytes);
            }
        }
        promised
    }

    /// Promises room for a chunk.
    pub fn make(&mut self, person: &PersonId, chunk: ChunkId, bytes: u64, now_ms: u64) {
        let promise = Promise { bytes, until_ms: now_ms.saturating_add(LIFE_MS) };
        self.open.entry(*person).or_default().insert(chunk, promise);
    }

    /// The chunk came, or does not come.
    pub fn end(&mut self, person: &PersonId, chunk: &ChunkId) {
        if let Some(open) = self.open.get_mut(person) {
            open.remove(chunk);
            if open.is_empty() {
                self.open.remove(person);
            }
        }
    }

    /// Forgets what is past its time.
    pub fn sweep(&mut self, now_ms: u64) {
        self.open.retain(|_, open| {
            open.retain(|_, promise| promise.until_ms > now_ms);
            !open.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_counts_until_it_came_or_is_late() {
        let (ada, ben) = (PersonId([1; 32]), PersonId([2; 32]));
        let (one, two) = (BlobId([1; 32]), BlobId([2; 32]));
        let mut promises = Promises::default();
        promises.make(&ada, (one, 0), 10, 0);
        promises.make(&ada, (one, 1), 20, 0);
        promises.make(&ada, (two, 0), 40, 1);
        assert_eq!(promises.besides(&ada, &(one, 0), 1), Promised { of_person: 60, of_file: 20 });
        assert_eq!(promises.besides(&ben, &(one, 0), 1), Promised::default());
        // The same chunk once more is the same chunk.
        promises.make(&ada, (one, 1), 20, 0);
        promises.end(&ada, &(one, 0));
        assert_eq!(promises.besides(&ada, &(one, 0), 1), Promised { of_person: 60, of_file: 20 });
        assert_eq!(promises.besides(&ada, &(one, 0), LIFE_MS), Promised { of_person: 40, of_file: 0 });
        promises.sweep(LIFE_MS + 1);
        assert!(promises.open.is_empty());
    }
}

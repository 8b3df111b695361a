//! The value of a document with flat root keys, as automerge defines it.
//!
//! A key's values are all writes to it that no other write replaced, the greatest op id first: that one is
//! shown, the others are its conflicts. Patches would differ between devices; this doesn't.

use std::collections::{HashMap, HashSet};

use crate::{ChangeInfo, OpId, Value, WriteOp};

/// A value of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate<'a> {
    /// The write that put it.
    pub id: OpId,
    /// The value.
    pub value: &'a Value,
}

/// All values of all keys.
#[derive(Clone, Debug, Default)]
pub struct Registers<'a>(HashMap<&'a str, Vec<Candidate<'a>>>);

impl<'a> Registers<'a> {
    /// Folds accepted changes, in any order.
    pub fn of(changes: &'a [ChangeInfo]) -> Self {
        let mut replaced: HashSet<(&str, OpId)> = HashSet::new();
        for write in changes.iter().flat_map(|change| &change.writes) {
            replaced.extend(write.replaces.iter().map(|id| (write.key.as_str(), *id)));
        }
        let mut keys: HashMap<&str, Vec<Candidate<'_>>> = HashMap::new();
        for (id, write) in changes.iter().flat_map(ChangeInfo::numbered) {
            if let WriteOp::Put(value) = &write.op
                && !replaced.contains(&(write.key.as_str(), id))
            {
                keys.entry(&write.key).or_default().push(Candidate { id, value });
            }
        }
        for candidates in keys.values_mut() {
            candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.id));
            candidates.dedup_by(|a, b| a.id == b.id);
        }
        Self(keys)
    }

    /// All values of a key, the shown one first.
    pub fn all(&self, key: &str) -> &[Candidate<'a>] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// The shown value of a key.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.all(key).first().map(|candidate| candidate.value)
    }

    /// The keys that have a value, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

//! The states that were used last, so that memory follows what is active and not what exists.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// A map that forgets what was not used for longest.
#[derive(Debug)]
pub struct Cache<K, V> {
    values: HashMap<K, (V, u64)>,
    order: BTreeMap<u64, K>,
    clock: u64,
    room: usize,
}

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    /// Keeps this many values after each [`Cache::trim`].
    pub fn new(room: usize) -> Self {
        Self { values: HashMap::new(), order: BTreeMap::new(), clock: 0, room }
    }

    /// A value, which counts as a use.
    pub fn get(&mut self, key: &K) -> Option<&mut V> {
        let (value, used) = self.values.get_mut(key)?;
        self.clock = self.clock.wrapping_add(1);
        self.order.remove(used);
        *used = self.clock;
        self.order.insert(self.clock, *key);
        Some(value)
    }

    /// A value, without counting as a use.
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|(value, _)| value)
    }

    /// Adds or replaces a value. Nothing is forgotten before the next [`Cache::trim`].
    pub fn put(&mut self, key: K, value: V) {
        self.clock = self.clock.wrapping_add(1);
        if let Some((_, used)) = self.values.insert(key, (value, self.clock)) {
            self.order.remove(&used);
        }
        self.order.insert(self.clock, key);
    }

    /// Forgets what is too many.
    pub fn trim(&mut self) {
        while self.values.len() > self.room {
            let Some((_, key)) = self.order.pop_first() else { return };
            self.values.remove(&key);
        }
    }

    /// Values held.
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_was_used_longest_ago() {
        let mut cache = Cache::new(2);
        for key in 1..=3 {
            cache.put(key, key * 10);
        }
        assert_eq!(cache.get(&1), Some(&mut 10));
        cache.trim();
        assert_eq!((cache.peek(&1), cache.peek(&2), cache.peek(&3)), (Some(&10), None, Some(&30)));
        assert_eq!(cache.len(), 2);
        cache.put(3, 31);
        cache.put(4, 40);
        cache.trim();
        assert_eq!((cache.peek(&1), cache.peek(&3), cache.peek(&4)), (None, Some(&31), Some(&40)));
    }
}

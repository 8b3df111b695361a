//! Sets of numbers kept as intervals: which entries of a device were delivered or read.
//!
//! Receipts say exactly what was stored or shown, never "everything up to", because entries can be parked,
//! scheduled or late; merging two devices' receipts is a union.

/// A set of `u64` as sorted, disjoint, non-adjacent intervals, both ends inclusive.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IntervalSet {
    runs: Vec<(u64, u64)>,
}

/// Intervals one set may have; more is refused when decoding.
pub const MAX_RUNS: usize = 8192;

impl IntervalSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of one interval (empty if `first > last`).
    pub fn of(first: u64, last: u64) -> Self {
        let mut set = Self::new();
        set.insert(first, last);
        set
    }

    /// The intervals, rising.
    pub fn runs(&self) -> &[(u64, u64)] {
        &self.runs
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many numbers are in it.
    pub fn count(&self) -> u64 {
        self.runs.iter().fold(0, |sum, (first, last)| sum.saturating_add((last - first).saturating_add(1)))
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.runs.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|i| self.runs.get(i)).is_some_and(|(_, last)| number <= *last)
    }

    /// Adds all numbers from `first` to `last`.
    pub fn insert(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        // Runs that touch or overlap the new one are replaced by it.
        let from = self.runs.partition_point(|run| run.1.saturating_add(1) < first);
        let to = self.runs.partition_point(|run| run.0 <= last.saturating_add(1));
        let (mut low, mut high) = (first, last);
        for run in self.runs.get(from..to).unwrap_or(&[]) {
            low = low.min(run.0);
            high = high.max(run.1);
        }
        self.runs.splice(from..to.max(from), [(low, high)]);
    }

    /// Adds everything of another set.
    pub fn union(&mut self, other: &Self) {
        for (first, last) in &other.runs {
            self.insert(*first, *last);
        }
    }

    /// What is in this set but not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        let mut runs = Vec::new();
        for (first, last) in &self.runs {
            let mut low = *first;
            let mut open = true;
            let from = other.runs.partition_point(|run| run.1 < low);
            for run in other.runs.get(from..).unwrap_or(&[]) {
                if run.0 > *last {
                    break;
                }
                if run.0 > low {
                    runs.push((low, run.0 - 1));
                }
                match run.1.checked_add(1) {
                    Some(next) if next <= *last => low = next,
                    _ => {
                        open = false;
                        break;
                    }
                }
            }
            if open {
                runs.push((low, *last));
            }
        }
        Self { runs }
    }

    /// Compact form: LEB128 distances, from the previous interval's end and within each interval.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.runs.len() * 3);
        let mut at = 0;
        for (first, last) in &self.runs {
            push(&mut out, first - at);
            push(&mut out, last - first);
            at = *last;
        }
        out
    }

    /// Reads the compact form; none if it is not one that [`IntervalSet::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        let mut rest = bytes;
        let mut at: u64 = 0;
        while !rest.is_empty() {
            let distance = pull(&mut rest)?;
            let length = pull(&mut rest)?;
            // Two intervals with less than one number between them would be one.
            if runs.len() >= MAX_RUNS || (!runs.is_empty() && distance < 2) {
                return None;
            }
            let first = at.checked_add(distance)?;
            at = first.checked_add(length)?;
            runs.push((first, at));
        }
        Some(Self { runs })
    }
}

fn push(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn pull(rest: &mut &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            // A trailing zero byte would be a second form of the same number.
            return if *byte == 0 && shift > 0 { None } else { Some(value) };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn build(pairs: &[(u64, u64)]) -> (IntervalSet, BTreeSet<u64>) {
        let mut set = IntervalSet::new();
        let mut plain = BTreeSet::new();
        for (first, length) in pairs {
            set.insert(*first, first + length);
            plain.extend(*first..=first + length);
        }
        (set, plain)
    }

    fn members(set: &IntervalSet) -> BTreeSet<u64> {
        set.runs().iter().flat_map(|(first, last)| *first..=*last).collect()
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(a in prop::collection::vec((0u64..200, 0u64..12), 0..20),
                              b in prop::collection::vec((0u64..200, 0u64..12), 0..20)) {
            let (mut x, px) = build(&a);
            let (y, py) = build(&b);
            prop_assert_eq!(members(&x), px.clone());
            prop_assert_eq!(x.count(), px.len() as u64);
            for number in 0..220 {
                prop_assert_eq!(x.contains(number), px.contains(&number));
            }
            prop_assert!(x.runs().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            prop_assert_eq!(members(&x.difference(&y)), px.difference(&py).copied().collect());
            x.union(&y);
            prop_assert_eq!(members(&x), px.union(&py).copied().collect());
        }

        #[test]
        fn one_form(a in prop::collection::vec((any::<u64>(), 0u64..1000), 0..20)) {
            let mut set = IntervalSet::new();
            for (first, length) in a {
                set.insert(first, first.saturating_add(length));
            }
            prop_assert_eq!(IntervalSet::decode(&set.encode()), Some(set));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(set) = IntervalSet::decode(&bytes) {
                prop_assert_eq!(set.encode(), bytes);
            }
        }
    }

    #[test]
    fn reaches_both_ends() {
        let mut set = IntervalSet::of(0, 0);
        set.insert(u64::MAX, u64::MAX);
        assert!(set.contains(0) && set.contains(u64::MAX) && !set.contains(1));
        assert_eq!(IntervalSet::of(0, u64::MAX).difference(&set), IntervalSet::of(1, u64::MAX - 1));
        set.insert(3, 2);
        assert_eq!(set.runs().len(), 2);
    }
}

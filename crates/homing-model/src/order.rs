//! Orders changes that arrived in any order, and settles two changes with one place.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{Actor, ChangeHash, ChangeInfo};

/// Changes in an order in which each follows what it was made on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Folded {
    /// The same order for the same set, however it arrived.
    pub ordered: Vec<ChangeInfo>,
    /// Changes with something missing before them. automerge would keep them silently; here they are visible.
    pub orphans: Vec<ChangeInfo>,
}

/// Orders a set of changes; copies are dropped.
pub fn fold(changes: impl IntoIterator<Item = ChangeInfo>) -> Folded {
    let mut waiting: BTreeMap<ChangeHash, ChangeInfo> = BTreeMap::new();
    for change in changes {
        waiting.entry(change.hash).or_insert(change);
    }
    let mut followers: HashMap<ChangeHash, Vec<ChangeHash>> = HashMap::new();
    let mut missing: HashMap<ChangeHash, usize> = HashMap::new();
    let mut ready = BTreeSet::new();
    for (hash, change) in &waiting {
        for dep in &change.deps {
            followers.entry(*dep).or_default().push(*hash);
        }
        missing.insert(*hash, change.deps.len());
        if change.deps.is_empty() {
            ready.insert((change.start_op, *hash));
        }
    }
    let mut folded = Folded::default();
    while let Some((_, hash)) = ready.pop_first() {
        for follower in followers.get(&hash).into_iter().flatten() {
            if let (Some(count), Some(change)) = (missing.get_mut(follower), waiting.get(follower)) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.insert((change.start_op, *follower));
                }
            }
        }
        folded.ordered.extend(waiting.remove(&hash));
    }
    folded.orphans = waiting.into_values().collect();
    folded
}

/// What stays when changes claim one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resolved {
    /// The changes that stay, in the order given.
    pub kept: Vec<ChangeHash>,
    /// The changes that go: losers, and everything made on them.
    pub dropped: Vec<ChangeHash>,
}

/// Settles changes of one document with one (actor, sequence).
///
/// The caller gives the changes in order of priority: the earlier in their author's `prev` chain first, then the
/// lower id. Arrival never decides. What was made on a loser goes with it.
pub fn resolve_duplicates(by_priority: &[ChangeInfo]) -> Resolved {
    let mut places: HashSet<(Actor, u64)> = HashSet::new();
    let mut seen: HashSet<ChangeHash> = HashSet::new();
    let mut dropped: HashSet<ChangeHash> = HashSet::new();
    for change in by_priority {
        if seen.insert(change.hash) && !places.insert((change.actor, change.seq)) {
            dropped.insert(change.hash);
        }
    }
    loop {
        let before = dropped.len();
        for change in by_priority {
            if change.deps.iter().any(|dep| dropped.contains(dep)) {
                dropped.insert(change.hash);
            }
        }
        if dropped.len() == before {
            break;
        }
    }
    let mut resolved = Resolved::default();
    for change in by_priority {
        if seen.remove(&change.hash) {
            let list =
                if dropped.contains(&change.hash) { &mut resolved.dropped } else { &mut resolved.kept };
            list.push(change.hash);
        }
    }
    resolved
}

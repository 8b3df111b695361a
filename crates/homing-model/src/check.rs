//! Where a change stands in its document, decided before anything is applied.
//!
//! automerge keeps a change with missing dependencies in a silent queue, takes another's actor without a word and
//! can be led to overflow by a forged op counter. So a change is let through only if its place follows from
//! the accepted changes. What is merely missing parks a change and never refuses it: pages arrive newest first.

use std::collections::{HashMap, HashSet};

use crate::{Actor, ChangeHash, ChangeInfo};

/// What is known about a document.
#[derive(Clone, Copy, Debug, Default)]
pub struct DocState<'a> {
    /// Its accepted changes, in any order.
    pub accepted: &'a [ChangeInfo],
    /// Changes of it that were refused for good.
    pub refused: &'a [ChangeHash],
}

/// Where a change stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// It can be judged and applied now.
    Ok,
    /// It is among the accepted changes already.
    Known,
    /// Something is missing that may still come.
    Park(Waiting),
    /// Another accepted change has its actor and sequence. Which of the two stays is decided by their order in the
    /// author's own chain, see [`crate::resolve_duplicates`]; then the document is folded anew.
    Duplicate {
        /// The accepted one.
        with: ChangeHash,
    },
    /// It can never be accepted.
    Refuse(RefuseCheck),
}

/// What a parked change waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// The document's first change.
    First,
    /// The author's change before it.
    Predecessor,
    /// These changes.
    Dependencies(Vec<ChangeHash>),
}

/// Why a change can never be accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RefuseCheck {
    /// The signer's device and salt give another actor.
    #[error("its actor is not its signer's")]
    ForeignActor,
    /// It was made on a change that was refused.
    #[error("it depends on a refused change")]
    DependsOnRefused,
    /// It begins the document although its author was there already.
    #[error("its author begins the document twice")]
    SecondFirst,
    /// It does not follow its author's previous change.
    #[error("it does not follow its author's previous change")]
    NotAfterPredecessor,
    /// Its op counter does not follow from its dependencies.
    #[error("its op counter does not follow from its dependencies")]
    StartOp,
    /// It replaces writes that its author could not see, or of another key.
    #[error("it replaces what its author could not see")]
    Replaces,
}

impl RefuseCheck {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ForeignActor => "foreign_actor",
            Self::DependsOnRefused => "depends_on_refused",
            Self::SecondFirst => "second_first",
            Self::NotAfterPredecessor => "not_after_predecessor",
            Self::StartOp => "start_op",
            Self::Replaces => "replaces_unseen",
        }
    }
}

/// Places a change. `expected` is the actor of the entry's device and salt.
pub fn check(info: &ChangeInfo, state: DocState<'_>, expected: &Actor) -> Check {
    if info.actor != *expected {
        return Check::Refuse(RefuseCheck::ForeignActor);
    }
    let mut own = None;
    for known in state.accepted.iter().filter(|known| known.actor == info.actor) {
        if known.hash == info.hash {
            return Check::Known;
        }
        if known.seq == info.seq {
            return Check::Duplicate { with: known.hash };
        }
        if known.seq + 1 == info.seq {
            own = Some(known.hash);
        }
    }
    if info.deps.iter().any(|dep| state.refused.contains(dep)) {
        return Check::Refuse(RefuseCheck::DependsOnRefused);
    }
    if info.is_first() {
        return match (info.seq, info.start_op) {
            (1, 1) if replaces_nothing(info) => Check::Ok,
            (1, 1) => Check::Refuse(RefuseCheck::Replaces),
            (1, _) => Check::Refuse(RefuseCheck::StartOp),
            _ => Check::Refuse(RefuseCheck::SecondFirst),
        };
    }
    if state.accepted.is_empty() {
        return Check::Park(Waiting::First);
    }
    let by_hash: HashMap<ChangeHash, &ChangeInfo> =
        state.accepted.iter().map(|known| (known.hash, known)).collect();
    let missing: Vec<_> = info.deps.iter().filter(|dep| !by_hash.contains_key(dep)).copied().collect();
    if !missing.is_empty() {
        return Check::Park(Waiting::Dependencies(missing));
    }
    if info.seq > 1 && own.is_none() {
        return Check::Park(Waiting::Predecessor);
    }
    let seen = ancestors(&info.deps, &by_hash);
    let follows_own = match own {
        Some(hash) => seen.contains_key(&hash),
        None => !state.accepted.iter().any(|known| known.actor == info.actor),
    };
    if !follows_own {
        return Check::Refuse(RefuseCheck::NotAfterPredecessor);
    }
    let after = seen.values().map(|known| known.max_op()).max().unwrap_or(0) + 1;
    if info.start_op != after {
        return Check::Refuse(RefuseCheck::StartOp);
    }
    if !info.unknown_form && !replaces_seen(info, seen.values().copied()) {
        return Check::Refuse(RefuseCheck::Replaces);
    }
    Check::Ok
}

fn ancestors<'a>(
    deps: &[ChangeHash],
    by_hash: &HashMap<ChangeHash, &'a ChangeInfo>,
) -> HashMap<ChangeHash, &'a ChangeInfo> {
    let mut seen = HashMap::new();
    let mut open = deps.to_vec();
    while let Some(hash) = open.pop() {
        if let Some(known) = by_hash.get(&hash)
            && seen.insert(hash, *known).is_none()
        {
            open.extend_from_slice(&known.deps);
        }
    }
    seen
}

fn replaces_nothing(info: &ChangeInfo) -> bool {
    info.writes.iter().all(|write| write.replaces.is_empty())
}

fn replaces_seen<'a>(info: &ChangeInfo, seen: impl Iterator<Item = &'a ChangeInfo>) -> bool {
    if replaces_nothing(info) {
        return true;
    }
    let visible: HashSet<_> =
        seen.flat_map(|known| known.numbered().map(|(id, write)| (id, write.key.as_str()))).collect();
    info.writes
        .iter()
        .all(|write| write.replaces.iter().all(|id| visible.contains(&(*id, write.key.as_str()))))
}

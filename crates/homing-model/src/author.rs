//! Makes changes out of edits.
//!
//! A change is written straight from the accepted and pending changes of its document, in automerge's encoding
//! and with the place automerge would give it; no document is built. The same inputs give the same bytes.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::change::{Draft, write};
use crate::edit::Needs;
use crate::rules::key;
use crate::{
    Actor, ChangeHash, ChangeInfo, Edit, ModelError, OpId, Preimage, Registers, Value, Write, WriteOp, fold,
    inspect, limits,
};

/// A change made here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewChange {
    /// What goes into the entry.
    pub bytes: Vec<u8>,
    /// Its name.
    pub hash: ChangeHash,
    /// The changes it was made on.
    pub deps: Vec<ChangeHash>,
    /// Its number among the actor's changes of the document.
    pub seq: u64,
    /// The same, inspected, so that it can be projected without reading it again.
    pub info: ChangeInfo,
}

/// Makes the change that carries out an edit on a document with these changes (none: it is begun).
pub fn author<B: AsRef<[u8]>>(
    existing: &[B],
    actor: Actor,
    preimage: &Preimage,
    edit: &Edit,
) -> Result<NewChange, ModelError> {
    let infos = existing.iter().map(|bytes| inspect(bytes.as_ref())).collect::<Result<Vec<_>, _>>()?;
    author_from(infos, actor, preimage, edit)
}

/// [`author`] on changes that were inspected already.
pub fn author_from(
    existing: impl IntoIterator<Item = ChangeInfo>,
    actor: Actor,
    preimage: &Preimage,
    edit: &Edit,
) -> Result<NewChange, ModelError> {
    let folded = fold(existing);
    // Going on beside a gap could use a sequence twice.
    if !folded.orphans.is_empty() {
        return Err(ModelError::Document);
    }
    let existing = folded.ordered;
    let plan = edit.plan()?;
    if plan.kind != preimage.kind() {
        return Err(ModelError::WrongKind);
    }
    match (plan.needs, existing.is_empty()) {
        (Needs::Fresh, false) => return Err(ModelError::Exists),
        (Needs::Existing, true) => return Err(ModelError::Missing),
        _ => {}
    }
    let registers = Registers::of(&existing);
    let unchanged = |(name, value): &(Cow<'static, str>, Value)| matches!(registers.all(name), [only] if only.value == value);
    if !plan.puts.is_empty() && plan.puts.iter().all(unchanged) {
        return Err(ModelError::Unchanged);
    }
    let begin = existing.is_empty().then(|| (key::ID.into(), Value::Bytes(preimage.encode())));
    let writes = begin
        .into_iter()
        .chain(plan.puts)
        .map(|(name, value)| Write {
            replaces: registers.all(&name).iter().map(|candidate| candidate.id).collect::<Vec<OpId>>(),
            key: name.into_owned(),
            op: WriteOp::Put(value),
        })
        .collect::<Vec<_>>();
    let deps = heads(&existing);
    if deps.len() > limits::DEPS {
        return Err(ModelError::Limit("dependencies"));
    }
    let own = existing.iter().filter(|change| change.actor == actor).map(|change| change.seq).max();
    let seq = own.unwrap_or(0) + 1;
    let start_op = existing.iter().map(ChangeInfo::max_op).max().unwrap_or(0) + 1;
    let written = write(&Draft { actor, seq, start_op, deps: &deps, writes: &writes });
    // Limits and forms are checked in one place only, also for what is made here.
    let info = inspect(&written.bytes)?;
    Ok(NewChange { bytes: written.bytes, hash: written.hash, deps, seq, info })
}

fn heads(changes: &[ChangeInfo]) -> Vec<ChangeHash> {
    let followed: HashSet<_> = changes.iter().flat_map(|change| &change.deps).collect();
    let mut heads: Vec<_> =
        changes.iter().map(|change| change.hash).filter(|hash| !followed.contains(hash)).collect();
    heads.sort_unstable();
    heads
}

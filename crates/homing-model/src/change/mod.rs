//! A change as this crate understands it, read from bytes that anybody may have written.

mod column;
mod reader;
mod writer;

pub use reader::inspect;
pub(crate) use writer::{Draft, write};

use crate::{Actor, ChangeHash, Preimage};

/// Names one write: greater ones win. The order is automerge's: counter first, then actor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId {
    /// Place in the document's history.
    pub counter: u64,
    /// Who wrote it.
    pub actor: Actor,
}

/// A value under a root key. Other scalars of automerge are forms this version does not know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// A flag.
    Bool(bool),
    /// A number that can't be negative.
    Uint(u64),
    /// A number.
    Int(i64),
    /// Text that is written as a whole.
    Str(String),
    /// Bytes, often canonical CBOR.
    Bytes(Vec<u8>),
}

/// What a write does to its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WriteOp {
    /// Sets it.
    Put(Value),
    /// Removes what it replaces.
    Delete,
}

/// A write to a root key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The root key.
    pub key: String,
    /// What it does.
    pub op: WriteOp,
    /// The writes it replaces.
    pub replaces: Vec<OpId>,
}

/// A change whose form was checked. Nothing is known yet about its place, its author or its right to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeInfo {
    /// Its name.
    pub hash: ChangeHash,
    /// Who wrote it.
    pub actor: Actor,
    /// Its number among the actor's changes of this document, from 1.
    pub seq: u64,
    /// Counter of its first op.
    pub start_op: u64,
    /// The changes it was made on.
    pub deps: Vec<ChangeHash>,
    /// Number of ops, at least 1.
    pub ops: u64,
    /// Its writes, in order. Empty if the form is unknown.
    pub writes: Vec<Write>,
    /// It holds something this version can't read (nested objects, text, counters): kept, not judged.
    pub unknown_form: bool,
    /// What the document's id is cut from; in first changes.
    pub preimage: Option<Preimage>,
}

impl ChangeInfo {
    /// Counter of its last op.
    pub fn max_op(&self) -> u64 {
        self.start_op.saturating_add(self.ops.saturating_sub(1))
    }

    /// Made on nothing: begins a document.
    pub fn is_first(&self) -> bool {
        self.deps.is_empty()
    }

    /// Its writes with their names.
    pub fn numbered(&self) -> impl Iterator<Item = (OpId, &Write)> {
        (self.start_op..)
            .zip(&self.writes)
            .map(|(counter, write)| (OpId { counter, actor: self.actor }, write))
    }

    /// The value it puts under a key.
    pub fn put(&self, key: &str) -> Option<&Value> {
        self.writes.iter().find_map(|write| match &write.op {
            WriteOp::Put(value) if write.key == key => Some(value),
            _ => None,
        })
    }

    /// The root keys it touches, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.writes.iter().map(|write| write.key.as_str())
    }
}

//! A change as this crate understands it, read from bytes that anybody may have written.

mod column;
mod reader;
mod writer;

pub use reader::inspect;
pub(crate) use writer::{Draft, write};

use homing_wire::codec;
use minicbor::{CborLen, Decode, Encode};

use crate::rules::key;
use crate::{Actor, ChangeHash, MessageContent, ModelError, Preimage, limits};

/// Names one write: greater ones win. The order is automerge's: counter first, then actor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
pub struct OpId {
    /// Place in the document's history.
    #[n(0)]
    pub counter: u64,
    /// Who wrote it.
    #[n(1)]
    pub actor: Actor,
}

/// A value under a root key. Other scalars of automerge are forms this version does not know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
pub enum Value {
    /// Nothing.
    #[n(0)]
    Null,
    /// A flag.
    #[n(1)]
    Bool(#[n(0)] bool),
    /// A number that can't be negative.
    #[n(2)]
    Uint(#[n(0)] u64),
    /// A number.
    #[n(3)]
    Int(#[n(0)] i64),
    /// Text that is written as a whole.
    #[n(4)]
    Str(#[n(0)] String),
    /// Bytes, often canonical CBOR.
    #[n(5)]
    Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
}

/// What a write does to its key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum WriteOp {
    /// Sets it.
    #[n(0)]
    Put(#[n(0)] Value),
    /// Removes what it replaces.
    #[n(1)]
    Delete,
}

/// A write to a root key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub struct Write {
    /// The root key.
    #[n(0)]
    pub key: String,
    /// What it does.
    #[n(1)]
    pub op: WriteOp,
    /// The writes it replaces.
    #[n(2)]
    pub replaces: Vec<OpId>,
}

/// A change whose form was checked. Nothing is known yet about its place, its author or its right to be.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct ChangeInfo {
    /// Its name.
    #[n(0)]
    pub hash: ChangeHash,
    /// Who wrote it.
    #[n(1)]
    pub actor: Actor,
    /// Its number among the actor's changes of this document, from 1.
    #[n(2)]
    pub seq: u64,
    /// Counter of its first op.
    #[n(3)]
    pub start_op: u64,
    /// The changes it was made on.
    #[n(4)]
    pub deps: Vec<ChangeHash>,
    /// Number of ops, at least 1.
    #[n(5)]
    pub ops: u64,
    /// Its writes, in order. Empty if the form is unknown.
    #[n(6)]
    pub writes: Vec<Write>,
    /// It holds something this version can't read (nested objects, text, counters): kept, not judged.
    #[n(7)]
    pub unknown_form: bool,
    /// What the document's id is cut from; in first changes.
    #[n(8)]
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

    /// The form it is stored in when its bytes may not be kept, see [`ChangeInfo::redact`].
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        codec::decode("change", bytes, 2 * limits::CHANGE).map_err(|_| ModelError::Malformed("stored change"))
    }

    /// Takes text and files out of a message's change: once a message is deleted for everyone they leave the
    /// device. What is left still carries hash, place and keys, so later changes can be checked, folded and
    /// authored on it; it can't be turned into bytes again.
    pub fn redact(&mut self) {
        for write in &mut self.writes {
            if let WriteOp::Put(Value::Bytes(bytes)) = &mut write.op {
                match write.key.as_str() {
                    key::CONTENT => *bytes = MessageContent::redacted(bytes),
                    key::EDITED => bytes.clear(),
                    _ => {}
                }
            }
        }
    }
}

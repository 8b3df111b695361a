//! Writes changes, in automerge's own encoding, without building a document.

use std::num::NonZeroU64;

use automerge::legacy::{self, Key, ObjectId, OpType};
use automerge::{ActorId, Change, ExpandedChange, ScalarValue};

use super::{OpId, Value, Write, WriteOp};
use crate::{Actor, ChangeHash};

/// What a change is written from.
pub(crate) struct Draft<'a> {
    pub(crate) actor: Actor,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) deps: &'a [ChangeHash],
    pub(crate) writes: &'a [Write],
}

/// A written change.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: ChangeHash,
}

/// Encodes a change; the same draft gives the same bytes.
pub(crate) fn write(draft: &Draft<'_>) -> Written {
    let change = Change::from(ExpandedChange {
        operations: draft.writes.iter().map(operation).collect(),
        actor_id: actor_id(&draft.actor),
        hash: None,
        seq: draft.seq,
        start_op: NonZeroU64::new(draft.start_op).unwrap_or(NonZeroU64::MIN),
        time: 0,
        message: None,
        deps: draft.deps.iter().map(|dep| automerge::ChangeHash(dep.0)).collect(),
        extra_bytes: Vec::new(),
        author: None,
    });
    Written { bytes: change.raw_bytes().to_vec(), hash: ChangeHash(change.hash().0) }
}

fn actor_id(actor: &Actor) -> ActorId {
    ActorId::from(actor.0)
}

fn operation(write: &Write) -> legacy::Op {
    legacy::Op {
        action: match &write.op {
            WriteOp::Put(value) => OpType::Put(scalar(value)),
            WriteOp::Delete => OpType::Delete,
        },
        obj: ObjectId::Root,
        key: Key::from(write.key.as_str()),
        pred: write
            .replaces
            .iter()
            .map(|OpId { counter, actor }| legacy::OpId(*counter, actor_id(actor)))
            .collect(),
        insert: false,
    }
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(value) => ScalarValue::Boolean(*value),
        Value::Uint(value) => ScalarValue::Uint(*value),
        Value::Int(value) => ScalarValue::Int(*value),
        Value::Str(value) => ScalarValue::Str(value.as_str().into()),
        Value::Bytes(value) => ScalarValue::Bytes(value.clone()),
    }
}

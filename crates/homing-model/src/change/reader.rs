//! The strict reader of change chunks.
//!
//! It reads automerge's published binary format and takes exactly one form of it: uncompressed, with the hash
//! it claims, no message, no time, no trailing bytes, and, for the writes this version knows, identical byte
//! for byte to what automerge itself writes for them. What is well formed but holds more than flat root keys is
//! marked `unknown_form` and never reaches automerge.

use sha2::{Digest, Sha256};

use super::column::{Bytes, any_flag, deltas, runs, text};
use super::writer::{Draft, write};
use super::{ChangeInfo, OpId, Value, Write, WriteOp};
use crate::rules::key;
use crate::{Actor, ChangeHash, ModelError, Preimage, limits};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;
const COLUMNS: usize = 64;

/// Column numbers of automerge's format: id * 16 + type.
mod spec {
    pub(super) const OBJECTS: [u64; 2] = [1, 2];
    pub(super) const ELEMENTS: [u64; 2] = [17, 19];
    pub(super) const KEY: u64 = 21;
    pub(super) const INSERT: u64 = 52;
    pub(super) const ACTION: u64 = 66;
    pub(super) const VALUE_META: u64 = 86;
    pub(super) const VALUE: u64 = 87;
    pub(super) const PRED_COUNT: u64 = 112;
    pub(super) const PRED_ACTOR: u64 = 113;
    pub(super) const PRED_COUNTER: u64 = 115;
    pub(super) const DEFLATE: u64 = 8;
}

const PUT: u64 = 1;
const DELETE: u64 = 3;

/// Reads a change and checks everything that can be told from its bytes alone.
pub fn inspect(bytes: &[u8]) -> Result<ChangeInfo, ModelError> {
    if bytes.len() > limits::CHANGE {
        return Err(ModelError::Limit("change"));
    }
    let (hash, body) = open_chunk(bytes)?;
    let mut input = Bytes::new(body);
    let deps = read_deps(&mut input)?;
    let actor = read_actor(&mut input)?;
    let seq = input.uint()?;
    let start_op = input.uint()?;
    let time = input.int()?;
    let has_message = !input.str(limits::CHANGE)?.is_empty();
    let mut actors = vec![actor];
    for _ in 0..input.len(limits::ACTORS, "actors")? {
        actors.push(read_actor(&mut input)?);
    }
    let columns = Columns::read(&mut input)?;
    let ops = columns.actions.len() as u64;
    if ops == 0 {
        return Err(ModelError::Malformed("empty change"));
    }
    let in_range = |counter: u64| (1..limits::COUNTER).contains(&counter);
    if !in_range(start_op) || !in_range(seq) || !in_range(start_op.saturating_add(ops)) {
        return Err(ModelError::Limit("counter"));
    }
    let mut info = ChangeInfo {
        hash,
        actor,
        seq,
        start_op,
        deps,
        ops,
        writes: Vec::new(),
        unknown_form: true,
        preimage: None,
    };
    let plain = time == 0 && !has_message && input.is_empty();
    if let Some(writes) = if plain { columns.writes(&actors)? } else { None } {
        let again = write(&Draft { actor, seq, start_op, deps: &info.deps, writes: &writes });
        if again.bytes != bytes || again.hash != hash {
            return Err(ModelError::Malformed("form"));
        }
        info.writes = writes;
        info.unknown_form = false;
        info.preimage = read_preimage(&info)?;
    }
    Ok(info)
}

/// Splits a chunk, checking that its hash is the hash of its bytes. automerge itself does not.
fn open_chunk(bytes: &[u8]) -> Result<(ChangeHash, &[u8]), ModelError> {
    let mut input = Bytes::new(bytes);
    if input.array()? != MAGIC {
        return Err(ModelError::Malformed("magic"));
    }
    let checksum: [u8; 4] = input.array()?;
    let hashed = input.rest();
    let [chunk] = input.array()?;
    // Compressed chunks are refused whole: the entry around a change is compressed already.
    if chunk != CHANGE {
        return Err(ModelError::Malformed("chunk type"));
    }
    let len = input.len(limits::CHANGE, "change")?;
    if len != input.rest().len() {
        return Err(ModelError::Malformed("length"));
    }
    let hash: [u8; 32] = Sha256::digest(hashed).into();
    if !hash.starts_with(&checksum) {
        return Err(ModelError::HashMismatch);
    }
    Ok((ChangeHash(hash), input.rest()))
}

fn read_deps(input: &mut Bytes<'_>) -> Result<Vec<ChangeHash>, ModelError> {
    let count = input.len(limits::DEPS, "dependencies")?;
    let mut deps: Vec<ChangeHash> = Vec::with_capacity(count.min(8));
    for _ in 0..count {
        let dep = ChangeHash(input.array()?);
        if deps.last().is_some_and(|last| *last >= dep) {
            return Err(ModelError::Malformed("dependencies"));
        }
        deps.push(dep);
    }
    Ok(deps)
}

fn read_actor(input: &mut Bytes<'_>) -> Result<Actor, ModelError> {
    match input.len(64, "actor")? {
        16 => input.array().map(Actor),
        _ => Err(ModelError::Malformed("actor")),
    }
}

/// A first change names its document; no other may.
fn read_preimage(info: &ChangeInfo) -> Result<Option<Preimage>, ModelError> {
    let named = info.keys().any(|written| written == key::ID);
    match (info.is_first(), info.put(key::ID)) {
        (true, Some(Value::Bytes(bytes))) => {
            Preimage::decode(bytes).map(Some).map_err(|_| ModelError::Malformed("preimage"))
        }
        (false, None) if !named => Ok(None),
        _ => Err(ModelError::Malformed("preimage")),
    }
}

/// The op columns of a change, not yet put together.
struct Columns<'a> {
    actions: Vec<u64>,
    /// Objects, list elements, inserts or columns of a later format.
    beyond_flat: bool,
    keys: &'a [u8],
    value_meta: &'a [u8],
    values: &'a [u8],
    pred_count: &'a [u8],
    pred_actor: &'a [u8],
    pred_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(input: &mut Bytes<'a>) -> Result<Self, ModelError> {
        let count = input.len(COLUMNS, "columns")?;
        let mut layout = Vec::with_capacity(count);
        for _ in 0..count {
            let spec = input.uint()?;
            if spec & spec::DEFLATE != 0 {
                return Err(ModelError::Malformed("compressed column"));
            }
            layout.push((spec, input.len(limits::CHANGE, "column")?));
        }
        if !layout.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(ModelError::Malformed("columns"));
        }
        let mut columns = Self {
            actions: Vec::new(),
            beyond_flat: false,
            keys: &[],
            value_meta: &[],
            values: &[],
            pred_count: &[],
            pred_actor: &[],
            pred_counter: &[],
        };
        for (spec, len) in layout {
            let data = input.take(len)?;
            match spec {
                spec::KEY => columns.keys = data,
                spec::ACTION => {
                    let actions = runs(data, limits::OPS, Bytes::uint)?.into_iter().collect::<Option<_>>();
                    columns.actions = actions.ok_or(ModelError::Malformed("actions"))?;
                }
                spec::VALUE_META => columns.value_meta = data,
                spec::VALUE => columns.values = data,
                spec::PRED_COUNT => columns.pred_count = data,
                spec::PRED_ACTOR => columns.pred_actor = data,
                spec::PRED_COUNTER => columns.pred_counter = data,
                spec::INSERT => columns.beyond_flat |= any_flag(data, limits::OPS)?,
                _ if spec::OBJECTS.contains(&spec) || spec::ELEMENTS.contains(&spec) => {
                    columns.beyond_flat |= !data.is_empty();
                }
                _ => columns.beyond_flat = true,
            }
        }
        Ok(columns)
    }

    /// The ops as writes to root keys; none if one of them is something else.
    fn writes(&self, actors: &[Actor]) -> Result<Option<Vec<Write>>, ModelError> {
        if self.beyond_flat || self.actions.iter().any(|action| ![PUT, DELETE].contains(action)) {
            return Ok(None);
        }
        let ops = self.actions.len();
        let keys = runs(self.keys, ops, |input| input.str(limits::KEY))?;
        let metas = runs(self.value_meta, ops, Bytes::uint)?;
        let counts = runs(self.pred_count, ops, Bytes::uint)?;
        let pred_actors = runs(self.pred_actor, limits::OPS, Bytes::uint)?;
        let pred_counters = deltas(self.pred_counter, limits::OPS)?;
        if [keys.len(), metas.len(), counts.len()] != [ops; 3] || pred_actors.len() != pred_counters.len() {
            return Err(ModelError::Malformed("columns"));
        }
        let mut values = Bytes::new(self.values);
        let mut preds = pred_actors.into_iter().zip(pred_counters);
        let mut writes = Vec::with_capacity(ops);
        for (((action, key), meta), count) in self.actions.iter().zip(keys).zip(metas).zip(counts) {
            let key = key.ok_or(ModelError::Malformed("key"))?;
            let value = match read_value(meta.ok_or(ModelError::Malformed("value"))?, &mut values)? {
                Some(value) => value,
                None => return Ok(None),
            };
            let op = match (*action, value) {
                (PUT, value) => WriteOp::Put(value),
                (_, Value::Null) => WriteOp::Delete,
                _ => return Err(ModelError::Malformed("delete")),
            };
            let mut replaces = Vec::new();
            for _ in 0..count.ok_or(ModelError::Malformed("replaced"))? {
                let (Some(actor), Some(counter)) = preds.next().ok_or(ModelError::Malformed("replaced"))?
                else {
                    return Err(ModelError::Malformed("replaced"));
                };
                let actor = usize::try_from(actor).ok().and_then(|index| actors.get(index));
                replaces.push(OpId { counter, actor: *actor.ok_or(ModelError::Malformed("actor"))? });
            }
            writes.push(Write { key: key.to_owned(), op, replaces });
        }
        if !values.is_empty() || preds.next().is_some() {
            return Err(ModelError::Malformed("columns"));
        }
        Ok(Some(writes))
    }
}

/// One value; none if it is of a type this version does not know.
fn read_value(meta: u64, values: &mut Bytes<'_>) -> Result<Option<Value>, ModelError> {
    let len = usize::try_from(meta >> 4).map_err(|_| ModelError::Limit("value"))?;
    let bytes = values.take(len)?;
    let mut number = Bytes::new(bytes);
    let value = match (meta & 0xf, len) {
        (0, 0) => Value::Null,
        (1, 0) => Value::Bool(false),
        (2, 0) => Value::Bool(true),
        (3, _) => Value::Uint(number.uint()?),
        (4, _) => Value::Int(number.int()?),
        (6, _) => Value::Str(text(bytes)?.to_owned()),
        (7, _) => Value::Bytes(bytes.to_vec()),
        (0..=2, _) => return Err(ModelError::Malformed("value")),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

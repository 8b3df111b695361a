//! Builds automerge documents out of changes that passed the checks: for export, and to hold our own fold
//! against automerge's.

use std::collections::BTreeMap;

use automerge::{AutoCommit, Change, ROOT, ReadDoc, ScalarValue};

use crate::{ChangeInfo, ModelError, Value, fold, inspect};

/// The document as automerge saves it, from its accepted changes in any order.
pub fn save_document<B: AsRef<[u8]>>(changes: &[B]) -> Result<Vec<u8>, ModelError> {
    build(changes).map(|mut doc| doc.save())
}

/// All values of all root keys as automerge itself reads them, the shown one first.
pub fn values_by_automerge<B: AsRef<[u8]>>(
    changes: &[B],
) -> Result<BTreeMap<String, Vec<Value>>, ModelError> {
    let doc = build(changes)?;
    doc.keys(ROOT).map(|key| Ok((key.clone(), values(&doc, &key)?))).collect()
}

/// Applies as one batch: one by one is quadratic.
pub(crate) fn build<B: AsRef<[u8]>>(changes: &[B]) -> Result<AutoCommit, ModelError> {
    let mut by_hash = BTreeMap::new();
    let mut infos: Vec<ChangeInfo> = Vec::with_capacity(changes.len());
    for bytes in changes {
        let info = inspect(bytes.as_ref())?;
        if info.unknown_form {
            return Err(ModelError::Unknown);
        }
        by_hash.insert(info.hash, bytes.as_ref());
        infos.push(info);
    }
    let folded = fold(infos);
    if !folded.orphans.is_empty() {
        return Err(ModelError::Missing);
    }
    let ordered = folded
        .ordered
        .iter()
        .filter_map(|info| by_hash.get(&info.hash))
        .map(|bytes| Change::try_from(*bytes).map_err(|_| ModelError::Document))
        .collect::<Result<Vec<_>, _>>()?;
    let mut doc = AutoCommit::new();
    doc.apply_changes(ordered).map_err(|_| ModelError::Document)?;
    Ok(doc)
}

fn values(doc: &AutoCommit, key: &str) -> Result<Vec<Value>, ModelError> {
    let mut all = doc.get_all(ROOT, key).map_err(|_| ModelError::Document)?;
    all.reverse();
    all.into_iter()
        .map(|(value, _)| match value.as_scalar() {
            Some(ScalarValue::Null) => Ok(Value::Null),
            Some(ScalarValue::Boolean(value)) => Ok(Value::Bool(*value)),
            Some(ScalarValue::Uint(value)) => Ok(Value::Uint(*value)),
            Some(ScalarValue::Int(value)) => Ok(Value::Int(*value)),
            Some(ScalarValue::Str(value)) => Ok(Value::Str(value.to_string())),
            Some(ScalarValue::Bytes(value)) => Ok(Value::Bytes(value.clone())),
            _ => Err(ModelError::Unknown),
        })
        .collect()
}

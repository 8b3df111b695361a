//! Builds an automerge document out of changes that passed the checks, for export and for later kinds that
//! hold text.

use std::collections::BTreeMap;

use automerge::{Automerge, Change};

use crate::{ModelError, fold, inspect};

/// The document as automerge saves it, from its accepted changes in any order.
pub fn save_document<B: AsRef<[u8]>>(changes: &[B]) -> Result<Vec<u8>, ModelError> {
    let mut by_hash = BTreeMap::new();
    let mut infos = Vec::with_capacity(changes.len());
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
    let mut doc = Automerge::new();
    // As one batch: one by one is quadratic.
    doc.apply_changes(ordered).map_err(|_| ModelError::Document)?;
    Ok(doc.save())
}

//! Writing a text into a draft as the change it is.

use automerge::transaction::Transactable;
use automerge::{ObjId, ReadDoc};

use super::bad;
use crate::ModelError;

/// Writes the difference to the text that the transaction sees.
pub(super) fn write_text(tx: &mut impl TextEdit, object: &ObjId, text: &str) -> Result<bool, ModelError> {
    let old = tx.text(object).map_err(bad)?;
    if old == text {
        return Ok(false);
    }
    let splice = Splice::between(&old, text);
    if splice.deleted == 0 || splice.inserted.is_empty() || splice.size() > DIFF {
        let deleted = isize::try_from(splice.deleted).map_err(|_| ModelError::Limit("draft"))?;
        tx.splice_text(object, splice.at, deleted, splice.inserted).map_err(bad)?;
    } else {
        tx.update_text(object, text).map_err(bad)?;
    }
    Ok(true)
}

/// What a transaction offers, at present or at an earlier revision.
pub(super) trait TextEdit: Transactable + ReadDoc {}

impl<T: Transactable + ReadDoc> TextEdit for T {}

/// Characters beyond which a change is written as one replacement instead of its smallest difference, which
/// takes time that grows with the square of what differs.
const DIFF: usize = 4096;

/// The one place where two texts differ, counted in characters.
struct Splice<'a> {
    at: usize,
    deleted: usize,
    inserted: &'a str,
}

impl<'a> Splice<'a> {
    fn between(old: &str, new: &'a str) -> Self {
        let same = |(a, b): &(char, char)| a == b;
        let front: usize = old.chars().zip(new.chars()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
        let (kept, old) = old.split_at(front);
        let (_, new) = new.split_at(front);
        let back: usize =
            old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
        let (old, _) = old.split_at(old.len() - back);
        let (new, _) = new.split_at(new.len() - back);
        Self { at: kept.chars().count(), deleted: old.chars().count(), inserted: new }
    }

    fn size(&self) -> usize {
        self.deleted + self.inserted.chars().count()
    }
}

//! What of a message is searched, and filling the search index with it.

use std::borrow::Cow;

use homing_wire::DocId;

use super::write::{Kept, kept};
use crate::{Result, Tx, attachments, search};

/// Puts all words of all messages into the (empty) search index, in its order.
pub(crate) fn index_words(tx: &Tx<'_>) -> Result<()> {
    each_searched(tx, |row, text| search::add(tx, row.n, text, &tags(row)))
}

/// Puts what an index of the first schemas lacks into it.
pub(crate) fn complete_words(tx: &Tx<'_>) -> Result<()> {
    each_searched(tx, |row, text| search::complete(tx, row.n, &row.body, text, &tags(row)))
}

fn each_searched(tx: &Tx<'_>, mut each: impl FnMut(&Kept, &str) -> Result<()>) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let page = tx.all(
            "SELECT n, conversation, at, author, files, deleted, state, body, id FROM messages
             WHERE n > ?1 AND deleted = 0 ORDER BY n LIMIT 1000",
            [after],
            kept,
        )?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.n;
        for row in &page {
            each(row, &searched(tx, row, &row.body)?)?;
        }
    }
}

pub(super) fn searched<'t>(tx: &Tx<'_>, row: &Kept, body: &'t str) -> Result<Cow<'t, str>> {
    searched_of(tx, &row.id, row.files > 0, body)
}

/// What of a message is searched: its text, and what its files are called.
pub(super) fn searched_of<'t>(tx: &Tx<'_>, id: &DocId, files: bool, body: &'t str) -> Result<Cow<'t, str>> {
    let mut text = Cow::Borrowed(body);
    if files {
        for name in attachments::names_of(tx, id)? {
            let text = text.to_mut();
            text.push('\n');
            text.push_str(&name);
        }
    }
    Ok(text)
}

pub(super) fn tags(row: &Kept) -> search::Tags {
    search::Tags { conversation: row.conversation, author: row.author, file: row.files > 0 }
}

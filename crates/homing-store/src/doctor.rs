//! Finding and mending what should never be wrong: damaged entries, gaps, missing rows, stale counters, a lost
//! search index, rows that belong to nothing.

use homing_wire::{CodecError, DocId, Entry, EntryId, Hash, Salt, SpaceId};

use crate::entries::{self, Status};
use crate::outbox::{self, NewOutbox};
use crate::sql::doc;
use crate::{Read, Result, Store, StoreError, Tx, messages, search, spaces};

/// Which kinds of documents have a row of their own; the model numbers them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kinds {
    /// Conversations.
    pub conversation: u32,
    /// Messages.
    pub message: u32,
    /// Records.
    pub records: Vec<u32>,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// What exactly, without content.
    pub detail: String,
    /// What would mend it.
    pub mend: Mend,
}

/// How something is mended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mend {
    /// Not here: restore a backup, or link this device anew.
    Nothing,
    /// Forget these places and fetch them again.
    Refetch {
        /// The space.
        space: SpaceId,
        /// First sequence.
        first: u64,
        /// Last sequence.
        last: u64,
    },
    /// Forget a damaged entry that has no place; whoever has it will bring it again.
    Forget(EntryId),
    /// Put what was frozen in a space back into the queue, to be sealed anew.
    Requeue(SpaceId),
    /// Queue a pending change that nothing would send.
    Queue(DocId, Hash),
    /// Project documents again, conversations first.
    Project(Vec<DocId>),
    /// Count a conversation anew.
    Recount(DocId),
    /// Build the search index again.
    Reindex,
    /// Remove rows that belong to nothing.
    Sweep,
}

/// Rows whose owner is gone: what it is called, and which they are.
const ORPHANS: [(&str, &str); 3] = [
    (
        "attachments",
        "message NOT IN (SELECT id FROM messages) AND message NOT IN (SELECT id FROM records)
         AND message NOT IN (SELECT message FROM strays)",
    ),
    ("parked", "entry NOT IN (SELECT n FROM entries)"),
    ("names", "person NOT IN (SELECT person FROM people)"),
];

/// Reads the file page by page; SQLCipher checks each page's authentication.
pub fn scan_file(store: &Store) -> Result<Vec<Finding>> {
    let lines = store.integrity()?;
    Ok(lines
        .into_iter()
        .map(|detail| Finding { code: "file_damaged", detail, mend: Mend::Nothing })
        .collect())
}

/// Looks through everything. It changes nothing; it needs a transaction because the search index checks
/// itself by a statement that counts as a write.
pub fn scan(tx: &Tx<'_>, kinds: &Kinds) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    damaged_entries(tx, &mut found)?;
    gaps(tx, &mut found)?;
    unsent(tx, &mut found)?;
    missing_rows(tx, kinds, &mut found)?;
    stale_counters(tx, &mut found)?;
    let checked = tx.exec("INSERT INTO search (search) VALUES ('integrity-check')", []).is_ok();
    if !checked || !search::is_whole(tx)? {
        found.push(finding("search_damaged", String::new(), Mend::Reindex));
    }
    for (table, which) in ORPHANS {
        let count = tx.number(&format!("SELECT count(*) FROM {table} WHERE {which}"), [])?;
        if count > 0 {
            found.push(finding("orphan_rows", format!("{table}: {count}"), Mend::Sweep));
        }
    }
    Ok(found)
}

/// Mends a finding; false if it can't be mended here. `project` builds a document's rows from its changes.
pub fn mend<E: From<StoreError>>(
    tx: &Tx<'_>,
    finding: &Finding,
    mut project: impl FnMut(&Tx<'_>, &DocId) -> Result<(), E>,
) -> Result<bool, E> {
    match &finding.mend {
        Mend::Nothing => return Ok(false),
        Mend::Refetch { space, first, last } => refetch(tx, space, *first, *last)?,
        Mend::Forget(id) => entries::delete(tx, id)?,
        Mend::Requeue(space) => {
            outbox::unseal(tx, space)?;
        }
        Mend::Queue(id, hash) => queue(tx, id, hash)?,
        Mend::Project(docs) => {
            drop_homeless(tx)?;
            for id in docs {
                project(tx, id)?;
            }
        }
        Mend::Recount(id) => messages::recount(tx, id)?,
        Mend::Reindex => search::rebuild(tx)?,
        Mend::Sweep => {
            for (table, which) in ORPHANS {
                tx.exec(&format!("DELETE FROM {table} WHERE {which}"), [])?;
            }
        }
    }
    Ok(true)
}

fn finding(code: &'static str, detail: String, mend: Mend) -> Finding {
    Finding { code, detail, mend }
}

fn damaged_entries(db: &Read<'_>, found: &mut Vec<Finding>) -> Result<()> {
    let mut after = 0i64;
    loop {
        let page = db.all(
            "SELECT e.n, e.id, s.id, e.sequence, e.status, e.bytes FROM entries e CROSS JOIN ids s ON s.n = e.space
             WHERE e.n > ?1 ORDER BY e.n LIMIT 500",
            [after],
            |row| {
                let bytes: Vec<u8> = row.get(5)?;
                Ok((
                    row.get::<_, i64>(0)?,
                    EntryId(row.get(1)?),
                    SpaceId(row.get(2)?),
                    row.get::<_, Option<u64>>(3)?,
                    row.get::<_, Status>(4)?,
                    bytes,
                ))
            },
        )?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.0;
        for (_, id, space, sequence, status, bytes) in page {
            let whole = match Entry::decode(&bytes) {
                Ok(entry) => entry.id() == id,
                // Of a newer version: kept for an upgrade, can't be judged before.
                Err(CodecError::UnknownVersion(_)) => status == Status::Parked,
                Err(_) => false,
            };
            if whole {
                continue;
            }
            let mend = match (status, sequence) {
                (Status::Sealed, _) => Mend::Requeue(space),
                (_, Some(sequence)) => Mend::Refetch { space, first: sequence, last: sequence },
                (_, None) => Mend::Forget(id),
            };
            found.push(finding("entry_damaged", id.to_string(), mend));
        }
    }
}

fn gaps(db: &Read<'_>, found: &mut Vec<Finding>) -> Result<()> {
    for row in spaces::list(db)? {
        let mut all = entries::gaps(db, &row.space, 1, row.bottom)?;
        all.extend(entries::gaps(db, &row.space, row.low.max(row.bottom + 1), row.sequence)?);
        for (first, last) in all {
            let mend = Mend::Refetch { space: row.space, first, last };
            found.push(finding("log_gap", format!("{} {first}-{last}", row.space), mend));
        }
    }
    Ok(())
}

fn unsent(db: &Read<'_>, found: &mut Vec<Finding>) -> Result<()> {
    let frozen = db.all(
        "SELECT DISTINCT s.id FROM outbox o JOIN ids s ON s.n = o.space
         WHERE o.state = 1 AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = o.entry)",
        [],
        |row| row.get(0).map(SpaceId),
    )?;
    found.extend(
        frozen.into_iter().map(|space| finding("outbox_unfrozen", space.to_string(), Mend::Requeue(space))),
    );
    let lost = db.all(
        "SELECT c.doc, c.hash FROM changes c WHERE c.state = 1 AND c.state <> 0
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = c.doc AND o.hash = c.hash)",
        [],
        |row| Ok((doc(row, 0)?, Hash(row.get(1)?))),
    )?;
    found.extend(
        lost.into_iter().map(|(id, hash)| finding("change_unsent", id.to_string(), Mend::Queue(id, hash))),
    );
    Ok(())
}

fn missing_rows(db: &Read<'_>, kinds: &Kinds, found: &mut Vec<Finding>) -> Result<()> {
    let of_kind = |kind: u32, table: &str| -> Result<Vec<DocId>> {
        db.all(
            &format!(
                "SELECT DISTINCT c.doc FROM changes c WHERE c.kind = ?1 AND c.state <> 2
                 AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = c.doc)
                 AND NOT EXISTS (SELECT 1 FROM strays s WHERE s.message = c.doc) ORDER BY c.n"
            ),
            [kind],
            |row| doc(row, 0),
        )
    };
    let conversations = of_kind(kinds.conversation, "conversations")?;
    if !conversations.is_empty() {
        let detail = conversations.len().to_string();
        found.push(finding("conversation_missing", detail, Mend::Project(conversations)));
    }
    let mut records = Vec::new();
    for kind in &kinds.records {
        records.extend(of_kind(*kind, "records")?);
    }
    if !records.is_empty() {
        found.push(finding("record_missing", records.len().to_string(), Mend::Project(records)));
    }
    let mut lost = of_kind(kinds.message, "messages")?;
    // A message points to its conversation by row number; without the row it must be projected again.
    lost.extend(db.all(
        "SELECT id FROM messages WHERE conversation NOT IN (SELECT n FROM conversations)
         AND conversation NOT IN (SELECT n FROM set_aside)",
        [],
        |row| doc(row, 0),
    )?);
    if !lost.is_empty() {
        found.push(finding("message_missing", lost.len().to_string(), Mend::Project(lost)));
    }
    Ok(())
}

fn stale_counters(db: &Read<'_>, found: &mut Vec<Finding>) -> Result<()> {
    let stale = db.all(
        &format!(
            "SELECT id FROM conversations WHERE unread <> {} OR mentions <> {}
               OR waiting <> (SELECT count(*) FROM messages WHERE conversation = conversations.n AND state = 1)
               OR has_draft <> EXISTS (SELECT 1 FROM drafts d JOIN conversations p ON p.id = d.conversation
                 WHERE coalesce(p.shown_in, p.n) = conversations.n AND d.done = 0
                   AND (d.text <> '' OR d.files > 0))
               OR (last_n, last_at, preview) IS NOT ({})",
            messages::counts("unread"),
            messages::counts("mentions_me"),
            messages::last(),
        ),
        [],
        |row| doc(row, 0),
    )?;
    found.extend(stale.into_iter().map(|id| finding("counter_stale", id.to_string(), Mend::Recount(id))));
    Ok(())
}

fn refetch(tx: &Tx<'_>, space: &SpaceId, first: u64, last: u64) -> Result<()> {
    for row in entries::after(tx, space, first.saturating_sub(1), u32::MAX)? {
        if row.place.is_some_and(|place| place.sequence > last) {
            break;
        }
        entries::delete(tx, &row.id)?;
    }
    spaces::update(tx, space, |row| {
        if first <= row.bottom {
            // What lies above the hole is held up to the old mark, or joins the run that ends at the head.
            if row.low <= row.bottom + 1 {
                row.low = last + 1;
            }
            row.bottom = first - 1;
        } else if last >= row.low {
            row.low = last + 1;
        }
    })?;
    Ok(())
}

fn queue(tx: &Tx<'_>, id: &DocId, hash: &Hash) -> Result<()> {
    let row = tx
        .one(
            "SELECT s.id, c.salt FROM changes c CROSS JOIN ids s ON s.n = c.space WHERE c.doc = ?1 AND c.hash = ?2",
            (id.as_bytes(), &hash.0),
            |row| Ok((SpaceId(row.get(0)?), Salt(row.get(1)?))),
        )?
        .ok_or(StoreError::NotFound("change"))?;
    outbox::enqueue(
        tx,
        &NewOutbox {
            space: row.0,
            kind: "other".to_owned(),
            doc: Some(*id),
            conversation: None,
            hash: Some(*hash),
            salt: row.1,
            created_ms: 0,
            hold_until: 0,
        },
    )?;
    Ok(())
}

/// Removes messages whose conversation's row is gone; projecting brings them back. Their search words are
/// found by the next scan, because the index can't be told which conversation they were filed under.
fn drop_homeless(tx: &Tx<'_>) -> Result<()> {
    let gone = tx.exec(
        "DELETE FROM messages WHERE conversation NOT IN (SELECT n FROM conversations)
         AND conversation NOT IN (SELECT n FROM set_aside)",
        [],
    )?;
    if gone > 0 {
        search::rebuild(tx)?;
    }
    Ok(())
}

//! Finding, in two orders.

use std::collections::HashSet;

use homing_wire::{DocId, PersonId};
use rusqlite::Row;

use super::query::{self, Term};
use super::rank::Fit;
use super::{Cursor, FileKind, Hit, Order, Query, RANKED, snippet};
use crate::sql::{doc, hex_list};
use crate::{Read, Result, tidying};

/// Rows of the index that are looked at for one page, if many of them don't fit what is not in the index.
const LOOKED_AT: u32 = 4_000;
/// Rows that are looked at together.
const TOGETHER: u32 = 500;
/// Up to so many unread messages are looked through themselves: among a million words they would be far apart.
const FEW: u64 = 1_000;
/// Rows of the index per second of time, see [`crate::messages`].
const PER_SECOND: i64 = 64;
/// A second that is full spills into what follows.
const SPILL: i64 = 60 * PER_SECOND;

/// Finds messages and says where the next page begins. Any text is a valid query.
///
/// A last word that is long enough may be the beginning of others. Looking for beginnings means merging the
/// lists of all words that begin so before the first hit is known, so the word itself is tried first: if it
/// alone fills the page, what was typed is a word, and a common one.
pub fn find(db: &Read<'_>, query: &Query) -> Result<(Vec<Hit>, Option<Cursor>)> {
    let Some(search) = Search::of(db, query)? else { return Ok((Vec::new(), None)) };
    if query.order == Order::Best {
        let from = match query.after {
            Some(Cursor::Best(count)) => count,
            _ => 0,
        };
        return search.best(db, from);
    }
    let (before, whole) = match query.after {
        Some(Cursor::Whole(row)) => (row, Some(true)),
        Some(Cursor::Begun(row)) => (row, Some(false)),
        _ => (i64::MAX, None),
    };
    let exact = search.exact();
    if let Some(exact) = exact.filter(|_| whole != Some(false)) {
        let page = exact.newest(db, before, Cursor::Whole)?;
        if page.1.is_some() || whole == Some(true) {
            return Ok(page);
        }
    }
    search.newest(db, before, Cursor::Begun)
}

/// A query, with ids as numbers.
#[derive(Clone)]
struct Search<'q> {
    query: &'q Query,
    terms: Vec<Term>,
    /// Of each list one tag has to be there.
    tags: Vec<Vec<String>>,
    conversations: Option<HashSet<i64>>,
    people: Option<HashSet<i64>>,
    without: HashSet<i64>,
    /// Numbers of no conversation, under which rows lie that are to be cleared away.
    aside: HashSet<i64>,
    /// Rows of the span of time.
    rows: (i64, i64),
}

/// A row that fits the words, before the rest is looked at.
struct Candidate {
    n: i64,
    conversation: i64,
    unread: bool,
    hit: Hit,
    body: String,
    files: Vec<File>,
}

struct File {
    name: String,
    mime: String,
}

impl<'q> Search<'q> {
    /// None: nothing can match.
    fn of(db: &Read<'_>, query: &'q Query) -> Result<Option<Self>> {
        let terms = query::parse(&query.text);
        let narrowed = query.conversations.is_some()
            || query.people.is_some()
            || query.with_file
            || query.file_kind.is_some()
            || query.with_link
            || query.unread
            || query.since_ms.is_some()
            || query.until_ms.is_some();
        let unreadable = terms.is_empty() && !query.text.trim().is_empty();
        if query.limit == 0 || unreadable || (terms.is_empty() && !narrowed) {
            return Ok(None);
        }
        let conversations =
            query.conversations.as_deref().map(|ids| numbers_of_talks(db, ids)).transpose()?;
        let people = query.people.as_deref().map(|people| numbers_of(db, people)).transpose()?;
        let mut tags = Vec::new();
        let any = |tag: char, numbers: &HashSet<i64>| numbers.iter().map(|n| format!("{tag}{n}")).collect();
        tags.extend(conversations.as_ref().map(|numbers| any('c', numbers)));
        tags.extend(people.as_ref().map(|numbers| any('p', numbers)));
        if tags.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        if query.with_file || query.file_kind.is_some() {
            tags.push(vec!["f".to_owned()]);
        }
        if tags.is_empty() && terms.is_empty() && !query.with_link {
            tags.push(vec!["km".to_owned()]);
        }
        let first =
            |ms: u64| i64::try_from(ms / 1000).map_or(i64::MAX, |second| second.saturating_mul(PER_SECOND));
        let rows = (
            query.since_ms.map_or(i64::MIN, first),
            query.until_ms.map_or(i64::MAX, |ms| first(ms).saturating_add(SPILL)),
        );
        let without = numbers_of(db, &query.without)?;
        let aside = tidying::numbers(db)?;
        Ok(Some(Self { query, terms, tags, conversations, people, without, aside, rows }))
    }

    /// The same with the last word as it stands; none if it is that already.
    fn exact(&self) -> Option<Self> {
        let mut exact = self.clone();
        let mut begun = false;
        for term in exact.terms.iter_mut().filter(|term| term.open_word()) {
            term.prefix = false;
            begun = true;
        }
        begun.then_some(exact)
    }

    fn matching(&self) -> String {
        let words = query::matching(&self.terms, &self.tags);
        let words = match (self.query.with_link, words.is_empty()) {
            (false, _) => words,
            (true, true) => LINK.to_owned(),
            (true, false) => format!("{words} AND {LINK}"),
        };
        let aside: Vec<String> = self.aside.iter().map(|n| format!("tags : \"c{n}\"")).collect();
        if aside.is_empty() { words } else { format!("({words}) NOT ({})", aside.join(" OR ")) }
    }

    /// Whether all that has to fit stands in the index.
    fn is_plain(&self) -> bool {
        !self.query.unread && self.query.file_kind.is_none() && self.without.is_empty()
    }

    fn newest(
        &self,
        db: &Read<'_>,
        before: i64,
        cursor: fn(i64) -> Cursor,
    ) -> Result<(Vec<Hit>, Option<Cursor>)> {
        if self.query.unread && unread_total(db)? <= FEW {
            return self.unread(db, before, cursor);
        }
        let limit = self.query.limit;
        let together = if self.is_plain() { limit } else { TOGETHER.max(limit) };
        let (mut hits, mut before, mut looked_at) = (Vec::new(), before, 0);
        loop {
            let page = self.candidates(db, before, together)?;
            let full = page.len() >= together as usize;
            looked_at += together;
            for found in page {
                before = found.n;
                if self.fits(&found) {
                    hits.push(self.hit(found));
                    if hits.len() >= limit as usize {
                        return Ok((hits, Some(cursor(before))));
                    }
                }
            }
            if !full {
                return Ok((hits, None));
            }
            if looked_at >= LOOKED_AT || self.is_plain() {
                return Ok((hits, Some(cursor(before))));
            }
        }
    }

    /// The best of the newest.
    fn best(&self, db: &Read<'_>, from: u32) -> Result<(Vec<Hit>, Option<Cursor>)> {
        let mut all = Vec::new();
        let mut before = i64::MAX;
        let mut looked_at = 0;
        while all.len() < RANKED as usize && looked_at < LOOKED_AT {
            let page = self.candidates(db, before, RANKED)?;
            let full = page.len() >= RANKED as usize;
            looked_at += RANKED;
            before = page.last().map_or(before, |last| last.n);
            all.extend(page.into_iter().filter(|found| self.fits(found)));
            if !full {
                break;
            }
        }
        all.truncate(RANKED as usize);
        let fits: Vec<Fit> = all.iter().map(|found| Fit::of(&found.text(), &self.terms)).collect();
        #[expect(clippy::cast_precision_loss, reason = "there are at most 500")]
        let average = fits.iter().map(Fit::length).sum::<f64>() / fits.len().max(1) as f64;
        let mut ranked: Vec<(f64, Candidate)> =
            all.into_iter().zip(&fits).map(|(found, fit)| (fit.score(average), found)).collect();
        // Stable: of those that fit alike the newest comes first.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let end = from.saturating_add(self.query.limit);
        let next = (ranked.len() > end as usize).then_some(Cursor::Best(end));
        let page = ranked.into_iter().skip(from as usize).take(self.query.limit as usize);
        Ok((page.map(|(_, found)| self.hit(found)).collect(), next))
    }

    /// Looks through the unread messages themselves.
    fn unread(
        &self,
        db: &Read<'_>,
        before: i64,
        cursor: fn(i64) -> Cursor,
    ) -> Result<(Vec<Hit>, Option<Cursor>)> {
        let rows = db.all(
            &format!(
                "SELECT {COLUMNS} FROM messages m INDEXED BY messages_unread_newest
                 WHERE m.unread = 1 AND m.n < ?1 AND m.n >= ?2 ORDER BY m.n DESC"
            ),
            (before.min(self.rows.1), self.rows.0),
            read,
        )?;
        let mut hits = Vec::new();
        for found in with_files(db, rows)? {
            let of_talk = self.conversations.as_ref().is_none_or(|all| all.contains(&found.conversation));
            let by = self.people.as_ref().is_none_or(|all| all.contains(&found.hit.author));
            let with_file =
                !found.files.is_empty() || !(self.query.with_file || self.query.file_kind.is_some());
            let link =
                !self.query.with_link || ["http://", "https://"].iter().any(|link| found.body.contains(link));
            if of_talk
                && by
                && with_file
                && link
                && self.fits(&found)
                && snippet::holds(&found.text(), &self.terms)
            {
                let n = found.n;
                hits.push(self.hit(found));
                if hits.len() >= self.query.limit as usize {
                    return Ok((hits, Some(cursor(n))));
                }
            }
        }
        Ok((hits, None))
    }

    fn candidates(&self, db: &Read<'_>, before: i64, limit: u32) -> Result<Vec<Candidate>> {
        let rows = db.all(
            &format!(
                "SELECT {COLUMNS} FROM (SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 AND rowid >= ?3
                   ORDER BY rowid DESC LIMIT ?4) f CROSS JOIN messages m ON m.n = f.rowid ORDER BY f.rowid DESC"
            ),
            (self.matching(), before.min(self.rows.1), self.rows.0, limit),
            read,
        )?;
        with_files(db, rows)
    }

    /// What is not in the index.
    fn fits(&self, found: &Candidate) -> bool {
        let at = found.hit.at_ms;
        self.query.since_ms.is_none_or(|since| at >= since)
            && self.query.until_ms.is_none_or(|until| at < until)
            && (!self.query.unread || found.unread)
            && !self.without.contains(&found.hit.author)
            && !self.aside.contains(&found.conversation)
            && self.query.file_kind.is_none_or(|kind| found.files.iter().any(|file| file.kind() == kind))
    }

    fn hit(&self, found: Candidate) -> Hit {
        let Candidate { mut hit, body, files, .. } = found;
        hit.snippet = snippet::of(&body, &self.terms);
        let marked = |parts: &[snippet::Part]| parts.iter().any(|part| part.hit);
        if !self.terms.is_empty() && !marked(&hit.snippet) {
            let names = files.iter().map(|file| snippet::of(&file.name, &self.terms));
            hit.file = names.filter(|parts| marked(parts)).max_by_key(|parts| parts.len());
        }
        hit
    }
}

impl Candidate {
    /// All that its words were taken from.
    fn text(&self) -> String {
        let mut text = self.body.clone();
        for file in &self.files {
            text.push('\n');
            text.push_str(&file.name);
        }
        text
    }
}

impl File {
    fn kind(&self) -> FileKind {
        match self.mime.split('/').next() {
            Some("image") => FileKind::Image,
            Some("video") => FileKind::Video,
            Some("audio") => FileKind::Audio,
            _ => FileKind::Document,
        }
    }
}

/// The first word of an address.
const LINK: &str = "(body : \"https\" OR body : \"http\")";

const COLUMNS: &str = "m.n, m.id, m.conversation, m.author, m.space, m.at, m.unread, m.files, m.body";

fn read(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    let files: usize = row.get(7)?;
    Ok(Candidate {
        n: row.get(0)?,
        conversation: row.get(2)?,
        unread: row.get(6)?,
        hit: Hit {
            message: doc(row, 1)?,
            talk: row.get(2)?,
            author: row.get(3)?,
            space: row.get(4)?,
            at_ms: row.get(5)?,
            snippet: Vec::new(),
            file: None,
        },
        body: row.get(8)?,
        // The capacity tells `with_files` which rows have files at all.
        files: Vec::with_capacity(files),
    })
}

fn with_files(db: &Read<'_>, mut rows: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let wanted: Vec<&[u8]> = rows
        .iter()
        .filter(|found| found.files.capacity() > 0)
        .map(|found| found.hit.message.as_bytes().as_slice())
        .collect();
    if wanted.is_empty() {
        return Ok(rows);
    }
    let files = db.all(
        "SELECT a.message, a.name, a.mime FROM json_each(?1) wanted
         CROSS JOIN attachments a INDEXED BY attachments_message ON a.message = unhex(wanted.value)
         ORDER BY a.message, a.position",
        [hex_list(wanted)],
        |row| Ok((doc(row, 0)?, File { name: row.get(1)?, mime: row.get(2)? })),
    )?;
    let places: std::collections::HashMap<DocId, usize> =
        rows.iter().enumerate().map(|(at, found)| (found.hit.message, at)).collect();
    for (message, file) in files {
        if let Some(found) = places.get(&message).and_then(|at| rows.get_mut(*at)) {
            found.files.push(file);
        }
    }
    Ok(rows)
}

fn numbers_of_talks(db: &Read<'_>, ids: &[DocId]) -> Result<HashSet<i64>> {
    let list = hex_list(ids.iter().map(|id| id.as_bytes().as_slice()));
    let numbers = db.all(
        "SELECT c.n FROM json_each(?1) wanted CROSS JOIN conversations c ON c.id = unhex(wanted.value)",
        [list],
        |row| row.get(0),
    )?;
    Ok(numbers.into_iter().collect())
}

fn numbers_of(db: &Read<'_>, people: &[PersonId]) -> Result<HashSet<i64>> {
    let mut numbers = HashSet::new();
    for person in people {
        numbers.extend(db.find_number(&person.0)?);
    }
    Ok(numbers)
}

fn unread_total(db: &Read<'_>) -> Result<u64> {
    db.number(
        "SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY messages_unread_newest
           WHERE unread = 1 AND n >= ?1 LIMIT ?2)",
        (i64::MIN, FEW + 1),
    )
}

//! `doctor`: what is wrong with a profile, and mending it.
//!
//! The store looks after its file, its tables and their counters. What needs keys and rules is looked at here: signatures,
//! the chains of accounts and members, keys against what their ops promised, rows against the documents they show. A
//! finding counts as mended only when a second look doesn't find it any more.

use std::collections::{BTreeMap, BTreeSet};

use homing_access::AccountState;
use homing_crypto::{EpochKey, Seed32};
use homing_model::record::SCHEMAS;
use homing_model::{Kind, Projection, project};
use homing_store::doctor::{self as store_doctor, Finding as Found, Kinds, Mend};
use homing_store::entries::{self, Status};
use homing_store::{Durability, Read, Tx, accounts, changes, epochs, messages, meta, spaces};
use homing_wire::{AccountOp, DocId, Entry, EpochId, Head, PersonId, SpaceId};

use crate::api::{ApiError, Doctor, DoctorReport, Finding};
use crate::core::Core;
use crate::docs::read_doc;
use crate::fail::Fail;
use crate::link::{CURSOR, load_cursor, store_cursor};
use crate::replica::Replica;

const KINDS: fn() -> Kinds = || Kinds {
    conversation: Kind::Conversation.number(),
    message: Kind::Message.number(),
    records: SCHEMAS.iter().map(|schema| schema.kind.number()).collect(),
};
/// So many entries and documents are looked at one by one; of more, every n-th.
const SAMPLE: u64 = 50_000;
const PAGE: u32 = 1_000;
/// The own account log is damaged, and asked of the relay whole until it came.
const ACCOUNT_AGAIN: &str = "account_again";

/// Something wrong that the store can't see.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deep {
    Signature(SpaceId, u64),
    Account(PersonId),
    Chain(SpaceId),
    Key(SpaceId, EpochId),
    Row(DocId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Store(Found),
    Deep(Deep),
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(found) => found.code,
            Self::Deep(Deep::Signature(..)) => "signature_invalid",
            Self::Deep(Deep::Account(_)) => "account_damaged",
            Self::Deep(Deep::Chain(_)) => "members_damaged",
            Self::Deep(Deep::Key(..)) => "key_damaged",
            Self::Deep(Deep::Row(_)) => "row_stale",
        }
    }

    fn sentence(&self) -> String {
        let Self::Store(found) = self else {
            return match self.code() {
                "signature_invalid" => {
                    "An entry does not carry its author's signature. It is fetched again from the relay."
                }
                "account_damaged" => {
                    "The record of a person's devices is damaged. It is fetched again from the relay."
                }
                "members_damaged" => {
                    "The record of who is a member of a space is damaged. It is fetched again from the relay."
                }
                "key_damaged" => "A key does not fit its space. It is opened anew.",
                _ => "A message is shown otherwise than it was written. Its row is built again.",
            }
            .to_owned();
        };
        match found.code {
            "file_damaged" => format!(
                "The database file is damaged ({}). Restore a backup into a new profile, or link this device again.",
                found.detail
            ),
            "entry_damaged" => "A stored entry is damaged. It is fetched again from the relay, or sealed again if it was not sent yet.".to_owned(),
            "log_gap" => "Entries are missing in the middle of a log. They are fetched again from the relay.".to_owned(),
            "outbox_unfrozen" => "Something on its way lost its sealed form. It is sealed again.".to_owned(),
            "change_unsent" => "A change was not in the outbox. It is put there.".to_owned(),
            "conversation_missing" => format!("{} conversations were not listed. They are listed again.", found.detail),
            "record_missing" => format!("{} records were not listed. They are listed again.", found.detail),
            "message_missing" => format!("{} messages were not shown. They are shown again.", found.detail),
            "counter_stale" => "A conversation's counters or preview were out of date. They are counted again.".to_owned(),
            "search_damaged" => "The search index was incomplete. It is built again.".to_owned(),
            "orphan_rows" => format!("Rows that belong to nothing ({}). They are removed.", found.detail),
            _ => found.detail.clone(),
        }
    }

    /// What must come from the relay again.
    fn refetch(&self) -> Option<(SpaceId, u64)> {
        match self {
            Self::Store(Found { mend: Mend::Refetch { space, first, .. }, .. }) => Some((*space, *first)),
            Self::Deep(Deep::Signature(space, sequence)) => Some((*space, *sequence)),
            Self::Deep(Deep::Chain(space)) => Some((*space, 1)),
            _ => None,
        }
    }
}

impl Core {
    pub(crate) fn doctor(&mut self, args: Doctor) -> Result<DoctorReport, ApiError> {
        let found = self.look()?;
        if !args.repair || found.is_empty() {
            return Ok(report(&found, |_| false));
        }
        let mended = self.mend(&found)?;
        // Once more: what was built again may show what was hidden behind it.
        let again = self.look()?;
        let behind: Vec<Problem> = again.into_iter().filter(|problem| !found.contains(problem)).collect();
        let mended_behind = self.mend(&behind)?;
        let left = self.look()?;
        if mended || mended_behind {
            self.touched.status = true;
            self.touched.people = true;
            // Screens notice the gap and ask for everything again.
            self.next_revision();
            self.start_link()?;
        }
        let all: Vec<Problem> = found.into_iter().chain(behind).collect();
        let mut report = report(&all, |problem| !left.contains(problem));
        report.healthy = left.is_empty();
        Ok(report)
    }

    fn look(&mut self) -> Result<Vec<Problem>, ApiError> {
        let store = self.store.as_ref().ok_or_else(crate::core::not_initialised)?;
        let file = store_doctor::scan_file(store)?;
        // What lies on damaged pages can't be read, so nothing more can be said.
        if !file.is_empty() {
            return Ok(file.into_iter().map(Problem::Store).collect());
        }
        self.write(Durability::Normal, |tx, replica, _| {
            let mut found: Vec<Problem> =
                store_doctor::scan(tx, &KINDS())?.into_iter().map(Problem::Store).collect();
            replica.forget_loaded();
            found.extend(replica.look_deep(tx)?.into_iter().map(Problem::Deep));
            Ok(found)
        })
    }

    fn mend(&mut self, found: &[Problem]) -> Result<bool, ApiError> {
        if found.is_empty() {
            return Ok(false);
        }
        let has_relay = self.relay_address()?.is_some();
        self.write(Durability::Full, |tx, replica, _| {
            let mut from: BTreeMap<SpaceId, u64> = BTreeMap::new();
            let mut any = false;
            for problem in found {
                // Without a relay there is nowhere to fetch from: what is left is better than nothing.
                if let Some((space, first)) = problem.refetch() {
                    if !has_relay {
                        continue;
                    }
                    let least = from.entry(space).or_insert(first);
                    *least = first.min(*least);
                }
                any |= match problem {
                    Problem::Store(found) => {
                        store_doctor::mend(tx, found, |tx, doc| replica.project(tx, doc))?
                    }
                    Problem::Deep(deep) => replica.mend_deep(tx, deep, has_relay)?,
                };
            }
            if found.iter().any(|problem| matches!(problem, Problem::Deep(Deep::Row(_)))) {
                replica.project_all(tx)?;
            }
            for (space, first) in from {
                fetch_again(tx, &space, first)?;
            }
            replica.forget_loaded();
            Ok(any)
        })
    }
}

fn report(found: &[Problem], repaired: impl Fn(&Problem) -> bool) -> DoctorReport {
    let findings: Vec<Finding> = found
        .iter()
        .map(|problem| Finding {
            code: problem.code().to_owned(),
            message: problem.sentence(),
            repaired: repaired(problem),
        })
        .collect();
    DoctorReport { healthy: findings.is_empty(), findings }
}

/// Everything of a space's log from `first` on is asked of the relay again; what is here already is passed over.
fn fetch_again(tx: &Tx<'_>, space: &SpaceId, first: u64) -> Result<(), Fail> {
    let stored = meta::get(tx, &format!("{CURSOR}{space}"))?;
    let Some(mut cursor) = stored.and_then(|bytes| load_cursor(&bytes)) else { return Ok(()) };
    let held = first.saturating_sub(1).min(cursor.log.head.sequence);
    if held < cursor.log.head.sequence {
        let mut head = Head::empty(cursor.log.generation);
        for (sequence, id, received_ms, generation) in
            entries::chain_after(tx, space, 0, u32::try_from(held).unwrap_or(u32::MAX))?
        {
            if sequence != head.sequence + 1 || sequence > held {
                break;
            }
            head = head.next(generation, &id, received_ms);
        }
        head.generation = cursor.log.generation;
        cursor.log.head = head;
    }
    cursor.log.gap = None;
    cursor.log.ops = cursor.log.ops.min(cursor.log.head.sequence);
    store_cursor(tx, space, &cursor)
}

impl Replica {
    fn look_deep(&mut self, tx: &Tx<'_>) -> Result<Vec<Deep>, Fail> {
        let mut found = Vec::new();
        for person in accounts::people(tx)? {
            if !account_holds(tx, &person)? {
                found.push(Deep::Account(person));
            }
        }
        let damaged: BTreeSet<PersonId> = found
            .iter()
            .filter_map(|deep| match deep {
                Deep::Account(person) => Some(*person),
                _ => None,
            })
            .collect();
        for row in spaces::list(tx)? {
            // A chain names accounts; while one of them is damaged nothing can be said about it.
            if damaged.is_empty() && self.load_space(tx, &row.space).is_err() {
                found.push(Deep::Chain(row.space));
            }
            for epoch in epochs::list(tx, &row.space)? {
                if EpochKey::from_announced(Seed32::from_bytes(*epoch.seed), &epoch.commitment.0).is_err() {
                    found.push(Deep::Key(row.space, epoch.epoch));
                }
            }
            signatures(tx, &row, &mut found)?;
        }
        stale_rows(tx, &mut found)?;
        Ok(found)
    }

    /// Whether the own account log is to come from the relay again, whole.
    pub(crate) fn account_due_again(db: &Read<'_>) -> Result<bool, Fail> {
        Ok(meta::get(db, ACCOUNT_AGAIN)?.is_some())
    }

    /// Takes the own account log that came from its beginning in place of the damaged one, if it holds.
    pub(crate) fn replace_account(&mut self, tx: &Tx<'_>, ops: &[Vec<u8>]) -> Result<bool, Fail> {
        let me = self.person();
        let log: Option<Vec<AccountOp>> = ops.iter().map(|bytes| AccountOp::decode(bytes).ok()).collect();
        let holds = log.is_some_and(|log| {
            AccountState::replay(&log)
                .is_ok_and(|state| state.person() == me && state.was_ever(&self.device()))
        });
        if holds {
            accounts::delete(tx, &me)?;
            meta::delete(tx, ACCOUNT_AGAIN)?;
            self.known.accounts.remove(&me);
        }
        Ok(holds)
    }

    fn mend_deep(&mut self, tx: &Tx<'_>, deep: &Deep, has_relay: bool) -> Result<bool, Fail> {
        match deep {
            Deep::Signature(space, sequence) => {
                if let Some(row) = entries::at(tx, space, *sequence)? {
                    entries::delete(tx, &row.id)?;
                }
            }
            Deep::Account(person) => {
                if !has_relay {
                    return Ok(false);
                }
                if *person == self.person() {
                    // The own log is not given up before a whole one is here: without it this device is nobody's.
                    meta::set(tx, ACCOUNT_AGAIN, &[1])?;
                } else {
                    accounts::delete(tx, person)?;
                }
                self.wants.accounts.insert(*person);
            }
            Deep::Chain(space) => {
                for op in entries::ops(tx, space)? {
                    if op.place.is_some() {
                        entries::delete(tx, &op.id)?;
                    }
                }
                self.forget_loaded();
            }
            Deep::Key(space, epoch) => {
                epochs::delete(tx, space, epoch)?;
                self.forget_loaded();
                if self.load_space(tx, space)? {
                    for wait in self.open_seeds(tx, space)? {
                        self.wake(tx, &wait)?;
                    }
                }
            }
            // All rows at once, after this.
            Deep::Row(_) => {}
        }
        Ok(true)
    }
}

fn account_holds(db: &Read<'_>, person: &PersonId) -> Result<bool, Fail> {
    let mut ops = Vec::new();
    for row in accounts::list(db, person)? {
        match AccountOp::decode(&row.bytes) {
            Ok(op) if op.id() == row.id => ops.push(op),
            _ => return Ok(false),
        }
    }
    Ok(AccountState::replay(&ops).is_ok_and(|state| state.person() == *person))
}

fn signatures(db: &Read<'_>, space: &spaces::SpaceRow, found: &mut Vec<Deep>) -> Result<(), Fail> {
    let step = space.sequence / SAMPLE + 1;
    let mut after = 0;
    loop {
        let page = entries::after(db, &space.space, after, PAGE)?;
        let Some(last) = page.last().and_then(|row| row.place) else { return Ok(()) };
        after = last.sequence;
        for row in page {
            let Some(place) = row.place else { continue };
            let looked_at = row.kind == homing_wire::EntryKind::Op || place.sequence % step == 0;
            if !looked_at || row.status == Status::Refused {
                continue;
            }
            // What can't be read at all is the store's finding.
            if let Ok(entry) = Entry::decode(&row.bytes)
                && entry.id() == row.id
                && homing_access::verify_entry(&entry).is_err()
            {
                found.push(Deep::Signature(space.space, place.sequence));
            }
        }
    }
}

/// Messages whose row says something else than their document.
fn stale_rows(db: &Read<'_>, found: &mut Vec<Deep>) -> Result<(), Fail> {
    let mut after: Option<DocId> = None;
    let mut seen = 0u64;
    while seen < SAMPLE {
        let page = changes::docs(db, after.as_ref(), PAGE)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = Some(*last);
        for (doc, kind, _) in &page {
            if Kind::from_number(*kind) != Kind::Message {
                continue;
            }
            seen += 1;
            let Ok(read) = read_doc(db, doc) else { continue };
            let (Ok(Projection::Message(shown)), Some(row)) =
                (project(&read.accepted), messages::get(db, doc)?)
            else {
                continue;
            };
            let body = if shown.deleted { "" } else { shown.content.body.as_str() };
            if row.deleted != shown.deleted || row.body != body || row.author != shown.author {
                found.push(Deep::Row(*doc));
            }
        }
    }
    Ok(())
}

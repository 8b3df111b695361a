//! Documents of this replica: reading their changes, judging new ones, applying and taking back.

use std::collections::HashMap;

use homing_model::{
    Actor, ChangeHash, ChangeInfo, Check, DocState, Kind, ModelError, Preimage, Ruling, Subject, Waiting,
    check, inspect, resolve_duplicates, rules, verdict,
};
use homing_store::changes::{self, ChangeRow, ChangeState};
use homing_store::docs::{self, DocRow};
use homing_store::parked::Wait;
use homing_store::{Read, Tx, entries};
use homing_wire::{Changes, DocChange, DocId, EntryHeader, EntryId, Hash, Role, Salt, SpaceKind};

use crate::fail::Fail;
use crate::replica::Replica;

/// What a judge says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged<T> {
    Accept(T),
    /// Something is missing that may still come: a stable reason, and what wakes it.
    Park(&'static str, Vec<Wait>),
    /// Never; a stable code.
    Refuse(&'static str),
}

/// A change that passed, ready to be applied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub doc: DocId,
    pub info: ChangeInfo,
    pub bytes: Vec<u8>,
    pub kind: Kind,
    /// Another accepted change has its place: the document is settled anew.
    pub duplicate: bool,
    /// Applied already.
    pub known: bool,
    /// Nothing of its document was here before.
    pub fresh: bool,
}

/// Changes of a document as the store has them.
pub(crate) struct DocChanges {
    pub accepted: Vec<ChangeInfo>,
    pub refused: Vec<ChangeHash>,
    pub preimage: Option<Preimage>,
}

pub(crate) fn read_doc(db: &Read<'_>, doc: &DocId) -> Result<DocChanges, Fail> {
    let mut read = DocChanges { accepted: Vec::new(), refused: Vec::new(), preimage: None };
    for row in changes::of_doc(db, doc)? {
        match row.state {
            ChangeState::Refused => read.refused.push(ChangeHash(row.hash.0)),
            ChangeState::Confirmed | ChangeState::Pending => read.accepted.push(inspect(&row.bytes)?),
        }
    }
    read.preimage = read.accepted.iter().find_map(|change| change.preimage.clone());
    Ok(read)
}

/// What is known about an entry's author when its changes are judged.
pub(crate) struct Author<'a> {
    pub header: &'a EntryHeader,
    pub space_kind: SpaceKind,
    pub role: Role,
    /// The newest version of the rules that is known here.
    pub rules: u32,
}

/// A change as it came out of an entry.
pub(crate) struct Opened {
    pub doc: DocId,
    pub info: Result<ChangeInfo, ModelError>,
    pub bytes: Vec<u8>,
}

/// Reads the changes of an entry; needs nothing but them.
pub(crate) fn read_changes(all: Changes) -> Vec<Opened> {
    let read = |one: DocChange| Opened { doc: one.doc, info: inspect(&one.change), bytes: one.change };
    all.changes.into_iter().map(read).collect()
}

/// Judges all changes of an entry; all pass or none.
pub(crate) fn judge_changes(
    db: &Read<'_>,
    author: &Author<'_>,
    all: Vec<Opened>,
) -> Result<Judged<Vec<Passed>>, Fail> {
    let mut seen: HashMap<DocId, DocChanges> = HashMap::new();
    let mut passed = Vec::with_capacity(all.len());
    for change in all {
        if let std::collections::hash_map::Entry::Vacant(vacant) = seen.entry(change.doc) {
            vacant.insert(read_doc(db, &change.doc)?);
        }
        let Some(doc) = seen.get_mut(&change.doc) else { return Err(Fail::Internal("judge")) };
        match judge_change(author, doc, &change) {
            Judged::Accept(one) => {
                if doc.preimage.is_none() {
                    doc.preimage.clone_from(&one.info.preimage);
                }
                if !one.known && !one.duplicate {
                    doc.accepted.push(one.info.clone());
                }
                passed.push(one);
            }
            Judged::Park(reason, waits) => return Ok(Judged::Park(reason, waits)),
            Judged::Refuse(reason) => return Ok(Judged::Refuse(reason)),
        }
    }
    Ok(Judged::Accept(passed))
}

/// Judges a change of a document of which nothing is known.
pub(crate) fn judge_first(author: &Author<'_>, change: &Opened) -> Judged<Passed> {
    judge_change(author, &DocChanges { accepted: Vec::new(), refused: Vec::new(), preimage: None }, change)
}

fn judge_change(author: &Author<'_>, doc: &DocChanges, change: &Opened) -> Judged<Passed> {
    let info = match &change.info {
        Ok(info) => info,
        Err(ModelError::Unknown) => return Judged::Park("unknown_form", vec![Wait::Upgrade]),
        Err(error) => return Judged::Refuse(error.code()),
    };
    let subject = Subject {
        doc: change.doc,
        space: author.header.space,
        space_kind: author.space_kind,
        preimage: doc.preimage.as_ref(),
        author: author.header.person,
        role: author.role,
    };
    let state = DocState { accepted: &doc.accepted, refused: &doc.refused };
    let actor = Actor::derive(&author.header.device, &author.header.salt);
    let (duplicate, known) = match check(info, state, &actor) {
        Check::Ok => (false, false),
        Check::Known => (false, true),
        Check::Duplicate { .. } => (true, false),
        Check::Park(waiting) => return Judged::Park("waiting_for_change", waits(&change.doc, waiting)),
        Check::Refuse(reason) => return Judged::Refuse(reason.code()),
    };
    let ruling = match author.header.rules {
        newer if newer > author.rules => Ruling::Park(rules::Unjudged::Version),
        version => verdict(version, &subject, info),
    };
    match ruling {
        Ruling::Accept => {}
        Ruling::Refuse(reason) => return Judged::Refuse(reason.code()),
        Ruling::Park(rules::Unjudged::First) => {
            return Judged::Park("waiting_for_first", vec![Wait::Doc(change.doc)]);
        }
        Ruling::Park(_) => return Judged::Park("needs_upgrade", vec![Wait::Upgrade]),
    }
    let preimage = info.preimage.as_ref().or(doc.preimage.as_ref());
    Judged::Accept(Passed {
        doc: change.doc,
        info: info.clone(),
        bytes: change.bytes.clone(),
        kind: preimage.map_or(Kind::Unknown(0), Preimage::kind),
        duplicate,
        known,
        fresh: doc.accepted.is_empty() && doc.refused.is_empty(),
    })
}

fn waits(doc: &DocId, waiting: Waiting) -> Vec<Wait> {
    match waiting {
        Waiting::First => vec![Wait::Doc(*doc)],
        // The predecessor is a change of the same document; its hash is not known, the document is.
        Waiting::Predecessor => vec![Wait::Doc(*doc)],
        Waiting::Dependencies(missing) => missing.iter().map(|hash| Wait::Change(Hash(hash.0))).collect(),
    }
}

/// Stores a change as one of a document.
pub(crate) fn insert(
    tx: &Tx<'_>,
    header: (homing_wire::SpaceId, Salt),
    change: &Passed,
    entry: Option<EntryId>,
    intent: Option<Vec<u8>>,
) -> Result<(), Fail> {
    let (space, salt) = header;
    if let Some(preimage) = &change.info.preimage
        && change.kind != Kind::Message
    {
        docs::put(
            tx,
            &DocRow { doc: change.doc, space, kind: change.kind.number(), preimage: preimage.encode() },
        )?;
    }
    let state = if entry.is_some() { ChangeState::Confirmed } else { ChangeState::Pending };
    let row = ChangeRow {
        doc: change.doc,
        hash: Hash(change.info.hash.0),
        space,
        kind: change.kind.number(),
        actor: change.info.actor.0,
        seq: change.info.seq,
        max_op: change.info.max_op(),
        salt,
        entry,
        state,
        deps: change.info.deps.iter().map(|dep| Hash(dep.0)).collect(),
        intent,
        bytes: change.bytes.clone(),
    };
    if !changes::insert(tx, &row)?
        && let Some(entry) = entry
    {
        // A pending change of this device came back in its own entry.
        changes::confirm(tx, &change.doc, &row.hash, &entry)?;
    }
    Ok(())
}

/// Settles two changes with one (actor, sequence): the earlier in the author's own chain stays, then the lower id.
/// Returns the hashes that were dropped.
pub(crate) fn settle_duplicates(tx: &Tx<'_>, doc: &DocId) -> Result<Vec<ChangeHash>, Fail> {
    let mut ranked = Vec::new();
    for row in changes::of_doc(tx, doc)? {
        let rank = match &row.entry {
            Some(id) => match entries::get(tx, id)? {
                Some(entry) if entry.status != entries::Status::Refused => (entry.dseq, id.0),
                _ => continue,
            },
            None => (u64::MAX, row.hash.0),
        };
        ranked.push((rank, inspect(&row.bytes)?, row));
    }
    ranked.sort_by_key(|(rank, ..)| *rank);
    let infos: Vec<ChangeInfo> = ranked.iter().map(|(_, info, _)| info.clone()).collect();
    let resolved = resolve_duplicates(&infos);
    for (_, info, row) in &ranked {
        let dropped = resolved.dropped.contains(&info.hash);
        let state = match (dropped, row.entry.is_some()) {
            (true, _) => ChangeState::Refused,
            (false, true) => ChangeState::Confirmed,
            (false, false) => ChangeState::Pending,
        };
        if state != row.state {
            changes::set_state(tx, doc, &row.hash, state)?;
        }
    }
    Ok(resolved.dropped)
}

impl Replica {
    /// Applies what passed and refreshes the rows that show it.
    pub fn apply(
        &mut self,
        tx: &Tx<'_>,
        header: &EntryHeader,
        entry: &EntryId,
        passed: &[Passed],
    ) -> Result<(), Fail> {
        let mut docs_changed: Vec<DocId> = Vec::new();
        for change in passed {
            insert(tx, (header.space, header.salt), change, Some(*entry), None)?;
            if change.duplicate {
                settle_duplicates(tx, &change.doc)?;
            }
            if !docs_changed.contains(&change.doc) {
                docs_changed.push(change.doc);
            }
        }
        for doc in docs_changed {
            self.withdraw_own_send(tx, &doc)?;
            self.project(tx, &doc)?;
        }
        Ok(())
    }

    /// Takes an entry's changes back, with everything made on them.
    pub fn unapply(&mut self, tx: &Tx<'_>, entry: &EntryId) -> Result<(), Fail> {
        for row in changes::of_entry(tx, entry)? {
            self.refuse_change(tx, &row.doc, &row.hash)?;
        }
        Ok(())
    }

    /// Refuses a change and everything made on it; entries that carried those are refused too.
    pub fn refuse_change(&mut self, tx: &Tx<'_>, doc: &DocId, hash: &Hash) -> Result<(), Fail> {
        let all = changes::of_doc(tx, doc)?;
        let mut refused = vec![*hash];
        // Rows stand in an order in which each follows what it was made on.
        for row in &all {
            if row.hash == *hash || row.deps.iter().any(|dep| refused.contains(dep)) {
                refused.push(row.hash);
                changes::set_state(tx, doc, &row.hash, ChangeState::Refused)?;
                if let Some(entry) = &row.entry {
                    entries::set_status(tx, entry, entries::Status::Refused, "depends_on_refused")?;
                }
            }
        }
        self.project(tx, doc)
    }
}

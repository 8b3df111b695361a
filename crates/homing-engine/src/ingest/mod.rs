//! Entries from the relay: verified, judged, applied, or parked until what they need has come.
//!
//! Nothing here depends on the order in which entries arrive. What can't be judged yet is kept and says what it
//! waits for; whatever arrives wakes what waited for it.

mod account;
mod fresh;
mod op;
mod prepare;
mod upgrade;

use std::collections::VecDeque;

use homing_access::{Missing, Verdict};
use homing_store::Tx;
use homing_store::entries::{self, Ancestry, NewEntry, Place, Status};
use homing_store::parked::{self, Wait};
use homing_wire::{Entry, EntryId, EntryKind, Member, SpaceId, Stored};

use self::fresh::Fresh;
use self::prepare::{Prepared, prepare_page};
use crate::content::{self, OpenError};
use crate::docs::{Author, Judged, judge_changes, read_changes};
use crate::fail::Fail;
use crate::replica::Replica;

/// Pages up to this length may be an own entry that was acknowledged just now: it need not be verified and opened again.
const LIVE: usize = 16;
/// At most so many entries are woken by one thing in one transaction; the rest by the next.
const WAKE: u32 = 10_000;

impl Replica {
    /// Takes in pages of the logs of these spaces, each in its order. The caller has checked the relay's signatures
    /// under their heads.
    pub fn ingest(&mut self, tx: &Tx<'_>, spaces: &[SpaceId], page: &[&Stored]) -> Result<(), Fail> {
        for space in spaces {
            self.load_keys(tx, space)?;
        }
        let keys = self.keys();
        let mut fresh = Fresh::of(tx)?;
        let mut news = page.to_vec();
        if page.len() <= LIVE {
            let held = page.iter().map(|stored| is_held(tx, stored)).collect::<Result<Vec<bool>, Fail>>()?;
            let mut held = held.into_iter();
            news.retain(|_| !held.next().unwrap_or(false));
        }
        prepare_page(&news, &keys, |stored, prepared| {
            let Some(prepared) = prepared else {
                // The relay counts it; we can't keep what has no header. The log's cursor passes over it.
                tracing::warn!("an entry of an unknown form was passed over");
                return Ok(());
            };
            if self.ingest_fresh(tx, stored, &prepared, &mut fresh)? {
                return Ok(());
            }
            self.insert_fresh(tx, &mut fresh)?;
            self.ingest_one(tx, stored, &prepared)?;
            fresh.parked = parked::any(tx)?;
            Ok(())
        })?;
        self.insert_fresh(tx, &mut fresh)
    }

    fn ingest_one(&mut self, tx: &Tx<'_>, stored: &Stored, prepared: &Prepared) -> Result<(), Fail> {
        let (id, place) = (prepared.id, place_of(stored));
        if let Some((status, known)) = entries::status(tx, &id)? {
            if known
                .is_none_or(|known| known.sequence != place.sequence || known.generation != place.generation)
            {
                entries::place(tx, &id, place)?;
            }
            if status == Status::Sealed {
                self.acknowledge(tx, &id, place)?;
            }
            return Ok(());
        }
        self.received += 1;
        let status = if prepared.verified { Status::Parked } else { Status::Refused };
        let reason = if prepared.verified { "" } else { "bad_signature" };
        let header = prepared.entry.header();
        entries::insert(
            tx,
            &NewEntry { id: &id, header, place: Some(place), status, reason, bytes: &stored.entry },
        )?;
        if prepared.verified {
            self.own_entry_came(tx, &prepared.entry, &id)?;
            self.judge_from(tx, id)?;
        } else {
            self.touched.status = true;
        }
        Ok(())
    }

    /// Judges an entry that is stored, then everything that waited for what it brought.
    pub fn judge_from(&mut self, tx: &Tx<'_>, first: EntryId) -> Result<(), Fail> {
        let mut queue = VecDeque::from([first]);
        while let Some(id) = queue.pop_front() {
            let Some(row) = entries::get(tx, &id)? else { continue };
            if row.status != Status::Parked {
                continue;
            }
            let Ok(entry) = Entry::decode(&row.bytes) else { continue };
            let received_ms = row.received_ms;
            let judged = match row.kind {
                EntryKind::Op => self.judge_op(tx, &entry, id, received_ms)?,
                EntryKind::Data => self.judge_data(tx, &entry, id)?,
            };
            match judged {
                Judged::Accept(woken) => {
                    for wait in woken.into_iter().chain([Wait::Entry(id)]) {
                        queue.extend(parked::waiting_for(tx, &wait, WAKE)?);
                    }
                }
                Judged::Park(reason, waits) => {
                    parked::park(tx, &id, reason, &waits)?;
                    self.touched.status = true;
                }
                Judged::Refuse(reason) => {
                    tracing::warn!(reason, "an entry was refused");
                    parked::unpark(tx, &id, Status::Refused, reason)?;
                    self.touched.status = true;
                    queue.extend(parked::waiting_for(tx, &Wait::Entry(id), WAKE)?);
                }
            }
        }
        Ok(())
    }

    /// Judges everything that waited for something.
    pub fn wake(&mut self, tx: &Tx<'_>, wait: &Wait) -> Result<(), Fail> {
        for id in parked::waiting_for(tx, wait, WAKE)? {
            self.judge_from(tx, id)?;
        }
        Ok(())
    }

    fn missing<T>(&mut self, missing: Missing) -> Judged<T> {
        match missing {
            Missing::OpHead(op) => Judged::Park("waiting_for_op", vec![Wait::Entry(op)]),
            Missing::Prev(entry) => Judged::Park("waiting_for_entry", vec![Wait::Entry(entry)]),
            Missing::Account(person) | Missing::Device(person, _) => {
                self.wants.accounts.insert(person);
                Judged::Park("waiting_for_account", vec![Wait::Person(person)])
            }
            Missing::Team(team) => {
                self.wants.ops.insert(team);
                // A team's first op carries the team's id as its space; whatever op of it comes wakes us.
                Judged::Park("waiting_for_team", vec![team_wait(&team)])
            }
        }
    }

    fn verdict_of(&mut self, tx: &Tx<'_>, entry: &Entry, id: EntryId) -> Result<Verdict, Fail> {
        let header = entry.header();
        if !self.load_space(tx, &header.space)? {
            let missing = header.op_head.map_or(Missing::Account(header.person), Missing::OpHead);
            return Ok(Verdict::Park(missing));
        }
        self.load_account(tx, &header.person)?;
        if let Member::Team(team) = &header.written_as {
            self.load_space(tx, team)?;
        }
        let state = self.space(&header.space)?;
        let is_ancestor = |entry: &EntryId, pin: &EntryId| match entries::ancestry(tx, entry, pin) {
            Ok(Ancestry::Ancestor) => Some(true),
            Ok(Ancestry::Apart) => Some(false),
            Ok(Ancestry::Unknown(_)) | Err(_) => None,
        };
        Ok(state.verdict(header, &id, &self.known, &is_ancestor))
    }

    fn judge_data(&mut self, tx: &Tx<'_>, entry: &Entry, id: EntryId) -> Result<Judged<Vec<Wait>>, Fail> {
        let header = entry.header();
        let role = match self.verdict_of(tx, entry, id)? {
            Verdict::Accept { role, .. } => role,
            Verdict::Park(missing) => return Ok(self.missing(missing)),
            Verdict::Refuse(error) => return Ok(Judged::Refuse(error.code())),
        };
        let Some(epoch) = header.epoch else { return Ok(Judged::Refuse("no_epoch")) };
        let Some(key) = self.key(tx, &header.space, &epoch)? else {
            return Ok(Judged::Park("waiting_for_key", vec![Wait::Epoch(epoch)]));
        };
        let changes = match content::open_changes(&key, header, &entry.body.content) {
            Ok(changes) => changes,
            Err(OpenError::Sealed) => return Ok(Judged::Refuse("does_not_open")),
            Err(OpenError::Malformed) => return Ok(Judged::Refuse("malformed_content")),
        };
        let author =
            Author { header, space_kind: self.space(&header.space)?.kind(), role, rules: self.rules };
        match judge_changes(tx, &author, read_changes(changes))? {
            Judged::Accept(passed) => {
                parked::unpark(tx, &id, Status::Accepted, "")?;
                self.apply(tx, header, &id, &passed)?;
                let message = passed.iter().any(|change| change.kind == homing_model::Kind::Message);
                self.note_delivered(header.space, header.device, header.dseq, message);
                let woken = passed.iter().flat_map(|change| {
                    [Wait::Doc(change.doc), Wait::Change(homing_wire::Hash(change.info.hash.0))]
                });
                Ok(Judged::Accept(woken.collect()))
            }
            Judged::Park(reason, waits) => Ok(Judged::Park(reason, waits)),
            Judged::Refuse(reason) => Ok(Judged::Refuse(reason)),
        }
    }
}

/// What waits for a team's op chain waits under the team's id.
pub(crate) fn team_wait(team: &SpaceId) -> Wait {
    Wait::Entry(EntryId(team.0))
}

/// Whether an entry was accepted at this very place before.
fn is_held(tx: &Tx<'_>, stored: &Stored) -> Result<bool, Fail> {
    let Some(id) = homing_sync::entry_id(&stored.entry) else { return Ok(false) };
    let known = entries::status(tx, &id)?;
    Ok(known.is_some_and(|(status, place)| {
        status == Status::Accepted
            && place.is_some_and(|place| {
                (place.generation, place.sequence) == (stored.generation, stored.sequence)
            })
    }))
}

fn place_of(stored: &Stored) -> Place {
    Place { generation: stored.generation, sequence: stored.sequence, received_ms: stored.received_ms }
}

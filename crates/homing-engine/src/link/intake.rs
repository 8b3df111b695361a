//! What the relay tells of spaces, accounts and teams, and how it is kept.

use std::collections::{BTreeSet, VecDeque};

use homing_crypto::{Domain, verify};
use homing_store::parked::{self, Wait};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, accounts, meta, outbox, slots};
use homing_sync::{Effect, Event, LogCursor, SpaceCursor, Ticket};
use homing_wire::codec::decode;
use homing_wire::{Member, NackCode, PersonId, SignedHead, SpaceId, SpaceKind, Stored, VerifyKey};

use super::cursor::{cursor_of, store_cursor, update_log};
use super::{SYNCED, TOGETHER};
use crate::api::ApiError;
use crate::core::Core;
use crate::replica::Replica;

/// A page of a space's log.
pub(super) struct Page {
    pub space: SpaceId,
    pub ticket: Ticket,
    pub entries: Vec<Stored>,
    pub head: SignedHead,
    pub cursor: LogCursor,
}

impl Page {
    fn is_signed_by(&self, relay: &VerifyKey) -> bool {
        let signed = SignedHead::signed_bytes(&self.head.space, &self.head.head);
        self.head.space == self.space
            && verify(Domain::RelayHead, &relay.0, &signed, &self.head.signature.0).is_ok()
    }
}

/// The page that is to be carried out next, if it is one and there is room beside `count` entries.
fn next_page(effects: &mut VecDeque<Effect>, count: usize) -> Option<Page> {
    let fits =
        matches!(effects.front(), Some(Effect::Entries { entries, .. }) if count + entries.len() <= TOGETHER);
    match effects.pop_front_if(|_| fits)? {
        Effect::Entries { space, ticket, entries, head, cursor, .. } => {
            Some(Page { space, ticket, entries, head, cursor })
        }
        _ => None,
    }
}

impl Core {
    /// Stores a page, together with those that wait behind it.
    pub(super) fn entries_came(&mut self, first: Page) {
        let mut count = first.entries.len();
        let mut pages = vec![first];
        while let Some(page) = self.link.as_mut().and_then(|link| next_page(&mut link.effects, count)) {
            count += page.entries.len();
            pages.push(page);
        }
        let relay = self.link.as_ref().and_then(|link| link.client.relay_key());
        let (genuine, forged): (Vec<Page>, Vec<Page>) =
            pages.into_iter().partition(|page| relay.is_some_and(|key| page.is_signed_by(&key)));
        for page in forged {
            self.protocol(Event::BadHead { ticket: page.ticket });
        }
        if self.store_pages(&genuine).is_ok() {
            for page in &genuine {
                self.protocol(Event::Applied { ticket: page.ticket });
            }
        } else {
            // One of them can't be stored; the others must not wait for it.
            for page in &genuine {
                let done = self.store_pages(std::slice::from_ref(page));
                self.stored(page.ticket, done);
            }
        }
    }

    fn store_pages(&mut self, pages: &[Page]) -> Result<(), ApiError> {
        let spaces: Vec<SpaceId> = pages.iter().map(|page| page.space).collect();
        let entries: Vec<&Stored> = pages.iter().flat_map(|page| &page.entries).collect();
        self.write(Durability::Normal, |tx, replica, _| {
            replica.ingest(tx, &spaces, &entries)?;
            for page in pages {
                update_log(tx, &page.space, page.cursor, Some(&page.head))?;
                if page.cursor.gap.is_none() {
                    replica.settle_unknown(tx, &page.space)?;
                }
            }
            Ok(())
        })?;
        self.taken_in += entries.len();
        for space in &spaces {
            self.resting.remove(space);
        }
        Ok(())
    }

    /// Ops of a team this person is no member of, to judge those who write as it.
    pub(super) fn ops_came(&mut self, space: SpaceId, entries: &[homing_wire::Stored], more: bool) {
        if !more {
            self.asked_ops.remove(&space);
        }
        self.resting.clear();
        self.try_write("ops of a team", |tx, replica, _| {
            replica.ingest(tx, &[space], &entries.iter().collect::<Vec<_>>())?;
            for row in spaces::list(tx)?.into_iter().filter(|row| row.team == Some(space)) {
                replica.open_waiting_slots(tx, &row.space)?;
                replica.touched.work.insert(row.space);
            }
            Ok(())
        });
    }

    /// Shows the relay what it had signed: it then knows that it was put back, and is filled again.
    pub(super) fn prove_rollback(&mut self, space: SpaceId) {
        let signed = self
            .db()
            .ok()
            .and_then(|db| spaces::get(&db, &space).ok().flatten())
            .and_then(|row| row.signed_head);
        if let Some(head) = signed.and_then(|bytes| decode::<SignedHead>("signed head", &bytes, 1024).ok()) {
            self.protocol(Event::ProveRollback { head });
        }
    }

    pub(super) fn stored(&mut self, ticket: Ticket, done: Result<(), ApiError>) {
        match done {
            Ok(()) => self.protocol(Event::Applied { ticket }),
            Err(error) => {
                tracing::error!(code = ?error.code, "what the relay sent could not be stored");
                self.protocol(Event::StorageFailed { ticket });
            }
        }
    }

    /// A team this person came into is followed: its client spaces move in the team's feed.
    pub(super) fn follow_team(&mut self, space: SpaceId) {
        if self.flows.followed.contains(&space) {
            return;
        }
        let row = self.db().and_then(|db| Ok(spaces::get(&db, &space)?)).ok().flatten();
        if row.is_some_and(|row| row.kind == SpaceKind::Team && row.state == SpaceState::Joined) {
            self.flows.followed.insert(space);
            self.protocol(Event::Follow(Member::Team(space)));
        }
    }

    pub(super) fn read_chain(&mut self, space: SpaceId, after: u64, limit: usize) {
        let items = self.db().and_then(|db| {
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            Ok(homing_store::entries::chain_after(&db, &space, after, limit)?)
        });
        let items = items
            .unwrap_or_default()
            .into_iter()
            .map(|(sequence, id, received_ms, generation)| homing_sync::ChainItem {
                sequence,
                id,
                received_ms,
                generation,
            })
            .collect();
        self.protocol(Event::Chain { space, items });
    }

    /// A feed says that its member lost access. Another capacity (a team, or oneself) may still have it.
    pub(super) fn gone(&mut self, space: SpaceId, feed: Member) {
        let gone = self.write(Durability::Normal, |tx, replica, env| {
            let me = replica.person();
            let other = replica.load_space(tx, &space)?
                && replica
                    .space(&space)?
                    .capacities(&replica.known, &me)
                    .iter()
                    .any(|(member, _)| *member != feed);
            if let Some(row) = spaces::get(tx, &space)?.filter(|_| !other) {
                // Who left knows, and what goes with a team needs no word of its own.
                if row.state == SpaceState::Joined && feed == Member::Person(me) {
                    replica.notice_gone(tx, &space, env.now_ms())?;
                }
                spaces::update(tx, &space, |row| row.state = SpaceState::Gone)?;
                replica.refuse_waiting(tx, &space, NackCode::NotAMember)?;
                // Who comes back reads it from its beginning; the relay may have numbered it anew by then.
                homing_store::entries::unplace_after(tx, &space, 0)?;
                let generation = cursor_of(tx, &space)?.log.generation;
                store_cursor(tx, &space, &SpaceCursor::empty(generation))?;
                replica.touch_conversations_of(tx, &space)?;
                replica.touched.people = true;
            }
            Ok(!other)
        });
        if gone.unwrap_or(false) {
            self.protocol(Event::Forget(space));
            self.team_gone(space);
        }
    }

    /// Who is in a team no more has lost its clients' spaces too, though nothing of theirs says so.
    fn team_gone(&mut self, team: SpaceId) {
        if self.flows.followed.remove(&team) {
            self.protocol(Event::Unfollow(Member::Team(team)));
        }
        let rows = self.db().and_then(|db| Ok(spaces::list(&db)?)).unwrap_or_default();
        for row in rows.into_iter().filter(|row| row.team == Some(team) && row.state != SpaceState::Gone) {
            self.gone(row.space, Member::Team(team));
        }
    }

    pub(super) fn account_came(&mut self, person: &PersonId, ops: &[Vec<u8>]) {
        self.asked_accounts.remove(person);
        if self.flow_account(person, ops) {
            return;
        }
        let teams = self.flows.followed.clone();
        self.try_write("account", |tx, replica, env| {
            // What takes the place of a damaged record tells of no new device.
            let own = *person == replica.person() && !Replica::account_due_again(tx)?;
            let devices = if own { replica.own_devices(tx)? } else { BTreeSet::new() };
            replica.ingest_account(tx, person, ops)?;
            if own {
                replica.notice_devices(tx, &devices, env.now_ms())?;
            }
            for space in slots::unopened_spaces(tx)? {
                replica.open_waiting_slots(tx, &space)?;
            }
            // Where something waits to be written; and what few people read, which rotates at once.
            replica.touched.work.extend(outbox::spaces(tx)?);
            replica.touched.work.extend(slots::dirty_spaces(tx)?);
            replica.touched.work.extend(teams);
            replica.touched.work.insert(replica.personal());
            Ok(())
        });
        self.resting.clear();
        let head = self.db().ok().and_then(|db| accounts::head(&db, person).ok().flatten());
        if let Some((_, head)) = head {
            self.protocol(Event::AccountApplied { person: *person, head });
        }
    }

    pub(crate) fn ask_accounts(&mut self, people: &[PersonId]) {
        for person in people {
            let after = self.db().ok().and_then(|db| {
                let mine = self.replica.as_ref().is_some_and(|replica| replica.person() == *person);
                let whole = mine && Replica::account_due_again(&db).unwrap_or(false);
                accounts::head(&db, person).ok().flatten().filter(|_| !whole)
            });
            let after = after.map(|(_, id)| id);
            self.asked_accounts.insert(*person);
            self.protocol(Event::PullAccount { person: *person, after });
        }
    }

    pub(super) fn all_caught_up(&mut self) {
        let spaces = self.db().and_then(|db| Ok(outbox::spaces(&db)?)).unwrap_or_default();
        self.touched.work.extend(spaces);
        self.publishing.look_at_grants();
        self.touched.status = true;
        if let (Some(store), true) = (&self.store, self.taken_in > TOGETHER) {
            self.taken_in = 0;
            if store.release_memory().is_err() {
                tracing::warn!("memory could not be given back");
            }
        }
        if !self.synced_once {
            self.synced_once = true;
            self.try_write("synced", |tx, _, _| Ok(meta::set(tx, SYNCED, &[1])?));
        }
    }

    /// Accounts and op chains that parked entries wait for are asked for again in every session.
    pub(super) fn want_what_waits(&mut self) {
        self.asked_accounts.clear();
        self.asked_ops.clear();
        self.try_write("wants", |tx, replica, _| {
            if Replica::account_due_again(tx)? {
                replica.wants.accounts.insert(replica.person());
            }
            for wait in parked::asked(tx)? {
                match wait {
                    Wait::Person(person) => {
                        replica.wants.accounts.insert(person);
                    }
                    Wait::Entry(id) => {
                        replica.wants.ops.insert(SpaceId(id.0));
                    }
                    _ => {}
                }
            }
            Ok(())
        });
    }
}

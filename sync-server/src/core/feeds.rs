//! Who hears of what: feeds, subscriptions, live frames and their credit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_access::AccessError;
use homing_wire::{DeviceId, FeedCursor, FeedItem, Member, NackCode, RelayFrame, SpaceId, Stored, limits};
use minicbor::bytes::ByteVec;

use super::session::{SessionId, Who};
use super::{Committed, RelayCore, Stop, leave};
use crate::error::RelayError;
use crate::metrics::add;
use crate::store::{FeedLine, Thing};

/// Members up to which a space's feeds are told in the transaction that moves it.
const CROWD: usize = 16;
/// Lines in one feed frame; each takes up to 150 bytes.
const LINES: usize = 2_000;
/// Feeds one session may follow: its person's, and a team for each business.
const FEEDS: usize = 200;
/// Spaces one session may have open.
const SUBS: usize = 500;

impl RelayCore {
    pub(super) fn feed(
        &mut self,
        session: SessionId,
        who: &Who,
        generation: u64,
        cursors: &[FeedCursor],
    ) -> Result<(), Stop> {
        if cursors.len() > FEEDS {
            return Err(NackCode::TooLarge.into());
        }
        let feeds: BTreeSet<&Member> = cursors.iter().map(|cursor| &cursor.feed).collect();
        if feeds.len() < cursors.len() {
            // Nobody needs an answer twice.
            self.go_away(session, NackCode::Malformed, None);
            return Ok(());
        }
        let current = generation == self.identity.generation();
        let most = self.batch.bytes.saturating_add(self.limits.feed_bytes);
        for FeedCursor { feed, sequence } in cursors {
            let allowed = match feed {
                Member::Person(person) => *person == who.person,
                Member::Team(team) => self.store.in_team(team, &who.person)?,
            };
            if !allowed {
                continue;
            }
            let mut after = if current { *sequence } else { 0 };
            loop {
                let items = self.store.feed_since(feed, after, LINES)?;
                let Some(last) = items.last().map(|item| item.sequence) else { break };
                after = last;
                self.send(session, &RelayFrame::Feed { items, caught_up: false });
                if self.batch.bytes > most {
                    self.go_away(session, NackCode::TooLarge, None);
                    return Ok(());
                }
            }
            let Some(open) = self.sessions.get_mut(&session) else { return Ok(()) };
            if open.feeds.len() < FEEDS {
                open.feeds.insert(*feed);
                self.followers.entry(*feed).or_default().insert(session);
            }
        }
        self.send(session, &RelayFrame::Feed { items: Vec::new(), caught_up: true });
        Ok(())
    }

    /// Notes that a space moved, for the feeds of all its members. A crowd's feeds are written by
    /// [`RelayCore::settle`]: who waits for an acknowledgement, or has the space open, need not wait for that.
    pub(super) fn moved(&mut self, id: &SpaceId) -> Result<(), Stop> {
        let Some(space) = self.spaces.peek(id) else { return Ok(()) };
        let members = space.state.members();
        if members.len() > CROWD {
            let number = space.row.number;
            if self.untold.insert(*id, number).is_none() {
                self.store.note_untold(number)?;
            }
        } else {
            self.batch.moved.extend(members.keys().map(|member| (*member, Thing::Space(*id))));
        }
        Ok(())
    }

    /// Tells the feeds of large spaces that moved, in a transaction of their own. A relay that ends before that does
    /// it when it starts again.
    pub fn settle(&mut self) -> Result<Committed, RelayError> {
        for (id, number) in std::mem::take(&mut self.untold) {
            let lines = self.store.members(number)?.into_iter().map(|member| (member, Thing::Space(id)));
            self.batch.moved.extend(lines);
            self.store.told(number)?;
        }
        self.commit()
    }

    /// True if there is something to settle.
    pub fn unsettled(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Gives the batch's lines their sequences and tells whoever follows; one frame per session.
    pub(super) fn tell_feeds(&mut self) -> Result<(), RelayError> {
        let mut frames: BTreeMap<SessionId, Vec<FeedItem>> = BTreeMap::new();
        let mut moved: HashMap<Member, Vec<FeedLine>> = HashMap::new();
        for line in std::mem::take(&mut self.batch.moved) {
            moved.entry(line.0).or_default().push(line);
        }
        let mut members: Vec<Member> = moved.keys().copied().collect();
        members.sort_unstable();
        for member in members {
            let mut first = None;
            for line in moved.remove(&member).unwrap_or_default() {
                let sequence = self.store.put_feed_line(&line)?;
                first.get_or_insert(sequence);
            }
            let (Some(followers), Some(first)) = (self.followers.get(&member), first) else { continue };
            let items = self.store.feed_since(&member, first.saturating_sub(1), usize::MAX)?;
            for session in followers {
                frames.entry(*session).or_default().extend(items.iter().cloned());
            }
        }
        for (session, items) in frames {
            for part in items.chunks(LINES) {
                self.send(session, &RelayFrame::Feed { items: part.to_vec(), caught_up: false });
            }
        }
        Ok(())
    }

    pub(super) fn unfollow(&mut self, session: SessionId, feed: &Member) {
        if let Some(open) = self.sessions.get_mut(&session) {
            open.feeds.remove(feed);
        }
        leave(&mut self.followers, feed, session);
    }

    pub(super) fn sub(
        &mut self,
        session: SessionId,
        who: &Who,
        space: SpaceId,
        on: bool,
    ) -> Result<(), Stop> {
        if !on {
            self.unsubscribe(session, &space);
            return Ok(());
        }
        let row = self.store.space(&space)?.ok_or(NackCode::NotFound)?;
        if !self.store.reads(row.number, &who.person)? {
            return Err(NackCode::NotFound.into());
        }
        let full = self.limits.live_bytes;
        let Some(open) = self.sessions.get_mut(&session) else { return Ok(()) };
        if open.subs.len() >= SUBS && !open.subs.contains(&space) {
            return Err(NackCode::Quota.into());
        }
        open.subs.insert(space);
        // Who subscribes has paged to the head, so nothing that was sent before is still unread.
        open.live_left = full;
        self.subscribers.entry(space).or_default().insert(session);
        Ok(())
    }

    pub(super) fn unsubscribe(&mut self, session: SessionId, space: &SpaceId) {
        if let Some(open) = self.sessions.get_mut(&session) {
            open.subs.remove(space);
        }
        leave(&mut self.subscribers, space, session);
    }

    pub(super) fn credit(&mut self, session: SessionId, bytes: u64) {
        let full = self.limits.live_bytes;
        if let Some(open) = self.sessions.get_mut(&session) {
            open.live_left = open.live_left.saturating_add(bytes).min(full);
        }
    }

    /// A new entry for everybody who has its space open, except who pushed it and gets the ack.
    pub(super) fn publish_entry(&mut self, from: Option<SessionId>, space: &SpaceId, stored: Stored) {
        let listeners = self.listeners(space, from);
        if listeners.is_empty() {
            return;
        }
        // The same signature goes out with the acknowledgement.
        let Some(head) = self.signed_head(space) else { return };
        self.publish(space, &listeners, &RelayFrame::Event { space: *space, stored, head }, true);
    }

    /// A slot's new value for everybody who has its space open.
    pub(super) fn publish_slot(&mut self, from: SessionId, space: &SpaceId, sequence: u64, slot: &[u8]) {
        let listeners = self.listeners(space, Some(from));
        let slots = vec![(sequence, ByteVec::from(slot.to_vec()))];
        self.publish(
            space,
            &listeners,
            &RelayFrame::Slots { req: 0, space: *space, slots, more: false },
            true,
        );
    }

    pub(super) fn ephemeral(
        &mut self,
        session: SessionId,
        who: &Who,
        space: SpaceId,
        content: Vec<u8>,
    ) -> Result<(), Stop> {
        if content.len() > limits::EPHEMERAL {
            return Err(NackCode::TooLarge.into());
        }
        let row = self.store.space(&space)?.ok_or(AccessError::NotAMember)?;
        if !self.store.reads(row.number, &who.person)? {
            return Err(AccessError::NotAMember.into());
        }
        add(&self.metrics.ephemerals, 1);
        let listeners = self.listeners(&space, Some(session));
        let device: DeviceId = who.device;
        // Typing dots are not worth ending a live mode for.
        self.publish(&space, &listeners, &RelayFrame::Ephemeral { space, device, content }, false);
        Ok(())
    }

    fn listeners(&self, space: &SpaceId, except: Option<SessionId>) -> Vec<SessionId> {
        let all = self.subscribers.get(space).into_iter().flatten();
        all.filter(|session| Some(**session) != except).copied().collect()
    }

    /// Sends a live frame to all who have credit for it. Who hasn't, and needs it, is told to page from its cursor.
    fn publish(&mut self, space: &SpaceId, listeners: &[SessionId], frame: &RelayFrame, needed: bool) {
        if listeners.is_empty() {
            return;
        }
        let bytes: bytes::Bytes = frame.encode().into();
        let cost = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        for session in listeners {
            let Some(open) = self.sessions.get_mut(session) else { continue };
            match open.live_left.checked_sub(cost) {
                Some(left) => {
                    open.live_left = left;
                    self.send_bytes(*session, bytes.clone());
                }
                None if needed => {
                    add(&self.metrics.overflows, 1);
                    self.unsubscribe(*session, space);
                    self.send(*session, &RelayFrame::Overflow { space: *space });
                }
                None => {}
            }
        }
    }
}

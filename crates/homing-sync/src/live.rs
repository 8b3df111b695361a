//! Live spaces: entries as they happen, as long as they follow each other; else the space is paged.
//!
//! Own pushes come in the same way: where an `Ack` continues what is held, the entry need not be fetched back.

use homing_wire::{ClientFrame, DeviceId, Lane, NackCode, SignedHead, SpaceId, Stored, limits};

use crate::backoff::delay_ms;
use crate::chain::{Link, same};
use crate::client::Client;
use crate::page::check_head;
use crate::session::Link as Socket;
use crate::space::LogWork;
use crate::{Divergence, Effect, Fault, LogCursor};

/// Bytes of live entries of one space that may wait for the store.
const EVENT_BYTES: usize = 1024 * 1024;

impl Client {
    pub(crate) fn open_space(&mut self, id: SpaceId) {
        let generation = self.generation;
        let space = self
            .spaces
            .entry(id)
            .or_insert_with(|| crate::space::Space::new(crate::SpaceCursor::empty(generation)));
        space.open = true;
        space.check |= !space.live;
        self.open.insert(id);
        self.touch(id);
    }

    pub(crate) fn close_space(&mut self, id: SpaceId) {
        self.open.remove(&id);
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.open = false;
        if std::mem::take(&mut space.live) && self.online() {
            self.send(&ClientFrame::Sub { space: id, on: false });
        }
        self.touch(id);
    }

    /// Subscribes what is on the screen. Before its pages are asked: what happens in between comes live.
    pub(crate) fn pump_live(&mut self) {
        if !self.online() || self.session().is_none_or(|s| s.sub_not_before > self.now) {
            return;
        }
        let mut wanted = Vec::new();
        for id in &self.open {
            if let Some(space) = self.spaces.get_mut(id)
                && !space.live
                && space.halt.is_none()
                && space.known()
                && space.refill.is_none()
                && space.live_not_before <= self.now
            {
                space.live = true;
                // What came since the last page is not sent live.
                space.check = true;
                wanted.push(*id);
            }
        }
        let grant = u64::from(self.config.live_bytes);
        if let Socket::Up(session) = &mut self.link
            && !wanted.is_empty()
            && !std::mem::replace(&mut session.credit_given, true)
        {
            session.credit_owed = grant;
        }
        self.pump_credit();
        for space in wanted {
            self.send(&ClientFrame::Sub { space, on: true });
            self.touch(space);
        }
    }

    /// Gives back what live frames used up, in halves.
    fn pump_credit(&mut self) {
        let window = u64::from(self.config.live_bytes);
        let Socket::Up(session) = &mut self.link else { return };
        if session.credit_given && session.credit_owed >= window.div_ceil(2) {
            let bytes = u32::try_from(std::mem::take(&mut session.credit_owed)).unwrap_or(u32::MAX);
            self.send(&ClientFrame::Credit { bytes });
        }
    }

    /// A live frame of so many bytes came.
    pub(crate) fn used_credit(&mut self, bytes: usize) {
        if let Socket::Up(session) = &mut self.link {
            session.credit_owed = session.credit_owed.saturating_add(bytes as u64);
        }
    }

    pub(crate) fn event(&mut self, id: SpaceId, stored: Stored, head: SignedHead) -> Result<(), Fault> {
        if self.spaces.get(&id).is_none_or(|space| !space.live) {
            // Sent before the relay knew that it was closed.
            return Ok(());
        }
        self.accept(id, stored, head)
    }

    /// An entry that may be the next one.
    pub(crate) fn accept(&mut self, id: SpaceId, stored: Stored, head: SignedHead) -> Result<(), Fault> {
        check_head(&id, &head)?;
        if stored.sequence == 0 || stored.sequence > head.head.sequence {
            return Err(Fault::OutOfOrder);
        }
        let link = Link::check(&id, stored, false)?;
        let Some(space) = self.spaces.get_mut(&id) else { return Ok(()) };
        if space.halt.is_some() || space.refill.is_some() {
            return Ok(());
        }
        let tip = space.cursor.log.tip();
        if head.head.sequence == tip.sequence && !same(&head.head, &tip) {
            self.diverged(id, Divergence::Fork, Some(head));
            return Ok(());
        }
        space.target = space.target.max(head.head.sequence);
        let bytes = link.stored.entry.len();
        if link.stored.sequence == space.expected() + 1
            && space.event_bytes.saturating_add(bytes) <= EVENT_BYTES
        {
            space.event_bytes += bytes;
            space.overflows = 0;
            space.events.push_back((link, head));
        }
        self.touch(id);
        Ok(())
    }

    /// Hands the store what came live, once it is free.
    pub(crate) fn deliver_events(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if space.log != LogWork::Idle || space.events.is_empty() || space.retry_at.is_some() {
            return;
        }
        let known = space.cursor.log;
        let mut end = known.tip();
        let mut links = Vec::new();
        let mut newest = None;
        let mut fork = None;
        for (link, head) in std::mem::take(&mut space.events) {
            if link.stored.sequence <= end.sequence {
                continue;
            }
            if link.stored.sequence != end.sequence + 1 {
                break;
            }
            end = link.after(&end);
            if end.sequence == head.head.sequence && !same(&end, &head.head) {
                fork = Some(head);
                break;
            }
            links.push(link);
            newest = Some(head);
        }
        space.event_bytes = 0;
        if let Some(head) = fork {
            self.diverged(id, Divergence::Fork, Some(head));
        } else if let Some(head) = newest {
            let cursor = match known.gap {
                Some(gap) => LogCursor { gap: Some(crate::Gap { tip: end, ..gap }), ..known },
                None => LogCursor { head: end, ..known },
            };
            self.deliver(id, links, head, Lane::All, true, cursor);
        }
    }

    /// The relay ended live mode, or did not begin it: page, which also tells why, and subscribe again after a while.
    pub(crate) fn overflow(&mut self, id: SpaceId) {
        if let Some(space) = self.spaces.get_mut(&id) {
            space.live = false;
            space.check = true;
            space.clear_events();
            let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
            let wait = delay_ms(initial, max, space.overflows, self.config.seed);
            space.overflows = space.overflows.saturating_add(1);
            space.live_not_before = self.now.saturating_add(wait);
            self.timers.insert((space.live_not_before, id));
        }
        // The credit is used up; a new window begins.
        if let Socket::Up(session) = &mut self.link {
            session.credit_owed = session.credit_owed.max(u64::from(self.config.live_bytes));
        }
        self.touch(id);
    }

    /// A frame without a number was refused. If it may have been a `Sub`, all are sent again, after a while.
    pub(crate) fn unnumbered_refused(&mut self, code: NackCode, retry_after_ms: Option<u64>) {
        if !code.retry() {
            return;
        }
        let wait =
            retry_after_ms.unwrap_or(0).min(self.config.max_backoff_ms).max(self.config.initial_backoff_ms);
        if let Socket::Up(session) = &mut self.link {
            session.sub_not_before = self.now.saturating_add(wait);
        }
        for id in &self.open {
            if let Some(space) = self.spaces.get_mut(id) {
                space.check |= std::mem::take(&mut space.live);
            }
        }
    }

    pub(crate) fn send_ephemeral(&mut self, id: SpaceId, content: Vec<u8>) {
        let live = self.spaces.get(&id).is_some_and(|space| space.live);
        if live && self.online() && content.len() <= limits::EPHEMERAL {
            self.send(&ClientFrame::Ephemeral { space: id, content });
        }
    }

    pub(crate) fn ephemeral(&mut self, id: SpaceId, device: DeviceId, content: Vec<u8>) -> Result<(), Fault> {
        if content.len() > limits::EPHEMERAL {
            return Err(Fault::TooMuch);
        }
        if self.spaces.get(&id).is_some_and(|space| space.live) {
            self.out.push(Effect::EphemeralIn { space: id, device, content });
        }
        Ok(())
    }

    /// A refused push that means: you are behind.
    pub(crate) fn behind(&mut self, id: SpaceId, code: NackCode) {
        if matches!(
            code,
            NackCode::StaleOps | NackCode::StaleEpoch | NackCode::NeedsRotation | NackCode::Cloned
        ) && let Some(space) = self.spaces.get_mut(&id)
        {
            space.check = true;
        }
    }
}

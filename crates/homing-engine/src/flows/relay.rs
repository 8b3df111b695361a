//! Setting the relay, and waiting until everything is handed over and fetched.

use homing_store::attachments::{self, FileState};
use homing_store::entries::{self, Status as EntryStatus};
use homing_store::messages::{self, MessageState};
use homing_store::{Durability, Tx, changes, draft_files, meta, outbox, slots, spaces};
use homing_sync::Connection;
use homing_wire::SpaceId;

use super::{REACH_MS, demo_profile, unreachable};
use crate::api::{ApiError, Code, Nothing, RelaySet, Status, SyncReport};
use crate::core::{Core, RELAY_ADDRESS};
use crate::fail::Fail;
use crate::records::holder;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::text::relay_address;

/// What neither moves nor is refused for this long, while everything is caught up, is left in the outbox to be seen.
const STUCK_MS: u64 = 15_000;
/// The same while files are brought to the relay: one part of a file over a slow line.
const UPLOAD_STUCK_MS: u64 = 120_000;

/// Somebody waits for the answer of a relay that was set.
pub(super) struct Setting {
    reply: Reply<Status>,
    deadline: u64,
    /// The address before, if the account is registered there.
    before: Option<String>,
}

impl Setting {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.settle(self.reply, Err(error.clone()));
    }

    pub fn deadline(&self) -> u64 {
        self.deadline
    }
}

/// Somebody waits until the outbox is empty and everything is fetched.
pub(super) struct Syncing {
    reply: Reply<SyncReport>,
    acked: u64,
    received: u64,
    offline_until: u64,
    round: Round,
    /// What was done when it was last looked at, and since when nothing moved.
    seen: (u64, u64, u64, u64),
    still_since: u64,
    patience: u64,
}

/// A question whose answer shows that everything the relay had told before it has arrived: frames keep their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Due,
    Asked,
    Done,
}

impl Syncing {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.settle(self.reply, Err(error.clone()));
    }

    pub fn deadline(&self) -> u64 {
        self.offline_until.min(self.still_since.saturating_add(self.patience))
    }
}

impl Core {
    pub(crate) fn relay_set(&mut self, args: RelaySet, reply: Reply<Status>) {
        match self.set_relay(&args.address) {
            Ok(before) => {
                let deadline = self.env.steady_ms() + REACH_MS;
                if let Some(older) = self.flows.relay.replace(Setting { reply, deadline, before }) {
                    self.settle(older.reply, Err(unreachable()));
                }
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    /// Stores the address and begins to speak to the relay there. Gives the registered address it replaces.
    pub(super) fn set_relay(&mut self, typed: &str) -> Result<Option<String>, ApiError> {
        if self.demo {
            return Err(demo_profile());
        }
        let address = relay_address(typed).ok_or_else(|| {
            ApiError::new(
                Code::InvalidArgument,
                "This is not the address of a relay. It looks like relay.example.org.",
            )
        })?;
        let registered = self.replica()?.me.registered;
        let before = self.relay_address()?;
        self.write(Durability::Full, |tx, replica, _| {
            meta::set(tx, RELAY_ADDRESS, address.as_bytes())?;
            replica.wait_for_relay(tx)?;
            replica.has_relay = true;
            Ok(())
        })?;
        if before.as_ref() != Some(&address) || !self.online() {
            self.start_link()?;
        }
        Ok(before.filter(|_| registered))
    }

    pub(super) fn poll_relay(&mut self) {
        let Some(setting) = self.flows.relay.take() else { return };
        if self.online() {
            let status = self.status(Nothing {});
            self.settle(setting.reply, status);
        } else if self.env.steady_ms() >= setting.deadline {
            self.settle(setting.reply, Err(self.why_offline()));
        } else {
            self.flows.relay = Some(setting);
        }
    }

    /// No connection came about: the address stays, the screen shows that nobody answers there.
    pub(super) fn relay_failed(&mut self) {
        if let Some(setting) = self.flows.relay.take() {
            self.settle(setting.reply, Err(self.why_offline()));
        }
    }

    /// Another relay than the account's own answered.
    pub(super) fn relay_refused(&mut self, error: &ApiError) {
        let Some(setting) = self.flows.relay.take() else { return };
        let Some(before) = setting.before else {
            self.settle(setting.reply, Err(error.clone()));
            return;
        };
        self.try_write_full("the relay before", |tx, _, _| {
            Ok(meta::set(tx, RELAY_ADDRESS, before.as_bytes())?)
        });
        self.flows.restart = true;
        let other = ApiError::new(
            Code::OtherRelay,
            "Another relay answers there. A profile belongs to one relay: use a profile of its own for this one.",
        );
        self.settle(setting.reply, Err(other));
    }

    pub(crate) fn sync(&mut self, _: Nothing, reply: Reply<SyncReport>) {
        let ready = match self.relay_address() {
            Ok(Some(_)) if !self.demo => self.replica().map(|replica| replica.received),
            Ok(_) => Err(self.no_relay()),
            Err(error) => Err(error),
        };
        match ready {
            Ok(received) => {
                let (now, acked) = (self.env.steady_ms(), self.flows.acked);
                let waiting = Syncing {
                    reply,
                    acked,
                    received,
                    offline_until: now + REACH_MS,
                    round: Round::Due,
                    seen: (0, 0, 0, 0),
                    still_since: now,
                    patience: STUCK_MS,
                };
                self.flows.syncs.push(waiting);
                self.protocol(homing_sync::Event::NetworkUp);
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    pub(super) fn poll_syncs(&mut self) {
        let mut ask = false;
        for mut one in std::mem::take(&mut self.flows.syncs) {
            match self.synced(&mut one) {
                Ok(None) => {
                    if one.round == Round::Due && self.online() {
                        one.round = Round::Asked;
                        ask = true;
                    }
                    self.flows.syncs.push(one);
                }
                Ok(Some(report)) => self.settle(one.reply, Ok(report)),
                Err(error) => self.settle(one.reply, Err(error)),
            }
        }
        if ask && let Ok(me) = self.replica().map(Replica::person) {
            self.ask_accounts(&[me]);
        }
    }

    /// The relay answered about the own account.
    pub(super) fn sync_round_done(&mut self) {
        for one in self.flows.syncs.iter_mut().filter(|one| one.round == Round::Asked) {
            one.round = Round::Done;
        }
    }

    fn synced(&mut self, one: &mut Syncing) -> Result<Option<SyncReport>, ApiError> {
        let now = self.env.steady_ms();
        if !self.online() {
            (one.still_since, one.round) = (now, Round::Due);
            return if now >= one.offline_until { Err(self.why_offline()) } else { Ok(None) };
        }
        one.offline_until = now + REACH_MS;
        let caught_up = self
            .link
            .as_ref()
            .is_some_and(|link| link.client.status() == Connection::Online { caught_up: true });
        if caught_up && !self.receipts_due.is_empty() {
            let due: Vec<SpaceId> = self.receipts_due.keys().copied().collect();
            self.publish_receipts_of(&due)?;
        }
        let received = self.replica()?.received;
        let left = self.on_its_way()?;
        let uploads = self.uploads()?;
        let left = left + uploads;
        let moving = uploads > 0 && self.files_held.any().is_none();
        one.patience = if moving { UPLOAD_STUCK_MS } else { STUCK_MS };
        let seen = (self.flows.acked, received, self.flows.transferred, left);
        if seen != one.seen {
            one.seen = seen;
            one.still_since = now;
        }
        let stuck = now >= one.still_since.saturating_add(one.patience);
        // What waits for room, or for others, is not waited for here, and not passed over either. Only all of it at once is
        // known to be so at once.
        if one.round == Round::Done
            && caught_up
            && left > 0
            && (stuck || self.all_held())
            && let Some(held) = self.held()
        {
            return Err(held);
        }
        if one.round != Round::Done || !caught_up || (left > 0 && !stuck) || !self.touched.work.is_empty() {
            return Ok(None);
        }
        let count = |now: u64, then: u64| u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX);
        Ok(Some(SyncReport {
            pushed: count(self.flows.acked, one.acked),
            pulled: count(received, one.received),
        }))
    }

    /// How much still has to be handed over.
    fn on_its_way(&self) -> Result<u64, ApiError> {
        let db = self.db()?;
        let asked = self.asked_accounts.len() + self.asked_ops.len();
        let mut left = outbox::waiting(&db)? + entries::count(&db, EntryStatus::Sealed)? + asked as u64;
        left += self.schedule_on_its_way(&db)?;
        for (space, count) in slots::dirty_counts(&db)? {
            let joined = spaces::get(&db, &space)?.is_some_and(|row| row.state == spaces::SpaceState::Joined);
            left += if joined { count } else { 0 };
        }
        Ok(left)
    }

    /// Files that are still to be brought to the relay.
    fn uploads(&self) -> Result<u64, ApiError> {
        let db = self.db()?;
        let mut uploads = 0;
        for row in attachments::open(&db, 1_000)? {
            let own = matches!(row.state, FileState::Waiting | FileState::Uploading);
            let joined = match holder(&db, &row.message)? {
                Some(held) if own => spaces::get(&db, &held.space)?
                    .is_some_and(|space| space.state == spaces::SpaceState::Joined),
                _ => false,
            };
            uploads += u64::from(joined);
        }
        // A draft's files are waited for once it has a time: the message is handed in behind them.
        let replica = self.replica()?;
        for row in draft_files::open(&db, 1_000)?.into_iter().filter(|row| row.path.is_some()) {
            uploads += u64::from(replica.upload_space(&db, &row)? != replica.personal());
        }
        Ok(uploads)
    }

    pub(super) fn why_offline(&self) -> ApiError {
        self.relay_problem().unwrap_or_else(unreachable)
    }
}

impl Replica {
    /// What was final on this device, messages and their files, waits for the relay from now on.
    fn wait_for_relay(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        for row in spaces::list(tx)? {
            if !self.has_relay {
                self.upload_files(tx, &row.space)?;
                self.upload_record_files(tx, &row.space)?;
            }
            for change in changes::pending(tx, &row.space)? {
                let local =
                    messages::get(tx, &change.doc)?.filter(|message| message.state == MessageState::Local);
                if let Some(message) = local {
                    messages::set_state(tx, &change.doc, MessageState::Pending, "", "")?;
                    self.touched.message(message.conversation, change.doc);
                }
            }
        }
        self.touched.status = true;
        Ok(())
    }
}

//! What a device has scheduled in a space, sealed behind everything it wrote there.

use homing_crypto::{Domain, random_nonce};
use homing_model::Preimage;
use homing_store::Tx;
use homing_store::scheduled::{self, ScheduledRow, ScheduledState, Sealed};
use homing_store::spaces::SpaceRow;
use homing_wire::{
    Changes, DocChange, Entry, EntryBody, EntryId, EntryKind, Signature, SpaceId, Timed, limits,
};

use super::edit_of;
use crate::content;
use crate::drafts::draft_id;
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;

impl Replica {
    /// Whether this device could hand in what is scheduled in a space.
    pub fn lane_is_open(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<bool, Fail> {
        Ok(self.lanes.open && !self.lanes.resting.contains(space) && self.has_scheduled(tx, space)?)
    }

    /// Seals what this device has scheduled in a space, if the relay does not keep it just so already.
    pub fn seal_lane(&mut self, tx: &Tx<'_>, env: &mut Env, row: &SpaceRow) -> Result<(), Fail> {
        if !self.lane_is_open(tx, &row.space)? {
            return Ok(());
        }
        let lane = self.lane_of(tx, env.now_ms(), &row.space)?;
        if lane.is_empty() || self.is_kept(row, &lane)? {
            return Ok(());
        }
        let (mut prev, mut dseq, mut bytes) = (row.my_prev, row.my_dseq, 0);
        let mut ready: Vec<Timed> = Vec::with_capacity(lane.len());
        for mut item in lane {
            let Some((entry, id)) = self.seal_scheduled(tx, env, row, &item, (dseq + 1, prev))? else {
                continue;
            };
            bytes += entry.len();
            if bytes > limits::SCHEDULED_BYTES {
                break;
            }
            let pending = self.lanes.pending.get(&item.message).map(|(entry, _)| *entry);
            let over = pending.or_else(|| item.held.as_ref().map(|held| held.entry));
            ready.push(Timed { tag: item.tag, release_ms: item.at_ms, over, entry });
            let epoch = self.space(&row.space)?.epoch();
            item.sealed = Some(Sealed { entry: id, behind: prev, epoch });
            scheduled::remember(tx, &id, &item.message)?;
            scheduled::put(tx, &item)?;
            self.lanes.pending.insert(item.message, (id, item.at_ms));
            (prev, dseq) = (Some(id), dseq + 1);
        }
        if !ready.is_empty() {
            self.lanes.ready.insert(row.space, ready);
        }
        Ok(())
    }

    /// What is this device's to hand in, in the order of its release.
    fn lane_of(&self, tx: &Tx<'_>, now_ms: u64, space: &SpaceId) -> Result<Vec<ScheduledRow>, Fail> {
        let me = self.device();
        let seen = self.members_seen(space)?;
        let mut lane = Vec::new();
        for row in scheduled::of_space(tx, space)? {
            if self.lacking_files(tx, &row)?.is_empty() {
                lane.push(row);
            }
        }
        lane.retain(|row| {
            let stuck = row.held.as_ref().is_some_and(|held| !held.stuck.is_empty());
            let ours = match &row.held {
                Some(held) if held.device == me => true,
                Some(held) => {
                    self.lanes.take_over.contains(&row.message)
                        && (stuck || row.device == me && held.at_ms != row.at_ms)
                }
                None => row.device == me,
            };
            // What is due and not kept is sent as it is.
            let due = row.at_ms <= now_ms && (stuck || row.held.is_none());
            row.state == ScheduledState::Planned && ours && row.members == seen && !due
        });
        lane.truncate(limits::SCHEDULED_LANE);
        Ok(lane)
    }

    /// Whether the relay keeps, or will have kept when it has answered, exactly this.
    fn is_kept(&self, row: &SpaceRow, lane: &[ScheduledRow]) -> Result<bool, Fail> {
        let epoch = self.space(&row.space)?.epoch();
        let mut prev = row.my_prev;
        for item in lane {
            let Some(sealed) = item.sealed else { return Ok(false) };
            let kept = match (self.lanes.pending.get(&item.message), &item.held) {
                (Some((entry, at_ms)), _) => *entry == sealed.entry && *at_ms == item.at_ms,
                (None, Some(held)) => {
                    held.entry == sealed.entry && held.at_ms == item.at_ms && held.stuck.is_empty()
                }
                (None, None) => false,
            };
            if !kept || sealed.behind != prev || sealed.epoch != epoch {
                return Ok(false);
            }
            prev = Some(sealed.entry);
        }
        Ok(true)
    }

    fn seal_scheduled(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        row: &SpaceRow,
        item: &ScheduledRow,
        (dseq, prev): (u64, Option<EntryId>),
    ) -> Result<Option<(Vec<u8>, EntryId)>, Fail> {
        let preimage = Preimage::message(row.space, self.person(), &draft_id(&item.draft));
        let edit = edit_of(self.whole_content(tx, item)?, item.at_ms);
        let change = match self.change_for(tx, &preimage, &edit) {
            Ok(Some(change)) => change,
            Ok(None) => return Ok(None),
            Err(Fail::Store(error)) => return Err(error.into()),
            Err(_) => {
                tracing::info!("a scheduled message can't be written any more");
                return Ok(None);
            }
        };
        let mut header = self.next_header(row, EntryKind::Data, self.salt)?;
        (header.dseq, header.prev, header.nonce) = (dseq, prev, random_nonce(&mut env.rng));
        let Some(epoch) = header.epoch else { return Ok(None) };
        let Some(key) = self.key(tx, &row.space, &epoch)? else { return Ok(None) };
        let all = Changes { changes: vec![DocChange { doc: change.doc, change: change.bytes }] };
        let content = content::seal_changes(&key, &header, &all).ok_or(Fail::Internal("seal"))?;
        let body = EntryBody { header, content };
        let signed = homing_wire::codec::encode(&body);
        let signature = Signature(self.me.device().signing().sign(Domain::Entry, &signed));
        let id = EntryBody::id_of(&signed);
        Ok(Some((Entry { body, signature }.encode(), id)))
    }

    /// An own entry that this device did not push came: it is its last one here if this device had scheduled it. Any other
    /// means that a copy of this profile is in use, which the relay says at the next push.
    pub fn own_entry_came(&mut self, tx: &Tx<'_>, entry: &Entry, id: &EntryId) -> Result<(), Fail> {
        let header = entry.header();
        if header.device != self.device() || !scheduled::remembers(tx, id)? {
            return Ok(());
        }
        homing_store::spaces::update(tx, &header.space, |row| {
            if header.dseq > row.my_dseq {
                (row.my_dseq, row.my_prev) = (header.dseq, Some(*id));
            }
        })?;
        self.touched.work.insert(header.space);
        Ok(())
    }
}

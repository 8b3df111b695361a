//! Ops of spaces: judged in the order of their chain, and what follows from one that holds.

use homing_access::{AccessError, Cut, Missing, SpaceState, Verdict};
use homing_store::entries::{self, Status};
use homing_store::parked::{self, Wait};
use homing_store::spaces::{self, SpaceRow};
use homing_store::{Tx, members, meta, relations};
use homing_wire::{
    DeviceId, Entry, EntryId, EntryKind, Member, Role, SpaceId, SpaceKind, SpaceOp, SpaceOrigin,
};

use super::team_wait;
use crate::docs::Judged;
use crate::fail::Fail;
use crate::project::CONTACT;
use crate::replica::Replica;

impl Replica {
    pub(super) fn judge_op(
        &mut self,
        tx: &Tx<'_>,
        entry: &Entry,
        id: EntryId,
        received_ms: u64,
    ) -> Result<Judged<Vec<Wait>>, Fail> {
        let space = entry.header().space;
        if entry.header().op_head.is_none() {
            // Another device began the same space, and the relay has that one.
            self.genesis_lost(tx, &space)?;
        }
        self.load_named(tx, entry)?;
        let applied = if self.load_space(tx, &space)? {
            let step = self.space(&space)?.judge(entry, received_ms, &self.known);
            match (step, self.known.spaces.get_mut(&space)) {
                (Ok(step), Some(state)) => state.commit(step).map(|applied| applied.cuts),
                (Err(error), _) => Err(error),
                (_, None) => return Err(Fail::Internal("space not loaded")),
            }
        } else if let Some(op_head) = entry.header().op_head {
            Err(AccessError::Missing(Missing::OpHead(op_head)))
        } else {
            SpaceState::genesis(entry, &self.known).map(|state| {
                self.known.spaces.insert(space, state);
                Vec::new()
            })
        };
        match applied {
            Ok(cuts) => {
                parked::unpark(tx, &id, Status::Accepted, "")?;
                let woken = self.op_applied(tx, entry, &cuts)?;
                let op = SpaceOp::decode(&entry.body.content).map_err(|_| Fail::Internal("applied op"))?;
                self.notice_op(tx, entry.header(), &id, &op, received_ms)?;
                self.look_at_planned_of(tx, &space, received_ms)?;
                Ok(Judged::Accept(woken))
            }
            Err(AccessError::Missing(missing)) => Ok(self.missing(missing)),
            Err(error) => Ok(Judged::Refuse(error.code())),
        }
    }

    /// What follows from an op that holds: keys, membership rows, entries behind pins.
    /// Returns what it wakes.
    pub fn op_applied(&mut self, tx: &Tx<'_>, entry: &Entry, cuts: &[Cut]) -> Result<Vec<Wait>, Fail> {
        let space = entry.header().space;
        let op = SpaceOp::decode(&entry.body.content).map_err(|_| Fail::Internal("applied op"))?;
        let mut woken = vec![team_wait(&space)];
        self.note_delivered(space, entry.header().device, entry.header().dseq, false);
        self.update_space_row(tx, &space)?;
        woken.extend(self.open_seeds(tx, &space)?);
        self.project_members(tx, &space)?;
        self.mark_open(tx, &space)?;
        self.open_waiting_slots(tx, &space)?;
        if !cuts.is_empty() {
            for (person, device) in entries::devices(tx, &space)? {
                self.load_account(tx, &person)?;
                self.judge_again(tx, &space, &device)?;
            }
        }
        if let SpaceOp::Remove { member, .. } = &op
            && let Member::Person(person) = member
        {
            self.drop_slots_of(tx, &space, person)?;
        }
        self.touched.people = true;
        self.touched.status = true;
        self.touched.work.insert(space);
        self.release_held();
        Ok(woken)
    }

    /// Writes op head, epoch and membership of a space into its row.
    pub fn update_space_row(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let member = self.is_member(space);
        let state = self.space(space)?;
        let origin = *state.origin();
        let mut row = match spaces::get(tx, space)? {
            Some(row) => row,
            None => SpaceRow::new(
                *space,
                origin.kind(),
                homing_wire::codec::encode(&origin),
                spaces::SpaceState::Known,
            ),
        };
        if let SpaceOrigin::Client(team, contact) = origin {
            row.team = Some(team);
            row.contact = Some(contact);
            // On a linked device the contact may have come before its space.
            if row.name.is_empty()
                && let Some(name) = meta::get(tx, &format!("{CONTACT}{contact}"))?
            {
                row.name = crate::text::visible(&String::from_utf8_lossy(&name));
            }
        }
        let before = row.state;
        row.op_head = Some(state.head());
        row.epoch = Some(state.epoch());
        row.state = match (member, row.state) {
            (true, spaces::SpaceState::Local) => spaces::SpaceState::Local,
            (true, _) => spaces::SpaceState::Joined,
            (false, spaces::SpaceState::Known) => spaces::SpaceState::Known,
            (false, _) => spaces::SpaceState::Gone,
        };
        if row.state == spaces::SpaceState::Joined
            && !matches!(before, spaces::SpaceState::Joined | spaces::SpaceState::Local)
        {
            self.greet_later(tx, space)?;
            self.touched.joined.insert(*space);
        }
        let staff = |state| matches!(state, spaces::SpaceState::Joined | spaces::SpaceState::Local);
        spaces::put(tx, &row)?;
        if row.kind == SpaceKind::Team && staff(before) != staff(row.state) {
            let changed = relations::relate_team(tx, space, &self.person())?;
            self.touched.conversations.extend(changed);
        }
        Ok(())
    }

    fn project_members(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let list: Vec<(Member, Role)> = self.space(space)?.members().iter().map(|(m, r)| (*m, *r)).collect();
        members::set(tx, space, &list)?;
        relations::refresh_blocked(tx, space, &self.person())?;
        self.touch_conversations_of(tx, space)
    }

    /// Judges the entries of a device in a space again, after a pin.
    fn judge_again(&mut self, tx: &Tx<'_>, space: &SpaceId, device: &DeviceId) -> Result<(), Fail> {
        let Some((_, last)) = entries::last_of_device(tx, space, device)? else { return Ok(()) };
        for dseq in (1..=last).rev() {
            let mut all_valid = true;
            for row in entries::by_dseq(tx, space, device, dseq)? {
                if row.kind != EntryKind::Data || row.status != Status::Accepted {
                    continue;
                }
                let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored entry"))?;
                match self.verdict_of(tx, &entry, row.id)? {
                    Verdict::Accept { .. } => {}
                    Verdict::Park(missing) => {
                        all_valid = false;
                        self.unapply(tx, &row.id)?;
                        if let Judged::Park(reason, waits) = self.missing::<()>(missing) {
                            parked::park(tx, &row.id, reason, &waits)?;
                        }
                    }
                    Verdict::Refuse(error) => {
                        all_valid = false;
                        self.unapply(tx, &row.id)?;
                        entries::set_status(tx, &row.id, Status::Refused, error.code())?;
                    }
                }
            }
            // Everything before a valid entry is its ancestor, and valid too.
            if all_valid {
                break;
            }
        }
        Ok(())
    }
}

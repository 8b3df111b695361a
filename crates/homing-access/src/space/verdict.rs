//! Whether an entry or slot counts.

use homing_wire::{EntryHeader, EntryId, EntryKind, Member, Role, SlotHeader, limits};

use super::SpaceState;
use super::moment::Moment;
use crate::{AccessError, Directory, Missing};

/// What becomes of an entry or slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, written in this capacity.
    Accept {
        /// The role the document rules go by.
        role: Role,
        /// The member it is shown as.
        written_as: Member,
    },
    /// Kept unjudged until this is known.
    Park(Missing),
    /// It never counts.
    Refuse(AccessError),
}

impl From<AccessError> for Verdict {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Missing(missing) => Self::Park(missing),
            other => Self::Refuse(other),
        }
    }
}

impl SpaceState {
    /// Judges a data entry by the known ops, wherever the relay put it. The signature is checked separately
    /// ([`crate::verify_entry`]).
    ///
    /// `is_ancestor(entry, pin)` says whether `entry` is `pin` or reached from it along `prev`; `None` = not known yet.
    /// An op is in the chain or it is not: for one that is, the verdict is the role it was written with; for others
    /// ask [`SpaceState::judge`].
    pub fn verdict(
        &self,
        header: &EntryHeader,
        id: &EntryId,
        dir: &dyn Directory,
        is_ancestor: &dyn Fn(&EntryId, &EntryId) -> Option<bool>,
    ) -> Verdict {
        self.judge_entry(header, id, dir, is_ancestor).unwrap_or_else(Verdict::from)
    }

    fn judge_entry(
        &self,
        header: &EntryHeader,
        id: &EntryId,
        dir: &dyn Directory,
        is_ancestor: &dyn Fn(&EntryId, &EntryId) -> Option<bool>,
    ) -> Result<Verdict, AccessError> {
        if header.version != limits::VERSION {
            return Err(AccessError::Malformed("version"));
        }
        if header.space != self.id {
            return Err(AccessError::WrongLog);
        }
        let written_as = header.written_as;
        if header.kind == EntryKind::Op {
            return match (self.place(id), &header.op_head) {
                // Joining and asking are written before one is a member: the role is that after the op.
                (Some(place), _) => {
                    let role = self.history.role(place, &written_as).unwrap_or(Role::Reader);
                    Ok(Verdict::Accept { role, written_as })
                }
                (None, Some(op)) if self.contains(op) && *op != self.head => Err(AccessError::StaleOps),
                (None, Some(op)) => Err(Missing::OpHead(*op).into()),
                (None, None) => Err(AccessError::WrongLog),
            };
        }
        let op_head = header.op_head.ok_or(AccessError::Malformed("op head"))?;
        let place = self.place(&op_head).ok_or(Missing::OpHead(op_head))?;
        if header.epoch.is_none() || header.epoch != self.history.epoch(place).map(|epoch| epoch.id) {
            return Err(AccessError::StaleEpoch);
        }
        if header.rules < self.history.rules(place) {
            return Err(AccessError::OldRules);
        }
        let moment = Moment::Place(&self.history, place);
        let acting = moment.acting(dir, &header.person, &written_as)?;
        if !acting.role.writes() {
            return Err(AccessError::RoleForbids);
        }
        moment.check_device(dir, &header.person, &header.device, &written_as)?;
        for cut in self.history.cuts_after(place) {
            if !cut.covers(&header.person, &header.device, &written_as) {
                continue;
            }
            let pin = cut.pin(&header.device).ok_or(AccessError::BehindPin)?;
            match is_ancestor(id, &pin) {
                Some(true) => {}
                Some(false) => return Err(AccessError::BehindPin),
                None => return Err(Missing::Prev(pin).into()),
            }
        }
        Ok(Verdict::Accept { role: acting.role, written_as })
    }

    /// Judges a slot by this state's own head and the newest knowledge of accounts and teams: slots have no history, so
    /// who is out now has none, and a new colleague needs no anchor to say what they have read.
    pub fn slot_verdict(&self, header: &SlotHeader, dir: &dyn Directory) -> Verdict {
        self.judge_slot(header, dir).unwrap_or_else(Verdict::from)
    }

    fn judge_slot(&self, header: &SlotHeader, dir: &dyn Directory) -> Result<Verdict, AccessError> {
        if header.version != limits::VERSION {
            return Err(AccessError::Malformed("version"));
        }
        if header.space != self.id {
            return Err(AccessError::WrongLog);
        }
        let epoch = self.epoch_at(&header.op_head).ok_or(Missing::OpHead(header.op_head))?;
        if epoch.id != header.epoch {
            return Err(AccessError::StaleEpoch);
        }
        let moment = Moment::Newest(&self.present);
        let acting = moment.acting(dir, &header.person, &header.written_as)?;
        moment.check_device(dir, &header.person, &header.device, &header.written_as)?;
        Ok(Verdict::Accept { role: acting.role, written_as: header.written_as })
    }
}

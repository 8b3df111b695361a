//! What an op changes besides the log: who may read, who hears of it, who is out at once.

use homing_access::RoleChange;
use homing_wire::{EntryHeader, Member, NackCode, Role, SpaceId};

use super::session::{Session, SessionId};
use super::{RelayCore, Stop};
use crate::store::Thing;

impl RelayCore {
    /// Writes a new space's members into the tables.
    pub(super) fn begin_rights(&mut self, id: &SpaceId, header: &EntryHeader) -> Result<(), Stop> {
        let space = self.spaces.peek(id).ok_or(NackCode::Unavailable)?;
        let number = space.row.number;
        let roles: Vec<RoleChange> = space
            .state
            .members()
            .iter()
            .map(|(member, role)| RoleChange { member: *member, before: None, after: Some(*role) })
            .collect();
        self.take_rights(id, number, header, &roles)
    }

    /// Brings tables, feeds and sessions in line with what an op changed.
    pub(super) fn take_rights(
        &mut self,
        id: &SpaceId,
        number: i64,
        header: &EntryHeader,
        changes: &[RoleChange],
    ) -> Result<(), Stop> {
        self.store.add_appearance(number, &Member::Person(header.person))?;
        if changes.is_empty() {
            return Ok(());
        }
        let space = self.spaces.peek(id).ok_or(NackCode::Unavailable)?;
        let team = space.row.team;
        let members: Vec<(Member, Role)> =
            space.state.members().iter().map(|(member, role)| (*member, *role)).collect();
        self.store.put_members(number, &members)?;
        for change in changes {
            self.store.add_appearance(number, &change.member)?;
        }
        self.moved(id)?;
        let lost: Vec<Member> =
            changes.iter().filter(|change| change.after.is_none()).map(|change| change.member).collect();
        for member in &lost {
            self.store.drop_slots_as(number, member)?;
            self.batch.moved.remove(&(*member, Thing::Space(*id)));
            self.batch.moved.insert((*member, Thing::Gone(*id)));
            if let (Member::Person(person), true) = (member, team) {
                self.store.drop_slots_of_staff(person, &Member::Team(*id))?;
            }
        }
        for member in changes.iter().filter(|change| change.after.is_some()).map(|change| change.member) {
            self.batch.moved.remove(&(member, Thing::Gone(*id)));
        }
        if !lost.is_empty() {
            self.shut_out(id, number, team)?;
        }
        Ok(())
    }

    /// Ends what sessions do in a space that they may not read any more, and in those that they read through it.
    fn shut_out(&mut self, id: &SpaceId, number: i64, team: bool) -> Result<(), Stop> {
        let mut concerned: Vec<(SessionId, SpaceId)> =
            self.subscribers.get(id).into_iter().flatten().map(|session| (*session, *id)).collect();
        if team {
            // Whoever follows the team's feed is, or was, staff; the team's other spaces hang on that.
            let staff: Vec<SessionId> =
                self.followers.get(&Member::Team(*id)).into_iter().flatten().copied().collect();
            for number in self.store.spaces_of(&Member::Team(*id))? {
                if let Some(space) = self.store.space_id(number)? {
                    let sessions = self.subscribers.get(&space).into_iter().flatten();
                    concerned.extend(sessions.map(|session| (*session, space)));
                }
            }
            for session in staff {
                let Some(who) = self.sessions.get(&session).and_then(Session::who) else { continue };
                if !self.store.in_team(id, &who.person)? {
                    self.unfollow(session, &Member::Team(*id));
                }
            }
        }
        for (session, space) in concerned {
            let Some(who) = self.sessions.get(&session).and_then(Session::who) else { continue };
            let place =
                if space == *id { Some(number) } else { self.store.space(&space)?.map(|row| row.number) };
            let reads = match place {
                Some(place) => self.store.reads(place, &who.person)?,
                None => false,
            };
            if !reads {
                self.unsubscribe(session, &space);
            }
        }
        Ok(())
    }
}

//! People, safety numbers, members.

use std::collections::{BTreeMap, BTreeSet};

use homing_crypto::safety_number;
use homing_store::{Durability, Read, members, meta, people};
use homing_wire::{DocId, Grant, Member, PersonId, Role, SpaceId, SpaceKind};

use crate::api::{
    ApiError, Code, ConversationRef, MemberAdd, MemberChange, MemberRef, MemberRole, MemberRow, Nothing,
    PeopleById, PersonRef, PersonRow, Safety, SafetyVerify,
};
use crate::core::Core;
use crate::fail::{Fail, forbidden, invalid, not_found};
use crate::ops::OpIntent;
use crate::replica::Replica;
use crate::rows::{member_id, role_name, role_of};
use crate::text::visible;

/// What is asked for at once.
const ROWS: usize = 200;
/// Where the account head of a compared safety number lies, by person.
const VERIFIED: &str = "verified/";

/// Whether one in the first role may take one in the second out.
fn removes(mine: Role, theirs: Role) -> bool {
    mine == Role::Owner || (mine.manages() && theirs != Role::Owner)
}

/// Somebody's teams.
struct Teams {
    /// Their role in each.
    roles: BTreeMap<SpaceId, Role>,
    /// Who is taken out of one as soon as the relay is reached.
    leaving: BTreeSet<PersonId>,
}

impl Teams {
    /// Of who is in these spaces.
    fn of(db: &Read<'_>, own: &[people::Membership]) -> Result<Self, Fail> {
        let teams = own.iter().filter(|part| part.kind == SpaceKind::Team);
        let roles: BTreeMap<SpaceId, Role> = teams.map(|part| (part.space, part.role)).collect();
        let mut leaving = BTreeSet::new();
        for team in roles.keys() {
            leaving.extend(Replica::waiting_ops(db, team)?.into_iter().filter_map(|intent| match intent {
                OpIntent::Remove(Member::Person(person)) => Some(person),
                _ => None,
            }));
        }
        Ok(Self { roles, leaving })
    }
}

/// `me`: who looks, and is in `teams`; `parts`: where the person of the row is.
fn person_row(
    row: &people::PersonRow,
    me: PersonId,
    teams: &Teams,
    parts: &[people::Membership],
) -> PersonRow {
    let mut spaces: Vec<String> = parts
        .iter()
        .filter(|part| !part.space_name.is_empty())
        .map(|part| visible(&part.space_name))
        .collect();
    spaces.sort();
    spaces.dedup();
    let in_team = parts.iter().find(|part| teams.roles.contains_key(&part.space));
    let leaves = in_team.is_some() && teams.leaving.contains(&row.person);
    let is_mine = row.person == me;
    let can_take_out = |part: &people::Membership| {
        teams.roles.get(&part.space).is_some_and(|mine| removes(*mine, part.role))
    };
    PersonRow {
        id: row.person.to_string(),
        name: visible(row.shown()),
        own_name: (!row.local_name.is_empty()).then(|| visible(&row.name)),
        blocked: row.blocked,
        me: is_mine,
        verified: row.verified,
        role: in_team.map(|part| role_name(part.role)),
        spaces,
        client: parts.iter().any(|part| part.kind == SpaceKind::Client && part.role == Role::Client),
        staff: in_team.is_some(),
        can_remove: !is_mine && !leaves && parts.iter().any(can_take_out),
        leaves,
    }
}

impl Core {
    pub(crate) fn people(&mut self, _: Nothing) -> Result<Vec<PersonRow>, ApiError> {
        let db = self.db()?;
        let me = self.replica()?.person();
        let mut parts: BTreeMap<PersonId, Vec<people::Membership>> = BTreeMap::new();
        for part in people::memberships(&db)? {
            parts.entry(part.person).or_default().push(part);
        }
        let teams = Teams::of(&db, parts.get(&me).map_or(&[], Vec::as_slice))?;
        Ok(people::list(&db)?
            .iter()
            .filter_map(|row| Some(person_row(row, me, &teams, parts.get(&row.person)?)))
            .collect())
    }

    pub(crate) fn people_by_id(&mut self, args: PeopleById) -> Result<Vec<PersonRow>, ApiError> {
        if args.people.len() > ROWS {
            return Err(invalid("Ask for at most 200 people at once.").into());
        }
        let db = self.db()?;
        let me = self.replica()?.person();
        let teams = Teams::of(&db, &people::memberships_of(&db, &me)?)?;
        let mut rows = Vec::new();
        // Who is not known here is left out.
        for person in args.people.iter().filter_map(|id| id.parse::<PersonId>().ok()) {
            let parts = people::memberships_of(&db, &person)?;
            if let Some(row) = people::get(&db, &person)?.filter(|_| !parts.is_empty()) {
                rows.push(person_row(&row, me, &teams, &parts));
            }
        }
        Ok(rows)
    }

    /// Takes somebody who left out of the teams this person leads: at once for the relay and the team, and in each
    /// client's space before anybody writes there again. Where they are a member themselves they stay one.
    pub(crate) fn colleague_remove(&mut self, args: PersonRef) -> Result<Vec<PersonRow>, ApiError> {
        let person = self.find_person(&args.person)?;
        let me = self.replica()?.person();
        if person == me {
            return Err(invalid("Somebody else who leads the team has to take you out of it.").into());
        }
        let parts = people::memberships(&self.db()?)?;
        let role = |of: PersonId, space: SpaceId| {
            parts.iter().find(|part| part.person == of && part.space == space).map(|part| part.role)
        };
        let shared: Vec<(SpaceId, Role, Role)> = parts
            .iter()
            .filter(|part| part.person == person && part.kind == SpaceKind::Team)
            .filter_map(|part| role(me, part.space).map(|mine| (part.space, mine, part.role)))
            .collect();
        if shared.is_empty() {
            return Err(ApiError::new(Code::NotAMember, "This person is not in a team of yours."));
        }
        let teams: Vec<SpaceId> = shared
            .into_iter()
            .filter(|(_, mine, theirs)| removes(*mine, *theirs))
            .map(|(team, ..)| team)
            .collect();
        if teams.is_empty() {
            return Err(forbidden(
                "Only who leads the team can take somebody out of it, and only an owner an owner.",
            )
            .into());
        }
        self.write(Durability::Full, |tx, replica, env| {
            for team in &teams {
                let intent = OpIntent::Remove(Member::Person(person));
                replica.enqueue_op(tx, env.now_ms(), team, &intent, None)?;
            }
            replica.touched.people = true;
            Ok(())
        })?;
        self.people(Nothing {})
    }

    pub(crate) fn safety(&mut self, args: PersonRef) -> Result<Safety, ApiError> {
        let person = self.find_person(&args.person)?;
        let (mine, theirs) = self.write(Durability::Normal, |tx, replica, _| {
            let me = replica.person();
            let missing = || {
                Fail::new(
                    Code::KeyUnavailable,
                    "This person's keys are not here yet. Connect to the relay and try again.",
                )
            };
            if !replica.load_account(tx, &me)? || !replica.load_account(tx, &person)? {
                return Err(missing());
            }
            let key =
                |id: &PersonId| replica.known.accounts.get(id).map(|account| account.person_key().kem.0);
            Ok((key(&me).ok_or_else(missing)?, key(&person).ok_or_else(missing)?))
        })?;
        let me = self.replica()?.person();
        let digits = safety_number((&me.0, &mine), (&person.0, &theirs));
        let compared = meta::get(&self.db()?, &format!("{VERIFIED}{person}"))?;
        let verified = compared.is_some_and(|bytes| *bytes == *digits.as_bytes());
        let row = people::get(&self.db()?, &person)?.ok_or_else(|| ApiError::from(not_found("person")))?;
        Ok(Safety {
            person: person.to_string(),
            name: visible(&row.name),
            qr_svg: crate::flows::qr_svg(&digits)?,
            digits,
            verified,
        })
    }

    pub(crate) fn safety_verify(&mut self, args: SafetyVerify) -> Result<Safety, ApiError> {
        let person = self.find_person(&args.person)?;
        let safety = self.safety(PersonRef { person: person.to_string() })?;
        self.write(Durability::Full, |tx, replica, _| {
            let key = format!("{VERIFIED}{person}");
            if args.verified {
                meta::set(tx, &key, safety.digits.as_bytes())?;
            } else {
                meta::delete(tx, &key)?;
            }
            people::set_verified(tx, &person, args.verified)?;
            replica.touched.people = true;
            Ok(())
        })?;
        self.safety(PersonRef { person: person.to_string() })
    }

    pub(crate) fn members(&mut self, args: ConversationRef) -> Result<Vec<MemberRow>, ApiError> {
        let (_, space) = self.conversation_and_space(&args.conversation)?;
        self.members_of(&space)
    }

    fn conversation_and_space(&self, text: &str) -> Result<(DocId, SpaceId), ApiError> {
        let id = self.find_conversation(text)?;
        Ok((id, self.space_of(&id)?))
    }

    /// As they are, and what of it is about to change.
    fn members_of(&mut self, space: &SpaceId) -> Result<Vec<MemberRow>, ApiError> {
        let rights = self.rights(space)?;
        let db = self.db()?;
        let me = Member::Person(self.replica()?.person());
        let mut rows = members::of(&db, &[*space])?;
        let owners = rows.iter().filter(|row| row.role == Role::Owner).count();
        let manages = |member: &Member, role: Role| {
            rights.manage && *member != me && !(role == Role::Owner && owners == 1)
        };
        let managed: BTreeSet<Member> =
            rows.iter().filter(|row| manages(&row.member, row.role)).map(|row| row.member).collect();
        let mut waiting: BTreeMap<Member, MemberChange> = BTreeMap::new();
        for intent in Replica::waiting_ops(&db, space)? {
            match intent {
                OpIntent::Add(grant) if rows.iter().all(|row| row.member != grant.member) => {
                    let Member::Person(person) = grant.member else { continue };
                    let name =
                        people::get(&db, &person)?.map(|row| row.shown().to_owned()).unwrap_or_default();
                    rows.push(members::MemberRow {
                        space: *space,
                        member: grant.member,
                        role: grant.role,
                        name,
                    });
                    waiting.insert(grant.member, MemberChange::Added);
                }
                OpIntent::SetRole(grant) => {
                    for row in rows.iter_mut().filter(|row| row.member == grant.member) {
                        row.role = grant.role;
                        waiting.entry(grant.member).or_insert(MemberChange::Role);
                    }
                }
                OpIntent::Remove(member) => drop(waiting.insert(member, MemberChange::Removed)),
                _ => {}
            }
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let waiting = waiting.get(&row.member).copied();
                let can_manage = managed.contains(&row.member) && waiting != Some(MemberChange::Removed);
                MemberRow {
                    member: member_id(&row.member),
                    name: visible(&row.name),
                    team: matches!(row.member, Member::Team(_)),
                    role: role_name(row.role),
                    me: row.member == me,
                    can_remove: can_manage,
                    can_change_role: can_manage,
                    waiting,
                }
            })
            .collect())
    }

    fn change_members(
        &mut self,
        conversation: &str,
        intent: impl FnOnce(&Core) -> Result<OpIntent, ApiError>,
    ) -> Result<Vec<MemberRow>, ApiError> {
        let (id, space) = self.conversation_and_space(conversation)?;
        if !self.rights(&space)?.manage {
            return Err(forbidden("Only owners and admins can change the members here.").into());
        }
        let intent = intent(self)?;
        self.write(Durability::Full, |tx, replica, env| {
            replica.enqueue_op(tx, env.now_ms(), &space, &intent, Some(id))?;
            Ok(())
        })?;
        self.members_of(&space)
    }

    pub(crate) fn member_add(&mut self, args: MemberAdd) -> Result<Vec<MemberRow>, ApiError> {
        let role = role_of(args.role.unwrap_or(crate::api::RoleName::Member));
        self.change_members(&args.conversation, |core| {
            let person = core.find_person(&args.person)?;
            Ok(OpIntent::Add(Grant { member: Member::Person(person), role }))
        })
    }

    /// A member by id or name, among the members of the conversation.
    fn find_member(&self, conversation: &str, text: &str) -> Result<Member, ApiError> {
        let (_, space) = self.conversation_and_space(conversation)?;
        let rows = members::of(&self.db()?, &[space])?;
        let mut found = rows.iter().filter(|row| member_id(&row.member) == text || row.name == text);
        match (found.next(), found.next()) {
            (Some(row), None) => Ok(row.member),
            (Some(_), Some(_)) => {
                Err(ApiError::new(Code::AmbiguousName, "More than one member has this name. Use the id."))
            }
            _ => {
                let person = Member::Person(self.find_person(text)?);
                match rows.iter().any(|row| row.member == person) {
                    true => Ok(person),
                    false => Err(ApiError::new(Code::NotAMember, "This person is not a member here.")),
                }
            }
        }
    }

    pub(crate) fn member_remove(&mut self, args: MemberRef) -> Result<Vec<MemberRow>, ApiError> {
        let conversation = args.conversation.clone();
        self.change_members(&args.conversation, |core| {
            let member = core.find_member(&conversation, &args.member)?;
            if member == Member::Person(core.replica()?.person()) {
                return Err(invalid("To go yourself, leave the conversation.").into());
            }
            Ok(OpIntent::Remove(member))
        })
    }

    pub(crate) fn member_role(&mut self, args: MemberRole) -> Result<Vec<MemberRow>, ApiError> {
        let conversation = args.conversation.clone();
        self.change_members(&args.conversation, |core| {
            let member = core.find_member(&conversation, &args.member)?;
            Ok(OpIntent::SetRole(Grant { member, role: role_of(args.role) }))
        })
    }
}

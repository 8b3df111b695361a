//! People, safety numbers, members.

use std::collections::BTreeMap;

use homing_crypto::safety_number;
use homing_store::{Durability, meta, people};
use homing_wire::{DocId, Grant, Member, PersonId, Role, SpaceId, SpaceKind};

use crate::api::{
    ApiError, Code, ConversationRef, MemberAdd, MemberRef, MemberRole, MemberRow, Nothing, PersonRef,
    PersonRow, Safety, SafetyVerify,
};
use crate::core::Core;
use crate::fail::{Fail, forbidden, invalid, not_found};
use crate::ops::OpIntent;
use crate::rows::{member_id, role_name, role_of};
use crate::text::visible;

/// Where the account head of a compared safety number lies, by person.
const VERIFIED: &str = "verified/";

/// Whether one in the first role may take one in the second out.
fn removes(mine: Role, theirs: Role) -> bool {
    mine == Role::Owner || (mine.manages() && theirs != Role::Owner)
}

impl Core {
    pub(crate) fn people(&mut self, _: Nothing) -> Result<Vec<PersonRow>, ApiError> {
        let db = self.db()?;
        let me = self.replica()?.person();
        let mut parts: BTreeMap<PersonId, Vec<people::Membership>> = BTreeMap::new();
        for part in people::memberships(&db)? {
            parts.entry(part.person).or_default().push(part);
        }
        let teams: BTreeMap<SpaceId, Role> = parts
            .get(&me)
            .map(|own| {
                let teams = own.iter().filter(|part| part.kind == SpaceKind::Team);
                teams.map(|part| (part.space, part.role)).collect()
            })
            .unwrap_or_default();
        Ok(people::list(&db)?
            .into_iter()
            .filter(|row| parts.contains_key(&row.person))
            .map(|row| {
                let own = parts.get(&row.person).map_or(&[] as &[people::Membership], Vec::as_slice);
                let mut spaces: Vec<String> = own
                    .iter()
                    .filter(|part| !part.space_name.is_empty())
                    .map(|part| visible(&part.space_name))
                    .collect();
                spaces.sort();
                spaces.dedup();
                let in_team = own.iter().find(|part| teams.contains_key(&part.space));
                PersonRow {
                    id: row.person.to_string(),
                    name: visible(row.shown()),
                    own_name: (!row.local_name.is_empty()).then(|| visible(&row.name)),
                    blocked: row.blocked,
                    me: row.person == me,
                    verified: row.verified,
                    role: in_team.map(|part| role_name(part.role)),
                    spaces,
                    client: own
                        .iter()
                        .any(|part| part.kind == SpaceKind::Client && part.role == Role::Client),
                    staff: in_team.is_some(),
                    can_remove: row.person != me
                        && own
                            .iter()
                            .any(|part| teams.get(&part.space).is_some_and(|mine| removes(*mine, part.role))),
                }
            })
            .collect())
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

    fn members_of(&mut self, space: &SpaceId) -> Result<Vec<MemberRow>, ApiError> {
        let rights = self.rights(space)?;
        let db = self.db()?;
        let me = Member::Person(self.replica()?.person());
        let rows = homing_store::members::of(&db, &[*space])?;
        let owners = rows.iter().filter(|row| row.role == Role::Owner).count();
        Ok(rows
            .into_iter()
            .map(|row| {
                let last_owner = row.role == Role::Owner && owners == 1;
                let other = row.member != me;
                MemberRow {
                    member: member_id(&row.member),
                    name: visible(&row.name),
                    team: matches!(row.member, Member::Team(_)),
                    role: role_name(row.role),
                    me: !other,
                    can_remove: rights.manage && other && !last_owner,
                    can_change_role: rights.manage && other && !last_owner,
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
        let rows = homing_store::members::of(&self.db()?, &[space])?;
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

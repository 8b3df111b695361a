//! People, members, devices and invitations.

use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, JoinState, MemberChange, RoleName, SpaceKind};
use serde::Serialize;

use super::{called, called_device, clock, short, word};

/// Somebody a conversation or team is shared with.
#[derive(Serialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub me: bool,
    pub verified: bool,
    pub client: bool,
    pub staff: bool,
    pub spaces: Vec<String>,
    pub own_name: Option<String>,
    pub blocked: bool,
    /// Taken out of the team, which waits for the relay.
    pub leaves: bool,
}

impl From<api::PersonRow> for Person {
    fn from(row: api::PersonRow) -> Self {
        Self {
            id: row.id,
            name: called(row.name),
            me: row.me,
            verified: row.verified,
            client: row.client,
            staff: row.staff,
            spaces: row.spaces,
            own_name: row.own_name,
            blocked: row.blocked,
            leaves: row.leaves,
        }
    }
}

impl Display for Person {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", short(&self.id), self.name)?;
        let marks = [
            (self.me, "you"),
            (self.staff, "colleague"),
            (self.client, "client"),
            (self.verified, "verified"),
            (self.blocked, "blocked"),
            (self.leaves, "leaves the team once the relay is reached"),
        ];
        if let Some(own) = &self.own_name {
            write!(f, " (calls themselves {own})")?;
        }
        for (_, mark) in marks.iter().filter(|(set, _)| *set) {
            write!(f, ", {mark}")?;
        }
        Ok(())
    }
}

/// The number two people compare.
#[derive(Serialize)]
pub struct Safety {
    pub person: String,
    pub name: String,
    pub digits: String,
    pub verified: bool,
}

impl From<api::Safety> for Safety {
    fn from(safety: api::Safety) -> Self {
        Self {
            person: safety.person,
            name: called(safety.name),
            digits: safety.digits,
            verified: safety.verified,
        }
    }
}

impl Display for Safety {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verified = if self.verified { "verified" } else { "not verified" };
        write!(f, "{} ({verified})\n{}", self.name, self.digits)
    }
}

/// A member of a conversation.
#[derive(Serialize)]
pub struct Member {
    pub member: String,
    pub name: String,
    pub team: bool,
    pub role: RoleName,
    pub me: bool,
    /// What of this waits for the relay.
    pub waiting: Option<MemberChange>,
}

impl From<api::MemberRow> for Member {
    fn from(row: api::MemberRow) -> Self {
        Self {
            member: row.member,
            name: called(row.name),
            team: row.team,
            role: row.role,
            me: row.me,
            waiting: row.waiting,
        }
    }
}

impl Display for Member {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (team, me) = (if self.team { " (team)" } else { "" }, if self.me { " (you)" } else { "" });
        write!(f, "{}  {}{team}{me}  {}", short(&self.member), self.name, word(&self.role))?;
        match self.waiting {
            Some(MemberChange::Added) => write!(f, "  (let in once the relay is reached)"),
            Some(MemberChange::Removed) => write!(f, "  (removed once the relay is reached)"),
            Some(MemberChange::Role) => write!(f, "  (gets this role once the relay is reached)"),
            None => Ok(()),
        }
    }
}

/// A device of this person.
#[derive(Serialize)]
pub struct Device {
    pub id: String,
    pub name: String,
    pub current: bool,
    pub added_at: Option<String>,
    pub revoked: bool,
}

impl From<api::DeviceRow> for Device {
    fn from(row: api::DeviceRow) -> Self {
        Self {
            id: row.id,
            name: called_device(row.name),
            current: row.current,
            added_at: row.added_at,
            revoked: row.revoked,
        }
    }
}

impl Display for Device {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.id, self.name)?;
        if let Some(at) = &self.added_at {
            write!(f, ", since {}", clock(at))?;
        }
        for (_, mark) in
            [(self.current, "this one"), (self.revoked, "revoked")].iter().filter(|(set, _)| *set)
        {
            write!(f, ", {mark}")?;
        }
        Ok(())
    }
}

/// A fresh invitation.
#[derive(Serialize)]
pub struct Invited {
    pub id: String,
    pub link: String,
    pub space: String,
    pub role: RoleName,
    pub expires_at: String,
}

impl From<api::Invitation> for Invited {
    fn from(invitation: api::Invitation) -> Self {
        Self {
            id: invitation.id,
            link: invitation.link,
            space: invitation.space,
            role: invitation.role,
            expires_at: invitation.expires_at,
        }
    }
}

impl Display for Invited {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let until = clock(&self.expires_at);
        write!(f, "{}\nGood until {until}, for one person, as {}.", self.link, word(&self.role))
    }
}

/// An invitation that is open.
#[derive(Serialize)]
pub struct Invitation {
    pub id: String,
    pub space: String,
    pub space_name: String,
    pub role: RoleName,
    pub expires_at: String,
}

impl From<api::InvitationRow> for Invitation {
    fn from(row: api::InvitationRow) -> Self {
        Self {
            id: row.id,
            space: row.space,
            space_name: row.space_name,
            role: row.role,
            expires_at: row.expires_at,
        }
    }
}

impl Display for Invitation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (role, until) = (word(&self.role), clock(&self.expires_at));
        write!(f, "{}  {}, as {role}, until {until}", self.id, self.space_name)
    }
}

/// What a link would do.
#[derive(Serialize)]
pub struct Preview {
    pub relay: String,
    pub space: String,
    pub kind: SpaceKind,
    pub role: RoleName,
    pub inviter: String,
    pub expires_at: String,
    pub instant: bool,
    pub already_member: bool,
    pub other_relay: bool,
}

impl From<api::JoinPreview> for Preview {
    fn from(preview: api::JoinPreview) -> Self {
        Self {
            relay: preview.relay,
            space: preview.space,
            kind: preview.kind,
            role: preview.role,
            inviter: preview.inviter,
            expires_at: preview.expires_at,
            instant: preview.instant,
            already_member: preview.already_member,
            other_relay: preview.other_relay,
        }
    }
}

impl Display for Preview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let how = if self.instant { "at once" } else { "after approval" };
        write!(f, "{} invites you as {}, {how}, by {}", self.inviter, word(&self.role), self.relay)?;
        if self.already_member {
            f.write_str("\nYou are a member already.")?;
        }
        if self.other_relay {
            f.write_str("\nIt is another relay than this profile's: use a profile of its own (--profile).")?;
        }
        Ok(())
    }
}

/// How joining went.
#[derive(Serialize)]
pub struct Joined {
    pub space: String,
    pub state: JoinState,
    pub conversation: Option<String>,
}

impl From<api::Joined> for Joined {
    fn from(joined: api::Joined) -> Self {
        Self { space: joined.space, state: joined.state, conversation: joined.conversation }
    }
}

impl Display for Joined {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            JoinState::Joined => "You are in.",
            JoinState::AwaitingApproval => "Asked; somebody has to let you in.",
        })
    }
}

/// Somebody who asks to join.
#[derive(Serialize)]
pub struct Request {
    pub id: String,
    pub person: String,
    pub name: String,
    pub space: String,
    pub space_name: String,
    pub role: RoleName,
    pub asked_at: String,
}

impl From<api::RequestRow> for Request {
    fn from(row: api::RequestRow) -> Self {
        Self {
            id: row.id,
            person: row.person,
            name: called(row.name),
            space: row.space,
            space_name: row.space_name,
            role: row.role,
            asked_at: row.asked_at,
        }
    }
}

impl Display for Request {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let role = word(&self.role);
        write!(f, "{}  {} wants to join {} as {role}", self.id, self.name, self.space_name)
    }
}

//! From the store's rows to what screens and scripts get, a whole list per query.

mod conversations;
mod drafts;
mod files;
mod messages;
mod reached;

use std::collections::{BTreeMap, BTreeSet};

use homing_store::members::{self, MemberRow};
use homing_store::{Read, meta, people, spaces};
use homing_wire::{DeviceId, Member, PersonId, Role, SpaceId, SpaceKind as WireSpaceKind};

use crate::api::{ApiError, Code, RoleName, SpaceKind};
use crate::core::Core;
use crate::project::DEVICE_NAME;
use crate::replica::Replica;
use crate::text::visible;

pub(crate) use conversations::{is_listed, is_shown, title_of, wordless};
pub(crate) use files::{attachment, described, draft_file, files_said, is_here};

pub(crate) fn members_of(
    db: &Read<'_>,
    spaces: impl IntoIterator<Item = SpaceId>,
) -> Result<BTreeMap<SpaceId, Vec<MemberRow>>, ApiError> {
    let mut members: BTreeMap<SpaceId, Vec<MemberRow>> = BTreeMap::new();
    let spaces: Vec<SpaceId> = spaces.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    if spaces.is_empty() {
        return Ok(members);
    }
    for row in members::of(db, &spaces)? {
        members.entry(row.space).or_default().push(row);
    }
    Ok(members)
}

pub(crate) fn role_name(role: Role) -> RoleName {
    match role {
        Role::Owner => RoleName::Owner,
        Role::Admin => RoleName::Admin,
        Role::Member => RoleName::Member,
        Role::Reader => RoleName::Reader,
        Role::Client => RoleName::Client,
        Role::Ingest => RoleName::Ingest,
    }
}

pub(crate) fn role_of(name: RoleName) -> Role {
    match name {
        RoleName::Owner => Role::Owner,
        RoleName::Admin => Role::Admin,
        RoleName::Member => Role::Member,
        RoleName::Reader => Role::Reader,
        RoleName::Client => Role::Client,
        RoleName::Ingest => Role::Ingest,
    }
}

pub(crate) fn space_kind(kind: WireSpaceKind) -> SpaceKind {
    match kind {
        WireSpaceKind::Personal => SpaceKind::Personal,
        WireSpaceKind::Team => SpaceKind::Team,
        WireSpaceKind::Client => SpaceKind::Client,
        WireSpaceKind::Talk => SpaceKind::Talk,
    }
}

pub(crate) fn member_id(member: &Member) -> String {
    match member {
        Member::Person(person) => person.to_string(),
        Member::Team(team) => team.to_string(),
    }
}

/// What this person called a device; empty: nothing is known of it.
pub(crate) fn device_name(db: &Read<'_>, device: &DeviceId) -> Result<String, ApiError> {
    let stored = meta::get(db, &format!("{DEVICE_NAME}{device}"))?;
    let name = stored.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    Ok(visible(&name.unwrap_or_default()))
}

/// What this person may do in a space.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rights {
    pub write: bool,
    pub manage: bool,
    pub member: bool,
    /// Writes as a team.
    pub as_team: bool,
}

pub(crate) fn rights_in(replica: &Replica, space: &SpaceId) -> Rights {
    match replica.writes_as(space) {
        Some((member, role)) => Rights {
            write: role.writes(),
            manage: role.manages(),
            member: true,
            as_team: matches!(member, Member::Team(_)),
        },
        None => Rights::default(),
    }
}

impl Core {
    /// What this person may do in a space.
    pub(crate) fn rights(&mut self, space: &SpaceId) -> Result<Rights, ApiError> {
        let store =
            self.store.as_ref().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        let replica = self.replica.as_mut().ok_or_else(crate::core::not_initialised)?;
        let db = store.read();
        let gone = spaces::get(&db, space)?.is_none_or(|row| row.state == spaces::SpaceState::Gone);
        if gone || !replica.load_space(&db, space).map_err(ApiError::from)? {
            return Ok(Rights::default());
        }
        Ok(rights_in(replica, space))
    }

    pub(crate) fn name_of(&self, space: &SpaceId, person: &PersonId) -> Result<String, ApiError> {
        Ok(visible(&people::name_in(&self.db()?, space, person)?))
    }
}

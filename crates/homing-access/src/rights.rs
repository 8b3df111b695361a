//! Who may have which role where, and who may give it.

use homing_wire::{Member, Role, SpaceKind, SpaceOrigin};

use crate::AccessError;

/// In which capacity somebody writes: the role, already limited by the role inside the team one writes as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acting {
    /// What counts.
    pub role: Role,
    /// The role inside the team, when written as a team.
    pub staff: Option<Role>,
}

/// Roles in order of what they allow. A client writes less than a member and more than a reader.
pub(crate) const fn rank(role: Role) -> u8 {
    match role {
        Role::Ingest => 0,
        Role::Reader => 1,
        Role::Client => 2,
        Role::Member => 3,
        Role::Admin => 4,
        Role::Owner => 5,
    }
}

/// What a team's role in a space is worth in the hands of somebody with this role inside the team.
pub(crate) const fn limited(team: Role, staff: Role) -> Role {
    let most = match staff {
        Role::Owner | Role::Admin | Role::Member => staff,
        Role::Reader | Role::Client | Role::Ingest => Role::Reader,
    };
    if rank(most) < rank(team) { most } else { team }
}

/// Whether this kind of space can have the member in the role.
///
/// `Ingest` is not given by this version of ops: a gateway must read nothing, and here every member gets the seed.
pub(crate) fn check_kind(origin: &SpaceOrigin, member: &Member, role: Role) -> Result<(), AccessError> {
    let fits = match (origin, member) {
        (SpaceOrigin::Personal(owner), Member::Person(person)) => owner == person && role == Role::Owner,
        (SpaceOrigin::Team(..), Member::Person(_)) => {
            matches!(role, Role::Owner | Role::Admin | Role::Member | Role::Reader)
        }
        (SpaceOrigin::Client(team, _), Member::Team(member)) => team == member && role == Role::Owner,
        (SpaceOrigin::Client(..), Member::Person(_)) => {
            matches!(role, Role::Member | Role::Client | Role::Reader)
        }
        (SpaceOrigin::Talk(..), _) => role != Role::Ingest,
        (SpaceOrigin::Personal(_) | SpaceOrigin::Team(..), Member::Team(_)) => false,
    };
    if fits { Ok(()) } else { Err(AccessError::KindForbids) }
}

impl Acting {
    /// Whether the writer may let somebody in with this role: no role above one's own, and staff bring clients in.
    pub fn may_grant(&self, kind: SpaceKind, role: Role) -> bool {
        if self.role.manages() {
            return rank(role) <= rank(self.role);
        }
        kind == SpaceKind::Client && self.is_staff() && matches!(role, Role::Client | Role::Reader)
    }

    /// Whether the writer may remove, or change the role of, a member who has this role.
    pub fn may_change(&self, target: Role) -> bool {
        self.role == Role::Owner || self.role == Role::Admin && target != Role::Owner
    }

    /// Works for the team, not just reads.
    fn is_staff(&self) -> bool {
        self.staff.is_some_and(works)
    }
}

/// Whether a role inside a team lets one act for it.
pub(crate) const fn works(staff: Role) -> bool {
    matches!(staff, Role::Owner | Role::Admin | Role::Member)
}

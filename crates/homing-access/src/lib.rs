//! Who may do what: account logs and the op chains of spaces, as pure state machines that relay and devices share.
//!
//! Nothing here reads a clock, draws a random number, stores or sends. The same ops give the same state everywhere, and
//! the same known ops give the same verdict on an entry in whatever order they became known.
//!
//! * [`AccountState`]: a person's devices and keys.
//! * [`SpaceState`]: a space's members, invitations and epochs, now and at every earlier op. [`SpaceState::judge`] says
//!   whether an op is the next one, [`SpaceState::commit`] takes it.
//! * [`SpaceState::verdict`] and [`SpaceState::slot_verdict`]: whether an entry or slot counts.
//! * [`SpaceState::admit_op`] and its sisters: what a relay asks in addition before it takes something *fresh*.
//! * [`build`]: makes ops that pass; [`open`]: gets the seeds back out of them.
//!
//! # What is decided by which head
//!
//! A space refers to accounts and teams by the heads it has **anchored**. The validity of an op and the role of an
//! author depend on those heads only, so a log or chain that has grown since changes no verdict. Two things reach
//! further: a device counts as the person's when any known part of the account log holds it (a new device writes at
//! once, without an anchor in every space), and the relay asks for the newest knowledge before it takes something
//! fresh, so that a revoked device or a former colleague is out at once. Staff act in a client space with the role
//! they had at the team head anchored there: who came to the team later writes an `Anchor` first.
//!
//! # Cuts and pins
//!
//! An op that takes a right away cuts: of what the devices concerned wrote under an earlier op head, only the pinned
//! entry and its ancestors stay valid. A device without a pin has no valid entry left, so the pins must name every
//! device that wrote; the state insists on those it saw write ops, the relay on all ([`Cut::check_pins`]).
//!
//! # Invitations
//!
//! An invitation lives as long as who made it could still make it: when its maker is removed, leaves, loses the right to
//! grant that role, or loses the device it was made on, it is withdrawn. Nobody becomes an owner by a link.
//!
//! # Seals
//!
//! Seeds are sealed with HPKE, each bound to its use and its recipient:
//!
//! | What is sealed | HPKE info | Associated data |
//! |---|---|---|
//! | epoch seed | [`homing_wire::seal_info`] | the [`homing_wire::Recipient`], canonical form |
//! | person seed | `("person seed v1", generation, enrol, kem)` | the public key it is sealed to |
//! | asker's name | `("join name v1", space, invitation)` | the [`homing_wire::Recipient`], canonical form |

mod account;
pub mod build;
mod error;
pub mod open;
mod rights;
mod seals;
mod space;
mod verify;

pub use account::{AccountDevice, AccountState};
pub use error::{AccessError, Missing};
pub use rights::Acting;
pub use space::{
    Applied, Cut, CutScope, EpochRecord, Invite, JoinRequest, RoleChange, RotationReason, SpaceState, Step,
    Verdict,
};
pub use verify::{verify_entry, verify_slot};

use homing_wire::{PersonId, SpaceId};

/// The account logs and team chains that are known. Relay and devices each have their own.
pub trait Directory {
    /// An account, as far as it is known.
    fn account(&self, person: &PersonId) -> Option<&AccountState>;

    /// A team's space, as far as it is known.
    fn team(&self, team: &SpaceId) -> Option<&SpaceState>;
}

//! A new person: account, personal space, team; and the name by which others know them, in every space they come to.

use homing_access::build;
use homing_crypto::{DeviceSecret, RecoverySecret, Seed32};
use homing_model::{Edit, Preimage};
use homing_store::spaces::{SpaceRow, SpaceState};
use homing_store::{Tx, entries, epochs, meta, outbox, slots, spaces};
use homing_wire::{DocId, Grant, Member, PersonId, Role, SpaceId, SpaceKind, SpaceOrigin};
use rand_core::Rng;

use super::account::BECOME;
use crate::api::{ApiError, Code, Init, Nothing, Status};
use crate::author::Label;
use crate::commands::checked_name;
use crate::core::Core;
use crate::docs::read_doc;
use crate::env::Env;
use crate::fail::Fail;
use crate::identity::Identity;
use crate::platform;
use crate::replica::Replica;
use crate::text::relay_address;

/// Spaces in which this person's name is still to be written.
const GREET: &str = "greet/";

/// What a device is called until somebody names it: two on one's list should not be called alike. Empty if nobody did and its
/// computer has no name either: whoever shows it has the words.
pub(super) fn device_called(wanted: Option<&str>) -> Result<String, ApiError> {
    called_or(wanted, platform::computer::name)
}

fn called_or(wanted: Option<&str>, computer: impl FnOnce() -> Option<String>) -> Result<String, ApiError> {
    match wanted {
        Some(name) => checked_name(name),
        None => Ok(computer().and_then(|name| checked_name(&name).ok()).unwrap_or_default()),
    }
}

impl Core {
    pub(crate) fn init(&mut self, args: Init) -> Result<Status, ApiError> {
        let name = checked_name(&args.name)?;
        if let Some(relay) = &args.relay
            && relay_address(relay).is_none()
        {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "This is not the address of a relay. It looks like relay.example.org.",
            ));
        }
        self.create_identity(&name, args.device_name.as_deref(), true)?;
        match args.relay {
            Some(relay) => drop(self.set_relay(&relay)?),
            None => self.start_link()?,
        }
        self.status(Nothing {})
    }

    /// Makes a person with their own space and, if they don't come by somebody's link, a team.
    pub(super) fn create_identity(
        &mut self,
        name: &str,
        device_name: Option<&str>,
        team: bool,
    ) -> Result<(), ApiError> {
        let device_name = device_called(device_name)?;
        let rng = &mut self.env.rng;
        let (device_seed, recovery_seed) = (Seed32::random(rng), Seed32::random(rng));
        let device = DeviceSecret::from_seed(&device_seed);
        let recovery = RecoverySecret::from_seed(&recovery_seed);
        let (op, person_seed) = build::new_account(rng, &device, &recovery).map_err(Fail::from)?;
        let person = PersonId(op.id().0);
        let mut me = Identity::new(person, name.to_owned(), device_name, device_seed);
        me.recovery_seed = Some(recovery_seed);
        me.add_person_seed(1, person_seed);
        self.establish(me, |tx, replica, env| {
            replica.ingest_account(tx, &person, &[op.encode()])?;
            let owner = Grant { member: Member::Person(person), role: Role::Owner };
            let personal = replica.create_space(tx, env, SpaceOrigin::Personal(person), vec![owner])?;
            replica.introduce(tx, env.now_ms(), &personal)?;
            if team {
                replica.begin_team(tx, env)?;
            }
            Ok(())
        })
    }
}

/// A nonce that tells a person's documents or spaces of one kind apart.
pub(crate) fn draw(env: &mut Env) -> [u8; 16] {
    let mut nonce = [0u8; 16];
    env.rng.fill_bytes(&mut nonce);
    nonce
}

impl Replica {
    /// A team of this person's own. Who begins a profile has one from the start; who came by a link, when they first invite
    /// somebody to work with them.
    pub(super) fn begin_team(&mut self, tx: &Tx<'_>, env: &mut Env) -> Result<SpaceId, Fail> {
        let me = self.person();
        let owner = Grant { member: Member::Person(me), role: Role::Owner };
        let origin = SpaceOrigin::Team(me, draw(env));
        let team = self.create_space(tx, env, origin, vec![owner])?;
        self.introduce(tx, env.now_ms(), &team)?;
        let edit = Edit::SetSpaceInfo { name: self.me.name.clone() };
        self.author(tx, env.now_ms(), &Preimage::space_info(team), &edit, Label::OTHER)?;
        Ok(team)
    }

    /// This person has come into a space: their name is to be written there.
    pub fn greet_later(&self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        Ok(meta::set(tx, &format!("{GREET}{space}"), &[1])?)
    }

    /// Writes the name where that is due. It waits until the whole log is here, because another device of the person may
    /// have done it; and staff write it into a client's space only when they write there at all, so that a new
    /// colleague costs nothing.
    pub fn greet(&mut self, tx: &Tx<'_>, now_ms: u64, row: &SpaceRow) -> Result<(), Fail> {
        let complete = row.state == SpaceState::Local || row.bottom >= row.sequence;
        if !complete || meta::get(tx, &format!("{GREET}{}", row.space))?.is_none() {
            return Ok(());
        }
        let member = self.space(&row.space)?.role(&Member::Person(self.person())).is_some();
        if member || !outbox::in_state(tx, &row.space, outbox::OutboxState::Queued, 1)?.is_empty() {
            self.introduce(tx, now_ms, &row.space)?;
        }
        Ok(())
    }

    /// Writes this person's name into a space, and the device's into the personal one, unless they are there.
    fn introduce(&mut self, tx: &Tx<'_>, now_ms: u64, space: &SpaceId) -> Result<(), Fail> {
        let Some((_, role)) = self.writes_as(space) else { return Ok(()) };
        if role.writes() && !self.me.name.is_empty() {
            let edit = Edit::SetProfile { name: self.me.name.clone() };
            self.author_missing(tx, now_ms, &Preimage::profile(*space, &self.person()), &edit)?;
            if *space == self.personal() && !self.me.device_name.is_empty() {
                let edit = Edit::SetDeviceName { name: self.me.device_name.clone() };
                self.author_missing(tx, now_ms, &Preimage::device_name(*space, &self.device()), &edit)?;
            }
        }
        meta::delete(tx, &format!("{GREET}{space}"))?;
        Ok(())
    }

    fn author_missing(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        preimage: &Preimage,
        edit: &Edit,
    ) -> Result<(), Fail> {
        let doc: DocId = preimage.doc_id();
        if read_doc(tx, &doc)?.accepted.is_empty() {
            self.author(tx, now_ms, preimage, edit, Label::OTHER)?;
        }
        Ok(())
    }

    /// Another device registered the same space first: its first op stands, ours goes with its key. What was written
    /// in the space stays queued, and is sealed under the winner's key once that is here.
    pub fn genesis_lost(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let Some(row) = spaces::get(tx, space)? else { return Ok(()) };
        // Nobody else can begin a person's own space, team or talk: their ids are cut from who began them.
        if row.state != SpaceState::Local || row.kind != SpaceKind::Client {
            return Ok(());
        }
        self.drop_genesis(tx, space)
    }

    /// Takes the first op of a space that no relay knows back.
    pub fn drop_genesis(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        outbox::unseal(tx, space)?;
        for op in entries::ops(tx, space)? {
            if op.place.is_none() && op.status == entries::Status::Sealed {
                entries::delete(tx, &op.id)?;
            }
        }
        for epoch in epochs::list(tx, space)? {
            epochs::delete(tx, space, &epoch.epoch)?;
        }
        self.forget_space(space);
        spaces::update(tx, space, |row| {
            row.state = SpaceState::Known;
            row.op_head = None;
            row.epoch = None;
            row.my_dseq = 0;
            row.my_prev = None;
        })?;
        Ok(())
    }

    /// This profile goes on as another device: everything that was not acknowledged is taken back and made anew under
    /// the new device, and what only has a present is told again by it.
    pub fn become_device(&mut self, tx: &Tx<'_>, env: &mut Env, seed: Seed32) -> Result<(), Fail> {
        self.me.replace_device(seed);
        self.salt = homing_wire::Salt(draw(env));
        self.save_identity(tx)?;
        meta::delete(tx, BECOME)?;
        let mut rows = spaces::list(tx)?;
        rows.sort_by_key(|row| (row.kind == SpaceKind::Client, row.kind == SpaceKind::Talk));
        for row in rows {
            if row.state == SpaceState::Local {
                self.begin_space_again(tx, env, &row)?;
            } else {
                self.thaw(tx, &row.space)?;
                crate::link::forget_slots_seen(tx, &row.space)?;
            }
            if row.state != SpaceState::Gone && self.load_space(tx, &row.space)? {
                self.author_again(tx, &row.space)?;
            }
            for slot in slots::own_of(tx, &row.space)? {
                slots::delete_own(tx, &row.space, &slot.slot)?;
                slots::set(tx, &row.space, &slot.slot, &slot.plaintext)?;
            }
            self.touched.work.insert(row.space);
        }
        self.greet_later(tx, &self.personal())?;
        self.touched.people = true;
        self.touched.status = true;
        Ok(())
    }

    /// A space the relay does not know was signed by a device that is no more: it begins again under its old id.
    fn begin_space_again(&mut self, tx: &Tx<'_>, env: &mut Env, row: &SpaceRow) -> Result<(), Fail> {
        if !self.load_space(tx, &row.space)? {
            return Ok(());
        }
        let state = self.space(&row.space)?;
        let origin = *state.origin();
        let members =
            state.members().iter().map(|(member, role)| Grant { member: *member, role: *role }).collect();
        self.drop_genesis(tx, &row.space)?;
        self.create_space(tx, env, origin, members)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::called_or;

    #[test]
    fn a_device_is_called_as_somebody_said_or_as_its_computer_and_otherwise_nothing() {
        let computer = || Some("ada-laptop".to_owned());
        assert_eq!(called_or(Some("At work"), computer).unwrap(), "At work");
        assert_eq!(called_or(None, computer).unwrap(), "ada-laptop");
        assert_eq!(called_or(None, || None).unwrap(), "");
        assert!(called_or(Some(""), computer).is_err());
    }
}

//! What takes several steps with the relay: setting it, inviting and joining, linking and revoking devices,
//! enrolling a device of one's own.
//!
//! A flow is a value that says how far it has come. After every input each flow looks at what is known by then
//! ([`Core::flows_poll`]) and goes on as far as it can. So no step hangs on one particular answer, and neither a lost
//! connection nor the order in which things arrive can strand it; a deadline ends what nobody answers.

mod account;
mod begin;
mod devices;
mod enrol;
mod invite;
mod join;
mod linking;
mod recovery;
mod relay;

pub(crate) use enrol::ENROL;

use std::collections::{BTreeSet, VecDeque};

use homing_store::{Durability, Tx};
use homing_wire::{AccountOpId, EntryId, NackCode, PersonId, SpaceId};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::fail::Fail;
use crate::replica::Replica;

/// How long a call waits for a relay that does not answer.
const REACH_MS: u64 = 10_000;
/// How long a call waits for what an answering relay, or another member, still has to do.
const SETTLE_MS: u64 = 60_000;
/// Pixels of one module of a QR picture.
const QR_MODULE: u32 = 4;

/// Everything that is under way.
#[derive(Default)]
pub(crate) struct Flows {
    /// Teams whose feed is followed.
    pub followed: BTreeSet<SpaceId>,
    relay: Option<relay::Setting>,
    syncs: Vec<relay::Syncing>,
    invites: Vec<invite::Inviting>,
    cancels: Vec<invite::Cancelling>,
    joins: Vec<join::Joining>,
    linking: Option<linking::Linking>,
    account: VecDeque<account::Work>,
    enrolment: Option<enrol::Enrolment>,
    /// Own entries the relay took since this process began.
    acked: u64,
    /// News of files on their way since this process began.
    pub transferred: u64,
    /// The link is begun anew after this input: for somebody else, or under another key.
    restart: bool,
}

impl Flows {
    /// When something has waited long enough.
    pub fn next_wake(&self) -> Option<u64> {
        let syncs = self.syncs.iter().map(relay::Syncing::deadline);
        let invites = self.invites.iter().map(invite::Inviting::deadline);
        let cancels = self.cancels.iter().map(invite::Cancelling::deadline);
        let joins = self.joins.iter().map(join::Joining::deadline);
        self.relay
            .iter()
            .map(relay::Setting::deadline)
            .chain(syncs)
            .chain(invites)
            .chain(cancels)
            .chain(joins)
            .chain(self.linking.iter().filter_map(linking::Linking::deadline))
            .chain(self.account.front().map(account::Work::deadline))
            .chain(self.enrolment.as_ref().and_then(enrol::Enrolment::deadline))
            .min()
    }

    /// The relay to speak to without an identity, if that is what is under way.
    pub fn anonymous_relay(&self) -> Option<String> {
        let linking = self.linking.as_ref().and_then(linking::Linking::anonymous_relay);
        linking.or_else(|| self.enrolment.as_ref().map(enrol::Enrolment::relay))
    }

    /// This profile is about to become another device, or has become one and is still connected as the one it was: until
    /// that is over it hands nothing in.
    pub fn is_enrolling(&self) -> bool {
        self.restart || self.enrolment.is_some() || self.account.iter().any(account::Work::enrols)
    }
}

impl Core {
    /// Lets every flow go on. To be called after each input.
    pub(crate) fn flows_poll(&mut self) {
        if self.store.is_none() {
            return;
        }
        self.restart_link();
        self.poll_relay();
        self.poll_enrolment();
        self.poll_account();
        self.poll_linking();
        self.poll_joins();
        self.poll_invites();
        self.poll_cancels();
        // A flow that ended just now may have made this profile another device.
        self.restart_link();
    }

    fn restart_link(&mut self) {
        if std::mem::take(&mut self.flows.restart)
            && let Err(error) = self.start_link()
        {
            tracing::error!(code = ?error.code, "the relay can't be spoken to");
        }
    }

    /// Answers who waits for everything to be handed over, once this input's work was.
    pub(crate) fn flows_worked(&mut self) {
        if !self.flows.syncs.is_empty() {
            self.poll_syncs();
            self.work();
        }
    }

    /// The profile is locked or given up: whoever waits is told.
    pub(crate) fn flows_end(&mut self, error: &ApiError) {
        let flows = std::mem::take(&mut self.flows);
        if let Some(setting) = flows.relay {
            setting.end(self, error);
        }
        flows.syncs.into_iter().for_each(|one| one.end(self, error));
        flows.invites.into_iter().for_each(|one| one.end(self, error));
        flows.cancels.into_iter().for_each(|one| one.end(self, error));
        flows.joins.into_iter().for_each(|one| one.end(self, error));
        flows.account.into_iter().for_each(|one| one.end(self, error));
        if let Some(linking) = flows.linking {
            linking.end(self, error);
        }
        if let Some(enrolment) = flows.enrolment {
            enrolment.end(self, error);
        }
    }

    /// The connection ended or could not be made.
    pub(crate) fn flows_offline(&mut self) {
        self.relay_failed();
    }

    /// Nothing more can come of this relay.
    pub(crate) fn flows_fail(&mut self, error: &ApiError) {
        self.relay_refused(error);
        self.link_failed(error.clone());
        self.enrolment_failed(error.clone());
    }

    /// The relay holds an own entry.
    pub(crate) fn flow_acked(&mut self, space: &SpaceId, id: &EntryId) {
        self.flows.acked += 1;
        self.join_acked(space, id);
    }

    /// The relay does not take an own entry; true if a flow sees to it.
    pub(crate) fn flow_refused(&mut self, space: &SpaceId, id: &EntryId, code: NackCode) -> bool {
        self.join_refused(space, id, code)
    }

    /// An account log came; true if a flow took it.
    pub(crate) fn flow_account(&mut self, person: &PersonId, ops: &[Vec<u8>]) -> bool {
        if self.replica.as_ref().is_some_and(|replica| replica.person() == *person) {
            self.sync_round_done();
        }
        self.enrolment_log(person, ops)
    }

    /// An account log can't be read.
    pub(crate) fn flow_account_unreadable(&mut self, _: &PersonId) {
        self.joins_read_again();
    }

    pub(crate) fn account_acked(&mut self, id: &AccountOpId) {
        if !self.enrolment_acked(id) {
            self.account_work_acked(id);
        }
    }

    pub(crate) fn account_refused(&mut self, ids: &[AccountOpId], code: NackCode) {
        if !self.enrolment_refused(ids, code) {
            self.account_work_refused(ids, code);
        }
    }

    /// True while connected without speaking for anybody.
    fn anonymous(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.client.status() == homing_sync::Connection::Anonymous)
    }

    /// A replica for an identity that is about to be stored. If `work` fails there is none, as before.
    fn establish<T>(
        &mut self,
        me: crate::identity::Identity,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut crate::env::Env) -> Result<T, Fail>,
    ) -> Result<T, ApiError> {
        if self.replica.is_some() {
            return Err(ApiError::new(
                Code::AlreadyInitialised,
                "This profile belongs to somebody already. Use another profile folder.",
            ));
        }
        let salt = self.draw_salt();
        self.replica = Some(Replica::new(me, salt, &self.env));
        let done = self.write(Durability::Full, |tx, replica, env| {
            replica.save_identity(tx)?;
            enrol::forget_enrolment(tx)?;
            homing_store::people::ensure(tx, &replica.person())?;
            work(tx, replica, env)
        });
        if done.is_err() {
            self.replica = None;
        }
        self.touched.status = true;
        done
    }

    pub(crate) fn draw_salt(&mut self) -> homing_wire::Salt {
        let mut salt = [0u8; 16];
        rand_core::Rng::fill_bytes(&mut self.env.rng, &mut salt);
        homing_wire::Salt(salt)
    }
}

impl Core {
    /// Why there is no relay to do this with.
    fn no_relay(&self) -> ApiError {
        if self.demo { demo_profile() } else { relay_missing() }
    }
}

fn demo_profile() -> ApiError {
    ApiError::new(Code::DemoProfile, "The demo never talks to a relay. Begin a profile of your own first.")
}

fn relay_missing() -> ApiError {
    ApiError::new(
        Code::RelayMissing,
        "No relay is set. Enter the address of one (Settings, Relay) to reach others.",
    )
}

fn unreachable() -> ApiError {
    ApiError::new(
        Code::RelayUnreachable,
        "The relay does not answer. Check the address and the network, then try again.",
    )
}

fn relay_refuses(code: NackCode) -> ApiError {
    ApiError::new(
        Code::RelayRefused,
        format!("The relay refused this ({}).", crate::deliver::nack_name(code)),
    )
}

/// A QR picture of a text.
pub(crate) fn qr_svg(text: &str) -> Result<String, ApiError> {
    let code = QrCode::new(text.as_bytes())
        .map_err(|_| ApiError::new(Code::TooLarge, "This is too long for a QR code."))?;
    Ok(code.render::<svg::Color<'_>>().module_dimensions(QR_MODULE, QR_MODULE).build())
}

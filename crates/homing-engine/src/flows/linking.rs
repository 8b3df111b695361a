//! Linking a second device: the steps of [`crate::pairing`] over a mailbox at the relay.

use std::collections::BTreeSet;

use homing_crypto::{DeviceSecret, LinkCode, Seed32};
use homing_store::{accounts, meta};
use homing_sync::Event;
use homing_wire::{Hash, MailboxId, NackCode};

use super::begin::device_called;
use super::{qr_svg, relay_refuses, unreachable};
use crate::api::{ApiError, Code, Done, LinkAccept, LinkApprove, LinkStage, LinkState, Nothing};
use crate::core::{Core, RELAY_ADDRESS, RELAY_KEY};
use crate::fail::invalid;
use crate::identity::Identity;
use crate::pairing::{Accepting, Applicant, Enrolment, LINK_MS, Meeting, Offering, PairingError, Step};
use crate::reply::Reply;
use crate::text::{is_loopback, relay_address, relay_host, rfc3339, visible};

/// How long the new device waits for the other one to answer before it says that the code may be wrong.
const ANSWER_MS: u64 = 30_000;

/// A linking that is under way, or just ended.
pub(super) struct Linking {
    side: Side,
    code: Option<String>,
    stage: LinkStage,
    until: u64,
    error: Option<ApiError>,
    /// The new device's call, answered once both screens show the digits.
    reply: Option<(Reply<LinkState>, u64)>,
    /// A message that was sent again over a new connection counts once.
    seen: BTreeSet<Hash>,
}

enum Side {
    /// The device that is there.
    Offer(Box<Offering>),
    /// The device that comes.
    Accept(Box<Newcomer>),
    Ended,
}

struct Newcomer {
    accepting: Accepting,
    seed: Seed32,
    device_name: String,
    relay: String,
}

impl Linking {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        if let Some((reply, _)) = self.reply {
            core.settle(reply, Err(error.clone()));
        }
    }

    pub fn deadline(&self) -> Option<u64> {
        let answer = self.reply.as_ref().map(|(_, by)| *by);
        // What was approved is not given up: the device may be in the account already.
        let open = !matches!(self.side, Side::Ended) && self.stage != LinkStage::Approved;
        let until = open.then_some(self.until);
        answer.into_iter().chain(until).min()
    }

    pub fn anonymous_relay(&self) -> Option<String> {
        match &self.side {
            Side::Accept(newcomer) => Some(newcomer.relay.clone()),
            Side::Offer(_) | Side::Ended => None,
        }
    }

    fn mailbox(&self) -> Option<MailboxId> {
        match &self.side {
            Side::Offer(offering) => Some(offering.meeting.mailbox),
            Side::Accept(newcomer) => Some(newcomer.accepting.meeting.mailbox),
            Side::Ended => None,
        }
    }

    fn seen_mail(&self) -> u32 {
        match &self.side {
            Side::Offer(offering) => offering.seen,
            Side::Accept(newcomer) => newcomer.accepting.seen,
            Side::Ended => 0,
        }
    }

    fn state(&self) -> Result<LinkState, ApiError> {
        let (digits, device_name) = match &self.side {
            Side::Offer(offering) => (offering.digits.clone(), offering.device_name().map(visible)),
            Side::Accept(newcomer) => (newcomer.accepting.digits.clone(), Some(newcomer.device_name.clone())),
            Side::Ended => (None, None),
        };
        Ok(LinkState {
            qr_svg: self.code.as_deref().map(qr_svg).transpose()?,
            code: self.code.clone(),
            digits,
            stage: self.stage,
            device_name: device_name.filter(|name| !name.is_empty()),
            expires_at: rfc3339(self.until),
            error: self.error.clone(),
        })
    }
}

fn failed(error: PairingError) -> ApiError {
    match error {
        PairingError::Cancelled => {
            ApiError::new(Code::LinkFailed, "The linking was cancelled. Begin again with a new code.")
        }
        PairingError::Tampered => ApiError::new(
            Code::LinkFailed,
            "The exchange does not fit together: the code is wrong, or somebody is in between. Nothing was linked.",
        ),
    }
}

fn ran_out() -> ApiError {
    ApiError::new(Code::LinkFailed, "The code has run out. Begin again with a new one.")
}

impl Core {
    pub(crate) fn link_offer(&mut self, _: Nothing) -> Result<LinkState, ApiError> {
        let address = self.relay_address()?.filter(|_| !self.demo).ok_or_else(|| self.no_relay())?;
        let (person, name) = (self.replica()?.person(), self.replica()?.me.name.clone());
        if !self.online() {
            return Err(self.why_offline());
        }
        self.end_linking();
        let code = LinkCode::random(&mut self.env.rng);
        let meeting = Meeting::new(&code).ok_or_else(|| crate::fail::internal("link code"))?;
        let mailbox = meeting.mailbox;
        let device = self.replica.as_ref().ok_or_else(crate::core::not_initialised)?.me.device();
        let offering = Offering::new(&mut self.env.rng, meeting, person, &name, device);
        // A scheme that the other device would not guess goes with the code.
        let plain = address.starts_with("http://") && !is_loopback(&address);
        let place = if plain { address.as_str() } else { relay_host(&address).unwrap_or(&address) };
        let linking = Linking {
            side: Side::Offer(Box::new(offering)),
            code: Some(format!("{}@{place}", code.display().as_str())),
            stage: LinkStage::Waiting,
            until: self.env.steady_ms() + LINK_MS,
            error: None,
            reply: None,
            seen: BTreeSet::new(),
        };
        let state = linking.state()?;
        self.flows.linking = Some(linking);
        self.protocol(Event::Mail { mailbox, put: None, seen: 0 });
        Ok(state)
    }

    pub(crate) fn link_accept(&mut self, args: LinkAccept, reply: Reply<LinkState>) {
        match self.begin_accept(&args) {
            Ok((linking, mailbox, hello)) => {
                let answer_by = self.env.steady_ms() + ANSWER_MS;
                self.flows.linking = Some(Linking { reply: Some((reply, answer_by)), ..linking });
                match self.start_link() {
                    Ok(()) => self.protocol(Event::Mail { mailbox, put: Some(hello), seen: 0 }),
                    Err(error) => self.link_failed(error),
                }
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn begin_accept(&mut self, args: &LinkAccept) -> Result<(Linking, MailboxId, Vec<u8>), ApiError> {
        if self.replica.is_some() {
            return Err(ApiError::new(
                Code::AlreadyInitialised,
                "This profile belongs to somebody already. Link the device with a profile of its own.",
            ));
        }
        let (code, place) = match args.code.trim().split_once('@') {
            Some((code, place)) => (code, Some(place)),
            None => (args.code.trim(), None),
        };
        let place = args.relay.as_deref().or(place).ok_or_else(|| {
            ApiError::from(invalid(
                "The relay's address is missing: enter the whole code, with what follows the @.",
            ))
        })?;
        let relay = relay_address(place)
            .ok_or_else(|| ApiError::from(invalid("This is not the address of a relay.")))?;
        let wrong = || {
            ApiError::new(
                Code::LinkFailed,
                "This is not a linking code. It has four groups of four characters.",
            )
        };
        let code = LinkCode::parse(code).map_err(|_| wrong())?;
        let device_name = device_called(args.device_name.as_deref())?;
        self.end_linking();
        let meeting = Meeting::new(&code).ok_or_else(wrong)?;
        let mailbox = meeting.mailbox;
        let seed = Seed32::random(&mut self.env.rng);
        let device = DeviceSecret::from_seed(&seed);
        let (accepting, hello) = Accepting::new(&mut self.env.rng, meeting, device, &device_name)
            .ok_or_else(|| crate::fail::internal("link hello"))?;
        let newcomer = Newcomer { accepting, seed, device_name, relay };
        let linking = Linking {
            side: Side::Accept(Box::new(newcomer)),
            code: None,
            stage: LinkStage::Waiting,
            until: self.env.steady_ms() + LINK_MS,
            error: None,
            reply: None,
            seen: BTreeSet::new(),
        };
        Ok((linking, mailbox, hello))
    }

    pub(crate) fn link_show(&mut self, _: Nothing) -> Result<Option<LinkState>, ApiError> {
        self.flows.linking.as_ref().map(Linking::state).transpose()
    }

    pub(crate) fn link_cancel(&mut self, _: Nothing) -> Result<Done, ApiError> {
        if self.flows.linking.as_ref().is_some_and(|linking| linking.stage == LinkStage::Approved) {
            return Err(ApiError::new(
                Code::AlreadySent,
                "The device was approved already. Revoke it in the list of devices.",
            ));
        }
        self.end_linking();
        Ok(Done { done: true })
    }

    /// Ends what is under way; the other side is told as far as it can be reached.
    fn end_linking(&mut self) {
        let Some(linking) = self.flows.linking.take() else { return };
        if let Side::Offer(offering) = &linking.side
            && let Some(put) = offering.cancelled(&mut self.env.rng)
        {
            self.protocol(Event::Mail {
                mailbox: offering.meeting.mailbox,
                put: Some(put),
                seen: offering.seen,
            });
        }
        if let Some(mailbox) = linking.mailbox() {
            self.protocol(Event::CloseMail(mailbox));
        }
        self.flows.restart |= linking.anonymous_relay().is_some();
        if let Some((reply, _)) = linking.reply {
            self.settle(reply, Err(failed(PairingError::Cancelled)));
        }
    }

    pub(super) fn poll_linking(&mut self) {
        let now = self.env.steady_ms();
        let Some(linking) = &mut self.flows.linking else { return };
        let over = linking.deadline().is_some_and(|by| now >= by);
        if let Some((_, by)) = &linking.reply
            && now >= *by
        {
            let silent = match self.anonymous() {
                true => ApiError::new(
                    Code::LinkFailed,
                    "The other device does not answer. Is the code right, and does that device still show it?",
                ),
                false => unreachable(),
            };
            self.link_failed(silent);
        } else if over {
            self.link_failed(ran_out());
        }
    }

    /// It can't go on.
    pub(super) fn link_failed(&mut self, error: ApiError) {
        let Some(linking) = &mut self.flows.linking else { return };
        if matches!(linking.side, Side::Ended) {
            return;
        }
        let mailbox = linking.mailbox();
        self.flows.restart |= linking.anonymous_relay().is_some();
        linking.side = Side::Ended;
        linking.stage = LinkStage::Failed;
        linking.error = Some(error.clone());
        let reply = linking.reply.take();
        if let Some(mailbox) = mailbox {
            self.protocol(Event::CloseMail(mailbox));
        }
        if let Some((reply, _)) = reply {
            self.settle(reply, Err(error));
        }
        self.tell_linking();
    }

    fn tell_linking(&mut self) {
        if let Some(Ok(state)) = self.flows.linking.as_ref().map(Linking::state) {
            self.push(crate::port::Output::Event(crate::api::Event::Link { state }));
        }
    }

    pub(crate) fn mail_came(&mut self, mailbox: MailboxId, messages: &[Vec<u8>]) {
        for message in messages {
            let Some(mut linking) = self.flows.linking.take() else { return };
            if linking.mailbox() != Some(mailbox) || !linking.seen.insert(Hash::of(message)) {
                self.flows.linking = Some(linking);
                continue;
            }
            let steps = match &mut linking.side {
                Side::Offer(offering) => offering.receive(&mut self.env.rng, message),
                Side::Accept(newcomer) => newcomer.accepting.receive(&mut self.env.rng, message),
                Side::Ended => Ok(Vec::new()),
            };
            self.flows.linking = Some(linking);
            match steps {
                Ok(steps) => steps.into_iter().for_each(|step| self.link_step(mailbox, step)),
                Err(error) => self.link_failed(failed(error)),
            }
        }
    }

    pub(crate) fn mail_refused(&mut self, mailbox: MailboxId, code: NackCode) {
        if self.flows.linking.as_ref().is_some_and(|linking| linking.mailbox() == Some(mailbox)) {
            self.link_failed(relay_refuses(code));
        }
    }

    fn link_step(&mut self, mailbox: MailboxId, step: Step) {
        match step {
            Step::Put(message) => self.put_mail(mailbox, message),
            Step::Compare => {
                let Some(linking) = &mut self.flows.linking else { return };
                linking.stage = LinkStage::Compare;
                let state = linking.state();
                if let Some((reply, _)) = linking.reply.take() {
                    self.settle(reply, state);
                }
                self.tell_linking();
            }
            Step::Enrolled(enrolment) => {
                if let Err(error) = self.enrolled(&enrolment) {
                    self.link_failed(error);
                }
            }
        }
    }

    fn put_mail(&mut self, mailbox: MailboxId, message: Vec<u8>) {
        let seen = self.flows.linking.as_ref().map_or(0, Linking::seen_mail);
        self.protocol(Event::Mail { mailbox, put: Some(message), seen });
    }

    /// New device: it is in its person's account. The rest comes from the relay.
    fn enrolled(&mut self, enrolment: &Enrolment) -> Result<(), ApiError> {
        let Some(linking) = &mut self.flows.linking else { return Ok(()) };
        let Side::Accept(newcomer) = std::mem::replace(&mut linking.side, Side::Ended) else { return Ok(()) };
        linking.stage = LinkStage::Done;
        let mailbox = newcomer.accepting.meeting.mailbox;
        let Newcomer { seed, device_name, relay, .. } = *newcomer;
        let name = visible(&enrolment.person_name);
        let mut me = Identity::new(enrolment.person, name, device_name, seed);
        me.recovery_seed = enrolment.recovery_seed.map(Seed32::from_bytes);
        me.recovery_confirmed = enrolment.recovery_confirmed;
        me.registered = true;
        let relay_key = enrolment.relay_key;
        self.establish(me, |tx, replica, _| {
            replica.has_relay = true;
            meta::set(tx, RELAY_ADDRESS, relay.as_bytes())?;
            Ok(meta::set(tx, RELAY_KEY, &relay_key.0)?)
        })?;
        self.protocol(Event::CloseMail(mailbox));
        self.flows.restart = true;
        self.tell_linking();
        Ok(())
    }

    /// Existing device: the digits were compared.
    pub(crate) fn link_approve(&mut self, args: LinkApprove, reply: Reply<LinkState>) {
        match self.applicant(&args.digits) {
            Ok(applicant) => {
                if let Some(linking) = &mut self.flows.linking {
                    linking.stage = LinkStage::Approved;
                }
                self.tell_linking();
                self.grant(applicant, reply);
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn applicant(&self, digits: &str) -> Result<Applicant, ApiError> {
        let nothing =
            || ApiError::new(Code::LinkFailed, "No device waits to be linked. Begin again with a new code.");
        let linking = self.flows.linking.as_ref().ok_or_else(nothing)?;
        let Side::Offer(offering) = &linking.side else { return Err(nothing()) };
        let (Some(shown), Some(applicant)) = (&offering.digits, offering.applicant()) else {
            return Err(nothing());
        };
        if linking.stage != LinkStage::Compare {
            return Err(nothing());
        }
        let typed: String = digits.chars().filter(char::is_ascii_digit).collect();
        if typed != *shown {
            return Err(ApiError::new(
                Code::DigitsDiffer,
                "The digits differ: somebody may be in between. Nothing was linked. Cancel, and begin again.",
            ));
        }
        Ok(applicant.clone())
    }

    /// Existing device: the account holds the new one, which is told.
    pub(super) fn granted(&mut self) -> Result<LinkState, ApiError> {
        let relay_key = self.relay_key()?.ok_or_else(unreachable)?;
        let me = &self.replica.as_ref().ok_or_else(crate::core::not_initialised)?.me;
        let linking = self.flows.linking.as_mut().ok_or_else(ran_out)?;
        let Side::Offer(offering) = &linking.side else { return Err(ran_out()) };
        let message =
            offering.granted(&mut self.env.rng, relay_key, me.recovery_seed.as_ref(), me.recovery_confirmed);
        let message = message.ok_or_else(|| crate::fail::internal("link grant"))?;
        let mailbox = offering.meeting.mailbox;
        linking.stage = LinkStage::Done;
        let state = linking.state()?;
        self.put_mail(mailbox, message);
        self.tell_linking();
        self.touched.people = true;
        Ok(state)
    }

    /// The own account's newest op, for questions about it.
    pub(super) fn own_account_head(&self) -> Result<Option<homing_wire::AccountOpId>, ApiError> {
        let me = self.replica()?.person();
        Ok(accounts::head(&self.db()?, &me)?.map(|(_, id)| id))
    }
}

//! Coming into a space by a link: look at its op chain, get what judges it, write the op, wait until it is here.
//!
//! The chain is kept like that of any space this device knows of without being a member. So everything a link claims is
//! checked by the same code as what members say, and what the chain hangs on (accounts, teams) is asked for by itself.

use homing_access::build::SpaceOps;
use homing_crypto::{Domain, InviteSecret};
use homing_store::{Durability, conversations, meta, spaces};
use homing_sync::Event;
use homing_wire::{
    Entry, EntryHeader, EntryId, EntryKind, InviteId, InviteLink, Member, NackCode, Signature, SpaceId,
    Stored,
};

use super::{REACH_MS, SETTLE_MS, demo_profile, relay_refuses};
use crate::api::{ApiError, Code, Join, JoinPreview, JoinState, Joined, LinkText};
use crate::commands::checked_name;
use crate::core::{Core, RELAY_KEY};
use crate::deliver::Frozen;
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::rows::{role_name, space_kind};
use crate::text::{is_loopback, relay_address, rfc3339, visible};

/// How often the chain is looked at again because somebody was faster, or the connection was lost.
const ATTEMPTS: u32 = 6;

/// A join that is under way.
pub(super) struct Joining {
    link: InviteLink,
    secret: InviteSecret,
    reply: Reply<Joined>,
    stage: Stage,
    attempts: u32,
    deadline: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for a session.
    Connecting,
    /// Waits for the chain; what came last of it.
    Peeking(Option<EntryId>),
    /// Waits for what the chain hangs on, up to this op.
    Reading(EntryId),
    /// The op is on its way.
    Pushed(EntryId),
    /// A member: waits for what there is to read.
    Arriving,
}

impl Joining {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.settle(self.reply, Err(error.clone()));
    }

    pub fn deadline(&self) -> u64 {
        self.deadline
    }
}

/// What reading the chain led to.
enum Next {
    Wait,
    Member,
    Asked,
    Push(Frozen),
}

fn invalid_link() -> ApiError {
    ApiError::new(
        Code::InviteInvalid,
        "This is not an invitation link, or a part of it is missing. Ask for it again.",
    )
}

fn used_link() -> ApiError {
    ApiError::new(
        Code::InviteInvalid,
        "This invitation was used, cancelled or is not valid. Ask for a new one.",
    )
}

fn expired() -> ApiError {
    ApiError::new(Code::InviteExpired, "The invitation has expired. Ask for a new one.")
}

fn refusal(code: NackCode) -> ApiError {
    match code {
        NackCode::Expired => expired(),
        NackCode::NotFound
        | NackCode::BadSignature
        | NackCode::Exists
        | NackCode::NotAMember
        | NackCode::TooLarge => used_link(),
        other => relay_refuses(other),
    }
}

fn read_link(text: &str) -> Result<(InviteLink, InviteSecret, String), ApiError> {
    let (link, secret) = InviteLink::parse(text).map_err(|_| invalid_link())?;
    let secret = InviteSecret::from_bytes(secret);
    if InviteId(secret.signing().public()) != link.invite {
        return Err(invalid_link());
    }
    let address = relay_address(&link.relay).ok_or_else(invalid_link)?;
    Ok((link, secret, address))
}

impl Core {
    pub(crate) fn join_preview(&mut self, args: LinkText) -> Result<JoinPreview, ApiError> {
        let (link, _, address) = read_link(&args.link)?;
        let db = self.db()?;
        let known = spaces::get(&db, &link.space)?;
        Ok(JoinPreview {
            relay_is_local: is_loopback(&address),
            other_relay: !self.same_relay(&link, &address)?,
            relay: address,
            space: link.space.to_string(),
            kind: space_kind(link.kind),
            role: role_name(link.role),
            inviter: visible(&link.inviter_name),
            space_name: known.as_ref().map(|row| visible(&row.name)).unwrap_or_default(),
            expires_at: rfc3339(link.expires_ms),
            instant: link.instant,
            already_member: known.is_some_and(|row| row.state == spaces::SpaceState::Joined),
        })
    }

    /// Whether a link belongs to the relay this profile knows, or to the first one it gets to know.
    fn same_relay(&self, link: &InviteLink, address: &str) -> Result<bool, ApiError> {
        Ok(match (self.relay_key()?, self.relay_address()?) {
            (Some(key), _) => key == link.relay_key,
            (None, Some(known)) => known == address,
            (None, None) => true,
        })
    }

    pub(crate) fn join(&mut self, args: Join, reply: Reply<Joined>) {
        match self.begin_join(&args) {
            Ok((link, secret)) => {
                let deadline = self.env.steady_ms() + REACH_MS;
                let stage = Stage::Connecting;
                self.flows.joins.push(Joining { link, secret, reply, stage, attempts: 0, deadline });
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn begin_join(&mut self, args: &Join) -> Result<(InviteLink, InviteSecret), ApiError> {
        let (link, secret, address) = read_link(&args.link)?;
        if self.demo {
            return Err(demo_profile());
        }
        if !self.same_relay(&link, &address)? {
            return Err(ApiError::new(
                Code::OtherRelay,
                "This invitation belongs to another relay. A profile belongs to one relay: open the link in a profile of its own.",
            ));
        }
        if self.replica.is_none() {
            let name = args.name.as_deref().ok_or_else(|| {
                ApiError::new(Code::InvalidArgument, "Tell the name by which the others shall know you.")
            })?;
            self.create_identity(&checked_name(name)?, None, false)?;
        }
        if self.relay_address()?.is_none() {
            let key = link.relay_key;
            self.write(Durability::Full, |tx, _, _| Ok(meta::set(tx, RELAY_KEY, &key.0)?))?;
            self.set_relay(&address)?;
        } else if !self.online() {
            self.protocol(Event::NetworkUp);
        }
        Ok((link, secret))
    }

    pub(super) fn poll_joins(&mut self) {
        // Carried out once all flows are back in their place: the answer to an event may be asked of them at once.
        let mut events = Vec::new();
        for mut one in std::mem::take(&mut self.flows.joins) {
            match self.join_step(&mut one, &mut events) {
                Ok(None) => self.flows.joins.push(one),
                Ok(Some(joined)) => self.settle(one.reply, Ok(joined)),
                Err(error) => self.settle(one.reply, Err(error)),
            }
        }
        for event in events {
            self.protocol(event);
        }
    }

    fn join_step(&mut self, one: &mut Joining, events: &mut Vec<Event>) -> Result<Option<Joined>, ApiError> {
        let space = one.link.space;
        if one.stage == Stage::Connecting && self.online() {
            one.stage = Stage::Peeking(None);
            one.deadline = self.env.steady_ms() + SETTLE_MS;
            events.push(Event::Peek { space, invite: one.link.invite });
        }
        if let Stage::Reading(last) = one.stage {
            let (link, secret) = (one.link.clone(), one.secret.clone());
            match self
                .write(Durability::Full, |tx, replica, env| replica.join_op(tx, env, &link, &secret, &last))?
            {
                Next::Wait => {}
                Next::Member => one.stage = Stage::Arriving,
                Next::Asked => return Ok(Some(asked(&space))),
                Next::Push(frozen) => {
                    one.stage = Stage::Pushed(frozen.id);
                    events.push(Event::PushOp { space, id: frozen.id, entry: frozen.bytes });
                }
            }
        }
        if one.stage == Stage::Arriving {
            let arrived = self.link.as_ref().is_some_and(|link| link.client.is_caught_up(&space));
            if arrived || self.env.steady_ms() >= one.deadline {
                return Ok(Some(self.joined(&space)?));
            }
        }
        match self.env.steady_ms() >= one.deadline {
            true => Err(self.why_offline()),
            false => Ok(None),
        }
    }

    fn joined(&self, space: &SpaceId) -> Result<Joined, ApiError> {
        let db = self.db()?;
        let conversation =
            conversations::of_space(&db, space)?.into_iter().next().map(|row| row.id.to_string());
        Ok(Joined { space: space.to_string(), state: JoinState::Joined, conversation })
    }

    /// Proves to the relay that this device holds an invitation.
    pub(crate) fn sign_peek(&mut self, link: u64, space: SpaceId, invite: InviteId, bytes: &[u8]) {
        let holder = self.flows.joins.iter().find(|one| one.link.space == space && one.link.invite == invite);
        let Some(holder) = holder else { return };
        let proof = Signature(holder.secret.signing().sign(Domain::InviteProof, bytes));
        self.protocol(Event::PeekSigned { link, space, proof });
    }

    /// Ops of a space this person is no member of: behind an invitation, or of a team in an own space.
    pub(crate) fn peek_page(&mut self, space: SpaceId, entries: &[Stored], more: bool) {
        self.try_write("op chain", |tx, replica, _| {
            replica.ingest(tx, &[space], &entries.iter().collect::<Vec<_>>())
        });
        self.join_read(space, entries, more);
    }

    /// How far the chain behind an invitation was read.
    pub(crate) fn join_read(&mut self, space: SpaceId, entries: &[Stored], more: bool) {
        let last =
            entries.last().and_then(|stored| Entry::decode(&stored.entry).ok()).map(|entry| entry.id());
        for one in self.flows.joins.iter_mut().filter(|one| one.link.space == space) {
            if let Stage::Peeking(before) = one.stage {
                let last = last.or(before);
                one.stage = match last.filter(|_| !more) {
                    Some(last) => Stage::Reading(last),
                    None => Stage::Peeking(last),
                };
            }
        }
    }

    pub(crate) fn peek_refused(&mut self, space: SpaceId, code: NackCode) {
        tracing::info!(?code, "an op chain can't be read");
        for one in std::mem::take(&mut self.flows.joins) {
            match one.stage {
                Stage::Peeking(_) if one.link.space == space => self.settle(one.reply, Err(refusal(code))),
                _ => self.flows.joins.push(one),
            }
        }
    }

    /// The right to read an account came with the session in which the chain was looked at: look again.
    pub(super) fn joins_read_again(&mut self) {
        for mut one in std::mem::take(&mut self.flows.joins) {
            if matches!(one.stage, Stage::Reading(_)) {
                one.attempts += 1;
                one.stage = Stage::Connecting;
            }
            match one.attempts > ATTEMPTS {
                true => self.settle(one.reply, Err(used_link())),
                false => self.flows.joins.push(one),
            }
        }
    }

    pub(super) fn join_acked(&mut self, space: &SpaceId, id: &EntryId) {
        let joins = &mut self.flows.joins;
        let Some(at) =
            joins.iter().position(|one| one.link.space == *space && one.stage == Stage::Pushed(*id))
        else {
            return;
        };
        let mut one = joins.swap_remove(at);
        if one.link.instant {
            one.stage = Stage::Arriving;
            self.flows.joins.push(one);
        } else {
            self.settle(one.reply, Ok(asked(space)));
        }
    }

    pub(super) fn join_refused(&mut self, space: &SpaceId, id: &EntryId, code: NackCode) -> bool {
        let joins = &mut self.flows.joins;
        let Some(at) =
            joins.iter().position(|one| one.link.space == *space && one.stage == Stage::Pushed(*id))
        else {
            return false;
        };
        let mut one = joins.swap_remove(at);
        self.try_write_full("a join refused", |tx, replica, _| replica.thaw(tx, space));
        one.attempts += 1;
        // Somebody's op came first: the same again on top of it.
        if matches!(code, NackCode::StaleOps | NackCode::StaleEpoch) && one.attempts <= ATTEMPTS {
            one.stage = Stage::Connecting;
            self.flows.joins.push(one);
        } else {
            self.settle(one.reply, Err(refusal(code)));
        }
        true
    }
}

fn asked(space: &SpaceId) -> Joined {
    Joined { space: space.to_string(), state: JoinState::AwaitingApproval, conversation: None }
}

impl Replica {
    /// The op by which this person comes in, or asks to, once the chain is known up to its last op.
    fn join_op(
        &mut self,
        tx: &homing_store::Tx<'_>,
        env: &mut Env,
        link: &InviteLink,
        secret: &InviteSecret,
        last: &EntryId,
    ) -> Result<Next, Fail> {
        let (space, me) = (link.space, self.person());
        if !self.load_space(tx, &space)? || !self.space(&space)?.contains(last) {
            return Ok(Next::Wait);
        }
        if self.is_member(&space) && self.space(&space)?.role(&Member::Person(me)).is_some() {
            return Ok(Next::Member);
        }
        let members: Vec<Member> = self.space(&space)?.members().keys().copied().collect();
        for member in members {
            match member {
                Member::Person(person) => self.load_account(tx, &person)?,
                Member::Team(team) => self.load_space(tx, &team)?,
            };
        }
        self.load_account(tx, &me)?;
        let mut row = spaces::must(tx, &space)?;
        let now_ms = env.now_ms();
        let state = self.space(&space)?;
        let Some(invite) = state.invites().get(&link.invite) else {
            let waits =
                state.requests().values().any(|asked| asked.person == me && asked.invite == link.invite);
            return if waits { Ok(Next::Asked) } else { Err(used_link().into()) };
        };
        // What the link showed before anything was fetched must be what it does.
        let as_shown = invite.inviter == link.inviter
            && invite.role == link.role
            && invite.instant == link.instant
            && state.kind() == link.kind;
        if !as_shown {
            return Err(used_link().into());
        }
        if state.requests().values().any(|asked| asked.person == me && asked.invite == link.invite) {
            return Ok(Next::Asked);
        }
        let header = EntryHeader {
            version: homing_wire::limits::VERSION,
            space,
            kind: EntryKind::Op,
            device: self.device(),
            person: me,
            written_as: Member::Person(me),
            dseq: row.my_dseq + 1,
            prev: row.my_prev,
            op_head: Some(state.head()),
            rules: homing_model::rules::CURRENT,
            epoch: None,
            salt: self.salt,
            seen: None,
            nonce: [0; 24],
        };
        let ops = SpaceOps { state, dir: &self.known, now_ms };
        let signing = self.me.device().signing();
        let (op, key) = if link.instant {
            let (op, key, _) = ops.join(&mut env.rng, secret, &me, signing)?;
            (op, Some(key))
        } else {
            (ops.request(&mut env.rng, secret, &me, signing, &self.me.name)?, None)
        };
        let entry = self.sign_op(tx, env, header, &op, key)?;
        let frozen = self.freeze(tx, &mut row, entry.body)?;
        spaces::put(tx, &row)?;
        Ok(Next::Push(frozen))
    }
}

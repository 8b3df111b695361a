//! Membership: making spaces, building ops from what people meant, and opening the seeds that ops bring.
//!
//! What a person wants with members is kept as an intent in the outbox and becomes an op only when it can be the next
//! one of the chain. When somebody else's op came first, the same intent is built again on top of it.

use homing_access::build::{self, BuildError, LastEntry, SpaceOps};
use homing_access::open::{self, Keys};
use homing_access::{AccessError, RotationReason, SpaceState};
use homing_crypto::{EpochKey, InviteSecret, Seed32};
use homing_store::entries;
use homing_store::outbox::{self, NewOutbox};
use homing_store::parked::Wait;
use homing_store::spaces::{self, SpaceRow};
use homing_store::{Read, Tx, epochs, meta};
use homing_wire::codec::{decode, encode};
use homing_wire::{
    DocId, Entry, EntryBody, EntryHeader, EntryId, EntryKind, EpochId, Grant, InviteId, KemPublic, Member,
    PersonId, Role, SpaceId, SpaceOp, SpaceOrigin,
};
use minicbor::{CborLen, Decode, Encode};
use std::collections::HashMap;

use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;

const INTENT: &str = "op_intent/";
const INVITE_SECRET: &str = "invite_secret/";
const INTENT_BYTES: usize = 4096;

/// What a person wants with the members of a space.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub(crate) enum OpIntent {
    #[n(0)]
    Add(#[n(0)] Grant),
    #[n(1)]
    Remove(#[n(0)] Member),
    #[n(2)]
    Leave,
    #[n(3)]
    SetRole(#[n(0)] Grant),
    /// The secret lies in the store under the invitation's id.
    #[n(4)]
    Invite {
        #[n(0)]
        invite: InviteId,
        #[n(1)]
        role: Role,
        #[n(2)]
        instant: bool,
    },
    #[n(5)]
    CancelInvite(#[n(0)] InviteId),
    #[n(6)]
    Approve(#[n(0)] EntryId),
    #[n(7)]
    Decline(#[n(0)] EntryId),
}

impl OpIntent {
    pub fn load(db: &Read<'_>, outbox: i64) -> Result<Option<Self>, Fail> {
        let stored = meta::get(db, &format!("{INTENT}{outbox}"))?;
        Ok(stored.and_then(|bytes| decode("op intent", &bytes, INTENT_BYTES).ok()))
    }

    pub fn remove(tx: &Tx<'_>, outbox: i64) -> Result<(), Fail> {
        meta::delete(tx, &format!("{INTENT}{outbox}"))?;
        Ok(())
    }
}

/// The secrets this device can open seeds with.
struct Secrets<'a> {
    replica: &'a Replica,
    teams: HashMap<(SpaceId, EpochId), Seed32>,
}

impl Keys for Secrets<'_> {
    fn person(&self, person: &PersonId, generation: u32) -> Option<Seed32> {
        if *person != self.replica.person() {
            return None;
        }
        self.replica.me.person_seed(generation).cloned()
    }

    fn team(&self, team: &SpaceId, epoch: &EpochId) -> Option<Seed32> {
        self.teams.get(&(*team, *epoch)).cloned()
    }

    fn invite(&self, _: &InviteId) -> Option<InviteSecret> {
        None
    }
}

impl Replica {
    /// What somebody wants with the members of a space and the relay has not taken yet, in order.
    pub fn waiting_ops(db: &Read<'_>, space: &SpaceId) -> Result<Vec<OpIntent>, Fail> {
        let ops = outbox::ops(db, space)?.into_iter();
        ops.filter_map(|id| OpIntent::load(db, id).transpose()).collect()
    }

    /// Queues an op; answers its place in the outbox.
    pub fn enqueue_op(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        space: &SpaceId,
        intent: &OpIntent,
        conversation: Option<DocId>,
    ) -> Result<i64, Fail> {
        let new = NewOutbox {
            hold_until: 0,
            space: *space,
            kind: "membership".to_owned(),
            doc: None,
            conversation,
            hash: None,
            salt: self.salt,
            created_ms: now_ms,
        };
        let id = outbox::enqueue(tx, &new)?;
        meta::set(tx, &format!("{INTENT}{id}"), &encode(intent))?;
        if *intent == OpIntent::Leave {
            self.say_left(tx, now_ms, space, true)?;
        }
        self.touched.outbox = true;
        self.touched.status = true;
        self.touched.people = true;
        self.touched.work.insert(*space);
        Ok(id)
    }

    /// Begins a space. Its first op is signed now; it is registered when there is a relay.
    pub fn create_space(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        origin: SpaceOrigin,
        members: Vec<Grant>,
    ) -> Result<SpaceId, Fail> {
        let space = SpaceId::derive(&origin);
        if self.load_space(tx, &space)? {
            return Ok(space);
        }
        for grant in &members {
            match grant.member {
                Member::Person(person) => self.load_account(tx, &person)?,
                Member::Team(team) => self.load_space(tx, &team)?,
            };
        }
        let written_as = match &origin {
            SpaceOrigin::Client(team, _) => Member::Team(*team),
            _ => Member::Person(self.person()),
        };
        let (op, key) = build::space_genesis(&mut env.rng, origin, members, &self.known)?;
        let header = EntryHeader {
            version: homing_wire::limits::VERSION,
            space,
            kind: EntryKind::Op,
            device: self.device(),
            person: self.person(),
            written_as,
            dseq: 1,
            prev: None,
            op_head: None,
            rules: homing_model::rules::CURRENT,
            epoch: None,
            salt: self.salt,
            seen: None,
            nonce: [0; 24],
        };
        let mut row = SpaceRow::new(space, origin.kind(), encode(&origin), spaces::SpaceState::Local);
        let frozen = self.freeze(tx, &mut row, EntryBody { header, content: op.encode() })?;
        let entry = Entry::decode(&frozen.bytes).map_err(|_| Fail::Internal("own genesis"))?;
        let state = SpaceState::genesis(&entry, &self.known)?;
        self.known.spaces.insert(space, state);
        spaces::put(tx, &row)?;
        self.greet_later(tx, &space)?;
        self.keep_seed(tx, &space, &frozen.id, key.seed())?;
        self.op_applied(tx, &entry, &[])?;
        Ok(space)
    }

    /// The key of a space's current epoch; without it nothing can be written or changed there.
    pub fn current_key(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<EpochKey, Fail> {
        let epoch = self.space(space)?.epoch();
        self.key(db, space, &epoch)?.ok_or_else(|| {
            Fail::new(
                crate::api::Code::KeyUnavailable,
                "The key of this conversation is not on this device yet. It comes as soon as another member is online.",
            )
        })
    }

    /// Builds the op an intent stands for; `None` if it is done already.
    pub fn build_op(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        intent: &OpIntent,
        header: EntryHeader,
    ) -> Result<Option<Entry>, Fail> {
        let space = header.space;
        let written_as = header.written_as;
        if let OpIntent::Add(grant) = intent {
            match grant.member {
                Member::Person(person) => self.load_account(tx, &person)?,
                Member::Team(team) => self.load_space(tx, &team)?,
            };
        }
        let current = self.current_key(tx, &space)?;
        let writers = self.last_entries(tx, &space)?;
        let now_ms = env.now_ms();
        let rng = &mut env.rng;
        let secret = match intent {
            OpIntent::Invite { invite, .. } => {
                Some(invite_secret(tx, invite)?.ok_or(Fail::Internal("invite secret"))?)
            }
            _ => None,
        };
        let state = self.space(&space)?;
        let ops = SpaceOps { state, dir: &self.known, now_ms };
        let (op, key) = match intent {
            OpIntent::Add(grant) => match state.role(&grant.member) {
                Some(_) => return Ok(None),
                None => (ops.add_member(rng, *grant, None, &current)?, None),
            },
            OpIntent::Remove(member) if state.role(member).is_none() => return Ok(None),
            OpIntent::Remove(member) => {
                let (op, key) = ops.remove_member(rng, *member, &writers, &current)?;
                (op, Some(key))
            }
            OpIntent::Leave => (ops.leave(written_as, &writers), None),
            OpIntent::SetRole(grant) if state.role(&grant.member) == Some(grant.role) => return Ok(None),
            OpIntent::SetRole(grant) => (ops.set_role(*grant, &writers)?, None),
            OpIntent::Invite { role, instant, .. } => {
                let secret = secret.ok_or(Fail::Internal("invite secret"))?;
                (ops.invite(rng, &secret, *role, *instant, &current)?, None)
            }
            OpIntent::CancelInvite(invite) if !state.invites().contains_key(invite) => return Ok(None),
            OpIntent::CancelInvite(invite) => ops.cancel_invite(rng, *invite, &current)?,
            OpIntent::Approve(request) if !state.requests().contains_key(request) => return Ok(None),
            OpIntent::Approve(request) => (ops.approve(rng, *request, &current)?, None),
            OpIntent::Decline(request) if !state.requests().contains_key(request) => return Ok(None),
            OpIntent::Decline(request) => (SpaceOp::Decline { request: *request }, None),
        };
        self.sign_op(tx, env, header, &op, key).map(Some)
    }

    /// Builds the rotation that is due before anything else may be written.
    pub fn build_rotation(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        header: EntryHeader,
        _: &[RotationReason],
    ) -> Result<Entry, Fail> {
        let space = header.space;
        let current = self.current_key(tx, &space)?;
        let writers = self.last_entries(tx, &space)?;
        let now_ms = env.now_ms();
        let ops = SpaceOps { state: self.space(&space)?, dir: &self.known, now_ms };
        let (op, key) = ops
            .anchor_if_needed(&mut env.rng, (&header.person, &header.written_as), &writers, &current)?
            .ok_or(Fail::Internal("no rotation due"))?;
        self.sign_op(tx, env, header, &op, key)
    }

    /// Signs an op after judging it like everybody will, and keeps the seed it brings.
    pub fn sign_op(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        header: EntryHeader,
        op: &SpaceOp,
        key: Option<EpochKey>,
    ) -> Result<Entry, Fail> {
        let space = header.space;
        let entry = build::sign_entry(header, op.encode(), self.me.device().signing());
        self.space(&space)?.judge(&entry, env.now_ms(), &self.known)?;
        if let Some(key) = key {
            // Durable before the op leaves: nobody could open what is written under a lost seed.
            self.keep_seed(tx, &space, &entry.id(), key.seed())?;
        }
        Ok(entry)
    }

    /// Each device's last entry in a space, to pin it.
    pub fn last_entries(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<Vec<LastEntry>, Fail> {
        let mut last = Vec::new();
        for (person, device) in entries::devices(tx, space)? {
            let Some((id, _)) = entries::last_of_device(tx, space, &device)? else { continue };
            let Some(row) = entries::get(tx, &id)? else { continue };
            let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored entry"))?;
            last.push(LastEntry { person, device, written_as: entry.header().written_as, last: id });
        }
        Ok(last)
    }

    /// Opens every epoch of a space that can be opened now. Returns what that wakes.
    pub fn open_seeds(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<Vec<Wait>, Fail> {
        let teams = self.team_seeds(tx, space)?;
        let state = self.space(space)?;
        let epoch = state.epoch();
        let mut woken = Vec::new();
        let known = epochs::get(tx, space, &epoch)?;
        let current = match known {
            Some(row) => EpochKey::from_announced(Seed32::from_bytes(*row.seed), &row.commitment.0)?,
            None => match open::current_epoch(state, &Secrets { replica: self, teams }) {
                Ok(key) => key,
                Err(_) => return Ok(woken),
            },
        };
        let mut opened = vec![(epoch, current.clone())];
        // The links back are only followed as far as something new is found.
        if state.epochs().iter().any(|record| matches!(epochs::get(tx, space, &record.id), Ok(None))) {
            opened.extend(open::earlier_epochs(state, &epoch, &current));
        }
        for (id, key) in opened {
            if epochs::get(tx, space, &id)?.is_none() {
                self.keep_seed(tx, space, &id, key.seed())?;
                woken.push(Wait::Epoch(id));
                if self.space(space)?.kind() == homing_wire::SpaceKind::Team {
                    self.team_key_came.insert(*space);
                }
            }
        }
        if !woken.is_empty() {
            self.open_waiting_slots(tx, space)?;
        }
        Ok(woken)
    }

    /// Teams of a space whose newest ops this person does not get by a feed.
    pub fn want_teams_of(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<(), Fail> {
        if !self.load_space(db, space)? {
            return Ok(());
        }
        let teams: Vec<SpaceId> = self
            .space(space)?
            .members()
            .keys()
            .filter_map(|member| match member {
                Member::Team(team) => Some(*team),
                Member::Person(_) => None,
            })
            .collect();
        for team in teams {
            if spaces::get(db, &team)?.is_none_or(|row| row.state != spaces::SpaceState::Joined) {
                self.wants.ops.insert(team);
            }
        }
        Ok(())
    }

    /// The seeds of the teams that are members of a space.
    fn team_seeds(
        &mut self,
        db: &Read<'_>,
        space: &SpaceId,
    ) -> Result<HashMap<(SpaceId, EpochId), Seed32>, Fail> {
        let teams: Vec<SpaceId> = self
            .space(space)?
            .members_ever()
            .filter_map(|member| match member {
                Member::Team(team) => Some(*team),
                Member::Person(_) => None,
            })
            .collect();
        let mut seeds = HashMap::new();
        for team in teams {
            for row in epochs::list(db, &team)? {
                seeds.insert((team, row.epoch), Seed32::from_bytes(*row.seed));
            }
        }
        Ok(seeds)
    }

    /// A team's key came: its client spaces may open now.
    pub fn open_client_spaces(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        let teams = std::mem::take(&mut self.team_key_came);
        if teams.is_empty() {
            return Ok(());
        }
        for row in spaces::list(tx)? {
            if row.team.is_some_and(|team| teams.contains(&team)) && self.load_space(tx, &row.space)? {
                self.update_space_row(tx, &row.space)?;
                for wait in self.open_seeds(tx, &row.space)? {
                    self.wake(tx, &wait)?;
                }
            }
        }
        Ok(())
    }

    /// Opens the person seeds the own account log gives this device, and with them what was sealed to the person.
    pub fn open_person_seeds(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        let person = self.person();
        let device = self.device();
        let Some(account) = self.known.accounts.get(&person) else { return Ok(()) };
        let generation = account.person_key().generation;
        if self.me.person_seed(generation).is_some() {
            return Ok(());
        }
        let Ok(seed) = open::person_seed(account, &device, self.me.device().kem()) else { return Ok(()) };
        for (generation, seed) in open::earlier_person_seeds(account, generation, &seed)? {
            self.me.add_person_seed(generation, seed);
        }
        self.save_identity(tx)?;
        for row in spaces::list(tx)? {
            if self.load_space(tx, &row.space)? {
                for wait in self.open_seeds(tx, &row.space)? {
                    self.wake(tx, &wait)?;
                }
            }
        }
        Ok(())
    }

    /// The name an asker gave, if it was sealed to this person.
    pub fn request_name(&self, space: &SpaceId, request: &homing_access::JoinRequest) -> Option<String> {
        open::request_name(space, request, &Secrets { replica: self, teams: HashMap::new() })
            .map(|name| crate::text::visible(&name))
    }
}

impl From<BuildError> for Fail {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Access(error) => Self::Access(error),
            BuildError::Crypto(error) => Self::Crypto(error),
            BuildError::NoKey => Self::Access(AccessError::NeedsRotation),
        }
    }
}

/// Keeps the secret of an invitation this person makes, so that the link can be shown again.
pub(crate) fn keep_invite_secret(tx: &Tx<'_>, secret: &InviteSecret) -> Result<(InviteId, KemPublic), Fail> {
    let invite = InviteId(secret.signing().public());
    meta::set(tx, &format!("{INVITE_SECRET}{invite}"), secret.expose())?;
    Ok((invite, KemPublic(secret.kem().public())))
}

/// The secret of an own invitation.
pub(crate) fn invite_secret(db: &Read<'_>, invite: &InviteId) -> Result<Option<InviteSecret>, Fail> {
    let stored = meta::get(db, &format!("{INVITE_SECRET}{invite}"))?;
    Ok(stored.and_then(|bytes| bytes.as_slice().try_into().ok()).map(InviteSecret::from_bytes))
}

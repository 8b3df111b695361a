//! Invitations: opening, showing, cancelling them, and letting in who asks.
//!
//! A link is shown only once the relay has the op that opens it: whoever gets it can join at that moment, even if this
//! device never comes back.

use homing_crypto::InviteSecret;
use homing_model::{Edit, Preimage};
use homing_store::spaces::{SpaceRow, SpaceState};
use homing_store::{Durability, Read, Tx, entries, meta, outbox, spaces};
use homing_wire::{DocId, Grant, InviteId, InviteLink, Member, Role, SpaceId, SpaceKind, SpaceOrigin};

use super::begin::draw;
use super::{REACH_MS, SETTLE_MS, qr_svg, unreachable};
use crate::api::{
    ApiError, Code, Done, Invitation, InvitationRow, Invite, InviteTo, ItemRef, Nothing, RequestRow,
};
use crate::author::Label;
use crate::commands::checked_name;
use crate::core::Core;
use crate::env::Env;
use crate::fail::{Fail, forbidden, invalid, not_found};
use crate::ops::{OpIntent, invite_secret, keep_invite_secret};
use crate::replica::Replica;
use crate::reply::Reply;
use crate::rows::{role_name, role_of};
use crate::text::{is_loopback, rfc3339, visible};

/// Spaces with open invitations or requests, so that asking for them does not read every space there is.
const OPEN: &str = "open/";

/// An invitation somebody waits for.
pub(super) struct Inviting {
    reply: Reply<Invitation>,
    stage: Stage,
    deadline: u64,
}

enum Stage {
    /// Waits for a session; nothing is made before.
    Connecting(InviteTo),
    /// The op waits for its acknowledgement.
    Queued(Opened),
}

/// An invitation on its way.
#[derive(Clone)]
struct Opened {
    row: i64,
    space: SpaceId,
    invite: InviteId,
}

/// Somebody waits for an invitation to be closed.
pub(super) struct Cancelling {
    reply: Reply<Done>,
    row: i64,
    deadline: u64,
}

impl Inviting {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.settle(self.reply, Err(error.clone()));
    }

    pub fn deadline(&self) -> u64 {
        self.deadline
    }
}

impl Cancelling {
    pub fn end(self, core: &mut Core, error: &ApiError) {
        core.settle(self.reply, Err(error.clone()));
    }

    pub fn deadline(&self) -> u64 {
        self.deadline
    }
}

impl Core {
    fn must_have_relay(&self) -> Result<(), ApiError> {
        self.replica()?;
        match self.relay_address()? {
            Some(_) if !self.demo => Ok(()),
            _ => Err(self.no_relay()),
        }
    }

    pub(crate) fn invite(&mut self, args: Invite, reply: Reply<Invitation>) {
        if let Err(error) = self.must_have_relay() {
            self.settle(reply, Err(error));
            return;
        }
        let deadline = self.env.steady_ms() + REACH_MS;
        self.flows.invites.push(Inviting { reply, stage: Stage::Connecting(args.to), deadline });
        if !self.online() {
            self.protocol(homing_sync::Event::NetworkUp);
        }
    }

    pub(super) fn poll_invites(&mut self) {
        for mut one in std::mem::take(&mut self.flows.invites) {
            match self.invite_step(&mut one) {
                Ok(None) => self.flows.invites.push(one),
                Ok(Some(invitation)) => self.settle(one.reply, Ok(invitation)),
                Err(error) => self.settle(one.reply, Err(error)),
            }
        }
    }

    fn invite_step(&mut self, one: &mut Inviting) -> Result<Option<Invitation>, ApiError> {
        if let Stage::Connecting(to) = &one.stage
            && self.online()
        {
            let opened = self.open_invitation(&to.clone())?;
            one.stage = Stage::Queued(opened);
            one.deadline = self.env.steady_ms() + SETTLE_MS;
        }
        let late = self.env.steady_ms() >= one.deadline;
        let Stage::Queued(opened) = &one.stage else {
            return if late { Err(self.why_offline()) } else { Ok(None) };
        };
        match self.queued(opened.row)? {
            Queued::Gone => self.invitation(opened).map(Some),
            Queued::Waiting if late => {
                self.withdraw_op(opened.row)?;
                Err(self.why_offline())
            }
            Queued::Waiting => Ok(None),
        }
    }

    /// Where an op in the outbox stands; one that can't be done is an error and gone.
    fn queued(&mut self, row: i64) -> Result<Queued, ApiError> {
        let Some(row) = outbox::get(&self.db()?, row)? else { return Ok(Queued::Gone) };
        if row.state != outbox::OutboxState::Refused {
            return Ok(Queued::Waiting);
        }
        self.withdraw_op(row.id)?;
        Err(ApiError::new(Code::RoleForbids, row.message))
    }

    fn withdraw_op(&mut self, row: i64) -> Result<(), ApiError> {
        self.write(Durability::Full, |tx, replica, _| {
            if outbox::cancel(tx, row)? {
                OpIntent::remove(tx, row)?;
            }
            replica.touched.outbox = true;
            Ok(())
        })
    }

    fn open_invitation(&mut self, to: &InviteTo) -> Result<Opened, ApiError> {
        let conversation = match to {
            InviteTo::Talk { conversation } => Some(self.find_conversation(conversation)?),
            _ => None,
        };
        let there = conversation.map(|id| self.space_of(&id)).transpose()?;
        self.write(Durability::Full, |tx, replica, env| {
            let (space, role, instant) = match (to, there) {
                (InviteTo::Person, _) => (replica.begin_talk(tx, env)?, Role::Member, true),
                (InviteTo::Client { name }, _) => (replica.begin_client(tx, env, name)?, Role::Client, true),
                (InviteTo::Team { role }, _) => {
                    (replica.own_team(tx, env)?, role_of(role.unwrap_or(crate::api::RoleName::Member)), false)
                }
                (InviteTo::Talk { .. }, Some(space)) => {
                    let row = spaces::must(tx, &space)?;
                    let role = match row.kind {
                        SpaceKind::Talk => Role::Member,
                        SpaceKind::Client => Role::Client,
                        SpaceKind::Team => {
                            return Err(invalid("Invite to the team itself to let somebody in here."));
                        }
                        SpaceKind::Personal => return Err(invalid("Nobody can be invited here.")),
                    };
                    (space, role, true)
                }
                (InviteTo::Talk { .. }, None) => return Err(not_found("conversation")),
            };
            if !replica.load_space(tx, &space)? || replica.writes_as(&space).is_none() {
                return Err(forbidden("You are not a member here any more."));
            }
            let secret = InviteSecret::random(&mut env.rng);
            let (invite, _) = keep_invite_secret(tx, &secret)?;
            let intent = OpIntent::Invite { invite, role, instant };
            let row = replica.enqueue_op(tx, env.now_ms(), &space, &intent, conversation)?;
            Ok(Opened { row, space, invite })
        })
    }

    /// What to hand on, once the relay has the invitation.
    fn invitation(&mut self, opened: &Opened) -> Result<Invitation, ApiError> {
        let relay = self.relay_address()?.ok_or_else(|| self.no_relay())?;
        let relay_key = self.relay_key()?.ok_or_else(unreachable)?;
        let (row, state, secret) = self.write(Durability::Normal, |tx, replica, _| {
            if !replica.load_space(tx, &opened.space)? {
                return Err(Fail::Internal("invited space"));
            }
            let invites = replica.space(&opened.space)?.invites();
            let invite = invites.get(&opened.invite).cloned().ok_or_else(|| not_found("invitation"))?;
            let secret = invite_secret(tx, &opened.invite)?.ok_or(Fail::Internal("invite secret"))?;
            Ok((spaces::must(tx, &opened.space)?, invite, secret))
        })?;
        let me = &self.replica()?.me;
        let link = InviteLink {
            relay: relay.clone(),
            relay_key,
            space: opened.space,
            kind: row.kind,
            invite: opened.invite,
            inviter: me.person,
            inviter_name: me.name.clone(),
            role: state.role,
            expires_ms: state.expires_ms,
            instant: state.instant,
        }
        .to_text(secret.expose());
        self.touched.people = true;
        Ok(Invitation {
            id: opened.invite.to_string(),
            qr_svg: qr_svg(&link)?,
            link,
            space: opened.space.to_string(),
            role: role_name(state.role),
            expires_at: rfc3339(state.expires_ms),
            name: visible(&row.name),
            instant: state.instant,
            relay_is_local: is_loopback(&relay),
        })
    }

    /// Reads the spaces in which there are open invitations or requests.
    fn look_at_open<T>(
        &mut self,
        look: impl FnOnce(&Read<'_>, &mut Replica, &[SpaceRow]) -> Result<Vec<T>, Fail>,
    ) -> Result<Vec<T>, ApiError> {
        let (Some(store), Some(replica)) = (self.store.as_ref(), self.replica.as_mut()) else {
            return Ok(Vec::new());
        };
        let db = store.read();
        let rows = replica.open_spaces(&db)?;
        Ok(look(&db, replica, &rows)?)
    }

    /// Open invitations this person made or may close.
    pub(crate) fn invitations(&mut self, _: Nothing) -> Result<Vec<InvitationRow>, ApiError> {
        let now_ms = self.env.now_ms();
        self.look_at_open(|_, replica, rows| {
            let me = replica.person();
            let mut found = Vec::new();
            for row in rows {
                let manages = replica.writes_as(&row.space).is_some_and(|(_, role)| role.manages());
                for invite in replica.space(&row.space)?.invites().values() {
                    if (manages || invite.inviter == me) && invite.expires_ms > now_ms {
                        found.push(InvitationRow {
                            id: invite.id.to_string(),
                            space: row.space.to_string(),
                            space_name: visible(&row.name),
                            role: role_name(invite.role),
                            expires_at: rfc3339(invite.expires_ms),
                            instant: invite.instant,
                        });
                    }
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn invitation_cancel(&mut self, args: ItemRef, reply: Reply<Done>) {
        match self.begin_cancel(&args.id) {
            Ok(row) => {
                let deadline = self.env.steady_ms() + if self.online() { SETTLE_MS } else { REACH_MS };
                self.flows.cancels.push(Cancelling { reply, row, deadline });
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn begin_cancel(&mut self, id: &str) -> Result<i64, ApiError> {
        self.must_have_relay()?;
        let invite: InviteId = id.parse().map_err(|_| not_found("invitation"))?;
        let open = self.look_at_open(|_, replica, rows| {
            let mut holding = Vec::new();
            for row in rows {
                if replica.space(&row.space)?.invites().contains_key(&invite) {
                    holding.push(row.space);
                }
            }
            Ok(holding)
        })?;
        let space = open.first().copied().ok_or_else(|| ApiError::from(not_found("invitation")))?;
        let intent = OpIntent::CancelInvite(invite);
        self.write(Durability::Full, |tx, replica, env| {
            replica.enqueue_op(tx, env.now_ms(), &space, &intent, None)
        })
    }

    pub(super) fn poll_cancels(&mut self) {
        for one in std::mem::take(&mut self.flows.cancels) {
            let late = self.env.steady_ms() >= one.deadline;
            match self.queued(one.row) {
                Ok(Queued::Gone) => {
                    self.touched.people = true;
                    self.settle(one.reply, Ok(Done { done: true }));
                }
                // It stays queued: the link dies as soon as the relay is reached.
                Ok(Queued::Waiting) if late => {
                    let error = self.why_offline();
                    self.settle(one.reply, Err(error));
                }
                Ok(Queued::Waiting) => self.flows.cancels.push(one),
                Err(error) => self.settle(one.reply, Err(error)),
            }
        }
    }

    /// Who asks to come in, where this person may decide.
    pub(crate) fn requests(&mut self, _: Nothing) -> Result<Vec<RequestRow>, ApiError> {
        self.look_at_open(|db, replica, rows| {
            let mut found = Vec::new();
            for row in rows {
                if !replica.writes_as(&row.space).is_some_and(|(_, role)| role.manages()) {
                    continue;
                }
                for asked in replica.space(&row.space)?.requests().values() {
                    let place = entries::get(db, &asked.id)?.and_then(|entry| entry.place);
                    let name = replica.request_name(&row.space, asked).unwrap_or_default();
                    found.push(RequestRow {
                        id: asked.id.to_string(),
                        person: asked.person.to_string(),
                        name: visible(&name),
                        space: row.space.to_string(),
                        space_name: visible(&row.name),
                        role: role_name(asked.role),
                        asked_at: rfc3339(place.map_or(0, |place| place.received_ms)),
                    });
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn approve(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        self.decide(&args.id, OpIntent::Approve)
    }

    pub(crate) fn decline(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        self.decide(&args.id, OpIntent::Decline)
    }

    fn decide(
        &mut self,
        id: &str,
        intent: impl FnOnce(homing_wire::EntryId) -> OpIntent,
    ) -> Result<Done, ApiError> {
        self.must_have_relay()?;
        let asked = self.requests(Nothing {})?;
        let mut fitting = asked.iter().filter(|row| row.id == id || row.person == id || row.name == id);
        let row = match (fitting.next(), fitting.next()) {
            (Some(row), None) => row,
            (Some(_), Some(_)) => {
                return Err(ApiError::new(Code::AmbiguousName, "More than one request fits. Use its id."));
            }
            _ => return Err(not_found("request").into()),
        };
        let (Ok(request), Ok(space)) = (row.id.parse(), row.space.parse::<SpaceId>()) else {
            return Err(not_found("request").into());
        };
        let intent = intent(request);
        self.write(Durability::Full, |tx, replica, env| {
            replica.enqueue_op(tx, env.now_ms(), &space, &intent, None)?;
            replica.touched.people = true;
            Ok(Done { done: true })
        })
    }
}

enum Queued {
    /// Acknowledged, or done by somebody else.
    Gone,
    Waiting,
}

impl Replica {
    /// Notes whether a space has open invitations or requests.
    pub fn mark_open(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let state = self.space(space)?;
        let open = !state.invites().is_empty() || !state.requests().is_empty();
        let key = format!("{OPEN}{space}");
        match (open, meta::get(tx, &key)?.is_some()) {
            (true, false) => meta::set(tx, &key, &[1])?,
            (false, true) => drop(meta::delete(tx, &key)?),
            _ => {}
        }
        self.touched.invites |= open;
        Ok(())
    }

    /// The spaces in which there are open invitations or requests.
    pub fn open_spaces(&mut self, db: &Read<'_>) -> Result<Vec<SpaceRow>, Fail> {
        let mut rows = Vec::new();
        for (key, _) in meta::with_prefix(db, OPEN)? {
            let Some(space) = key.strip_prefix(OPEN).and_then(|id| id.parse().ok()) else { continue };
            if let Some(row) = spaces::get(db, &space)?
                && matches!(row.state, SpaceState::Joined | SpaceState::Local)
                && self.load_space(db, &space)?
            {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// A talk for two, with its conversation.
    fn begin_talk(&mut self, tx: &Tx<'_>, env: &mut Env) -> Result<SpaceId, Fail> {
        let me = self.person();
        let owner = Grant { member: Member::Person(me), role: Role::Owner };
        let origin = SpaceOrigin::Talk(me, draw(env));
        let space = self.create_space(tx, env, origin, vec![owner])?;
        self.begin_conversation(tx, env, &Preimage::talk_conversation(space))?;
        Ok(space)
    }

    /// A contact of the team with the space of the relation to them, and a first conversation there.
    fn begin_client(&mut self, tx: &Tx<'_>, env: &mut Env, name: &str) -> Result<SpaceId, Fail> {
        let name = checked_name(name)?;
        let team = self.own_team(tx, env)?;
        let contact = Preimage::contact(team, draw(env));
        let owner = Grant { member: Member::Team(team), role: Role::Owner };
        let origin = SpaceOrigin::Client(team, contact.doc_id());
        let space = self.create_space(tx, env, origin, vec![owner])?;
        let now_ms = env.now_ms();
        self.author(tx, now_ms, &contact, &Edit::SetContact { name }, Label::OTHER)?;
        let manages = self.writes_as(&space).is_some_and(|(_, role)| role.manages());
        let team_name = spaces::must(tx, &team)?.name;
        if manages && !team_name.is_empty() {
            // A client sees no more of the team than this.
            let edit = Edit::SetSpaceInfo { name: team_name };
            self.author(tx, now_ms, &Preimage::space_info(space), &edit, Label::OTHER)?;
        }
        let me = self.person();
        let conversation = Preimage::conversation(space, me, draw(env));
        self.begin_conversation(tx, env, &conversation)?;
        Ok(space)
    }

    fn begin_conversation(&mut self, tx: &Tx<'_>, env: &Env, preimage: &Preimage) -> Result<DocId, Fail> {
        let now_ms = env.now_ms();
        let edit =
            Edit::CreateConversation { subject: String::new(), creator: self.person(), created_ms: now_ms };
        let id = preimage.doc_id();
        self.author(tx, now_ms, preimage, &edit, Label::conversation(id))?;
        Ok(id)
    }

    /// The team this person works for: their own, else the first they came to, else one of their own from now on.
    pub(super) fn own_team(&mut self, tx: &Tx<'_>, env: &mut Env) -> Result<SpaceId, Fail> {
        match self.present_team(tx)? {
            Some(team) => Ok(team),
            None => self.begin_team(tx, env),
        }
    }

    /// The same, if there is one.
    pub(crate) fn present_team(&mut self, tx: &Tx<'_>) -> Result<Option<SpaceId>, Fail> {
        let me = self.person();
        let mut teams = Vec::new();
        for row in self.joined(tx)?.into_iter().filter(|row| row.kind == SpaceKind::Team) {
            if self.load_space(tx, &row.space)?
                && self.writes_as(&row.space).is_some_and(|(_, role)| role.writes())
            {
                let own =
                    matches!(self.space(&row.space)?.origin(), SpaceOrigin::Team(person, _) if *person == me);
                teams.push((!own, row.space));
            }
        }
        teams.sort_unstable();
        Ok(teams.first().map(|(_, team)| *team))
    }
}

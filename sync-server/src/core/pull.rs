//! Reading logs: pages, and the op chain for whoever holds an invitation.

use homing_crypto::Domain;
use homing_wire::{InviteId, Lane, Member, NackCode, Signature, SpaceId, peek_bytes};

use super::session::{SessionId, Stage, Who};
use super::{RelayCore, Stop};
use crate::error::RelayError;
use crate::store::{SpaceRow, Span};

/// A page that is asked for.
pub struct Wanted {
    pub req: u64,
    pub space: SpaceId,
    pub from: u64,
    pub backwards: bool,
    pub lane: Lane,
    pub bytes: u32,
}

/// A look at a space's ops that is asked for by invitation.
pub struct Peek {
    pub req: u64,
    pub space: SpaceId,
    pub invite: InviteId,
    pub proof: Signature,
    pub from: u64,
}

impl RelayCore {
    /// Where a space stands, with what the open transaction did to it.
    pub(super) fn row(&self, space: &SpaceId) -> Result<Option<SpaceRow>, RelayError> {
        match self.spaces.peek(space) {
            Some(known) => Ok(Some(known.row.clone())),
            None => self.store.space(space),
        }
    }

    pub(super) fn pull(&mut self, session: SessionId, who: &Who, wanted: &Wanted) -> Result<(), Stop> {
        let row = self.row(&wanted.space)?.ok_or(NackCode::NotFound)?;
        if !self.store.reads(row.number, &who.person)? && !self.reads_ops(session, who, wanted, &row)? {
            return Err(NackCode::NotFound.into());
        }
        self.send_page(session, wanted, &row)
    }

    /// Op chains of teams are served to the members of every space the teams are in, and an invitation opens
    /// the op chain of its space: who can't read a chain can't judge what hangs on it.
    fn reads_ops(
        &self,
        session: SessionId,
        who: &Who,
        wanted: &Wanted,
        row: &SpaceRow,
    ) -> Result<bool, Stop> {
        if wanted.lane != Lane::Ops {
            return Ok(false);
        }
        if self.sessions.get(&session).is_some_and(|open| open.peeked.contains(&wanted.space)) {
            return Ok(true);
        }
        let team = Member::Team(wanted.space);
        Ok(row.team && (self.store.shares_with(&who.person, &team)? || self.peeked(session, &team)?))
    }

    /// True if this session looked, by invitation, into a space whose ops name the member.
    pub(super) fn peeked(&self, session: SessionId, member: &Member) -> Result<bool, RelayError> {
        let Some(open) = self.sessions.get(&session) else { return Ok(false) };
        for space in &open.peeked {
            if let Some(row) = self.row(space)?
                && self.store.names(row.number, member)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn peek(
        &mut self,
        session: SessionId,
        who: &Who,
        peek: &Peek,
        now_ms: u64,
    ) -> Result<(), Stop> {
        let Some(Stage::Bound { nonce, .. }) = self.sessions.get(&session).map(|open| open.stage) else {
            return Ok(());
        };
        if !self.load_space(&peek.space)? {
            return Err(NackCode::NotFound.into());
        }
        let space = self.spaces.peek(&peek.space).ok_or(NackCode::NotFound)?;
        let invite = space.state.invites().get(&peek.invite).ok_or(NackCode::NotFound)?;
        if invite.expires_ms <= now_ms {
            return Err(NackCode::Expired.into());
        }
        let bytes = peek_bytes(&peek.space, &who.device, &nonce.0);
        homing_crypto::verify(Domain::InviteProof, &peek.invite.0, &bytes, &peek.proof.0)
            .map_err(|_| NackCode::BadSignature)?;
        let row = space.row.clone();
        if let Some(open) = self.sessions.get_mut(&session) {
            open.peeked.insert(peek.space);
        }
        let wanted = Wanted {
            req: peek.req,
            space: peek.space,
            from: peek.from,
            backwards: false,
            lane: Lane::Ops,
            bytes: u32::MAX,
        };
        self.send_page(session, &wanted, &row)
    }

    fn send_page(&mut self, session: SessionId, wanted: &Wanted, row: &SpaceRow) -> Result<(), Stop> {
        let budget = usize::try_from(wanted.bytes).unwrap_or(usize::MAX).min(self.limits.page_bytes);
        let ops = wanted.lane == Lane::Ops;
        let span = Span { space: row.number, from: wanted.from, backwards: wanted.backwards, ops, budget };
        let (page, more) = match self.ahead.take(session, &span) {
            Some(page) => (page, true),
            None => self.store.page(&span)?,
        };
        let head = match self.signed_head(&wanted.space) {
            Some(signed) => signed,
            None => self.identity.sign_head(wanted.space, row.head),
        };
        if more {
            self.ahead.expect(session, Span { from: page.last(), ..span });
        }
        let frame = page.finish(wanted.req, &wanted.space, &head, more);
        self.send_bytes(session, frame);
        Ok(())
    }

    /// Reads a page that is likely to be asked for next. To be called when nobody waits; false: there is none to read.
    pub fn read_ahead(&mut self) -> Result<bool, RelayError> {
        let Some((session, span)) = self.ahead.next() else { return Ok(false) };
        let (page, more) = self.store.page(&span)?;
        self.ahead.keep(session, more.then_some(page));
        Ok(true)
    }
}

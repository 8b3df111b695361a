//! Questions beside the log: account logs, invitations, linking mailboxes, recovery, grants of files.
//!
//! Each stays open until it is answered, over reconnects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use homing_wire::{
    AccountOp, AccountOpId, BlobId, ClientFrame, InviteId, Lane, MailboxId, NackCode, PersonId, Signature,
    SignedHead, SpaceId, Stored, VerifyKey, limits,
};

use crate::chain::Link;
use crate::client::Client;
use crate::page::check_head;
use crate::requests::Asked;
use crate::session::Stage;
use crate::{Effect, Fault};

/// Bytes of an op chain that is read behind an invitation.
const PEEK_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of an account log, which thousands of keys sealed to a hundred devices don't reach.
const ACCOUNT_BYTES: usize = 32 * 1024 * 1024;
/// Messages a mailbox may bring in its life. Linking needs three from each side.
const MAILS: u32 = 64;

#[derive(Debug)]
struct Peek {
    /// None: a team's ops, to which an own space gives the right.
    invite: Option<InviteId>,
    proof: Option<Signature>,
    from: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Mailbox {
    /// All that was put. The relay keeps mailboxes in memory only.
    sent: Vec<Vec<u8>>,
    /// Not answered yet.
    puts: VecDeque<Vec<u8>>,
    seen: u32,
    /// A session began: what the mailbox lacks of what was put is not known yet.
    looking: bool,
}

/// The log of the account that names a recovery key, page by page.
#[derive(Debug)]
struct Recovering {
    recovery: VerifyKey,
    person: Option<PersonId>,
    /// For the session.
    proof: Option<Signature>,
    ops: Vec<Vec<u8>>,
    bytes: usize,
}

impl Recovering {
    fn new(recovery: VerifyKey, person: Option<PersonId>) -> Self {
        Self { recovery, person, proof: None, ops: Vec::new(), bytes: 0 }
    }
}

/// What is open.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    accounts: BTreeMap<PersonId, Option<AccountOpId>>,
    peeks: BTreeMap<SpaceId, Peek>,
    mailboxes: BTreeMap<MailboxId, Mailbox>,
    grants: BTreeSet<(SpaceId, BlobId)>,
    recover: Option<Recovering>,
    /// Refused for now: asked again then.
    later: Vec<(u64, Asked)>,
}

impl Asks {
    pub(crate) fn interrupt(&mut self) {
        self.later.clear();
    }

    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    pub(crate) fn forget(&mut self, space: &SpaceId) {
        self.peeks.remove(space);
        self.grants.retain(|(s, _)| s != space);
    }
}

impl Client {
    pub(crate) fn ask_later(&mut self, asked: Asked, retry_after_ms: Option<u64>) {
        let wait =
            retry_after_ms.unwrap_or(0).min(self.config.max_backoff_ms).max(self.config.initial_backoff_ms);
        self.asks.later.push((self.now.saturating_add(wait), asked));
    }

    pub(crate) fn pump_asks(&mut self) {
        let now = self.now;
        let (due, later) = std::mem::take(&mut self.asks.later).into_iter().partition(|(at, _)| *at <= now);
        self.asks.later = later;
        let due: Vec<(u64, Asked)> = due;
        for (_, asked) in due {
            match asked {
                Asked::Account(person) => {
                    if let Some(after) = self.asks.accounts.get(&person).copied() {
                        self.ask_account(person, after);
                    }
                }
                Asked::Recover => self.begin_anonymous(),
                Asked::Peek { space, .. } => self.ask_peek(space),
                Asked::Mail { mailbox, put, .. } => {
                    let put = self
                        .asks
                        .mailboxes
                        .get(&mailbox)
                        .and_then(|state| state.puts.front())
                        .filter(|_| put);
                    let put = put.cloned();
                    self.ask_mail(mailbox, put);
                }
                Asked::Grant { space, blob } if self.asks.grants.contains(&(space, blob)) => {
                    self.ask(Asked::Grant { space, blob }, |req| ClientFrame::Grant { req, space, blob });
                }
                _ => {}
            }
        }
    }

    /// A bound session begins.
    pub(crate) fn begin_asks(&mut self) {
        for (person, after) in self.asks.accounts.clone() {
            self.ask_account(person, after);
        }
        for (space, blob) in self.asks.grants.clone() {
            self.ask(Asked::Grant { space, blob }, |req| ClientFrame::Grant { req, space, blob });
        }
    }

    /// A session without an identity begins.
    pub(crate) fn begin_anonymous(&mut self) {
        let message = self.recover_message();
        if let (Some(recovering), Some((link, bytes))) = (self.asks.recover.as_mut(), message) {
            *recovering = Recovering::new(recovering.recovery, recovering.person);
            self.out.push(Effect::SignRecover { link, bytes });
        }
    }

    pub(crate) fn begin_mail(&mut self) {
        for state in self.asks.mailboxes.values_mut() {
            // Read from the start: a relay that began anew has forgotten it all.
            (state.seen, state.looking) = (0, true);
            state.puts.clear();
        }
        let open: Vec<_> = self.asks.mailboxes.keys().copied().collect();
        for mailbox in open {
            self.ask_mail(mailbox, None);
        }
    }

    pub(crate) fn begin_peeks(&mut self) {
        for space in self.asks.peeks.keys().copied().collect::<Vec<_>>() {
            self.begin_peek(space);
        }
    }

    // Account logs.

    pub(crate) fn pull_account(&mut self, person: PersonId, after: Option<AccountOpId>) {
        if self.asks.accounts.insert(person, after) != Some(after) && self.online() {
            self.ask_account(person, after);
        }
    }

    fn ask_account(&mut self, person: PersonId, after: Option<AccountOpId>) {
        self.ask(Asked::Account(person), |req| ClientFrame::PullAccount { req, person, after });
    }

    pub(crate) fn account(&mut self, asked: Asked, person: PersonId, ops: Vec<Vec<u8>>) -> Result<(), Fault> {
        match asked {
            Asked::Account(expected) if expected == person => {
                self.asks.accounts.remove(&person);
            }
            Asked::Recover => return self.recover_page(person, ops),
            Asked::Account(_) => return Err(Fault::WrongSubject),
            _ => return Err(Fault::UnknownRequest),
        }
        if ops.iter().any(|op| op.len() > limits::ACCOUNT_OP) {
            return Err(Fault::TooMuch);
        }
        self.out.push(Effect::AccountLog { person, ops });
        Ok(())
    }

    pub(crate) fn account_unreadable(&mut self, person: PersonId, code: NackCode) {
        self.asks.accounts.remove(&person);
        // Nothing will come of it: the feed goes on.
        self.feeds.settle(&crate::feeds::Thing::Account(person), |_| true);
        self.out.push(Effect::AccountUnreadable { person, code });
    }

    // Recovery words.

    pub(crate) fn recover(&mut self, recovery: VerifyKey, person: Option<PersonId>) {
        self.asks.recover = Some(Recovering::new(recovery, person));
        if self.session().is_some_and(|s| s.stage == Stage::Anonymous) {
            self.begin_anonymous();
        }
    }

    pub(crate) fn recover_signed(&mut self, proof: Signature) {
        let anonymous = self.session().is_some_and(|s| s.stage == Stage::Anonymous);
        if let Some(recovering) = self.asks.recover.as_mut().filter(|one| anonymous && one.proof.is_none()) {
            recovering.proof = Some(proof);
            self.ask_recover(None);
        }
    }

    fn ask_recover(&mut self, after: Option<AccountOpId>) {
        if let Some(Recovering { recovery, person, proof: Some(proof), .. }) = self.asks.recover {
            let frame = |req| ClientFrame::Recover { req, recovery, proof, after, person };
            self.ask(Asked::Recover, frame);
        }
    }

    /// Ops of the account. Nothing tells how many it has, so it is asked on as long as a page is full.
    fn recover_page(&mut self, person: PersonId, mut page: Vec<Vec<u8>>) -> Result<(), Fault> {
        let Some(recovering) = self.asks.recover.as_mut() else { return Ok(()) };
        if page.iter().any(|op| op.len() > limits::ACCOUNT_OP) {
            return Err(Fault::TooMuch);
        }
        let last = page.last().and_then(|op| AccountOp::decode(op).ok()).map(|op| op.id());
        let page_bytes: usize = page.iter().map(|op| op.len() + limits::ACCOUNT_LINE).sum();
        recovering.bytes = recovering.bytes.saturating_add(page_bytes);
        if recovering.bytes > ACCOUNT_BYTES {
            return Err(Fault::TooMuch);
        }
        // With room for one more there was none. Relays of before know no going on, and refuse the question.
        let whole = page_bytes + limits::ACCOUNT_OP + limits::ACCOUNT_LINE <= limits::ACCOUNT_PAGE;
        recovering.ops.append(&mut page);
        if last.is_some() && !whole {
            self.ask_recover(last);
        } else if let Some(Recovering { ops, .. }) = self.asks.recover.take() {
            self.out.push(Effect::AccountLog { person, ops });
        }
        Ok(())
    }

    pub(crate) fn recover_refused(&mut self, code: NackCode) {
        self.asks.recover = None;
        self.out.push(Effect::RecoverRefused { code });
    }

    // Invitations.

    pub(crate) fn peek(&mut self, space: SpaceId, invite: Option<InviteId>, from: u64) {
        self.asks.peeks.insert(space, Peek { invite, proof: None, from, bytes: 0 });
        if self.online() {
            self.begin_peek(space);
        }
    }

    fn begin_peek(&mut self, space: SpaceId) {
        let Some(peek) = self.asks.peeks.get_mut(&space) else { return };
        peek.proof = None;
        let Some(invite) = peek.invite else { return self.ask_peek(space) };
        if let Some((link, bytes)) = self.peek_message(&space) {
            self.out.push(Effect::SignPeek { link, space, invite, bytes });
        }
    }

    pub(crate) fn peek_signed(&mut self, space: SpaceId, proof: Signature) {
        if self.online()
            && let Some(peek) =
                self.asks.peeks.get_mut(&space).filter(|peek| peek.invite.is_some() && peek.proof.is_none())
        {
            peek.proof = Some(proof);
            self.ask_peek(space);
        }
    }

    fn ask_peek(&mut self, space: SpaceId) {
        let Some(&Peek { invite, proof, from, .. }) = self.asks.peeks.get(&space) else { return };
        let bytes = self.config.page_bytes;
        match (invite, proof) {
            (Some(invite), Some(proof)) => {
                self.ask(Asked::Peek { space, from }, |req| ClientFrame::Peek {
                    req,
                    space,
                    invite,
                    proof,
                    from,
                });
            }
            (Some(_), None) => {}
            (None, _) => {
                self.ask(Asked::Peek { space, from }, |req| ClientFrame::Pull {
                    req,
                    space,
                    from,
                    backwards: false,
                    lane: Lane::Ops,
                    bytes,
                });
            }
        }
    }

    pub(crate) fn peek_page(
        &mut self,
        (space, from): (SpaceId, u64),
        entries: Vec<Stored>,
        head: SignedHead,
        more: bool,
    ) -> Result<(), Fault> {
        check_head(&space, &head)?;
        let Some(peek) = self.asks.peeks.get_mut(&space).filter(|peek| peek.from == from) else {
            return Ok(());
        };
        for stored in &entries {
            if stored.sequence <= peek.from || stored.sequence > head.head.sequence {
                return Err(Fault::OutOfOrder);
            }
            peek.from = stored.sequence;
            peek.bytes = peek.bytes.saturating_add(stored.entry.len());
            Link::check(&space, stored.clone(), true)?;
        }
        if more && entries.is_empty() {
            return Err(Fault::OutOfOrder);
        }
        if peek.bytes > PEEK_BYTES {
            self.peek_refused(space, NackCode::TooLarge);
            return Ok(());
        }
        self.out.push(Effect::PeekPage { space, entries, head, more });
        if more {
            self.ask_peek(space);
        } else {
            self.asks.peeks.remove(&space);
        }
        Ok(())
    }

    pub(crate) fn peek_refused(&mut self, space: SpaceId, code: NackCode) {
        if self.asks.peeks.remove(&space).is_some() {
            self.out.push(Effect::PeekRefused { space, code });
        }
    }

    // Mailboxes.

    pub(crate) fn mail(&mut self, mailbox: MailboxId, put: Option<Vec<u8>>, seen: u32) {
        let fresh = Mailbox { sent: Vec::new(), puts: VecDeque::new(), seen, looking: false };
        let state = self.asks.mailboxes.entry(mailbox).or_insert(fresh);
        state.seen = state.seen.max(seen);
        state.sent.extend(put.clone());
        if state.looking {
            return;
        }
        if self.session().is_some_and(crate::session::Session::challenged) {
            if let Some(state) = self.asks.mailboxes.get_mut(&mailbox) {
                state.puts.extend(put.clone());
            }
            self.ask_mail(mailbox, put);
        }
    }

    fn ask_mail(&mut self, mailbox: MailboxId, put: Option<Vec<u8>>) {
        let Some(seen) = self.asks.mailboxes.get(&mailbox).map(|state| state.seen) else { return };
        let asked = Asked::Mail { mailbox, seen, put: put.is_some() };
        self.ask(asked, |req| ClientFrame::Mail { req, mailbox, put: put.map(Into::into), seen });
    }

    pub(crate) fn close_mail(&mut self, mailbox: &MailboxId) {
        self.asks.mailboxes.remove(mailbox);
    }

    pub(crate) fn mail_in(
        &mut self,
        req: u64,
        mailbox: MailboxId,
        mut messages: Vec<Vec<u8>>,
    ) -> Result<(), Fault> {
        let asked = if req == 0 { None } else { Some(self.take(req)?) };
        if messages.iter().any(|message| message.len() > limits::MAILBOX) {
            return Err(Fault::TooMuch);
        }
        let state = self.asks.mailboxes.get_mut(&mailbox);
        let (state, from) = match (asked, state) {
            (Some(Asked::Mail { mailbox: asked, .. }), _) if asked != mailbox => {
                return Err(Fault::WrongSubject);
            }
            (Some(Asked::Mail { .. }) | None, None) => return Ok(()),
            (Some(Asked::Mail { seen, put, .. }), Some(state)) => {
                if put {
                    state.puts.pop_front();
                }
                (state, seen)
            }
            (None, Some(state)) => {
                let seen = state.seen;
                (state, seen)
            }
            (Some(_), _) => return Err(Fault::UnknownRequest),
        };
        // An earlier answer, or a live frame, may have brought the first of them.
        let known =
            usize::try_from(state.seen.saturating_sub(from)).unwrap_or(usize::MAX).min(messages.len());
        messages.drain(..known);
        state.seen = state.seen.saturating_add(u32::try_from(messages.len()).unwrap_or(u32::MAX));
        if state.seen > MAILS {
            return Err(Fault::TooMuch);
        }
        let mut lacking = Vec::new();
        if req != 0 && std::mem::take(&mut state.looking) {
            lacking = state.sent.iter().filter(|put| !messages.contains(put)).cloned().collect();
            state.puts.extend(lacking.iter().cloned());
        }
        messages.retain(|message| !state.sent.contains(message));
        if !messages.is_empty() {
            self.out.push(Effect::Mail { mailbox, messages });
        }
        for put in lacking {
            self.ask_mail(mailbox, Some(put));
        }
        Ok(())
    }

    pub(crate) fn mail_refused(&mut self, mailbox: MailboxId, code: NackCode) {
        if self.asks.mailboxes.remove(&mailbox).is_some() {
            self.out.push(Effect::MailRefused { mailbox, code });
        }
    }

    // Grants.

    pub(crate) fn grant(&mut self, space: SpaceId, blob: BlobId) {
        if self.asks.grants.insert((space, blob)) && self.online() {
            self.ask(Asked::Grant { space, blob }, |req| ClientFrame::Grant { req, space, blob });
        }
    }

    pub(crate) fn granted(&mut self, space: SpaceId, blob: BlobId, refused: Option<NackCode>) {
        if self.asks.grants.remove(&(space, blob)) {
            self.out.push(match refused {
                None => Effect::Granted { space, blob },
                Some(code) => Effect::GrantRefused { space, blob, code },
            });
        }
    }
}

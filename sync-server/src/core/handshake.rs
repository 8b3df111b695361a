//! Hello, challenge, auth; and mailboxes, which work before it.

use std::sync::atomic::Ordering::Relaxed;

use data_encoding::BASE32_NOPAD;
use homing_crypto::Domain;
use homing_wire::{Hash, MailboxId, NackCode, RelayFrame, RelayLimits, Signature, auth_bytes, limits};
use rand_core::Rng;

use super::mail::{MailError, Room};
use super::session::{SessionId, Stage, Who};
use super::{RelayCore, Stop};

/// Sessions one device may hold: a reconnect while the old one hangs, not a swarm.
const SESSIONS: usize = 4;

impl RelayCore {
    pub(super) fn hello(&mut self, session: SessionId, versions: &[u32]) -> Result<(), Stop> {
        let version = limits::SESSIONS.into_iter().filter(|known| versions.contains(known)).max();
        let Some(version) = version else {
            self.go_away(session, NackCode::Malformed, None);
            return Ok(());
        };
        let mut nonce = Hash([0; 32]);
        self.rng.fill_bytes(&mut nonce.0);
        let Some(open) = self.sessions.get_mut(&session) else { return Ok(()) };
        if open.who().is_some() {
            return Err(NackCode::Malformed.into());
        }
        open.stage = Stage::Challenged { version, nonce };
        let challenge = RelayFrame::Challenge {
            version,
            relay: self.identity.public(),
            nonce,
            generation: self.identity.generation(),
        };
        self.send(session, &challenge);
        Ok(())
    }

    pub(super) fn auth(
        &mut self,
        session: SessionId,
        who: Who,
        signature: &Signature,
        now_ms: u64,
    ) -> Result<(), Stop> {
        let Some(open) = self.sessions.get(&session) else { return Ok(()) };
        let Stage::Challenged { version, nonce } = open.stage else {
            self.go_away(session, NackCode::Malformed, None);
            return Ok(());
        };
        let host = open.peer.host.clone();
        let named = self.hosts.is_empty() || self.hosts.contains(&host);
        let bytes = auth_bytes(&self.identity.public(), &host, &nonce, version, &who.person);
        if !named || homing_crypto::verify(Domain::Auth, &who.device.0, &bytes, &signature.0).is_err() {
            self.go_away(session, NackCode::BadSignature, None);
            return Ok(());
        }
        let known = self.load_account(&who.person)?;
        let Some(account) = self.accounts.get(&who.person).filter(|_| known) else {
            self.go_away(session, NackCode::NotFound, None);
            return Ok(());
        };
        let head = account.state.head();
        if !account.state.is_active(&who.device) {
            let code =
                if account.state.was_ever(&who.device) { NackCode::Revoked } else { NackCode::NotFound };
            self.go_away(session, code, None);
            return Ok(());
        }
        self.close_oldest(&who);
        let mut secret = [0; 32];
        self.rng.fill_bytes(&mut secret);
        let token = BASE32_NOPAD.encode(&secret).to_ascii_lowercase();
        if let Some(open) = self.sessions.get_mut(&session) {
            open.stage = Stage::Bound { version, who, nonce };
            open.token.clone_from(&token);
        }
        self.tokens.insert(token.clone(), session);
        self.at_home.entry(who.person).or_default().insert(session);
        let welcome = RelayFrame::Welcome {
            generation: self.identity.generation(),
            account: head,
            limits: RelayLimits {
                blob_bytes: self.limits.blob_bytes,
                push_bytes: self.limits.push_bytes,
                account_bytes: self.limits.account_bytes,
            },
            blob_token: token,
            now_ms,
        };
        self.send(session, &welcome);
        Ok(())
    }

    /// Makes room for one more session of a device.
    fn close_oldest(&mut self, who: &Who) {
        let sessions = self.at_home.get(&who.person).into_iter().flatten();
        let own: Vec<SessionId> = sessions
            .filter(|session| self.sessions.get(session).is_some_and(|open| open.who() == Some(*who)))
            .copied()
            .collect();
        for session in own.iter().take((own.len() + 1).saturating_sub(SESSIONS)) {
            self.go_away(*session, NackCode::RateLimited, None);
        }
    }

    pub(super) fn mail(
        &mut self,
        session: SessionId,
        req: u64,
        mailbox: MailboxId,
        put: Option<Vec<u8>>,
        seen: u32,
        now_ms: u64,
    ) -> Result<(), Stop> {
        // What is kept here costs somebody who has an account as much as somebody who hasn't: accounts cost nothing.
        if put.is_some() || !self.mail.is_open(&mailbox, now_ms) {
            self.take_of_address(session, now_ms)?;
        } else {
            self.take_anonymous(session, now_ms)?;
        }
        let message = put.clone();
        let room = Room { mailboxes: self.limits.mailboxes, bytes: self.limits.mailbox_bytes };
        let delivery =
            self.mail.visit(session, mailbox, put, seen, room, now_ms).map_err(|error| match error {
                MailError::TooLarge => NackCode::TooLarge,
                MailError::Full => NackCode::Quota,
            })?;
        let messages = delivery.unseen.into_iter().map(Into::into).collect();
        self.send(session, &RelayFrame::Mail { req, mailbox, messages });
        if let Some(message) = message {
            let frame = RelayFrame::Mail { req: 0, mailbox, messages: vec![message.into()] };
            for watcher in delivery.notify {
                self.send(watcher, &frame);
            }
        }
        Ok(())
    }

    /// A device holds a head that this relay signed and lost: the whole data folder was put back.
    pub(super) fn begin_generation(&mut self, at_least: u64, now_ms: u64) -> Result<(), Stop> {
        tracing::warn!("a device holds a head this relay signed and lost: devices will fill it again");
        self.identity.raise(at_least, now_ms)?;
        self.begin_sessions_anew()
    }

    /// Closes every session: what they know of this relay's logs is no longer so.
    pub(super) fn begin_sessions_anew(&mut self) -> Result<(), Stop> {
        self.forget_scheduled()?;
        self.store.record(&self.identity.public(), self.identity.generation())?;
        self.metrics.generation.store(self.identity.generation(), Relaxed);
        self.close_all();
        Ok(())
    }
}

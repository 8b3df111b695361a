//! Account logs: registration, new ops, refilling, reading.

use homing_access::AccountState;
use homing_crypto::Domain;
use homing_wire::{
    AccountAction, AccountOp, AccountOpId, AccountSigner, DeviceId, Member, NackCode, PersonId, RelayFrame,
    Signature, VerifyKey, limits, recover_bytes,
};
use minicbor::bytes::ByteVec;

use super::directory::Account;
use super::session::{SessionId, Stage, Who};
use super::{RelayCore, Stop};
use crate::metrics::add;
use crate::store::{AccountRow, Thing};

/// Ops of one account log; devices are limited to [`limits::DEVICES`], so this is years of key rotations.
const OPS: u64 = 2_000;

impl RelayCore {
    pub(super) fn account_push(
        &mut self,
        session: SessionId,
        req: u64,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<(), Stop> {
        self.take_anonymous(session, now_ms)?;
        let op = decode(bytes)?;
        match op.body.person {
            None => self.take_log(session, &[(op, bytes.to_vec())], now_ms)?,
            Some(person) => {
                if !self.load_account(&person)? {
                    return Err(NackCode::NotFound.into());
                }
                let known =
                    self.accounts.peek(&person).is_some_and(|account| account.state.contains(&op.id()));
                if !known {
                    self.check_disk()?;
                    self.extend(&person, &[(op, bytes.to_vec())])?;
                }
            }
        }
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }

    /// The log of the account that names a recovery key, for a new device of whoever holds the words; or of this account, for
    /// who holds its newest person key, in a backup.
    pub(super) fn recover(
        &mut self,
        session: SessionId,
        req: u64,
        (recovery, proof): (&VerifyKey, &Signature),
        (person, after): (Option<PersonId>, Option<AccountOpId>),
        now_ms: u64,
    ) -> Result<(), Stop> {
        self.take_anonymous(session, now_ms)?;
        let stage = self.sessions.get(&session).map(|open| open.stage);
        let (Some(Stage::Challenged { nonce, .. }) | Some(Stage::Bound { nonce, .. })) = stage else {
            return Err(NackCode::NotFound.into());
        };
        let bytes = recover_bytes(&self.identity.public(), &nonce);
        homing_crypto::verify(Domain::Auth, &recovery.0, &bytes, &proof.0)
            .map_err(|_| NackCode::BadSignature)?;
        let person = match person {
            None => self.store.account_by_recovery(recovery)?.ok_or(NackCode::NotFound)?,
            Some(person) => {
                let known = self.load_account(&person)?;
                let account = self.accounts.peek(&person).filter(|_| known).ok_or(NackCode::NotFound)?;
                if account.state.person_key().enrol != *recovery {
                    return Err(NackCode::NotFound.into());
                }
                person
            }
        };
        let from = self.behind(&person, after)?;
        self.send_account(session, req, person, from)
    }

    pub(super) fn repush_account(
        &mut self,
        session: SessionId,
        req: u64,
        ops: &[ByteVec],
        now_ms: u64,
    ) -> Result<(), Stop> {
        self.take_anonymous(session, now_ms)?;
        let ops: Vec<(AccountOp, Vec<u8>)> = ops
            .iter()
            .map(|op| decode(op).map(|decoded| (decoded, op.to_vec())))
            .collect::<Result<_, _>>()?;
        self.take_log(session, &ops, now_ms)?;
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }

    /// Takes a log from its first op on, or from behind one that is here: registers it, adds what is missing, or settles a
    /// fork.
    fn take_log(
        &mut self,
        session: SessionId,
        ops: &[(AccountOp, Vec<u8>)],
        now_ms: u64,
    ) -> Result<(), Stop> {
        let (first, bytes) = ops.first().ok_or(NackCode::Malformed)?;
        let person = first.body.person.unwrap_or(PersonId(first.id().0));
        if !self.load_account(&person)? {
            self.check_disk()?;
            let state = AccountState::genesis(first)?;
            self.take_registration(session, now_ms)?;
            let row = AccountRow {
                person,
                head: state.head(),
                recovery: state.recovery().verify,
                ops: 0,
                stored_bytes: 0,
                blob_bytes: 0,
                spaces: 0,
                registered_ms: now_ms,
            };
            self.store.put_account(&row)?;
            self.accounts.put(person, Account { row, state });
            self.write_account_op(&person, first, bytes)?;
        }
        let known = self.store.account_op_ids(&person)?;
        let before = match first.body.prev {
            None if first.body.person.is_some() => return Err(NackCode::Malformed.into()),
            None => 0,
            Some(prev) => {
                known.iter().position(|id| *id == prev).ok_or(NackCode::StaleOps)?.saturating_add(1)
            }
        };
        let behind = known.iter().skip(before);
        let there = behind.zip(ops).take_while(|(id, (op, _))| **id == op.id()).count();
        let rest = ops.get(there..).unwrap_or_default();
        let same = before.saturating_add(there);
        if same < known.len() && !rest.is_empty() {
            return self.settle_fork(&person, same, rest);
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.check_disk()?;
        self.extend(&person, rest)
    }

    /// Appends valid ops. A log that stops being valid keeps the part before.
    fn extend(&mut self, person: &PersonId, ops: &[(AccountOp, Vec<u8>)]) -> Result<(), Stop> {
        let mut revoked: Vec<DeviceId> = Vec::new();
        let mut done = Ok(());
        for (op, bytes) in ops {
            let Some(account) = self.accounts.get(person) else { break };
            if account.row.ops >= OPS {
                done = Err(NackCode::Quota.into());
                break;
            }
            if let Err(error) = account.state.apply(op) {
                done = Err(error.into());
                break;
            }
            if let AccountAction::RevokeDevice { device, .. } = &op.body.action {
                revoked.push(*device);
            }
            self.write_account_op(person, op, bytes)?;
        }
        for device in revoked {
            self.shut_out_device(person, &device)?;
        }
        done
    }

    /// Two logs of one account that part after `same` ops can only come up after a restore or wipe, when somebody
    /// wrote on behind a log whose end was lost. The relay has no proof of either, but the ops tell: a branch
    /// that begins by revoking the device that signed the other branch's first op stands, because that device
    /// had no right any more. Otherwise the branch that is here stays.
    fn settle_fork(
        &mut self,
        person: &PersonId,
        same: usize,
        rest: &[(AccountOp, Vec<u8>)],
    ) -> Result<(), Stop> {
        let here = self.store.account_ops(person, u64::try_from(same).unwrap_or(u64::MAX))?;
        let here: Vec<AccountOp> = here.iter().map(|op| decode(op)).collect::<Result<_, _>>()?;
        let offered = rest.iter().any(|(op, _)| revokes_signer(op, here.first()));
        let defended = here.iter().any(|op| revokes_signer(op, rest.first().map(|(op, _)| op)));
        if !offered || defended {
            return Err(NackCode::Exists.into());
        }
        let mut state = {
            let kept = self.store.account_ops(person, 0)?;
            let kept: Vec<AccountOp> =
                kept.iter().take(same).map(|op| decode(op)).collect::<Result<_, _>>()?;
            AccountState::replay(&kept)?
        };
        let before = state.clone();
        for (op, _) in rest {
            state.apply(op)?;
        }
        self.store.cut_account_ops(person, u64::try_from(same).unwrap_or(u64::MAX))?;
        let Some(account) = self.accounts.get(person) else { return Ok(()) };
        account.row.ops = u64::try_from(same).unwrap_or(u64::MAX);
        account.row.head = before.head();
        account.state = before;
        self.extend(person, rest)?;
        // Whoever the lost branch let in has no place here.
        let sessions: Vec<SessionId> = self.at_home.get(person).into_iter().flatten().copied().collect();
        for session in sessions {
            let device = self.sessions.get(&session).and_then(super::Session::who).map(|who| who.device);
            let active = self
                .accounts
                .peek(person)
                .zip(device)
                .is_some_and(|(account, device)| account.state.is_active(&device));
            if !active {
                self.go_away(session, NackCode::Revoked, None);
            }
        }
        Ok(())
    }

    fn write_account_op(&mut self, person: &PersonId, op: &AccountOp, bytes: &[u8]) -> Result<(), Stop> {
        let Some(account) = self.accounts.get(person) else { return Ok(()) };
        let position = account.row.ops;
        let id = op.id();
        account.row.ops = position.saturating_add(1);
        account.row.head = id;
        account.row.recovery = account.state.recovery().verify;
        account.row.stored_bytes =
            account.row.stored_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.store.add_account_op(person, position, &id, bytes)?;
        self.batch.accounts.insert(*person);
        self.batch.moved.insert((Member::Person(*person), Thing::Account(*person)));
        add(&self.metrics.account_ops, 1);
        Ok(())
    }

    /// A revoked device is out at once: its sessions end, its slots go.
    fn shut_out_device(&mut self, person: &PersonId, device: &DeviceId) -> Result<(), Stop> {
        self.store.drop_slots_of_device(device)?;
        let gone = Who { person: *person, device: *device };
        let sessions: Vec<SessionId> = self.at_home.get(person).into_iter().flatten().copied().collect();
        for session in sessions {
            if self.sessions.get(&session).and_then(super::Session::who) == Some(gone) {
                self.go_away(session, NackCode::Revoked, None);
            }
        }
        Ok(())
    }

    pub(super) fn pull_account(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        person: PersonId,
        after: Option<AccountOpId>,
    ) -> Result<(), Stop> {
        let member = Member::Person(person);
        if person != who.person
            && !self.store.shares_with(&who.person, &member)?
            && !self.peeked(session, &member)?
        {
            return Err(NackCode::NotFound.into());
        }
        let from = self.behind(&person, after)?;
        if self.store.account(&person)?.is_none() {
            return Err(NackCode::NotFound.into());
        }
        self.send_account(session, req, person, from)
    }

    /// The position behind an op of an account.
    fn behind(&self, person: &PersonId, after: Option<AccountOpId>) -> Result<u64, Stop> {
        let Some(after) = after else { return Ok(0) };
        let ids = self.store.account_op_ids(person)?;
        let place = ids.iter().position(|id| *id == after).ok_or(NackCode::NotFound)?;
        Ok(u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1))
    }

    fn send_account(
        &mut self,
        session: SessionId,
        req: u64,
        person: PersonId,
        from: u64,
    ) -> Result<(), Stop> {
        let (mut ops, mut bytes) = (Vec::new(), 0usize);
        for op in self.store.account_ops(&person, from)? {
            bytes = bytes.saturating_add(op.len().saturating_add(limits::ACCOUNT_LINE));
            // What doesn't fit is asked for after the last op of this answer.
            if bytes > limits::ACCOUNT_PAGE && !ops.is_empty() {
                break;
            }
            ops.push(op.into());
        }
        self.send(session, &RelayFrame::Account { req, person, ops });
        Ok(())
    }
}

/// True if an op revokes the device that signed another one.
fn revokes_signer(op: &AccountOp, other: Option<&AccountOp>) -> bool {
    let Some(AccountSigner::Device(signer)) = other.map(|other| other.body.signer) else { return false };
    matches!(op.body.action, AccountAction::RevokeDevice { device, .. } if device == signer)
}

fn decode(bytes: &[u8]) -> Result<AccountOp, Stop> {
    AccountOp::decode(bytes).map_err(|error| match error {
        homing_wire::CodecError::TooLong { .. } => NackCode::TooLarge.into(),
        _ => NackCode::Malformed.into(),
    })
}

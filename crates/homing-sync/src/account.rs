//! Ops of the own account's log: one on its way at a time, because each is compared with the one before.

use std::collections::VecDeque;

use homing_wire::{AccountOpId, ClientFrame, NackCode};

use crate::Effect;
use crate::backoff::delay_ms;
use crate::client::Client;
use crate::requests::Asked;
use crate::session::Stage;

/// Account ops that wait.
#[derive(Debug, Default)]
pub(crate) struct AccountOutbox {
    items: VecDeque<(AccountOpId, Vec<u8>)>,
    sent: bool,
    not_before: u64,
    failures: u32,
    /// Parts of the whole log that a session gives to its relay before it says who it is.
    pub(crate) own: VecDeque<Vec<Vec<u8>>>,
}

impl AccountOutbox {
    pub(crate) fn add(&mut self, id: AccountOpId, bytes: Vec<u8>) {
        if !self.items.iter().any(|(queued, _)| *queued == id) {
            self.items.push_back((id, bytes));
        }
    }

    pub(crate) fn interrupt(&mut self) {
        (self.sent, self.not_before) = (false, 0);
    }

    pub(crate) fn next_wake(&self) -> Option<u64> {
        (!self.sent && !self.items.is_empty() && self.not_before > 0).then_some(self.not_before)
    }
}

impl Client {
    pub(crate) fn pump_accounts(&mut self) {
        let ready = self.session().is_some_and(|s| matches!(s.stage, Stage::Online | Stage::Anonymous));
        if !ready || self.accounts.sent || self.accounts.not_before > self.now {
            return;
        }
        let Some((id, op)) = self.accounts.items.front().cloned() else { return };
        (self.accounts.sent, self.accounts.not_before) = (true, 0);
        self.ask(Asked::AccountOp(id), |req| ClientFrame::AccountPush { req, op });
    }

    pub(crate) fn account_acked(&mut self, id: AccountOpId) {
        (self.accounts.sent, self.accounts.failures) = (false, 0);
        if self.accounts.items.front().is_some_and(|(queued, _)| *queued == id) {
            self.accounts.items.pop_front();
            self.out.push(Effect::AccountAcked { id });
        }
    }

    pub(crate) fn account_refused(&mut self, code: NackCode, retry_after_ms: Option<u64>) {
        self.accounts.sent = false;
        if code.retry() {
            self.accounts.failures = self.accounts.failures.saturating_add(1);
            let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
            let wait = delay_ms(initial, max, self.accounts.failures - 1, self.config.seed);
            self.accounts.not_before =
                self.now.saturating_add(wait.max(retry_after_ms.unwrap_or(0).min(max)));
        } else {
            let ids = self.accounts.items.drain(..).map(|(id, _)| id).collect();
            self.out.push(Effect::AccountRefused { ids, code });
        }
    }
}

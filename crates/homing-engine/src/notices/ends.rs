//! Invitations that end soon and that nobody used: their maker is told a day before.

use homing_store::{Durability, Tx, notices};

use super::{Notice, key_of};
use crate::api::NoticeKind;
use crate::core::Core;
use crate::fail::Fail;
use crate::replica::Replica;

/// So long before its end.
const AHEAD_MS: u64 = 24 * 60 * 60 * 1000;
/// A computer that slept counts no time; so the clock is looked at this often.
const LOOK_MS: u64 = 60_000;

impl Core {
    /// When to look whether an invitation ends soon, in the time of [`crate::port::Output::WakeAt`].
    pub(crate) fn ends_at(&self) -> Option<u64> {
        let left = self.next_end?.saturating_sub(self.env.now_ms());
        Some(self.env.steady_ms() + left.min(LOOK_MS))
    }

    /// Tells of those that do.
    pub(crate) fn tell_of_ends(&mut self) {
        if std::mem::take(&mut self.touched.invites) {
            self.next_end = Some(0);
        }
        if self.replica.is_none() || self.next_end.is_none_or(|at_ms| at_ms > self.env.now_ms()) {
            return;
        }
        let next = self.write(Durability::Normal, |tx, replica, env| {
            let next = replica.notice_ends(tx, env.now_ms())?;
            // What this looked at is not news for it.
            replica.touched.invites = false;
            Ok(next)
        });
        match next {
            Ok(next) => self.next_end = next,
            Err(error) => {
                tracing::error!(code = ?error.code, "invitations could not be looked at");
                self.next_end = None;
            }
        }
    }
}

impl Replica {
    /// Answers when the next one is about to end, Unix ms.
    fn notice_ends(&mut self, tx: &Tx<'_>, now_ms: u64) -> Result<Option<u64>, Fail> {
        let me = self.person();
        let mut next: Option<u64> = None;
        for row in self.open_spaces(tx)? {
            let mine: Vec<_> = self.space(&row.space)?.invites().values().cloned().collect();
            for invite in mine.into_iter().filter(|invite| invite.inviter == me && invite.asked.is_empty()) {
                let at_ms = invite.expires_ms.saturating_sub(AHEAD_MS);
                let told = notices::get(tx, &key_of(NoticeKind::InviteEnds, &invite.id.0))?.is_some();
                if told || invite.expires_ms <= now_ms {
                    continue;
                }
                if at_ms > now_ms {
                    next = Some(next.map_or(at_ms, |next| next.min(at_ms)));
                    continue;
                }
                let notice = Notice {
                    space: Some(row.space),
                    ..Notice::new(NoticeKind::InviteEnds, &invite.id.0, at_ms)
                };
                self.notice(tx, &notice)?;
            }
        }
        Ok(next)
    }
}

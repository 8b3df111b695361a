//! Snoozed conversations come back at their time, while the app runs or when it starts again.

use homing_store::{Durability, conversations};

use crate::core::Core;

/// A computer that slept counts no time; so the clock is looked at this often.
const LOOK_MS: u64 = 60_000;

impl Core {
    /// When to look whether something comes back, in the time of [`crate::port::Output::WakeAt`].
    pub(crate) fn back_at(&self) -> Option<u64> {
        let left = self.next_back?.saturating_sub(self.env.now_ms());
        Some(self.env.steady_ms() + left.min(LOOK_MS))
    }

    /// Brings back whose time has come.
    pub(crate) fn bring_back(&mut self) {
        if std::mem::take(&mut self.touched.snoozes) {
            self.next_back = self.db().ok().and_then(|db| conversations::next_due(&db).ok().flatten());
        }
        if self.replica.is_none() || self.next_back.is_none_or(|at_ms| at_ms > self.env.now_ms()) {
            return;
        }
        let back = self.write(Durability::Normal, |tx, replica, env| {
            let back = conversations::bring_back(tx, env.now_ms())?;
            for conversation in &back {
                replica.notice_back(tx, conversation)?;
            }
            replica.touched.conversations.extend(back);
            replica.touched.status = true;
            Ok(conversations::next_due(tx)?)
        });
        match back {
            Ok(next) => self.next_back = next,
            Err(error) => {
                tracing::error!(code = ?error.code, "a snoozed conversation could not be brought back");
                self.next_back = None;
            }
        }
    }
}

//! What an older app could not judge is judged once a newer one opens the profile.

use homing_model::rules;
use homing_store::parked::{self, Wait};
use homing_store::{Durability, meta};

use crate::api::ApiError;
use crate::core::Core;

/// What the app knew that judged last.
const JUDGED_WITH: &str = "rules/judged_with";
/// Entries judged in one transaction.
const TOGETHER: usize = 1_000;

impl Core {
    /// Judges again what waits for an upgrade, if this app knows something else than the one before it: once, since what stays
    /// parked says nothing new to the same app. If the app ends in between it begins anew, which is harmless.
    pub(crate) fn judge_what_waited_for_an_upgrade(&mut self) -> Result<(), ApiError> {
        let known = rules::knowledge(self.env.rules);
        let waiting = {
            let db = self.db()?;
            if meta::get(&db, JUDGED_WITH)?.is_some_and(|with| with.as_slice() == known.0) {
                return Ok(());
            }
            parked::waiting_for(&db, &Wait::Upgrade, u32::MAX)?
        };
        for some in waiting.chunks(TOGETHER) {
            self.write(Durability::Normal, |tx, replica, _| {
                some.iter().try_for_each(|id| replica.judge_from(tx, *id))
            })?;
        }
        self.write(Durability::Full, |tx, _, _| Ok(meta::set(tx, JUDGED_WITH, &known.0)?))
    }
}

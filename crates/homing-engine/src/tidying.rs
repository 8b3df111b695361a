//! When what deletions and their undoing left is worked at (`deleting`): a slice at a time, and whatever came meanwhile is answered
//! before the next. What fails is tried again after a growing pause, and what is behind it goes on.

use std::collections::BTreeSet;

use homing_store::Durability;
use homing_store::tidying::{self, Task};

use crate::api::ApiError;
use crate::core::Core;
use crate::fail::Fail;

/// A disk that is full, or a file another program holds, is not free again at once, and a try may wait for it.
const PAUSE_MS: u64 = 60_000;
const LONGEST_PAUSE_MS: u64 = 60 * PAUSE_MS;

/// What is left to be tidied away.
#[derive(Default)]
pub(crate) struct Tidying {
    /// When to go on, steady ms.
    at: Option<u64>,
    /// What failed.
    failed: Vec<Failed>,
    /// What the log has been told.
    told: BTreeSet<String>,
}

struct Failed {
    task: Task,
    pause_ms: u64,
    again_at: u64,
}

impl Tidying {
    /// Something may be left to do then.
    pub fn go_on(&mut self, at: u64) {
        self.at = Some(at);
    }

    pub fn next_wake(&self) -> Option<u64> {
        self.at
    }

    /// What failed and is not to be tried before then.
    fn resting(&self, at: u64) -> Vec<Task> {
        self.failed.iter().filter(|failed| failed.again_at > at).map(|failed| failed.task).collect()
    }

    fn succeeded(&mut self, task: Task) {
        self.failed.retain(|failed| failed.task != task);
    }

    fn failed(&mut self, task: Task, now: u64) {
        let before = self.failed.iter().find(|failed| failed.task == task).map(|failed| failed.pause_ms);
        let pause_ms = before.map_or(PAUSE_MS, |pause_ms| (2 * pause_ms).min(LONGEST_PAUSE_MS));
        self.succeeded(task);
        self.failed.push(Failed { task, pause_ms, again_at: now + pause_ms });
    }

    /// All that is left rests; what is due and not left was done otherwise.
    fn rest(&mut self, now: u64) {
        self.failed.retain(|failed| failed.again_at > now);
        self.at = self.failed.iter().map(|failed| failed.again_at).min();
    }

    /// Each kind of failure is logged once: it may come again for as long as the process runs.
    fn tell(&mut self, fail: Fail) {
        if self.told.insert(fail.to_string()) {
            let code = ApiError::from(fail).code;
            tracing::error!(?code, "a deletion could not be tidied up after; it is tried again");
        }
    }
}

impl Core {
    /// One slice.
    pub(crate) fn tidy(&mut self) {
        let now = self.env.steady_ms();
        if self.tidying.at.is_none_or(|at| at > now) {
            return;
        }
        let task = match self.next_to_tidy(now) {
            Ok(Some(task)) => task,
            Ok(None) => return self.tidying.rest(now),
            Err(fail) => {
                self.tidying.tell(fail);
                return self.tidying.go_on(now + PAUSE_MS);
            }
        };
        match self.transact(Durability::Normal, |tx, replica, _| replica.tidy(tx, task), |_, _, _| Ok(())) {
            Ok(()) => {
                self.tidying.succeeded(task);
                self.tidying.go_on(now);
            }
            Err(fail) => {
                let now = self.env.steady_ms();
                self.tidying.failed(task, now);
                self.tidying.tell(fail);
                match self.next_to_tidy(now) {
                    Ok(None) => self.tidying.rest(now),
                    // What made this one fail may make all fail, and each try may have waited for it.
                    _ => self.tidying.go_on(now + PAUSE_MS),
                }
            }
        }
    }

    /// What failed comes behind what did not.
    fn next_to_tidy(&self, now: u64) -> Result<Option<Task>, Fail> {
        let db = self.db()?;
        for at in [0, now] {
            if let Some(task) = tidying::next(&db, &self.tidying.resting(at))? {
                return Ok(Some(task));
            }
        }
        Ok(None)
    }
}

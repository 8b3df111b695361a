//! Carries out work on files of this computer, on threads of its own: sealing a large file takes seconds.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::thread::Message;
use crate::files::{FileJob, FileOutcome};

/// Jobs at the same time. Each holds two chunks in memory.
const AT_ONCE: usize = 2;

/// The work on files of a running engine. Dropped, it ends after the chunk it is at.
pub(super) struct Files {
    shared: Arc<Shared>,
    report: mpsc::Sender<Message>,
    threads: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<FileJob>,
    running: Vec<Arc<FileJob>>,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Arc<FileJob>> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                let job = Arc::new(job);
                state.running.push(Arc::clone(&job));
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Files {
    pub fn new(report: mpsc::Sender<Message>) -> Self {
        Self { shared: Arc::default(), report, threads: 0 }
    }

    /// Queues work.
    pub fn submit(&mut self, job: FileJob) {
        self.shared.lock().waiting.push_back(job);
        self.shared.changed.notify_one();
        if self.threads < AT_ONCE {
            let (shared, report) = (Arc::clone(&self.shared), self.report.clone());
            let thread = std::thread::Builder::new().name("homing-files".into());
            if thread.spawn(move || work(&shared, &report)).is_ok() {
                self.threads += 1;
            }
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ended = true;
        state.waiting.clear();
        state.running.iter().for_each(|job| job.stopper().stop());
        self.shared.changed.notify_all();
    }
}

fn work(shared: &Shared, report: &mpsc::Sender<Message>) {
    while let Some(job) = shared.next() {
        let outcome = whole(|| job.carry_out());
        shared.lock().running.retain(|running| running.id != job.id);
        if report.send(Message::File(job.id, outcome)).is_err() {
            return;
        }
    }
}

/// A call waits for every job: also when a file broke what reads it, and the thread goes on with the next.
fn whole(work: impl FnOnce() -> FileOutcome) -> FileOutcome {
    // Nothing of a job that broke is used again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a panic within work on a file");
        FileOutcome::broken()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Code;

    #[test]
    fn a_job_that_breaks_is_answered_all_the_same() {
        let broken = whole(|| panic!("a decoder met bytes it did not expect"));
        assert_eq!(broken.0.err().map(|error| error.code), Some(Code::FileFailed));
    }
}

//! Asks pages that links go to, and services near by, each on a thread of its own: they take their time, and nothing
//! waits for it.

use std::sync::mpsc;

use super::thread::Message;
use crate::pages::{PageJob, PageOutcome};
use crate::translate::{TranslationJob, TranslationOutcome};

/// Asks a page. Without a network nobody is asked.
pub(super) fn page(job: PageJob, network: bool, report: &mpsc::Sender<Message>) {
    let told = Told::new(Message::Page(job.id, PageOutcome::default()), report);
    if network {
        told.after("homing-page", move || Message::Page(job.id, job.carry_out()));
    }
}

/// Asks a translation service: it is near by, so a network is no matter.
pub(super) fn translation(job: TranslationJob, report: &mpsc::Sender<Message>) {
    Told::new(Message::Translated(job.id, TranslationOutcome::default()), report)
        .after("homing-translate", move || Message::Translated(job.id, job.carry_out()));
}

/// Reports the outcome when it is dropped: also when what was sent broke what reads it.
struct Told {
    outcome: Option<Message>,
    report: mpsc::Sender<Message>,
}

impl Told {
    fn new(nothing: Message, report: &mpsc::Sender<Message>) -> Self {
        Self { outcome: Some(nothing), report: report.clone() }
    }

    fn after(self, name: &str, work: impl FnOnce() -> Message + Send + 'static) {
        let thread = std::thread::Builder::new().name(name.into());
        // Without a thread the answer is that there is nothing.
        drop(thread.spawn(move || self.is(work())));
    }

    fn is(mut self, outcome: Message) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            // Who has ended wants to hear nothing.
            drop(self.report.send(outcome));
        }
    }
}

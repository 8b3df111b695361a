//! Asks the pages that links go to, each on a thread of its own: a page may take its time, and nothing waits for it.

use std::sync::mpsc;

use super::thread::Message;
use crate::pages::{PageJob, PageOutcome};

/// Asks a page. Without a network nobody is asked.
pub(super) fn ask(job: PageJob, network: bool, report: &mpsc::Sender<Message>) {
    let told = Told { id: job.id, outcome: PageOutcome::default(), report: report.clone() };
    if network {
        let thread = std::thread::Builder::new().name("homing-page".into());
        // Without a thread the answer is that there is nothing.
        drop(thread.spawn(move || told.after(&job)));
    }
}

/// Reports the outcome when it is dropped: also when what a page sent broke what reads it.
struct Told {
    id: u64,
    outcome: PageOutcome,
    report: mpsc::Sender<Message>,
}

impl Told {
    fn after(mut self, job: &PageJob) {
        self.outcome = job.carry_out();
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // Who has ended wants to hear nothing.
        drop(self.report.send(Message::Page(self.id, std::mem::take(&mut self.outcome))));
    }
}

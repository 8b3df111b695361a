//! Moves the encrypted chunks of files between this device and the relay, over HTTP beside the socket.
//!
//! On threads of their own, because a chunk is disk and network in long blocking steps, and because a process that
//! ends must not wait for them. What a transfer does is said in [`crate::transfer`].

use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use homing_wire::{BlobId, limits};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

use super::thread::Message;
use crate::port::{Shortage, TransferEvent, TransferJob, TransferKind};
use crate::transfer::{Answer, Chunks, Queue, Waiting, carry};

/// Transfers at the same time.
const AT_ONCE: usize = 2;
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// For one chunk: a line with 150 kbit/s still gets it through.
const CHUNK_WITHIN: Duration = Duration::from_secs(240);
/// How long a thread with nothing to do sleeps at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(300);

/// The transfers of a running engine. Dropped, they end after the chunk they are at.
pub(super) struct Transfers {
    shared: Arc<Shared>,
    report: mpsc::Sender<Message>,
    threads: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    since: Instant,
}

#[derive(Default)]
struct State {
    queue: Queue,
    /// To end where they are.
    stopped: Vec<(BlobId, TransferKind)>,
    ended: bool,
}

impl State {
    fn goes_on(&self, job: &TransferJob) -> bool {
        !self.ended && !self.stopped.contains(&(job.blob, job.kind))
    }
}

impl Transfers {
    pub fn new(report: mpsc::Sender<Message>) -> Self {
        let shared = Shared { state: Mutex::default(), changed: Condvar::new(), since: Instant::now() };
        Self { shared: Arc::new(shared), report, threads: 0 }
    }

    /// Queues a transfer.
    pub fn submit(&mut self, job: TransferJob) {
        let mut state = self.shared.lock();
        state.stopped.retain(|stopped| *stopped != (job.blob, job.kind));
        state.queue.put(job, self.shared.since.elapsed());
        drop(state);
        self.shared.changed.notify_one();
        if self.threads < AT_ONCE {
            let (shared, report) = (Arc::clone(&self.shared), self.report.clone());
            let thread = std::thread::Builder::new().name("homing-transfer".into());
            if thread.spawn(move || work(&shared, &report)).is_ok() {
                self.threads += 1;
            }
        }
    }
}

impl Transfers {
    /// Ends a transfer after the chunk it is at.
    pub fn stop(&self, blob: BlobId, kind: TransferKind) {
        let mut state = self.shared.lock();
        state.queue.forget(blob, kind);
        state.stopped.push((blob, kind));
    }
}

impl Drop for Transfers {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ended = true;
        state.queue.clear();
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next transfer of a file that no other thread is at; none when the engine ended.
    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = self.since.elapsed();
            if let Some(next) = state.queue.take(now) {
                return Some(next);
            }
            let pause = state.queue.next_at().map(|at| at.saturating_sub(now));
            // Never zero: what is due and can't be taken waits for the thread that is at the same file.
            let pause = pause.filter(|pause| !pause.is_zero()).unwrap_or(LONGEST_SLEEP);
            state = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The file may be taken by another thread again; with `again` this transfer is tried once more.
    fn done(&self, one: Waiting, again: bool) {
        let mut state = self.lock();
        let again = again && state.goes_on(&one.job);
        state.stopped.retain(|stopped| *stopped != (one.job.blob, one.job.kind));
        state.queue.done(one, again, self.since.elapsed());
        self.changed.notify_all();
    }
}

fn work(shared: &Shared, report: &mpsc::Sender<Message>) {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("homing/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_recv_response(Some(ANSWER_WITHIN))
        .timeout_send_body(Some(CHUNK_WITHIN))
        .timeout_recv_body(Some(CHUNK_WITHIN));
    let http = Http(config.build().into());
    while let Some(one) = shared.next() {
        let say = |step| {
            let event = TransferEvent { blob: one.job.blob, space: one.job.space, kind: one.job.kind, step };
            report.send(Message::Transfer(event)).is_ok() && shared.lock().goes_on(&one.job)
        };
        // A job queued meanwhile for the same file starts after this one's end was told.
        let ended = carry(&one.job, &http, say);
        shared.done(one, ended.again);
    }
}

/// The relay's door for files.
struct Http(Agent);

impl Chunks for Http {
    fn declare(&self, job: &TransferJob) -> Result<(), Answer> {
        let hashes: Vec<u8> = job.chunks.iter().flat_map(|hash| hash.0).collect();
        let request = self.0.post(format!("{}?space={}", url(job), job.space));
        accepted(request.header("authorization", bearer(job)).send(&hashes[..])).map(drop)
    }

    fn have(&self, job: &TransferJob) -> Result<String, Answer> {
        let response = accepted(self.0.head(url(job)).header("authorization", bearer(job)).call())?;
        let header = response.headers().get("x-homing-chunks").and_then(|value| value.to_str().ok());
        header.map(str::to_owned).ok_or(Answer::None)
    }

    fn put(&self, job: &TransferJob, index: usize, chunk: &[u8]) -> Result<(), Answer> {
        // What the relay does not take it says before the chunk is sent.
        let request = self.0.put(format!("{}/{index}", url(job))).header("expect", "100-continue");
        accepted(request.header("authorization", bearer(job)).send(chunk)).map(drop)
    }

    fn get(&self, job: &TransferJob, index: usize) -> Result<Vec<u8>, Answer> {
        let request = self.0.get(format!("{}/{index}", url(job)));
        let mut response = accepted(request.header("authorization", bearer(job)).call())?;
        // One more than a chunk may have, because the limit itself counts as too much.
        let limit = u64::try_from(limits::CHUNK).unwrap_or(u64::MAX).saturating_add(1);
        response.body_mut().with_config().limit(limit).read_to_vec().map_err(trouble)
    }
}

fn url(job: &TransferJob) -> String {
    format!("{}/v1/blobs/{}", job.address.trim_end_matches('/'), job.blob)
}

fn bearer(job: &TransferJob) -> String {
    format!("Bearer {}", job.token)
}

fn accepted<T>(answer: Result<Response<T>, ureq::Error>) -> Result<Response<T>, Answer> {
    let response = answer.map_err(trouble)?;
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::INSUFFICIENT_STORAGE => {
            let quota = response.headers().get("x-homing-short").is_some_and(|what| what == "quota");
            Err(Answer::Short(if quota { Shortage::Quota } else { Shortage::Disk }))
        }
        status => Err(Answer::Status(StatusCode::as_u16(&status))),
    }
}

fn trouble(error: ureq::Error) -> Answer {
    tracing::debug!(%error, "a transfer met trouble");
    Answer::None
}

#[cfg(test)]
mod tests {
    use homing_wire::{Hash, SpaceId};

    use super::*;
    use crate::port::TransferStep;

    #[test]
    fn chunks_that_are_there_need_no_relay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("0"), b"sealed").unwrap();
        let job = TransferJob {
            kind: TransferKind::Download,
            address: "http://127.0.0.1:9/".into(),
            token: "token".into(),
            space: SpaceId([1; 32]),
            blob: BlobId([1; 32]),
            chunks: vec![Hash::of(b"sealed")],
            folder: folder.path().to_path_buf(),
            was_there: false,
        };

        let (report, news) = mpsc::channel();
        let mut transfers = Transfers::new(report);
        transfers.submit(job);
        let step = || match news.recv().unwrap() {
            Message::Transfer(event) => event.step,
            _ => panic!("not news of a transfer"),
        };
        assert_eq!(step(), TransferStep::Progress { done: 1 });
        assert_eq!(step(), TransferStep::Finished);
    }
}

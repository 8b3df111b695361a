//! Moves the encrypted chunks of files between this device and the relay, over HTTP beside the socket (the
//! protocol's "Blobs").
//!
//! On threads of their own, because a chunk is disk and network in long blocking steps, and because a process that
//! ends must not wait for them: every chunk is complete or absent, so whatever is cut off goes on later.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use homing_wire::{BlobId, Hash, limits};
use ureq::Agent;
use ureq::http::StatusCode;

use super::thread::Message;
use crate::port::{TransferEvent, TransferJob, TransferKind, TransferStep};

/// Transfers at the same time.
const AT_ONCE: usize = 2;
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// For one chunk: a line with 150 kbit/s still gets it through.
const CHUNK_WITHIN: Duration = Duration::from_secs(240);

/// Status for what was refused on this computer: the file's chunks can't be read, or are not what was declared.
const NOT_HTTP: u16 = 0;

/// The transfers of a running engine. Dropped, they end after the chunk they are at.
pub(super) struct Transfers {
    shared: Arc<Shared>,
    report: mpsc::Sender<Message>,
    threads: usize,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<TransferJob>,
    running: Vec<(BlobId, TransferKind)>,
    ended: bool,
}

impl Transfers {
    pub fn new(report: mpsc::Sender<Message>) -> Self {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        Self { shared, report, threads: 0 }
    }

    /// Queues a transfer. One that waits already for the same file gives way: the newer has the newer token.
    pub fn submit(&mut self, job: TransferJob) {
        self.shared.lock().put(job);
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

impl Drop for Transfers {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.ended = true;
        queue.waiting.clear();
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next transfer of a file that no other thread is at; none when the engine ended.
    fn next(&self) -> Option<TransferJob> {
        let mut queue = self.lock();
        loop {
            if queue.ended {
                return None;
            }
            if let Some(job) = queue.take() {
                return Some(job);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, job: &TransferJob) {
        self.lock().running.retain(|running| *running != (job.blob, job.kind));
        self.changed.notify_all();
    }
}

impl Queue {
    fn put(&mut self, job: TransferJob) {
        self.waiting.retain(|waiting| (waiting.blob, waiting.kind) != (job.blob, job.kind));
        self.waiting.push_back(job);
    }

    fn take(&mut self) -> Option<TransferJob> {
        let free = self.waiting.iter().position(|job| !self.running.contains(&(job.blob, job.kind)))?;
        let job = self.waiting.remove(free)?;
        self.running.push((job.blob, job.kind));
        Some(job)
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
    let agent: Agent = config.build().into();
    while let Some(job) = shared.next() {
        let say = |step| {
            let event = TransferEvent { blob: job.blob, kind: job.kind, step };
            let heard = report.send(Message::Transfer(event)).is_ok();
            if heard && !shared.lock().ended { Ok(()) } else { Err(TransferStep::Interrupted) }
        };
        let transfer = Transfer { agent: &agent, job: &job };
        let result = match job.kind {
            TransferKind::Upload => transfer.upload(say),
            TransferKind::Download => transfer.download(say),
        };
        let last = result.err().unwrap_or(TransferStep::Finished);
        // A job queued meanwhile for the same file starts after this one's end was told.
        let told = say(last);
        shared.done(&job);
        if told.is_err() {
            return;
        }
    }
}

struct Transfer<'a> {
    agent: &'a Agent,
    job: &'a TransferJob,
}

/// Ends a transfer early with the step that says why.
type Step<T> = Result<T, TransferStep>;

impl Transfer<'_> {
    fn upload(&self, say: impl Fn(TransferStep) -> Step<()>) -> Step<()> {
        self.declare()?;
        let mut there = self.bitmap()?;
        let count = |there: &[bool]| u32::try_from(there.iter().filter(|there| **there).count()).unwrap_or(0);
        say(TransferStep::Progress { done: count(&there) })?;
        for index in 0..there.len() {
            if there.get(index) == Some(&false) {
                self.put(index)?;
                if let Some(there) = there.get_mut(index) {
                    *there = true;
                }
                say(TransferStep::Progress { done: count(&there) })?;
            }
        }
        Ok(())
    }

    fn download(&self, say: impl Fn(TransferStep) -> Step<()>) -> Step<()> {
        fs::create_dir_all(&self.job.folder).map_err(here)?;
        let mut there = None;
        for (done, (index, hash)) in (1..).zip(self.job.chunks.iter().enumerate()) {
            let path = self.chunk(index);
            if read_chunk(&path).is_ok_and(|bytes| Hash::of(&bytes) == *hash) {
                say(TransferStep::Progress { done })?;
                continue;
            }
            // What its sender has not brought to the relay yet comes later; only no right to it is for good.
            let there = match &there {
                Some(there) => there,
                None => there.insert(self.bitmap()?),
            };
            if there.get(index) != Some(&true) {
                return Err(TransferStep::Interrupted);
            }
            let bytes = self.get(index)?;
            if Hash::of(&bytes) != *hash {
                tracing::warn!("the relay served a chunk that is not what its hash says");
                return Err(TransferStep::Refused { status: NOT_HTTP });
            }
            write_chunk(&path, &bytes).map_err(here)?;
            say(TransferStep::Progress { done })?;
        }
        Ok(())
    }

    fn declare(&self) -> Step<()> {
        let hashes: Vec<u8> = self.job.chunks.iter().flat_map(|hash| hash.0).collect();
        let request = self.agent.post(format!("{}?space={}", self.url(), self.job.space));
        let response = request.header("authorization", self.bearer()).send(&hashes[..]).map_err(network)?;
        accept(response.status())
    }

    /// Which chunks the relay has.
    fn bitmap(&self) -> Step<Vec<bool>> {
        let request = self.agent.head(self.url());
        let response = request.header("authorization", self.bearer()).call().map_err(network)?;
        accept(response.status())?;
        let header = response.headers().get("x-homing-chunks").and_then(|value| value.to_str().ok());
        header.and_then(|text| parse_bitmap(text, self.job.chunks.len())).ok_or(TransferStep::Interrupted)
    }

    fn put(&self, index: usize) -> Step<()> {
        let bytes = read_chunk(&self.chunk(index)).map_err(|_| TransferStep::Refused { status: NOT_HTTP })?;
        let request = self.agent.put(format!("{}/{index}", self.url()));
        let response = request.header("authorization", self.bearer()).send(&bytes[..]).map_err(network)?;
        accept(response.status())
    }

    fn get(&self, index: usize) -> Step<Vec<u8>> {
        let request = self.agent.get(format!("{}/{index}", self.url()));
        let mut response = request.header("authorization", self.bearer()).call().map_err(network)?;
        accept(response.status())?;
        let limit = u64::try_from(limits::CHUNK).unwrap_or(u64::MAX);
        response.body_mut().with_config().limit(limit).read_to_vec().map_err(network)
    }

    fn url(&self) -> String {
        format!("{}/v1/blobs/{}", self.job.address.trim_end_matches('/'), self.job.blob)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.job.token)
    }

    fn chunk(&self, index: usize) -> PathBuf {
        self.job.folder.join(index.to_string())
    }
}

/// Refused for good, or worth another try: with the next session's token, after a pause, when the relay is well.
fn accept(status: StatusCode) -> Step<()> {
    match status.as_u16() {
        200..=299 => Ok(()),
        401 | 408 | 425 | 429 | 500.. => Err(TransferStep::Interrupted),
        status => Err(TransferStep::Refused { status }),
    }
}

fn network(error: ureq::Error) -> TransferStep {
    tracing::debug!(%error, "a transfer was interrupted");
    TransferStep::Interrupted
}

/// A full disk here may have room later.
fn here(error: io::Error) -> TransferStep {
    tracing::warn!(kind = ?error.kind(), "a chunk can't be kept");
    TransferStep::Interrupted
}

fn parse_bitmap(text: &str, chunks: usize) -> Option<Vec<bool>> {
    let there: Option<Vec<bool>> = text
        .bytes()
        .map(|byte| match byte {
            b'0' => Some(false),
            b'1' => Some(true),
            _ => None,
        })
        .collect();
    there.filter(|there| there.len() == chunks)
}

fn read_chunk(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(limits::CHUNK).unwrap_or(u64::MAX);
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Complete and durable, or absent.
fn write_chunk(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use homing_wire::SpaceId;

    fn job(blob: u8, kind: TransferKind, token: &str) -> TransferJob {
        TransferJob {
            kind,
            address: "http://127.0.0.1:9/".into(),
            token: token.into(),
            space: SpaceId([1; 32]),
            blob: BlobId([blob; 32]),
            chunks: Vec::new(),
            folder: PathBuf::new(),
        }
    }

    #[test]
    fn a_file_is_never_moved_twice_at_once_and_the_newest_token_wins() {
        let mut queue = Queue::default();
        queue.put(job(1, TransferKind::Upload, "old"));
        queue.put(job(1, TransferKind::Upload, "new"));
        queue.put(job(2, TransferKind::Download, "new"));
        assert_eq!(queue.take().unwrap().token, "new");

        queue.put(job(1, TransferKind::Upload, "newer"));
        assert_eq!(queue.take().unwrap().blob, BlobId([2; 32]));
        assert!(queue.take().is_none());
        queue.running.retain(|(blob, _)| *blob != BlobId([1; 32]));
        assert_eq!(queue.take().unwrap().token, "newer");
    }

    #[test]
    fn a_bitmap_has_a_digit_for_every_chunk() {
        assert_eq!(parse_bitmap("010", 3), Some(vec![false, true, false]));
        assert_eq!(parse_bitmap("", 0), Some(Vec::new()));
        assert_eq!(parse_bitmap("01", 3), None);
        assert_eq!(parse_bitmap("012", 3), None);
    }

    #[test]
    fn a_refusal_for_good_is_told_from_trouble_that_passes() {
        assert_eq!(accept(StatusCode::CREATED), Ok(()));
        for status in [401, 429, 500, 503, 507] {
            assert_eq!(accept(StatusCode::from_u16(status).unwrap()), Err(TransferStep::Interrupted));
        }
        for status in [307, 400, 403, 404, 413, 422] {
            assert_eq!(accept(StatusCode::from_u16(status).unwrap()), Err(TransferStep::Refused { status }));
        }
    }

    #[test]
    fn chunks_that_are_there_need_no_relay_and_others_interrupt_without_one() {
        let folder = tempfile::tempdir().unwrap();
        write_chunk(&folder.path().join("0"), b"sealed").unwrap();
        let mut job = job(1, TransferKind::Download, "token");
        job.folder = folder.path().to_path_buf();
        job.chunks = vec![Hash::of(b"sealed")];

        let (report, news) = mpsc::channel();
        let mut transfers = Transfers::new(report);
        transfers.submit(job.clone());
        let step = || match news.recv().unwrap() {
            Message::Transfer(event) => event.step,
            _ => panic!("not news of a transfer"),
        };
        assert_eq!(step(), TransferStep::Progress { done: 1 });
        assert_eq!(step(), TransferStep::Finished);

        // The discard port: nobody answers there.
        job.chunks.push(Hash::of(b"missing"));
        transfers.submit(job);
        assert_eq!(step(), TransferStep::Progress { done: 1 });
        assert_eq!(step(), TransferStep::Interrupted);
    }
}

//! Moves the encrypted chunks of files between this device and the relay, over HTTP beside the socket (the
//! protocol's "Blobs").
//!
//! On threads of their own, because a chunk is disk and network in long blocking steps, and because a process that
//! ends must not wait for them: every chunk is complete or absent, so whatever is cut off goes on later. A transfer
//! that meets trouble which may pass is tried again after a growing pause, for as long as the session's token is good.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// The first and the longest pause before another try.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

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
    waiting: VecDeque<Waiting>,
    running: Vec<(BlobId, TransferKind)>,
    ended: bool,
}

struct Waiting {
    job: TransferJob,
    /// Tries that met trouble.
    tries: u32,
    /// Not before this.
    at: Instant,
}

impl Waiting {
    fn is_for(&self, (blob, kind): (BlobId, TransferKind)) -> bool {
        (self.job.blob, self.job.kind) == (blob, kind)
    }
}

/// Why a transfer stopped short.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// Trouble that may pass.
    Again,
    /// The session's token is no longer good, or the engine ended.
    Interrupted,
    /// For good.
    Refused(u16),
}

type Step<T> = Result<T, Stop>;

impl Transfers {
    pub fn new(report: mpsc::Sender<Message>) -> Self {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        Self { shared, report, threads: 0 }
    }

    /// Queues a transfer. One that waits already for the same file gives way: the newer has the newer token.
    pub fn submit(&mut self, job: TransferJob) {
        self.shared.lock().put(job, Instant::now());
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
    fn next(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        loop {
            if queue.ended {
                return None;
            }
            let now = Instant::now();
            if let Some(next) = queue.take(now) {
                return Some(next);
            }
            let pause = queue.waiting.iter().map(|waiting| waiting.at.saturating_duration_since(now)).min();
            // Never zero: what is due and can't be taken waits for the thread that is at the same file.
            let pause = pause.filter(|pause| !pause.is_zero()).unwrap_or(LONGEST_PAUSE);
            queue = self.changed.wait_timeout(queue, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The file may be taken by another thread again; with `again` this transfer is tried once more.
    fn done(&self, one: Waiting, again: bool) {
        let mut queue = self.lock();
        let file = (one.job.blob, one.job.kind);
        queue.running.retain(|running| *running != file);
        if again {
            queue.put_back(one, Instant::now());
        }
        self.changed.notify_all();
    }
}

impl Queue {
    fn put(&mut self, job: TransferJob, now: Instant) {
        self.waiting.retain(|waiting| !waiting.is_for((job.blob, job.kind)));
        self.waiting.push_back(Waiting { job, tries: 0, at: now });
    }

    fn put_back(&mut self, one: Waiting, now: Instant) {
        if !self.ended && !self.waiting.iter().any(|waiting| waiting.is_for((one.job.blob, one.job.kind))) {
            let pause = PAUSE.saturating_mul(2u32.saturating_pow(one.tries)).min(LONGEST_PAUSE);
            self.waiting.push_back(Waiting { tries: one.tries + 1, at: now + pause, ..one });
        }
    }

    fn take(&mut self, now: Instant) -> Option<Waiting> {
        let free = self.waiting.iter().position(|waiting| {
            waiting.at <= now && !self.running.iter().any(|running| waiting.is_for(*running))
        })?;
        let one = self.waiting.remove(free)?;
        self.running.push((one.job.blob, one.job.kind));
        Some(one)
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
    while let Some(one) = shared.next() {
        let say = |step| {
            let event = TransferEvent { blob: one.job.blob, kind: one.job.kind, step };
            let heard = report.send(Message::Transfer(event)).is_ok();
            if heard && !shared.lock().ended { Ok(()) } else { Err(Stop::Interrupted) }
        };
        let transfer = Transfer { agent: &agent, job: &one.job };
        let result = match one.job.kind {
            TransferKind::Upload => transfer.upload(say),
            TransferKind::Download => transfer.download(say),
        };
        // A job queued meanwhile for the same file starts after this one's end was told.
        let told = match result {
            Ok(()) => say(TransferStep::Finished),
            Err(Stop::Again) => Ok(()),
            Err(Stop::Interrupted) => say(TransferStep::Interrupted),
            Err(Stop::Refused(status)) => say(TransferStep::Refused { status }),
        };
        let again = result == Err(Stop::Again);
        shared.done(one, again);
        if told.is_err() {
            return;
        }
    }
}

struct Transfer<'a> {
    agent: &'a Agent,
    job: &'a TransferJob,
}

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
            // What its sender has not brought to the relay yet, or not even declared, comes later.
            let there = match &there {
                Some(there) => there,
                None => there.insert(self.bitmap().map_err(|stop| match stop {
                    Stop::Refused(404) => Stop::Again,
                    other => other,
                })?),
            };
            if there.get(index) != Some(&true) {
                return Err(Stop::Again);
            }
            let bytes = self.get(index)?;
            if Hash::of(&bytes) != *hash {
                tracing::warn!("the relay served a chunk that is not what its hash says");
                return Err(Stop::Refused(NOT_HTTP));
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
        header.and_then(|text| parse_bitmap(text, self.job.chunks.len())).ok_or(Stop::Again)
    }

    fn put(&self, index: usize) -> Step<()> {
        let bytes = read_chunk(&self.chunk(index)).map_err(|_| Stop::Refused(NOT_HTTP))?;
        let request = self.agent.put(format!("{}/{index}", self.url()));
        let response = request.header("authorization", self.bearer()).send(&bytes[..]).map_err(network)?;
        accept(response.status())
    }

    fn get(&self, index: usize) -> Step<Vec<u8>> {
        let request = self.agent.get(format!("{}/{index}", self.url()));
        let mut response = request.header("authorization", self.bearer()).call().map_err(network)?;
        accept(response.status())?;
        // One more than a chunk may have, because the limit itself counts as too much.
        let limit = u64::try_from(limits::CHUNK).unwrap_or(u64::MAX).saturating_add(1);
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

/// Refused for good, or worth another try: with the next session's token, or after a pause.
fn accept(status: StatusCode) -> Step<()> {
    match status.as_u16() {
        200..=299 => Ok(()),
        401 => Err(Stop::Interrupted),
        408 | 425 | 429 | 500.. => Err(Stop::Again),
        status => Err(Stop::Refused(status)),
    }
}

fn network(error: ureq::Error) -> Stop {
    tracing::debug!(%error, "a transfer met trouble");
    Stop::Again
}

/// A full disk here may have room later.
fn here(error: io::Error) -> Stop {
    tracing::warn!(kind = ?error.kind(), "a chunk can't be kept");
    Stop::Again
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
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.put(job(1, TransferKind::Upload, "old"), now);
        queue.put(job(1, TransferKind::Upload, "new"), now);
        queue.put(job(2, TransferKind::Download, "new"), now);
        assert_eq!(queue.take(now).unwrap().job.token, "new");

        queue.put(job(1, TransferKind::Upload, "newer"), now);
        assert_eq!(queue.take(now).unwrap().job.blob, BlobId([2; 32]));
        assert!(queue.take(now).is_none());
        queue.running.retain(|(blob, _)| *blob != BlobId([1; 32]));
        assert_eq!(queue.take(now).unwrap().job.token, "newer");
    }

    #[test]
    fn trouble_makes_pauses_that_grow_and_a_new_token_ends_them() {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        queue.put(job(1, TransferKind::Upload, "old"), now);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let one = queue.take(now).unwrap();
            queue.running.clear();
            queue.put_back(one, now);
            assert!(queue.take(now).is_none());
            let at = queue.waiting.front().unwrap().at;
            pauses.push(at.duration_since(now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);

        let one = queue.take(now).unwrap();
        queue.running.clear();
        queue.put(job(1, TransferKind::Upload, "new"), now);
        queue.put_back(one, now);
        assert_eq!(queue.take(now).unwrap().job.token, "new");
        assert!(queue.waiting.is_empty());
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
        assert_eq!(accept(StatusCode::UNAUTHORIZED), Err(Stop::Interrupted));
        for status in [429, 500, 503, 507] {
            assert_eq!(accept(StatusCode::from_u16(status).unwrap()), Err(Stop::Again));
        }
        for status in [307, 400, 403, 404, 413, 422] {
            assert_eq!(accept(StatusCode::from_u16(status).unwrap()), Err(Stop::Refused(status)));
        }
    }

    #[test]
    fn chunks_that_are_there_need_no_relay() {
        let folder = tempfile::tempdir().unwrap();
        write_chunk(&folder.path().join("0"), b"sealed").unwrap();
        let mut job = job(1, TransferKind::Download, "token");
        job.folder = folder.path().to_path_buf();
        job.chunks = vec![Hash::of(b"sealed")];

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

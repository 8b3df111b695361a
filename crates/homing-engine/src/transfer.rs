//! How the encrypted chunks of a file get to the relay and back (the protocol's "Blobs"): which requests, in which
//! order, and what is tried again.
//!
//! The requests themselves are behind [`Chunks`]: HTTP in a real process ([`crate::host`]), the relay itself in a
//! simulation. Every chunk is complete or absent, on both sides, so whatever is cut off goes on later. A transfer that
//! meets trouble which may pass is tried again after a growing pause, for as long as the session's token is good.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use homing_wire::{BlobId, Hash, limits};

use crate::port::{Shortage, TransferJob, TransferKind, TransferStep};

/// The first and the longest pause before another try.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Status for what was refused on this computer: the file's chunks can't be read, or are not what was declared.
pub(crate) const HERE: u16 = 0;
/// Status for what the relay does not have.
pub(crate) const GONE: u16 = 404;
/// Status for a file that is larger than what the relay takes.
pub(crate) const TOO_LARGE: u16 = 413;

/// The relay's answers to the requests of a transfer.
pub trait Chunks {
    /// Declares the job's chunks and grants its space.
    fn declare(&self, job: &TransferJob) -> Result<(), Answer>;
    /// Which chunks the relay has: a `0` or `1` for each.
    fn have(&self, job: &TransferJob) -> Result<String, Answer>;
    /// Stores a chunk.
    fn put(&self, job: &TransferJob, index: usize, chunk: &[u8]) -> Result<(), Answer>;
    /// Reads a chunk.
    fn get(&self, job: &TransferJob, index: usize) -> Result<Vec<u8>, Answer>;
}

/// An answer that is not the one hoped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// None came.
    None,
    /// The relay refuses, with this HTTP status.
    Status(u16),
    /// The relay has no room.
    Short(Shortage),
}

/// How a transfer ended.
pub struct Ended {
    /// It is to be tried again after a pause.
    pub again: bool,
}

/// Why a transfer stopped short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// Trouble that may pass.
    Again,
    /// There may be room later.
    Short(Shortage),
    /// The session's token is no longer good, its person stopped it, or the engine ended.
    Interrupted,
    /// For good.
    Refused(u16),
}

type Step<T> = Result<T, Stop>;

/// Carries a transfer out as far as it goes. `say` hears each step and answers whether to go on.
pub fn carry(job: &TransferJob, relay: &impl Chunks, say: impl Fn(TransferStep) -> bool) -> Ended {
    let transfer = Transfer { job, relay, say: &say };
    let done = match job.kind {
        TransferKind::Upload => transfer.upload(),
        TransferKind::Download => transfer.download(),
    };
    let (step, again) = match done {
        Ok(()) => (Some(TransferStep::Finished), false),
        Err(Stop::Again) => (None, true),
        Err(Stop::Short(shortage)) => (Some(TransferStep::Short(shortage)), true),
        Err(Stop::Interrupted) => (Some(TransferStep::Interrupted), false),
        Err(Stop::Refused(status)) => (Some(TransferStep::Refused { status }), false),
    };
    step.map(say);
    Ended { again }
}

/// Transfers that wait for their turn. Times are since any moment that stays the same.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    running: Vec<(BlobId, TransferKind)>,
}

/// A transfer that was taken out of its queue.
pub struct Waiting {
    /// What to do.
    pub job: TransferJob,
    /// Tries that met trouble.
    tries: u32,
    /// Not before this.
    at: Duration,
}

impl Waiting {
    fn is_for(&self, (blob, kind): (BlobId, TransferKind)) -> bool {
        (self.job.blob, self.job.kind) == (blob, kind)
    }
}

impl Queue {
    /// Queues a transfer. One that waits already for the same file gives way: the newer has the newer token.
    pub fn put(&mut self, job: TransferJob, now: Duration) {
        self.waiting.retain(|waiting| !waiting.is_for((job.blob, job.kind)));
        self.waiting.push_back(Waiting { job, tries: 0, at: now });
    }

    /// The next transfer that is due and of a file that nobody is at.
    pub fn take(&mut self, now: Duration) -> Option<Waiting> {
        let free = self.waiting.iter().position(|waiting| {
            waiting.at <= now && !self.running.iter().any(|running| waiting.is_for(*running))
        })?;
        let one = self.waiting.remove(free)?;
        self.running.push((one.job.blob, one.job.kind));
        Some(one)
    }

    /// A transfer ended; with `again` it is tried once more after a pause.
    pub fn done(&mut self, one: Waiting, again: bool, now: Duration) {
        let file = (one.job.blob, one.job.kind);
        self.running.retain(|running| *running != file);
        if again && !self.waiting.iter().any(|waiting| waiting.is_for(file)) {
            let pause = PAUSE.saturating_mul(2u32.saturating_pow(one.tries)).min(LONGEST_PAUSE);
            self.waiting.push_back(Waiting { tries: one.tries.saturating_add(1), at: now + pause, ..one });
        }
    }

    /// When the next transfer is due, if any waits.
    pub fn next_at(&self) -> Option<Duration> {
        self.waiting.iter().map(|waiting| waiting.at).min()
    }

    /// A transfer that waits is not begun any more.
    pub fn forget(&mut self, blob: BlobId, kind: TransferKind) {
        self.waiting.retain(|waiting| !waiting.is_for((blob, kind)));
    }

    /// Nothing that waits is begun any more.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

struct Transfer<'a, R, S> {
    job: &'a TransferJob,
    relay: &'a R,
    say: S,
}

impl<R: Chunks, S: Fn(TransferStep) -> bool> Transfer<'_, R, S> {
    fn say(&self, step: TransferStep) -> Step<()> {
        if (self.say)(step) { Ok(()) } else { Err(Stop::Interrupted) }
    }

    fn upload(&self) -> Step<()> {
        self.relay.declare(self.job).map_err(stop)?;
        let mut there = self.bitmap()?;
        let count = |there: &[bool]| u32::try_from(there.iter().filter(|there| **there).count()).unwrap_or(0);
        self.say(TransferStep::Progress { done: count(&there) })?;
        for index in 0..there.len() {
            if there.get(index) == Some(&false) {
                // Another device of the person has it, and brings it.
                if !self.job.folder.exists() {
                    return Err(Stop::Again);
                }
                let bytes = read_chunk(&self.chunk(index)).map_err(|_| Stop::Refused(HERE))?;
                self.relay.put(self.job, index, &bytes).map_err(stop)?;
                if let Some(there) = there.get_mut(index) {
                    *there = true;
                }
                self.say(TransferStep::Progress { done: count(&there) })?;
            }
        }
        Ok(())
    }

    fn download(&self) -> Step<()> {
        fs::create_dir_all(&self.job.folder).map_err(here)?;
        let mut there = None;
        for (done, (index, hash)) in (1..).zip(self.job.chunks.iter().enumerate()) {
            let path = self.chunk(index);
            if read_chunk(&path).is_ok_and(|bytes| Hash::of(&bytes) == *hash) {
                self.say(TransferStep::Progress { done })?;
                continue;
            }
            // What its sender has not brought to the relay yet, or not even declared, comes later.
            let lacking = if self.job.was_there { Stop::Refused(GONE) } else { Stop::Again };
            let there = match &there {
                Some(there) => there,
                None => there.insert(self.bitmap().map_err(|stop| match stop {
                    Stop::Refused(GONE) => lacking,
                    other => other,
                })?),
            };
            if there.get(index) != Some(&true) {
                return Err(lacking);
            }
            let bytes = self.relay.get(self.job, index).map_err(stop)?;
            if Hash::of(&bytes) != *hash {
                tracing::warn!("the relay served a chunk that is not what its hash says");
                return Err(Stop::Refused(HERE));
            }
            write_chunk(&path, &bytes).map_err(here)?;
            self.say(TransferStep::Progress { done })?;
        }
        Ok(())
    }

    /// Which chunks the relay has.
    fn bitmap(&self) -> Step<Vec<bool>> {
        let text = self.relay.have(self.job).map_err(stop)?;
        parse_bitmap(&text, self.job.chunks.len()).ok_or(Stop::Again)
    }

    fn chunk(&self, index: usize) -> PathBuf {
        self.job.folder.join(index.to_string())
    }
}

/// Refused for good, or worth another try: with the next session's token, or after a pause.
fn stop(answer: Answer) -> Stop {
    match answer {
        Answer::None | Answer::Status(408 | 425 | 429 | 500..) => Stop::Again,
        Answer::Short(shortage) => Stop::Short(shortage),
        Answer::Status(401) => Stop::Interrupted,
        Answer::Status(status) => Stop::Refused(status),
    }
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
            was_there: false,
        }
    }

    #[test]
    fn a_file_is_never_moved_twice_at_once_and_the_newest_token_wins() {
        let (mut queue, now) = (Queue::default(), Duration::ZERO);
        queue.put(job(1, TransferKind::Upload, "old"), now);
        queue.put(job(1, TransferKind::Upload, "new"), now);
        queue.put(job(2, TransferKind::Download, "new"), now);
        let first = queue.take(now).unwrap();
        assert_eq!(first.job.token, "new");

        queue.put(job(1, TransferKind::Upload, "newer"), now);
        assert_eq!(queue.take(now).unwrap().job.blob, BlobId([2; 32]));
        assert!(queue.take(now).is_none());
        queue.done(first, false, now);
        assert_eq!(queue.take(now).unwrap().job.token, "newer");
    }

    #[test]
    fn trouble_makes_pauses_that_grow_and_a_new_token_ends_them() {
        let (mut queue, mut now) = (Queue::default(), Duration::ZERO);
        queue.put(job(1, TransferKind::Upload, "old"), now);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let one = queue.take(now).unwrap();
            queue.done(one, true, now);
            assert!(queue.take(now).is_none());
            let at = queue.next_at().unwrap();
            pauses.push((at - now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);

        let one = queue.take(now).unwrap();
        queue.put(job(1, TransferKind::Upload, "new"), now);
        queue.done(one, true, now);
        assert_eq!(queue.take(now).unwrap().job.token, "new");
        assert!(queue.next_at().is_none());
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
        assert_eq!(stop(Answer::Status(401)), Stop::Interrupted);
        assert_eq!(stop(Answer::None), Stop::Again);
        assert_eq!(stop(Answer::Short(Shortage::Quota)), Stop::Short(Shortage::Quota));
        for status in [429, 500, 503] {
            assert_eq!(stop(Answer::Status(status)), Stop::Again);
        }
        for status in [307, 400, 403, 404, 413, 422] {
            assert_eq!(stop(Answer::Status(status)), Stop::Refused(status));
        }
    }
}

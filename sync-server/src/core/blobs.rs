//! Files: who may declare, store and read which chunk. The bytes never pass through here.

use homing_wire::{BlobId, Hash, NackCode, PersonId, RelayFrame, SpaceId, limits};

use super::session::{SessionId, Who};
use super::{RelayCore, Stop};
use crate::error::RelayError;

/// Milliseconds an upload may take.
const UPLOAD_MS: u64 = 7 * 24 * 3600 * 1000;
/// Given-up uploads that are forgotten at once.
const SWEEP: u64 = 100;

/// A request of the HTTP interface.
#[derive(Debug, Clone)]
pub enum BlobAsk {
    /// Is the token good?
    Enter,
    /// Begins an upload and grants the space.
    Declare {
        /// The file.
        blob: BlobId,
        /// The space.
        space: SpaceId,
        /// Of its encrypted chunks.
        hashes: Vec<Hash>,
    },
    /// May this chunk come?
    Put {
        /// The file.
        blob: BlobId,
        /// Which chunk.
        index: u64,
        /// How long it is.
        bytes: u64,
    },
    /// The chunk is durable.
    Stored {
        /// The file.
        blob: BlobId,
        /// Which chunk.
        index: u64,
        /// How long it is.
        bytes: u64,
    },
    /// The chunk does not come after all.
    GaveUp {
        /// The file.
        blob: BlobId,
        /// Which chunk.
        index: u64,
    },
    /// Which chunks are here?
    Have {
        /// The file.
        blob: BlobId,
    },
    /// May this chunk be read?
    Get {
        /// The file.
        blob: BlobId,
        /// Which chunk.
        index: u64,
    },
}

/// A request that is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobAnswer {
    /// Nothing more to do.
    Done,
    /// The chunk must hash to this.
    Expect(Hash),
    /// One per chunk.
    Chunks(Vec<bool>),
}

/// A request that is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobRefusal {
    /// No session has this token.
    Unauthorized,
    /// No such file, chunk or space, or no right to know.
    NotFound,
    /// The id doesn't fit the hashes.
    Malformed,
    /// Over the limit of a file.
    TooLarge,
    /// Over the account's quota.
    Quota,
    /// The disk is nearly full.
    DiskFull,
}

impl BlobRefusal {
    /// As HTTP says it.
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::Malformed => 400,
            Self::TooLarge => 413,
            Self::Quota | Self::DiskFull => 507,
        }
    }
}

/// Answer to a [`BlobAsk`].
pub type BlobReply = Result<BlobAnswer, BlobRefusal>;

impl RelayCore {
    /// A request beside the socket, with the token the session got at welcome. Like a frame's, its outcome counts
    /// once [`RelayCore::commit`] is done.
    pub fn blob(&mut self, token: &str, ask: BlobAsk, now_ms: u64) -> Result<BlobReply, RelayError> {
        let Some(who) = self.tokens.get(token).and_then(|session| self.sessions.get(session)?.who()) else {
            return Ok(Err(BlobRefusal::Unauthorized));
        };
        let done = match ask {
            BlobAsk::Declare { blob, space, hashes } => self.declare(&who, &blob, &space, &hashes, now_ms),
            BlobAsk::Enter => Ok(Ok(BlobAnswer::Done)),
            BlobAsk::Put { blob, index, bytes } => self.may_store(&who, (blob, index), bytes, now_ms),
            BlobAsk::Stored { blob, index, bytes } => self.stored(&who, &blob, index, bytes),
            BlobAsk::GaveUp { blob, index } => {
                self.promises.end(&who.person, &(blob, index));
                Ok(Ok(BlobAnswer::Done))
            }
            BlobAsk::Have { blob } => self.have(&who, &blob),
            BlobAsk::Get { blob, index } => self.may_read(&who, &blob, index),
        };
        match done {
            Err(RelayError::Damaged(what)) => {
                tracing::error!("the database is damaged: {what}");
                Ok(Err(BlobRefusal::NotFound))
            }
            done => done,
        }
    }

    fn declare(
        &mut self,
        who: &Who,
        blob: &BlobId,
        space: &SpaceId,
        hashes: &[Hash],
        now_ms: u64,
    ) -> Result<BlobReply, RelayError> {
        if hashes.is_empty() || hashes.len() > limits::CHUNKS || BlobId::of_chunks(hashes) != *blob {
            return Ok(Err(BlobRefusal::Malformed));
        }
        let Some(number) = self.writable(who, space)? else { return Ok(Err(BlobRefusal::NotFound)) };
        if self.disk_full {
            return Ok(Err(BlobRefusal::DiskFull));
        }
        // Who knows all hashes has the file, or was given it: declaring what is here already is a grant.
        if self.store.blob(blob)?.is_none() {
            if self.store.unfinished_of(&who.person)? >= self.limits.account_uploads {
                return Ok(Err(BlobRefusal::Quota));
            }
            self.store.add_blob(blob, &who.person, hashes, now_ms)?;
        }
        self.store.add_grant(blob, number)?;
        Ok(Ok(BlobAnswer::Done))
    }

    fn may_store(
        &mut self,
        who: &Who,
        chunk: (BlobId, u64),
        bytes: u64,
        now_ms: u64,
    ) -> Result<BlobReply, RelayError> {
        let (blob, index) = chunk;
        // Another member who has the same file finds it declared, and finishes the upload: at their own cost.
        let row = match self.store.blob(&blob)? {
            Some(row) if row.person == who.person || self.reads_blob(who, &blob)? => row,
            _ => return Ok(Err(BlobRefusal::NotFound)),
        };
        let Some(expected) = usize::try_from(index).ok().and_then(|index| row.hashes.get(index)) else {
            return Ok(Err(BlobRefusal::NotFound));
        };
        if self.store.has_chunk(&blob, index)? {
            return Ok(Ok(BlobAnswer::Done));
        }
        if self.disk_full {
            return Ok(Err(BlobRefusal::DiskFull));
        }
        // What others of this person's requests are bringing has its room already.
        let promised = self.promises.besides(&who.person, &chunk, now_ms);
        let of_file = row.bytes.saturating_add(promised.of_file).saturating_add(bytes);
        if of_file > self.limits.blob_bytes {
            return Ok(Err(BlobRefusal::TooLarge));
        }
        self.load_account(&who.person)?;
        let used = self.accounts.peek(&who.person).map_or(0, |account| account.row.blob_bytes);
        let of_account = used.saturating_add(promised.of_person).saturating_add(bytes);
        if of_account > self.limits.account_blob_bytes {
            return Ok(Err(BlobRefusal::Quota));
        }
        self.promises.make(&who.person, chunk, bytes, now_ms);
        Ok(Ok(BlobAnswer::Expect(*expected)))
    }

    fn stored(&mut self, who: &Who, blob: &BlobId, index: u64, bytes: u64) -> Result<BlobReply, RelayError> {
        self.promises.end(&who.person, &(*blob, index));
        if self.store.blob(blob)?.is_none() {
            return Ok(Err(BlobRefusal::NotFound));
        }
        if self.store.add_chunk(blob, index, bytes, &who.person)?
            && self.load_account(&who.person)?
            && let Some(account) = self.accounts.get(&who.person)
        {
            account.row.blob_bytes = account.row.blob_bytes.saturating_add(bytes);
            self.batch.accounts.insert(who.person);
        }
        Ok(Ok(BlobAnswer::Done))
    }

    fn have(&mut self, who: &Who, blob: &BlobId) -> Result<BlobReply, RelayError> {
        let Some(row) = self.store.blob(blob)? else { return Ok(Err(BlobRefusal::NotFound)) };
        if !self.reads_blob(who, blob)? {
            return Ok(Err(BlobRefusal::NotFound));
        }
        let here = self.store.chunks(blob)?;
        let chunks = (0u64..).take(row.hashes.len()).map(|index| here.contains(&index)).collect();
        Ok(Ok(BlobAnswer::Chunks(chunks)))
    }

    fn may_read(&mut self, who: &Who, blob: &BlobId, index: u64) -> Result<BlobReply, RelayError> {
        if !self.reads_blob(who, blob)? || !self.store.chunks(blob)?.contains(&index) {
            return Ok(Err(BlobRefusal::NotFound));
        }
        Ok(Ok(BlobAnswer::Done))
    }

    /// A grant to a space the person reads.
    fn reads_blob(&self, who: &Who, blob: &BlobId) -> Result<bool, RelayError> {
        for space in self.store.grants(blob)? {
            if self.store.reads(space, &who.person)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The short name of a space the person may put files into.
    fn writable(&mut self, who: &Who, space: &SpaceId) -> Result<Option<i64>, RelayError> {
        if !self.load_space(space)? {
            return Ok(None);
        }
        let known = self.spaces.peek(space);
        let writes = known
            .and_then(|known| known.state.access(&self.known(), &who.person))
            .is_some_and(|role| role.writes());
        Ok(known.filter(|_| writes).map(|known| known.row.number))
    }

    pub(super) fn grant(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        blob: BlobId,
    ) -> Result<(), Stop> {
        let number = self.writable(who, &space)?.ok_or(NackCode::NotFound)?;
        if !self.reads_blob(who, &blob)? {
            return Err(NackCode::NotFound.into());
        }
        self.store.add_grant(&blob, number)?;
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }

    /// An account whose log is damaged keeps its files' bytes on its bill, and everybody else is swept.
    fn load_if_sound(&mut self, person: &PersonId) -> Result<bool, RelayError> {
        match self.load_account(person) {
            Err(RelayError::Damaged(_)) => Ok(false),
            loaded => loaded,
        }
    }

    /// Forgets uploads that were given up, and gives everybody back what they brought of them. A whole file stays as long
    /// as a space it was granted to, and those stay.
    pub(super) fn sweep_blobs(&mut self, now_ms: u64) -> Result<(), RelayError> {
        self.promises.sweep(now_ms);
        for blob in self.store.unfinished_blobs(now_ms.saturating_sub(UPLOAD_MS), SWEEP)? {
            for (person, bytes) in self.store.paid_for(&blob)? {
                if self.load_if_sound(&person)?
                    && let Some(account) = self.accounts.get(&person)
                {
                    account.row.blob_bytes = account.row.blob_bytes.saturating_sub(bytes);
                    self.batch.accounts.insert(person);
                }
            }
            self.store.drop_blob(&blob)?;
            self.batch.dropped_blobs.push(blob);
        }
        Ok(())
    }
}

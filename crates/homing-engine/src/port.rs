//! What goes into the engine's core and what comes out of it. The core does no I/O but its database: the host
//! ([`crate::host`]) or a simulation carries out what it asks for.

use std::path::PathBuf;

use homing_wire::{BlobId, Hash, SpaceId};
use serde_json::value::RawValue;

use crate::api::{ApiError, Call, Event};
use crate::files::{FileJob, FileOutcome};
use crate::pages::{PageJob, PageOutcome};
use crate::translate::{TranslationJob, TranslationOutcome};

/// Number that ties a reply to its call.
pub type CallId = u64;

/// The answer to a call: JSON as it goes to the page, another process or a script, written once and not taken apart on
/// the way.
pub type Answer = Result<Box<RawValue>, ApiError>;

/// Something that happened.
pub enum Input {
    /// A screen, script or second process asks for something.
    Call(CallId, Call),
    /// The socket asked for is open.
    SocketOpened {
        /// Of the [`Output::Connect`].
        link: u64,
    },
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// Of the [`Output::Connect`].
        link: u64,
    },
    /// Binary messages from the relay, as many as had come: pages that come together are stored together.
    Frames {
        /// Of the [`Output::Connect`].
        link: u64,
        /// As they came.
        frames: Vec<Vec<u8>>,
    },
    /// The time asked for with [`Output::WakeAt`] has come.
    Wake,
    /// The network may be back (resume from sleep, link up).
    NetworkHint,
    /// A transfer moved on or ended.
    Transfer(TransferEvent),
    /// The work of the [`FileJob`] with this id is done.
    File(u64, FileOutcome),
    /// What the page of the [`PageJob`] with this id said.
    Page(u64, PageOutcome),
    /// What the service asked by the [`TranslationJob`] with this id answered.
    Translated(u64, TranslationOutcome),
    /// The process ends: slots and cursors are written.
    Stop,
}

/// Something to carry out.
pub enum Output {
    /// Open the socket `ws(s)://host/v1/sync` of the relay at this address.
    Connect {
        /// Names the socket; a new one replaces any older one.
        link: u64,
        /// `http://` or `https://` address of the relay.
        address: String,
    },
    /// Close the socket; nothing of it is listened to any more.
    Disconnect {
        /// Of the [`Output::Connect`].
        link: u64,
    },
    /// Send a binary message.
    Send {
        /// Of the [`Output::Connect`].
        link: u64,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Call back with [`Input::Wake`] at this time of [`crate::core::Core::steady_ms`]; replaces an earlier one.
    WakeAt(u64),
    /// Tell the screens.
    Event(Event),
    /// Answer a call.
    Reply(CallId, Answer),
    /// Start a transfer of a file's encrypted chunks.
    Transfer(TransferJob),
    /// End the transfer of a file where it is; what was moved stays.
    StopTransfer {
        /// The file.
        blob: BlobId,
        /// Up or down.
        kind: TransferKind,
    },
    /// Do work on a file of this computer, beside everything else.
    File(FileJob),
    /// Ask a page what it says of itself, beside everything else.
    Page(PageJob),
    /// Have a message translated by a service near by, beside everything else.
    Translate(TranslationJob),
}

/// What a transfer does. Chunks lie encrypted in `folder` as files named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferKind {
    /// Declare the chunks and put those the relay misses.
    Upload,
    /// Get all chunks not in the folder yet, checked against their hashes.
    Download,
}

/// A transfer of one file between this device and the relay.
#[derive(Clone, Debug)]
pub struct TransferJob {
    /// Up or down.
    pub kind: TransferKind,
    /// The relay's address.
    pub address: String,
    /// Bearer token of the session.
    pub token: String,
    /// Space whose members may fetch it.
    pub space: SpaceId,
    /// The file.
    pub blob: BlobId,
    /// Hashes of its encrypted chunks, in order.
    pub chunks: Vec<Hash>,
    /// Where the encrypted chunks are or go.
    pub folder: PathBuf,
    /// All of it was fetched from there before: what is not there now will not come.
    pub was_there: bool,
}

/// News of a transfer.
#[derive(Clone, Debug)]
pub struct TransferEvent {
    /// The file.
    pub blob: BlobId,
    /// The space of the job.
    pub space: SpaceId,
    /// Up or down.
    pub kind: TransferKind,
    /// What happened.
    pub step: TransferStep,
}

/// What the relay has too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Room on its disk.
    Disk,
    /// The person's share.
    Quota,
}

/// How a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferStep {
    /// Chunks done so far.
    Progress {
        /// Chunks that are at their destination.
        done: u32,
    },
    /// All chunks are at their destination.
    Finished,
    /// The relay has no room for it now; it is tried again.
    Short(Shortage),
    /// Network trouble: try again when connected.
    Interrupted,
    /// The relay refused for good (quota, size, no right); a short code for the error.
    Refused {
        /// HTTP status.
        status: u16,
    },
}

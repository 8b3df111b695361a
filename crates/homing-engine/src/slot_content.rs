//! What slots hold once opened. Each is the present of one thing on one device; readers merge the devices'.

use homing_store::notices::{NoticeKey, ReadMark};
use homing_wire::codec::{CodecError, decode, encode};
use homing_wire::{DeviceId, DocId, SlotId, SpaceId, VerifyKey, limits};
use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

/// Content of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
pub(crate) enum SlotContent {
    /// In the personal space: the drafts of one conversation.
    #[n(0)]
    Drafts(#[n(0)] Drafts),
    /// In the personal space: what this person has read of one space.
    #[n(1)]
    Position(#[n(0)] Position),
    /// In a conversation's space: what this device stored and its person read.
    #[n(2)]
    Receipts(#[n(0)] Receipts),
    /// In the personal space: settings that follow the person.
    #[n(3)]
    Settings(#[n(0)] SharedSettings),
    /// In the personal space: recovery words were written down.
    #[n(4)]
    WordsKept(#[n(0)] WordsKept),
    /// In the personal space: notices this person has read.
    #[n(5)]
    Notices(#[n(0)] NoticesRead),
    /// In the personal space: what the files of one conversation's drafts are.
    #[n(6)]
    DraftFiles(#[n(0)] DraftFiles),
    /// In the personal space: what is typed of comments beside one conversation. A content of its own: versions that know
    /// of no such drafts can't read it, so none of them shows it as a draft of the conversation.
    #[n(7)]
    Comments(#[n(0)] Drafts),
}

/// What the files of a conversation's drafts are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct DraftFiles {
    #[n(0)]
    pub conversation: DocId,
    #[n(1)]
    pub files: Vec<DraftFileCopy>,
}

/// A file of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct DraftFileCopy {
    #[n(0)]
    pub draft: DraftKey,
    /// As it will stand in the message, its key included.
    #[n(1)]
    pub meta: ByteVec,
}

/// A copy of a draft as its device has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct DraftCopy {
    /// Random per draft begun.
    #[n(0)]
    pub id: DraftKey,
    /// The saved document.
    #[n(1)]
    pub doc: ByteVec,
    /// Unix ms of the last change on that device.
    #[n(2)]
    pub updated_ms: u64,
    /// Message it answers.
    #[n(3)]
    pub reply_to: Option<DocId>,
    /// The device that is sending it, and the heads it froze.
    #[n(4)]
    pub sending: Option<SendingMark>,
}

/// A draft's id.
pub(crate) type DraftKey = homing_model::DraftId;

/// A device has frozen a draft and waits for the relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct SendingMark {
    /// Which device.
    #[n(0)]
    pub device: DeviceId,
    /// What it froze.
    #[n(1)]
    pub heads: ByteVec,
}

/// A draft became a message (or was discarded) at these heads.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct DoneMark {
    /// The draft.
    #[n(0)]
    pub id: DraftKey,
    /// What was sent; text beyond it lives on as a new draft.
    #[n(1)]
    pub heads: ByteVec,
}

/// The drafts of one conversation on one device, or what is typed of comments beside it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Drafts {
    #[n(0)]
    pub conversation: DocId,
    #[n(1)]
    pub copies: Vec<DraftCopy>,
    #[n(2)]
    pub done: Vec<DoneMark>,
}

/// Intervals of entry numbers per sending device.
pub(crate) type Marks = Vec<(DeviceId, ByteVec)>;

/// What has been read of one space.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Position {
    #[n(0)]
    pub space: SpaceId,
    #[n(1)]
    pub read: Marks,
}

/// One step of a receipt, kept for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Advance {
    /// The sending device whose entries it covers.
    #[n(0)]
    pub device: DeviceId,
    /// First entry number.
    #[n(1)]
    pub from: u64,
    /// Last entry number.
    #[n(2)]
    pub to: u64,
    /// Unix ms.
    #[n(3)]
    pub at_ms: u64,
    /// False: delivered.
    #[n(4)]
    pub read: bool,
}

/// What a device stored and its person read of one space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Receipts {
    #[n(0)]
    pub delivered: Marks,
    #[n(1)]
    pub read: Marks,
    /// The last [`ADVANCES`] steps; older ones are known without a time.
    #[n(2)]
    pub advances: Vec<Advance>,
}

/// Advances kept with their times.
pub(crate) const ADVANCES: usize = 100;

/// Settings that follow the person. The newest writer wins.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct SharedSettings {
    #[n(0)]
    pub read_receipts: bool,
    #[n(1)]
    pub changed_ms: u64,
}

/// The recovery words with this public half were written down, and the person proved it on the slot's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct WordsKept {
    #[n(0)]
    pub verify: VerifyKey,
}

/// Notices that were read, the newest ones; readers take the union.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct NoticesRead {
    #[n(0)]
    read: Vec<NoticeMark>,
}

/// A notice that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
struct NoticeMark {
    /// Its name on all devices.
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 16],
    /// When it happened, Unix ms.
    #[n(1)]
    at_ms: u64,
}

impl NoticesRead {
    pub fn of(marks: &[ReadMark]) -> Self {
        Self { read: marks.iter().map(|mark| NoticeMark { key: mark.key.0, at_ms: mark.at_ms }).collect() }
    }

    pub fn marks(&self) -> Vec<ReadMark> {
        let mark = |mark: &NoticeMark| ReadMark { key: NoticeKey(mark.key), at_ms: mark.at_ms };
        self.read.iter().map(mark).collect()
    }
}

impl SlotContent {
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode("slot content", bytes, limits::PLAINTEXT)
    }
}

/// Slot of the drafts of a conversation.
pub(crate) fn drafts_slot(conversation: &DocId) -> SlotId {
    slot_id("drafts", conversation.as_bytes())
}

/// Slot of what is typed of comments beside a conversation.
pub(crate) fn comments_slot(conversation: &DocId) -> SlotId {
    slot_id("comments", conversation.as_bytes())
}

/// Slot of what the files of a conversation's drafts are.
pub(crate) fn draft_files_slot(conversation: &DocId) -> SlotId {
    slot_id("draft files", conversation.as_bytes())
}

/// Slot of what was read of a space.
pub(crate) fn position_slot(space: &SpaceId) -> SlotId {
    slot_id("position", space.as_bytes())
}

/// Slot of a space's receipts.
pub(crate) fn receipts_slot() -> SlotId {
    slot_id("receipts", &[])
}

/// Slot of the shared settings.
pub(crate) fn settings_slot() -> SlotId {
    slot_id("settings", &[])
}

/// Slot of the recovery words that were written down.
pub(crate) fn words_slot() -> SlotId {
    slot_id("words kept", &[])
}

/// Slot of the notices that were read.
pub(crate) fn notices_slot() -> SlotId {
    slot_id("notices", &[])
}

fn slot_id(kind: &str, key: &[u8]) -> SlotId {
    let hash = blake3::derive_key("homing 2026-11 slot id v1", &[kind.as_bytes(), &[0], key].concat());
    let mut id = [0u8; 16];
    id.copy_from_slice(hash.split_at(16).0);
    SlotId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content of slots as versions knew it that kept what is typed of a comment on its device.
    #[derive(Debug, Encode, Decode, CborLen)]
    enum Before {
        #[n(0)]
        Drafts(#[n(0)] Drafts),
        #[n(1)]
        Position(#[n(0)] Position),
        #[n(2)]
        Receipts(#[n(0)] Receipts),
        #[n(3)]
        Settings(#[n(0)] SharedSettings),
        #[n(4)]
        WordsKept(#[n(0)] WordsKept),
        #[n(5)]
        Notices(#[n(0)] NoticesRead),
        #[n(6)]
        DraftFiles(#[n(0)] DraftFiles),
    }

    #[test]
    fn versions_before_read_nothing_of_what_is_typed_of_a_comment() {
        let conversation = DocId::from_hash(&[7; 32]);
        let drafts = Drafts { conversation, copies: Vec::new(), done: Vec::new() };
        let before = |content: SlotContent| decode::<Before>("slot", &content.encode(), limits::PLAINTEXT);
        assert!(matches!(before(SlotContent::Drafts(drafts.clone())), Ok(Before::Drafts(_))));
        assert!(before(SlotContent::Comments(drafts)).is_err());
        assert_ne!(comments_slot(&conversation), drafts_slot(&conversation));
    }
}

//! Kinds of documents, and what a document's id is cut from.
//!
//! The preimage stands in a document's first change under the root key `id`. Since the id is its hash, nobody
//! can begin a document under another's id, and rules read owner and natural key from a place that can't lie.

use homing_wire::codec::{self, CodecError};
use homing_wire::{DeviceId, DocId, PersonId, SpaceId};
use minicbor::{CborLen, Decode, Encode};

use crate::record::RecordKind;
use crate::{DraftId, limits};

/// What a document is. The numbers are written into ids and never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A person's name in a space. Derived by person.
    Profile,
    /// A space's name. Derived, one per space.
    SpaceInfo,
    /// A person or firm the team deals with. Derived by a random key, because the id of the contact's client
    /// space is cut from it.
    Contact,
    /// A conversation. Owned in team and client spaces; derived in talks, which have exactly one.
    Conversation,
    /// A message. Owned; its nonce comes from its draft.
    Message,
    /// What a person did with a conversation for themselves. Personal space, derived by conversation.
    ConversationState,
    /// A device's name. Personal space, derived by device.
    DeviceName,
    /// A draft; lives in slots, never in the log.
    Draft,
    /// A setting that follows the person. Personal space, derived by name.
    Setting,
    /// What a person did with somebody for themselves: blocked, called otherwise. Personal space, derived by person.
    PersonState,
    /// Who of a team looks after a conversation. Team space, derived by conversation.
    Handling,
    /// A record, of a kind this version knows.
    Record(RecordKind),
    /// Made by a later version: kept, not judged.
    Unknown(u32),
}

impl Kind {
    /// The number written into ids.
    pub fn number(self) -> u32 {
        match self {
            Self::Profile => 1,
            Self::SpaceInfo => 2,
            Self::Contact => 3,
            Self::Conversation => 4,
            Self::Message => 5,
            Self::ConversationState => 6,
            Self::DeviceName => 7,
            Self::Draft => 8,
            Self::Setting => 9,
            Self::PersonState => 10,
            Self::Handling => 11,
            Self::Record(kind) => kind.number(),
            Self::Unknown(number) => number,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Profile,
            2 => Self::SpaceInfo,
            3 => Self::Contact,
            4 => Self::Conversation,
            5 => Self::Message,
            6 => Self::ConversationState,
            7 => Self::DeviceName,
            8 => Self::Draft,
            9 => Self::Setting,
            10 => Self::PersonState,
            11 => Self::Handling,
            other => RecordKind::from_number(other).map_or(Self::Unknown(other), Self::Record),
        }
    }
}

impl<C> Encode<C> for Kind {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u32(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Kind {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.u32().map(Self::from_number)
    }
}

impl<C> CborLen<C> for Kind {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        self.number().cbor_len(ctx)
    }
}

/// What a document's id is cut from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode, CborLen)]
pub enum Preimage {
    /// One person began it, and may do more with it than others.
    #[n(0)]
    Owned {
        /// Its space.
        #[n(0)]
        space: SpaceId,
        /// Its kind.
        #[n(1)]
        kind: Kind,
        /// Who began it.
        #[n(2)]
        owner: PersonId,
        /// Tells the owner's documents of one kind apart.
        #[cbor(n(3), with = "minicbor::bytes")]
        nonce: [u8; 16],
    },
    /// It follows from what it is about, so that devices which begin it apart mean the same document.
    #[n(1)]
    Derived {
        /// Its space.
        #[n(0)]
        space: SpaceId,
        /// Its kind.
        #[n(1)]
        kind: Kind,
        /// What it is about.
        #[cbor(n(2), with = "minicbor::bytes")]
        key: Vec<u8>,
    },
}

/// The natural key of a talk's only conversation.
const TALK: &[u8] = b"talk";

impl Preimage {
    /// The document's id: UUIDv8 cut from BLAKE3 derive_key over the canonical form.
    pub fn doc_id(&self) -> DocId {
        DocId::from_hash(&blake3::derive_key("homing 2026-11 document id v1", &self.encode()))
    }

    /// The canonical form, as it stands in the document.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let preimage: Self = codec::decode("preimage", bytes, limits::PREIMAGE)?;
        match &preimage {
            Self::Derived { key, .. } if key.len() > limits::NATURAL_KEY => {
                Err(CodecError::Malformed("natural key"))
            }
            _ => Ok(preimage),
        }
    }

    /// The document's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Owned { kind, .. } | Self::Derived { kind, .. } => *kind,
        }
    }

    /// The document's space.
    pub fn space(&self) -> SpaceId {
        match self {
            Self::Owned { space, .. } | Self::Derived { space, .. } => *space,
        }
    }

    /// Who began it, if the id says so.
    pub fn owner(&self) -> Option<PersonId> {
        match self {
            Self::Owned { owner, .. } => Some(*owner),
            Self::Derived { .. } => None,
        }
    }

    /// What it is about, if the id says so.
    pub fn natural_key(&self) -> Option<&[u8]> {
        match self {
            Self::Owned { .. } => None,
            Self::Derived { key, .. } => Some(key),
        }
    }

    /// A person's name in a space.
    pub fn profile(space: SpaceId, person: &PersonId) -> Self {
        Self::Derived { space, kind: Kind::Profile, key: person.0.to_vec() }
    }

    /// A space's name.
    pub fn space_info(space: SpaceId) -> Self {
        Self::Derived { space, kind: Kind::SpaceInfo, key: Vec::new() }
    }

    /// A contact of a team; `key` is drawn at random once.
    pub fn contact(team: SpaceId, key: [u8; 16]) -> Self {
        Self::Derived { space: team, kind: Kind::Contact, key: key.to_vec() }
    }

    /// A conversation in a team or client space; `nonce` is drawn at random.
    pub fn conversation(space: SpaceId, owner: PersonId, nonce: [u8; 16]) -> Self {
        Self::Owned { space, kind: Kind::Conversation, owner, nonce }
    }

    /// The only conversation of a talk.
    pub fn talk_conversation(space: SpaceId) -> Self {
        Self::Derived { space, kind: Kind::Conversation, key: TALK.to_vec() }
    }

    /// The message a draft becomes, on whichever device it is sent.
    pub fn message(space: SpaceId, owner: PersonId, draft: &DraftId) -> Self {
        Self::Owned { space, kind: Kind::Message, owner, nonce: draft.message_nonce() }
    }

    /// What a person did with a conversation for themselves.
    pub fn conversation_state(personal: SpaceId, conversation: &DocId) -> Self {
        Self::Derived {
            space: personal,
            kind: Kind::ConversationState,
            key: conversation.as_bytes().to_vec(),
        }
    }

    /// The name of one of a person's devices.
    pub fn device_name(personal: SpaceId, device: &DeviceId) -> Self {
        Self::Derived { space: personal, kind: Kind::DeviceName, key: device.0.to_vec() }
    }

    /// A setting that follows the person.
    pub fn setting(personal: SpaceId, name: &str) -> Self {
        Self::Derived { space: personal, kind: Kind::Setting, key: name.as_bytes().to_vec() }
    }

    /// What a person did with somebody for themselves.
    pub fn person_state(personal: SpaceId, person: &PersonId) -> Self {
        Self::Derived { space: personal, kind: Kind::PersonState, key: person.0.to_vec() }
    }

    /// Who of a team looks after a conversation.
    pub fn handling(team: SpaceId, conversation: &DocId) -> Self {
        Self::Derived { space: team, kind: Kind::Handling, key: conversation.as_bytes().to_vec() }
    }

    /// Whether this is the one conversation of a talk.
    pub fn is_talk_conversation(&self) -> bool {
        self.kind() == Kind::Conversation && self.natural_key() == Some(TALK)
    }
}

//! Values that are written as a whole: one canonical CBOR value under one key, so that when two devices write
//! it at once one of them wins entirely and the other can still be read.

use homing_wire::codec::{self, CodecError};
use homing_wire::{BlobId, DocId, Hash, PersonId};
use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::extras::{Extras, Voice};
use crate::{ModelError, limits};

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct MessageContent {
    /// The conversation it belongs to.
    #[n(0)]
    pub conversation: DocId,
    /// The text.
    #[n(1)]
    pub body: String,
    /// When it was written, by its author's clock, never before what it answers.
    #[n(2)]
    pub author_ms: u64,
    /// The message it answers.
    #[n(3)]
    pub reply_to: Option<DocId>,
    /// Files that came with it.
    #[n(4)]
    pub attachments: Vec<AttachmentMeta>,
    /// What not every message has. Known from version 2 of the rules on.
    #[n(5)]
    pub extras: Option<Extras>,
}

/// A file, and the only place that holds its key.
#[derive(Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct AttachmentMeta {
    /// The encrypted file.
    #[n(0)]
    pub blob: BlobId,
    /// Its random key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// Its name, as its author's system had it.
    #[n(2)]
    pub name: String,
    /// Its media type, as its author's device guessed it.
    #[n(3)]
    pub mime: String,
    /// Bytes of the plain file.
    #[n(4)]
    pub size: u64,
    /// Hashes of its encrypted chunks, in order.
    #[n(5)]
    pub chunks: Vec<Hash>,
    /// Width in pixels, of pictures.
    #[n(6)]
    pub width: Option<u32>,
    /// Height in pixels, of pictures.
    #[n(7)]
    pub height: Option<u32>,
    /// A small picture of it, made on its author's device. Known from version 2 of the rules on.
    #[n(8)]
    pub thumbnail: Option<ByteVec>,
    /// What a recording of a voice is shown with. Known from version 2 of the rules on.
    #[n(9)]
    pub voice: Option<Voice>,
}

impl std::fmt::Debug for AttachmentMeta {
    /// Without key and name: they must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentMeta")
            .field("blob", &self.blob)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl AttachmentMeta {
    /// Reads and checks the canonical form, as it stands beside a draft.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let meta: Self = decode("file", bytes, limits::CONTENT)?;
        meta.validate()?;
        Ok(meta)
    }

    pub(crate) fn validate(&self) -> Result<(), ModelError> {
        let chunks = 1..=homing_wire::limits::CHUNKS;
        if self.name.is_empty() || self.name.len() > limits::NAME || self.name.contains(['/', '\\', '\0']) {
            return Err(ModelError::Invalid("file name"));
        }
        if self.mime.len() > limits::MIME {
            return Err(ModelError::Limit("media type"));
        }
        if !chunks.contains(&self.chunks.len()) || BlobId::of_chunks(&self.chunks) != self.blob {
            return Err(ModelError::Invalid("file chunks"));
        }
        if self.size > (self.chunks.len() * homing_wire::limits::CHUNK) as u64 {
            return Err(ModelError::Invalid("file size"));
        }
        if self.thumbnail.as_ref().is_some_and(|bytes| bytes.is_empty() || bytes.len() > limits::THUMBNAIL) {
            return Err(ModelError::Limit("thumbnail"));
        }
        self.voice.as_ref().map_or(Ok(()), Voice::validate)
    }

    /// Whether version 1 of the rules knows all of it.
    fn fits_v1(&self) -> bool {
        self.thumbnail.is_none() && self.voice.is_none() && self.chunks.len() <= limits::V1_CHUNKS
    }
}

impl MessageContent {
    /// The canonical form, if it may be written.
    pub fn encode(&self) -> Result<Vec<u8>, ModelError> {
        self.validate()?;
        let bytes = codec::encode(self);
        if bytes.len() > limits::CONTENT {
            return Err(ModelError::Limit("message"));
        }
        Ok(bytes)
    }

    /// Reads and checks the canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let content: Self = decode("message content", bytes, limits::CONTENT)?;
        content.validate()?;
        Ok(content)
    }

    /// Reads what the rules have let through already, or what is left of it once redacted.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        decode("message content", bytes, limits::CONTENT)
    }

    /// The canonical form without text and files; nothing, if it can't be read.
    pub(crate) fn redacted(bytes: &[u8]) -> Vec<u8> {
        Self::read(bytes).map_or_else(|_| Vec::new(), |content| codec::encode(&content.without_text()))
    }

    /// What is left of a message that was deleted for everyone.
    pub(crate) fn without_text(self) -> Self {
        Self {
            body: String::new(),
            attachments: Vec::new(),
            extras: self.extras.and_then(Extras::without_text),
            ..self
        }
    }

    /// Whether version 1 of the rules knows all of it.
    pub(crate) fn fits_v1(&self) -> bool {
        self.extras.is_none() && self.attachments.iter().all(AttachmentMeta::fits_v1)
    }

    /// What not every message has; nothing of it, if there is none.
    pub fn extras(&self) -> Extras {
        self.extras.clone().unwrap_or_default()
    }

    /// Whether it is a remark among colleagues beside a client's conversation.
    pub fn is_internal(&self) -> bool {
        self.extras.as_ref().is_some_and(|extras| extras.internal)
    }

    fn validate(&self) -> Result<(), ModelError> {
        if self.author_ms > limits::TIME_MS {
            return Err(ModelError::Limit("time"));
        }
        if self.body.contains('\0') {
            return Err(ModelError::Invalid("message text"));
        }
        if self.body.len() > limits::BODY {
            return Err(ModelError::Limit("message text"));
        }
        if self.attachments.len() > limits::ATTACHMENTS {
            return Err(ModelError::Limit("attachments"));
        }
        if self.body.trim().is_empty() && self.attachments.is_empty() {
            return Err(ModelError::Invalid("empty message"));
        }
        self.extras.as_ref().map_or(Ok(()), Extras::validate)?;
        self.attachments.iter().try_for_each(AttachmentMeta::validate)
    }
}

/// Other words for a message, by its author. The former ones stay readable as its history.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct EditedText {
    /// The text.
    #[n(0)]
    pub body: String,
    /// By the author's clock, Unix ms.
    #[n(1)]
    pub edited_ms: u64,
    /// Who is named in it.
    #[n(2)]
    pub mentions: Vec<PersonId>,
}

impl EditedText {
    /// The canonical form, if it may be written.
    pub fn encode(&self) -> Result<Vec<u8>, ModelError> {
        self.validate()?;
        Ok(codec::encode(self))
    }

    /// Reads and checks the canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let edited: Self = decode("edited text", bytes, limits::CONTENT)?;
        edited.validate()?;
        Ok(edited)
    }

    fn validate(&self) -> Result<(), ModelError> {
        if self.edited_ms > limits::TIME_MS {
            return Err(ModelError::Limit("time"));
        }
        if self.body.contains('\0') || self.body.trim().is_empty() {
            return Err(ModelError::Invalid("message text"));
        }
        if self.body.len() > limits::BODY || self.mentions.len() > limits::MENTIONS {
            return Err(ModelError::Limit("message text"));
        }
        Ok(())
    }
}

/// Who began a conversation, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Created {
    /// The author of the change this stands in.
    #[n(0)]
    pub creator: PersonId,
    /// By the creator's clock, Unix ms.
    #[n(1)]
    pub created_ms: u64,
}

impl Created {
    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let created: Self = decode("created", bytes, 64)?;
        if created.created_ms > limits::TIME_MS { Err(ModelError::Limit("time")) } else { Ok(created) }
    }
}

fn decode<'b, T>(what: &'static str, bytes: &'b [u8], limit: usize) -> Result<T, ModelError>
where
    T: Decode<'b, ()> + Encode<()> + CborLen<()>,
{
    codec::decode(what, bytes, limit).map_err(|error| match error {
        CodecError::TooLong { .. } => ModelError::Limit(what),
        _ => ModelError::Malformed(what),
    })
}

//! What a message may hold besides text and files, known from version 2 of the rules on. Older versions keep a
//! message with any of it unread until they are upgraded, so a message without is written without this map.

use homing_wire::{DocId, PersonId};
use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::{ModelError, limits};

/// What not every message has. What is absent, empty or false is left out; at least one thing is there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Extras {
    /// People named in the text.
    #[cbor(n(0), skip_if = "Vec::is_empty")]
    pub mentions: Vec<PersonId>,
    /// Pages the text links to, as the author's device saw them.
    #[cbor(n(1), skip_if = "Vec::is_empty")]
    pub previews: Vec<LinkPreview>,
    /// It was written elsewhere first.
    #[cbor(n(2), skip_if = "is_false")]
    pub forwarded: bool,
    /// A remark among colleagues beside a client's conversation: it lies in the team's space, where no client reads.
    #[cbor(n(3), skip_if = "is_false")]
    pub internal: bool,
    /// The quick reply it began as.
    #[n(4)]
    pub template: Option<DocId>,
    /// The record it is about.
    #[n(5)]
    pub about: Option<DocId>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Extras {
    /// The same, or nothing if nothing is in it.
    pub fn or_none(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// What is left once the message was deleted for everyone.
    pub(crate) fn without_text(self) -> Option<Self> {
        Self { internal: self.internal, ..Self::default() }.or_none()
    }

    pub(crate) fn validate(&self) -> Result<(), ModelError> {
        if *self == Self::default() {
            return Err(ModelError::Invalid("empty extras"));
        }
        if self.mentions.len() > limits::MENTIONS || self.previews.len() > limits::PREVIEWS {
            return Err(ModelError::Limit("extras"));
        }
        self.previews.iter().try_for_each(LinkPreview::validate)
    }
}

/// A page, as the author's device saw it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct LinkPreview {
    /// Its address, which stands in the text: `https` only.
    #[n(0)]
    pub url: String,
    /// Its title.
    #[n(1)]
    pub title: String,
    /// Its first words; may be empty.
    #[n(2)]
    pub description: String,
    /// A small picture of it.
    #[n(3)]
    pub image: Option<ByteVec>,
}

impl LinkPreview {
    fn validate(&self) -> Result<(), ModelError> {
        let one_line = |text: &str| !text.contains(char::is_control);
        if !self.url.starts_with("https://") || self.url.len() > limits::URL || !one_line(&self.url) {
            return Err(ModelError::Invalid("preview address"));
        }
        let texts = [&self.title, &self.description];
        if texts.iter().any(|text| text.len() > limits::SUBJECT || !one_line(text)) {
            return Err(ModelError::Invalid("preview text"));
        }
        if self.image.as_ref().is_some_and(|bytes| bytes.is_empty() || bytes.len() > limits::THUMBNAIL) {
            return Err(ModelError::Limit("preview picture"));
        }
        Ok(())
    }
}

/// What a recording of a voice is shown with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Voice {
    /// How long it is, ms.
    #[n(0)]
    pub duration_ms: u64,
    /// Loudness over time, 0 to 255, in equal steps.
    #[n(1)]
    pub peaks: ByteVec,
}

impl Voice {
    pub(crate) fn validate(&self) -> Result<(), ModelError> {
        if self.duration_ms > limits::VOICE_MS || self.peaks.len() > limits::VOICE_PEAKS {
            return Err(ModelError::Limit("voice"));
        }
        Ok(())
    }
}

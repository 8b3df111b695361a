//! Revisions of a draft: what an edit began from, and what was sent.

use std::fmt;
use std::str::FromStr;

use homing_wire::codec;
use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::{ChangeHash, ModelError};

/// A revision of a draft. Opaque outside; its text form goes to the screen and comes back with an edit.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Revision {
    #[n(0)]
    pub(super) heads: Vec<ChangeHash>,
    #[n(1)]
    pub(super) clock: Vec<Reached>,
}

/// How far an actor had got.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode, CborLen)]
pub(super) struct Reached {
    #[n(0)]
    pub actor: ByteVec,
    #[n(1)]
    pub seq: u64,
}

const REVISION: usize = 64 * 1024;

impl Revision {
    /// The form it is stored in.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        codec::decode("revision", bytes, REVISION).map_err(|_| ModelError::UnknownRevision)
    }

    pub(super) fn heads(&self) -> Vec<automerge::ChangeHash> {
        self.heads.iter().map(|head| automerge::ChangeHash(head.0)).collect()
    }

    pub(super) fn reached(&self, actor: &[u8]) -> u64 {
        self.clock.iter().find(|reached| **reached.actor == *actor).map_or(0, |reached| reached.seq)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encode().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Revision {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        if text.len() > 2 * REVISION || !text.len().is_multiple_of(2) {
            return Err(ModelError::UnknownRevision);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes: Option<Vec<u8>> = text
            .as_bytes()
            .chunks_exact(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            })
            .collect();
        Self::decode(&bytes.ok_or(ModelError::UnknownRevision)?)
    }
}

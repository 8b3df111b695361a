//! Names inside documents: who wrote a change, which change, which draft.

use std::fmt;

use homing_wire::{DeviceId, Salt};
use minicbor::{CborLen, Decode, Encode};

macro_rules! bytes_name {
    ($($(#[$doc:meta])* $name:ident [$n:literal];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; $n]);

        impl $name {
            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $n] {
                &self.0
            }

            /// From exactly as many bytes as it has.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            /// Lower-case hex, as automerge's tools print it.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = self.to_string();
                write!(f, concat!(stringify!($name), "({})"), text.get(..8).unwrap_or(&text))
            }
        }
    )*};
}

bytes_name! {
    /// The automerge actor of one device in one run of its process.
    ///
    /// An actor that is used twice with one sequence splits documents for ever, so a process draws a salt at
    /// each start; the entry carries it, and readers derive the only actor its changes may have.
    Actor[16];
    /// SHA-256 of a change, as automerge defines it.
    ChangeHash[32];
    /// A draft, random per draft begun.
    DraftId[16];
}

impl Actor {
    /// The first 16 bytes of BLAKE3 derive_key over device id and salt.
    pub fn derive(device: &DeviceId, salt: &Salt) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 automerge actor v1");
        hasher.update(&device.0);
        hasher.update(&salt.0);
        Self(first_half(hasher.finalize().as_bytes()))
    }
}

impl DraftId {
    /// The nonce of the message this draft becomes: whichever device sends it, it is one message.
    pub fn message_nonce(&self) -> [u8; 16] {
        first_half(&blake3::derive_key("homing 2026-11 message nonce of draft v1", &self.0))
    }
}

fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(hash.split_at(16).0);
    half
}

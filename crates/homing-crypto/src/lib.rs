//! Keys, signatures, sealing and the words people copy by hand.
//!
//! Everything secret in Homing grows out of 32-byte seeds. A seed is stored; keys are derived from it when
//! needed, so a library that changes how it encodes a key never makes old data unreadable. This crate turns
//! seeds into keys and keys into the few operations the rest of the program may use. It holds no state, reads
//! no clock and draws no randomness: the caller passes a [`rand_core::CryptoRng`].
//!
//! Nothing here is our own cryptography. The parts are:
//!
//! | Purpose | Construction |
//! |---|---|
//! | deriving, committing, hashing | BLAKE3 `derive_key`, one context per use ([`context`]) |
//! | signing | Ed25519, strict verification, one prefix per kind of message ([`Domain`]) |
//! | sealing to a person, device, team or invitation | HPKE (RFC 9180) base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305 |
//! | sealing with a shared key | XChaCha20-Poly1305 |
//! | stretching what people type | Argon2id |
//! | recovery words | BIP39, English, 24 words |
//! | padding | Padme over a floor of 256 bytes |
//!
//! Keys and byte forms are plain arrays, because the wire format is a layer above. Formats and derivations are
//! pinned by fixtures in `tests/it/fixtures.rs`: once released they may be added to, never changed.
//!
//! Secrets are wiped when dropped, print as nothing, and compare in constant time.

mod aead;
mod blob;
pub mod context;
mod device;
mod epoch;
mod error;
mod invite;
mod kem;
mod link;
pub mod padding;
mod passphrase;
mod person;
mod recovery;
mod safety;
mod seed;
mod sign;
mod stretch;

pub use aead::{AEAD_OVERHEAD, NONCE_LEN, open, random_nonce, seal};
pub use blob::{BlobKey, CHUNK_CIPHERTEXT_LEN, CHUNK_PLAIN_LEN};
pub use device::DeviceSecret;
pub use epoch::EpochKey;
pub use error::CryptoError;
pub use invite::InviteSecret;
pub use kem::{HPKE_OVERHEAD, KemSecret, SUITE_X25519, hpke_open, hpke_seal};
pub use link::{LinkCode, LinkQr, link_commitment, link_digits};
pub use passphrase::{PassphraseParams, stretch_passphrase};
pub use person::{PersonPublic, PersonSecret};
pub use recovery::{RECOVERY_WORDS, RecoverySecret, recovery_from_words, recovery_words};
pub use safety::safety_number;
pub use seed::Seed32;
pub use sign::{Domain, SigningKey, Verifier, verify};

//! Ed25519 signatures with domain separation and one accept set for every device.

use ed25519_dalek::{Signature, Signer, VerifyingKey};

use crate::{CryptoError, Seed32};

/// What a signature is about. Its prefix is signed with the bytes, so a signature made for one purpose is
/// refused for every other, whatever the bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// An entry of a space's log.
    Entry,
    /// A slot's value.
    Slot,
    /// An op of an account log.
    AccountOp,
    /// A relay's statement about the head of a log.
    RelayHead,
    /// A device's answer to a relay's challenge.
    Auth,
    /// Proof that somebody holds an invitation's secret.
    InviteProof,
    /// A relay's statement about its own keys.
    RelayCert,
    /// A frame that nobody stores.
    Ephemeral,
    /// What a new device offers to the device that lets it in.
    LinkOffer,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Self; 9] = [
        Self::Entry,
        Self::Slot,
        Self::AccountOp,
        Self::RelayHead,
        Self::Auth,
        Self::InviteProof,
        Self::RelayCert,
        Self::Ephemeral,
        Self::LinkOffer,
    ];

    /// The signed prefix. It ends at its only zero byte, so no prefix can begin another.
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Entry => b"homing/1/entry\0",
            Self::Slot => b"homing/1/slot\0",
            Self::AccountOp => b"homing/1/account-op\0",
            Self::RelayHead => b"homing/1/relay-head\0",
            Self::Auth => b"homing/1/auth\0",
            Self::InviteProof => b"homing/1/invite-proof\0",
            Self::RelayCert => b"homing/1/relay-cert\0",
            Self::Ephemeral => b"homing/1/ephemeral\0",
            Self::LinkOffer => b"homing/1/link-offer\0",
        }
    }

    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix(), bytes].concat()
    }
}

/// An Ed25519 key pair made from a seed. The library wipes its secret half when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key pair of this seed (RFC 8032: the seed is the private key).
    pub fn from_seed(seed: &Seed32) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.expose()))
    }

    /// The public half, by which others know this key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs the bytes for one purpose.
    pub fn sign(&self, domain: Domain, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&domain.message(bytes)).to_bytes()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Checks a signature. For several of one key see [`Verifier`].
pub fn verify(domain: Domain, public: &[u8; 32], bytes: &[u8], sig: &[u8; 64]) -> Result<(), CryptoError> {
    Verifier::new(public)?.verify(domain, bytes, sig)
}

/// A public key, read and checked once for any number of signatures.
///
/// This is the strict check: canonical key, canonical S, neither the key nor R of small order, and the equation
/// without cofactor. Relay and devices all decide by it, so none takes what another refuses. The library's batch
/// equation would cost half, but it accepts what strict verification refuses: a signer who adds a small-order point
/// to R passes when the random factors happen to cancel it, and whether they do depends on the other
/// signatures of the batch. Devices page differently, so their batches differ, and they would disagree about
/// an entry for ever.
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Reads a key.
    pub fn new(public: &[u8; 32]) -> Result<Self, CryptoError> {
        if !is_canonical(public) {
            return Err(CryptoError::BadPublicKey);
        }
        let key = VerifyingKey::from_bytes(public).map_err(|_| CryptoError::BadPublicKey)?;
        if key.is_weak() { Err(CryptoError::BadPublicKey) } else { Ok(Self(key)) }
    }

    /// Checks a signature of this key, made for this purpose.
    pub fn verify(&self, domain: Domain, bytes: &[u8], sig: &[u8; 64]) -> Result<(), CryptoError> {
        self.0
            .verify_strict(&domain.message(bytes), &Signature::from_bytes(sig))
            .map_err(|_| CryptoError::BadSignature)
    }
}

/// RFC 8032, 5.1.3 step 1: the y coordinate is below 2^255 - 19. The library reduces a larger one silently, which
/// would give one key two names.
fn is_canonical(public: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = public;
    !(last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xed)
}

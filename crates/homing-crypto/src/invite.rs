//! Invitations: a secret in a link, its public halves in the log.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::seed::derive;
use crate::{KemSecret, SigningKey, context};

/// The one-time secret in an invitation link's fragment, which browsers and relays never see.
///
/// 128 random bits can't be guessed, so it needs no stretching.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct InviteSecret([u8; 16]);

impl InviteSecret {
    /// A new invitation.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self([0; 16]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// The secret of a link somebody opened.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes for the link.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// Proves, in the join op, that the joiner holds the link.
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_seed(&derive(context::INVITE_SIGNING, &self.0))
    }

    /// Opens the epoch seed, so that the joiner can come in while everybody else sleeps.
    pub fn kem(&self) -> KemSecret {
        KemSecret::from_seed(&derive(context::INVITE_KEM, &self.0))
    }
}

impl std::fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InviteSecret(..)")
    }
}

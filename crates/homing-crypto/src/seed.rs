//! The 32-byte secret everything else is derived from.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 32-byte secret: wiped when dropped, compared in constant time, printed as nothing.
///
/// It doesn't implement `Copy` or a revealing `Debug`; [`Seed32::expose`] is the one way to its bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed32([u8; 32]);

impl Seed32 {
    /// A new secret from the caller's generator.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Self([0; 32]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Takes over bytes read from a store or opened from a seal.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Takes over a slice of exactly 32 bytes, as a seal gives it back.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(Self)
    }

    /// The bytes themselves, to seal or store them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A secret that can't be traced back to this one, one per [`context`](crate::context).
    pub fn derive(&self, context: &'static str) -> Self {
        derive(context, &self.0)
    }
}

/// BLAKE3 `derive_key` over material of any length, wiping the hasher's state.
pub(crate) fn derive(context: &'static str, material: &[u8]) -> Seed32 {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    hasher.update(material);
    let mut hash = hasher.finalize();
    let seed = Seed32(*hash.as_bytes());
    hash.zeroize();
    hasher.zeroize();
    seed
}

/// Constant-time comparison of 32 bytes.
pub(crate) fn equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    blake3::Hash::from_bytes(*left) == blake3::Hash::from_bytes(*right)
}

impl PartialEq for Seed32 {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Seed32 {}

impl std::fmt::Debug for Seed32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed32(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    #[test]
    fn contexts_are_distinct() {
        let mut seen = std::collections::BTreeSet::new();
        for name in context::ALL {
            assert!(seen.insert(name), "{name} is used twice");
            assert!(name.starts_with("homing 2026 ") && name.ends_with(" v1"));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Seed32::from_bytes([7; 32])), "Seed32(..)");
    }

    #[test]
    fn only_32_bytes_make_a_seed() {
        assert!(Seed32::from_slice(&[1; 31]).is_none());
        assert!(Seed32::from_slice(&[1; 33]).is_none());
        assert!(Seed32::from_slice(&[1; 32]) == Some(Seed32::from_bytes([1; 32])));
    }

    #[test]
    fn derive_is_the_library_function() {
        let seed = Seed32::from_bytes([9; 32]);
        assert_eq!(
            seed.derive(context::EPOCH_DATA).expose(),
            &blake3::derive_key(context::EPOCH_DATA, seed.expose())
        );
    }
}

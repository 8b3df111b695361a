//! The forms of sealed seeds and public keys, checked before anybody relies on them.
//!
//! Nobody but the recipient can tell whether a seal opens, but everybody can tell whether it could. A public key of
//! small order is refused where it enters a log: sealing to it fails, so one such key would keep a whole space
//! from ever rotating again.

use homing_crypto::{AEAD_OVERHEAD, HPKE_OVERHEAD, NONCE_LEN, SUITE_X25519};
use homing_wire::{InviteId, KemPublic, Recipient, SpaceId, VerifyKey, codec};

use crate::AccessError;

/// Bytes of a seed.
const SEED: usize = 32;

/// The two points of order eight (Montgomery u); the other small ones are near zero or near the modulus.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda,
        0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04,
        0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
];

/// Whether anything can be sealed to this key. X25519 ignores the top bit, so it is ignored here.
pub(crate) fn check_kem(key: &KemPublic) -> Result<(), AccessError> {
    let [first, middle @ .., last] = key.0;
    let top = last & 0x7f;
    let near_zero = first <= 1 && middle.iter().all(|byte| *byte == 0) && top == 0;
    let near_modulus =
        (0xec..=0xee).contains(&first) && middle.iter().all(|byte| *byte == 0xff) && top == 0x7f;
    let order_eight = ORDER_EIGHT.iter().any(|point| {
        let [a, b @ .., c] = *point;
        a == first && b == middle && c == top
    });
    if near_zero || near_modulus || order_eight { Err(AccessError::BadKey) } else { Ok(()) }
}

/// A seed sealed with HPKE, in the one suite this version knows.
pub(crate) fn check_sealed_seed(sealed: &[u8]) -> Result<(), AccessError> {
    let suite = sealed.first().copied();
    if suite == Some(SUITE_X25519) && sealed.len() == HPKE_OVERHEAD + SEED {
        Ok(())
    } else {
        Err(AccessError::Malformed("sealed seed"))
    }
}

/// A seed sealed under its successor: nonce, then ciphertext.
pub(crate) fn check_linked_seed(sealed: &[u8]) -> Result<(), AccessError> {
    if sealed.len() == NONCE_LEN + SEED + AEAD_OVERHEAD {
        Ok(())
    } else {
        Err(AccessError::Malformed("previous seed"))
    }
}

/// Splits what [`check_linked_seed`] accepted.
pub(crate) fn split_linked_seed(sealed: &[u8]) -> Result<([u8; NONCE_LEN], &[u8]), AccessError> {
    sealed
        .split_first_chunk::<NONCE_LEN>()
        .map(|(nonce, rest)| (*nonce, rest))
        .ok_or(AccessError::Malformed("previous seed"))
}

pub(crate) fn person_seed_info(generation: u32, enrol: &VerifyKey, kem: &KemPublic) -> Vec<u8> {
    codec::encode(&("person seed v1", generation, *enrol, *kem))
}

pub(crate) fn name_info(space: &SpaceId, invite: &InviteId) -> Vec<u8> {
    codec::encode(&("join name v1", *space, *invite))
}

pub(crate) fn recipient_data(to: &Recipient) -> Vec<u8> {
    codec::encode(to)
}

#[cfg(test)]
mod tests {
    use homing_crypto::{CryptoError, KemSecret, Seed32, hpke_seal};
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn sealable(key: &[u8; 32]) -> bool {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
        hpke_seal(&mut rng, key, b"", b"", b"x") != Err(CryptoError::BadPublicKey)
    }

    #[test]
    fn exactly_the_keys_nobody_can_seal_to_are_refused() {
        let mut keys: Vec<[u8; 32]> = ORDER_EIGHT.to_vec();
        for first in 0..=4 {
            let mut key = [0; 32];
            key[0] = first;
            keys.push(key);
        }
        for first in 0xe8..=0xf2 {
            let mut key = [0xff; 32];
            key[0] = first;
            key[31] = 0x7f;
            keys.push(key);
        }
        keys.extend((0..20).map(|n| KemSecret::from_seed(&Seed32::from_bytes([n; 32])).public()));
        for mut key in keys {
            for top in [0, 0x80] {
                key[31] ^= top;
                assert_eq!(check_kem(&KemPublic(key)).is_ok(), sealable(&key), "{key:02x?}");
            }
        }
    }

    #[test]
    fn a_seal_of_another_length_or_suite_is_refused() {
        let mut sealed = vec![SUITE_X25519; HPKE_OVERHEAD + SEED];
        assert!(check_sealed_seed(&sealed).is_ok());
        sealed.push(0);
        assert!(check_sealed_seed(&sealed).is_err());
        sealed.truncate(HPKE_OVERHEAD + SEED);
        sealed[0] = 9;
        assert!(check_sealed_seed(&sealed).is_err());
        assert!(check_sealed_seed(&[]).is_err());
        assert!(check_linked_seed(&[0; 71]).is_err());
        assert!(split_linked_seed(&[0; 23]).is_err());
    }
}

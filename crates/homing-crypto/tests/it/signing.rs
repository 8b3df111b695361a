use ed25519_dalek::Verifier;
use homing_crypto::{CryptoError, Domain, SigningKey, verify};
use proptest::prelude::*;

use crate::support::seed;

/// The group order, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

proptest! {
    #[test]
    fn a_signature_holds_for_its_bytes_key_and_domain_only(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        made in 0usize..9,
        bit in 0usize..512,
    ) {
        let key = SigningKey::from_seed(&seed(3));
        let domain = Domain::ALL[made];
        let sig = key.sign(domain, &bytes);
        prop_assert_eq!(verify(domain, &key.public(), &bytes, &sig), Ok(()));
        for other in Domain::ALL.into_iter().filter(|other| *other != domain) {
            prop_assert_eq!(verify(other, &key.public(), &bytes, &sig), Err(CryptoError::BadSignature));
        }
        let mut longer = bytes.clone();
        longer.push(0);
        prop_assert!(verify(domain, &key.public(), &longer, &sig).is_err());
        prop_assert!(verify(domain, &SigningKey::from_seed(&seed(4)).public(), &bytes, &sig).is_err());
        let mut flipped = sig;
        flipped[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify(domain, &key.public(), &bytes, &flipped).is_err());
    }
}

#[test]
fn no_prefix_begins_another() {
    for a in Domain::ALL {
        for b in Domain::ALL {
            assert!(a == b || !b.prefix().starts_with(a.prefix()), "{a:?} begins {b:?}");
        }
    }
}

/// The identity point as key and R with S = 0 satisfies the plain equation for every message: a signature that
/// anybody can make. The plain check takes it; ours must not.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let mut public = [0; 32];
    public[0] = 1;
    let mut sig = [0; 64];
    sig[0] = 1;
    let plain = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
    assert!(plain.verify(b"anything", &ed25519_dalek::Signature::from_bytes(&sig)).is_ok());
    assert_eq!(verify(Domain::Entry, &public, b"anything", &sig), Err(CryptoError::BadPublicKey));
}

#[test]
fn a_signature_has_one_form() {
    let key = SigningKey::from_seed(&seed(5));
    let mut sig = key.sign(Domain::Slot, b"value");
    let mut carry = 0u16;
    for (byte, add) in sig[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(verify(Domain::Slot, &key.public(), b"value", &sig), Err(CryptoError::BadSignature));
}

#[test]
fn a_key_has_one_name() {
    // 2^255 - 19 + 3: the library reads it as the point with y = 3, which has a name of its own.
    let mut public = [0xff; 32];
    public[0] = 0xed + 3;
    public[31] = 0x7f;
    assert!(ed25519_dalek::VerifyingKey::from_bytes(&public).is_ok());
    assert_eq!(verify(Domain::Entry, &public, b"", &[0; 64]), Err(CryptoError::BadPublicKey));
    // No point at all.
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    assert_eq!(verify(Domain::Entry, &nowhere, b"", &[0; 64]), Err(CryptoError::BadPublicKey));
}

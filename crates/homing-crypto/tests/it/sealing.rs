use homing_crypto::{
    AEAD_OVERHEAD, BlobKey, CHUNK_CIPHERTEXT_LEN, CHUNK_PLAIN_LEN, CryptoError, HPKE_OVERHEAD, KemSecret,
    Seed32, hpke_open, hpke_seal, open, random_nonce, seal,
};
use proptest::prelude::*;

use crate::support::{rng, seed};

proptest! {
    #[test]
    fn aead_opens_what_it_sealed_and_nothing_else(
        plain in prop::collection::vec(any::<u8>(), 0..300),
        aad in prop::collection::vec(any::<u8>(), 0..40),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let nonce = random_nonce(&mut rng(2));
        let sealed = seal(&seed(1), nonce, &aad, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + AEAD_OVERHEAD);
        let opened = open(&seed(1), nonce, &aad, &sealed).unwrap();
        prop_assert_eq!(&*opened, &plain);

        let mut flipped = sealed.clone();
        flipped[place.index(sealed.len())] ^= 1 << bit;
        let other_aad = [&aad[..], b"x"].concat();
        let mut other_nonce = nonce;
        other_nonce[place.index(24)] ^= 1 << bit;
        for refused in [
            open(&seed(1), nonce, &aad, &flipped),
            open(&seed(1), nonce, &other_aad, &sealed),
            open(&seed(1), other_nonce, &aad, &sealed),
            open(&seed(2), nonce, &aad, &sealed),
            open(&seed(1), nonce, &aad, &sealed[..sealed.len() - 1]),
        ] {
            prop_assert_eq!(refused.unwrap_err(), CryptoError::OpenFailed);
        }
    }

    #[test]
    fn hpke_opens_for_the_receiver_in_its_place_only(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let secret = KemSecret::from_seed(&seed(1));
        let sealed = hpke_seal(&mut rng(9), &secret.public(), b"epoch seed", b"op", &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + HPKE_OVERHEAD);
        let opened = hpke_open(&secret, b"epoch seed", b"op", &sealed).unwrap();
        prop_assert_eq!(&*opened, &plain);

        let mut flipped = sealed.clone();
        flipped[place.index(sealed.len())] ^= 1 << bit;
        // X25519 ignores the top bit of the encapsulated key, HPKE hashes it: refused all the same.
        prop_assert!(hpke_open(&secret, b"epoch seed", b"op", &flipped).is_err());
        prop_assert!(hpke_open(&secret, b"epoch seed", b"other op", &sealed).is_err());
        prop_assert!(hpke_open(&secret, b"person seed", b"op", &sealed).is_err());
        prop_assert!(hpke_open(&KemSecret::from_seed(&seed(2)), b"epoch seed", b"op", &sealed).is_err());
        let cut = place.index(sealed.len());
        prop_assert!(hpke_open(&secret, b"epoch seed", b"op", &sealed[..cut]).is_err());
    }
}

#[test]
fn hpke_names_an_unknown_suite() {
    let secret = KemSecret::from_seed(&seed(1));
    let mut sealed = hpke_seal(&mut rng(1), &secret.public(), b"", b"", b"x").unwrap();
    sealed[0] = 2;
    assert_eq!(hpke_open(&secret, b"", b"", &sealed).unwrap_err(), CryptoError::UnknownSuite(2));
}

#[test]
fn hpke_seals_to_no_key_of_small_order() {
    for byte in [0, 1] {
        let mut public = [0; 32];
        public[0] = byte;
        let refused = hpke_seal(&mut rng(1), &public, b"", b"", b"secret");
        assert_eq!(refused.unwrap_err(), CryptoError::BadPublicKey);
    }
}

#[test]
fn chunks_open_at_their_place_only() {
    let key = BlobKey::from_seed(seed(7));
    let first = vec![1; CHUNK_PLAIN_LEN];
    let sealed = key.seal_chunk(0, false, &first).unwrap();
    assert_eq!(sealed.len(), CHUNK_CIPHERTEXT_LEN);
    assert_eq!(*key.open_chunk(0, false, &sealed).unwrap(), first);
    assert_eq!(key.open_chunk(1, false, &sealed).unwrap_err(), CryptoError::OpenFailed);
    assert_eq!(key.open_chunk(0, true, &sealed).unwrap_err(), CryptoError::OpenFailed);
    let other = BlobKey::random(&mut rng(1));
    assert_eq!(other.open_chunk(0, false, &sealed).unwrap_err(), CryptoError::OpenFailed);
}

#[test]
fn a_file_has_one_division_into_chunks() {
    let key = BlobKey::from_seed(Seed32::from_bytes([8; 32]));
    for plain in [0, 1, 1000] {
        let sealed = key.seal_chunk(3, true, &vec![5; plain]).unwrap();
        assert_eq!(key.open_chunk(3, true, &sealed).unwrap().len(), plain);
        assert_eq!(key.seal_chunk(3, false, &vec![5; plain]).unwrap_err(), CryptoError::BadChunk);
        assert_eq!(key.open_chunk(3, false, &sealed).unwrap_err(), CryptoError::BadChunk);
    }
    let too_long = vec![0; CHUNK_PLAIN_LEN + 1];
    assert_eq!(key.seal_chunk(0, true, &too_long).unwrap_err(), CryptoError::BadChunk);
    let sealed_too_long = vec![0; CHUNK_CIPHERTEXT_LEN + 1];
    assert_eq!(key.open_chunk(0, true, &sealed_too_long).unwrap_err(), CryptoError::BadChunk);
    assert_eq!(key.open_chunk(0, true, &[0; 15]).unwrap_err(), CryptoError::BadChunk);
}

//! Published test vectors, as far as they pass through our wrappers.

use homing_crypto::{KemSecret, Seed32, SigningKey, hpke_open, recovery_from_words, recovery_words, seal};

use crate::support::{hex, unhex, unhex32};

#[test]
fn ed25519_public_keys_of_rfc_8032() {
    for (secret, public) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
    ] {
        let key = SigningKey::from_seed(&Seed32::from_bytes(unhex32(secret)));
        assert_eq!(hex(&key.public()), public);
    }
}

/// RFC 9180, A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence 0.
#[test]
fn hpke_of_rfc_9180() {
    let ikm = unhex32("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
    let secret = KemSecret::from_seed(&Seed32::from_bytes(ikm));
    assert_eq!(hex(&secret.public()), "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    let sealed = [
        vec![1],
        unhex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"),
        unhex("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
    ]
    .concat();
    let plain = hpke_open(&secret, b"Ode on a Grecian Urn", b"Count-0", &sealed).unwrap();
    assert_eq!(&plain[..], b"Beauty is truth, truth beauty");
}

/// draft-irtf-cfrg-xchacha-03, A.3.1.
#[test]
fn xchacha20_poly1305_of_the_draft() {
    let key = Seed32::from_bytes(std::array::from_fn(|i| 0x80 + i as u8));
    let nonce = std::array::from_fn(|i| 0x40 + i as u8);
    let plain =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                  sunscreen would be it.";
    let sealed = seal(&key, nonce, &unhex("50515253c0c1c2c3c4c5c6c7"), plain).unwrap();
    let expected = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
                    731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
                    2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
                    21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";
    assert_eq!(hex(&sealed), expected);
}

#[test]
fn words_of_bip39() {
    let repeated = |word: &str, last: &str| format!("{}{last}", format!("{word} ").repeat(23));
    let winner = "legal winner thank year wave sausage worth useful ".repeat(2)
        + "legal winner thank year wave sausage worth title";
    let letter = "letter advice cage absurd amount doctor acoustic avoid ".repeat(2)
        + "letter advice cage absurd amount doctor acoustic bless";
    for (byte, phrase) in
        [(0x00, repeated("abandon", "art")), (0xff, repeated("zoo", "vote")), (0x7f, winner), (0x80, letter)]
    {
        let seed = Seed32::from_bytes([byte; 32]);
        assert_eq!(*recovery_words(&seed).unwrap(), phrase);
        assert!(recovery_from_words(&phrase).unwrap() == seed);
    }
}

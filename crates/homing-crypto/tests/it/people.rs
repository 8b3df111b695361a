//! What people type, read aloud and compare.

use homing_crypto::{
    CryptoError, LinkCode, LinkQr, PassphraseParams, Seed32, link_commitment, link_digits,
    recovery_from_words, recovery_words, safety_number, stretch_passphrase,
};
use proptest::prelude::*;

use crate::support::{rng, seed};

proptest! {
    #[test]
    fn recovery_words_come_back(bytes in any::<[u8; 32]>()) {
        let words = recovery_words(&Seed32::from_bytes(bytes)).unwrap();
        prop_assert_eq!(words.split(' ').count(), 24);
        prop_assert!(recovery_from_words(&words).unwrap() == Seed32::from_bytes(bytes));
    }

    #[test]
    fn link_codes_come_back(code in any::<[u8; 10]>(), qr in any::<[u8; 16]>()) {
        let typed = LinkCode::from_bytes(code).display().to_lowercase().replace('-', " ");
        prop_assert_eq!(LinkCode::parse(&typed).unwrap().display(), LinkCode::from_bytes(code).display());
        let text = LinkQr::from_bytes(qr).display();
        prop_assert!(LinkQr::parse(&text).unwrap().key() == LinkQr::from_bytes(qr).key());
    }

    #[test]
    fn any_text_is_judged_without_a_crash(text in ".{0,80}") {
        let _ = recovery_from_words(&text);
        let _ = LinkCode::parse(&text);
        let _ = LinkQr::parse(&text);
    }
}

#[test]
fn recovery_words_may_be_copied_carelessly() {
    let words = recovery_words(&seed(0x7f)).unwrap();
    let shouted = words.to_uppercase().replace(' ', "\n\t ");
    let numbered: String =
        words.split(' ').enumerate().map(|(i, word)| format!("{}. {word}, ", i + 1)).collect();
    for phrase in [shouted, numbered, format!("  {}\u{a0}.", *words)] {
        assert!(recovery_from_words(&phrase).unwrap() == seed(0x7f), "{phrase}");
    }
}

#[test]
fn recovery_says_what_is_wrong() {
    let words = recovery_words(&seed(0x7f)).unwrap();
    let list: Vec<&str> = words.split(' ').collect();
    let with = |place: usize, word: &str| {
        let mut list = list.clone();
        list[place] = word;
        list.join(" ")
    };
    let error = |phrase: &str| recovery_from_words(phrase).unwrap_err();
    assert_eq!(error(&with(4, "wawe")), CryptoError::UnknownWord { position: 5 });
    assert_eq!(error(&with(4, "wäve")), CryptoError::UnknownWord { position: 5 });
    assert_eq!(error(&with(4, "zoo")), CryptoError::WordChecksum);
    assert_eq!(error(&list[..23].join(" ")), CryptoError::WordCount { found: 23 });
    assert_eq!(error(&format!("{} zoo", *words)), CryptoError::WordCount { found: 25 });
    assert_eq!(error(""), CryptoError::WordCount { found: 0 });
    assert_eq!(error(&with(4, "wawe")).to_string(), "word 5 is not a recovery word");
}

#[test]
fn both_devices_stretch_a_code_to_one_key() {
    let code = LinkCode::random(&mut rng(1));
    let typed = LinkCode::parse(&code.display().to_lowercase()).unwrap();
    assert!(code.stretch().unwrap() == typed.stretch().unwrap());
}

#[test]
fn digits_depend_on_key_and_transcript() {
    let digits = link_digits(&seed(1), b"transcript");
    assert!(digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit()));
    assert_eq!(digits, link_digits(&seed(1), b"transcript"));
    assert_ne!(digits, link_digits(&seed(2), b"transcript"));
    assert_ne!(digits, link_digits(&seed(1), b"transcripT"));
}

#[test]
fn a_commitment_binds_key_and_nonce() {
    let made = link_commitment(&[1; 32], &[2; 32]);
    assert_ne!(made, link_commitment(&[2; 32], &[1; 32]));
    assert_ne!(made, link_commitment(&[1; 32], &[3; 32]));
}

#[test]
fn a_safety_number_is_the_same_on_both_sides() {
    let (ada, ben) = ((&[1; 32], &[2; 32]), (&[3; 32], &[4; 32]));
    let number = safety_number(ada, ben);
    assert_eq!(number, safety_number(ben, ada));
    let groups: Vec<&str> = number.split(' ').collect();
    assert_eq!(groups.len(), 12);
    assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|digit| digit.is_ascii_digit())));
    assert_ne!(number, safety_number((&[1; 32], &[5; 32]), ben));
    assert_ne!(number, safety_number((&[5; 32], &[2; 32]), ben));
}

#[test]
fn hostile_parameters_are_refused_before_any_work() {
    for (memory, passes, lanes) in [
        (256 * 1024 + 1, 3, 1),
        (u32::MAX, 3, 1),
        (8, 3, 1),
        (65536, 11, 1),
        (65536, 1, 1),
        (65536, u32::MAX, 1),
        (65536, 3, 0),
        (65536, 3, 5),
    ] {
        let refused = PassphraseParams::new(memory, passes, lanes);
        assert_eq!(refused, Err(CryptoError::BadParams), "{memory} {passes} {lanes}");
    }
    assert_eq!(PassphraseParams::new(65536, 3, 1), Ok(PassphraseParams::DEFAULT));
}

#[test]
fn a_passphrase_is_the_same_from_every_keyboard() {
    let params = PassphraseParams::new(19 * 1024, 2, 1).unwrap();
    let stretch = |pass: &str, salt: u8| stretch_passphrase(pass, &[salt; 16], &params).unwrap();
    let composed = stretch("caf\u{e9} au lait", 1);
    assert!(composed == stretch("cafe\u{301} au lait", 1));
    assert!(composed != stretch("cafe au lait", 1));
    assert!(composed != stretch("caf\u{e9} au lait", 2));
    assert!(composed != stretch("caf\u{e9} au lait ", 1));
    let empty = stretch_passphrase("", &[1; 16], &params);
    assert_eq!(empty.unwrap_err(), CryptoError::EmptyPassphrase);
}

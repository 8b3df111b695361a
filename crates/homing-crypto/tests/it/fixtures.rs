//! Every derived value and byte form, pinned. A difference here means that data written yesterday can't be read
//! today: mend the code, never the fixture. New lines may be added.

use homing_crypto::padding::pad_to;
use homing_crypto::{
    BlobKey, DeviceSecret, Domain, EpochKey, InviteSecret, KemSecret, LinkCode, LinkQr, PassphraseParams,
    PersonSecret, RecoverySecret, SigningKey, context, hpke_open, link_commitment, link_digits,
    safety_number, seal, stretch_passphrase,
};

use crate::support::{hex, seed, unhex};

#[test]
fn formats_have_not_changed() {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| lines.push((name.to_owned(), value));

    for name in context::ALL {
        add(&format!("derive/{}", name.replace(' ', "-")), hex(seed(1).derive(name).expose()));
    }
    let key = SigningKey::from_seed(&seed(1));
    add("signing/public", hex(&key.public()));
    for domain in Domain::ALL {
        add(&format!("sign/{domain:?}"), hex(&key.sign(domain, b"bytes")));
    }
    let kem = KemSecret::from_seed(&seed(1));
    add("kem/public", hex(&kem.public()));
    add("aead/sealed", hex(&seal(&seed(1), [2; 24], b"aad", b"plain").unwrap()));

    let device = DeviceSecret::from_seed(&seed(1));
    add("device/signing", hex(&device.signing().public()));
    add("device/kem", hex(&device.kem().public()));
    let person = PersonSecret::from_seed(&seed(1));
    add("person/enrol", hex(&person.public().enrol));
    add("person/kem", hex(&person.public().kem));
    add("person/previous", hex(&person.seal_previous(&seed(2), [3; 24]).unwrap()));
    let recovery = RecoverySecret::from_seed(&seed(1));
    add("recovery/signing", hex(&recovery.signing().public()));
    add("recovery/kem", hex(&recovery.kem().public()));
    let epoch = EpochKey::from_seed(seed(1));
    add("epoch/commitment", hex(&epoch.commitment()));
    add("epoch/data", hex(epoch.data_key().expose()));
    add("epoch/slot", hex(epoch.slot_key().expose()));
    add("epoch/ephemeral", hex(epoch.ephemeral_key().expose()));
    add("epoch/team-kem", hex(&epoch.kem().public()));
    add("epoch/previous", hex(&epoch.seal_previous(&seed(2), [3; 24]).unwrap()));
    let invite = InviteSecret::from_bytes([1; 16]);
    add("invite/signing", hex(&invite.signing().public()));
    add("invite/kem", hex(&invite.kem().public()));

    add("link/code", LinkCode::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).display().to_string());
    add("link/code-key", hex(LinkCode::from_bytes([1; 10]).stretch().unwrap().expose()));
    add("link/qr", LinkQr::from_bytes([1; 16]).display().to_string());
    add("link/qr-key", hex(LinkQr::from_bytes([1; 16]).key().expose()));
    add("link/commitment", hex(&link_commitment(&[1; 32], &[2; 32])));
    add("link/digits", link_digits(&seed(1), b"transcript"));
    let params = PassphraseParams::DEFAULT;
    add("passphrase", hex(stretch_passphrase("a passphrase", &[1; 16], &params).unwrap().expose()));
    add("safety-number", safety_number((&[1; 32], &[2; 32]), (&[3; 32], &[4; 32])));

    let blob = BlobKey::from_seed(seed(1));
    add("blob/last", hex(&blob.seal_chunk(258, true, b"plain").unwrap()));
    let frame = pad_to(b"plain").unwrap();
    add(
        "padding/frame",
        format!("{} + {} zeros", hex(&frame[..9]), frame[9..].iter().filter(|b| **b == 0).count()),
    );

    let found: Vec<String> = lines.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let expected: Vec<&str> = include_str!("fixtures.txt").lines().collect();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// How a library uses randomness while sealing may change; what was sealed once must still open.
#[test]
fn what_was_sealed_opens() {
    let sealed = "01a2b03ff8be42c4349e62f288171c8f23a7be774347f1ebdc10f1dd4cab3c95503dfcb3d4aa0d3d73385dce69a2875b44654f157d63";
    let secret = KemSecret::from_seed(&seed(1));
    let plain = hpke_open(&secret, b"info", b"aad", &unhex(sealed)).unwrap();
    assert_eq!(&plain[..], b"plain");
}

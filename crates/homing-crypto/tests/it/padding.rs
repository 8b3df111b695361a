use homing_crypto::CryptoError;
use homing_crypto::padding::{FLOOR, pad, pad_to, unpad};
use proptest::prelude::*;

#[test]
fn padme_grows_with_the_length_and_stays_below_12_percent() {
    let mut before = 0;
    for len in 0..300_000 {
        let padded = pad(len);
        assert!(padded >= len && padded >= FLOOR && padded >= before, "{len}");
        assert_eq!(pad(padded), padded, "{len}");
        if len > FLOOR {
            assert!((padded - len) * 100 < len * 12, "{len} -> {padded}");
        }
        before = padded;
    }
}

#[test]
fn known_lengths() {
    for (len, padded) in
        [(0, 256), (256, 256), (257, 272), (512, 512), (513, 544), (1000, 1024), (100_000, 100_352)]
    {
        assert_eq!(pad(len), padded, "{len}");
    }
    assert_eq!(pad(usize::MAX), usize::MAX);
}

proptest! {
    #[test]
    fn frames_come_back(plain in prop::collection::vec(any::<u8>(), 0..2000)) {
        let frame = pad_to(&plain).unwrap();
        prop_assert_eq!(frame.len(), pad(plain.len() + 4));
        prop_assert_eq!(unpad(&frame).unwrap(), &plain[..]);
    }

    #[test]
    fn nothing_hides_in_the_padding(len in 0usize..250, place in any::<prop::sample::Index>(), value in 1u8..) {
        let mut frame = pad_to(&vec![1; len]).unwrap();
        let zeros = frame.len() - len - 4;
        frame[4 + len + place.index(zeros)] = value;
        prop_assert_eq!(unpad(&frame), Err(CryptoError::BadPadding));
    }

    #[test]
    fn any_bytes_are_judged_without_a_crash(frame in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(plain) = unpad(&frame) {
            prop_assert_eq!(pad_to(plain).unwrap(), frame);
        }
    }
}

#[test]
fn a_frame_of_another_length_is_refused() {
    let mut frame = pad_to(b"yes").unwrap();
    frame.extend_from_slice(&[0; 16]);
    assert_eq!(unpad(&frame), Err(CryptoError::BadPadding));
    assert_eq!(unpad(&frame[..200]), Err(CryptoError::BadPadding));
    assert_eq!(unpad(&[1, 0]), Err(CryptoError::BadPadding));
    assert_eq!(unpad(&[0xff; 256]), Err(CryptoError::BadPadding));
}

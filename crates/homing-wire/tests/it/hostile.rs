//! Bytes from outside: refused with a reason, never a panic, never two forms of one thing.

use homing_wire::{
    AccountOp, Changes, ClientFrame, CodecError, DeviceId, Entry, EntryBody, EntryHeader, EntryKind,
    InviteLink, Member, PersonId, RelayFrame, Salt, Signature, Slot, SpaceId, SpaceOp, limits,
};
use proptest::prelude::*;

pub fn entry(content: Vec<u8>) -> Entry {
    let header = EntryHeader {
        version: limits::VERSION,
        space: SpaceId([1; 32]),
        kind: EntryKind::Data,
        device: DeviceId([2; 32]),
        person: PersonId([3; 32]),
        written_as: Member::Person(PersonId([3; 32])),
        dseq: 1,
        prev: None,
        op_head: None,
        rules: 1,
        epoch: None,
        salt: Salt([4; 16]),
        seen: None,
        nonce: [5; 24],
    };
    Entry { body: EntryBody { header, content }, signature: Signature([6; 64]) }
}

#[test]
fn another_form_of_the_same_value_is_refused() {
    let bytes = entry(vec![1, 2, 3]).encode();
    assert!(Entry::decode(&bytes).is_ok());
    // The version, 1, as a two-byte integer: valid CBOR, not the shortest.
    let at = bytes.windows(2).position(|pair| pair == [0x00, 0x01]).unwrap() + 1;
    let mut long = bytes[..at].to_vec();
    long.extend([0x18, 0x01]);
    long.extend(&bytes[at + 1..]);
    assert!(matches!(Entry::decode(&long), Err(CodecError::NotCanonical(_))));
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let mut bytes = entry(vec![1]).encode();
    bytes.push(0);
    assert!(Entry::decode(&bytes).is_err());
}

#[test]
fn a_later_version_is_said_to_be_one() {
    let mut later = entry(vec![1]);
    later.body.header.version = 2;
    assert_eq!(Entry::decode(&later.encode()), Err(CodecError::UnknownVersion(2)));
}

#[test]
fn what_is_over_its_limit_is_not_looked_at() {
    let large = entry(vec![0; limits::ENTRY]).encode();
    assert!(matches!(Entry::decode(&large), Err(CodecError::TooLong { .. })));
    assert!(matches!(ClientFrame::decode(&vec![0; limits::FRAME + 1]), Err(CodecError::TooLong { .. })));
}

#[test]
fn changes_have_a_least_and_a_most_number() {
    assert!(Changes::decode(&Changes::default().encode()).is_err());
    let change = homing_wire::DocChange { doc: homing_wire::DocId::from_hash(&[1; 32]), change: vec![1] };
    let many = Changes { changes: vec![change; limits::CHANGES + 1] };
    assert!(Changes::decode(&many.encode()).is_err());
}

#[test]
fn an_id_depends_on_content_and_header_but_not_on_the_signature() {
    let one = entry(vec![1]);
    let mut signed_otherwise = one.clone();
    signed_otherwise.signature = Signature([9; 64]);
    assert_eq!(one.id(), signed_otherwise.id());
    assert_ne!(one.id(), entry(vec![2]).id());
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>) {
        let _ = ClientFrame::decode(&bytes);
        let _ = RelayFrame::decode(&bytes);
        let _ = Entry::decode(&bytes);
        let _ = Slot::decode(&bytes);
        let _ = SpaceOp::decode(&bytes);
        let _ = AccountOp::decode(&bytes);
        let _ = Changes::decode(&bytes);
        let _ = InviteLink::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_changed_byte_is_another_entry_or_none(at in 0usize..1_000, with in 1u8..=255) {
        let bytes = entry(vec![7; 40]).encode();
        let mut changed = bytes.clone();
        let at = at % changed.len();
        changed[at] ^= with;
        match Entry::decode(&changed) {
            Ok(other) => prop_assert_eq!(other.encode(), changed),
            Err(_) => prop_assert_ne!(changed, bytes),
        }
    }
}

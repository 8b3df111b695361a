//! Values survive the way into bytes and text and back.

use homing_wire::codec::{decode, encode};
use homing_wire::{
    ClientFrame, DocId, EntryId, Hash, Head, InviteId, InviteLink, Member, PersonId, Role, SpaceId,
    SpaceKind, SpaceOrigin, VerifyKey,
};
use proptest::prelude::*;

fn link() -> InviteLink {
    InviteLink {
        relay: "https://relay.example.org".into(),
        relay_key: VerifyKey([1; 32]),
        space: SpaceId([2; 32]),
        kind: SpaceKind::Client,
        invite: InviteId([3; 32]),
        inviter: PersonId([4; 32]),
        inviter_name: "Ada 🏡".into(),
        role: Role::Client,
        expires_ms: 1_795_608_000_000,
        instant: true,
    }
}

#[test]
fn an_invitation_link_says_the_same_on_the_other_side() {
    let text = link().to_text(&[7; 16]);
    assert!(text.starts_with("homing://join/1/"));
    assert_eq!(InviteLink::parse(&text).unwrap(), (link(), [7; 16]));
    assert_eq!(InviteLink::parse(&format!("  {text}\n")).unwrap().1, [7; 16], "copied with blanks around it");
}

#[test]
fn a_link_without_its_secret_is_no_link() {
    let text = link().to_text(&[7; 16]);
    let (open, secret) = text.split_once('#').unwrap();
    assert!(InviteLink::parse(open).is_err());
    assert!(InviteLink::parse(&format!("{open}#{}", &secret[..10])).is_err());
    assert!(InviteLink::parse(&text.replace("join/1", "join/2")).is_err());
}

#[test]
fn a_space_id_follows_from_its_origin_alone() {
    let team = SpaceId([9; 32]);
    let contact = DocId::from_hash(&[5; 32]);
    let origin = SpaceOrigin::Client(team, contact);
    assert_eq!(SpaceId::derive(&origin), SpaceId::derive(&origin));
    assert_ne!(SpaceId::derive(&origin), SpaceId::derive(&SpaceOrigin::Client(SpaceId([8; 32]), contact)));
    assert_eq!(origin.kind(), SpaceKind::Client);
}

#[test]
fn a_chain_depends_on_everything_in_it() {
    let empty = Head::empty(1);
    let (id, other) = (EntryId([1; 32]), EntryId([2; 32]));
    let one = empty.next(1, &id, 1_000);
    assert_eq!(one.sequence, 1);
    for different in [empty.next(2, &id, 1_000), empty.next(1, &other, 1_000), empty.next(1, &id, 1_001)] {
        assert_ne!(one.chain, different.chain);
    }
    assert_ne!(one.next(1, &other, 2_000).chain, empty.next(1, &other, 2_000).chain);
}

#[test]
fn a_document_id_is_a_uuid_of_version_8() {
    let id = DocId::from_hash(&[0xff; 32]);
    assert_eq!(id.0.get_version_num(), 8);
    assert_eq!(id.to_string().parse::<DocId>().unwrap(), id);
}

proptest! {
    #[test]
    fn ids_survive_their_text(bytes: [u8; 32]) {
        let id = PersonId(bytes);
        prop_assert_eq!(id.to_string().parse::<PersonId>().unwrap(), id);
        prop_assert_eq!(id.to_string().to_uppercase().parse::<PersonId>().unwrap(), id);
    }

    #[test]
    fn members_survive_their_bytes(bytes: [u8; 32], team: bool) {
        let member = if team { Member::Team(SpaceId(bytes)) } else { Member::Person(PersonId(bytes)) };
        let encoded = encode(&member);
        prop_assert_eq!(decode::<Member>("member", &encoded, 100).unwrap(), member);
    }

    #[test]
    fn frames_survive_their_bytes(req: u64, from: u64, bytes: u32, backwards: bool, space: [u8; 32]) {
        let lane = if backwards { homing_wire::Lane::Ops } else { homing_wire::Lane::All };
        let frame = ClientFrame::Pull { req, space: SpaceId(space), from, backwards, lane, bytes };
        prop_assert_eq!(ClientFrame::decode(&frame.encode()).unwrap(), frame);
    }

    #[test]
    fn a_blob_is_named_by_all_its_chunks_in_order(first: [u8; 32], second: [u8; 32]) {
        prop_assume!(first != second);
        let (first, second) = (Hash(first), Hash(second));
        let id = homing_wire::BlobId::of_chunks(&[first, second]);
        prop_assert_ne!(id, homing_wire::BlobId::of_chunks(&[second, first]));
        prop_assert_ne!(id, homing_wire::BlobId::of_chunks(&[first]));
    }
}

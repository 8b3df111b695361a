//! Forms that are signed, hashed or stored by others. Once released they may be added to, never changed.

use homing_wire::codec::encode;
use homing_wire::{
    DeviceId, DocId, EntryId, Hash, Head, Member, PersonId, Role, SpaceId, SpaceOrigin, proof_bytes,
    seal_info,
};

use crate::hostile::entry;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_entry_is_written_so() {
    let entry = entry(vec![0xaa, 0xbb]);
    insta::assert_snapshot!("entry", hex(&entry.encode()));
    insta::assert_snapshot!("entry id", entry.id().to_string());
}

#[test]
fn derived_ids_are_these() {
    let person = PersonId([1; 32]);
    insta::assert_snapshot!("personal space", SpaceId::derive(&SpaceOrigin::Personal(person)).to_string());
    let client = SpaceOrigin::Client(SpaceId([2; 32]), DocId::from_hash(&[3; 32]));
    insta::assert_snapshot!("client space", SpaceId::derive(&client).to_string());
    let chain = Head::empty(1).next(1, &EntryId([4; 32]), 1_795_608_000_000).chain;
    insta::assert_snapshot!("chain", chain.to_string());
    insta::assert_snapshot!("blob", homing_wire::BlobId::of_chunks(&[Hash([5; 32])]).to_string());
}

#[test]
fn signed_statements_are_these() {
    let proof = proof_bytes(&SpaceId([1; 32]), &PersonId([2; 32]), &DeviceId([3; 32]), &EntryId([4; 32]));
    insta::assert_snapshot!("invitation proof", hex(&proof));
    insta::assert_snapshot!("seal info", hex(&seal_info(&SpaceId([1; 32]), &Hash([2; 32]))));
}

#[test]
fn roles_and_members_keep_their_numbers() {
    let roles: Vec<u8> = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Ingest]
        .iter()
        .flat_map(encode)
        .collect();
    assert_eq!(roles, [0, 1, 2, 3, 4, 5]);
    assert_eq!(encode(&Member::Person(PersonId([0; 32])))[..2], [0x82, 0x00]);
}

//! A member whose app is not ours: correctly signed and sealed entries that break one rule each. All devices refuse them
//! alike, and nothing anybody sees changes.

use homing_access::build::sign_entry;
use homing_crypto::{DeviceSecret, EpochKey, Seed32, padding};
use homing_engine::api::{Call, MemberRole, MemberRow, RoleName};
use homing_model::{Actor, ChangeInfo, DraftId, Edit, Preimage, author_from, inspect};
use homing_sim::{DeviceId as Device, World};
use homing_store::entries::{self, NewEntry, Status};
use homing_store::{Durability, StoreError, changes, conversations, epochs, meta, spaces};
use homing_wire::{
    Changes, DeviceId, DocChange, DocId, EntryHeader, EntryId, EntryKind, Grant, Member, PersonId, Pin, Role,
    Salt, SpaceId, SpaceOp, limits,
};
use minicbor::Decode;
use sha2::{Digest, Sha256};

use crate::disk;
use crate::house::{House, seen};

/// The part of a stored identity that a forger needs.
#[derive(Decode)]
#[cbor(map)]
struct Stolen {
    #[n(1)]
    person: PersonId,
    #[cbor(n(2), with = "minicbor::bytes")]
    device_seed: [u8; 32],
}

/// What the forger's app knows, and may say what it likes with.
struct Forger {
    person: PersonId,
    device: DeviceSecret,
    salt: Salt,
    space: SpaceId,
    conversation: DocId,
    op_head: EntryId,
    epoch: EntryId,
    key: EpochKey,
    dseq: u64,
    prev: Option<EntryId>,
    /// Entries to be sent, in order.
    entries: Vec<(EntryHeader, EntryId, Vec<u8>)>,
}

impl Forger {
    fn id(&self) -> DeviceId {
        DeviceId(self.device.signing().public())
    }

    fn actor(&self) -> Actor {
        Actor::derive(&self.id(), &self.salt)
    }

    fn header(&self, kind: EntryKind, nonce: [u8; 24]) -> EntryHeader {
        EntryHeader {
            version: limits::VERSION,
            space: self.space,
            kind,
            device: self.id(),
            person: self.person,
            written_as: Member::Person(self.person),
            dseq: self.dseq + 1,
            prev: self.prev,
            op_head: Some(self.op_head),
            rules: homing_model::rules::CURRENT,
            epoch: (kind == EntryKind::Data).then_some(self.epoch),
            salt: self.salt,
            seen: None,
            nonce,
        }
    }

    fn keep(&mut self, header: EntryHeader, content: Vec<u8>) {
        let entry = sign_entry(header.clone(), content, self.device.signing());
        self.dseq += 1;
        self.prev = Some(entry.id());
        self.entries.push((header, entry.id(), entry.encode()));
    }

    /// Seals and signs a change of a document.
    fn data(&mut self, doc: DocId, change: Vec<u8>) {
        let nonce = [u8::try_from(self.dseq).unwrap(); 24];
        let header = self.header(EntryKind::Data, nonce);
        let plain = Changes { changes: vec![DocChange { doc, change }] }.encode();
        let plain = padding::pad_to(&zstd::bulk::compress(&plain, 3).unwrap()).unwrap();
        let sealed =
            homing_crypto::seal(self.key.data_key(), nonce, &header.associated_data(), &plain).unwrap();
        self.keep(header, sealed);
    }

    fn op(&mut self, op: &SpaceOp) {
        let header = self.header(EntryKind::Op, [0; 24]);
        self.keep(header, op.encode());
    }

    fn message(&self, body: &str) -> Edit {
        Edit::CreateMessage {
            conversation: self.conversation,
            body: body.to_owned(),
            author_ms: 1_795_608_000_000,
            reply_to: None,
            attachments: Vec::new(),
        }
    }
}

/// A change that is encoded anew with another number of its first op. The rest stays as it was, the checksum fits.
fn with_start_op(change: &[u8], start_op: u64) -> Vec<u8> {
    fn leb(bytes: &[u8], at: &mut usize) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[*at];
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    fn put(mut value: u64, out: &mut Vec<u8>) {
        loop {
            let byte = u8::try_from(value & 0x7f).unwrap();
            value >>= 7;
            out.push(if value == 0 { byte } else { byte | 0x80 });
            if value == 0 {
                return;
            }
        }
    }
    // Magic, checksum, type, length; then dependencies, actor, sequence, first op.
    let mut at = 9;
    leb(change, &mut at);
    let body = at;
    let deps = leb(change, &mut at);
    at += 32 * usize::try_from(deps).unwrap();
    let actor = leb(change, &mut at);
    at += usize::try_from(actor).unwrap();
    leb(change, &mut at);
    let before = at;
    leb(change, &mut at);
    let mut new = change[body..before].to_vec();
    put(start_op, &mut new);
    new.extend_from_slice(&change[at..]);
    let mut hashed = vec![change[8]];
    put(new.len() as u64, &mut hashed);
    hashed.extend_from_slice(&new);
    let mut out = change[..4].to_vec();
    out.extend_from_slice(&Sha256::digest(&hashed)[..4]);
    out.extend_from_slice(&hashed);
    out
}

/// Lets the app of a device that is off send what `forge` makes of it.
fn forge(
    world: &mut World,
    device: Device,
    conversation: &str,
    forge: impl FnOnce(&mut Forger, &dyn Fn(DocId) -> Vec<ChangeInfo>),
) {
    world.crash(device).unwrap();
    let mut store = disk::open(world, device);
    let conversation: DocId = conversation.parse().unwrap();
    let (mut forger, row) = {
        let db = store.read();
        let stolen: Stolen = minicbor::decode(&meta::get(&db, "identity").unwrap().unwrap()).unwrap();
        let space = conversations::get(&db, &conversation).unwrap().unwrap().space;
        let row = spaces::get(&db, &space).unwrap().unwrap();
        let epoch = epochs::get(&db, &space, &row.epoch.unwrap()).unwrap().unwrap();
        let key = EpochKey::from_announced(Seed32::from_bytes(*epoch.seed), &epoch.commitment.0).unwrap();
        let forger = Forger {
            person: stolen.person,
            device: DeviceSecret::from_seed(&Seed32::from_bytes(stolen.device_seed)),
            salt: Salt([77; 16]),
            space,
            conversation,
            op_head: row.op_head.unwrap(),
            epoch: row.epoch.unwrap(),
            key,
            dseq: row.my_dseq,
            prev: row.my_prev,
            entries: Vec::new(),
        };
        (forger, row)
    };
    forge(&mut forger, &|doc| {
        let rows = changes::of_doc(&store.read(), &doc).unwrap();
        rows.iter().map(|row| inspect(&row.bytes).unwrap()).collect()
    });
    // What is frozen leaves as it is when the app starts.
    store
        .write::<_, StoreError>(Durability::Full, |tx| {
            for (header, id, bytes) in &forger.entries {
                let new = NewEntry { id, header, place: None, status: Status::Sealed, reason: "", bytes };
                entries::insert(tx, &new)?;
            }
            let mut row = row.clone();
            (row.my_dseq, row.my_prev) = (forger.dseq, forger.prev);
            spaces::put(tx, &row)
        })
        .unwrap();
    drop(store);
    world.start(device).unwrap();
    world.settle().unwrap();
}

/// Cora forges; the others must not be moved. Answers how many entries each of them refused.
fn refused(
    seed: u64,
    make: impl FnOnce(&mut Forger, &dyn Fn(DocId) -> Vec<ChangeInfo>, DocId, PersonId, DeviceId),
) -> u32 {
    let mut house = House::new(seed);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    let adas = world.send(laptop, &group, "Ada's own words").unwrap();
    world.settle().unwrap();
    let before = seen(&world.messages(laptop, &group).unwrap());
    let members = world.members(laptop, &group).unwrap();
    let status = world.status(laptop).unwrap();
    let (person, device) = (status.person.unwrap().parse().unwrap(), status.device.unwrap().parse().unwrap());
    let target: DocId = adas.parse().unwrap();
    forge(world, cora, &group, |forger, known| make(forger, known, target, person, device));
    let mut counts = Vec::new();
    for one in [laptop, desktop, ben] {
        assert_eq!(seen(&world.messages(one, &group).unwrap()), before, "device {one}");
        assert_eq!(world.members(one, &group).unwrap().len(), members.len());
        let status = world.status(one).unwrap();
        assert_eq!(status.parked, 0, "device {one}: {status:?}");
        counts.push(status.quarantined);
    }
    let roles = |rows: Vec<MemberRow>| rows.into_iter().map(|row| (row.member, row.role)).collect::<Vec<_>>();
    assert_eq!(roles(world.members(laptop, &group).unwrap()), roles(members));
    assert_eq!(counts, vec![counts[0]; 3], "refused alike");
    // The group lives on.
    world.send(ben, &group, "and on").unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(laptop, &group).unwrap().len(), before.len() + 1);
    counts[0]
}

#[test]
fn another_s_message_can_t_be_deleted() {
    let count = refused(20, |forger, known, target, ada, _| {
        let preimage = known(target).into_iter().find_map(|change| change.preimage).unwrap();
        assert_eq!(preimage.owner(), Some(ada));
        let new = author_from(known(target), forger.actor(), &preimage, &Edit::DeleteMessage).unwrap();
        forger.data(target, new.bytes);
    });
    assert_eq!(count, 1);
}

#[test]
fn another_s_name_can_t_be_put_on_a_message() {
    let count = refused(21, |forger, _, _, ada, _| {
        let preimage = Preimage::message(forger.space, ada, &DraftId([5; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("in Ada's name")).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
    assert_eq!(count, 1);
}

#[test]
fn a_document_s_id_can_t_be_squatted() {
    let count = refused(22, |forger, _, target, _, _| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([6; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("at another's id")).unwrap();
        forger.data(target, new.bytes);
    });
    assert_eq!(count, 1);
}

#[test]
fn another_s_actor_can_t_be_used() {
    let count = refused(23, |forger, known, target, _, device| {
        let victim = known(target).first().unwrap().actor;
        assert_ne!(victim, Actor::derive(&device, &forger.salt));
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([7; 16]));
        let new = author_from([], victim, &preimage, &forger.message("with Ada's actor")).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
    assert_eq!(count, 1);
}

#[test]
fn an_op_number_at_the_limit_is_refused() {
    for (seed, start_op) in [(24, 2), (25, (1 << 24) - 1), (26, u64::from(u32::MAX))] {
        let count = refused(seed, |forger, _, _, _, _| {
            let preimage = Preimage::message(forger.space, forger.person, &DraftId([8; 16]));
            let new = author_from([], forger.actor(), &preimage, &forger.message("far ahead")).unwrap();
            assert_eq!(with_start_op(&new.bytes, 1), new.bytes, "the forgery changes nothing else");
            forger.data(preimage.doc_id(), with_start_op(&new.bytes, start_op));
        });
        assert_eq!(count, 1, "first op {start_op}");
    }
}

#[test]
fn of_two_changes_in_one_place_all_devices_keep_the_earlier() {
    let mut house = House::new(27);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    forge(world, cora, &group, |forger, _| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([9; 16]));
        for body in ["said first", "said instead"] {
            let new = author_from([], forger.actor(), &preimage, &forger.message(body)).unwrap();
            forger.data(preimage.doc_id(), new.bytes);
        }
    });
    for device in [laptop, desktop, ben] {
        assert_eq!(world.bodies(device, &group).unwrap(), ["said first"], "device {device}");
    }
    // Somebody who comes later and reads newest first decides alike.
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(tablet, &group).unwrap(), ["said first"]);
}

#[test]
fn nobody_raises_their_own_role() {
    let count = refused(28, |forger, _, _, _, _| {
        let grant = Grant { member: Member::Person(forger.person), role: Role::Owner };
        forger.op(&SpaceOp::SetRole { grant, pins: Vec::new() });
    });
    assert_eq!(count, 0, "the relay does not even take it");
}

#[test]
fn a_pin_that_cuts_is_refused() {
    // Ada may lower roles, but not with a pin that takes years away.
    let mut house = House::new(29);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    for n in 0..3 {
        world.send(cora, &group, &format!("Cora {n}")).unwrap();
    }
    world.settle().unwrap();
    let status = world.status(cora).unwrap();
    let person: PersonId = status.person.unwrap().parse().unwrap();
    let device: DeviceId = status.device.unwrap().parse().unwrap();
    let before = world.members(desktop, &group).unwrap();
    forge(world, laptop, &group, |forger, _| {
        let grant = Grant { member: Member::Person(person), role: Role::Reader };
        forger.op(&SpaceOp::SetRole { grant, pins: vec![Pin { device, last: None }] });
    });
    for one in [desktop, ben, cora] {
        assert_eq!(world.bodies(one, &group).unwrap().len(), 3, "device {one}");
    }
    let roles = |rows: Vec<MemberRow>| rows.into_iter().map(|row| (row.member, row.role)).collect::<Vec<_>>();
    assert_eq!(roles(world.members(desktop, &group).unwrap()), roles(before));
}

#[test]
fn a_reader_writes_nothing() {
    let mut house = House::new(30);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    world.send(cora, &group, "still a member").unwrap();
    world.settle().unwrap();
    let member = world.status(cora).unwrap().person.unwrap();
    let args = MemberRole { conversation: group.clone(), member, role: RoleName::Reader };
    world.call(laptop, Call::MemberRole(args)).unwrap();
    world.settle().unwrap();
    assert!(world.try_call(cora, homing_sim::people::send_call(&group, "as a reader")).unwrap().is_err());
    forge(world, cora, &group, |forger, _| {
        let preimage = Preimage::message(forger.space, forger.person, &DraftId([10; 16]));
        let new = author_from([], forger.actor(), &preimage, &forger.message("as a reader")).unwrap();
        forger.data(preimage.doc_id(), new.bytes);
    });
    for device in [laptop, desktop, ben] {
        assert_eq!(world.bodies(device, &group).unwrap(), ["still a member"], "device {device}");
    }
}

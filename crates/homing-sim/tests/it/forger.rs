//! The tools of those who break the rules: a member whose app is not ours, and a relay that helps them.

use homing_access::build::sign_entry;
use homing_crypto::{DeviceSecret, EpochKey, Seed32, padding};
use homing_model::{Actor, ChangeInfo, Edit, inspect};
use homing_sim::{DeviceId as Device, World};
use homing_store::entries::{self, NewEntry, Status};
use homing_store::{Durability, Read, StoreError, changes, conversations, epochs, spaces};
use homing_wire::codec::encode;
use homing_wire::{
    Changes, DeviceId, DocChange, DocId, EntryHeader, EntryId, EntryKind, Hash, Head, Member, PersonId, Salt,
    SpaceId, SpaceKind, SpaceOp, limits,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::disk::{self, Stolen};

/// What a forger may look up: the changes of a document, as their device has them.
pub type Look<'a> = &'a dyn Fn(DocId) -> Vec<ChangeInfo>;

/// An entry on its way out of the forger's app.
pub struct Forgery {
    pub id: EntryId,
    header: EntryHeader,
    bytes: Vec<u8>,
}

/// What the forger's app knows, and may say what it likes with.
pub struct Forger {
    pub person: PersonId,
    device: DeviceSecret,
    pub salt: Salt,
    pub space: SpaceId,
    conversation: DocId,
    pub op_head: EntryId,
    pub epoch: EntryId,
    key: EpochKey,
    dseq: u64,
    pub prev: Option<EntryId>,
    /// Entries to be sent, in order.
    entries: Vec<Forgery>,
}

impl Forger {
    pub fn id(&self) -> DeviceId {
        DeviceId(self.device.signing().public())
    }

    pub fn actor(&self) -> Actor {
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
        self.entries.push(Forgery { id: entry.id(), header, bytes: entry.encode() });
    }

    /// Seals and signs a change of a document.
    pub fn data(&mut self, doc: DocId, change: Vec<u8>) {
        let nonce = [u8::try_from(self.dseq).unwrap(); 24];
        let header = self.header(EntryKind::Data, nonce);
        let plain = Changes { changes: vec![DocChange { doc, change }] }.encode();
        let plain = padding::pad_to(&zstd::bulk::compress(&plain, 3).unwrap()).unwrap();
        let sealed =
            homing_crypto::seal(self.key.data_key(), nonce, &header.associated_data(), &plain).unwrap();
        self.keep(header, sealed);
    }

    pub fn op(&mut self, op: &SpaceOp) {
        let header = self.header(EntryKind::Op, [0; 24]);
        self.keep(header, op.encode());
    }

    pub fn message(&self, body: &str) -> Edit {
        Edit::CreateMessage {
            conversation: self.conversation,
            body: body.to_owned(),
            author_ms: 1_795_608_000_000,
            reply_to: None,
            attachments: Vec::new(),
            extras: None,
        }
    }
}

/// A change that is encoded anew with another number of its first op. The rest stays as it was, the checksum fits.
pub fn with_start_op(change: &[u8], start_op: u64) -> Vec<u8> {
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

/// Takes what a member's app knows, ends it, and hands out what `forge` makes of it.
pub fn forge(
    world: &mut World,
    device: Device,
    conversation: &str,
    forge: impl FnOnce(&mut Forger, Look<'_>),
) -> Vec<Forgery> {
    let conversation: DocId = conversation.parse().unwrap();
    let find = |db: &Read<'_>| conversations::get(db, &conversation).unwrap().unwrap().space;
    forge_in(world, device, conversation, &find, forge)
}

/// The space of the team a device's person belongs to.
pub fn team(db: &Read<'_>) -> SpaceId {
    spaces::list(db).unwrap().iter().find(|row| row.kind == SpaceKind::Team).unwrap().space
}

/// As [`forge`], in any space of the member's.
pub fn forge_in(
    world: &mut World,
    device: Device,
    conversation: DocId,
    find: &dyn Fn(&Read<'_>) -> SpaceId,
    forge: impl FnOnce(&mut Forger, Look<'_>),
) -> Vec<Forgery> {
    world.crash(device).unwrap();
    let store = disk::open(world, device);
    let mut forger = {
        let db = store.read();
        let stolen = Stolen::from(&db);
        let space = find(&db);
        let row = spaces::get(&db, &space).unwrap().unwrap();
        let epoch = epochs::get(&db, &space, &row.epoch.unwrap()).unwrap().unwrap();
        let key = EpochKey::from_announced(Seed32::from_bytes(*epoch.seed), &epoch.commitment.0).unwrap();
        Forger {
            person: stolen.person,
            device: stolen.device(),
            salt: Salt([77; 16]),
            space,
            conversation,
            op_head: row.op_head.unwrap(),
            epoch: row.epoch.unwrap(),
            key,
            dseq: row.my_dseq,
            prev: row.my_prev,
            entries: Vec::new(),
        }
    };
    forge(&mut forger, &|doc| {
        let rows = changes::of_doc(&store.read(), &doc).unwrap();
        rows.iter().map(|row| inspect(&row.bytes).unwrap()).collect()
    });
    forger.entries
}

/// The forger's app sends what was forged: what is frozen leaves as it is when the app starts.
pub fn send(world: &World, device: Device, forgeries: &[Forgery]) {
    let mut store = disk::open(world, device);
    store
        .write::<_, StoreError>(Durability::Full, |tx| {
            for forgery in forgeries {
                let Forgery { id, header, bytes } = forgery;
                let new = NewEntry { id, header, place: None, status: Status::Sealed, reason: "", bytes };
                entries::insert(tx, &new)?;
                let mut row = spaces::must(tx, &header.space)?;
                (row.my_dseq, row.my_prev) = (header.dseq, Some(*id));
                spaces::put(tx, &row)?;
            }
            Ok(())
        })
        .unwrap();
}

/// The relay's operator puts what was forged into the log, asking nobody: chain, sequence and signed head are as for
/// any entry, so no device can see that it was not judged. An op is filed as data, because the relay's own program
/// would not start over an op chain that does not hold.
pub fn collude(world: &mut World, forgeries: &[Forgery]) {
    world.crash_relay().unwrap();
    let mut db = Connection::open(world.relay_folder().join("relay.db")).unwrap();
    let tx = db.transaction().unwrap();
    for Forgery { id, header, bytes } in forgeries {
        let (space, head, last_ms) = tx
            .query_row(
                "SELECT number, generation, sequence, chain, received_ms FROM space WHERE id = ?1",
                [header.space.0],
                |row| {
                    let generation = u64::try_from(row.get::<_, i64>(1)?).unwrap();
                    let sequence = u64::try_from(row.get::<_, i64>(2)?).unwrap();
                    let head = Head { generation, sequence, chain: Hash(row.get(3)?) };
                    Ok((row.get::<_, i64>(0)?, head, row.get::<_, i64>(4)?))
                },
            )
            .unwrap();
        let received_ms = last_ms + 1;
        let next = head.next(head.generation, id, u64::try_from(received_ms).unwrap());
        let number = |value: u64| i64::try_from(value).unwrap();
        let line =
            homing_wire::line(next.sequence, u64::try_from(received_ms).unwrap(), next.generation, bytes);
        tx.execute(
            "INSERT INTO entry (place, received_ms, generation, kind, proven, id, chain, line)
             VALUES ((?1 << 32) | ?2, ?3, ?4, 1, 0, ?5, ?6, ?7)",
            (space, number(next.sequence), received_ms, number(next.generation), id.0, next.chain.0, line),
        )
        .unwrap();
        tx.execute(
            "UPDATE space SET sequence = ?2, chain = ?3, received_ms = ?4 WHERE number = ?1",
            (space, number(next.sequence), next.chain.0, received_ms),
        )
        .unwrap();
        tx.execute(
            "INSERT INTO tail (space, device, person, written_as, dseq, last, pushed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5)
             ON CONFLICT (space, device) DO UPDATE SET dseq = ?5, last = ?6, pushed = ?5 WHERE dseq < ?5",
            (space, header.device.0, header.person.0, encode(&header.written_as), number(header.dseq), id.0),
        )
        .unwrap();
    }
    tx.commit().unwrap();
    drop(db);
    world.start_relay().unwrap();
}

/// What a device made of entries: how each stands, and the code of why.
pub fn judged(world: &mut World, device: Device, forgeries: &[Forgery]) -> Vec<(Status, String)> {
    world.crash(device).unwrap();
    let store = disk::open(world, device);
    let db = store.read();
    let judged = forgeries
        .iter()
        .map(|forgery| {
            let row = entries::get(&db, &forgery.id).unwrap().expect("the entry came");
            (row.status, row.reason)
        })
        .collect();
    drop(store);
    world.start(device).unwrap();
    judged
}

/// How many of these entries came to a device.
pub fn present(world: &mut World, device: Device, forgeries: &[Forgery]) -> usize {
    world.crash(device).unwrap();
    let store = disk::open(world, device);
    let db = store.read();
    let came = forgeries.iter().filter(|one| entries::get(&db, &one.id).unwrap().is_some()).count();
    drop(store);
    world.start(device).unwrap();
    came
}

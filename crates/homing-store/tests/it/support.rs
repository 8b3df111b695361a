use std::path::PathBuf;

use homing_store::messages::{MessageState, NewMessage};
use homing_store::spaces::{SpaceRow, SpaceState};
use homing_store::{Durability, Result, Store, Tx, members, people, spaces};
use homing_wire::{
    DeviceId, DocId, Entry, EntryBody, EntryHeader, EntryId, EntryKind, Member, PersonId, Role, Salt,
    Signature, SpaceId, SpaceKind,
};

pub const KEY: [u8; 32] = [7; 32];
pub const SPACE: SpaceId = SpaceId([1; 32]);
pub const OTHER_SPACE: SpaceId = SpaceId([11; 32]);
pub const ALICE: PersonId = PersonId([2; 32]);
pub const BOB: PersonId = PersonId([3; 32]);
pub const LAPTOP: DeviceId = DeviceId([4; 32]);
pub const PHONE: DeviceId = DeviceId([5; 32]);

/// A profile in a folder of its own. Alice owns it; Bob shares both spaces with her.
pub struct Profile {
    pub store: Store,
    pub folder: tempfile::TempDir,
}

impl Profile {
    pub fn new() -> Self {
        Self::of(tempfile::tempdir().unwrap())
    }

    /// As profiles were before pages had half the size and another way to be authenticated.
    pub fn former() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let raw = rusqlite::Connection::open(folder.path().join("db")).unwrap();
        raw.execute_batch(&key()).unwrap();
        // What a file is made with by default is one value for all of the process, and a backup may change it just now.
        raw.pragma_update(None, "cipher_page_size", 4096).unwrap();
        raw.pragma_update(None, "cipher_hmac_algorithm", "HMAC_SHA512").unwrap();
        // The file takes the size of its pages from its first table.
        raw.execute_batch("CREATE TABLE first (n); DROP TABLE first").unwrap();
        drop(raw);
        Self::of(folder)
    }

    fn of(folder: tempfile::TempDir) -> Self {
        let mut store = Store::open(&folder.path().join("db"), &KEY).unwrap();
        store
            .write(Durability::Full, |tx| {
                for space in [SPACE, OTHER_SPACE] {
                    spaces::put(tx, &SpaceRow::new(space, SpaceKind::Talk, vec![9], SpaceState::Joined))?;
                    members::set(
                        tx,
                        &space,
                        &[(Member::Person(ALICE), Role::Owner), (Member::Person(BOB), Role::Member)],
                    )?;
                }
                people::set_name(tx, &SPACE, &ALICE, "Alice", 1)?;
                people::set_name(tx, &SPACE, &BOB, "Bob", 1)
            })
            .unwrap();
        Self { store, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("db")
    }

    pub fn write<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T>) -> T {
        self.store.write(Durability::Normal, work).unwrap()
    }

    /// A connection behind the store's back, to plant damage.
    pub fn raw(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(self.path()).unwrap();
        raw.execute_batch(&key()).unwrap();
        raw.pragma_update(None, "cipher_page_size", 2048).unwrap();
        raw.pragma_update(None, "cipher_hmac_algorithm", "HMAC_SHA256").unwrap();
        raw
    }
}

fn key() -> String {
    format!("PRAGMA key = \"x'{}'\"", "07".repeat(32))
}

pub fn doc(n: u32) -> DocId {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&n.to_be_bytes());
    DocId::from_hash(&hash)
}

/// A message of Bob's in conversation 1.
pub fn message(n: u32) -> NewMessage {
    NewMessage {
        id: doc(1000 + n),
        conversation: doc(1),
        space: SPACE,
        internal: false,
        author: BOB,
        mine: false,
        at_ms: 1_700_000_000_000 + u64::from(n) * 1000,
        author_ms: 1_700_000_000_000 + u64::from(n) * 1000,
        received_ms: 1_700_000_000_000 + u64::from(n) * 1000,
        body: format!("message number {n}"),
        reply_to: None,
        deleted: false,
        unread: true,
        device: PHONE,
        dseq: u64::from(n) + 1,
        state: MessageState::Sent,
        attachments: Vec::new(),
        marks: Default::default(),
    }
}

/// A message of Alice's in conversation 1, on its way.
pub fn own(n: u32) -> NewMessage {
    NewMessage {
        author: ALICE,
        mine: true,
        unread: false,
        device: LAPTOP,
        dseq: 0,
        received_ms: 0,
        state: MessageState::Pending,
        ..message(n)
    }
}

/// An entry that hashes to its id.
pub fn entry(
    space: SpaceId,
    device: DeviceId,
    dseq: u64,
    prev: Option<EntryId>,
) -> (EntryId, EntryHeader, Vec<u8>) {
    let header = EntryHeader {
        version: homing_wire::limits::VERSION,
        space,
        kind: EntryKind::Data,
        device,
        person: BOB,
        written_as: Member::Person(BOB),
        dseq,
        prev,
        op_head: None,
        rules: 1,
        epoch: None,
        salt: Salt([8; 16]),
        seen: None,
        nonce: [0; 24],
    };
    let body = EntryBody { header: header.clone(), content: vec![1, 2, 3] };
    let entry = Entry { body, signature: Signature([0; 64]) };
    (entry.id(), header, entry.encode())
}

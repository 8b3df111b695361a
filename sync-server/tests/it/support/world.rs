//! People and the spaces as they know them. An entry counts here once the test says that a relay took it.

use std::collections::{BTreeMap, BTreeSet};

use homing_access::build::{
    AccountKey, Author, LastEntry, SpaceOps, add_device, consent, new_account, revoke_device,
    rotate_person_key, sign_entry, sign_slot, space_genesis,
};
use homing_access::{AccountState, Directory, SpaceState};
use homing_crypto::{DeviceSecret, EpochKey, InviteSecret, PersonSecret, RecoverySecret, Seed32};
use homing_wire::{
    AccountOp, DeviceId, DocId, Entry, EntryId, Grant, Member, PersonId, Role, Salt, Slot, SlotHeader,
    SlotId, SpaceId, SpaceOp, SpaceOrigin, limits,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A person on one device.
#[derive(Clone)]
pub struct Person {
    pub id: PersonId,
    pub device: DeviceSecret,
    pub recovery: RecoverySecret,
    pub seed: Seed32,
    pub log: Vec<AccountOp>,
}

impl Person {
    pub fn device_id(&self) -> DeviceId {
        DeviceId(self.device.signing().public())
    }

    pub fn me(&self) -> Member {
        Member::Person(self.id)
    }
}

#[derive(Clone, Default)]
pub struct Known {
    accounts: BTreeMap<PersonId, AccountState>,
    spaces: BTreeMap<SpaceId, SpaceState>,
}

impl Directory for Known {
    fn account(&self, person: &PersonId) -> Option<&AccountState> {
        self.accounts.get(person)
    }

    fn team(&self, team: &SpaceId) -> Option<&SpaceState> {
        self.spaces.get(team)
    }
}

#[derive(Clone)]
pub struct World {
    rng: ChaCha20Rng,
    known: Known,
    keys: BTreeMap<SpaceId, EpochKey>,
    tails: BTreeMap<(SpaceId, DeviceId), (u64, EntryId)>,
    wrote: BTreeSet<(SpaceId, PersonId, DeviceId, Member)>,
    pub now_ms: u64,
}

impl World {
    pub fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Self {
            rng: ChaCha20Rng::from_seed([3; 32]),
            known: Known::default(),
            keys: BTreeMap::new(),
            tails: BTreeMap::new(),
            wrote: BTreeSet::new(),
            now_ms: u64::try_from(now.as_millis()).unwrap(),
        }
    }

    pub fn seed(&mut self) -> Seed32 {
        Seed32::random(&mut self.rng)
    }

    /// A generator of its own, so that building can borrow the world.
    fn fork(&mut self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(*self.seed().expose())
    }

    pub fn person(&mut self) -> Person {
        let device = DeviceSecret::from_seed(&self.seed());
        let recovery = RecoverySecret::from_seed(&self.seed());
        let (op, seed) = new_account(&mut self.rng, &device, &recovery).unwrap();
        let account = AccountState::genesis(&op).unwrap();
        let id = account.person();
        self.known.accounts.insert(id, account);
        Person { id, device, recovery, seed, log: vec![op] }
    }

    fn account_op(&mut self, person: &mut Person, op: AccountOp) -> AccountOp {
        self.known.accounts.get_mut(&person.id).unwrap().apply(&op).unwrap();
        person.log.push(op.clone());
        op
    }

    /// The same person on one more device.
    pub fn second_device(&mut self, person: &mut Person) -> Person {
        let device = DeviceSecret::from_seed(&self.seed());
        let enrol = PersonSecret::from_seed(&person.seed);
        let account = self.known.accounts[&person.id].clone();
        let consent = consent(&person.id, &device);
        let op =
            add_device(&mut self.rng, &account, AccountKey::Person(&enrol), consent, &person.seed).unwrap();
        self.account_op(person, op);
        Person { device, ..person.clone() }
    }

    pub fn revoke(&mut self, person: &mut Person, device: DeviceId) -> AccountOp {
        let account = self.known.accounts[&person.id].clone();
        let signer = AccountKey::Device(person.device.signing());
        let (op, seed) = revoke_device(&mut self.rng, &account, signer, device, &person.seed).unwrap();
        person.seed = seed;
        self.account_op(person, op)
    }

    pub fn rotate_person_key(&mut self, person: &mut Person) -> AccountOp {
        let account = self.known.accounts[&person.id].clone();
        let signer = AccountKey::Device(person.device.signing());
        let (op, seed) = rotate_person_key(&mut self.rng, &account, signer, &person.seed).unwrap();
        person.seed = seed;
        self.account_op(person, op)
    }

    fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.rng.fill_bytes(&mut nonce);
        nonce
    }

    fn author<'a>(&self, space: SpaceId, who: &'a Person, written_as: Member) -> Author<'a> {
        let tail = self.tails.get(&(space, who.device_id()));
        Author {
            key: who.device.signing(),
            person: who.id,
            written_as,
            dseq: tail.map_or(1, |(dseq, _)| dseq + 1),
            prev: tail.map(|(_, id)| *id),
            salt: Salt([1; 16]),
            rules: 1,
            seen: None,
        }
    }

    pub fn genesis(
        &mut self,
        who: &Person,
        written_as: Member,
        origin: SpaceOrigin,
        members: Vec<Grant>,
    ) -> Entry {
        let mut rng = self.fork();
        let (op, key) = space_genesis(&mut rng, origin, members, &self.known).unwrap();
        let space = SpaceId::derive(&origin);
        self.keys.insert(space, key);
        self.author(space, who, written_as).sign_op(space, None, &op)
    }

    /// A talk's first op, already taken in this world.
    pub fn talk(&mut self, owner: &Person, others: &[(&Person, Role)]) -> (SpaceId, Entry) {
        let origin = SpaceOrigin::Talk(owner.id, self.nonce());
        self.with_others(owner, others, origin)
    }

    pub fn team(&mut self, owner: &Person, others: &[(&Person, Role)]) -> (SpaceId, Entry) {
        let origin = SpaceOrigin::Team(owner.id, self.nonce());
        self.with_others(owner, others, origin)
    }

    fn with_others(
        &mut self,
        owner: &Person,
        others: &[(&Person, Role)],
        origin: SpaceOrigin,
    ) -> (SpaceId, Entry) {
        let mut members = vec![Grant { member: owner.me(), role: Role::Owner }];
        members.extend(others.iter().map(|(person, role)| Grant { member: person.me(), role: *role }));
        let entry = self.genesis(owner, owner.me(), origin, members);
        self.took(&entry, self.now_ms);
        (entry.header().space, entry)
    }

    pub fn client_space(&mut self, staff: &Person, team: SpaceId, clients: &[&Person]) -> (SpaceId, Entry) {
        let contact = DocId::from_hash(self.seed().expose());
        let mut members = vec![Grant { member: Member::Team(team), role: Role::Owner }];
        members.extend(clients.iter().map(|person| Grant { member: person.me(), role: Role::Client }));
        let entry = self.genesis(staff, Member::Team(team), SpaceOrigin::Client(team, contact), members);
        self.took(&entry, self.now_ms);
        (entry.header().space, entry)
    }

    pub fn state(&self, space: SpaceId) -> &SpaceState {
        &self.known.spaces[&space]
    }

    /// A relay acknowledged the entry.
    pub fn took(&mut self, entry: &Entry, received_ms: u64) {
        let header = entry.header();
        match header.op_head {
            None => {
                let state = SpaceState::genesis(entry, &self.known).unwrap();
                self.known.spaces.insert(header.space, state);
            }
            Some(_) if header.epoch.is_none() => {
                let mut state = self.known.spaces[&header.space].clone();
                state.apply(entry, received_ms, &self.known).unwrap();
                self.known.spaces.insert(header.space, state);
            }
            Some(_) => {}
        }
        self.tails.insert((header.space, header.device), (header.dseq, entry.id()));
        self.wrote.insert((header.space, header.person, header.device, header.written_as));
    }

    fn writers(&self, space: SpaceId) -> Vec<LastEntry> {
        let here = self.wrote.iter().filter(|(id, ..)| *id == space);
        here.map(|(_, person, device, written_as)| LastEntry {
            person: *person,
            device: *device,
            written_as: *written_as,
            last: self.tails[&(space, *device)].1,
        })
        .collect()
    }

    fn ops(&self, space: SpaceId) -> SpaceOps<'_> {
        SpaceOps { state: self.state(space), dir: &self.known, now_ms: self.now_ms }
    }

    /// Signs an op under the present head.
    pub fn sign(&self, space: SpaceId, who: &Person, written_as: Member, op: &SpaceOp) -> Entry {
        self.author(space, who, written_as).sign_op(space, Some(self.state(space).head()), op)
    }

    pub fn adding(&mut self, space: SpaceId, who: &Person, member: Member, role: Role) -> Entry {
        let mut rng = self.fork();
        let grant = Grant { member, role };
        let op = self.ops(space).add_member(&mut rng, grant, None, &self.keys[&space]).unwrap();
        self.sign(space, who, who.me(), &op)
    }

    pub fn removing(&mut self, space: SpaceId, who: &Person, member: Member) -> Entry {
        let mut rng = self.fork();
        let writers = self.writers(space);
        let (op, key) =
            self.ops(space).remove_member(&mut rng, member, &writers, &self.keys[&space]).unwrap();
        self.keys.insert(space, key);
        self.sign(space, who, who.me(), &op)
    }

    pub fn rotating(&mut self, space: SpaceId, who: &Person, written_as: Member) -> Entry {
        let mut rng = self.fork();
        let (op, key) = self.ops(space).rotate(&mut rng, &self.keys[&space]).unwrap();
        self.keys.insert(space, key);
        self.sign(space, who, written_as, &op)
    }

    /// Anchors what moved, with a new epoch where one is due.
    pub fn anchoring(&mut self, space: SpaceId, who: &Person, written_as: Member) -> Entry {
        let mut rng = self.fork();
        let writers = self.writers(space);
        let due = self
            .ops(space)
            .anchor_if_needed(&mut rng, (&who.id, &written_as), &writers, &self.keys[&space])
            .unwrap();
        let (op, key) = due.unwrap();
        self.keys.extend(key.map(|key| (space, key)));
        self.sign(space, who, written_as, &op)
    }

    pub fn inviting(&mut self, space: SpaceId, who: &Person, role: Role) -> (Entry, InviteSecret) {
        let mut rng = self.fork();
        let secret = InviteSecret::random(&mut rng);
        let op = self.ops(space).invite(&mut rng, &secret, role, true, &self.keys[&space]).unwrap();
        (self.sign(space, who, who.me(), &op), secret)
    }

    pub fn joining(&mut self, space: SpaceId, secret: &InviteSecret, who: &Person) -> Entry {
        let mut rng = self.fork();
        let (op, key, _) = self.ops(space).join(&mut rng, secret, &who.id, who.device.signing()).unwrap();
        self.keys.insert(space, key);
        self.sign(space, who, who.me(), &op)
    }

    /// A data entry that continues what was taken.
    pub fn data(&self, space: SpaceId, who: &Person, written_as: Member, content: &[u8]) -> Entry {
        let author = self.author(space, who, written_as);
        let state = self.state(space);
        let header = author.data_header(space, state.head(), state.epoch(), [5; 24]);
        sign_entry(header, content.to_vec(), author.key)
    }

    pub fn slot(&self, space: SpaceId, who: &Person, slot: u8, counter: u64, content: &[u8]) -> Slot {
        let state = self.state(space);
        let header = SlotHeader {
            version: limits::VERSION,
            space,
            device: who.device_id(),
            person: who.id,
            written_as: who.me(),
            slot: SlotId([slot; 16]),
            counter,
            op_head: state.head(),
            epoch: state.epoch(),
            nonce: [6; 24],
        };
        sign_slot(header, content.to_vec(), who.device.signing())
    }
}

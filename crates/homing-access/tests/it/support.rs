//! A small world: people with devices, spaces, and a relay that asks what a relay asks.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use homing_access::build::{
    AccountKey, Author, BuildError, LastEntry, SpaceOps, add_device, consent, new_account, revoke_device,
    rotate_person_key, sign_entry, space_genesis,
};
use homing_access::{AccessError, AccountState, Applied, Directory, SpaceState, Verdict, open, verify_entry};
use homing_crypto::{DeviceSecret, EpochKey, InviteSecret, PersonSecret, RecoverySecret, Seed32};
use homing_wire::{
    AccountOp, DeviceId, DocId, Entry, EntryId, EpochId, Grant, InviteId, Member, PersonId, Pin, Role, Salt,
    SealedSeed, SpaceId, SpaceOp, SpaceOrigin,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub const START: u64 = 1_800_000_000_000;

#[derive(Clone)]
pub struct Device {
    pub secret: DeviceSecret,
    pub revoked: bool,
    /// Person seeds this device could open while it was not revoked.
    pub seeds: BTreeMap<u32, Seed32>,
}

#[derive(Clone)]
pub struct Person {
    pub id: PersonId,
    pub recovery: RecoverySecret,
    pub devices: Vec<Device>,
}

/// Person and device by number.
pub type Who = (usize, usize);

#[derive(Clone, Default)]
pub struct Known {
    pub accounts: BTreeMap<PersonId, AccountState>,
    pub states: BTreeMap<SpaceId, SpaceState>,
}

impl Directory for Known {
    fn account(&self, person: &PersonId) -> Option<&AccountState> {
        self.accounts.get(person)
    }

    fn team(&self, team: &SpaceId) -> Option<&SpaceState> {
        self.states.get(team).filter(|state| state.kind() == homing_wire::SpaceKind::Team)
    }
}

/// What the relay stores of a space, and the true keys.
#[derive(Clone, Default)]
pub struct Log {
    pub ops: Vec<(Entry, u64)>,
    pub data: Vec<Entry>,
    pub parents: HashMap<EntryId, Option<EntryId>>,
    pub ends: BTreeMap<DeviceId, (u64, EntryId)>,
    pub writers: BTreeMap<(PersonId, DeviceId, Member), EntryId>,
    pub keys: Vec<(EpochId, EpochKey)>,
    /// All seals ever made of each epoch.
    pub seals: BTreeMap<EpochId, Vec<SealedSeed>>,
}

impl Log {
    pub fn writers(&self) -> Vec<LastEntry> {
        let at = |(person, device, written_as): &(PersonId, DeviceId, Member)| {
            let last = self.ends[device].1;
            LastEntry { person: *person, device: *device, written_as: *written_as, last }
        };
        self.writers.keys().map(at).collect()
    }

    /// Whether `entry` is `pin` or reached from it along `prev`.
    pub fn is_ancestor(&self, entry: &EntryId, pin: &EntryId) -> Option<bool> {
        let mut at = Some(*pin);
        while let Some(id) = at {
            if id == *entry {
                return Some(true);
            }
            at = *self.parents.get(&id)?;
        }
        Some(false)
    }

    fn record(&mut self, entry: &Entry) {
        let (id, header) = (entry.id(), entry.header());
        self.parents.insert(id, header.prev);
        self.ends.insert(header.device, (header.dseq, id));
        self.writers.insert((header.person, header.device, header.written_as), id);
    }
}

pub struct World {
    pub rng: ChaCha20Rng,
    pub people: Vec<Person>,
    pub dir: Known,
    pub account_ops: BTreeMap<PersonId, Vec<AccountOp>>,
    pub logs: BTreeMap<SpaceId, Log>,
    pub now: u64,
}

impl World {
    pub fn new(people: usize) -> Self {
        let mut world = Self {
            rng: ChaCha20Rng::from_seed([7; 32]),
            people: Vec::new(),
            dir: Known::default(),
            account_ops: BTreeMap::new(),
            logs: BTreeMap::new(),
            now: START,
        };
        for _ in 0..people {
            world.add_person();
        }
        world
    }

    pub fn seed(&mut self) -> Seed32 {
        Seed32::random(&mut self.rng)
    }

    pub fn add_person(&mut self) -> usize {
        let secret = DeviceSecret::from_seed(&self.seed());
        let recovery = RecoverySecret::from_seed(&self.seed());
        let (op, seed) = new_account(&mut self.rng, &secret, &recovery).unwrap();
        let account = AccountState::genesis(&op).unwrap();
        let id = account.person();
        self.dir.accounts.insert(id, account);
        self.account_ops.insert(id, vec![op]);
        let device = Device { secret, revoked: false, seeds: BTreeMap::from([(1, seed)]) };
        self.people.push(Person { id, recovery, devices: vec![device] });
        self.people.len() - 1
    }

    pub fn id(&self, person: usize) -> PersonId {
        self.people[person].id
    }

    pub fn me(&self, person: usize) -> Member {
        Member::Person(self.id(person))
    }

    pub fn secret(&self, (person, device): Who) -> &DeviceSecret {
        &self.people[person].devices[device].secret
    }

    pub fn device(&self, who: Who) -> DeviceId {
        DeviceId(self.secret(who).signing().public())
    }

    pub fn account(&self, person: usize) -> &AccountState {
        &self.dir.accounts[&self.id(person)]
    }

    pub fn person_seed(&self, person: usize) -> Seed32 {
        let device = self.people[person].devices.iter().find(|device| !device.revoked).unwrap();
        device.seeds.values().next_back().unwrap().clone()
    }

    /// Applies an account op; every device that can opens the new seeds.
    pub fn account_op(&mut self, person: usize, op: AccountOp) -> Result<(), AccessError> {
        let id = self.id(person);
        let account = self.dir.accounts.get_mut(&id).unwrap();
        account.apply(&op)?;
        self.account_ops.get_mut(&id).unwrap().push(op);
        for device in &mut self.people[person].devices {
            let name = DeviceId(device.secret.signing().public());
            if let Ok(seed) = open::person_seed(account, &name, device.secret.kem()) {
                let generation = account.person_key().generation;
                device.seeds.extend(open::earlier_person_seeds(account, generation, &seed).unwrap());
            }
            device.revoked = !account.is_active(&name);
        }
        Ok(())
    }

    pub fn add_device(&mut self, person: usize) -> usize {
        let secret = DeviceSecret::from_seed(&self.seed());
        let seed = self.person_seed(person);
        let consent = consent(&self.id(person), &secret);
        let enrol = PersonSecret::from_seed(&seed);
        let account = self.account(person).clone();
        let op = add_device(&mut self.rng, &account, AccountKey::Person(&enrol), consent, &seed).unwrap();
        self.people[person].devices.push(Device { secret, revoked: false, seeds: BTreeMap::new() });
        self.account_op(person, op).unwrap();
        self.people[person].devices.len() - 1
    }

    pub fn revoke(&mut self, (person, device): Who) {
        let account = self.account(person).clone();
        let (recovery, seed) = (self.people[person].recovery.clone(), self.person_seed(person));
        let name = self.device((person, device));
        let (op, _) =
            revoke_device(&mut self.rng, &account, AccountKey::Recovery(&recovery), name, &seed).unwrap();
        self.account_op(person, op).unwrap();
    }

    pub fn rotate_person(&mut self, person: usize) {
        let account = self.account(person).clone();
        let (recovery, seed) = (self.people[person].recovery.clone(), self.person_seed(person));
        let (op, _) =
            rotate_person_key(&mut self.rng, &account, AccountKey::Recovery(&recovery), &seed).unwrap();
        self.account_op(person, op).unwrap();
    }

    pub fn state(&self, space: SpaceId) -> &SpaceState {
        &self.dir.states[&space]
    }

    pub fn ops(&self, space: SpaceId) -> SpaceOps<'_> {
        SpaceOps { state: self.state(space), dir: &self.dir, now_ms: self.now }
    }

    pub fn key(&self, space: SpaceId) -> EpochKey {
        self.logs[&space].keys.last().unwrap().1.clone()
    }

    pub fn writers(&self, space: SpaceId) -> Vec<LastEntry> {
        self.logs[&space].writers()
    }

    pub fn pins_of(&self, space: SpaceId, member: Member) -> Vec<Pin> {
        let mut pins: Vec<Pin> = Vec::new();
        for at in self.writers(space).iter().filter(|at| at.written_as == member) {
            pins.push(Pin { device: at.device, last: Some(at.last) });
        }
        pins
    }

    /// An author whose next entry continues what the relay holds.
    pub fn author(&self, space: SpaceId, who: Who, written_as: Member) -> Author<'_> {
        let device = self.device(who);
        let end = self.logs.get(&space).and_then(|log| log.ends.get(&device));
        Author {
            key: self.secret(who).signing(),
            person: self.id(who.0),
            written_as,
            dseq: end.map_or(1, |(dseq, _)| dseq + 1),
            prev: end.map(|(_, id)| *id),
            salt: Salt([1; 16]),
            rules: 1,
            seen: None,
        }
    }

    pub fn sign(&self, space: SpaceId, who: Who, written_as: Member, op: &SpaceOp) -> Entry {
        self.author(space, who, written_as).sign_op(space, Some(self.state(space).head()), op)
    }

    /// What any device or relay says of an op, by its own judgement only.
    pub fn judged(&self, space: SpaceId, entry: &Entry) -> Result<(), AccessError> {
        self.state(space).judge(entry, self.now, &self.dir).map(|_| ())
    }

    /// Signs and judges an op without taking it.
    pub fn tried(
        &self,
        space: SpaceId,
        who: Who,
        written_as: Member,
        op: &SpaceOp,
    ) -> Result<(), AccessError> {
        self.judged(space, &self.sign(space, who, written_as, op))
    }

    /// The relay takes a fresh op.
    pub fn relay(&mut self, space: SpaceId, entry: &Entry) -> Result<Applied, AccessError> {
        let step = self.state(space).admit_op(entry, self.now, &self.dir)?;
        for cut in step.cuts() {
            cut.check_pins(&self.writers(space))?;
        }
        let applied = self.dir.states.get_mut(&space).unwrap().commit(step)?;
        let log = self.logs.get_mut(&space).unwrap();
        log.record(entry);
        log.ops.push((entry.clone(), self.now));
        let op = SpaceOp::decode(&entry.body.content).unwrap();
        if let Some(epoch) = op.epoch() {
            log.seals.insert(applied.id, epoch.sealed.clone());
        }
        if let SpaceOp::Add { sealed, .. } | SpaceOp::Invite { sealed: Some(sealed), .. } = op {
            let epoch = self.dir.states[&space].epoch();
            log.seals.get_mut(&epoch).unwrap().push(sealed);
        }
        Ok(applied)
    }

    pub fn push(
        &mut self,
        space: SpaceId,
        who: Who,
        written_as: Member,
        op: &SpaceOp,
    ) -> Result<Applied, AccessError> {
        let entry = self.sign(space, who, written_as, op);
        self.relay(space, &entry)
    }

    pub fn push_epoch(
        &mut self,
        space: SpaceId,
        who: Who,
        written_as: Member,
        (op, key): (SpaceOp, EpochKey),
    ) -> Result<Applied, AccessError> {
        let applied = self.push(space, who, written_as, &op)?;
        self.logs.get_mut(&space).unwrap().keys.push((applied.id, key));
        Ok(applied)
    }

    pub fn genesis_entry(
        &mut self,
        who: Who,
        written_as: Member,
        origin: SpaceOrigin,
        members: Vec<Grant>,
    ) -> Result<(Entry, EpochKey), BuildError> {
        let (op, key) = space_genesis(&mut self.rng, origin, members, &self.dir)?;
        let space = SpaceId::derive(&origin);
        Ok((self.author(space, who, written_as).sign_op(space, None, &op), key))
    }

    pub fn begin(&mut self, (entry, key): (Entry, EpochKey)) -> Result<SpaceId, AccessError> {
        let state = SpaceState::genesis(&entry, &self.dir)?;
        let (space, id) = (state.id(), entry.id());
        let mut log = Log { keys: vec![(id, key)], ..Log::default() };
        log.record(&entry);
        log.seals.insert(id, state.seals().to_vec());
        log.ops.push((entry, self.now));
        self.logs.insert(space, log);
        self.dir.states.insert(space, state);
        Ok(space)
    }

    pub fn create(
        &mut self,
        who: Who,
        written_as: Member,
        origin: SpaceOrigin,
        members: Vec<Grant>,
    ) -> Result<SpaceId, BuildError> {
        let made = self.genesis_entry(who, written_as, origin, members)?;
        Ok(self.begin(made)?)
    }

    pub fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.seed().expose()[..16]);
        nonce
    }

    pub fn grant(&self, person: usize, role: Role) -> Grant {
        Grant { member: self.me(person), role }
    }

    pub fn personal(&mut self, person: usize) -> SpaceId {
        let members = vec![self.grant(person, Role::Owner)];
        self.create((person, 0), self.me(person), SpaceOrigin::Personal(self.id(person)), members).unwrap()
    }

    /// A team of its first person as owner and others with roles.
    pub fn team(&mut self, owner: usize, others: &[(usize, Role)]) -> SpaceId {
        let origin = SpaceOrigin::Team(self.id(owner), self.nonce());
        self.with_others(owner, others, origin)
    }

    pub fn talk(&mut self, owner: usize, others: &[(usize, Role)]) -> SpaceId {
        let origin = SpaceOrigin::Talk(self.id(owner), self.nonce());
        self.with_others(owner, others, origin)
    }

    fn with_others(&mut self, owner: usize, others: &[(usize, Role)], origin: SpaceOrigin) -> SpaceId {
        let mut members = vec![self.grant(owner, Role::Owner)];
        members.extend(others.iter().map(|(person, role)| self.grant(*person, *role)));
        self.create((owner, 0), self.me(owner), origin, members).unwrap()
    }

    pub fn contact(&mut self) -> DocId {
        DocId::from_hash(self.seed().expose())
    }

    pub fn client(&mut self, staff: usize, team: SpaceId, clients: &[usize]) -> SpaceId {
        let origin = SpaceOrigin::Client(team, self.contact());
        let mut members = vec![Grant { member: Member::Team(team), role: Role::Owner }];
        members.extend(clients.iter().map(|person| self.grant(*person, Role::Client)));
        self.create((staff, 0), Member::Team(team), origin, members).unwrap()
    }

    pub fn add(
        &mut self,
        space: SpaceId,
        by: usize,
        written_as: Member,
        grant: Grant,
    ) -> Result<Applied, AccessError> {
        let op = self.adding(space, grant);
        self.push(space, (by, 0), written_as, &op)
    }

    pub fn adding(&mut self, space: SpaceId, grant: Grant) -> SpaceOp {
        let mut rng = self.fork();
        self.ops(space).add_member(&mut rng, grant, None, &self.key(space)).unwrap()
    }

    pub fn removing(&mut self, space: SpaceId, member: Member) -> (SpaceOp, EpochKey) {
        let mut rng = self.fork();
        let writers = self.writers(space);
        self.ops(space).remove_member(&mut rng, member, &writers, &self.key(space)).unwrap()
    }

    pub fn rotating(&mut self, space: SpaceId) -> (SpaceOp, EpochKey) {
        let mut rng = self.fork();
        self.ops(space).rotate(&mut rng, &self.key(space)).unwrap()
    }

    pub fn inviting(&mut self, space: SpaceId, role: Role, instant: bool) -> (SpaceOp, InviteSecret) {
        let mut rng = self.fork();
        let secret = InviteSecret::random(&mut rng);
        let op = self.ops(space).invite(&mut rng, &secret, role, instant, &self.key(space)).unwrap();
        (op, secret)
    }

    pub fn joining(&mut self, space: SpaceId, secret: &InviteSecret, who: Who) -> (SpaceOp, EpochKey) {
        let mut rng = self.fork();
        let (person, device) = (self.id(who.0), self.secret(who).signing());
        let (op, key, _) = self.ops(space).join(&mut rng, secret, &person, device).unwrap();
        (op, key)
    }

    pub fn requesting(&mut self, space: SpaceId, secret: &InviteSecret, who: Who, name: &str) -> SpaceOp {
        let mut rng = self.fork();
        let (person, device) = (self.id(who.0), self.secret(who).signing());
        self.ops(space).request(&mut rng, secret, &person, device, name).unwrap()
    }

    /// Anchors and rotates as long as that is due.
    pub fn settle(&mut self, space: SpaceId, who: Who, written_as: Member) -> usize {
        for rounds in 0.. {
            let mut rng = self.fork();
            let (writers, person) = (self.writers(space), self.id(who.0));
            let due = self
                .ops(space)
                .anchor_if_needed(&mut rng, (&person, &written_as), &writers, &self.key(space))
                .unwrap();
            match due {
                None => return rounds,
                Some((op, Some(key))) => self.push_epoch(space, who, written_as, (op, key)).unwrap(),
                Some((op, None)) => self.push(space, who, written_as, &op).unwrap(),
            };
            assert!(rounds < 3, "settling doesn't end");
        }
        unreachable!()
    }

    /// A data entry under the head, continuing what the relay holds.
    pub fn data(&self, space: SpaceId, who: Who, written_as: Member) -> Entry {
        let state = self.state(space);
        let author = self.author(space, who, written_as);
        let header = author.data_header(space, state.head(), state.epoch(), [3; 24]);
        sign_entry(header, b"sealed".to_vec(), author.key)
    }

    /// The relay takes a fresh data entry.
    pub fn write(&mut self, space: SpaceId, who: Who, written_as: Member) -> Result<Entry, AccessError> {
        let entry = self.data(space, who, written_as);
        self.state(space).admit_data(entry.header(), &self.dir, self.now)?;
        verify_entry(&entry)?;
        let log = self.logs.get_mut(&space).unwrap();
        log.record(&entry);
        log.data.push(entry.clone());
        Ok(entry)
    }

    pub fn verdict(&self, space: SpaceId, entry: &Entry) -> Verdict {
        let log = &self.logs[&space];
        // An entry the relay never took is still one whose own prev chain can be followed.
        let ancestor = |id: &EntryId, pin: &EntryId| log.is_ancestor(id, pin);
        self.state(space).verdict(entry.header(), &entry.id(), &self.dir, &ancestor)
    }

    /// A generator of its own, so that building can borrow the world.
    pub fn fork(&mut self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(*self.seed().expose())
    }
}

/// The secrets one device has, or one had when it was revoked, or a link's holder.
pub struct Holding<'a> {
    pub world: &'a World,
    pub seeds: BTreeMap<(PersonId, u32), Seed32>,
    pub links: Vec<InviteSecret>,
    /// Team epochs that were opened already.
    pub teams: RefCell<BTreeMap<SpaceId, BTreeMap<EpochId, Seed32>>>,
}

impl<'a> Holding<'a> {
    pub fn device(world: &'a World, (person, device): Who) -> Self {
        let id = world.id(person);
        let seeds = &world.people[person].devices[device].seeds;
        let seeds = seeds.iter().map(|(generation, seed)| ((id, *generation), seed.clone())).collect();
        Self { world, seeds, links: Vec::new(), teams: RefCell::default() }
    }

    pub fn link(world: &'a World, secret: &InviteSecret) -> Self {
        Self { world, seeds: BTreeMap::new(), links: vec![secret.clone()], teams: RefCell::default() }
    }

    /// Every epoch of a space these secrets open, directly or over later ones, with the relay's whole store at hand.
    pub fn opens(&self, space: SpaceId) -> BTreeMap<EpochId, Seed32> {
        let (state, log) = (self.world.state(space), &self.world.logs[&space]);
        let mut found = BTreeMap::new();
        for record in state.epochs() {
            let sealed = homing_wire::Epoch {
                commitment: record.commitment,
                team_kem: record.team_kem,
                sealed: log.seals[&record.id].clone(),
                previous: None,
            };
            let Ok(key) = open::epoch(&space, &sealed, self) else { continue };
            let earlier = open::earlier_epochs(state, &record.id, &key);
            found.extend(earlier.into_iter().map(|(id, key)| (id, key.seed().clone())));
            found.insert(record.id, key.seed().clone());
        }
        found
    }
}

impl open::Keys for Holding<'_> {
    fn person(&self, person: &PersonId, generation: u32) -> Option<Seed32> {
        self.seeds.get(&(*person, generation)).cloned()
    }

    fn team(&self, team: &SpaceId, epoch: &EpochId) -> Option<Seed32> {
        if let Some(opened) = self.teams.borrow().get(team) {
            return opened.get(epoch).cloned();
        }
        let opened = self.opens(*team);
        let seed = opened.get(epoch).cloned();
        self.teams.borrow_mut().insert(*team, opened);
        seed
    }

    fn invite(&self, invite: &InviteId) -> Option<InviteSecret> {
        self.links.iter().find(|secret| InviteId(secret.signing().public()) == *invite).cloned()
    }
}

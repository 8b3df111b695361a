//! What this device knows of its person's spaces, and the keys to read and write in them.
//!
//! The states of account logs and op chains are replayed from the store when first needed and kept. They are
//! changed inside transactions; when one fails, everything that was loaded is dropped and replayed again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use homing_access::{AccountState, Directory, SpaceState};
use homing_crypto::{EpochKey, Seed32};
use homing_model::Actor;
use homing_store::{IntervalSet, Read, Tx, accounts, entries, epochs, meta, spaces};
use homing_wire::{
    AccountOp, DeviceId, DocId, Entry, EpochId, Member, PersonId, Role, Salt, SpaceId, SpaceOp, SpaceOrigin,
};

use crate::env::Env;
use crate::fail::Fail;
use crate::identity::Identity;
use crate::scheduled::Lanes;
use crate::touched::Touched;

/// Account logs and op chains that are loaded.
#[derive(Default)]
pub(crate) struct Known {
    pub accounts: HashMap<PersonId, AccountState>,
    pub spaces: HashMap<SpaceId, SpaceState>,
}

impl Directory for Known {
    fn account(&self, person: &PersonId) -> Option<&AccountState> {
        self.accounts.get(person)
    }

    fn team(&self, team: &SpaceId) -> Option<&SpaceState> {
        self.spaces.get(team)
    }
}

/// Keys of spaces, by epoch.
pub(crate) type Keys = HashMap<(SpaceId, EpochId), EpochKey>;

/// What has to be asked of the relay before something parked can be judged.
#[derive(Default)]
pub(crate) struct Wants {
    pub accounts: BTreeSet<PersonId>,
    pub ops: BTreeSet<SpaceId>,
}

/// This person's spaces on this device.
pub(crate) struct Replica {
    pub me: Identity,
    /// The newest version of the rules that is known.
    pub rules: u32,
    pub known: Known,
    /// With the device it makes the automerge actor; drawn at each process start.
    pub salt: Salt,
    pub touched: Touched,
    /// The time of this transaction.
    pub now_ms: u64,
    /// New unread messages of others in this transaction: conversation and when the relay received them.
    pub news: Vec<(DocId, u64)>,
    pub wants: Wants,
    /// A relay is set: what is written waits for it.
    pub has_relay: bool,
    /// Files of deleted messages, removed from the disk after the commit.
    pub files_to_remove: Vec<PathBuf>,
    /// Files that are at the relay only from now on, removed from the disk after the commit.
    pub files_taken_off: Vec<PathBuf>,
    /// Files became wanted, or came.
    pub files_wanted: bool,
    /// How many messages of a deletion, or of its undo, are moved in one transaction.
    pub slice: usize,
    /// Something was deleted or brought back that may have left work behind it.
    pub tidying: bool,
    /// Teams whose key was opened: client spaces may open with it.
    pub team_key_came: BTreeSet<SpaceId>,
    /// Clients' spaces in which nothing is written before their team has a new key.
    pub held: BTreeSet<SpaceId>,
    /// Spaces whose receipts this device has to publish.
    pub receipts_due: BTreeSet<SpaceId>,
    /// Spaces marked in the store as owing receipts.
    pub owed: BTreeSet<SpaceId>,
    /// Entries of others taken in since this process began.
    pub received: u64,
    /// Stored in this transaction, by space and sending device: (delivered, nothing to read in them).
    pub delivered: BTreeMap<(SpaceId, DeviceId), (IntervalSet, IntervalSet)>,
    /// What is scheduled, as far as only this process knows of it.
    pub lanes: Lanes,
    keys: Arc<Keys>,
    /// Spaces of which all keys that are here are loaded.
    keys_loaded: BTreeSet<SpaceId>,
}

/// Where the identity lies in the store.
pub(crate) const IDENTITY: &str = "identity";

impl Replica {
    pub fn new(me: Identity, salt: Salt, env: &Env) -> Self {
        Self {
            me,
            rules: env.rules,
            known: Known::default(),
            salt,
            touched: Touched::default(),
            now_ms: 0,
            news: Vec::new(),
            wants: Wants::default(),
            has_relay: false,
            files_to_remove: Vec::new(),
            files_taken_off: Vec::new(),
            files_wanted: false,
            slice: env.slice,
            tidying: false,
            team_key_came: BTreeSet::new(),
            held: BTreeSet::new(),
            receipts_due: BTreeSet::new(),
            owed: BTreeSet::new(),
            received: 0,
            delivered: BTreeMap::new(),
            lanes: Lanes::default(),
            keys: Arc::default(),
            keys_loaded: BTreeSet::new(),
        }
    }

    /// Drops the states that are loaded; they are replayed when needed.
    pub fn forget_states(&mut self) {
        self.known = Known::default();
        self.keys = Arc::default();
        self.keys_loaded.clear();
    }

    /// Drops what a failed transaction may have changed.
    pub fn forget_loaded(&mut self) {
        self.forget_states();
        self.touched = Touched::default();
        self.news.clear();
        self.wants = Wants::default();
        self.files_to_remove.clear();
        self.files_taken_off.clear();
        self.files_wanted = false;
        self.tidying = false;
        self.team_key_came.clear();
        self.receipts_due.clear();
        self.owed.clear();
        self.delivered.clear();
        self.lanes.forget();
    }

    /// Drops what is loaded of one space.
    pub fn forget_space(&mut self, space: &SpaceId) {
        self.known.spaces.remove(space);
        self.keys_loaded.remove(space);
        Arc::make_mut(&mut self.keys).retain(|(of, _), _| of != space);
    }

    pub fn save_identity(&self, tx: &Tx<'_>) -> Result<(), Fail> {
        Ok(meta::set(tx, IDENTITY, &self.me.to_bytes())?)
    }

    pub fn person(&self) -> PersonId {
        self.me.person
    }

    pub fn device(&self) -> DeviceId {
        self.me.device_id()
    }

    pub fn actor(&self) -> Actor {
        Actor::derive(&self.device(), &self.salt)
    }

    /// The space of the person's own devices.
    pub fn personal(&self) -> SpaceId {
        SpaceId::derive(&SpaceOrigin::Personal(self.person()))
    }

    /// Loads an account log; false if nothing of it is known.
    pub fn load_account(&mut self, db: &Read<'_>, person: &PersonId) -> Result<bool, Fail> {
        if self.known.accounts.contains_key(person) {
            return Ok(true);
        }
        let mut ops = Vec::new();
        for row in accounts::list(db, person)? {
            ops.push(AccountOp::decode(&row.bytes).map_err(|_| Fail::Internal("stored account op"))?);
        }
        if ops.is_empty() {
            return Ok(false);
        }
        self.known.accounts.insert(*person, AccountState::replay(&ops)?);
        Ok(true)
    }

    /// Loads a space's op chain with the accounts and teams it names; false if it is not known.
    pub fn load_space(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<bool, Fail> {
        if self.known.spaces.contains_key(space) {
            return Ok(true);
        }
        let ops = chain_of(db, space)?;
        for (entry, ..) in &ops {
            self.load_named(db, entry)?;
        }
        if ops.is_empty() {
            return Ok(false);
        }
        let state =
            SpaceState::replay(ops.iter().map(|(entry, received_ms)| (entry, *received_ms)), &self.known)?;
        self.known.spaces.insert(*space, state);
        Ok(true)
    }

    /// Loads the accounts and teams an op names, as far as they are known here.
    pub fn load_named(&mut self, db: &Read<'_>, entry: &Entry) -> Result<(), Fail> {
        let named = Named::of(entry);
        for person in &named.people {
            self.load_account(db, person)?;
        }
        for team in &named.teams {
            if *team != entry.header().space {
                self.load_space(db, team)?;
            }
        }
        Ok(())
    }

    /// A space that is loaded.
    pub fn space(&self, space: &SpaceId) -> Result<&SpaceState, Fail> {
        self.known.spaces.get(space).ok_or(Fail::Internal("space not loaded"))
    }

    /// The member this person writes as in a space, and with which role: the one that may do most.
    pub fn writes_as(&self, space: &SpaceId) -> Option<(Member, Role)> {
        let state = self.known.spaces.get(space)?;
        let own = |member: &Member| matches!(member, Member::Person(_));
        state
            .capacities(&self.known, &self.person())
            .into_iter()
            .min_by_key(|(member, acting)| (acting.role, !own(member)))
            .map(|(member, acting)| (member, acting.role))
            .or_else(|| self.staff_unanchored(space))
    }

    /// Staff who came to a team after a space anchored it: they may write, and anchor their coming first.
    pub fn staff_unanchored(&self, space: &SpaceId) -> Option<(Member, Role)> {
        let state = self.known.spaces.get(space)?;
        let me = Member::Person(self.person());
        if !state.capacities(&self.known, &self.person()).is_empty() {
            return None;
        }
        state.members().keys().find_map(|member| match member {
            Member::Team(team) => {
                let staff = self.known.spaces.get(team)?.role(&me)?;
                let works = matches!(staff, Role::Owner | Role::Admin | Role::Member);
                works.then_some((*member, staff))
            }
            Member::Person(_) => None,
        })
    }

    /// The key of an epoch, if this device has it.
    pub fn key(&mut self, db: &Read<'_>, space: &SpaceId, epoch: &EpochId) -> Result<Option<EpochKey>, Fail> {
        if let Some(key) = self.keys.get(&(*space, *epoch)) {
            return Ok(Some(key.clone()));
        }
        let Some(row) = epochs::get(db, space, epoch)? else { return Ok(None) };
        let key = EpochKey::from_announced(Seed32::from_bytes(*row.seed), &row.commitment.0)?;
        Arc::make_mut(&mut self.keys).insert((*space, *epoch), key.clone());
        Ok(Some(key))
    }

    /// Loads all keys of a space that this device has.
    pub fn load_keys(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<(), Fail> {
        if !self.keys_loaded.insert(*space) {
            return Ok(());
        }
        for row in epochs::list(db, space)? {
            if !self.keys.contains_key(&(*space, row.epoch)) {
                let key = EpochKey::from_announced(Seed32::from_bytes(*row.seed), &row.commitment.0)?;
                Arc::make_mut(&mut self.keys).insert((*space, row.epoch), key);
            }
        }
        Ok(())
    }

    /// The keys that are loaded, for threads that open entries meanwhile.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys)
    }

    /// Keeps a seed that was opened or made here.
    pub fn keep_seed(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        epoch: &EpochId,
        seed: &Seed32,
    ) -> Result<(), Fail> {
        let key = EpochKey::from_seed(seed.clone());
        epochs::put(tx, space, epoch, &homing_wire::Hash(key.commitment()), seed.expose())?;
        self.touched.work.insert(*space);
        Arc::make_mut(&mut self.keys).insert((*space, *epoch), key);
        Ok(())
    }

    /// Whether the person is, by themselves or through a team, a member of the space now.
    pub fn is_member(&self, space: &SpaceId) -> bool {
        self.known.spaces.get(space).is_some_and(|state| state.access(&self.known, &self.person()).is_some())
    }

    /// All spaces this person is in, as rows.
    pub fn joined(&self, db: &Read<'_>) -> Result<Vec<spaces::SpaceRow>, Fail> {
        Ok(spaces::list(db)?
            .into_iter()
            .filter(|row| matches!(row.state, spaces::SpaceState::Joined | spaces::SpaceState::Local))
            .collect())
    }
}

/// A space's ops that hold, each behind the one it was made on. Their places in the relay's log don't tell that order: a
/// relay that lost its database is filled again piece by piece.
fn chain_of(db: &Read<'_>, space: &SpaceId) -> Result<Vec<(Entry, u64)>, Fail> {
    let mut made_on = HashMap::new();
    for row in entries::ops(db, space)? {
        let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored op"))?;
        // The first op of a space made here counts before the relay has it.
        let begun_here = row.status == entries::Status::Sealed && entry.header().op_head.is_none();
        if row.status == entries::Status::Accepted || begun_here {
            made_on.insert(entry.header().op_head, (row.id, entry, row.received_ms));
        }
    }
    let (mut chain, mut head) = (Vec::with_capacity(made_on.len()), None);
    while let Some((id, entry, received_ms)) = made_on.remove(&head) {
        chain.push((entry, received_ms));
        head = Some(id);
    }
    if made_on.is_empty() { Ok(chain) } else { Err(Fail::Internal("an op is missing")) }
}

/// Whom and which teams an op is about; their logs are needed to judge it.
#[derive(Default)]
pub(crate) struct Named {
    pub people: BTreeSet<PersonId>,
    pub teams: BTreeSet<SpaceId>,
}

impl Named {
    pub fn of(entry: &Entry) -> Self {
        let mut named = Self::default();
        named.people.insert(entry.header().person);
        named.member(&entry.header().written_as);
        let Ok(op) = SpaceOp::decode(&entry.body.content) else { return named };
        match op {
            SpaceOp::Genesis { members, .. } => members.iter().for_each(|grant| named.member(&grant.member)),
            SpaceOp::Add { grant, .. } | SpaceOp::SetRole { grant, .. } => named.member(&grant.member),
            SpaceOp::Remove { member, .. } => named.member(&member),
            SpaceOp::Anchor { accounts, teams, .. } => {
                named.people.extend(accounts.iter().map(|anchor| anchor.person));
                named.teams.extend(teams.iter().map(|anchor| anchor.team));
            }
            _ => {}
        }
        named
    }

    fn member(&mut self, member: &Member) {
        match member {
            Member::Person(person) => self.people.insert(*person),
            Member::Team(team) => self.teams.insert(*team),
        };
    }
}

//! Who should be able to open what: the meaning of membership, written a second time and as simply as possible.
//!
//! It knows nothing of signatures, heads and seals. A holder is a device or a link; a holder opens an epoch when one
//! of that epoch's keys, or of a later one's, is the holder's.

use std::collections::{BTreeMap, BTreeSet};

use homing_wire::{Role, SpaceId};

use crate::support::Who;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    Person(usize),
    Team(SpaceId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A generation of a person's key.
    Person(usize, u32),
    /// An epoch of a team.
    Team(SpaceId, usize),
    /// A link's secret.
    Link(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    Device(Who),
    Link(usize),
}

#[derive(Debug, Clone)]
pub struct Link {
    pub role: Role,
    pub expires_ms: u64,
    pub maker: Who,
    pub as_party: Party,
}

/// A space after one op.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub members: BTreeMap<Party, Role>,
    /// Anchored generation of each person.
    pub generations: BTreeMap<usize, u32>,
    /// Anchored op of each team, by number.
    pub teams: BTreeMap<SpaceId, usize>,
    pub links: BTreeMap<usize, Link>,
    epoch: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Space {
    pub client: bool,
    pub after: Vec<Snapshot>,
    pub epochs: Vec<BTreeSet<Key>>,
}

#[derive(Debug, Clone, Default)]
pub struct Person {
    pub generation: u32,
    /// Of each device: the generation that revoked it.
    pub devices: Vec<Option<u32>>,
}

#[derive(Debug, Clone, Default)]
pub struct Oracle {
    pub people: Vec<Person>,
    pub spaces: BTreeMap<SpaceId, Space>,
}

fn power(role: Role) -> u8 {
    [Role::Reader, Role::Client, Role::Member, Role::Admin, Role::Owner]
        .into_iter()
        .position(|other| other == role)
        .and_then(|at| u8::try_from(at).ok())
        .unwrap_or(0)
}

impl Oracle {
    pub fn last(&self, space: SpaceId) -> Snapshot {
        self.spaces[&space].after.last().cloned().unwrap_or_default()
    }

    /// The party's newest head comes into a snapshot.
    pub fn anchor(&self, snapshot: &mut Snapshot, party: Party) {
        match party {
            Party::Person(person) => {
                snapshot.generations.insert(person, self.people[person].generation);
            }
            Party::Team(team) => {
                snapshot.teams.insert(team, self.spaces[&team].after.len() - 1);
            }
        }
    }

    fn key(&self, snapshot: &Snapshot, party: Party) -> Key {
        match party {
            Party::Person(person) => Key::Person(person, snapshot.generations[&person]),
            Party::Team(team) => Key::Team(team, self.spaces[&team].after[snapshot.teams[&team]].epoch),
        }
    }

    fn link_stands(&self, client: bool, snapshot: &Snapshot, link: &Link) -> bool {
        let (person, device) = link.maker;
        let Some(role) = snapshot.members.get(&link.as_party).copied() else { return false };
        let revoked = self.people[person].devices[device].unwrap_or(u32::MAX);
        let anchored = |generations: &BTreeMap<usize, u32>| {
            generations.get(&person).is_some_and(|generation| revoked <= *generation)
        };
        match link.as_party {
            Party::Person(_) => matches!(role, Role::Owner | Role::Admin) && !anchored(&snapshot.generations),
            Party::Team(team) => {
                let team = &self.spaces[&team].after[snapshot.teams[&team]];
                let Some(staff) = team.members.get(&Party::Person(person)).copied() else { return false };
                let worth = power(role).min(power(staff));
                let may = worth >= power(Role::Admin)
                    || client
                        && worth >= power(Role::Member)
                        && matches!(link.role, Role::Client | Role::Reader);
                may && !anchored(&team.generations) && !anchored(&snapshot.generations)
            }
        }
    }

    /// An op was taken: links fall, and a new epoch gets its keys.
    pub fn take(&mut self, space: SpaceId, mut snapshot: Snapshot, new_epoch: bool, now: u64) {
        let client = self.spaces[&space].client;
        let links = std::mem::take(&mut snapshot.links);
        let standing = links.into_iter().filter(|(_, link)| self.link_stands(client, &snapshot, link));
        let links: BTreeMap<_, _> = standing.collect();
        snapshot.links = links;
        let mut keys = None;
        if new_epoch {
            snapshot.links.retain(|_, link| link.expires_ms > now);
            let members = snapshot.members.keys().map(|party| self.key(&snapshot, *party));
            let links = snapshot.links.keys().map(|link| Key::Link(*link));
            keys = Some(members.chain(links).collect());
        }
        let state = self.spaces.get_mut(&space).unwrap();
        state.epochs.extend(keys);
        snapshot.epoch = state.epochs.len() - 1;
        state.after.push(snapshot);
    }

    /// Somebody was given the current epoch without a new one.
    pub fn let_in(&mut self, space: SpaceId, party: Party) {
        let key = self.key(&self.last(space), party);
        self.spaces.get_mut(&space).unwrap().epochs.last_mut().unwrap().insert(key);
    }

    pub fn let_link_in(&mut self, space: SpaceId, link: usize) {
        self.spaces.get_mut(&space).unwrap().epochs.last_mut().unwrap().insert(Key::Link(link));
    }

    fn holds(&self, holder: Holder, key: Key) -> bool {
        match (holder, key) {
            (Holder::Link(own), Key::Link(link)) => own == link,
            (Holder::Device((own, device)), Key::Person(person, generation)) => {
                own == person
                    && self.people[person].devices[device].is_none_or(|revoked| generation < revoked)
            }
            (_, Key::Team(team, epoch)) => self.should_open(holder, team).contains(&epoch),
            _ => false,
        }
    }

    /// The epochs, by number, that a holder should be able to open.
    pub fn should_open(&self, holder: Holder, space: SpaceId) -> BTreeSet<usize> {
        let epochs = &self.spaces[&space].epochs;
        let newest =
            (0..epochs.len()).rev().find(|at| epochs[*at].iter().any(|key| self.holds(holder, *key)));
        newest.map(|at| (0..=at).collect()).unwrap_or_default()
    }

    /// Whether a holder belongs to a space by what is known now, whatever was anchored.
    pub fn belongs(&self, holder: Holder, space: SpaceId, now: u64) -> bool {
        let last = self.last(space);
        match holder {
            Holder::Link(link) => last.links.get(&link).is_some_and(|link| link.expires_ms > now),
            Holder::Device((person, device)) => {
                self.people[person].devices[device].is_none()
                    && last.members.keys().any(|party| match party {
                        Party::Person(member) => *member == person,
                        Party::Team(team) => self.last(*team).members.contains_key(&Party::Person(person)),
                    })
            }
        }
    }
}

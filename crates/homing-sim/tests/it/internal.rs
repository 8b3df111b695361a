//! What the team keeps to itself, through random days by seed: whoever comments, assigns, notes, invites, shares or leaves,
//! in whichever order and with whoever offline, a client's device, opened with its keys, holds no word of it; and who was
//! taken out of the team holds none of what came after.

use homing_engine::api::{
    Call, Comment, ConversationChange, ConversationsChange, InviteTo, OneChange, PersonRef, RoleName,
};
use homing_sim::{DeviceId, text};
use rand::RngExt;

use crate::disk;
use crate::house::{House, approve_all, at_rest};

const STEPS: u32 = 45;
/// Seeds in a normal run; HOMING_SIM_SEEDS sets another number.
const SEEDS: u64 = 6;
/// In everything that is said among colleagues, and in nothing else.
const MARK: &str = "among ourselves";

struct Day {
    house: House,
    staff: Vec<DeviceId>,
    /// Devices of clients, with their names.
    clients: Vec<(DeviceId, String)>,
    /// Clients' conversations.
    talks: Vec<String>,
    villa: String,
    said: u32,
    /// Who was taken out of the team, and how many things had been said by then.
    gone: Vec<(DeviceId, u32)>,
}

impl Day {
    fn new(seed: u64) -> Self {
        let mut house = House::new(seed);
        let villa = house.world.property(house.laptop, &[text("title", "Villa Rosa")]).unwrap().id;
        house.world.settle().unwrap();
        let staff = vec![house.laptop, house.desktop, house.cora];
        let clients = vec![(house.ben, "Ben".to_owned())];
        let talks = vec![house.two.clone()];
        Self { house, staff, clients, talks, villa, said: 0, gone: Vec::new() }
    }

    fn number(&mut self, below: usize) -> usize {
        self.house.world.rng().random_range(0..below)
    }

    fn secret(&mut self) -> String {
        self.said += 1;
        format!("{MARK} <{}>", self.said)
    }

    /// What is not allowed to somebody now is refused, and nothing else happens.
    fn tries(&mut self, device: DeviceId, call: Call) -> bool {
        self.house.world.try_call(device, call).unwrap().is_ok()
    }

    fn step(&mut self) {
        let at = self.number(self.staff.len());
        let colleague = self.staff[at];
        let at = self.number(self.talks.len());
        let talk = self.talks[at].clone();
        let at = self.number(self.clients.len());
        let (client, name) = self.clients[at].clone();
        match self.number(100) {
            0..16 => {
                let text = self.secret();
                let comment = Comment { conversation: talk, text, ..Comment::default() };
                self.tries(colleague, Call::Comment(comment));
            }
            16..26 => self.types(colleague, &talk),
            26..36 => {
                let person = ["Ada", "Cora", "nobody"][self.number(3)];
                let person = (person != "nobody").then(|| person.to_owned());
                let change = OneChange { conversation: talk, change: ConversationChange::Assign { person } };
                let changes = ConversationsChange { changes: vec![change] };
                self.tries(colleague, Call::ConversationsChange(changes));
            }
            36..48 => {
                let writer = if self.number(2) == 0 { colleague } else { client };
                self.tries(writer, homing_sim::people::send_call(&talk, "for both sides"));
            }
            48..56 => {
                let note = self.secret();
                // A colleague who was taken out has it no more.
                drop(self.house.world.set_fields(
                    colleague,
                    &self.villa.clone(),
                    &[text("internal_notes", &note)],
                ));
            }
            56..62 => {
                let on = self.number(3) > 0;
                drop(self.house.world.publish(colleague, &self.villa.clone(), &name, on));
            }
            62..68 => {
                let rows = self.house.world.messages(colleague, &talk).unwrap_or_default();
                let Some(own) = rows.into_iter().rfind(|row| row.internal && row.mine) else { return };
                let words = self.secret();
                drop(self.house.world.edit(colleague, &own.id, &words));
                drop(self.house.world.react(colleague, &own.id, "👍", true));
            }
            68..74 => self.client_comes(),
            74..79 => self.colleague_comes(),
            79..83 => self.colleague_goes(),
            83..86 => {
                self.tries(client, Call::ConversationLeave(homing_sim::people::reference(&talk)));
            }
            86..94 => {
                let device = if self.number(2) == 0 { colleague } else { client };
                let online = self.number(2) == 0;
                self.house.world.set_online(device, online).unwrap();
            }
            94..97 => {
                self.house.world.crash(client).unwrap();
                self.house.world.start(client).unwrap();
            }
            _ => self.house.world.run_for(20_000).unwrap(),
        }
    }

    /// Goes on with a comment, and now and then writes it.
    fn types(&mut self, colleague: DeviceId, talk: &str) {
        let Ok(seen) = self.house.world.comment_draft(colleague, talk) else { return };
        let text = format!("{} {}", seen.text, self.secret());
        let Ok(typed) = self.house.world.type_comment(colleague, talk, Some(&seen), &text) else { return };
        if self.number(3) == 0 {
            drop(self.house.world.write_comment(colleague, talk, &typed, &text));
        }
    }

    fn laptop_online(&mut self) -> DeviceId {
        let laptop = self.house.laptop;
        self.house.world.set_online(laptop, true).unwrap();
        self.house.world.run_for(30_000).unwrap();
        laptop
    }

    fn client_comes(&mut self) {
        if self.clients.len() > 3 {
            return;
        }
        let laptop = self.laptop_online();
        let name = format!("Client {}", self.clients.len());
        let world = &mut self.house.world;
        let link = world.invite(laptop, InviteTo::Client { name: name.clone() }).unwrap();
        let device = world.add_device(&name, 0).unwrap();
        world.join(device, &link, Some(&name)).unwrap();
        world.run_for(60_000).unwrap();
        self.talks.push(world.conversation(laptop, &format!("With {name}"), &[&name]).unwrap());
        self.clients.push((device, name));
    }

    fn colleague_comes(&mut self) {
        if self.staff.len() > 4 {
            return;
        }
        let laptop = self.laptop_online();
        let name = format!("Colleague {}", self.staff.len() + self.gone.len());
        let world = &mut self.house.world;
        let link = world.invite(laptop, InviteTo::Team { role: Some(RoleName::Member) }).unwrap();
        let device = world.add_device(&name, 0).unwrap();
        world.join(device, &link, Some(&name)).unwrap();
        world.run_for(60_000).unwrap();
        approve_all(world, laptop);
        self.staff.push(device);
    }

    /// The last who came is taken out, and everybody who is there learns it.
    fn colleague_goes(&mut self) {
        if self.staff.len() < 4 {
            return;
        }
        let Some(device) = self.staff.pop() else { return };
        let laptop = self.laptop_online();
        let world = &mut self.house.world;
        let person = world.status(device).unwrap().person.unwrap();
        world.call(laptop, Call::ColleagueRemove(PersonRef { person })).unwrap();
        world.settle().unwrap();
        self.gone.push((device, self.said));
    }

    fn check(mut self, seed: u64) {
        self.house.world.settle().unwrap();
        let (laptop, said) = (self.house.laptop, self.said);
        at_rest(&mut self.house.world, &self.staff);
        let seen: usize = self
            .talks
            .iter()
            .map(|talk| {
                let rows = self.house.world.messages(laptop, talk).unwrap();
                rows.iter().filter(|row| row.internal && row.body.contains(MARK)).count()
            })
            .sum();
        assert!(seen > 0 && said > 3, "seed {seed}: hardly anything was said");
        assert!(self.holds(laptop, MARK), "seed {seed}: what is looked for would be found");
        for (device, name) in self.clients.clone() {
            assert!(!self.holds(device, MARK), "seed {seed}: {name} holds what the team said");
        }
        for (device, before) in self.gone.clone() {
            for number in before + 1..=said {
                let words = format!("{MARK} <{number}>");
                assert!(!self.holds(device, &words), "seed {seed}: {words} came to who had left the team");
            }
        }
    }

    /// Whether these words stand anywhere on a device, for whoever has its keys.
    fn holds(&mut self, device: DeviceId, words: &str) -> bool {
        let world = &mut self.house.world;
        if world.runs(device) {
            world.crash(device).unwrap();
        }
        let store = disk::open(world, device);
        let db = store.read();
        let team = |row: &homing_store::spaces::SpaceRow| {
            row.kind == homing_wire::SpaceKind::Team
                && homing_store::entries::after(&db, &row.space, 0, 9_999)
                    .unwrap()
                    .iter()
                    .any(|entry| entry.kind != homing_wire::EntryKind::Op)
        };
        let of_team = homing_store::spaces::list(&db).unwrap().iter().any(team);
        assert!(!of_team || !self.clients.iter().any(|(client, _)| *client == device), "data of the team");
        drop(store);
        let plain = disk::decrypted(&self.house.world, device);
        plain.windows(words.len()).any(|part| part == words.as_bytes())
    }
}

/// The seeds of one of two halves, so that two cores share them.
fn half(of: u64) {
    let seeds: u64 =
        std::env::var("HOMING_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for seed in (700..700 + seeds).filter(|seed| seed % 2 == of) {
        let mut day = Day::new(seed);
        for _ in 0..STEPS {
            day.step();
        }
        for device in [day.staff.clone(), day.clients.iter().map(|(device, _)| *device).collect()].concat() {
            day.house.world.set_online(device, true).unwrap();
        }
        day.check(seed);
    }
}

#[test]
fn nothing_of_the_team_comes_to_a_client_even() {
    half(0);
}

#[test]
fn nothing_of_the_team_comes_to_a_client_odd() {
    half(1);
}

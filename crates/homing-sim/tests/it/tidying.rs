//! A conversation is deleted for oneself and tidied away, a few messages at a time, while the others write in it, change and
//! take back what they wrote, while it is taken back on either device, and while the process ends at any point.

use homing_engine::api::{
    Call, ConversationDelete, ConversationMerge, ConversationRestore, ConversationRow, Done,
};
use homing_sim::{DeviceId, World};
use rand::RngExt;

use crate::house::{House, at_rest, same_messages};

/// Of each of two, in turn.
const MESSAGES: usize = 9;
const STEPS: u32 = 16;

fn delete(world: &mut World, device: DeviceId, conversation: &str) {
    let args = ConversationDelete { conversations: vec![conversation.to_owned()], everyone: false };
    let _: Done = world.ask(device, Call::ConversationDelete(args)).unwrap();
}

fn restore(world: &mut World, device: DeviceId, conversation: &str) {
    let args = ConversationRestore { conversations: vec![conversation.to_owned()] };
    let _: Vec<ConversationRow> = world.ask(device, Call::ConversationRestore(args)).unwrap();
}

fn merge(world: &mut World, device: DeviceId, conversation: &str, into: Option<&str>) {
    let args = ConversationMerge { conversation: conversation.to_owned(), into: into.map(str::to_owned) };
    let _: ConversationRow = world.ask(device, Call::ConversationMerge(args)).unwrap();
}

fn is_listed(world: &mut World, device: DeviceId, conversation: &str) -> bool {
    world.conversations(device).unwrap().iter().any(|row| row.id == conversation)
}

struct Day {
    house: House,
    /// Another conversation of the same people, which goes on in the first or does not.
    other: String,
    merged: bool,
    deletions: u32,
    words: u32,
}

impl Day {
    fn number(&mut self, below: usize) -> usize {
        self.house.world.rng().random_range(0..below)
    }

    fn new(seed: u64) -> Self {
        let mut house = House::new(seed);
        let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
        let world = &mut house.world;
        let other = world.conversation(laptop, "Other", &["Ben"]).unwrap();
        world.settle().unwrap();
        for n in 0..MESSAGES {
            world.send(ben, &two, &format!("villa of Ben's {n}")).unwrap();
            world.send(laptop, &two, &format!("villa of Ada's {n}")).unwrap();
            world.send(ben, &other, &format!("villa beside it {n}")).unwrap();
        }
        world.settle().unwrap();
        Self { house, other, merged: false, deletions: 0, words: 0 }
    }

    fn step(&mut self) {
        let (laptop, desktop, ben, two) =
            (self.house.laptop, self.house.desktop, self.house.ben, self.house.two.clone());
        let own = [laptop, desktop][self.number(2)];
        match self.number(12) {
            0 | 1 => {
                delete(&mut self.house.world, own, &two);
                self.deletions += 1;
                assert!(!is_listed(&mut self.house.world, own, &two));
            }
            2 => restore(&mut self.house.world, own, &two),
            3 => {
                self.house.world.crash(own).unwrap();
                self.house.world.start(own).unwrap();
            }
            4 => {
                let online = self.number(2) == 0;
                self.house.world.set_online(own, online).unwrap();
            }
            5 | 6 => {
                self.words += 1;
                let text = format!("villa later {}", self.words);
                self.house.world.send(ben, &two, &text).unwrap();
            }
            7 => {
                self.merged = !self.merged;
                let (other, into) = (self.other.clone(), self.merged.then_some(two.as_str()));
                merge(&mut self.house.world, laptop, &other, into);
            }
            8 => {
                let world = &mut self.house.world;
                if is_listed(world, own, &two) {
                    world.read(own, &two).unwrap();
                }
            }
            what => {
                let rows = self.house.world.messages(ben, &two).unwrap();
                let rows: Vec<_> =
                    rows.into_iter().filter(|row| !row.deleted && (row.mine || what == 9)).collect();
                if rows.is_empty() {
                    return;
                }
                let at = self.number(rows.len());
                let (id, body) = (rows[at].id.clone(), rows[at].body.clone());
                let world = &mut self.house.world;
                match what {
                    9 => world.react(ben, &id, "🏡", true).unwrap(),
                    10 => world.edit(ben, &id, &format!("{body} again")).unwrap(),
                    _ => world.delete_message(ben, &id).unwrap(),
                }
            }
        }
        for _ in 0..self.number(6) {
            self.house.world.step().unwrap();
        }
    }

    fn ends(mut self) {
        let (laptop, desktop, ben, two) =
            (self.house.laptop, self.house.desktop, self.house.ben, self.house.two.clone());
        let all = self.house.devices();
        let world = &mut self.house.world;
        for device in [laptop, desktop] {
            world.set_online(device, true).unwrap();
        }
        world.settle().unwrap();
        world.settle().unwrap();
        let listed = is_listed(world, laptop, &two);
        assert_eq!(listed, is_listed(world, desktop, &two));
        same_messages(world, &[laptop, desktop], &two);
        at_rest(world, &all);
        // One deletion after the other is taken back, wherever it was made.
        for _ in 0..=self.deletions {
            for device in [laptop, desktop] {
                restore(world, device, &two);
                restore(world, device, &self.other);
                world.settle().unwrap();
            }
        }
        let bodies = same_messages(world, &[laptop, desktop, ben], &two);
        let beside = match self.merged {
            true => Vec::new(),
            false => same_messages(world, &[laptop, desktop, ben], &self.other),
        };
        let there = bodies.iter().chain(&beside).filter(|body| !body.is_empty()).count();
        for device in [laptop, desktop, ben] {
            assert_eq!(world.search(device, "villa").unwrap().hits.len(), there, "device {device}");
        }
        at_rest(world, &all);
    }
}

#[test]
fn whatever_happens_while_a_conversation_is_tidied_away_its_devices_agree_and_an_undo_finds_all() {
    for seed in 360..364 {
        let mut day = Day::new(seed);
        delete(&mut day.house.world, day.house.laptop, &day.house.two.clone());
        day.deletions += 1;
        for _ in 0..STEPS {
            day.step();
        }
        day.ends();
    }
}

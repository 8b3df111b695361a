//! Random days by seed, checked against what was promised: a message whose sending was answered is on every member's
//! screen once, in one order, with its files; nothing else is; nothing typed is lost; a person's devices agree.

use std::collections::{BTreeMap, BTreeSet};

use homing_engine::api::{MessageRow, State};
use homing_sim::{DeviceId, Weather};
use rand::RngExt;

use crate::house::{House, at_rest, same_messages};

/// Steps of a day.
const STEPS: u32 = 70;
/// Seeds in a normal run; HOMING_SIM_SEEDS sets another number.
const SEEDS: u64 = 20;
/// A clock is wrong by up to two hours.
const SKEW_MS: i64 = 2 * 3_600_000;

/// What was promised.
#[derive(Default)]
struct Oracle {
    /// Bodies of messages sent directly, by conversation and id.
    sent: BTreeMap<String, BTreeMap<String, String>>,
    /// Messages that were drafts: on two devices they may have differed.
    from_drafts: BTreeMap<String, BTreeSet<String>>,
    /// Everything typed into Ada's drafts, by conversation.
    typed: BTreeMap<String, BTreeSet<String>>,
    /// Words given to a message after it was written, by whom, in the order they were given.
    edits: BTreeMap<String, Vec<(DeviceId, String)>>,
    /// The last that a device said of a reaction to a message.
    reactions: BTreeMap<(String, DeviceId), bool>,
    words: u32,
}

struct Day {
    house: House,
    oracle: Oracle,
    conversations: Vec<String>,
    relay_up: bool,
}

impl Day {
    fn number(&mut self, below: u32) -> u32 {
        self.house.world.rng().random_range(0..below)
    }

    fn pick(&mut self, from: &[DeviceId]) -> Option<DeviceId> {
        let running: Vec<DeviceId> =
            from.iter().copied().filter(|device| self.house.world.runs(*device)).collect();
        let at = self.number(u32::try_from(running.len().max(1)).unwrap()) as usize;
        running.get(at).copied()
    }

    fn conversation(&mut self) -> String {
        let at = self.number(u32::try_from(self.conversations.len()).unwrap()) as usize;
        self.conversations[at].clone()
    }

    fn word(&mut self) -> String {
        self.oracle.words += 1;
        format!("<{}>", self.oracle.words)
    }

    fn step(&mut self) {
        let all = self.house.devices();
        let ada = [self.house.laptop, self.house.desktop];
        match self.number(112) {
            100..106 => {
                let Some(device) = self.pick(&all) else { return };
                let conversation = self.conversation();
                let rows = self.house.world.messages(device, &conversation).unwrap();
                let own: Vec<_> = rows.into_iter().filter(|row| row.mine).collect();
                if own.is_empty() {
                    return;
                }
                let row = &own[self.number(u32::try_from(own.len()).unwrap()) as usize];
                // What it said stays in it: what was typed into a draft must be found somewhere.
                let text = format!("{} {} by {device}", row.body, self.word());
                self.house.world.edit(device, &row.id, &text).unwrap();
                self.oracle.edits.entry(row.id.clone()).or_default().push((device, text));
            }
            106..112 => {
                let Some(device) = self.pick(&all) else { return };
                let conversation = self.conversation();
                let rows = self.house.world.messages(device, &conversation).unwrap();
                if rows.is_empty() {
                    return;
                }
                let at = self.number(u32::try_from(rows.len()).unwrap()) as usize;
                let on = self.number(3) > 0;
                self.house.world.react(device, &rows[at].id, "👍", on).unwrap();
                self.oracle.reactions.insert((rows[at].id.clone(), device), on);
            }
            0..30 => {
                let Some(device) = self.pick(&all) else { return };
                let conversation = self.conversation();
                let body = format!("{} from {device}", self.word());
                // One in six is a file that holds its own name.
                let id = match self.number(6) {
                    0 => self.house.world.send_file(device, &conversation, &body, body.as_bytes()).unwrap(),
                    _ => self.house.world.send(device, &conversation, &body).unwrap(),
                };
                self.oracle.sent.entry(conversation).or_default().insert(id, body);
            }
            30..48 => {
                let Some(device) = self.pick(&ada) else { return };
                let conversation = self.conversation();
                let word = self.word();
                let draft = self.house.world.draft(device, &conversation).unwrap();
                let text = match self.number(2) {
                    0 => format!("{word}{}", draft.text),
                    _ => format!("{}{word}", draft.text),
                };
                self.house.world.draft_set(device, &conversation, &text, &draft.revision).unwrap();
                self.oracle.typed.entry(conversation).or_default().insert(word);
            }
            48..58 => {
                // Often the same draft is sent on both devices at the same time.
                let conversation = self.conversation();
                let both = self.number(2) == 0;
                for device in ada.into_iter().take(if both { 2 } else { 1 }) {
                    if !self.house.world.runs(device)
                        || self.house.world.draft(device, &conversation).unwrap().text.is_empty()
                    {
                        continue;
                    }
                    let sent = self.house.world.draft_send(device, &conversation).unwrap();
                    self.oracle.from_drafts.entry(conversation.clone()).or_default().insert(sent.id);
                }
            }
            58..63 => {
                let Some(device) = self.pick(&ada) else { return };
                let conversation = self.conversation();
                let archived = self.number(2) == 0;
                self.house.world.archive(device, &conversation, archived).unwrap();
            }
            63..70 => {
                let Some(device) = self.pick(&all) else { return };
                let conversation = self.conversation();
                self.house.world.read(device, &conversation).unwrap();
            }
            70..75 => {
                let Some(device) = self.pick(&all) else { return };
                self.house.world.crash(device).unwrap();
            }
            75..82 => {
                for device in all {
                    if !self.house.world.runs(device) {
                        self.house.world.start(device).unwrap();
                    }
                }
            }
            82..85 => {
                if self.relay_up {
                    self.house.world.crash_relay().unwrap();
                } else {
                    self.house.world.start_relay().unwrap();
                }
                self.relay_up = !self.relay_up;
            }
            85..90 => {
                let device = all[self.number(4) as usize];
                let online = self.number(2) == 0;
                self.house.world.set_online(device, online).unwrap();
            }
            90..94 => {
                let device = all[self.number(4) as usize];
                let skew = self.house.world.rng().random_range(-SKEW_MS..SKEW_MS);
                self.house.world.set_skew(device, skew).unwrap();
            }
            94..97 => {
                let (latency_ms, cut_one_in) = (u64::from(self.number(2_000)), self.number(120));
                self.house.world.weather = Weather { latency_ms, cut_one_in };
            }
            _ => {
                let device = all[self.number(4) as usize];
                self.house.world.cut(device).unwrap();
            }
        }
        let pause = u64::from(self.number(4_000));
        self.house.world.run_for(pause).unwrap();
    }

    /// Every member gets every file.
    fn check_files(&mut self, seed: u64) {
        let world = &mut self.house.world;
        let mut wanted = Vec::new();
        for device in [self.house.laptop, self.house.desktop, self.house.ben, self.house.cora] {
            for conversation in &self.conversations {
                for row in world.messages(device, conversation).unwrap() {
                    for file in row.attachments {
                        world.fetch_file(device, &file.id).unwrap();
                        // A file holds the words its message was sent with.
                        let body = self.oracle.sent[conversation][&row.id].clone();
                        wanted.push((device, file.id, body));
                    }
                }
            }
        }
        // A transfer that met trouble before may still rest.
        world.run_for(6 * 60_000).unwrap();
        for (device, file, body) in wanted {
            let bytes = world.read_file(device, &file);
            assert_eq!(bytes.unwrap(), body.as_bytes(), "seed {seed}: device {device}: {body}");
        }
    }

    /// A message says what it was last given; if that was done apart, one of both, and all words are in its history.
    fn check_words(&mut self, seed: u64, row: &MessageRow, sent: &str) {
        let edits = self.oracle.edits.get(&row.id).cloned().unwrap_or_default();
        let devices: BTreeSet<DeviceId> = edits.iter().map(|(device, _)| *device).collect();
        match edits.last() {
            None => assert_eq!(row.body, sent, "seed {seed}"),
            Some((_, last)) if devices.len() == 1 => assert_eq!(row.body, *last, "seed {seed}"),
            Some(_) => assert!(edits.iter().any(|(_, text)| *text == row.body), "seed {seed}: {row:?}"),
        }
        let given: BTreeSet<&str> = edits.iter().map(|(_, text)| text.as_str()).chain([sent]).collect();
        let mut first: Option<Vec<String>> = None;
        for device in self.house.devices() {
            let words = self.house.world.wordings(device, &row.id).unwrap();
            assert!(words.iter().all(|word| given.contains(word.as_str())), "seed {seed}: {words:?}");
            assert_eq!(words.last(), Some(&row.body), "seed {seed}");
            // The last words of each device were given to everybody.
            for device in &devices {
                let last = edits.iter().rfind(|(by, _)| by == device).map(|(_, text)| text);
                assert!(
                    words.iter().any(|word| Some(word) == last),
                    "seed {seed}: {last:?} is lost: {words:?}"
                );
            }
            assert_eq!(first.get_or_insert_with(|| words.clone()), &words, "seed {seed}: device {device}");
        }
    }

    fn check_reactions(&mut self, seed: u64, row: &MessageRow) {
        let shown = row.reactions.first().map_or(0, |one| one.people.len());
        let said = |device| self.oracle.reactions.get(&(row.id.clone(), device)).copied();
        let (laptop, desktop) = (said(self.house.laptop), said(self.house.desktop));
        let others =
            [self.house.ben, self.house.cora].into_iter().filter(|device| said(*device) == Some(true));
        let others = others.count();
        match (laptop, desktop) {
            // Said apart on two devices of one person: one of both.
            (Some(_), Some(_)) if laptop != desktop => {
                assert!(shown == others || shown == others + 1, "seed {seed}: {row:?}");
            }
            _ => {
                let ada = usize::from(laptop.or(desktop) == Some(true));
                assert_eq!(shown, others + ada, "seed {seed}: {:?}", row.reactions);
            }
        }
    }

    fn check(&mut self, seed: u64) {
        let devices = self.house.devices();
        let (laptop, desktop) = (self.house.laptop, self.house.desktop);
        self.house.world.settle().unwrap();
        at_rest(&mut self.house.world, &devices);
        self.check_files(seed);
        for conversation in self.conversations.clone() {
            same_messages(&mut self.house.world, &devices, &conversation);
            let rows = self.house.world.messages(laptop, &conversation).unwrap();
            let sent = self.oracle.sent.remove(&conversation).unwrap_or_default();
            let drafted = self.oracle.from_drafts.remove(&conversation).unwrap_or_default();
            let ids: BTreeSet<&String> = rows.iter().map(|row| &row.id).collect();
            assert_eq!(ids.len(), rows.len(), "seed {seed}: a message is shown twice");
            let promised: BTreeSet<&String> = sent.keys().chain(&drafted).collect();
            assert_eq!(ids, promised, "seed {seed}: messages of {conversation}");
            for row in rows.iter().filter(|row| !drafted.contains(&row.id)) {
                self.check_words(seed, row, &sent[&row.id]);
            }
            for row in &rows {
                self.check_reactions(seed, row);
            }
            let mut kept = Vec::new();
            for row in &rows {
                kept.extend(self.house.world.wordings(laptop, &row.id).unwrap());
            }
            let drafts = |house: &mut House, device| {
                let mut texts: Vec<String> = house
                    .world
                    .drafts(device)
                    .unwrap()
                    .into_iter()
                    .filter(|draft| draft.conversation == conversation)
                    .map(|draft| draft.text)
                    .collect();
                texts.sort();
                texts
            };
            let here = drafts(&mut self.house, laptop);
            assert_eq!(here, drafts(&mut self.house, desktop), "seed {seed}: drafts of {conversation}");
            kept.extend(here);
            for word in self.oracle.typed.remove(&conversation).unwrap_or_default() {
                assert!(
                    kept.iter().any(|text| text.contains(&word)),
                    "seed {seed}: {word} was typed and is lost: {kept:?}"
                );
            }
        }
        let mut list = |device| {
            let rows = self.house.world.conversations(device).unwrap();
            let mut rows: Vec<_> = rows
                .into_iter()
                .map(|row| (row.id, row.unread, row.archived, row.has_draft, row.preview))
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(list(laptop), list(desktop), "seed {seed}: Ada's lists");
        // Everybody has stored everything; once everybody has read it, every tick says so.
        for conversation in self.conversations.clone() {
            for device in &devices {
                for row in self.house.world.messages(*device, &conversation).unwrap() {
                    let state = row.state;
                    let fine = !row.mine || matches!(state, State::Delivered | State::Read);
                    assert!(
                        fine,
                        "seed {seed}: device {device} shows {state:?} for {}: {:?}",
                        row.body, row.receipts
                    );
                }
            }
            for device in &devices {
                self.house.world.read(*device, &conversation).unwrap();
            }
        }
        self.house.world.settle().unwrap();
        for device in devices {
            for conversation in self.conversations.clone() {
                for row in self.house.world.messages(device, &conversation).unwrap() {
                    let fine = !row.mine || row.state == State::Read;
                    assert!(
                        fine,
                        "seed {seed}: device {device} shows {:?} for {}: {:?}",
                        row.state, row.body, row.receipts
                    );
                }
            }
            assert_eq!(self.house.world.status(device).unwrap().unread, 0, "seed {seed}: device {device}");
        }
    }
}

fn day(seed: u64) {
    let house = House::new(seed);
    let conversations = vec![house.two.clone(), house.group.clone()];
    let mut day = Day { house, oracle: Oracle::default(), conversations, relay_up: true };
    for _ in 0..STEPS {
        day.step();
    }
    if !day.relay_up {
        day.house.world.start_relay().unwrap();
    }
    day.check(seed);
}

/// The seeds of one of two halves, so that two cores share them.
fn half(of: u64) {
    let first = std::env::var("HOMING_SIM_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let seeds: u64 =
        std::env::var("HOMING_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for seed in (first..first + seeds).filter(|seed| seed % 2 == of) {
        day(seed);
    }
}

#[test]
fn random_days_even() {
    half(0);
}

#[test]
fn random_days_odd() {
    half(1);
}

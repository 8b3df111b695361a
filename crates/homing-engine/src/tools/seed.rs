//! `seed`: conversations in any number for load tests, signed and sealed by simulated people and taken in like
//! everything that comes from a relay: one log after the other, page by page.
//!
//! Writing and taking in take turns, so that the time the latter takes is its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use homing_model::{DraftId, Edit, Preimage};
use homing_store::{Durability, IntervalSet, Tx, receipts, spaces};
use homing_sync::SpaceCursor;
use homing_wire::{EntryId, Grant, Member, PersonId, Role, SpaceId, SpaceOrigin, Stored};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::people::{Desk, Hand, Logs, nonce};
use super::words::{Writer, below};
use crate::api::{ApiError, Code, Seed, SeedReport};
use crate::core::Core;
use crate::env::Env;
use crate::fail::{Fail, invalid};
use crate::link::store_cursor;
use crate::replica::Replica;
use crate::touched::Touched;

const MESSAGES: u32 = 5_000_000;
const CONVERSATIONS: u32 = 100_000;
/// Entries taken in at once, as many as from a relay.
const PAGE: usize = crate::link::TOGETHER;
/// The largest conversation's part of all messages.
const LARGEST: f64 = 0.05;
/// The time the messages are spread over.
const SPAN_MS: u64 = 3 * 365 * 24 * 60 * 60 * 1_000;
/// One conversation in so many has unread messages, at most so many of them.
const UNREAD: (usize, u64) = (10, 20);

const NAMES: [&str; 24] = [
    "Amara Okafor",
    "Ben Fischer",
    "Chiara Conti",
    "David Nowak",
    "Emi Takahashi",
    "Farid Haddad",
    "Greta Lund",
    "Hana Kim",
    "Ivan Petrov",
    "Jasmin Yılmaz",
    "Karim Benali",
    "Lucía Romero",
    "Mateo Silva",
    "Nina Weiss",
    "Omar Farouk",
    "Paula Dvořák",
    "Quentin Morel",
    "Rosa Almeida",
    "Sven Larsson",
    "Tara Singh",
    "Umut Demir",
    "Vera Ivanova",
    "Wei Chen",
    "Yuki Mori",
];

/// A conversation being filled.
struct Talk {
    desk: Desk,
    /// Its writer among the simulated people.
    other: usize,
    messages: u32,
}

/// A page, and what follows from it for the spaces it is about.
#[derive(Default)]
struct Page {
    stored: Vec<Stored>,
    /// What this device wrote last.
    own: BTreeMap<SpaceId, (u64, EntryId)>,
    cursors: BTreeMap<SpaceId, SpaceCursor>,
}

impl Core {
    pub(crate) fn seed(&mut self, args: Seed) -> Result<SeedReport, ApiError> {
        if self.relay_address()?.is_some() {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "Load data goes only into a profile without a relay; it would be pushed to everybody's.",
            ));
        }
        if self.demo {
            return Err(ApiError::new(
                Code::DemoProfile,
                "Load data goes into a profile of its own, not into the demo.",
            ));
        }
        let (messages, conversations) = (args.messages, args.conversations);
        if conversations == 0
            || conversations > CONVERSATIONS
            || messages > MESSAGES
            || messages < conversations
        {
            return Err(invalid("Give 1 to 100,000 conversations and at most 5,000,000 messages, at least one for each conversation.").into());
        }
        let mut seed = [0u8; 32];
        seed.split_at_mut(4).0.copy_from_slice(&args.random_seed.to_be_bytes());
        let mut rng = ChaCha20Rng::from_seed(seed);
        let (hands, logs, talks) = self.write(Durability::Normal, |tx, replica, env| {
            prepare(tx, replica, env, &mut rng, (messages, conversations))
        })?;
        let name = self.replica()?.me.name.clone();
        let scribe = Scribe { rng, hands, logs, words: Writer::new(), name, page: Page::default() };
        let now_ms = self.env.now_ms();
        let done = scribe.write(&talks, now_ms, &mut |page| self.take_in(&page));
        // Rows of all these don't go to the screens one by one: they notice the gap and ask again.
        self.touched = Touched { status: true, people: true, ..Touched::default() };
        self.next_revision();
        let seconds = done?.as_secs_f64();
        Ok(SeedReport { messages, conversations, seconds })
    }

    /// Takes a page in; says how long that took.
    fn take_in(&mut self, page: &Page) -> Result<Duration, ApiError> {
        let begin = Instant::now();
        self.write(Durability::Normal, |tx, replica, _| {
            let spaces: Vec<SpaceId> = page.cursors.keys().copied().collect();
            replica.ingest(tx, &spaces, &page.stored.iter().collect::<Vec<_>>())?;
            for (space, cursor) in &page.cursors {
                store_cursor(tx, space, cursor)?;
            }
            for (space, (dseq, last)) in &page.own {
                spaces::update(tx, space, |row| {
                    row.my_dseq = *dseq;
                    row.my_prev = Some(*last);
                })?;
            }
            Ok(())
        })?;
        self.touched = Touched::default();
        Ok(begin.elapsed())
    }
}

/// Makes the people and the talks, and says which of the messages to come were read long ago.
fn prepare(
    tx: &Tx<'_>,
    replica: &mut Replica,
    env: &mut Env,
    rng: &mut ChaCha20Rng,
    (messages, conversations): (u32, u32),
) -> Result<(Vec<Hand>, Logs, Vec<Talk>), Fail> {
    let me = replica.person();
    let now_ms = env.now_ms();
    let mut hands = Vec::new();
    for _ in 0..NAMES.len().min(conversations as usize) {
        let (hand, op) = Hand::new(rng)?;
        replica.ingest_account(tx, &hand.person, &[op.encode()])?;
        hands.push(hand);
    }
    let mut logs = Logs::default();
    let mut talks = Vec::with_capacity(conversations as usize);
    for (number, messages) in shares(messages, conversations).into_iter().enumerate() {
        let place = number % hands.len().max(1);
        let Some(other) = hands.get(place) else { continue };
        let grant = |person: PersonId, role| Grant { member: Member::Person(person), role };
        let members = vec![grant(me, Role::Owner), grant(other.person, Role::Member)];
        let space = replica.create_space(tx, env, SpaceOrigin::Talk(me, nonce(rng)), members)?;
        logs.take_first(tx, replica, &space, now_ms.saturating_sub(SPAN_MS))?;
        let theirs = (0..messages).filter(|n| !is_mine(*n)).count() as u64;
        let unread = if number % UNREAD.0 == 0 { 1 + below(rng, UNREAD.1) } else { 0 };
        // Their first entry is the name.
        let read = IntervalSet::of(1, 1 + theirs.saturating_sub(unread));
        receipts::merge(tx, &space, &me, &other.id(), &IntervalSet::new(), &read)?;
        talks.push(Talk { desk: Desk::at(tx, replica, &space)?, other: place, messages });
    }
    hands.push(Hand::own(tx, replica)?);
    Ok((hands, logs, talks))
}

/// Every third message or so is one's own.
fn is_mine(n: u32) -> bool {
    matches!(n % 10, 2 | 5 | 8)
}

/// How many messages each conversation has: many small ones, few large ones, the largest [`LARGEST`] of all.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a number below five million"
)]
fn shares(messages: u32, conversations: u32) -> Vec<u32> {
    let weights = |offset: f64| (0..conversations).map(move |n| 1.0 / (f64::from(n) + offset));
    // The larger the offset, the flatter the curve.
    let (mut steep, mut flat) = (0.01, 1e6);
    for _ in 0..60 {
        let middle = f64::midpoint(steep, flat);
        let largest = 1.0 / middle / weights(middle).sum::<f64>();
        if largest > LARGEST { steep = middle } else { flat = middle }
    }
    let sum: f64 = weights(flat).sum();
    let spare = f64::from(messages - conversations);
    let mut shares: Vec<u32> = weights(flat).map(|weight| 1 + (spare * weight / sum) as u32).collect();
    // What rounding left over goes to the smallest ones.
    let mut left = messages - shares.iter().sum::<u32>();
    for share in shares.iter_mut().rev() {
        if left == 0 {
            break;
        }
        *share += 1;
        left -= 1;
    }
    shares
}

/// Writes the pages. The last hand is this device's own.
struct Scribe {
    rng: ChaCha20Rng,
    hands: Vec<Hand>,
    logs: Logs,
    words: Writer,
    /// This person's.
    name: String,
    page: Page,
}

impl Scribe {
    /// Writes all pages; answers how long they took to be taken in.
    fn write(
        mut self,
        talks: &[Talk],
        now_ms: u64,
        take_in: &mut dyn FnMut(Page) -> Result<Duration, ApiError>,
    ) -> Result<Duration, ApiError> {
        let begin_ms = now_ms.saturating_sub(SPAN_MS);
        let mut took = Duration::ZERO;
        let times = self.times(talks, begin_ms);
        for (talk, times) in talks.iter().zip(times) {
            self.begin(talk, begin_ms)?;
            for (n, at_ms) in (0..).zip(times) {
                self.message(talk, is_mine(n), at_ms)?;
                if self.page.stored.len() >= PAGE {
                    took += take_in(std::mem::take(&mut self.page))?;
                }
            }
        }
        took += take_in(std::mem::take(&mut self.page))?;
        Ok(took)
    }

    /// When each talk's messages are written: all talks go on all the time, those with more messages more often.
    fn times(&mut self, talks: &[Talk], begin_ms: u64) -> Vec<Vec<u64>> {
        let mut order: Vec<usize> = talks
            .iter()
            .enumerate()
            .flat_map(|(n, talk)| std::iter::repeat_n(n, talk.messages as usize))
            .collect();
        for last in (1..order.len()).rev() {
            let other = usize::try_from(below(&mut self.rng, last as u64 + 1)).unwrap_or(0);
            order.swap(last, other);
        }
        let step = SPAN_MS / (order.len() as u64 + 1);
        let mut times = vec![Vec::new(); talks.len()];
        for (n, place) in (1..).zip(order) {
            if let Some(times) = times.get_mut(place) {
                times.push(begin_ms + n * step);
            }
        }
        times
    }

    /// A talk's conversation is begun by who manages the talk: this person.
    fn begin(&mut self, talk: &Talk, at_ms: u64) -> Result<(), Fail> {
        let (Some(me), Some(other)) = (self.hands.last(), self.hands.get(talk.other)) else { return Ok(()) };
        let (me, other, space) = (me.person, other.person, talk.desk.space);
        let subject =
            if below(&mut self.rng, 3) == 0 { String::new() } else { self.words.subject(&mut self.rng) };
        let mine = [
            (Preimage::profile(space, &me), Edit::SetProfile { name: self.name.clone() }),
            (
                Preimage::talk_conversation(space),
                Edit::CreateConversation { subject, creator: me, created_ms: at_ms },
            ),
        ];
        self.append(talk, true, &mine, at_ms)?;
        let name = NAMES.get(talk.other).copied().unwrap_or("Somebody").to_owned();
        let theirs = [(Preimage::profile(space, &other), Edit::SetProfile { name })];
        self.append(talk, false, &theirs, at_ms)
    }

    fn message(&mut self, talk: &Talk, mine: bool, at_ms: u64) -> Result<(), Fail> {
        let writer = if mine { self.hands.last() } else { self.hands.get(talk.other) };
        let Some(author) = writer.map(|hand| hand.person) else { return Ok(()) };
        let space = talk.desk.space;
        let preimage = Preimage::message(space, author, &DraftId(nonce(&mut self.rng)));
        let edit = Edit::CreateMessage {
            conversation: Preimage::talk_conversation(space).doc_id(),
            body: self.words.text(&mut self.rng),
            author_ms: at_ms,
            reply_to: None,
            attachments: Vec::new(),
            extras: None,
        };
        self.append(talk, mine, &[(preimage, edit)], at_ms)
    }

    fn append(
        &mut self,
        talk: &Talk,
        mine: bool,
        documents: &[(Preimage, Edit)],
        at_ms: u64,
    ) -> Result<(), Fail> {
        let hand = if mine { self.hands.last_mut() } else { self.hands.get_mut(talk.other) };
        let Some(hand) = hand else { return Ok(()) };
        let entry = hand.begin(&mut self.rng, &talk.desk, Member::Person(hand.person), documents)?;
        let space = talk.desk.space;
        if mine && let Some(last) = hand.last(&space) {
            self.page.own.insert(space, last);
        }
        self.page.stored.push(self.logs.append(&entry, at_ms));
        self.page.cursors.insert(space, self.logs.cursor(&space));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_the_largest_is_five_percent() {
        for (messages, conversations) in [(1_000, 1), (1_000, 1_000), (100_000, 1_000), (1_000_000, 10_000)] {
            let shares = shares(messages, conversations);
            assert_eq!(shares.iter().sum::<u32>(), messages);
            assert!(shares.iter().all(|share| *share > 0));
            if conversations >= 1_000 && messages > 10 * conversations {
                let largest = f64::from(shares[0]) / f64::from(messages);
                assert!((0.03..0.07).contains(&largest), "{largest}");
            }
        }
    }
}

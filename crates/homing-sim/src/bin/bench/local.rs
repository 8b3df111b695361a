//! What one device does by itself: sending, taking in, listing, searching, memory.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use homing_engine::api::{
    Call, ConversationNew, ConversationPage, ConversationRef, Conversations, Filter, Init, MessagePage,
    Messages, NewConversation, Nothing, Search, SearchOrder, SearchPage, Seed, Send, Status,
};
use homing_engine::core::Core;
use homing_engine::env::Env;
use homing_engine::port::{Input, Output};
use homing_store::messages::{MessageState, NewMessage};
use homing_store::{Durability, Store, StoreError, messages};
use homing_wire::{DeviceId, DocId, PersonId, SpaceId};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::report::{Report, Times, rate, ratio, resident_kib};

const SENDS: usize = 1_000;
const QUERIES: usize = 300;
/// Messages of a conversation.
const EACH: usize = 100;
/// Rows per transaction of the bulk floor: as many as the receive path takes in at once.
const BATCH: usize = 4_096;

/// A profile's engine without its process.
pub struct Local {
    core: Core,
    calls: u64,
}

impl Local {
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let core = Core::open(folder, Env::system()?).map_err(|error| anyhow!("{error:?}"))?;
        Ok(Self { core, calls: 0 })
    }

    pub fn ask<T: DeserializeOwned>(&mut self, call: Call) -> Result<T> {
        self.timed(call).map(|(answer, _)| answer)
    }

    /// An answer, and how long it took until it left as JSON. What follows from a call comes after its answer, for a
    /// person too.
    fn timed<T: DeserializeOwned>(&mut self, call: Call) -> Result<(T, Duration)> {
        self.calls += 1;
        let begin = Instant::now();
        self.core.handle(Input::Call(self.calls, call));
        let outputs = self.core.drain();
        let took = begin.elapsed();
        self.core.follow_up();
        self.core.drain();
        let answer = outputs.into_iter().find_map(|output| match output {
            Output::Reply(id, answer) if id == self.calls => Some(answer),
            _ => None,
        });
        let answer = answer.context("the call was not answered at once")?;
        Ok((serde_json::from_str(answer.map_err(|error| anyhow!("{error:?}"))?.get())?, took))
    }

    /// How long a call takes, many times.
    fn times<T: DeserializeOwned>(&mut self, call: &Call) -> Result<Times> {
        let mut times = Times::default();
        for _ in 0..QUERIES {
            times.add(self.timed::<T>(call.clone())?.1);
        }
        Ok(times)
    }

    fn init(&mut self) -> Result<()> {
        self.ask::<Status>(Call::Init(Init { name: "Ada".to_owned(), relay: None, device_name: None }))
            .map(drop)
    }
}

fn body(n: usize) -> String {
    format!(
        "Message {n}: the viewing of the flat on the third floor is on Tuesday at half past four, bring the plan."
    )
}

/// Ids as they are in life: cut from a hash, so that each lands somewhere else in the index.
fn unlike(n: usize) -> Uuid {
    let mut bytes = [0; 16];
    ChaCha20Rng::seed_from_u64(n as u64).fill_bytes(&mut bytes);
    Uuid::from_bytes(bytes)
}

fn row(n: usize, mine: bool) -> NewMessage {
    let log = n / EACH;
    // Logs that went on all the time, read one after the other: each begins again where the one before began.
    let at_ms = 1_700_000_000_000 + ((n % EACH) * 10_007 + log * 13) as u64 * 1_000;
    NewMessage {
        id: DocId(unlike(n)),
        conversation: DocId(unlike(log)),
        space: SpaceId([2; 32]),
        internal: false,
        author: PersonId([3; 32]),
        mine,
        at_ms,
        author_ms: at_ms,
        received_ms: at_ms,
        body: body(n),
        reply_to: None,
        deleted: false,
        unread: false,
        device: DeviceId([4; 32]),
        dseq: n as u64,
        state: MessageState::Sent,
        attachments: Vec::new(),
        marks: messages::Marks::default(),
    }
}

/// The database key of the large profile, which its floors are read with.
const BIG_KEY: [u8; 32] = [11; 32];

/// A new profile with a key file that is there before it.
fn with_key(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let hex: String = BIG_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(std::fs::write(folder.join("database.key"), hex)?)
}

/// The large profile's database, behind the engine's back.
fn raw(profile: &Path) -> Result<Connection> {
    let db = Connection::open(profile.join("homing.db"))?;
    let hex: String = BIG_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{hex}'\"; PRAGMA cipher_page_size = 2048; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;"
    ))?;
    Ok(db)
}

/// Number and id of the conversation with the most messages.
fn biggest(db: &Connection) -> Result<(i64, String)> {
    let (n, id): (i64, Vec<u8>) = db.query_row(
        "SELECT c.n, c.id FROM messages m JOIN conversations c ON c.n = m.conversation
         GROUP BY m.conversation ORDER BY count(*) DESC LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let id = DocId::from_slice(&id).context("an id")?;
    Ok((n, id.to_string()))
}

/// The newest messages that match: who wrote them, when, in which conversation, and the text.
fn raw_search(db: &Connection, matching: &str) -> Result<Times> {
    let mut query = db.prepare(
        "SELECT m.id, m.at, m.body, c.id, c.subject, p.name
         FROM (SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT 20) f
         CROSS JOIN messages m ON m.n = f.rowid CROSS JOIN conversations c ON c.n = m.conversation
         LEFT JOIN people p ON p.person = m.author",
    )?;
    Times::of(QUERIES, |_| {
        type Found = (Vec<u8>, i64, String, Vec<u8>, String, Option<String>);
        let found = query.query_map([matching], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })?;
        found.collect::<rusqlite::Result<Vec<Found>>>()?;
        Ok(())
    })
}

pub fn run(report: &mut Report, folder: &Path, full: bool) -> Result<()> {
    send(report, folder)?;
    let total: u32 = if full { 1_000_000 } else { 200_000 };
    let bulk = bulk_rate(folder, total as usize)?;
    let profile = folder.join("big");
    catch_up(report, &profile, total, bulk)?;
    queries(report, &profile, total)?;
    memory(report, folder, &profile, total)
}

/// Projection and search row of one message per durable transaction, and a whole send.
fn send(report: &mut Report, folder: &Path) -> Result<()> {
    let mut store = Store::open(&folder.join("floor.db"), &[9; 32])?;
    let mut local = Local::open(&folder.join("send"))?;
    local.init()?;
    let new = ConversationNew {
        subject: Some("Bench".to_owned()),
        with: Vec::new(),
        message: None,
        attachments: Vec::new(),
        about: Vec::new(),
    };
    let conversation = local.ask::<NewConversation>(Call::ConversationNew(new))?.id;
    // In turns, so that both meet the same disk.
    let (mut floor, mut sends) = (Times::default(), Times::default());
    for n in 0..SENDS {
        floor.add(plain_insert(&mut store, n, Durability::Full)?);
        let args = Send {
            conversation: conversation.clone(),
            text: body(n),
            attachments: Vec::new(),
            ..Send::default()
        };
        sends.add(local.timed::<homing_engine::api::Sent>(Call::Send(args))?.1);
    }
    let times = ratio(sends.percent(50), floor.percent(50));
    report.row(
        "send: command to durable",
        format!("{} ({times:.2}x at p50)", sends.text()),
        format!("{} for projection + search row, FULL", floor.text()),
        "<= 1.5x",
        Some(times <= 1.5),
    );
    Ok(())
}

/// How long it takes to write a message's projection and search row, and nothing else.
pub fn plain_insert(store: &mut Store, n: usize, durability: Durability) -> Result<Duration> {
    let begin = Instant::now();
    store.write::<_, StoreError>(durability, |tx| messages::insert(tx, vec![row(n + 1, true)]).map(drop))?;
    Ok(begin.elapsed())
}

/// Plain rows per second, as many as are taken in: what costs most in a large database is where its rows belong.
fn bulk_rate(folder: &Path, total: usize) -> Result<f64> {
    let mut store = Store::open(&folder.join("bulk.db"), &[9; 32])?;
    let begin = Instant::now();
    for first in (0..total).step_by(BATCH) {
        let rows = (first..total.min(first + BATCH)).map(|n| row(n + 1, false)).collect();
        store.write::<_, StoreError>(Durability::Normal, |tx| messages::insert(tx, rows).map(drop))?;
    }
    Ok(rate(total, begin.elapsed()))
}

/// Load data comes through the receive path; only that is timed, not the writing of it.
fn catch_up(report: &mut Report, profile: &Path, total: u32, floor: f64) -> Result<()> {
    with_key(profile)?;
    let mut local = Local::open(profile)?;
    local.init()?;
    let seed = Seed { messages: total, conversations: total / 100, random_seed: 1 };
    let done = local.ask::<homing_engine::api::SeedReport>(Call::Seed(seed))?;
    let measured = f64::from(total) / done.seconds;
    let times = measured / floor;
    report.row(
        "catch-up: verify, open, check, apply, index",
        format!("{measured:.0}/s for {total} messages ({times:.2}x)"),
        format!("{floor:.0}/s plain rows of projection and search, of as many conversations, log by log"),
        ">= 0.4x",
        Some(measured >= 0.4 * floor),
    );
    Ok(())
}

fn queries(report: &mut Report, profile: &Path, total: u32) -> Result<()> {
    let mut local = Local::open(profile)?;
    let page = Conversations { filter: Filter::Active, after: None, limit: 50 };
    let mut list = local.times::<ConversationPage>(&Call::Conversations(page))?;
    let mut status = local.times::<Status>(&Call::Status(Nothing {}))?;
    let db = raw(profile)?;
    let (number, biggest) = biggest(&db)?;
    let newest = |conversation: &str| Messages {
        conversation: conversation.to_owned(),
        before: None,
        after: None,
        around: None,
        unread: false,
        limit: 50,
    };
    let mut open = Times::default();
    for _ in 0..QUERIES {
        let talk = ConversationRef { conversation: biggest.clone() };
        let (_, header) = local.timed::<serde_json::Value>(Call::Conversation(talk))?;
        let (_, page) = local.timed::<MessagePage>(Call::Messages(newest(&biggest)))?;
        open.add(header + page);
    }
    for (what, times) in [
        ("conversation list, newest 50", &mut list),
        ("status with the unread total", &mut status),
        ("open the biggest conversation, newest 50", &mut open),
    ] {
        let met = times.percent(99).as_millis() <= 5;
        report.row(
            &format!("{what}, {total} messages"),
            times.text(),
            "-".to_owned(),
            "p99 <= 5 ms",
            Some(met),
        );
    }
    for (what, text, raw, limit) in [
        ("a common word", "the ", "body : the", 20),
        ("a rare word", "HG-00042 ", "body : hg AND body : \"00042\"", 20),
        ("three letters", "ter", "body : ter *", 30),
    ] {
        for conversation in [None, Some(biggest.clone())] {
            let (place, tag) = match conversation {
                Some(_) => ("in one conversation", format!("tags : c{number} AND ")),
                None => ("everywhere", String::new()),
            };
            let mut floor = raw_search(&db, &format!("{tag}{raw}"))?;
            let args = Search { query: text.to_owned(), conversation, limit: 20, ..Search::default() };
            let mut times = local.times::<SearchPage>(&Call::Search(args))?;
            let times_floor = ratio(times.percent(50), floor.percent(50));
            report.row(
                &format!("search {what} {place}, {total} messages"),
                format!("{} ({times_floor:.1}x at p50)", times.text()),
                format!("{} for the query alone", floor.text()),
                &format!("<= 2x, p99 <= {limit} ms"),
                Some(times_floor <= 2.0 && times.percent(99).as_millis() <= limit),
            );
        }
    }
    for (what, text, order) in [
        ("of somebody", "the from:me", SearchOrder::Newest),
        ("with files", "the has:file", SearchOrder::Newest),
        ("with links", "has:link", SearchOrder::Newest),
        ("of a year", "the on:2024", SearchOrder::Newest),
        ("before a day", "the before:2024-06-01", SearchOrder::Newest),
        ("in conversations by name", "in:a the", SearchOrder::Newest),
        ("unread", "the is:unread", SearchOrder::Newest),
        ("unread, a rare word", "HG-00042 is:unread", SearchOrder::Newest),
        ("best first, a common word", "the ", SearchOrder::Best),
        ("best first, a rare word", "HG-00042 ", SearchOrder::Best),
    ] {
        let args = Search { query: text.to_owned(), order, limit: 20, ..Search::default() };
        let mut times = local.times::<SearchPage>(&Call::Search(args))?;
        report.row(
            &format!("search {what} everywhere, {total} messages"),
            times.text(),
            "-".to_owned(),
            "p99 <= 30 ms",
            Some(times.percent(99).as_millis() <= 30),
        );
    }
    Ok(())
}

/// The conversation with the most messages: the one whose pages go on longest.
/// Prints the memory of a process that opened a profile and showed what a person sees first.
pub fn memory_of(profile: &Path) -> Result<()> {
    let mut local = Local::open(profile)?;
    let page = Conversations { filter: Filter::Active, after: None, limit: 50 };
    let rows: ConversationPage = local.ask(Call::Conversations(page))?;
    for row in rows.rows.iter().take(20) {
        let args = Messages {
            conversation: row.id.clone(),
            before: None,
            after: None,
            around: None,
            unread: false,
            limit: 50,
        };
        local.ask::<MessagePage>(Call::Messages(args))?;
    }
    println!("{}", resident_kib("self").unwrap_or_default());
    Ok(())
}

fn memory(report: &mut Report, folder: &Path, big: &Path, total: u32) -> Result<()> {
    let empty = folder.join("empty");
    Local::open(&empty)?.init()?;
    let measure = |profile: &Path| -> Result<u64> {
        let done = Command::new(std::env::current_exe()?).arg("memory-of").arg(profile).output()?;
        Ok(String::from_utf8_lossy(&done.stdout).trim().parse()?)
    };
    let (small, large) = (measure(&empty)?, measure(big)?);
    let more = large.saturating_sub(small) / 1024;
    report.row(
        &format!("engine memory with {total} messages"),
        format!("{} MB (+{more} MB)", large / 1024),
        format!("{} MB, empty profile", small / 1024),
        "<= +30 MB",
        Some(more <= 30),
    );
    Ok(())
}

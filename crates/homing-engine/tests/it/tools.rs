//! Backup and restore, doctor, load data, the demo.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use homing_engine::api::{
    ApiError, Attachment, AttachmentState, Backup, BackupReport, Call, Code, ConversationNew,
    ConversationPage, ConversationRow, Conversations, CopyState, DemoStart, DeviceRow, Doctor, DoctorReport,
    DraftRow, DraftSet, FileData, FileSource, Filter, Init, ItemRef, MessagePage, MessageRow, Messages,
    NewConversation, Nothing, OutboxRow, PersonRow, RecordDetail, RecordPage, RecordRef, RecordSort,
    RecordValue, Records, RecoveryConfirm, RecoveryWords, RelaySet, Restore, Search, SearchPage, Seed,
    SeedReport, Send, Sent, SpaceKind, State, Status,
};
use homing_engine::core::Core;
use homing_engine::env::Env;
use homing_engine::port::{Answer, Input, Output};
use homing_store::entries::{self, NewEntry};
use homing_store::{Durability, Store, StoreError, Tx, epochs, messages, spaces};
use homing_wire::{DocId, Entry};
use serde::de::DeserializeOwned;

use crate::world::{RELAY, world};

const NOW_MS: u64 = 1_795_000_000_000;
const KEY: [u8; 32] = [7; 32];
/// Messages of a deletion that are moved at once.
pub const SLICE: usize = 50;
pub const PASSPHRASE: &str = "correct horse battery";

/// An engine without a network.
pub struct Desk {
    pub core: Core,
    clock: Arc<AtomicU64>,
    connects: bool,
}

impl Desk {
    /// A profile of somebody, in a folder that goes with the test.
    pub fn with(name: &str) -> (tempfile::TempDir, Self) {
        let place = tempfile::tempdir().unwrap();
        let mut desk = Self::open(&profile(place.path(), "desk"), 1).unwrap();
        desk.init(name);
        (place, desk)
    }

    pub fn open(folder: &Path, seed: u8) -> Result<Self, ApiError> {
        let clock = Arc::new(AtomicU64::new(NOW_MS));
        let time = Arc::clone(&clock);
        let mut env = Env::simulated(Box::new(move || time.fetch_add(1, Ordering::Relaxed)), [seed; 32]);
        env.slice = SLICE;
        Ok(Self { core: Core::open(folder, env)?, clock, connects: false })
    }

    pub fn call(&mut self, call: Call) -> Answer {
        let mut inputs = vec![Input::Call(1, call)];
        let mut answer = None;
        while let Some(input) = inputs.pop() {
            self.core.handle(input);
            self.core.follow_up();
            for output in self.core.drain() {
                match output {
                    Output::Reply(1, reply) => answer = Some(reply),
                    Output::Connect { .. } => self.connects = true,
                    Output::File(job) => inputs.push(Input::File(job.id, job.carry_out())),
                    _ => {}
                }
            }
        }
        answer.unwrap()
    }

    /// Lets the engine do what it woke for; whether it wants to be woken again at once.
    pub fn wakes(&mut self) -> bool {
        self.wakes_until().is_some_and(|at| at <= self.core.steady_ms())
    }

    /// The same, and when it wants to be woken again.
    pub fn wakes_until(&mut self) -> Option<u64> {
        self.core.handle(Input::Wake);
        self.core.follow_up();
        let wake_at = |output| if let Output::WakeAt(at) = output { Some(at) } else { None };
        self.core.drain().into_iter().find_map(wake_at)
    }

    /// Time passes.
    pub fn later(&self, ms: u64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn does<T: DeserializeOwned>(&mut self, call: Call) -> T {
        let shown = format!("{call:?}");
        let answer = self.call(call).unwrap_or_else(|error| panic!("{shown}: {error}"));
        serde_json::from_str(answer.get()).unwrap()
    }

    fn fails(&mut self, call: Call) -> Code {
        self.call(call).unwrap_err().code
    }

    pub fn init(&mut self, name: &str) -> Status {
        self.does(Call::Init(Init { name: name.to_owned(), relay: None, device_name: None }))
    }

    pub fn list(&mut self, filter: Filter) -> Vec<ConversationRow> {
        self.does::<ConversationPage>(Call::Conversations(Conversations { filter, after: None, limit: 200 }))
            .rows
    }

    pub fn reads(&mut self, conversation: &str) -> Vec<MessageRow> {
        let conversation = conversation.to_owned();
        let args =
            Messages { conversation, before: None, after: None, around: None, unread: false, limit: 200 };
        self.does::<MessagePage>(Call::Messages(args)).rows
    }

    pub fn status(&mut self) -> Status {
        self.does(Call::Status(Nothing {}))
    }

    pub fn doctor(&mut self, repair: bool) -> DoctorReport {
        self.does(Call::Doctor(Doctor { repair }))
    }

    pub fn seeded(&mut self, messages: u32, conversations: u32) {
        let done: SeedReport = self.does(Call::Seed(Seed { messages, conversations, random_seed: 5 }));
        assert_eq!((done.messages, done.conversations), (messages, conversations));
    }

    pub fn finds(&mut self, query: &str) -> usize {
        let args = Search { query: query.to_owned(), limit: 50, ..Search::default() };
        self.does::<SearchPage>(Call::Search(args)).hits.len()
    }
}

fn codes(report: &DoctorReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// A profile folder whose database key the test knows.
pub fn profile(place: &Path, name: &str) -> PathBuf {
    let folder = place.join(name);
    std::fs::create_dir(&folder).unwrap();
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.join("database.key"), hex).unwrap();
    folder
}

/// Changes a closed profile's database behind the engine's back.
pub fn tamper(folder: &Path, work: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>) {
    let mut store = Store::open(&folder.join("homing.db"), &KEY).unwrap();
    store.write(Durability::Full, work).unwrap();
}

pub fn note(desk: &mut Desk, text: &str) -> NewConversation {
    let file = FileSource::Bytes {
        name: "notes.txt".into(),
        mime: "text/plain".into(),
        base64: "aG9sZCB0aGUgcHJpY2U=".into(),
        voice: None,
    };
    desk.does(Call::ConversationNew(ConversationNew {
        subject: Some("Mill Lane".into()),
        with: Vec::new(),
        message: Some(text.into()),
        attachments: vec![file],
        about: Vec::new(),
    }))
}

pub fn back_up(desk: &mut Desk, file: &Path, passphrase: Option<&str>) -> Result<BackupReport, ApiError> {
    let args = Backup { file: file.display().to_string(), passphrase: passphrase.map(str::to_owned) };
    desk.call(Call::Backup(args)).map(|report| serde_json::from_str(report.get()).unwrap())
}

pub fn restored(
    folder: &Path,
    file: &Path,
    passphrase: Option<&str>,
    words: Option<&str>,
) -> Result<Desk, Code> {
    let mut desk = Desk::open(folder, 99).unwrap();
    let args = Restore {
        file: file.display().to_string(),
        passphrase: passphrase.map(str::to_owned),
        words: words.map(str::to_owned),
    };
    desk.call(Call::Restore(args)).map(|_| ()).map_err(|error| error.code)?;
    Ok(desk)
}

#[test]
fn a_backup_begins_again_as_a_new_device_with_everything_that_was_there() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    let before = old.init("Ada");
    let talk = note(&mut old, "hold the price");
    let draft = DraftSet {
        conversation: talk.id.clone(),
        text: "half a tho".into(),
        draft: None,
        base: None,
        reply_to: None,
        template: None,
    };
    old.call(Call::DraftSet(draft)).unwrap();
    let file = place.path().join("ada.homing");
    let report = back_up(&mut old, &file, Some(PASSPHRASE)).unwrap();
    assert_eq!(report.bytes as u64, std::fs::metadata(&file).unwrap().len());
    drop(old);

    let folder = profile(place.path(), "new");
    let mut new = restored(&folder, &file, Some(PASSPHRASE), None).unwrap();
    let after = new.status();
    assert_eq!(after.person, before.person);
    assert_ne!(after.device, before.device);
    let devices: Vec<DeviceRow> = new.does(Call::Devices(Nothing {}));
    assert_eq!(devices.len(), 2);
    let rows = new.reads(&talk.id);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].body.as_str(), rows[0].state), ("hold the price", State::Local));
    let read: FileData = new.does(Call::AttachmentRead(ItemRef { id: rows[0].attachments[0].id.clone() }));
    assert_eq!(read.base64, "aG9sZCB0aGUgcHJpY2U=");
    let drafts: Vec<DraftRow> = new.does(Call::Drafts(Nothing {}));
    assert_eq!(drafts[0].text, "half a tho");
    assert_eq!(new.finds("price"), 1);
    let sent: Sent = new.does(Call::Send(Send {
        conversation: talk.id.clone(),
        text: "from the new device".into(),
        attachments: Vec::new(),
        ..Send::default()
    }));
    assert_eq!(sent.state, State::Local);
    let report = new.doctor(false);
    assert!(report.healthy, "{:?}", codes(&report));
    drop(new);
    // It is that device for good.
    assert_eq!(Desk::open(&folder, 3).unwrap().status().device, after.device);
    assert!(!folder.join("restoring").exists());
}

#[test]
fn recovery_words_protect_a_backup_once_they_were_proved() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    old.init("Ada");
    let file = place.path().join("ada.homing");
    assert_eq!(back_up(&mut old, &file, None).unwrap_err().code, Code::BackupUnprotected);
    assert!(!file.exists());
    let words: RecoveryWords = old.does(Call::RecoveryShow(Nothing {}));
    let proof = [0u32, 7, 15, 23].map(|place| (place, words.words[place as usize].clone()));
    old.call(Call::RecoveryConfirm(RecoveryConfirm { words: proof.to_vec() })).unwrap();
    back_up(&mut old, &file, None).unwrap();
    // Never over another file.
    assert_eq!(back_up(&mut old, &file, None).unwrap_err().code, Code::FileFailed);

    let phrase = words.words.join(" ");
    let folder = profile(place.path(), "new");
    assert_eq!(restored(&folder, &file, Some(PASSPHRASE), None).err(), Some(Code::RecoveryInvalid));
    let mut new = restored(&folder, &file, None, Some(&phrase)).unwrap();
    assert_eq!(new.status().name.as_deref(), Some("Ada"));
    assert!(new.status().recovery_confirmed);
}

#[test]
fn a_wrong_passphrase_or_a_hostile_file_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    // A name as long as this is not there by chance.
    old.init("Ada of the old profile");
    note(&mut old, "hold the price");
    let file = place.path().join("ada.homing");
    assert_eq!(back_up(&mut old, &file, Some("short")).unwrap_err().code, Code::InvalidArgument);
    back_up(&mut old, &file, Some(PASSPHRASE)).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&whole);
    assert!(!text.contains("hold the price") && !text.contains("notes.txt") && !text.contains("Ada of"));

    let folder = profile(place.path(), "new");
    assert_eq!(
        restored(&folder, &file, Some("wrong horse battery"), None).err(),
        Some(Code::WrongPassphrase)
    );
    assert_eq!(restored(&folder, &file, None, None).err(), Some(Code::WrongPassphrase));
    let bad = place.path().join("bad.homing");
    let mut later = whole.clone();
    later[3] ^= 1;
    let length = u32::from_be_bytes(whole[8..12].try_into().unwrap()) as usize;
    let mut database = whole.clone();
    database[12 + length + 8 + 5_000] ^= 1;
    let mut huge = whole.clone();
    huge[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut longer = whole.clone();
    longer[12 + length..12 + length + 8].copy_from_slice(&u64::MAX.to_be_bytes());
    let files = [
        Vec::new(),
        b"hello".to_vec(),
        later,
        huge,
        longer,
        database,
        whole[..200].to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ];
    for (n, bytes) in files.into_iter().enumerate() {
        std::fs::write(&bad, bytes).unwrap();
        let code = restored(&folder, &bad, Some(PASSPHRASE), None).err();
        assert!(
            matches!(code, Some(Code::Corrupt | Code::WrongPassphrase | Code::StorageFailed)),
            "{n}: {code:?}"
        );
    }
    let mut new = Desk::open(&folder, 2).unwrap();
    assert_eq!(new.status().person, None);
    // And it is still good for the right one.
    drop(new);
    let mut new = restored(&folder, &file, Some(PASSPHRASE), None).unwrap();
    let again =
        Restore { file: file.display().to_string(), passphrase: Some(PASSPHRASE.into()), words: None };
    assert_eq!(new.fails(Call::Restore(again)), Code::AlreadyInitialised);
}

#[test]
fn a_restored_profile_lets_itself_in_at_the_relay_and_sends_what_was_not_sent() {
    let mut people = world(41);
    let ada = people.person("Ada");
    people.syncs(ada);
    let invited = people.invitation(ada, homing_engine::api::InviteTo::Person);
    let ben = people.device("Ben");
    people.joins(ben, &invited.link, Some("Ben"));
    people.syncs(ada);
    let talk = people.list(ada)[0].id.clone();
    people.says(ada, &talk, "before");
    people.syncs(ada);
    people.set_online(ada, false).unwrap();
    people.says(ada, &talk, "not sent yet");
    let file = people.relay_folder().with_file_name("ada.homing");
    let args = Backup { file: file.display().to_string(), passphrase: Some(PASSPHRASE.into()) };
    people.does::<BackupReport>(ada, Call::Backup(args));
    people.crash(ada).unwrap();

    let new = people.device("Ada again");
    let args = Restore { file: file.display().to_string(), passphrase: Some(PASSPHRASE.into()), words: None };
    people.does::<Status>(new, Call::Restore(args));
    people.run_for(30_000).unwrap();
    people.syncs(new);
    people.syncs(ben);
    assert_eq!(people.bodies(ben, &talk), ["before", "not sent yet"]);
    assert_eq!(people.devices(new).len(), 2);
    assert_eq!(people.status(new).outbox, 0);
}

#[test]
fn load_data_is_clean_and_spread_as_asked() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(&profile(place.path(), "seeded"), 1).unwrap();
    desk.init("Ada");
    desk.seeded(1_500, 40);
    let rows = desk.list(Filter::All);
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().any(|row| row.unread > 0) && rows.iter().filter(|row| row.unread > 0).count() <= 4);
    let status = desk.status();
    assert_eq!((status.parked, status.quarantined), (0, 0));
    let shown = desk.reads(&rows[0].id);
    assert!(
        shown.iter().any(|row| row.mine && row.state != State::Local) && shown.iter().any(|row| !row.mine)
    );
    assert!(desk.finds("Wohnung") > 0 && desk.finds("HG-00001") == 1);
    let report = desk.doctor(false);
    assert!(report.healthy, "{:?}", codes(&report));
    // Own entries go on where the data left off.
    let conversation = rows[0].id.clone();
    desk.does::<Sent>(Call::Send(Send {
        conversation,
        text: "mine".into(),
        attachments: Vec::new(),
        ..Send::default()
    }));
    desk.seeded(100, 5);
    assert!(desk.doctor(false).healthy);
    assert!(!desk.connects);

    // Answered when the relay is reached or not; from now on there is one.
    desk.core.handle(Input::Call(2, Call::RelaySet(RelaySet { address: "127.0.0.1:1".into() })));
    desk.core.follow_up();
    let more = Seed { messages: 10, conversations: 1, random_seed: 1 };
    assert_eq!(desk.fails(Call::Seed(more)), Code::InvalidArgument);
}

#[test]
fn what_is_lost_or_changed_in_the_tables_is_found_named_and_mended() {
    let place = tempfile::tempdir().unwrap();
    let folder = profile(place.path(), "damaged");
    let mut desk = Desk::open(&folder, 1).unwrap();
    desk.init("Ada");
    desk.seeded(300, 5);
    let talk = desk.list(Filter::All)[0].clone();
    let all = desk.reads(&talk.id);
    let (lost, changed): (DocId, DocId) = (all[1].id.parse().unwrap(), all[2].id.parse().unwrap());
    drop(desk);

    // A missing row, a row that says something else, a key that doesn't fit.
    tamper(&folder, |tx| messages::remove(tx, &lost).map(drop));
    tamper(&folder, |tx| messages::set_body(tx, &changed, "never written"));
    tamper(&folder, |tx| {
        let space =
            spaces::list(tx)?.into_iter().find(|row| row.kind == homing_wire::SpaceKind::Talk).unwrap();
        let key = epochs::list(tx, &space.space)?.remove(0);
        epochs::delete(tx, &space.space, &key.epoch)?;
        epochs::put(tx, &space.space, &key.epoch, &key.commitment, &[9; 32])
    });

    let mut desk = Desk::open(&folder, 2).unwrap();
    let found = desk.doctor(false);
    assert!(!found.healthy && found.findings.iter().all(|finding| !finding.repaired));
    for code in ["message_missing", "row_stale", "key_damaged"] {
        assert!(codes(&found).contains(&code), "{code}: {:?}", codes(&found));
    }
    let mended = desk.doctor(true);
    assert!(mended.healthy, "{:?}", mended.findings);
    assert!(mended.findings.iter().all(|finding| finding.repaired), "{:?}", mended.findings);
    assert!(desk.doctor(false).healthy);
    let bodies = |rows: &[MessageRow]| rows.iter().map(|row| row.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&desk.reads(&talk.id)), bodies(&all));
    assert!(desk.finds("Wohnung") > 0);
}

#[test]
fn a_flipped_byte_of_the_file_is_found_and_said_to_be_beyond_mending() {
    let place = tempfile::tempdir().unwrap();
    let folder = profile(place.path(), "flipped");
    let mut desk = Desk::open(&folder, 1).unwrap();
    desk.init("Ada");
    desk.seeded(300, 5);
    drop(desk);
    tamper(&folder, |_| Ok(()));
    let file = folder.join("homing.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1_000;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let mut desk = Desk::open(&folder, 2).unwrap();
    let report = desk.doctor(true);
    assert!(codes(&report).contains(&"file_damaged"), "{:?}", codes(&report));
    assert!(!report.healthy && report.findings.iter().all(|finding| !finding.repaired));
}

#[test]
fn a_gap_and_a_damaged_entry_are_fetched_from_the_relay_again() {
    let mut people = world(43);
    let ada = people.person("Ada");
    let invited = people.invitation(ada, homing_engine::api::InviteTo::Person);
    let ben = people.device("Ben");
    people.joins(ben, &invited.link, Some("Ben"));
    people.syncs(ada);
    let talk = people.list(ada)[0].id.clone();
    for n in 0..6 {
        people.says(ada, &talk, &format!("message {n}"));
        people.syncs(ada);
    }
    people.syncs(ben);
    people.crash(ben).unwrap();
    let folder = people.profile(ben).unwrap().to_owned();
    let hex = std::fs::read_to_string(folder.join("database.key")).unwrap();
    let key: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&hex.trim()[2 * n..2 * n + 2], 16).unwrap()).collect();
    let mut store = Store::open(&folder.join("homing.db"), &key.try_into().unwrap()).unwrap();
    store
        .write(Durability::Full, |tx| {
            let space =
                spaces::list(tx)?.into_iter().find(|row| row.kind == homing_wire::SpaceKind::Talk).unwrap();
            let last = entries::at(tx, &space.space, space.sequence - 1)?.unwrap();
            entries::delete(tx, &last.id)?;
            // The signature is no part of the id.
            let forged = entries::at(tx, &space.space, space.sequence - 3)?.unwrap();
            let entry = Entry::decode(&forged.bytes).unwrap();
            let mut bytes = forged.bytes.clone();
            let end = bytes.len() - 1;
            bytes[end] ^= 1;
            entries::delete(tx, &forged.id)?;
            let new = NewEntry {
                id: &forged.id,
                header: entry.header(),
                place: forged.place,
                status: forged.status,
                reason: "",
                bytes: &bytes,
            };
            entries::insert(tx, &new).map(drop)
        })
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    drop(store);
    people.start(ben).unwrap();
    let found: DoctorReport = people.does(ben, Call::Doctor(Doctor { repair: true }));
    assert!(
        codes(&found).contains(&"log_gap") && codes(&found).contains(&"signature_invalid"),
        "{:?}",
        codes(&found)
    );
    people.run_for(10_000).unwrap();
    people.syncs(ben);
    let report: DoctorReport = people.does(ben, Call::Doctor(Doctor { repair: false }));
    assert!(report.healthy, "{:?}", codes(&report));
    let bodies = people.bodies(ben, &talk);
    assert_eq!(bodies, (0..6).map(|n| format!("message {n}")).collect::<Vec<_>>());
}

#[test]
fn the_demo_is_a_small_agency_that_never_connects() {
    let place = tempfile::tempdir().unwrap();
    let folder = profile(place.path(), "mine");
    let mut own = Desk::open(&folder, 1).unwrap();
    assert_eq!(own.status().demo_profile, None);
    let started: Status = own.does(Call::DemoStart(DemoStart::default()));
    assert!(!started.demo && started.person.is_none(), "the caller's own profile is as it was");
    let demo_folder = PathBuf::from(started.demo_profile.unwrap());
    assert_eq!(own.status().demo_profile.as_deref(), demo_folder.to_str());
    assert!(own.status().person.is_none() && !own.status().demo);

    let mut desk = Desk::open(&demo_folder, 2).unwrap();
    let status = desk.status();
    assert_eq!(status.name.as_deref(), Some("Nora Lindqvist"));
    assert_eq!((status.unread, status.outbox, status.parked, status.quarantined), (6, 1, 0, 0));
    let rows = desk.list(Filter::All);
    assert!(rows.len() >= 9 && rows.iter().any(|row| row.archived));
    assert!(rows.iter().filter(|row| row.space_kind == SpaceKind::Client).count() >= 6);
    assert!(
        rows.iter().any(|row| row.preview.contains("صباح"))
            && rows.iter().any(|row| row.preview.contains("はい"))
    );
    let drafts: Vec<DraftRow> = desk.does(Call::Drafts(Nothing {}));
    assert_eq!(drafts.len(), 3);
    let two = drafts.iter().filter(|draft| draft.text.contains("Mill Lane")).count();
    assert_eq!(two, 2, "drafts begun apart");
    let waiting: Vec<OutboxRow> = desk.does(Call::Outbox(Nothing {}));
    assert_eq!(waiting.len(), 1);
    let people: Vec<PersonRow> = desk.does(Call::People(Nothing {}));
    assert_eq!(people.iter().filter(|person| person.client).count(), 6);
    assert!(people.iter().all(|person| !person.name.is_empty()));
    let mut states = Vec::new();
    let mut files: Vec<Attachment> = Vec::new();
    let mut told = BTreeSet::new();
    for row in &rows {
        for message in desk.reads(&row.id) {
            states.extend(message.mine.then_some(message.state));
            told.extend([
                (message.internal, "comment"),
                (message.mentions_me, "mention"),
                (!message.previews.is_empty(), "preview"),
                (message.reply_to.is_some(), "answer"),
                (message.edited_at.is_some(), "change"),
            ]);
            files.extend(message.attachments);
        }
    }
    for state in [State::Pending, State::Sent, State::Delivered, State::Read] {
        assert!(states.contains(&state), "{state:?}");
    }
    for what in ["comment", "mention", "preview", "answer", "change"] {
        assert!(told.contains(&(true, what)), "{what}");
    }
    assert_eq!(files.len(), 7);
    assert!(files.iter().any(|file| file.voice.is_some()));
    // What only the agency knows of a property is no part of the copies its clients have.
    let page = |desk: &mut Desk, kind: &str| -> RecordPage {
        desk.does(Call::Records(Records {
            kind: kind.to_owned(),
            query: String::new(),
            status: None,
            level: None,
            about: None,
            client: None,
            deleted: false,
            sort: RecordSort::default(),
            after: None,
            limit: 50,
        }))
    };
    let properties = page(&mut desk, "property");
    assert_eq!(properties.rows.len(), 5);
    assert!(properties.rows.iter().all(|row| row.can_write && row.conflicts == 0));
    assert_eq!(page(&mut desk, "quick_reply").rows.len(), 7);
    let interests = page(&mut desk, "interest").rows;
    assert_eq!(interests.len(), 8);
    assert_eq!(interests.iter().map(|row| row.conflicts).sum::<u32>(), 1, "noted apart");
    let shared: RecordDetail = desk.does(Call::Record(RecordRef { record: properties.rows[0].id.clone() }));
    assert!(!shared.copies.is_empty());
    assert!(shared.copies.iter().all(|copy| copy.state == CopyState::Published));
    for row in &properties.rows {
        let Some(RecordValue::Files(photos)) = row.fields.get("photos") else { panic!("{}", row.title) };
        for photo in photos {
            assert_eq!(photo.state, AttachmentState::Ready);
            let read: FileData = desk.does(Call::AttachmentRead(ItemRef { id: photo.id.clone() }));
            assert!(!read.base64.is_empty());
        }
    }
    assert_eq!(rows.iter().filter(|row| row.pinned).count(), 1);
    assert_eq!(rows.iter().filter(|row| row.snoozed).count(), 1);
    assert_eq!(rows.iter().filter(|row| !row.records.is_empty()).count(), 5);
    for file in files {
        assert_eq!(file.state, AttachmentState::Ready);
        let read: FileData = desk.does(Call::AttachmentRead(ItemRef { id: file.id }));
        assert!(!read.base64.is_empty());
    }
    let conversation = rows[0].id.clone();
    let sent: Sent = desk.does(Call::Send(Send {
        conversation,
        text: "Hello".into(),
        attachments: Vec::new(),
        ..Send::default()
    }));
    assert_eq!(sent.state, State::Pending);
    assert_eq!(desk.status().outbox, 2);
    assert!(desk.doctor(false).healthy);
    assert_eq!(desk.fails(Call::RelaySet(RelaySet { address: RELAY.to_owned() })), Code::DemoProfile);
    assert_eq!(desk.fails(Call::DemoRemove(Nothing {})), Code::DemoProfile);
    desk.later(3_600_000);
    desk.core.handle(Input::NetworkHint);
    desk.core.follow_up();
    desk.status();
    assert!(!desk.connects);

    // While it is open it is neither made anew nor removed.
    assert_eq!(own.fails(Call::DemoRemove(Nothing {})), Code::ProfileInUseUnresponsive);
    assert_eq!(own.fails(Call::DemoStart(DemoStart { fresh: true })), Code::ProfileInUseUnresponsive);
    assert_eq!(desk.fails(Call::DemoStart(DemoStart { fresh: true })), Code::DemoProfile);
    drop(desk);

    // Who comes back finds what they did, unless they want to start over.
    own.does::<Status>(Call::DemoStart(DemoStart::default()));
    assert_eq!(Desk::open(&demo_folder, 3).unwrap().status().outbox, 2);
    own.does::<Status>(Call::DemoStart(DemoStart { fresh: true }));
    assert_eq!(Desk::open(&demo_folder, 3).unwrap().status().outbox, 1);
    // A demo whose making was cut off is made anew.
    let whole = std::fs::read(demo_folder.join("demo")).unwrap();
    std::fs::write(demo_folder.join("demo"), []).unwrap();
    std::fs::remove_file(demo_folder.join("homing.db")).unwrap();
    own.does::<Status>(Call::DemoStart(DemoStart::default()));
    assert_eq!(std::fs::read(demo_folder.join("demo")).unwrap(), whole);
    assert_eq!(Desk::open(&demo_folder, 3).unwrap().status().outbox, 1);
    own.does::<Status>(Call::DemoRemove(Nothing {}));
    assert!(!demo_folder.exists() && folder.exists());
    // A folder that is no demo is never touched.
    std::fs::create_dir(&demo_folder).unwrap();
    assert_eq!(own.fails(Call::DemoRemove(Nothing {})), Code::FileFailed);
    assert_eq!(own.fails(Call::DemoStart(DemoStart::default())), Code::FileFailed);
    assert!(demo_folder.exists());
}

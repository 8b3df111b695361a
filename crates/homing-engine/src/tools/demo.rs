//! The demo: a small estate agency in a profile of its own, with the relay off.
//!
//! Who appears in it, and what they wrote, stands in `demo.json`. All of it is written by simulated people with keys of
//! their own and comes in like everything that a relay brings, so the demo shows what the app does and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use homing_model::{AttachmentMeta, DraftId, Edit, EditedText, Extras, Preimage};
use homing_store::attachments::{self, FileState};
use homing_store::{Durability, IntervalSet, Tx, messages, spaces};
use homing_wire::{DocId, Grant, Member, Role, SpaceId, SpaceKind, SpaceOrigin};
use rand_core::Rng;
use serde::Deserialize;

use super::backup::beside;
use super::backup_file::file_failed;
use super::demo_files::{Page, Paper};
use super::demo_records::{Property, QuickReply};
use super::people::{Desk, Hand, Logs, nonce};
use crate::api::{ApiError, Code, DemoStart, Init, Nothing, SettingsSet, Status};
use crate::author::Label;
use crate::commands::Outgoing;
use crate::core::Core;
use crate::drafts::{Typed, Which};
use crate::env::Env;
use crate::fail::{Fail, internal};
use crate::files::StagedFile;
use crate::host::Lock;
use crate::ops::OpIntent;
use crate::platform::{folders, keychain};
use crate::project::attachment_id;
use crate::replica::Replica;

/// A file of this name makes a profile the demo. It holds [`WHOLE`] once the demo is all there.
const MARK: &str = "demo";
const WHOLE: &str = "whole\n";
const CONTENT: &str = include_str!("demo.json");
const MINUTE_MS: u64 = 60_000;
/// When the agency began.
const BEGUN_MINUTES: u64 = 150 * 24 * 60;
const UNREAD: u32 = 200;

/// Whether a profile is the demo.
pub(crate) fn is_demo(folder: &Path) -> bool {
    folder.join(MARK).exists()
}

/// Whether the demo was made to its end: what was cut off is made anew.
fn is_whole(folder: &Path) -> bool {
    fs::read_to_string(folder.join(MARK)).is_ok_and(|mark| mark == WHOLE)
}

/// Where the demo of a profile lies: beside it.
fn demo_folder(profile: &Path) -> PathBuf {
    let own = folders::home().is_ok_and(|home| profile.parent() == Some(home.as_path()));
    if own { profile.with_file_name(MARK) } else { beside(profile, "-demo") }
}

#[derive(Deserialize)]
pub(super) struct Content {
    me: String,
    device: String,
    agency: String,
    team: Vec<String>,
    clients: Vec<String>,
    pub(super) properties: Vec<Property>,
    pub(super) quick_replies: Vec<QuickReply>,
    conversations: Vec<Conversation>,
}

#[derive(Deserialize)]
struct Conversation {
    /// A client, or colleagues.
    with: Vec<String>,
    #[serde(default)]
    subject: String,
    messages: Vec<Message>,
    #[serde(default)]
    unread: usize,
    /// Begun one after another; the composer shows the last.
    #[serde(default)]
    drafts: Vec<String>,
    /// A message the relay does not have yet.
    #[serde(default)]
    waiting: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    pinned: bool,
    /// Minutes from now until it comes back.
    #[serde(default)]
    snoozed: Option<u64>,
    /// Who of the agency looks after it.
    #[serde(default)]
    assigned: Option<String>,
    /// The property it is about.
    #[serde(default)]
    about: Option<usize>,
    /// How far the last own message came.
    #[serde(default)]
    ticks: Ticks,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ticks {
    #[default]
    Read,
    Delivered,
    Sent,
}

#[derive(Deserialize)]
struct Message {
    by: String,
    /// Minutes before now.
    ago: u64,
    text: String,
    #[serde(default)]
    files: Vec<Paper>,
    /// The message of this conversation it answers.
    #[serde(default)]
    answers: Option<usize>,
    /// A remark among colleagues.
    #[serde(default)]
    comment: bool,
    #[serde(default)]
    page: Option<Page>,
    /// What it was changed to.
    #[serde(default)]
    changed: Option<String>,
    /// What the person whose profile it is reacted with.
    #[serde(default)]
    reaction: Option<String>,
}

impl Core {
    pub(crate) fn demo_profile(&self) -> Option<String> {
        let folder = if self.demo { self.folder.clone() } else { demo_folder(&self.folder) };
        is_demo(&folder).then(|| folder.display().to_string())
    }

    /// Makes the demo if there is none, or anew if that is asked for, and answers the status that says where it is. The
    /// caller opens it as a profile of its own. What somebody did in it is kept: they may come back to it.
    pub(crate) fn demo_start(&mut self, args: DemoStart) -> Result<Status, ApiError> {
        let folder = demo_folder(&self.folder);
        if self.demo && args.fresh {
            return Err(ApiError::new(
                Code::DemoProfile,
                "The demo can't be made anew from inside it. Go back to your own profile first.",
            ));
        }
        if !self.demo && (args.fresh || !is_whole(&folder)) {
            self.make_demo(&folder)?;
        }
        self.status(Nothing {})
    }

    fn make_demo(&mut self, folder: &Path) -> Result<(), ApiError> {
        remove(folder)?;
        folders::create(folder).map_err(|_| unusable())?;
        fs::write(folder.join(MARK), []).map_err(file_failed)?;
        let mut seed = [0u8; 32];
        self.env.rng.fill_bytes(&mut seed);
        let built = build(folder, self.env.now_ms(), seed)
            .and_then(|()| fs::write(folder.join(MARK), WHOLE).map_err(file_failed));
        if built.is_err() {
            // Best effort: half a demo is made anew by the next start as well.
            drop(remove(folder));
        }
        self.touched.status = true;
        built
    }

    /// Deletes the demo's folder.
    pub(crate) fn demo_remove(&mut self, _: Nothing) -> Result<Status, ApiError> {
        if self.demo {
            return Err(ApiError::new(
                Code::DemoProfile,
                "The demo can't remove itself. Go back to your own profile and remove it from there.",
            ));
        }
        remove(&demo_folder(&self.folder))?;
        self.touched.status = true;
        self.status(Nothing {})
    }
}

fn unusable() -> ApiError {
    ApiError::new(
        Code::FileFailed,
        "The demo's folder can't be made. Check the folder's permissions and free space.",
    )
}

/// Removes a demo. A folder that is none is never touched.
fn remove(folder: &Path) -> Result<(), ApiError> {
    if !folder.exists() {
        return Ok(());
    }
    if !is_demo(folder) {
        return Err(ApiError::new(
            Code::FileFailed,
            "There is a folder where the demo would be, and it is not a demo. It was not touched; move it away.",
        ));
    }
    // A running process holds the first, locked or not; the second is held while the database is open.
    let owned = Lock::take(folder).map(drop);
    let lock =
        fs::OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("owner.lock"));
    if owned.is_err() || lock.map_err(file_failed)?.try_lock().is_err() {
        return Err(ApiError::new(
            Code::ProfileInUseUnresponsive,
            "The demo is open in another window. Close it first.",
        ));
    }
    keychain::remove(folder).map_err(|_| {
        ApiError::new(
            Code::KeychainFailed,
            "The keychain doesn't let go of the demo's key. Unlock it and try again.",
        )
    })?;
    fs::remove_dir_all(folder).map_err(file_failed)
}

fn build(folder: &Path, now_ms: u64, seed: [u8; 32]) -> Result<(), ApiError> {
    let content: Content = serde_json::from_str(CONTENT).map_err(|_| internal("demo content"))?;
    let clock = Arc::new(AtomicU64::new(now_ms.saturating_sub(BEGUN_MINUTES * MINUTE_MS)));
    let read = Arc::clone(&clock);
    let env = Env::simulated(Box::new(move || read.load(Ordering::Relaxed)), seed);
    let mut core = Core::open(folder, env)?;
    core.init(Init { name: content.me.clone(), relay: None, device_name: Some(content.device.clone()) })?;
    core.settings_set(SettingsSet { welcome_done: Some(true), ..SettingsSet::default() })?;
    let mut staged = BTreeMap::new();
    for (place, conversation) in content.conversations.iter().enumerate() {
        for (n, message) in conversation.messages.iter().enumerate() {
            if !message.files.is_empty() {
                let sources = message.files.iter().map(|file| file.source()).collect();
                staged.insert((place, n), core.seal_now(sources)?);
            }
        }
    }
    let mut photos = Vec::with_capacity(content.properties.len());
    for property in &content.properties {
        let sources = property.photos.iter().map(|photo| Paper::Photo(*photo).source()).collect();
        photos.push(core.seal_now(sources)?);
    }
    core.write(Durability::Full, |tx, replica, env| {
        replica.has_relay = true;
        let mut stage = Stage {
            content: &content,
            now_ms,
            clock: &clock,
            hands: BTreeMap::new(),
            logs: Logs::default(),
            team: SpaceId([0; 32]),
            clients: BTreeMap::new(),
            rooms: Vec::new(),
            properties: Vec::new(),
            photos,
            staged,
            written: BTreeMap::new(),
        };
        stage.gather(tx, replica, env)?;
        stage.keep_records(tx, replica, env)?;
        stage.open_rooms(tx, replica, env)?;
        stage.play(tx, replica, env)?;
        stage.note_interests(tx, replica, env)?;
        stage.leave_things_to_do(tx, replica, env)
    })
}

/// A conversation of the demo.
#[derive(Clone, Copy)]
struct Room {
    space: SpaceId,
    conversation: DocId,
}

/// Who reads a space, and how far the last own messages of its conversations came (by entry number).
type Readers<'a> = (&'a [String], Vec<(u64, Ticks)>);

/// The demo while it is being made.
pub(super) struct Stage<'a> {
    pub(super) content: &'a Content,
    now_ms: u64,
    clock: &'a AtomicU64,
    /// Everybody but the person whose profile it is, by name.
    hands: BTreeMap<String, Hand>,
    logs: Logs,
    pub(super) team: SpaceId,
    pub(super) clients: BTreeMap<String, SpaceId>,
    rooms: Vec<Room>,
    pub(super) properties: Vec<DocId>,
    /// Photos by property.
    pub(super) photos: Vec<Vec<StagedFile>>,
    /// Files by conversation and message.
    staged: BTreeMap<(usize, usize), Vec<StagedFile>>,
    /// What was written already, by conversation and message.
    written: BTreeMap<(usize, usize), DocId>,
}

impl Stage<'_> {
    pub(super) fn at(&self, minutes_ago: u64) -> u64 {
        let at = self.now_ms.saturating_sub(minutes_ago * MINUTE_MS);
        self.clock.store(at, Ordering::Relaxed);
        at
    }

    pub(super) fn settle(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
        space: &SpaceId,
    ) -> Result<(), Fail> {
        self.logs.take_own(tx, replica, env, space)
    }

    /// Somebody else begins documents in a space.
    pub(super) fn write_as(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
        (name, space): (&str, &SpaceId),
        documents: &[(Preimage, Edit)],
    ) -> Result<(), Fail> {
        let as_team = replica.space(space)?.kind() == SpaceKind::Client
            && self.content.team.iter().any(|one| one == name);
        let desk = Desk::at(tx, replica, space)?;
        let hand = self.hands.get_mut(name).ok_or(Fail::Internal("demo person"))?;
        let member = if as_team { Member::Team(self.team) } else { Member::Person(hand.person) };
        let entry = hand.begin(&mut env.rng, &desk, member, documents)?;
        let stored = self.logs.append(&entry, env.now_ms());
        replica.ingest(tx, &[*space], &[&stored])?;
        crate::link::store_cursor(tx, space, &self.logs.cursor(space))
    }

    fn introduce(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
        name: &str,
        space: &SpaceId,
    ) -> Result<(), Fail> {
        let person = self.hands.get(name).map(|hand| hand.person).ok_or(Fail::Internal("demo person"))?;
        let edit = Edit::SetProfile { name: name.to_owned() };
        self.write_as(tx, replica, env, (name, space), &[(Preimage::profile(*space, &person), edit)])
    }

    /// The team and the clients.
    fn gather(&mut self, tx: &Tx<'_>, replica: &mut Replica, env: &mut Env) -> Result<(), Fail> {
        let content = self.content;
        let personal = replica.personal();
        self.settle(tx, replica, env, &personal)?;
        for name in content.team.iter().chain(&content.clients) {
            let (hand, op) = Hand::new(&mut env.rng)?;
            replica.ingest_account(tx, &hand.person, &[op.encode()])?;
            self.hands.insert(name.clone(), hand);
        }
        let rows = spaces::list(tx)?;
        let team =
            rows.iter().find(|row| row.kind == SpaceKind::Team).ok_or(Fail::Internal("demo team"))?.space;
        self.team = team;
        replica.load_space(tx, &team)?;
        let named = Edit::SetSpaceInfo { name: content.agency.clone() };
        replica.author(tx, env.now_ms(), &Preimage::space_info(team), &named, Label::OTHER)?;
        for name in &content.team {
            let person = self.hands.get(name).map(|hand| hand.person).ok_or(Fail::Internal("demo person"))?;
            let grant = Grant { member: Member::Person(person), role: Role::Member };
            replica.enqueue_op(tx, env.now_ms(), &team, &OpIntent::Add(grant), None)?;
        }
        self.settle(tx, replica, env, &team)?;
        for name in &content.team {
            self.introduce(tx, replica, env, name, &team)?;
        }
        for name in &content.clients {
            let person = self.hands.get(name).map(|hand| hand.person).ok_or(Fail::Internal("demo person"))?;
            let contact = Preimage::contact(team, nonce(&mut env.rng));
            let members = vec![
                Grant { member: Member::Team(team), role: Role::Owner },
                Grant { member: Member::Person(person), role: Role::Client },
            ];
            let space =
                replica.create_space(tx, env, SpaceOrigin::Client(team, contact.doc_id()), members)?;
            let edit = Edit::SetContact { name: name.clone() };
            replica.author(tx, env.now_ms(), &contact, &edit, Label::OTHER)?;
            replica.author(tx, env.now_ms(), &Preimage::space_info(space), &named, Label::OTHER)?;
            self.settle(tx, replica, env, &team)?;
            self.settle(tx, replica, env, &space)?;
            self.introduce(tx, replica, env, name, &space)?;
            self.clients.insert(name.clone(), space);
        }
        Ok(())
    }

    /// Talks and conversations, each begun shortly before its first message.
    fn open_rooms(&mut self, tx: &Tx<'_>, replica: &mut Replica, env: &mut Env) -> Result<(), Fail> {
        let content = self.content;
        let me = replica.person();
        for conversation in &content.conversations {
            let client = conversation.with.first().and_then(|name| self.clients.get(name)).copied();
            let (space, preimage) = match client {
                Some(space) => (space, Preimage::conversation(space, me, nonce(&mut env.rng))),
                None => {
                    let mut members = vec![Grant { member: Member::Person(me), role: Role::Owner }];
                    for name in &conversation.with {
                        let hand = self.hands.get(name).ok_or(Fail::Internal("demo person"))?;
                        members.push(Grant { member: Member::Person(hand.person), role: Role::Member });
                    }
                    let origin = SpaceOrigin::Talk(me, nonce(&mut env.rng));
                    let space = replica.create_space(tx, env, origin, members)?;
                    (space, Preimage::talk_conversation(space))
                }
            };
            let first = conversation.messages.iter().map(|message| message.ago).max().unwrap_or(0);
            // The space's log goes on from here, so the clock stays where it is; only the document says when it began.
            let created_ms = self.now_ms.saturating_sub((first + 1) * MINUTE_MS);
            let edit =
                Edit::CreateConversation { subject: conversation.subject.clone(), creator: me, created_ms };
            let id = preimage.doc_id();
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::conversation(id))?;
            if let Some(property) = conversation.about.and_then(|place| self.properties.get(place)) {
                replica.link_record(tx, env.now_ms(), &id, *property, true)?;
            }
            self.settle(tx, replica, env, &space)?;
            if client.is_none() {
                for name in &conversation.with {
                    self.introduce(tx, replica, env, name, &space)?;
                }
            }
            self.rooms.push(Room { space, conversation: id });
        }
        Ok(())
    }

    /// All messages, in the order they were written.
    fn play(&mut self, tx: &Tx<'_>, replica: &mut Replica, env: &mut Env) -> Result<(), Fail> {
        let content = self.content;
        let mut all: Vec<(usize, usize, &Message)> = Vec::new();
        for (place, conversation) in content.conversations.iter().enumerate() {
            all.extend(conversation.messages.iter().enumerate().map(|(n, message)| (place, n, message)));
        }
        all.sort_by_key(|(place, n, message)| (std::cmp::Reverse(message.ago), *place, *n));
        for (place, n, message) in all {
            let room = *self.rooms.get(place).ok_or(Fail::Internal("demo room"))?;
            let space = if message.comment { self.team } else { room.space };
            let at_ms = self.at(message.ago);
            let files = self.staged.remove(&(place, n)).unwrap_or_default();
            let reply_to = message.answers.and_then(|answered| self.written.get(&(place, answered))).copied();
            let previews = message.page.iter().map(Page::preview).collect();
            let extras = Extras { previews, internal: message.comment, ..Extras::default() };
            if message.by == content.me {
                let text = Outgoing::text(room.conversation, &message.text);
                let own = Outgoing { files: &files, reply_to, extras, ..text };
                let id = replica.send_message(tx, env, own)?;
                self.settle(tx, replica, env, &space)?;
                self.written.insert((place, n), id);
                if let Some(body) = &message.changed {
                    self.change_own(tx, replica, env, (&id, body))?;
                    self.settle(tx, replica, env, &space)?;
                }
                continue;
            }
            let author =
                self.hands.get(&message.by).map(|hand| hand.person).ok_or(Fail::Internal("demo person"))?;
            let metas: Vec<AttachmentMeta> = files.iter().map(|file| file.meta.clone()).collect();
            let preimage = Preimage::message(space, author, &DraftId(nonce(&mut env.rng)));
            let id = preimage.doc_id();
            let mentions = replica.mentioned(tx, &space, &message.text)?;
            let edit = Edit::CreateMessage {
                conversation: room.conversation,
                body: message.text.clone(),
                author_ms: at_ms,
                reply_to,
                attachments: metas,
                extras: Extras { mentions, ..extras }.or_none(),
            };
            self.write_as(tx, replica, env, (&message.by, &space), &[(preimage.clone(), edit)])?;
            self.written.insert((place, n), id);
            if let Some(emoji) = &message.reaction {
                let person = replica.person();
                let edit = Edit::React { person, emoji: emoji.clone(), on: true };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::OTHER)?;
                self.settle(tx, replica, env, &room.space)?;
            }
            for (position, file) in files.iter().enumerate() {
                let path = file.folder.as_ref().map(|folder| folder.to_string_lossy());
                attachments::set_state(
                    tx,
                    &attachment_id(&id, position),
                    FileState::Ready,
                    1.0,
                    path.as_deref(),
                )?;
            }
        }
        for row in attachments::only_here(tx, true)? {
            attachments::set_state(tx, &row.id, FileState::Ready, 1.0, None)?;
        }
        Ok(())
    }

    fn change_own(
        &self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
        (message, body): (&DocId, &str),
    ) -> Result<(), Fail> {
        let preimage = replica.preimage(tx, message)?.ok_or(Fail::Internal("demo message"))?;
        let edited_ms = env.now_ms() + MINUTE_MS;
        let text = EditedText { body: body.to_owned(), edited_ms, mentions: Vec::new() };
        replica.author(tx, env.now_ms(), &preimage, &Edit::EditMessage(text), Label::OTHER)?;
        Ok(())
    }

    /// What was read, by whom; drafts; what waits; what was put away.
    fn leave_things_to_do(&mut self, tx: &Tx<'_>, replica: &mut Replica, env: &mut Env) -> Result<(), Fail> {
        let content = self.content;
        self.at(0);
        for (conversation, room) in content.conversations.iter().zip(self.rooms.clone()) {
            let unread = messages::unread(tx, &room.conversation, None, UNREAD)?;
            let read = unread.len().saturating_sub(conversation.unread);
            let ids: Vec<DocId> = unread.iter().take(read).map(|row| row.id).collect();
            let seen = messages::mark_read(tx, &ids)?;
            replica.note_read(tx, env.now_ms(), &seen)?;
        }
        self.acknowledge_reading(tx, replica, env)?;
        for (conversation, room) in content.conversations.iter().zip(self.rooms.clone()) {
            let back_ms = conversation.snoozed.map(|minutes| self.now_ms + minutes * MINUTE_MS);
            let own = [
                conversation.archived.then_some(Edit::SetArchived(true)),
                conversation.pinned.then_some(Edit::SetPinned(true)),
                back_ms.map(Edit::SetSnoozedUntil),
            ];
            let preimage = Preimage::conversation_state(replica.personal(), &room.conversation);
            for edit in own.iter().flatten() {
                replica.author(tx, env.now_ms(), &preimage, edit, Label::OTHER)?;
            }
            if let Some(name) = &conversation.assigned {
                let person = match self.hands.get(name) {
                    Some(hand) => hand.person,
                    None => replica.person(),
                };
                let preimage = Preimage::handling(self.team, &room.conversation);
                let edit = Edit::SetAssignee { person: Some(person) };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::OTHER)?;
            }
            for text in &conversation.drafts {
                replica.set_draft(
                    tx,
                    env,
                    &room.conversation,
                    Typed { which: Which::New, ..Typed::text(text) },
                )?;
            }
        }
        let team = self.team;
        self.settle(tx, replica, env, &team)?;
        let personal = replica.personal();
        self.settle(tx, replica, env, &personal)?;
        for (conversation, room) in content.conversations.iter().zip(self.rooms.clone()) {
            if let Some(text) = &conversation.waiting {
                replica.send_message(tx, env, Outgoing::text(room.conversation, text))?;
            }
        }
        Ok(())
    }

    /// The others' receipts: everything arrived and was read, but for what the content says of last messages.
    fn acknowledge_reading(&mut self, tx: &Tx<'_>, replica: &mut Replica, env: &mut Env) -> Result<(), Fail> {
        let content = self.content;
        let mut readers: BTreeMap<SpaceId, Readers<'_>> = BTreeMap::new();
        for (conversation, room) in content.conversations.iter().zip(&self.rooms) {
            let (_, last) = readers.entry(room.space).or_insert((&conversation.with, Vec::new()));
            let newest = messages::before(tx, &room.conversation, None, UNREAD)?;
            last.extend(newest.iter().rev().find(|row| row.mine).map(|row| (row.dseq, conversation.ticks)));
        }
        for (space, (names, last)) in readers {
            let all = IntervalSet::of(1, spaces::must(tx, &space)?.my_dseq);
            let without = |spared: &[Ticks]| {
                let spared = last.iter().filter(|(_, ticks)| spared.contains(ticks));
                spared.fold(all.clone(), |set, (dseq, _)| set.difference(&IntervalSet::of(*dseq, *dseq)))
            };
            let (delivered, read) = (without(&[Ticks::Sent]), without(&[Ticks::Sent, Ticks::Delivered]));
            let desk = Desk::at(tx, replica, &space)?;
            let mut slots = Vec::new();
            for name in names {
                let hand = self.hands.get(name).ok_or(Fail::Internal("demo person"))?;
                let about = (replica.device(), &delivered, &read);
                slots.push((1, hand.receipt(&mut env.rng, &desk, about, self.now_ms)?));
            }
            replica.ingest_slots(tx, &slots)?;
        }
        Ok(())
    }
}

//! The engine of one profile: takes inputs, keeps the database, says what is to be carried out.
//!
//! Everything runs on one thread and in the order of the inputs. A call that changes something is one transaction;
//! what it touched becomes rows for the screens after the commit, and work for the relay.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use homing_store::{Durability, Read, Store, Tx, meta, outbox};
use homing_wire::{DocId, Salt, SpaceId, VerifyKey};
use rand_core::Rng;

use crate::api::{ApiError, Call, Code, Event, KeyProtection};
use crate::attachments::{blobs_of, is_used};
use crate::env::Env;
use crate::fail::Fail;
use crate::flows::Flows;
use crate::identity::Identity;
use crate::platform::keychain::DatabaseKey;
use crate::port::{CallId, Input, Output};
use crate::replica::{IDENTITY, Replica};
use crate::reply::{RawReply, Reply, Settled};
use crate::scheduled::News;
use crate::touched::Touched;
use crate::vault::{self, KeyState};

pub(crate) const DATABASE: &str = "homing.db";
/// Where encrypted chunks of files lie.
pub(crate) const FILES: &str = "files";
pub(crate) const RELAY_ADDRESS: &str = "relay/address";
pub(crate) const RELAY_KEY: &str = "relay/key";
/// Bytes of the largest file the relay takes.
pub(crate) const RELAY_FILE: &str = "relay/file";

/// How the relay was last seen.
pub(crate) struct Link {
    pub client: homing_sync::Client,
    /// Sockets of this client are numbered from here on, over all clients of the process.
    pub first: u64,
    pub address: String,
    pub blob_token: Option<String>,
    pub online: bool,
    /// Since when it is not, Unix ms.
    pub offline_since: Option<u64>,
    pub problem: Option<ApiError>,
    /// What the relay takes nothing new of, and why.
    pub holds: BTreeMap<Option<SpaceId>, homing_sync::Hold>,
    /// The refill of a restored relay, by space: what it lacks.
    pub missing: BTreeMap<SpaceId, crate::refill::Refill>,
    /// Effects not yet carried out.
    pub effects: VecDeque<homing_sync::Effect>,
    pub carrying_out: bool,
}

/// The engine of one profile.
pub struct Core {
    pub(crate) env: Env,
    pub(crate) folder: PathBuf,
    pub(crate) store: Option<Store>,
    pub(crate) key: Option<DatabaseKey>,
    pub(crate) protection: KeyProtection,
    pub(crate) replica: Option<Replica>,
    pub(crate) link: Option<Link>,
    /// The highest number given to a socket.
    pub(crate) last_link: u64,
    pub(crate) flows: Flows,
    /// The conversation a focused window shows.
    pub(crate) focus: Option<DocId>,
    /// Somebody looks at the window, whatever it shows.
    pub(crate) attended: bool,
    /// The spaces the relay sends live for it.
    pub(crate) live: BTreeSet<SpaceId>,
    pub(crate) touched: Touched,
    /// Copies of records that are to be looked at.
    pub(crate) publishing: crate::records::Publishing,
    pub(crate) receipts_due: BTreeMap<SpaceId, u64>,
    /// What the relay said of scheduled messages, and when to look at them.
    pub(crate) news: News,
    /// Transfers under way, by file and the space it is granted to.
    pub(crate) transfers: BTreeSet<(homing_wire::BlobId, SpaceId)>,
    /// What of them the relay has no room for.
    pub(crate) files_held: crate::holds::FilesHeld,
    /// Files became wanted, or came.
    pub(crate) files_wanted: bool,
    /// What deletions left behind, and when its next slice is tidied away.
    pub(crate) tidying: crate::tidying::Tidying,
    /// Work on files that is under way, and how to go on after it.
    pub(crate) file_work: crate::attachments::FileWork,
    /// Pages that links go to, as they were seen.
    pub(crate) pages: crate::pages::Pages,
    pub(crate) translations: crate::translate::Translations,
    /// Spaces that wait until then for something newer to come.
    pub(crate) resting: BTreeMap<SpaceId, u64>,
    /// When it is said again that this person is there, steady ms.
    pub(crate) presence_due: Option<u64>,
    /// Whether that is wanted, as it was when settings changed last.
    pub(crate) presence: Option<bool>,
    /// Members' devices that were heard to be there, and when, steady ms.
    pub(crate) heard: BTreeMap<(homing_wire::PersonId, homing_wire::DeviceId), u64>,
    /// When sends that can still be undone leave, by space.
    pub(crate) held: BTreeMap<SpaceId, u64>,
    /// Accounts whose logs were asked for.
    pub(crate) asked_accounts: BTreeSet<homing_wire::PersonId>,
    /// Teams whose op chains were asked for.
    pub(crate) asked_ops: BTreeSet<SpaceId>,
    pub(crate) demo: bool,
    /// The profile has caught up with its relay before: what comes now is news.
    pub(crate) synced_once: bool,
    /// What was taken back from the outbox last, with its number there, for as long as that can be undone.
    pub(crate) taken_back: BTreeMap<String, (i64, crate::commands::TakenBack)>,
    /// Messages that came while catching up: whether they were read elsewhere is known at its end.
    pub(crate) unannounced: Vec<(DocId, DocId)>,
    /// What conversations are called, for search.
    pub(crate) titles: crate::search::Titles,
    /// The same for other notices.
    pub(crate) untold: Vec<homing_store::notices::NoticeKey>,
    /// Generation and feed cursors not stored yet: a crash before only means hearing the same again.
    pub(crate) feeds_moved: Option<(u64, Vec<homing_wire::FeedCursor>)>,
    /// The generation that was stored last.
    pub(crate) generation: Option<u64>,
    /// When the next snoozed conversation comes back, Unix ms.
    pub(crate) next_back: Option<u64>,
    /// When the next invitation of this person's is about to end, Unix ms.
    pub(crate) next_end: Option<u64>,
    /// Entries taken in since memory was last given back.
    pub(crate) taken_in: usize,
    revision: u64,
    last_status: Option<crate::api::Status>,
    out: Vec<Output>,
}

impl Core {
    /// Opens a profile's folder, which exists and is private.
    ///
    /// # Errors
    /// The key can't be had, the database is in use, damaged, or of a newer version.
    pub fn open(folder: &Path, env: Env) -> Result<Self, ApiError> {
        let mut core = Self {
            env,
            folder: folder.to_owned(),
            store: None,
            key: None,
            protection: KeyProtection::KeyFile,
            replica: None,
            link: None,
            last_link: 0,
            flows: Flows::default(),
            focus: None,
            attended: false,
            live: BTreeSet::new(),
            touched: Touched::default(),
            publishing: crate::records::Publishing::default(),
            receipts_due: BTreeMap::new(),
            news: News::default(),
            transfers: BTreeSet::new(),
            files_held: crate::holds::FilesHeld::default(),
            files_wanted: false,
            tidying: crate::tidying::Tidying::default(),
            file_work: crate::attachments::FileWork::default(),
            pages: crate::pages::Pages::default(),
            translations: crate::translate::Translations::default(),
            resting: BTreeMap::new(),
            presence_due: None,
            presence: None,
            heard: BTreeMap::new(),
            held: BTreeMap::new(),
            asked_accounts: BTreeSet::new(),
            asked_ops: BTreeSet::new(),
            demo: crate::tools::is_demo(folder),
            synced_once: false,
            taken_back: BTreeMap::new(),
            unannounced: Vec::new(),
            untold: Vec::new(),
            titles: crate::search::Titles::default(),
            feeds_moved: None,
            generation: None,
            next_back: None,
            next_end: None,
            taken_in: 0,
            revision: 0,
            last_status: None,
            out: Vec::new(),
        };
        match vault::look(folder)? {
            KeyState::Missing if folder.join(DATABASE).exists() => {
                return Err(ApiError::new(
                    Code::Corrupt,
                    "This profile has a database but no key. Put the key file back, or restore a backup into an empty profile.",
                ));
            }
            KeyState::Missing => {
                let (key, protection) = vault::create(folder, &mut core.env.rng)?;
                core.protection = protection;
                core.open_store(key)?;
            }
            KeyState::Open(key, protection) => {
                core.protection = protection;
                core.open_store(key)?;
            }
            KeyState::Locked => core.protection = KeyProtection::Passphrase,
        }
        core.follow_up();
        Ok(core)
    }

    /// Opens the database and, if the profile has an identity, begins to work.
    pub(crate) fn open_store(&mut self, key: DatabaseKey) -> Result<(), ApiError> {
        let store = Store::open(&self.folder.join(DATABASE), &key)?;
        self.titles = crate::search::Titles::default();
        self.store = Some(store);
        self.key = Some(key);
        self.load_identity()?;
        Ok(())
    }

    /// Reads who this device is; afterwards the engine is ready or waits for `init`, `join`, `link` or `restore`.
    pub(crate) fn load_identity(&mut self) -> Result<(), ApiError> {
        let stored = meta::get(&self.db()?, IDENTITY)?;
        let Some(bytes) = stored else { return Ok(()) };
        let me = Identity::from_bytes(&bytes).ok_or_else(|| {
            ApiError::new(
                Code::VersionTooNew,
                "This profile's identity was written by a newer version. Update the app.",
            )
        })?;
        self.begin(me)
    }

    /// Begins to work as this identity.
    pub(crate) fn begin(&mut self, me: Identity) -> Result<(), ApiError> {
        let mut salt = [0u8; 16];
        self.env.rng.fill_bytes(&mut salt);
        let mut replica = Replica::new(me, Salt(salt), &self.env);
        // What is written in the demo waits for a relay that never comes, so that waiting can be seen.
        replica.has_relay = self.demo || meta::get(&self.db()?, RELAY_ADDRESS)?.is_some();
        self.replica = Some(replica);
        if !crate::replica::Replica::hidden_are_marked(&self.db()?)? {
            self.write(Durability::Full, |tx, replica, _| replica.mark_hidden(tx))?;
        }
        self.judge_what_waited_for_an_upgrade()?;
        if !crate::replica::Replica::comments_are_taken_over(&self.db()?)? {
            self.write(Durability::Full, |tx, replica, env| replica.take_over_comments(tx, env))?;
        }
        if !crate::replica::Replica::told_is_apart(&self.db()?)? {
            self.write(Durability::Full, |tx, replica, _| replica.keep_told_apart(tx))?;
        }
        self.synced_once = meta::get(&self.db()?, crate::link::SYNCED)?.is_some();
        crate::files::sweep(&self.folder.join(FILES));
        (self.touched.snoozes, self.touched.invites) = (true, true);
        self.files_held = crate::holds::FilesHeld::kept(&self.db()?)?;
        if homing_store::tidying::next(&self.db()?, &[])?.is_some() {
            self.tidying.go_on(self.env.steady_ms());
        }
        self.start_link()?;
        self.look_at_schedule();
        self.publish_owed_receipts()?;
        self.note_holds()?;
        self.say_words_kept()?;
        self.resume_transfers()?;
        Ok(())
    }

    /// The time that [`Output::WakeAt`] counts in: the clock's, but it never goes back.
    pub fn steady_ms(&self) -> u64 {
        self.env.steady_ms()
    }

    /// Takes an input. What has to be carried out for it is in [`Core::drain`]; then comes [`Core::follow_up`].
    pub fn handle(&mut self, input: Input) {
        match input {
            Input::Call(id, call) => self.call(id, call),
            Input::SocketOpened { link } => self.socket_opened(link),
            Input::SocketClosed { link } => self.socket_closed(link),
            Input::Frames { link, frames } => {
                self.frames(link, frames);
                self.tell_messages();
            }
            Input::Wake => {
                self.protocol(homing_sync::Event::Wake);
                self.tidy();
            }
            Input::NetworkHint => self.protocol(homing_sync::Event::NetworkUp),
            Input::Transfer(event) => self.transfer_moved(&event),
            Input::File(id, outcome) => self.file_done(id, outcome),
            Input::Page(id, outcome) => self.page_seen(id, outcome),
            Input::Translated(id, outcome) => self.translated(id, outcome),
            Input::Stop => self.stop(),
        }
    }

    /// After every input, and once what it wanted at once was carried out: rows for the screens, further work for the
    /// relay, and when to wake. Fills [`Core::drain`] again.
    pub fn follow_up(&mut self) {
        self.publish_due();
        self.bring_back();
        self.tell_of_ends();
        self.files_due();
        self.follow_presence();
        self.tell();
        self.store_feeds();
        self.flows_poll();
        self.work();
        self.flows_worked();
        self.tell();
        self.wake_at();
    }

    /// What is to be carried out, in order.
    pub fn drain(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    fn call(&mut self, id: CallId, call: Call) {
        let allowed = matches!(call, Call::Status(_) | Call::Unlock(_) | Call::DemoStart(_));
        if self.store.is_none() && !allowed {
            let locked = ApiError::new(Code::Locked, "The profile is locked. Unlock it with its passphrase.");
            self.push(Output::Reply(id, Err(locked)));
            return;
        }
        if self.store.is_some() && self.replica.is_none() && !call.before_identity() {
            self.push(Output::Reply(id, Err(not_initialised())));
            return;
        }
        call.run(self, RawReply(id));
    }

    pub(crate) fn settle<T: serde::Serialize>(&mut self, reply: Reply<T>, answer: Result<T, ApiError>) {
        let Settled(id, answer) = reply.settle(answer);
        self.push(Output::Reply(id, answer));
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.out.push(output);
    }

    /// The database, for reading.
    pub(crate) fn db(&self) -> Result<Read<'_>, ApiError> {
        let store = self.store.as_ref();
        Ok(store
            .ok_or_else(|| {
                ApiError::new(Code::Locked, "The profile is locked. Unlock it with its passphrase.")
            })?
            .read())
    }

    pub(crate) fn replica(&self) -> Result<&Replica, ApiError> {
        self.replica.as_ref().ok_or_else(not_initialised)
    }

    /// Runs `work` in one transaction. If it fails nothing is kept, on disk or in memory.
    pub(crate) fn write<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut Env) -> Result<T, Fail>,
    ) -> Result<T, ApiError> {
        self.transact(durability, work, |_, _, _| Ok(())).map_err(Into::into)
    }

    /// Like [`Core::write`], durably; what waits in this space for the relay is sealed and frozen in the same
    /// transaction and leaves after it: one wait for the disk between a person and the other screen, not two. If it
    /// can't be sealed `work` is done again by itself, and the reason is found when the sealing has its own turn.
    pub(crate) fn write_and_seal<T>(
        &mut self,
        space: &SpaceId,
        work: impl Fn(&Tx<'_>, &mut Replica, &mut Env) -> Result<T, Fail>,
    ) -> Result<T, ApiError> {
        if !self.can_seal(space) {
            return self.write(Durability::Full, work);
        }
        let (mut frozen, mut sealing) = (Vec::new(), false);
        let done = self.transact(Durability::Full, &work, |tx, replica, env| {
            if replica.touched.work.remove(space) {
                sealing = true;
                frozen = replica.hand_in(tx, env, space)?;
                sealing = false;
            }
            Ok(())
        });
        match done {
            Err(_) if sealing => self.write(Durability::Full, work),
            done => {
                self.hand_over(frozen);
                done.map_err(Into::into)
            }
        }
    }

    /// Like [`Core::write`], with what is done last in the transaction. What becomes of a failure is the caller's.
    pub(crate) fn transact<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Tx<'_>, &mut Replica, &mut Env) -> Result<T, Fail>,
        finish: impl FnOnce(&Tx<'_>, &mut Replica, &mut Env) -> Result<(), Fail>,
    ) -> Result<T, Fail> {
        let replica = self.replica.as_mut().ok_or_else(not_initialised)?;
        let store =
            self.store.as_mut().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        let env = &mut self.env;
        replica.now_ms = env.now_ms();
        let done = store.write(durability, |tx| {
            let answer = work(tx, replica, env)?;
            replica.bring_back_by_news(tx, env.now_ms())?;
            replica.open_client_spaces(tx)?;
            replica.flush_delivered(tx, env.now_ms())?;
            finish(tx, replica, env)?;
            Ok::<T, Fail>(answer)
        });
        match done {
            Ok(answer) => {
                if !replica.touched.scheduled.is_empty() {
                    self.news.changed();
                }
                self.touched.merge(std::mem::take(&mut replica.touched));
                let due = env.steady_ms() + crate::link::RECEIPT_MS;
                for space in std::mem::take(&mut replica.receipts_due) {
                    self.receipts_due.entry(space).or_insert(due);
                }
                self.files_wanted |= std::mem::take(&mut replica.files_wanted);
                if std::mem::take(&mut replica.tidying) {
                    self.tidying.go_on(env.steady_ms());
                }
                // Rows say where a file is; removed is only what is in this profile's own folder.
                let files = self.folder.join(FILES);
                for blob in blobs_of(&std::mem::take(&mut replica.files_taken_off)) {
                    // Best effort: what stays is found there when the file is fetched again.
                    drop(std::fs::remove_dir_all(files.join(blob.to_string())));
                }
                let unused = blobs_of(&std::mem::take(&mut replica.files_to_remove));
                let db = store.read();
                let unused: Vec<_> = unused.into_iter().filter(|blob| !is_used(&db, blob)).collect();
                for blob in &unused {
                    // Best effort: a file that stays is found by `doctor`.
                    drop(std::fs::remove_dir_all(files.join(blob.to_string())));
                }
                self.stop_moving(&unused);
                Ok(answer)
            }
            Err(fail) => {
                replica.forget_loaded();
                Err(fail)
            }
        }
    }

    fn wake_at(&mut self) {
        let next = [
            self.link.as_ref().and_then(|link| link.client.next_wake()),
            self.receipts_due.values().min().copied(),
            self.resting.values().min().copied(),
            self.back_at(),
            self.ends_at(),
            self.held.values().min().copied(),
            self.presence_due,
            self.flows.next_wake(),
            self.publishing.next_wake(),
            self.schedule_wake(),
            self.tidying.next_wake(),
        ];
        if let Some(at) = next.into_iter().flatten().min() {
            self.push(Output::WakeAt(at));
        }
    }

    /// Sends the messages that changed, ahead of everything else that shows them too.
    fn tell_messages(&mut self) {
        let messages = std::mem::take(&mut self.touched.messages);
        match self.message_events(&messages) {
            Ok(events) => events.into_iter().for_each(|event| self.push(Output::Event(event))),
            Err(error) => tracing::error!(code = ?error.code, "messages could not be read"),
        }
    }

    /// Sends the rows that changed.
    fn tell(&mut self) {
        self.tell_messages();
        let touched = std::mem::take(&mut self.touched);
        self.titles.touched(&touched);
        self.touched.work.clone_from(&touched.work);
        self.touched.joined.clone_from(&touched.joined);
        (self.touched.snoozes, self.touched.invites) = (touched.snoozes, touched.invites);
        if touched.is_empty() {
            return;
        }
        let events = match self.events(&touched) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(code = ?error.code, "rows could not be read");
                return;
            }
        };
        for event in events {
            self.push(Output::Event(event));
        }
        if let Ok(status) = self.status(crate::api::Nothing {})
            && self.last_status.as_ref() != Some(&status)
        {
            self.last_status = Some(status.clone());
            self.push(Output::Event(Event::Status { status }));
        }
    }

    /// The number of the rows as they are now.
    #[allow(clippy::cast_precision_loss, reason = "2^53 events are never reached")]
    pub(crate) fn revision(&self) -> f64 {
        self.revision as f64
    }

    pub(crate) fn next_revision(&mut self) -> (f64, f64) {
        let before = self.revision();
        self.revision += 1;
        (before, self.revision())
    }

    /// The relay's address, if one is set.
    pub(crate) fn relay_address(&self) -> Result<Option<String>, ApiError> {
        Ok(meta::get(&self.db()?, RELAY_ADDRESS)?.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
    }

    pub(crate) fn relay_key(&self) -> Result<Option<VerifyKey>, ApiError> {
        Ok(meta::get(&self.db()?, RELAY_KEY)?.and_then(|bytes| VerifyKey::from_slice(&bytes)))
    }

    fn stop(&mut self) {
        self.store_feeds();
        let due: Vec<SpaceId> = self.receipts_due.keys().copied().collect();
        if !due.is_empty()
            && let Err(error) = self.publish_receipts_of(&due)
        {
            tracing::warn!(code = ?error.code, "receipts could not be stored");
        }
        self.let_go();
    }

    /// Nobody is left to undo a send: what is held leaves at once, while there is a connection, and does not wait until
    /// somebody comes back.
    pub(crate) fn let_go(&mut self) {
        if self.held.is_empty() {
            return;
        }
        self.held.clear();
        self.try_write("ended holds", |tx, replica, _| {
            replica.touched.work.extend(outbox::end_holds(tx)?);
            Ok(())
        });
        self.work();
    }
}

pub(crate) fn not_initialised() -> ApiError {
    ApiError::new(
        Code::NotInitialised,
        "This profile has no identity yet. Begin with a name (\"homing init --name NAME\"), an invitation, or by linking it to your other device.",
    )
}

//! A relay and any number of devices.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use homing_engine::api::{Call, Code, Event, Restore};
use homing_engine::core::Core;
use homing_engine::env::Env;
use homing_engine::pages::PageOutcome;
use homing_engine::port::{Answer, Input, Output, TransferJob};
use homing_engine::transfer::Queue;
use homing_relay::core::{Effect, Peer};
use homing_relay::{Identity, Limits, Metrics, RelayCore};
use homing_wire::{ClientFrame, RelayFrame};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::value::RawValue;

use crate::net::{Pipe, Weather, cuts};

/// Address that all devices use.
pub const RELAY: &str = "http://127.0.0.1:8787";
const HOST: &str = "127.0.0.1:8787";
/// Noon of a day in 2026; everything is counted from there.
const BEGIN_MS: u64 = 1_795_608_000_000;
/// Steps a world may take to come to rest; more means that something goes round in circles.
const STEPS: usize = 400_000;
/// Messages of a deletion that a device moves in one transaction: few, so that everything can come in between.
const SLICE: usize = 3;
/// Real time within which the lock of a crashed device must be free.
const FREE_WITHIN: Duration = Duration::from_secs(10);
/// Simulated time after which a call that waits for the relay must have been answered.
const ANSWER_MS: u64 = 120_000;

/// Names a device of a world.
pub type DeviceId = usize;

struct Socket {
    link: u64,
    session: u64,
    opens_at: u64,
    open: bool,
    up: Pipe,
    down: Pipe,
}

pub(crate) struct Device {
    folder: PathBuf,
    core: Option<Core>,
    skew_ms: Arc<AtomicI64>,
    /// The newest version of the rules its app knows.
    rules: u32,
    socket: Option<Socket>,
    /// False: every attempt to connect fails.
    pub(crate) online: bool,
    wake_at: Option<u64>,
    replies: HashMap<u64, Answer>,
    /// Files on their way.
    pub(crate) transfers: Queue,
    /// The newest of them.
    pub(crate) last_job: Option<TransferJob>,
    /// What the screens were told, newest last.
    pub events: Vec<Event>,
    starts: u64,
}

/// A relay and its devices, driven step by step.
pub struct World {
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    rng: ChaCha20Rng,
    seed: u64,
    relay: Option<RelayCore>,
    /// The relay's disk has no room.
    relay_full: bool,
    /// The relay's, from its next start on.
    pub limits: Limits,
    sessions: HashMap<u64, DeviceId>,
    next_session: u64,
    next_call: u64,
    devices: Vec<Device>,
    /// The network's mood.
    pub weather: Weather,
    /// What pages say of themselves, by address: title and first words. Others are not there.
    pub pages: HashMap<String, (String, String)>,
    /// Who asked which page.
    pub asked_pages: Vec<(DeviceId, String)>,
}

impl World {
    /// An empty world; the same seed gives the same run.
    pub fn new(seed: u64) -> Result<Self> {
        // The relay's database is the first this process opens, and has no key.
        homing_store::set_up();
        let mut world = Self {
            folder: tempfile::tempdir()?,
            clock: Arc::new(AtomicU64::new(BEGIN_MS)),
            rng: ChaCha20Rng::seed_from_u64(seed),
            seed,
            relay: None,
            relay_full: false,
            limits: Limits::default(),
            sessions: HashMap::new(),
            next_session: 0,
            next_call: 0,
            devices: Vec::new(),
            weather: Weather::CALM,
            pages: HashMap::new(),
            asked_pages: Vec::new(),
        };
        world.start_relay()?;
        Ok(world)
    }

    /// The run's generator, for scenarios.
    pub fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.rng
    }

    /// True time, Unix ms.
    pub fn now_ms(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// The relay, if it runs, and the run's generator.
    pub(crate) fn relay_and_rng(&mut self) -> (Option<&mut RelayCore>, &mut ChaCha20Rng) {
        (self.relay.as_mut(), &mut self.rng)
    }

    /// The relay's data folder.
    pub fn relay_folder(&self) -> PathBuf {
        self.folder.path().join("relay")
    }

    /// The profile folder of a device.
    pub fn profile(&self, device: DeviceId) -> Result<&Path> {
        Ok(&self.at(device)?.folder)
    }

    /// Starts the relay on its folder.
    pub fn start_relay(&mut self) -> Result<()> {
        let folder = self.relay_folder();
        let now_ms = self.now_ms();
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.random());
        let identity = Identity::open(&folder, now_ms, &mut rng)?;
        let limits = self.limits.clone();
        let hosts = vec![HOST.to_owned()];
        let metrics = Arc::new(Metrics::default());
        let mut relay = RelayCore::open(Some(&folder), identity, limits, hosts, rng, metrics, now_ms)?;
        relay.set_disk_full(self.relay_full);
        self.relay = Some(relay);
        Ok(())
    }

    /// The relay's disk fills up, or gets room again.
    pub fn set_relay_full(&mut self, full: bool) {
        self.relay_full = full;
        if let Some(relay) = self.relay.as_mut() {
            relay.set_disk_full(full);
        }
    }

    /// The relay's process ends without a word; what it had acknowledged is on its disk.
    pub fn crash_relay(&mut self) -> Result<()> {
        self.relay = None;
        self.sessions.clear();
        for device in 0..self.devices.len() {
            self.cut(device)?;
        }
        Ok(())
    }

    /// A new computer with an empty profile, its clock wrong by `skew_ms`.
    pub fn add_device(&mut self, name: &str, skew_ms: i64) -> Result<DeviceId> {
        let id = self.add_computer(name, skew_ms)?;
        self.start(id)?;
        Ok(id)
    }

    /// A computer to which somebody copied the profile folder of another one, whose process has ended.
    pub fn copy_device(&mut self, of: DeviceId, name: &str) -> Result<DeviceId> {
        if self.runs(of) {
            bail!("the device runs");
        }
        let from = self.profile(of)?.to_owned();
        let id = self.add_computer(name, 0)?;
        copy_folder(&from, self.profile(id)?)?;
        self.start(id)?;
        Ok(id)
    }

    fn add_computer(&mut self, name: &str, skew_ms: i64) -> Result<DeviceId> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder)?;
        self.devices.push(Device {
            folder,
            core: None,
            skew_ms: Arc::new(AtomicI64::new(skew_ms)),
            rules: homing_model::rules::CURRENT,
            socket: None,
            online: true,
            wake_at: None,
            replies: HashMap::new(),
            transfers: Queue::default(),
            last_job: None,
            events: Vec::new(),
            starts: 0,
        });
        Ok(self.devices.len() - 1)
    }

    pub(crate) fn at(&self, device: DeviceId) -> Result<&Device> {
        self.devices.get(device).context("no such device")
    }

    pub(crate) fn at_mut(&mut self, device: DeviceId) -> Result<&mut Device> {
        self.devices.get_mut(device).context("no such device")
    }

    /// Starts the process of a device.
    pub fn start(&mut self, device: DeviceId) -> Result<()> {
        let clock = Arc::clone(&self.clock);
        let seed = self.seed;
        let one = self.at_mut(device)?;
        one.starts += 1;
        let skew = Arc::clone(&one.skew_ms);
        let mut bytes = [0u8; 32];
        // Every start draws other numbers, as a real process would.
        for (slot, value) in bytes.chunks_mut(8).zip([seed, device as u64, one.starts, 1]) {
            slot.copy_from_slice(&value.to_be_bytes());
        }
        let free_by = Instant::now() + FREE_WITHIN;
        loop {
            let (clock, skew) = (Arc::clone(&clock), Arc::clone(&skew));
            let now =
                move || clock.load(Ordering::Relaxed).saturating_add_signed(skew.load(Ordering::Relaxed));
            let mut env = Env::simulated(Box::new(now), bytes);
            env.rules = one.rules;
            env.slice = SLICE;
            match Core::open(&one.folder, env) {
                Ok(core) => {
                    one.core = Some(core);
                    return self.carry_out(device);
                }
                // Another test of this process has just forked, and the child holds copies of our locks until it
                // becomes another program: the crashed engine is not quite gone yet.
                Err(error) if error.code == Code::ProfileInUseUnresponsive && Instant::now() < free_by => {
                    std::thread::yield_now();
                }
                Err(error) => bail!("{error:?}"),
            }
        }
    }

    /// Ends the process of a device without a word.
    pub fn crash(&mut self, device: DeviceId) -> Result<()> {
        let one = self.at_mut(device)?;
        one.core = None;
        one.wake_at = None;
        one.replies.clear();
        one.transfers = Queue::default();
        self.drop_socket(device)
    }

    /// Ends the process of a device in good order: what it has handed to the network leaves.
    pub fn stop(&mut self, device: DeviceId) -> Result<()> {
        self.input(device, Input::Stop)?;
        self.finish_socket(device)?;
        self.crash(device)
    }

    /// Whether the process of a device runs.
    pub fn runs(&self, device: DeviceId) -> bool {
        self.devices.get(device).is_some_and(|one| one.core.is_some())
    }

    /// Takes a device off the network, or puts it back.
    pub fn set_online(&mut self, device: DeviceId, online: bool) -> Result<()> {
        self.at_mut(device)?.online = online;
        if !online {
            self.cut(device)?;
            return self.carry_out(device);
        }
        self.input(device, Input::NetworkHint)
    }

    /// Gives a device an app that knows the rules up to this version, from its next start on.
    pub fn set_rules(&mut self, device: DeviceId, rules: u32) -> Result<()> {
        self.at_mut(device)?.rules = rules;
        Ok(())
    }

    /// Sets a device's clock wrong.
    pub fn set_skew(&mut self, device: DeviceId, skew_ms: i64) -> Result<()> {
        self.at(device)?.skew_ms.store(skew_ms, Ordering::Relaxed);
        Ok(())
    }

    /// What a device's screens were told since the last time this was asked.
    pub fn take_events(&mut self, device: DeviceId) -> Result<Vec<Event>> {
        Ok(std::mem::take(&mut self.at_mut(device)?.events))
    }

    /// Makes a call and lets the world go on until it is answered.
    pub fn call(&mut self, device: DeviceId, call: Call) -> Result<Box<RawValue>> {
        self.try_call(device, call)?.map_err(|error| anyhow!("{:?}: {}", error.code, error.message))
    }

    /// As [`World::call`]; the inner error is the engine's answer.
    pub fn try_call(&mut self, device: DeviceId, call: Call) -> Result<Answer> {
        let id = self.begin_call(device, call)?;
        let deadline = self.now_ms() + ANSWER_MS;
        loop {
            if let Some(answer) = self.at_mut(device)?.replies.remove(&id) {
                return Ok(answer);
            }
            if self.now_ms() > deadline || !self.step()? {
                bail!("a call was never answered");
            }
        }
    }

    /// Restores a backup. It opens a database, whose lock another test's fork may hold for a moment, see [`World::start`].
    pub fn restore(&mut self, device: DeviceId, args: &Restore) -> Result<()> {
        let free_by = Instant::now() + FREE_WITHIN;
        loop {
            match self.try_call(device, Call::Restore(args.clone()))? {
                Err(error) if error.code == Code::ProfileInUseUnresponsive && Instant::now() < free_by => {
                    std::thread::yield_now();
                }
                done => return done.map(drop).map_err(|error| anyhow!("{error:?}")),
            }
        }
    }

    /// Makes a call without waiting; [`World::answer`] has its answer later.
    pub fn begin_call(&mut self, device: DeviceId, call: Call) -> Result<u64> {
        self.next_call += 1;
        let id = self.next_call;
        self.input(device, Input::Call(id, call))?;
        Ok(id)
    }

    /// The answer to a call, if it has come.
    pub fn answer(&mut self, device: DeviceId, id: u64) -> Result<Option<Answer>> {
        Ok(self.at_mut(device)?.replies.remove(&id))
    }

    pub(crate) fn input(&mut self, device: DeviceId, input: Input) -> Result<()> {
        if let Some(core) = self.at_mut(device)?.core.as_mut() {
            core.handle(input);
            core.follow_up();
        }
        self.carry_out(device)
    }

    fn carry_out(&mut self, device: DeviceId) -> Result<()> {
        let Some(core) = self.at_mut(device)?.core.as_mut() else { return Ok(()) };
        let outputs = core.drain();
        for output in outputs {
            match output {
                Output::Connect { link, .. } => self.connect(device, link)?,
                Output::Disconnect { link } => {
                    if self.at(device)?.socket.as_ref().is_some_and(|socket| socket.link == link) {
                        self.finish_socket(device)?;
                        self.drop_socket(device)?;
                    }
                }
                Output::Send { link, bytes } => self.send_frame(device, link, bytes)?,
                Output::WakeAt(at) => {
                    let now_ms = self.now_ms();
                    let one = self.at_mut(device)?;
                    let steady = one.core.as_ref().map_or(at, Core::steady_ms);
                    one.wake_at = Some(now_ms + at.saturating_sub(steady));
                }
                Output::Event(event) => self.at_mut(device)?.events.push(event),
                Output::Reply(id, answer) => {
                    self.at_mut(device)?.replies.insert(id, answer);
                }
                Output::Transfer(job) => self.submit_transfer(device, job)?,
                Output::StopTransfer { blob, kind } => self.at_mut(device)?.transfers.forget(blob, kind),
                Output::Page(job) => {
                    self.asked_pages.push((device, job.address().to_owned()));
                    let outcome = match self.pages.get(job.address()) {
                        Some((title, description)) => job.says(title, description),
                        None => PageOutcome::default(),
                    };
                    self.input(device, Input::Page(job.id, outcome))?;
                }
                Output::File(job) => self.input(device, Input::File(job.id, job.carry_out()))?,
                // A service near by is a real one: there is no relay and no weather between.
                Output::Translate(job) => self.input(device, Input::Translated(job.id, job.carry_out()))?,
            }
        }
        Ok(())
    }

    fn connect(&mut self, device: DeviceId, link: u64) -> Result<()> {
        self.drop_socket(device)?;
        self.next_session += 1;
        let session = self.next_session;
        let opens_at = self.now_ms() + 1;
        let socket =
            Socket { link, session, opens_at, open: false, up: Pipe::default(), down: Pipe::default() };
        self.at_mut(device)?.socket = Some(socket);
        Ok(())
    }

    fn send_frame(&mut self, device: DeviceId, link: u64, bytes: Vec<u8>) -> Result<()> {
        let (now_ms, weather) = (self.now_ms(), self.weather);
        let Some(one) = self.devices.get_mut(device) else { return Ok(()) };
        let Some(socket) = one.socket.as_mut().filter(|socket| socket.link == link) else { return Ok(()) };
        socket.up.push(now_ms, &weather, &mut self.rng, bytes);
        Ok(())
    }

    /// A socket that is closed from here is so behind its last frame.
    fn finish_socket(&mut self, device: DeviceId) -> Result<()> {
        let now_ms = self.now_ms();
        while let Some((session, bytes)) = self.pop_up(device, u64::MAX) {
            self.relay_takes(session, &bytes, now_ms)?;
        }
        Ok(())
    }

    fn drop_socket(&mut self, device: DeviceId) -> Result<()> {
        if let Some(socket) = self.at_mut(device)?.socket.take() {
            self.sessions.remove(&socket.session);
            if let Some(relay) = self.relay.as_mut() {
                relay.disconnect(socket.session);
            }
        }
        Ok(())
    }

    /// Cuts a device's socket; what was on its way is lost.
    pub fn cut(&mut self, device: DeviceId) -> Result<()> {
        let link = self.at(device)?.socket.as_ref().map(|socket| socket.link);
        self.drop_socket(device)?;
        match link {
            Some(link) => self.input(device, Input::SocketClosed { link }),
            None => Ok(()),
        }
    }

    /// When the next thing happens.
    fn next_at(&self) -> Option<u64> {
        self.devices
            .iter()
            .filter(|one| one.core.is_some())
            .flat_map(|one| {
                let socket = one.socket.as_ref();
                [
                    one.wake_at,
                    one.transfers.next_at().map(|at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX)),
                    socket.filter(|s| !s.open).map(|s| s.opens_at),
                    socket.and_then(|s| s.up.next_at()),
                    socket.and_then(|s| s.down.next_at()),
                ]
            })
            .flatten()
            .chain(self.relay.as_ref().and_then(RelayCore::next_release))
            .min()
    }

    /// Lets the next thing happen; false if nothing will.
    pub fn step(&mut self) -> Result<bool> {
        let Some(at) = self.next_at() else { return Ok(false) };
        let now_ms = self.now_ms().max(at);
        self.clock.store(now_ms, Ordering::Relaxed);
        self.relay_releases(now_ms)?;
        for device in 0..self.devices.len() {
            self.turn(device, now_ms)?;
        }
        Ok(true)
    }

    fn turn(&mut self, device: DeviceId, now_ms: u64) -> Result<()> {
        if self.at(device)?.wake_at.is_some_and(|at| at <= now_ms) {
            self.at_mut(device)?.wake_at = None;
            self.input(device, Input::Wake)?;
        }
        self.turn_transfers(device, now_ms)?;
        self.open_socket(device, now_ms)?;
        while let Some((session, bytes)) = self.pop_up(device, now_ms) {
            if cuts(&self.weather, &mut self.rng) {
                return self.cut(device);
            }
            self.relay_takes(session, &bytes, now_ms)?;
        }
        let Some(link) = self.at(device)?.socket.as_ref().map(|socket| socket.link) else { return Ok(()) };
        let (mut frames, mut cut) = (Vec::new(), false);
        while !cut && let Some(bytes) = self.pop_down(device, now_ms) {
            cut = cuts(&self.weather, &mut self.rng);
            if !cut {
                frames.push(bytes);
            }
        }
        if !frames.is_empty() {
            // What came together is taken in together, as the thread of a core does.
            self.input(device, Input::Frames { link, frames })?;
        }
        if cut { self.cut(device) } else { Ok(()) }
    }

    fn pop_up(&mut self, device: DeviceId, now_ms: u64) -> Option<(u64, Vec<u8>)> {
        let socket = self.devices.get_mut(device)?.socket.as_mut()?;
        socket.up.pop(now_ms).map(|bytes| (socket.session, bytes))
    }

    fn pop_down(&mut self, device: DeviceId, now_ms: u64) -> Option<Vec<u8>> {
        self.devices.get_mut(device)?.socket.as_mut()?.down.pop(now_ms)
    }

    fn open_socket(&mut self, device: DeviceId, now_ms: u64) -> Result<()> {
        let relay_up = self.relay.is_some();
        let one = self.at_mut(device)?;
        let reachable = one.online && relay_up;
        let Some(socket) = one.socket.as_mut().filter(|socket| !socket.open && socket.opens_at <= now_ms)
        else {
            return Ok(());
        };
        let (link, session) = (socket.link, socket.session);
        if !reachable {
            one.socket = None;
            return self.input(device, Input::SocketClosed { link });
        }
        socket.open = true;
        self.sessions.insert(session, device);
        if let Some(relay) = self.relay.as_mut() {
            let peer = Peer { host: HOST.to_owned(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
            relay.connect(session, peer, now_ms);
        }
        self.input(device, Input::SocketOpened { link })
    }

    fn relay_takes(&mut self, session: u64, bytes: &[u8], now_ms: u64) -> Result<()> {
        let Some(relay) = self.relay.as_mut() else { return Ok(()) };
        let effects = relay.frame(session, bytes, now_ms)?;
        self.release(effects, now_ms)
    }

    /// What is due at the relay leaves it, by its clock.
    fn relay_releases(&mut self, now_ms: u64) -> Result<()> {
        let Some(relay) = self.relay.as_mut() else { return Ok(()) };
        if relay.next_release().is_none_or(|at| at > now_ms) {
            return Ok(());
        }
        relay.release_due(now_ms)?;
        let mut effects = relay.commit()?.effects;
        effects.extend(relay.settle()?.effects);
        self.release(effects, now_ms)
    }

    /// Says this to the relay as a stranger would, over a connection that loses nothing; answers what it said.
    pub fn as_stranger(&mut self, frames: &[ClientFrame]) -> Result<Vec<RelayFrame>> {
        let now_ms = self.now_ms();
        self.next_session += 1;
        let session = self.next_session;
        let relay = self.relay.as_mut().context("the relay is down")?;
        relay.connect(
            session,
            Peer { host: HOST.to_owned(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) },
            now_ms,
        );
        let mut effects = relay.frame(session, &ClientFrame::Hello { versions: vec![1] }.encode(), now_ms)?;
        for frame in frames {
            effects.extend(relay.frame(session, &frame.encode(), now_ms)?);
        }
        relay.disconnect(session);
        let answers = effects.iter().filter_map(|effect| match effect {
            Effect::Send { session: to, frame } if *to == session => Some(RelayFrame::decode(frame)),
            _ => None,
        });
        let answers = answers.collect::<Result<_, _>>()?;
        self.release(effects, now_ms)?;
        Ok(answers)
    }

    fn release(&mut self, effects: Vec<Effect>, now_ms: u64) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Send { session, frame } => {
                    let weather = self.weather;
                    if let Some(device) = self.sessions.get(&session)
                        && let Some(one) = self.devices.get_mut(*device)
                        && let Some(socket) = one.socket.as_mut().filter(|socket| socket.session == session)
                    {
                        socket.down.push(now_ms, &weather, &mut self.rng, frame.to_vec());
                    }
                }
                Effect::Close { session } => {
                    if let Some(device) = self.sessions.get(&session).copied() {
                        // What was sent before it still arrives: a socket is closed behind its last frame.
                        self.drain_down(device, session)?;
                        self.cut(device)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn drain_down(&mut self, device: DeviceId, session: u64) -> Result<()> {
        loop {
            let socket = self.at_mut(device)?.socket.as_mut().filter(|socket| socket.session == session);
            let Some((link, bytes)) =
                socket.and_then(|socket| socket.down.pop(u64::MAX).map(|bytes| (socket.link, bytes)))
            else {
                return Ok(());
            };
            self.input(device, Input::Frames { link, frames: vec![bytes] })?;
        }
    }

    /// Lets this much time pass.
    pub fn run_for(&mut self, ms: u64) -> Result<()> {
        let until = self.now_ms() + ms;
        for _ in 0..STEPS {
            match self.next_at() {
                Some(at) if at <= until => self.step()?,
                _ => {
                    self.clock.store(until, Ordering::Relaxed);
                    return Ok(());
                }
            };
        }
        bail!("the world does not come to rest")
    }

    /// Lets some time pass with the relay reachable and nothing cut, enough for everything to arrive.
    pub fn settle(&mut self) -> Result<()> {
        self.weather = Weather::CALM;
        if self.relay.is_none() {
            self.start_relay()?;
        }
        for device in 0..self.devices.len() {
            if !self.runs(device) {
                self.start(device)?;
            }
            self.set_online(device, true)?;
        }
        self.run_for(5 * 60_000)
    }
}

/// Copies the files of a folder and of those in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

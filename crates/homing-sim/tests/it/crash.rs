//! Real processes that are killed at any moment: nothing that was acknowledged is lost, nothing is there twice.
//!
//! What was acknowledged is what `homing send` printed; it is recorded here, outside of every process that is killed.
//! HOMING_CRASH_ROUNDS sets the number of rounds.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;

const ROUNDS: u32 = 20;
/// Beyond the rounds asked for, more follow until a kill fell into each of the windows; so many at most.
const MORE: u32 = 100;
const SENDERS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(60);

fn binary(name: &str) -> PathBuf {
    let folder = match std::env::var_os("HOMING_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned(),
    };
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is missing: cargo build -p homing-cli -p homing-relay", path.display());
    path
}

fn homing(profile: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary("homing"));
    command
        .env_remove("HOMING_PROFILE")
        .env("HOMING_KEYCHAIN", "off")
        .args(["--json", "--profile"])
        .arg(profile)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The objects a command printed that has to succeed.
fn all(profile: &Path, args: &[&str]) -> Vec<Value> {
    let done = homing(profile, args).output().unwrap();
    assert!(done.status.success(), "homing {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn one(profile: &Path, args: &[&str], field: &str) -> String {
    let all = all(profile, args);
    all.first()
        .and_then(|object| object[field].as_str())
        .unwrap_or_else(|| panic!("{args:?}: {all:?}"))
        .to_owned()
}

/// A process that is killed when this value goes.
struct Process(Child);

impl Process {
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the relay on a free port; its address.
fn relay(data: &Path) -> (Process, String) {
    let mut child = Command::new(binary("homing-relay"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).expect("the relay is ready");
    (Process(child), ready["listening"].as_str().unwrap().trim_start_matches("http://").to_owned())
}

/// Starts `sync --watch`; returns once it has been in touch with the relay.
fn watch(profile: &Path) -> Process {
    let mut child = homing(profile, &["sync", "--watch"]).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().expect("a report").unwrap();
    // Its events are read on, or it would stop at a full pipe.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Process(child)
}

/// The line between devices and relay, where what the relay says can be held back. Its address stays, while the relay
/// takes another free port whenever it starts.
struct Line {
    address: String,
    hold: Arc<AtomicBool>,
    relay: Arc<Mutex<String>>,
}

impl Line {
    fn new(relay: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hold = Arc::new(AtomicBool::new(false));
        let relay = Arc::new(Mutex::new(relay));
        let (held, to) = (Arc::clone(&hold), Arc::clone(&relay));
        thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                let to = to.lock().unwrap().clone();
                // No relay: the device hears nothing and the connection ends.
                let Ok(relay) = TcpStream::connect(to) else { continue };
                let (up_from, up_to) = (device.try_clone().unwrap(), relay.try_clone().unwrap());
                thread::spawn(move || carry(up_from, up_to, None));
                let held = Arc::clone(&held);
                thread::spawn(move || carry(relay, device, Some(held)));
            }
        });
        Self { address, hold, relay }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, hold: Option<Arc<AtomicBool>>) {
    let mut buffer = [0u8; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        if hold.as_ref().is_some_and(|hold| hold.load(Ordering::Relaxed)) {
            // What is held back never arrives: read on until the other end goes.
            while from.read(&mut buffer).is_ok_and(|read| read > 0) {}
            break;
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// What Ada's processes were asked to send, and what they acknowledged.
#[derive(Default)]
struct Record {
    tried: Mutex<BTreeSet<String>>,
    acknowledged: Mutex<BTreeSet<String>>,
}

struct Round<'a> {
    ada: &'a Path,
    conversation: &'a str,
    record: &'a Record,
    number: u32,
}

impl Round<'_> {
    /// Sends until told to stop; one command after the other. `victim` is where a command to be killed is shown.
    fn send(&self, sender: u32, stop: &AtomicBool, victim: &Mutex<Option<Child>>, sent: &AtomicU32) {
        for n in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let body = format!("round {} sender {sender} message {n}", self.number);
            self.record.tried.lock().unwrap().insert(body.clone());
            let mut child = homing(self.ada, &["send", self.conversation, &body]).spawn().unwrap();
            let mut out = child.stdout.take().unwrap();
            *victim.lock().unwrap() = Some(child);
            let mut printed = String::new();
            out.read_to_string(&mut printed).unwrap();
            let child = victim.lock().unwrap().take();
            if let Some(mut child) = child {
                let _ = child.wait();
            }
            if printed
                .lines()
                .any(|line| serde_json::from_str::<Value>(line).is_ok_and(|value| value["id"].is_string()))
            {
                self.record.acknowledged.lock().unwrap().insert(body);
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn bodies(profile: &Path, conversation: &str) -> Vec<(String, String)> {
    let rows = all(profile, &["messages", conversation, "--limit", "100000"]);
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(row, "body"), text(row, "state"))).collect()
}

#[test]
fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    let rounds =
        std::env::var("HOMING_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let folder = tempfile::tempdir().unwrap();
    let (ada, ben, data) =
        (folder.path().join("ada"), folder.path().join("ben"), folder.path().join("relay"));
    let (mut relay_process, host) = relay(&data);
    let line = Line::new(host);
    let address = format!("http://{}", line.address);
    all(&ada, &["init", "--name", "Ada", "--relay", &address]);
    let link = one(&ada, &["invite", "--client", "Ben"], "link");
    all(&ben, &["init", "--name", "Ben", "--relay", &address]);
    all(&ben, &["join", &link]);
    all(&ada, &["sync"]);
    let conversation = one(&ada, &["conversation", "new", "--with", "Ben", "--message", "first"], "id");
    all(&ada, &["sync"]);
    let record = Record::default();
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let mut watcher = watch(&ada);
    let (mut kills, mut after_write, mut after_push, mut acknowledged) = ([0u32; 3], 0u32, 0u32, 0usize);
    let mut number = 0;
    while number < rounds || (number < rounds + MORE && (after_write == 0 || after_push == 0)) {
        number += 1;
        let round = Round { ada: &ada, conversation: &conversation, record: &record, number };
        // Every fifth round the relay's answers don't come any more, and Ada's process is killed behind them.
        let held = number % 5 == 0;
        let victim_kind = if held { 0 } else { rng.random_range(0..3) };
        let (stop, sent) = (AtomicBool::new(false), AtomicU32::new(0));
        let commands: Vec<Mutex<Option<Child>>> = (0..SENDERS).map(|_| Mutex::new(None)).collect();
        line.hold.store(held, Ordering::Relaxed);
        let wait = Duration::from_millis(rng.random_range(20..600));
        let victim_sender = rng.random_range(0..SENDERS) as usize;
        thread::scope(|scope| {
            for (sender, victim) in (0..SENDERS).zip(&commands) {
                let (round, stop, sent) = (&round, &stop, &sent);
                scope.spawn(move || round.send(sender, stop, victim, sent));
            }
            // At least one message is under way; then the moment is any moment.
            let begin = Instant::now();
            while sent.load(Ordering::Relaxed) == 0 {
                assert!(begin.elapsed() < PATIENCE, "nothing is sent");
                thread::yield_now();
            }
            thread::sleep(wait);
            match victim_kind {
                0 => watcher.kill(),
                1 => relay_process.kill(),
                _ => {
                    if let Some(child) = commands[victim_sender].lock().unwrap().as_mut() {
                        let _ = child.kill();
                    }
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        kills[victim_kind] += 1;
        // Whoever was the victim, Ada's process ends here, with what was on its way.
        watcher.kill();
        line.hold.store(false, Ordering::Relaxed);
        // What is durable although nobody was told.
        let here = bodies(&ada, &conversation);
        let known = record.acknowledged.lock().unwrap().clone();
        let of_round = format!("round {number} ");
        let untold = |(body, _): &(String, String)| body.starts_with(&of_round) && !known.contains(body);
        after_write += u32::from(here.iter().any(untold));
        if victim_kind == 1 {
            let host;
            (relay_process, host) = relay(&data);
            *line.relay.lock().unwrap() = host;
        }
        // What the relay has although Ada was never told.
        all(&ben, &["sync"]);
        let there: BTreeSet<String> = bodies(&ben, &conversation).into_iter().map(|(body, _)| body).collect();
        let unknown = |(body, state): &(String, String)| state == "pending" && there.contains(body);
        after_push += u32::from(here.iter().any(unknown));
        acknowledged = known.len();
        watcher = watch(&ada);
    }
    watcher.kill();
    all(&ada, &["sync"]);
    all(&ben, &["sync"]);
    let (here, there) = (bodies(&ada, &conversation), bodies(&ben, &conversation));
    let texts = |rows: &[(String, String)]| rows.iter().map(|(body, _)| body.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&here), texts(&there));
    let once: BTreeSet<String> = texts(&here).into_iter().collect();
    assert_eq!(once.len(), here.len(), "a message is there twice");
    let acknowledged_bodies = record.acknowledged.lock().unwrap().clone();
    let lost: Vec<&String> = acknowledged_bodies.difference(&once).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let tried = record.tried.lock().unwrap();
    assert!(once.iter().all(|body| body == "first" || tried.contains(body)));
    for profile in [&ada, &ben] {
        assert_eq!(all(profile, &["doctor"])[0]["healthy"], true);
    }
    println!(
        "{number} rounds, {acknowledged} acknowledged, killed: {} engines, {} relays, {} commands; {after_write} between \
         durable write and answer, {after_push} between push and acknowledgement",
        kills[0], kills[1], kills[2]
    );
    assert!(after_write > 0 && after_push > 0, "no kill fell into a window: {after_write}, {after_push}");
}

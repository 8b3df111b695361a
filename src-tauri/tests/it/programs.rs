//! The programs that are no windows: a relay and the line to it, a person on the command line, and a service that counts
//! who comes.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;

use crate::driver::Group;

/// A program of this workspace: beside the app, where one build puts all of them.
fn built(program: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_homing-app")).with_file_name(program);
    assert!(path.exists(), "{} is not built; cargo xtask test window builds it", path.display());
    path
}

/// A relay with its data in a folder of its own.
pub struct Relay {
    /// Where it is found, as a person types it.
    pub address: String,
    /// Where it listens.
    place: String,
    folder: PathBuf,
    running: Option<Group>,
}

impl Relay {
    /// Starts a relay that keeps its data in `folder`, on a free port.
    pub fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let (running, place) = launch(folder, "127.0.0.1:0", 0, &[]);
        Self { address: place.clone(), place, folder: folder.to_path_buf(), running: Some(running) }
    }

    /// The same at the other end of a line: that is the way everybody takes.
    pub async fn behind_line(folder: &Path) -> (Self, Line) {
        let relay = Self::start(folder);
        let (line, address) = Line::to(&relay.place).await;
        (Self { address, ..relay }, line)
    }

    /// Ends it without notice; its port stays the one everybody knows.
    pub fn stop(&mut self) {
        drop(self.running.take());
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.start_later(0);
    }

    /// The same, when `ms` have gone by for it.
    pub fn start_later(&mut self, ms: i64) {
        self.launch_again(ms, &[]);
    }

    /// The same with further arguments.
    pub fn start_again_with(&mut self, args: &[&str]) {
        self.launch_again(0, args);
    }

    fn launch_again(&mut self, skew_ms: i64, args: &[&str]) {
        let listen = self.place.trim_start_matches("http://");
        let (running, place) = launch(&self.folder, listen, skew_ms, args);
        assert_eq!(place, self.place);
        self.running = Some(running);
    }
}

fn launch(folder: &Path, listen: &str, skew_ms: i64, args: &[&str]) -> (Group, String) {
    let log = File::options().create(true).append(true).open(folder.join("relay.log")).unwrap();
    let mut command = Command::new(built("homing-relay"));
    command.args(["--listen", listen, "--data"]).arg(folder.join("data")).args(args);
    command.env("HOMING_CLOCK_SKEW_MS", skew_ms.to_string());
    let mut group = Group::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log));
    let mut line = String::new();
    BufReader::new(group.take_stdout()).read_line(&mut line).unwrap();
    let ready: Value =
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the relay does not start: {line:?}"));
    (group, ready["listening"].as_str().unwrap().to_owned())
}

/// A line on which files get as far as they are let, in each direction; everything else goes at once.
pub struct Line {
    up: Arc<Semaphore>,
    down: Arc<Semaphore>,
}

impl Line {
    const PIECE: usize = 64 * 1024;
    /// What a request for a file names in its first line.
    const FILES: &[u8] = b" /v1/blobs/";

    async fn to(relay: &str) -> (Self, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let line = Self { up: Arc::new(Semaphore::new(0)), down: Arc::new(Semaphore::new(0)) };
        let relay = relay.trim_start_matches("http://").to_owned();
        let (up, down) = (Arc::clone(&line.up), Arc::clone(&line.down));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // While there is no relay, who comes is turned away.
                if let Ok(far) = tokio::net::TcpStream::connect(&relay).await {
                    tokio::spawn(Self::join(near, far, Arc::clone(&up), Arc::clone(&down)));
                }
            }
        });
        (line, address)
    }

    /// Lets so many bytes more through on their way to the relay.
    pub fn let_up(&self, bytes: usize) {
        self.up.add_permits(bytes);
    }

    /// Lets so many bytes more through on their way from the relay.
    pub fn let_down(&self, bytes: usize) {
        self.down.add_permits(bytes);
    }

    async fn join(
        near: tokio::net::TcpStream,
        far: tokio::net::TcpStream,
        up: Arc<Semaphore>,
        down: Arc<Semaphore>,
    ) {
        let (mut from_near, to_near) = near.into_split();
        let (from_far, mut to_far) = far.into_split();
        let mut first = vec![0; Self::PIECE];
        let Ok(read) = from_near.read(&mut first).await else { return };
        let of_files = first[..read].windows(Self::FILES.len()).any(|part| part == Self::FILES);
        let (up, down) = if of_files { (Some(up), Some(down)) } else { (None, None) };
        let there = async {
            if Self::pass(&first[..read], &mut to_far, up.as_deref()).await {
                Self::carry(from_near, to_far, up.as_deref()).await;
            }
        };
        // Who hangs up on one side has hung up on the other.
        tokio::select! {
            () = there => {}
            () = Self::carry(from_far, to_near, down.as_deref()) => {}
        }
    }

    async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, gate: Option<&Semaphore>) {
        let mut piece = vec![0; Self::PIECE];
        while let Ok(read) = from.read(&mut piece).await {
            if read == 0 || !Self::pass(&piece[..read], &mut to, gate).await {
                return;
            }
        }
    }

    /// Whether it came through.
    async fn pass(piece: &[u8], to: &mut OwnedWriteHalf, gate: Option<&Semaphore>) -> bool {
        if let Some(gate) = gate {
            gate.acquire_many(u32::try_from(piece.len()).unwrap()).await.unwrap().forget();
        }
        to.write_all(piece).await.is_ok()
    }
}

/// Somebody on the command line: each command is a process.
pub struct Terminal {
    profile: PathBuf,
    skew_ms: i64,
}

impl Terminal {
    /// A profile in `folder`, on a computer whose clock is wrong by `skew_ms`.
    pub fn new(folder: &Path, skew_ms: i64) -> Self {
        Self { profile: folder.join("profile"), skew_ms }
    }

    /// The objects a command prints; it has to succeed.
    pub async fn run(&self, arguments: &[&str]) -> Vec<Value> {
        let mut command = tokio::process::Command::new(built("homing"));
        command.arg("--json").arg("--profile").arg(&self.profile).args(arguments);
        command.env("HOMING_KEYCHAIN", "off").env("HOMING_CLOCK_SKEW_MS", self.skew_ms.to_string());
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
        assert!(
            output.status.success(),
            "homing {arguments:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one object a command prints.
    pub async fn one(&self, arguments: &[&str]) -> Value {
        let mut objects = self.run(arguments).await;
        assert_eq!(objects.len(), 1, "homing {arguments:?}: {objects:?}");
        objects.remove(0)
    }

    /// What the messages of a conversation say, as they are here.
    pub async fn bodies(&self, conversation: &str) -> Vec<String> {
        let messages = self.run(&["messages", conversation, "--limit", "10000"]).await;
        messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
    }
}

/// A service of this computer that counts who comes to it.
pub struct Visited {
    pub address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

impl Visited {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let visits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&visits);
        std::thread::spawn(move || {
            for visitor in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                drop(visitor);
            }
        });
        Self { address, visits }
    }

    pub fn count(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    /// Comes to it, and sees that this is counted: that nobody came would say nothing else.
    pub async fn is_counted(&self) {
        let before = self.count();
        TcpStream::connect(self.address).unwrap();
        while self.count() == before {
            tokio::task::yield_now().await;
        }
    }
}

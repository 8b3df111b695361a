//! Ada, Ben and a relay: processes, their answers, and a place for their files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpSocket;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Longer than anything here takes; a process that hangs fails its test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A profile of somebody on one device.
pub struct Device {
    folder: TempDir,
    profile: PathBuf,
    skew_ms: i64,
}

/// What a command printed.
pub struct Printed {
    pub output: Output,
}

impl Device {
    pub fn new() -> Self {
        Self::skewed(0)
    }

    /// A device whose clock is wrong.
    pub fn skewed(skew_ms: i64) -> Self {
        let folder = TempDir::new().unwrap();
        Self { profile: folder.path().join("profile"), folder, skew_ms }
    }

    /// A profile that something else made.
    pub fn at(profile: &str) -> Self {
        Self { profile: profile.into(), ..Self::new() }
    }

    /// A device whose person is named and whose relay is set.
    pub async fn begun(name: &str, relay: &Relay) -> Self {
        let device = Self::new();
        device.one(&["init", "--name", name, "--relay", &relay.address]).await;
        device
    }

    pub fn profile(&self) -> PathBuf {
        self.profile.clone()
    }

    /// A path beside the profile.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        self.homing(&[&["--json"], args].concat())
    }

    fn homing(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homing"));
        command
            .env_remove("HOMING_PROFILE")
            .env_remove("HOMING_PASSPHRASE")
            .env("HOMING_KEYCHAIN", "off")
            .env("HOMING_CLOCK_SKEW_MS", self.skew_ms.to_string())
            .arg("--profile")
            .arg(self.profile())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, args: &[&str]) -> Printed {
        finish(self.command(args).spawn().unwrap(), args).await
    }

    /// What a command that has to succeed prints for a person.
    pub async fn plain(&self, args: &[&str]) -> String {
        let output = finish(self.homing(args).spawn().unwrap(), args).await.output;
        assert!(output.status.success(), "homing {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that reads stdin.
    pub async fn run_with(&self, args: &[&str], stdin: &str) -> Printed {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(stdin.as_bytes()).await.unwrap();
        drop(pipe);
        finish(child, args).await
    }

    /// The objects a command printed that has to succeed.
    pub async fn all(&self, args: &[&str]) -> Vec<Value> {
        self.run(args).await.objects(args)
    }

    /// The one object a command printed that has to succeed.
    pub async fn one(&self, args: &[&str]) -> Value {
        let mut all = self.all(args).await;
        assert_eq!(all.len(), 1, "{args:?}: {all:?}");
        all.remove(0)
    }

    /// A field, as text, of the one object a command printed.
    pub async fn text(&self, args: &[&str], field: &str) -> String {
        text(&self.one(args).await, field)
    }

    /// The code of a command that has to fail.
    pub async fn fails(&self, args: &[&str]) -> String {
        self.run(args).await.code(args)
    }

    /// Sends what waits, fetches what is new.
    pub async fn sync(&self) -> Value {
        self.one(&["sync"]).await
    }

    /// A process that goes on, to be talked with.
    pub fn start(&self, args: &[&str]) -> Running {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { stdin: child.stdin.take(), child, lines }
    }

    /// The bodies of a conversation's messages, in order.
    pub async fn bodies(&self, conversation: &str) -> Vec<String> {
        self.all(&["messages", conversation]).await.iter().map(|message| text(message, "body")).collect()
    }
}

async fn finish(child: Child, args: &[&str]) -> Printed {
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("homing {args:?} does not end"))
        .unwrap();
    Printed { output }
}

impl Printed {
    pub fn objects(&self, args: &[&str]) -> Vec<Value> {
        let Output { status, stdout, stderr } = &self.output;
        assert!(status.success(), "homing {args:?}: {status}\n{}", String::from_utf8_lossy(stderr));
        let text = std::str::from_utf8(stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn code(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = &self.output;
        assert_eq!(status.code(), Some(1), "homing {args:?}: {}", String::from_utf8_lossy(stdout));
        let error: Value = serde_json::from_slice(stderr).unwrap();
        assert!(!text(&error["error"], "message").is_empty());
        text(&error["error"], "code")
    }
}

/// A command that goes on.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stdin: Option<ChildStdin>,
}

impl Running {
    /// The next object it prints.
    pub async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next_line()).await.expect("nothing is printed").unwrap();
        serde_json::from_str(&line.expect("the process ended")).unwrap()
    }

    /// The next object that has what is looked for.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let object = self.next().await;
            if wanted(&object) {
                return object;
            }
        }
    }

    pub async fn say(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits until it ended well.
    pub async fn ended(mut self) {
        assert!(timeout(PATIENCE, self.child.wait()).await.expect("it does not end").unwrap().success());
    }

    /// Asks it to end, as a service manager does.
    #[cfg(unix)]
    pub async fn stop(self) {
        self.signal("TERM").await.ended().await;
    }

    #[cfg(unix)]
    pub async fn signal(self, name: &str) -> Self {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
        self
    }

    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it without notice.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A relay and its data.
pub struct Relay {
    pub address: String,
    data: TempDir,
    child: Option<Child>,
    _port: Option<TcpSocket>,
}

impl Relay {
    pub async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let (port, listen) = reserve();
        let (child, address) = launch(&listen, data.path(), &[], 0).await;
        Self { address, data, child: Some(child), _port: port }
    }

    /// Where it keeps everything, its log included.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Kills it: what it acknowledged must be there when it starts again.
    pub async fn kill(&mut self) {
        self.child.take().unwrap().kill().await.unwrap();
    }

    /// Starts it again on its data and at its address.
    pub async fn start_again(&mut self) {
        self.start_again_with(&[]).await;
    }

    /// The same with further arguments.
    pub async fn start_again_with(&mut self, args: &[&str]) {
        self.launch_again(args, 0).await;
    }

    /// The same when so many seconds have gone by for it.
    pub async fn start_later(&mut self, seconds: i64) {
        self.launch_again(&[], seconds * 1_000).await;
    }

    async fn launch_again(&mut self, args: &[&str], skew_ms: i64) {
        let listen = self.address.trim_start_matches("http://").to_owned();
        let (child, address) = launch(&listen, self.data.path(), args, skew_ms).await;
        assert_eq!(address, self.address);
        self.child = Some(child);
    }
}

/// A port that nobody else is given while the relay that listens on it is down. Only Linux shares a bound port
/// between one who listens and one who doesn't; elsewhere the relay takes a free one.
fn reserve() -> (Option<TcpSocket>, String) {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    if !cfg!(target_os = "linux") {
        return (None, any.to_string());
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(any).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (Some(socket), address)
}

async fn launch(listen: &str, data: &Path, args: &[&str], skew_ms: i64) -> (Child, String) {
    let mut child = Command::new(relay_binary())
        .env("HOMING_CLOCK_SKEW_MS", skew_ms.to_string())
        .args(["--listen", listen, "--data"])
        .arg(data)
        .args(args)
        .env("RUST_LOG", "debug")
        .stdout(Stdio::piped())
        .stderr(std::fs::File::options().create(true).append(true).open(data.join("relay.log")).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.expect("the relay is not ready").unwrap().unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    (child, text(&ready, "listening"))
}

/// The relay of this very source: another package's binary is not built with these tests.
fn relay_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let name = format!("homing-relay{}", std::env::consts::EXE_SUFFIX);
        // `cargo xtask test` has built all programs at once, and says where.
        if let Some(folder) = std::env::var_os("HOMING_BIN_DIR") {
            return Path::new(&folder).join(name);
        }
        let homing = Path::new(env!("CARGO_BIN_EXE_homing"));
        let folder = homing.parent().unwrap();
        let mut build = std::process::Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "homing-relay", "--bin", "homing-relay"]);
        build.arg("--target-dir").arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the relay does not build");
        folder.join(name)
    })
}

pub fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no {field} in {object}")).to_owned()
}

/// Ada with her client Ben, who joined, and their conversation.
pub struct Pair {
    pub relay: Relay,
    pub ada: Device,
    pub ben: Device,
    pub conversation: String,
}

impl Pair {
    pub async fn meet() -> Self {
        let relay = Relay::start().await;
        let ada = Device::begun("Ada Berger", &relay).await;
        let link = ada.text(&["invite", "--client", "Ben Okafor"], "link").await;
        let ben = Device::new();
        ben.one(&["join", &link, "--name", "Ben Okafor"]).await;
        ben.sync().await;
        ada.sync().await;
        let new = [
            "conversation",
            "new",
            "--with",
            "Ben Okafor",
            "--subject",
            "Kitchen",
            "--message",
            "Good morning!",
        ];
        let conversation = ada.text(&new, "id").await;
        ada.sync().await;
        ben.sync().await;
        Self { relay, ada, ben, conversation }
    }
}

//! One window under a driver of its own.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::time::Instant;

use super::page::wait_for_some;
use super::process::{self, Group};

const APP: &str = env!("CARGO_BIN_EXE_homing-app");
const DRIVER: &str = "WebKitWebDriver";
/// A cold start on a busy machine; a warm one takes half a second.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// Where drivers listen, each on an address of its own. Connections that are made never come from here.
const PORT: u16 = 4444;

/// A running app and the session that drives it.
pub struct App {
    /// The session, for all that has no helper here.
    pub client: Client,
    pub(super) folder: PathBuf,
    group: Group,
}

impl App {
    /// Completes `session` (a bus, with folders and screen set) with a driver, and lets it open the app.
    pub(super) async fn open(session: Command, folder: &Path, arguments: &[&str]) -> Self {
        let (group, host) = start_driver(session, folder).await;

        let mut wanted = Capabilities::new();
        wanted.insert("webkitgtk:browserOptions".into(), json!({ "binary": APP, "args": arguments }));
        let mut session = ClientBuilder::new(HttpConnector::new());
        session.capabilities(wanted);
        let address = format!("http://{host}:{PORT}");
        let client = match tokio::time::timeout(STARTS_WITHIN, session.connect(&address)).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => panic!("no session with the app: {error}\n{}", log_of(folder)),
            Err(_) => panic!("the app gave no session within {STARTS_WITHIN:?}\n{}", log_of(folder)),
        };
        Self { client, folder: folder.to_path_buf(), group }
    }

    /// The app's process.
    pub fn pid(&self) -> u32 {
        self.group.running(Path::new(APP)).unwrap_or_else(|| panic!("the app has ended\n{}", self.log()))
    }

    /// What the app has printed so far.
    pub fn log(&self) -> String {
        log_of(&self.folder)
    }

    /// A variable of the app's environment.
    pub fn variable(&self, name: &str) -> String {
        let found = self.environment().into_iter().find(|(variable, _)| variable == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1
    }

    fn environment(&self) -> Vec<(String, String)> {
        let environment = std::fs::read(format!("/proc/{}/environ", self.pid())).unwrap();
        let variable = |text: &[u8]| {
            let (name, value) = std::str::from_utf8(text).ok()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        environment.split(|byte| *byte == 0).filter_map(variable).collect()
    }

    /// Waits until the app has ended by itself, and clears away its driver.
    pub async fn wait_end(mut self) {
        let ended = || self.group.running(Path::new(APP)).is_none().then_some(());
        wait_for_some("the app to end", ended).await;
        self.group.kill();
    }

    /// Starts the app's program once more in the same desktop session, on `profile`, with `arguments`.
    pub fn start_beside(&self, profile: &Path, arguments: &[&str]) -> Group {
        let log = File::options().append(true).open(self.folder.join("app.log")).unwrap();
        Group::spawn(
            Command::new(APP)
                .args(arguments)
                .env_clear()
                .envs(self.environment())
                // Nobody drives this one.
                .env_remove("TAURI_WEBVIEW_AUTOMATION")
                .env("HOMING_PROFILE", profile)
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        )
    }

    /// Asks the app to end as its desktop would, and returns once it has and the profile is free.
    pub async fn close(mut self) {
        process::end(self.pid());
        self.group.kill();
    }

    /// Clears away what is left after the app's process was killed, and returns once the profile is free.
    pub fn bury(mut self) {
        self.group.kill();
    }

    /// Kills the app without notice, as a crash would, and returns once the profile is free.
    pub fn crash(mut self) {
        process::kill_hard(self.pid());
        self.group.kill();
    }
}

/// Starts a driver and waits until it listens.
async fn start_driver(mut session: Command, folder: &Path) -> (Group, Ipv4Addr) {
    let host = own_loopback();
    let log = File::options().create(true).append(true).open(folder.join("app.log")).unwrap();
    let mut group = Group::spawn(
        session
            .arg(DRIVER)
            .arg(format!("--host={host}"))
            .arg(format!("--port={PORT}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log),
    );
    let deadline = Instant::now() + STARTS_WITHIN;
    while tokio::net::TcpStream::connect((host, PORT)).await.is_err() {
        assert!(!group.ended(), "{DRIVER} has ended; is it installed?\n{}", log_of(folder));
        assert!(Instant::now() < deadline, "{DRIVER} does not listen\n{}", log_of(folder));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (group, host)
}

/// A loopback address nobody else is given: not in this process, and not in one that runs beside it. A free port of the
/// one address would be free for several at once until its driver listens, and a driver asked for two sessions at the
/// same time gives none.
fn own_loopback() -> Ipv4Addr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let nth = GIVEN.fetch_add(1, Ordering::Relaxed) + 1;
    assert!(nth < 1 << 12, "more drivers than addresses");
    Ipv4Addr::from_bits(127 << 24 | (std::process::id() & 0xfff) << 12 | nth)
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("app.log")).unwrap_or_default()
}

//! The keychain of a desktop: the program itself, on the bus of the test.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Bus;
use super::process::{self, Group};

const DAEMON: &str = "gnome-keyring-daemon";
const READY_WITHIN: Duration = Duration::from_secs(30);

/// An unlocked keychain.
pub struct Keyring {
    _daemon: Group,
}

impl Keyring {
    /// Starts one that keeps its data in `folder`, and unlocks it.
    pub fn start(bus: &Bus, folder: &Path) -> Self {
        for sub in ["data", "run"] {
            process::make_private(&folder.join(sub));
        }
        let mut command = Command::new(DAEMON);
        command
            .args(["--foreground", "--components=secrets", "--unlock"])
            .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
            .env("HOME", folder)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("XDG_RUNTIME_DIR", folder.join("run"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut daemon = Group::spawn(&mut command);
        daemon.take_stdin().write_all(b"the password of the login").unwrap();
        let deadline = Instant::now() + READY_WITHIN;
        while !bus.has("org.freedesktop.secrets") {
            assert!(!daemon.ended(), "{DAEMON} has ended");
            assert!(Instant::now() < deadline, "{DAEMON} does not offer its keys");
            std::thread::sleep(super::page::LOOK_EVERY);
        }
        Self { _daemon: daemon }
    }
}

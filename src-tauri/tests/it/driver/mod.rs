//! Drives real windows over WebDriver.
//!
//! A [`Desk`] is a screen of its own (Xvfb). Each [`App`] on it has a session bus, a driver, folders and a
//! profile of its own, so apps never meet but through a relay. WebKit's driver is spoken to directly: the
//! proxy that Tauri offers for portability only renames a capability.
//!
//! Everything started here lives in a process group that is killed with its owner: a driver that outlives
//! its test keeps its port, and the next test would talk to it.

mod app;
mod bus;
mod chooser;
mod clipboard;
mod drag;
mod keyring;
mod opener;
mod page;
mod process;
mod screen;
mod sound;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use app::App;
pub use bus::{Bus, Notice, Notices, Tray};
pub use chooser::Chooser;
pub use clipboard::{Copied, text_on};
pub use drag::{FILES, uri_list};
pub use keyring::Keyring;
pub use opener::{FileManager, Viewer};
pub use page::{SHOWS_WITHIN, wait_for_some};
pub use process::{Group, kill_hard};
pub use screen::OnScreen;
pub use sound::{SILENCE, Sound};

/// The folders a desktop session names, each app's own.
const FOLDERS: [(&str, &str); 5] = [
    ("XDG_DATA_HOME", "data"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_STATE_HOME", "state"),
    ("XDG_RUNTIME_DIR", "run"),
];

/// A desktop without animations, which the webview tells the page as the wish for less motion: what is shown is shown
/// at once.
fn still(folder: &Path) {
    let place = folder.join("config/gtk-3.0");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("settings.ini"), "[Settings]\ngtk-enable-animations=0\n").unwrap();
}

/// A screen with room for apps, and a folder for all they write.
pub struct Desk {
    display: String,
    place: tempfile::TempDir,
    _screen: Group,
}

impl Desk {
    /// Starts a screen on a display number that the X server finds free.
    pub fn start() -> Self {
        let place = tempfile::Builder::new().prefix("homing-desk-").tempdir().unwrap();
        let mut command = Command::new("Xvfb");
        command
            // It would begin anew when the last window is gone, and turn away who comes just then.
            .args(["-displayfd", "1", "-screen", "0", "2560x1600x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut screen = Group::spawn(&mut command);
        let mut number = String::new();
        BufReader::new(screen.take_stdout()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb ended before it had a display");
        Self { display: format!(":{}", number.trim()), place, _screen: screen }
    }

    /// What a program is given to find the screen.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The folder of the app called `name`: `profile` in it is its profile, `app.log` what it printed.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The profile folder of the app called `name`.
    pub fn profile(&self, name: &str) -> PathBuf {
        self.folder(name).join("profile")
    }

    /// Opens the app on the profile called `name`, with `env` added to its environment.
    pub async fn app(&self, name: &str, env: &[(&str, &str)]) -> App {
        self.app_with(name, env, &[]).await
    }

    /// Opens the app as `app` does, with arguments.
    pub async fn app_with(&self, name: &str, env: &[(&str, &str)], arguments: &[&str]) -> App {
        let profile = self.profile(name);
        let folder = self.folder(name);
        for (_, sub) in FOLDERS {
            process::make_private(&folder.join(sub));
        }
        still(&folder);
        // A bus of its own, unless the test brings one.
        let brought = env.iter().any(|(variable, _)| *variable == "DBUS_SESSION_BUS_ADDRESS");
        let mut session = Command::new(if brought { "env" } else { "dbus-run-session" });
        session.arg("--").env("DISPLAY", &self.display).env("GDK_BACKEND", "x11");
        session.env_remove("WAYLAND_DISPLAY").env("LANG", "C.UTF-8").env("NO_AT_BRIDGE", "1");
        session.envs(FOLDERS.map(|(variable, sub)| (variable, folder.join(sub))));
        // The bus is empty: asking it for a keychain can only cost time.
        session.env("HOMING_PROFILE", &profile).env("HOMING_KEYCHAIN", "off");
        // Driven windows are composited on any machine: a webview that paints by itself leaves its driver waiting for a
        // frame where nothing changes. Without a graphics processor it is the painting that takes long.
        session.env("WEBKIT_DISABLE_COMPOSITING_MODE", "0").env("WEBKIT_SKIA_ENABLE_CPU_RENDERING", "1");
        session.envs(env.iter().copied());
        App::open(session, &folder, arguments).await
    }
}

impl Drop for Desk {
    /// What a failed test leaves is what it can be understood by.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.place.disable_cleanup(true);
            eprintln!("its profiles and logs are kept in {}", self.place.path().display());
        }
    }
}

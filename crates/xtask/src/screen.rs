//! Programs that end with their owner: a virtual screen, and a driver for the windows on it.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{place, shell};

/// How long a program that was asked to end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// A program that ends with its owner, and with it all that it started if it leads a group.
pub struct Running {
    child: Child,
    group: bool,
}

impl Running {
    /// Starts a program away from the terminal's Ctrl+C: it ends with its owner, not before.
    pub fn start(command: &mut Command) -> Result<Self> {
        place::lead_group(command);
        let child = command.spawn().with_context(|| format!("{} does not start", shell::text(command)))?;
        Ok(Self { child, group: false })
    }

    /// Ends with it all that it starts.
    fn with_all(mut self) -> Self {
        self.group = true;
        self
    }

    /// What it prints, if that was to be read; once.
    pub fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The number the system knows it by.
    #[cfg(test)]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        place::ask_to_end(&self.child, self.group);
        let deadline = Instant::now() + ENDS_WITHIN;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Both fail only when it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A virtual screen.
pub struct Screen {
    pub display: String,
    _server: Running,
}

impl Screen {
    pub fn start() -> Result<Self> {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let output = server.take_output().context("Xvfb has no output")?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        if number.trim().is_empty() {
            bail!("Xvfb found no display");
        }
        Ok(Self { display: format!(":{}", number.trim()), _server: server })
    }
}

/// Starts a driver whose windows get this environment, and gives the port it listens on.
pub fn driver(environment: impl Fn(&mut Command)) -> Result<(Running, u16)> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    // A bus of its own: an app that runs on the desktop's bus would answer in its place.
    let mut command = shell::command("dbus-run-session")?;
    command.args(["--", "WebKitWebDriver", &format!("--port={port}")]);
    command.env("TAURI_WEBVIEW_AUTOMATION", "true").stdout(Stdio::null());
    environment(&mut command);
    Ok((Running::start(&mut command)?.with_all(), port))
}

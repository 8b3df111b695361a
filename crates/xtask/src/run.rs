//! `cargo xtask run`: a relay and the app, on data that can be thrown away.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::screen::{self, Running, Screen};
use crate::setup::{self, For};
use crate::webdriver::Session;
use crate::{place, shell};

/// How often it is looked whether what runs has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Starts the relay and the app; with `check`, saves a picture of the first view and ends.
pub fn run(check: Option<&Path>, yes: bool) -> Result<()> {
    if check.is_some() && !cfg!(target_os = "linux") {
        bail!("--check drives the window by WebKit's driver, which only Linux has");
    }
    let needs_screen = !place::has_display();
    setup::system(if needs_screen || check.is_some() { For::Screen } else { For::Build }, yes)?;
    setup::ui()?;
    println!("Building the app and the relay (some minutes the first time)");
    let mut build = shell::cargo(["build", "-p", "homing-app", "-p", "homing-relay"])?;
    shell::run(build.args(shell::FEATURES))?;

    let interrupted = interruptions()?;
    let folder = place::cache()?.join("run");
    fs::create_dir_all(&folder)?;
    // What is started later uses what was started before, and is ended before it.
    let (_relay, relay) = start_relay(&folder)?;
    println!("The relay listens on {relay}; its data is in {}", folder.join("relay").display());

    let screen = if needs_screen { Some(Screen::start()?) } else { None };
    let profile = folder.join("profile");
    let environment = |command: &mut Command| {
        command.env("HOMING_PROFILE", &profile).env("HOMING_DEV_RELAY", &relay);
        if let Some(screen) = &screen {
            command.env("DISPLAY", &screen.display);
        }
    };
    if let Some(file) = check {
        take_picture(file, environment, &interrupted)?;
        println!("The first view is in {}", file.display());
        return Ok(());
    }
    match &screen {
        Some(screen) => println!(
            "There is no display: the window opens on a virtual one, DISPLAY={}. Ctrl+C ends it.",
            screen.display
        ),
        None => println!("Opening the window on the profile {}. Ctrl+C ends it.", profile.display()),
    }
    let mut command = shell::command(place::built("homing-app")?)?;
    environment(&mut command);
    let mut app = Running::start(&mut command)?;
    match wait(&interrupted, || app.ended())? {
        None => println!("\nEnding the app and the relay. All that was written is kept for the next run."),
        Some(status) if status.success() => println!("The app was closed."),
        Some(status) => bail!("the app failed: {status}"),
    }
    Ok(())
}

/// What the terminal's Ctrl+C, or a request to end, sends from now on instead of ending this process: what it has
/// started would be left behind.
fn interruptions() -> Result<Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    // Whoever listens no more is ending.
    ctrlc::set_handler(move || {
        let _ = sender.send(());
    })?;
    Ok(receiver)
}

/// Waits for what `look` finds; nothing if it was interrupted before.
fn wait<T>(interrupted: &Receiver<()>, mut look: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    loop {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        match interrupted.recv_timeout(LOOK_EVERY) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Starts the relay and waits for the line that says where it listens.
///
/// The port is kept from run to run: the profile remembers the address of its relay.
fn start_relay(folder: &Path) -> Result<(Running, String)> {
    let remembered = folder.join("relay-port");
    let port = fs::read_to_string(&remembered).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_or(0, |_| port);
    let mut command = shell::command(place::built("homing-relay")?)?;
    command.arg("--listen").arg(format!("127.0.0.1:{port}")).arg("--data").arg(folder.join("relay"));
    let mut running = Running::start(command.stdout(Stdio::piped()))?;
    let output = running.take_output().context("the relay has no output")?;

    let mut line = String::new();
    let mut output = BufReader::new(output);
    output.read_line(&mut line)?;
    let address = listening(&line).with_context(|| format!("the relay did not start: {line}"))?;
    if let Some((_, port)) = address.rsplit_once(':') {
        fs::write(remembered, port)?;
    }
    // It says nothing more on stdout; reading on keeps the pipe open for as long as it lives.
    thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Ok((running, address))
}

/// The address in the relay's first line.
fn listening(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(line.get("listening")?.as_str()?.to_owned())
}

/// Opens the app under a driver and saves what its first view looks like.
fn take_picture(file: &Path, environment: impl Fn(&mut Command), interrupted: &Receiver<()>) -> Result<()> {
    let app = place::built("homing-app")?;
    let (_driver, port) = screen::driver(environment)?;
    let taking = thread::spawn(move || first_view(port, &app));
    if wait(interrupted, || Ok(taking.is_finished().then_some(())))?.is_none() {
        bail!("interrupted before there was a picture");
    }
    let picture = taking.join().map_err(|_| anyhow!("taking the picture panicked"))??;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, picture).with_context(|| format!("{} can't be written", file.display()))
}

fn first_view(port: u16, app: &Path) -> Result<Vec<u8>> {
    let session = Session::open(port, app)?;
    session.wait_rendered()?;
    let picture = session.picture()?;
    session.close()?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relays_first_line_says_where_it_listens() {
        assert_eq!(
            listening(r#"{"listening":"http://127.0.0.1:4010"}"#).as_deref(),
            Some("http://127.0.0.1:4010")
        );
        assert_eq!(listening("error: the address is in use"), None);
    }

    #[test]
    fn what_has_ended_is_not_waited_for() {
        let (_open, nothing) = mpsc::channel();
        assert_eq!(wait(&nothing, || Ok(Some(7))).unwrap(), Some(7));
        assert!(wait(&nothing, || -> Result<Option<()>> { bail!("it can't be looked at") }).is_err());
    }

    /// The screen used to hear Ctrl+C first, and the app without a screen was called a failure.
    #[cfg(unix)]
    #[test]
    fn ctrl_c_is_for_this_process_alone_and_ends_the_wait() {
        use rustix::process::{Pid, Signal, getpgid, getpid, kill_process};
        let interrupted = interruptions().unwrap();
        let mut program = Running::start(Command::new("sleep").arg("600")).unwrap();
        let group = getpgid(Pid::from_raw(i32::try_from(program.id()).unwrap())).unwrap();
        assert_ne!(group, getpgid(None).unwrap(), "the terminal's signal goes to this process's group");
        kill_process(getpid(), Signal::INT).unwrap();
        assert!(
            wait(&interrupted, || program.ended()).unwrap().is_none(),
            "it was ended before its owner said so"
        );
    }
}

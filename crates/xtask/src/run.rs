//! `cargo xtask run`: a relay and the app, on data that can be thrown away.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::screen::{self, Running, Screen};
use crate::setup::{self, For};
use crate::webdriver::Session;
use crate::{place, shell};

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

    let folder = place::cache()?.join("run");
    fs::create_dir_all(&folder)?;
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
    match check {
        Some(file) => {
            take_picture(file, environment)?;
            println!("The first view is in {}", file.display());
        }
        None => {
            match &screen {
                Some(screen) => println!(
                    "There is no display: the window opens on a virtual one, DISPLAY={}. Ctrl+C ends it.",
                    screen.display
                ),
                None => println!("Opening the window on the profile {}", profile.display()),
            }
            let mut app = shell::command(place::built("homing-app")?)?;
            environment(&mut app);
            shell::run(&mut app)?;
        }
    }
    Ok(())
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
    let mut child = command.stdout(Stdio::piped()).spawn().context("the relay does not start")?;
    let output = child.stdout.take().context("the relay has no output")?;
    let running = Running::new(child);

    let mut line = String::new();
    let mut output = BufReader::new(output);
    output.read_line(&mut line)?;
    let address = listening(&line).with_context(|| format!("the relay did not start: {line}"))?;
    if let Some((_, port)) = address.rsplit_once(':') {
        fs::write(remembered, port)?;
    }
    // It says nothing more on stdout; reading on keeps the pipe open for as long as it lives.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Ok((running, address))
}

/// The address in the relay's first line.
fn listening(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(line.get("listening")?.as_str()?.to_owned())
}

/// Opens the app under a driver and saves what its first view looks like.
fn take_picture(file: &Path, environment: impl Fn(&mut Command)) -> Result<()> {
    let (_driver, port) = screen::driver(environment)?;
    let session = Session::open(port, &place::built("homing-app")?)?;
    session.wait_rendered()?;
    let picture = session.picture()?;
    session.close()?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, picture).with_context(|| format!("{} can't be written", file.display()))
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
}

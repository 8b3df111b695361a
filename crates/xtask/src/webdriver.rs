//! As much of WebDriver as taking a picture and timing a start need.
//!
//! The tests of the window have a full client; it would make xtask, which everybody builds first, three
//! times as big.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// A cold start on a busy machine; a warm one takes half a second.
const WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// True once the app has rendered something to read, or what it says if it could not start. Two frames later,
/// for the first may be the one before.
const RENDERED: &str = "const done = arguments[arguments.length - 1];
    const app = document.querySelector('#app');
    if (!app || app.innerText.trim() === '') done(false);
    else if (app.querySelector('[data-phase=failed]')) done(app.innerText);
    else requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";

/// A session with an app that the driver has started.
pub struct Session {
    port: u16,
    path: String,
}

impl Session {
    /// Lets the driver on `port` open `app`.
    pub fn open(port: u16, app: &Path) -> Result<Self> {
        wait_for_driver(port)?;
        let wanted = json!({ "webkitgtk:browserOptions": { "binary": app, "args": [] } });
        let answer =
            request(port, "POST", "/session", Some(json!({ "capabilities": { "alwaysMatch": wanted } })))?;
        let id = answer.get("sessionId").and_then(Value::as_str).context("the driver opened no session")?;
        Ok(Self { port, path: format!("/session/{id}") })
    }

    /// Waits until the first view has rendered.
    pub fn wait_rendered(&self) -> Result<()> {
        let deadline = Instant::now() + WITHIN;
        let script = json!({ "script": RENDERED, "args": [] });
        loop {
            match self.ask("POST", "/execute/async", Some(script.clone()))? {
                Value::Bool(true) => return Ok(()),
                Value::String(failure) => bail!("the app shows: {failure}"),
                _ if Instant::now() > deadline => bail!("the app rendered nothing"),
                _ => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    /// Runs a script that says itself when it is done, and gives its answer.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.run_with(script, &[])
    }

    /// Runs it with arguments, which stand before the one it is done by.
    pub fn run_with(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.ask("POST", "/execute/async", Some(json!({ "script": script, "args": arguments })))
    }

    /// The window as a PNG file.
    pub fn picture(&self) -> Result<Vec<u8>> {
        let answer = self.ask("GET", "/screenshot", None)?;
        let text = answer.as_str().context("the driver gave no picture")?;
        Ok(BASE64.decode(text.as_bytes())?)
    }

    /// Closes the app.
    pub fn close(self) -> Result<()> {
        self.ask("DELETE", "", None).map(drop)
    }

    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
        request(self.port, method, &format!("{}{path}", self.path), body)
    }
}

/// Waits until the driver listens.
pub fn wait_for_driver(port: u16) -> Result<()> {
    let deadline = Instant::now() + WITHIN;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline {
            bail!("the driver does not listen");
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// One request over a connection of its own; the value of the answer.
fn request(port: u16, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(WITHIN))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read_answer(&answer)
}

fn read_answer(answer: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(answer).context("the driver's answer is not text")?;
    let (head, body) = text.split_once("\r\n\r\n").context("the driver broke off")?;
    let mut json: Value = serde_json::from_str(body).context("the driver's answer is not JSON")?;
    let value = json.get_mut("value").map(Value::take).unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the driver refused: {value}");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_gives_its_value() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"value\":true}";
        assert_eq!(read_answer(answer).unwrap(), Value::Bool(true));
    }

    #[test]
    fn a_refusal_and_an_answer_cut_short_are_errors() {
        let refusal = b"HTTP/1.1 500 Oh\r\n\r\n{\"value\":{\"error\":\"session not created\"}}";
        assert!(read_answer(refusal).unwrap_err().to_string().contains("session not created"));
        assert!(read_answer(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}

//! Servers of others that do a part of what the relay does, as floors: NATS passes messages on and keeps nothing, redis
//! makes every write durable and passes nothing on. They are measured where they are installed, in the same run.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::report::{Times, rate};

/// How long a server may take until it answers.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
const NATS: &str = "nats-server";
const REDIS: &str = "redis-server";

/// A server's process; it ends with this value.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// Starts a server that is told its port by an argument; none if it is not installed.
    fn start(program: &str, folder: &Path, arguments: &[&str]) -> Result<Option<Self>> {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        std::fs::create_dir_all(folder)?;
        let mut command = Command::new(program);
        command.current_dir(folder).args(arguments).arg("--port").arg(port.to_string());
        match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(child) => Ok(Some(Self { child, address: format!("127.0.0.1:{port}") })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{program} does not start")),
        }
    }

    async fn connect(&mut self) -> Result<BufReader<TcpStream>> {
        let begin = Instant::now();
        loop {
            match TcpStream::connect(&self.address).await {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    return Ok(BufReader::new(socket));
                }
                Err(error) if begin.elapsed() > STARTS_WITHIN || self.child.try_wait()?.is_some() => {
                    return Err(error).context("a server of others does not answer");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

/// How long messages take to each of the listeners through NATS; none if it is not installed.
pub async fn nats(
    folder: &Path,
    listeners: usize,
    count: usize,
    bytes: usize,
    pause: Duration,
) -> Result<Option<Times>> {
    let Some(mut server) = Server::start(NATS, folder, &["--addr", "127.0.0.1"])? else { return Ok(None) };
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let mut tasks = JoinSet::new();
    for _ in 0..listeners {
        let mut socket = nats_session(&mut server, "SUB fan 1\r\n").await?;
        let heard = heard.clone();
        tasks.spawn(async move {
            let mut message = vec![0; bytes + 2];
            let mut line = String::new();
            while nats_line(&mut socket, &mut line).await.is_ok() {
                if line.starts_with("MSG")
                    && (socket.read_exact(&mut message).await.is_err() || heard.send(Instant::now()).is_err())
                {
                    return;
                }
            }
        });
    }
    let mut writer = nats_session(&mut server, "").await?;
    let mut message = format!("PUB fan {bytes}\r\n").into_bytes();
    message.resize(message.len() + bytes, 7);
    message.extend(b"\r\n");
    let mut times = Times::default();
    for _ in 0..count {
        let begin = Instant::now();
        writer.get_mut().write_all(&message).await?;
        for _ in 0..listeners {
            let at = hears.recv().await.context("listeners are gone")?;
            times.add(at.saturating_duration_since(begin));
        }
        tokio::time::sleep(pause.saturating_sub(begin.elapsed())).await;
    }
    Ok(Some(times))
}

/// A connection on which what was said before has been taken.
async fn nats_session(server: &mut Server, say: &str) -> Result<BufReader<TcpStream>> {
    let mut socket = server.connect().await?;
    let hello = format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\n{say}PING\r\n");
    socket.get_mut().write_all(hello.as_bytes()).await?;
    let mut line = String::new();
    while !line.starts_with("PONG") {
        nats_line(&mut socket, &mut line).await?;
    }
    Ok(socket)
}

/// Reads a line, and answers if it asks whether anybody is there.
async fn nats_line(socket: &mut BufReader<TcpStream>, line: &mut String) -> Result<()> {
    line.clear();
    if socket.read_line(line).await? == 0 {
        bail!("NATS hung up");
    }
    if line.starts_with("PING") {
        socket.get_mut().write_all(b"PONG\r\n").await?;
    }
    Ok(())
}

/// Writes per second into redis streams, each durable before it is answered, with their times; none if it is not installed.
pub async fn redis(
    folder: &Path,
    writers: usize,
    count: usize,
    bytes: usize,
) -> Result<Option<(f64, Times)>> {
    let durable = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::start(REDIS, folder, &durable)? else { return Ok(None) };
    let mut sockets = Vec::new();
    for _ in 0..writers {
        let mut socket = server.connect().await?;
        redis_ask(&mut socket, b"PING\r\n").await?;
        sockets.push(socket);
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, mut socket) in sockets.into_iter().enumerate() {
        let key = format!("log{number}");
        let mut command =
            format!("*5\r\n$4\r\nXADD\r\n${}\r\n{key}\r\n$1\r\n*\r\n$1\r\ne\r\n${bytes}\r\n", key.len())
                .into_bytes();
        command.resize(command.len() + bytes, 7);
        command.extend(b"\r\n");
        tasks.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..count {
                let begin = Instant::now();
                redis_ask(&mut socket, &command).await?;
                times.push(begin.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        });
    }
    let mut times = Times::default();
    while let Some(done) = tasks.join_next().await {
        done??.into_iter().for_each(|time| times.add(time));
    }
    Ok(Some((rate(writers * count, begin.elapsed()), times)))
}

/// One command and its answer: a word, or a text after its length.
async fn redis_ask(socket: &mut BufReader<TcpStream>, command: &[u8]) -> Result<()> {
    socket.get_mut().write_all(command).await?;
    let mut line = String::new();
    socket.read_line(&mut line).await?;
    match line.as_bytes().first() {
        Some(b'+') => Ok(()),
        Some(b'$') => {
            socket.read_line(&mut line).await?;
            Ok(())
        }
        _ => bail!("redis said {line:?}"),
    }
}

//! The relay in a process of its own, under load over real sockets.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use homing_relay::{Config, Relay};
use homing_wire::{ClientFrame, Lane, RelayFrame};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::device::fsyncs;
use crate::load::{Device, Person, Writer};
use crate::others;
use crate::report::{Report, Times, ms, rate, ratio, resident_kib};

const DEVICES: usize = 64;
const WRITES: usize = 150;
const LISTENERS: usize = 200;
const BROADCASTS: usize = 200;
/// Between two broadcasts, so that what is measured is the way and not the queue.
const PAUSE: Duration = Duration::from_millis(50);
const LOG: usize = 100_000;
/// Times the log is read.
const PASSES: usize = 9;
const IDLE: usize = 1_000;

/// Runs a relay until the process is ended.
pub fn serve(folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut config = Config::new(folder);
        // All the load comes from one address, as it never does.
        config.limits.anonymous_burst = 1_000_000;
        config.limits.connections_per_address = 100_000;
        config.limits.frames_per_second = 1_000_000;
        config.limits.frame_burst = 10_000_000;
        let relay = Relay::start(config).await?;
        println!("{}", relay.addr);
        std::future::pending::<()>().await;
        drop(relay);
        Ok(())
    })
}

/// A relay's process; it ends with this value.
pub struct Process {
    child: Child,
    pub host: String,
}

impl Process {
    pub fn start(folder: &Path) -> Result<Self> {
        Self::of("relay-on", &[folder])
    }

    /// This program in another part, which first prints its address.
    pub fn of(part: &str, arguments: &[&Path]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(part)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        Ok(Self { child, host: line.trim().to_owned() })
    }

    fn resident_kib(&self) -> Option<u64> {
        resident_kib(&self.child.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Names of the rows, for `--only`.
pub const ROWS: [&str; 5] = ["writes", "fan-out", "pass-on", "catch-up", "idle"];

pub async fn run(report: &mut Report, folder: &Path, only: Option<&str>) -> Result<()> {
    let process = Process::start(&folder.join("relay"))?;
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for row in ROWS.into_iter().filter(|row| only.is_none_or(|only| only == *row)) {
        match row {
            "writes" => {
                writes(report, &process, &mut rng, folder, DEVICES).await?;
                writes(report, &process, &mut rng, folder, 1).await?;
            }
            "fan-out" => fan_out(report, &process, &mut rng, folder).await?,
            "pass-on" => pass_on(report, &process, &mut rng, folder).await?,
            "catch-up" => catch_up(report, &process, &mut rng).await?,
            _ => idle(report, &process, &mut rng).await?,
        }
    }
    Ok(())
}

/// Durable, acknowledged writes per second, each device one at a time.
async fn writes(
    report: &mut Report,
    process: &Process,
    rng: &mut ChaCha20Rng,
    folder: &Path,
    devices: usize,
) -> Result<()> {
    let mut ready = Vec::new();
    let count = WRITES * if devices == 1 { 8 } else { 1 };
    let mut bytes = 0;
    for _ in 0..devices {
        let mut writer = Writer::new(rng, &[])?;
        writer.write(rng, count);
        let mut device = writer.person.connect(&process.host).await?;
        let entries = std::mem::take(&mut writer.entries);
        device.push(entries.first().context("first op")?).await?;
        bytes = entries.last().map_or(0, Vec::len);
        ready.push((device, entries));
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut device, entries) in ready {
        tasks.spawn(async move {
            let mut times = Vec::new();
            for entry in entries.iter().skip(1) {
                let begin = Instant::now();
                device.push(entry).await?;
                times.push(begin.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        });
    }
    let mut times = Times::default();
    while let Some(done) = tasks.join_next().await {
        done??.into_iter().for_each(|time| times.add(time));
    }
    let per_second = rate(devices * count, begin.elapsed());
    let floor = match others::redis(&folder.join(format!("redis-{devices}")), devices, count, bytes).await? {
        Some((per_second, mut times)) => {
            format!("{per_second:.0}/s, {} for a redis stream with an fsync for each", times.text())
        }
        None => "the fsync probe of this run; redis-server is not installed".to_owned(),
    };
    report.row(
        &format!("relay: durable acknowledged writes, {devices} device(s), one at a time each, 300 B"),
        format!("{per_second:.0}/s, {}", times.text()),
        floor,
        "see the relay's issue",
        None,
    );
    Ok(())
}

/// One writes, two hundred read.
async fn fan_out(report: &mut Report, process: &Process, rng: &mut ChaCha20Rng, folder: &Path) -> Result<()> {
    let (mut times, bytes) = broadcast(process, rng, LISTENERS, PAUSE).await?;
    let floor = others::nats(&folder.join("nats"), LISTENERS, BROADCASTS, bytes, PAUSE).await?;
    let (ratios, floor, met) = match floor {
        Some(mut floor) => {
            let median = ratio(times.percent(50), floor.percent(50));
            let slowest = ratio(times.percent(99), floor.percent(99));
            let text = format!("{} for NATS core, which keeps nothing", floor.text());
            (format!(" ({median:.1}x, {slowest:.1}x)"), text, Some(median <= 2.0 && slowest <= 2.0))
        }
        None => {
            let mut floor = echo(BROADCASTS).await?;
            let text = format!("{} echo over a loopback socket; nats-server is not installed", floor.text());
            (String::new(), text, None)
        }
    };
    report.row(
        &format!("relay: push to {LISTENERS} listeners, durable first"),
        format!("{}{ratios}", times.text()),
        floor,
        "<= 2x NATS core, p50 and p99",
        met,
    );
    Ok(())
}

/// One writes, one reads, one after the other: what the relay adds to a message's way.
async fn pass_on(report: &mut Report, process: &Process, rng: &mut ChaCha20Rng, folder: &Path) -> Result<()> {
    let (mut times, _) = broadcast(process, rng, 1, Duration::ZERO).await?;
    let (mut echoes, mut syncs) = (echo(BROADCASTS).await?, fsyncs(&folder.join("sync"))?);
    let floor = echoes.percent(50) + syncs.percent(50);
    let (times_floor, more) = (ratio(times.percent(50), floor), times.percent(50).saturating_sub(floor));
    report.row(
        "relay: push to one listener, durable first",
        format!("{} ({times_floor:.1}x, {} more)", times.text(), ms(more)),
        format!(
            "{}: an echo over a loopback socket ({}) and an fsync ({})",
            ms(floor),
            ms(echoes.percent(50)),
            ms(syncs.percent(50))
        ),
        "see: send pressed to the other device's screen",
        None,
    );
    Ok(())
}

/// How long entries take from a push to each of those who have their space open, and how large they are.
async fn broadcast(
    process: &Process,
    rng: &mut ChaCha20Rng,
    listeners: usize,
    pause: Duration,
) -> Result<(Times, usize)> {
    let readers = (0..listeners).map(|_| Person::new(rng)).collect::<Result<Vec<_>>>()?;
    let mut sessions = Vec::new();
    for reader in &readers {
        sessions.push(reader.connect(&process.host).await?);
    }
    let mut writer = Writer::new(rng, &readers)?;
    writer.write(rng, BROADCASTS);
    let mut device = writer.person.connect(&process.host).await?;
    let entries = std::mem::take(&mut writer.entries);
    device.push(entries.first().context("first op")?).await?;
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let mut tasks = JoinSet::new();
    for mut listener in sessions {
        listener.send(&ClientFrame::Sub { space: writer.space, on: true }).await?;
        // An answered question behind it: the subscription is there.
        page(&mut listener, &writer, 0).await?;
        let heard = heard.clone();
        tasks.spawn(async move {
            while let Ok(frame) = listener.next().await {
                if matches!(frame, RelayFrame::Event { .. }) && heard.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
    }
    let mut times = Times::default();
    for entry in entries.iter().skip(1) {
        let begin = Instant::now();
        device.push(entry).await?;
        for _ in 0..listeners {
            let at = hears.recv().await.context("listeners are gone")?;
            times.add(at.saturating_duration_since(begin));
        }
        tokio::time::sleep(pause.saturating_sub(begin.elapsed())).await;
    }
    tasks.shutdown().await;
    Ok((times, entries.last().map_or(0, Vec::len)))
}

async fn page(device: &mut Device, writer: &Writer, from: u64) -> Result<(Option<u64>, usize)> {
    let req = device.number();
    let (space, lane) = (writer.space, Lane::All);
    device.send(&ClientFrame::Pull { req, space, from, backwards: false, lane, bytes: u32::MAX }).await?;
    loop {
        match device.next().await? {
            RelayFrame::Page { req: answered, entries, more, .. } if answered == req => {
                let last = entries.last().map(|entry| entry.sequence).filter(|_| more);
                return Ok((last, entries.iter().map(|entry| entry.entry.len()).sum()));
            }
            RelayFrame::Nack { code, .. } => bail!("refused: {code:?}"),
            _ => {}
        }
    }
}

/// A long log, read by somebody who has nothing of it.
async fn catch_up(report: &mut Report, process: &Process, rng: &mut ChaCha20Rng) -> Result<()> {
    let mut writer = Writer::new(rng, &[])?;
    writer.write(rng, LOG);
    let mut device = writer.person.connect(&process.host).await?;
    let entries = std::mem::take(&mut writer.entries);
    device.push_all(&entries).await?;
    let (mut times, mut floors, mut bytes) = (Times::default(), Times::default(), 0);
    // In turn, so that both meet the same machine.
    for _ in 0..PASSES {
        let begin = Instant::now();
        bytes = read_log(&mut device, &writer).await?;
        times.add(begin.elapsed());
        floors.add(loopback(bytes).await?);
    }
    let (time, floor) = (times.percent(50), floors.percent(50));
    let (slowest, fastest) = (times.percent(100), floors.percent(0));
    let ratio_of = ratio(time, floor);
    report.row(
        &format!("relay: catch-up of {LOG} entries, {} MB, median of {PASSES}", bytes / 1_000_000),
        format!("{} ({ratio_of:.1}x), slowest {}", ms(time), ms(slowest)),
        format!("{} for a loopback copy of the same bytes, fastest {}", ms(floor), ms(fastest)),
        "<= 5x",
        Some(ratio_of <= 5.0),
    );
    Ok(())
}

/// Asks for page after page of a log; how many bytes of entries came.
async fn read_log(device: &mut Device, writer: &Writer) -> Result<usize> {
    let (mut from, mut bytes) = (0, 0);
    loop {
        let (next, size) = page(device, writer, from).await?;
        bytes += size;
        match next {
            Some(next) => from = next,
            None => return Ok(bytes),
        }
    }
}

/// Copies bytes over a loopback connection.
async fn loopback(bytes: usize) -> Result<Duration> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let sender = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        let block = vec![5u8; 512 * 1024];
        let mut left = bytes;
        while left > 0 {
            let part = left.min(block.len());
            socket.write_all(block.get(..part).unwrap_or_default()).await?;
            left -= part;
        }
        Ok::<_, std::io::Error>(())
    });
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    let begin = Instant::now();
    let mut buffer = vec![0u8; 512 * 1024];
    while socket.read(&mut buffer).await? > 0 {}
    let time = begin.elapsed();
    sender.await??;
    Ok(time)
}

/// Round trips of a small message over a loopback connection.
pub async fn echo(count: usize) -> Result<Times> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let Ok((mut socket, _)) = listener.accept().await else { return };
        let mut buffer = [0u8; 512];
        while socket.read_exact(&mut buffer).await.is_ok() && socket.write_all(&buffer).await.is_ok() {}
    });
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut times = Times::default();
    let mut buffer = [0u8; 512];
    for _ in 0..count {
        let begin = Instant::now();
        socket.write_all(&buffer).await?;
        socket.read_exact(&mut buffer).await?;
        times.add(begin.elapsed());
    }
    Ok(times)
}

/// What a device that is connected and says nothing costs.
async fn idle(report: &mut Report, process: &Process, rng: &mut ChaCha20Rng) -> Result<()> {
    let mut open = vec![Person::new(rng)?.connect(&process.host).await?];
    let Some(before) = process.resident_kib() else { return Ok(()) };
    for _ in 0..IDLE {
        open.push(Person::new(rng)?.connect(&process.host).await?);
    }
    let after = process.resident_kib().unwrap_or(before);
    let each = after.saturating_sub(before) as f64 / IDLE as f64;
    report.row(
        "relay: memory of an idle connection",
        format!("{each:.1} KB ({IDLE} connections)"),
        "-".to_owned(),
        "<= 16 KB",
        Some(each <= 16.0),
    );
    drop(open);
    Ok(())
}

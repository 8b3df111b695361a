//! One WebSocket: frames in to the committer, frames out from it.
//!
//! One task and small buffers per connection, because most connections idle. Reading waits while the peer has
//! too much unanswered or unread, so a fast writer slows itself and nobody else.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use homing_wire::limits;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::committer::{Command, Committer, Outbox, Outgoing};
use crate::core::{Peer, SessionId};

/// Bytes of a connection's read and write buffers; a longer frame grows them while it passes.
const BUFFER: usize = 2 * 1024;
/// Bytes waiting for the peer beyond which its frames are not read.
const UNREAD: usize = 1024 * 1024;
/// Frames of one connection that may wait for their answer.
const UNANSWERED: usize = 64;
/// What a frame costs besides its bytes, so that many small ones fill the allowance too.
const FRAME_COST: u32 = 64 * 1024;
/// Seconds between pings: below the usual 60 s of proxies and routers.
const PING: Duration = Duration::from_secs(45);
/// Seconds without any sign of the peer after which it is gone.
const SILENCE: Duration = Duration::from_secs(120);
/// Seconds one write may take.
const WRITE: Duration = Duration::from_secs(60);

/// Sets the sizes of a connection before it is upgraded.
pub fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * limits::FRAME)
        .max_message_size(limits::FRAME)
        .max_frame_size(limits::FRAME)
}

/// What a connection needs to know.
pub struct Connection {
    pub session: SessionId,
    pub host: String,
    pub address: IpAddr,
    pub committer: Committer,
    pub push_bytes: u64,
}

/// Serves a connection until one side ends it.
pub async fn serve(mut socket: WebSocket, connection: Connection) {
    let Connection { session, host, address, committer, push_bytes } = connection;
    let (queue, mut outgoing) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox { queue, waiting: Arc::clone(&waiting) };
    if !committer.send(Command::Connect { session, peer: Peer { host, address }, outbox }).await {
        return;
    }
    let allowance = Allowance::new(push_bytes);
    let mut heard = Instant::now();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let reads = waiting.load(Relaxed) < UNREAD && allowance.has_room();
        tokio::select! {
            biased;
            out = outgoing.recv() => match out {
                Some(Outgoing::Frame(frame)) => {
                    let length = frame.len();
                    if !write(&mut socket, Message::Binary(frame)).await {
                        break;
                    }
                    waiting.fetch_sub(length, Relaxed);
                }
                Some(Outgoing::Close) | None => {
                    write(&mut socket, Message::Close(None)).await;
                    break;
                }
            },
            () = allowance.room(), if !allowance.has_room() => {}
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE || !write(&mut socket, Message::Ping(Bytes::new())).await {
                    break;
                }
            }
            message = socket.recv(), if reads => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    heard = Instant::now();
                    let permit = allowance.take(bytes.len()).await;
                    let Some(permit) = permit else { break };
                    if !committer.send(Command::Frame { session, bytes, permit }).await {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => heard = Instant::now(),
                Some(Ok(Message::Text(_) | Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    committer.send(Command::Disconnect { session }).await;
}

async fn write(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(WRITE, socket.send(message)).await, Ok(Ok(())))
}

/// What a connection may have unanswered, in bytes and frames.
struct Allowance {
    bytes: Arc<Semaphore>,
    all: u32,
}

impl Allowance {
    fn new(push_bytes: u64) -> Self {
        let least = FRAME_COST.saturating_mul(u32::try_from(UNANSWERED).unwrap_or(u32::MAX));
        let all = u32::try_from(push_bytes).unwrap_or(u32::MAX / 8).clamp(least, u32::MAX / 8);
        Self { bytes: Arc::new(Semaphore::new(usize::try_from(all).unwrap_or(usize::MAX >> 4))), all }
    }

    fn has_room(&self) -> bool {
        self.bytes.available_permits() > 0
    }

    /// Resolves when something was answered.
    async fn room(&self) {
        drop(self.bytes.acquire().await);
    }

    /// Takes a frame's share; a frame larger than what is left waits for the answers before it.
    async fn take(&self, bytes: usize) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let cost = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(FRAME_COST).min(self.all);
        Arc::clone(&self.bytes).acquire_many_owned(cost).await.ok()
    }
}

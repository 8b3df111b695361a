//! One WebSocket: its frames go into the open transaction, its answers leave by its pipe.
//!
//! One task and small buffers per connection, because most connections idle. Nothing is read while the peer has too much
//! unread, so one that asks much and reads little slows itself and nobody else.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use homing_wire::limits;
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::committer::Hub;
use super::http::Presence;
use super::pipe::{Ends, Pipe};
use crate::core::{Peer, SessionId};

/// Bytes of a connection's read buffer; a longer frame grows it while it passes.
const BUFFER: usize = 2 * 1024;
/// Bytes waiting for the peer beyond which its frames are not read.
const UNREAD: usize = 1024 * 1024;
/// Frames of one connection after which it is the others' turn.
const TURN: usize = 64;
/// Seconds between pings: below the usual 60 s of proxies and routers.
const PING: Duration = Duration::from_secs(45);
/// Seconds without any sign of the peer after which it is gone.
const SILENCE: Duration = Duration::from_secs(120);

/// A connection that became a WebSocket.
pub struct Opened {
    pub session: SessionId,
    pub host: String,
    pub address: IpAddr,
    pub stream: std::net::TcpStream,
    /// What was read behind the request.
    pub early: Bytes,
    /// Counts the connection for as long as it is open.
    pub presence: Presence,
}

/// Serves a connection until one side ends it.
pub async fn serve(hub: Rc<Hub>, opened: Box<Opened>) {
    let Opened { session, host, address, stream, early, presence } = *opened;
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!("a connection could not be taken over: {error}"),
    };
    let pipe = Rc::new(Pipe::new(stream));
    if hub.enter(session, Peer { host, address }, &pipe) {
        // A copy: they lie in the large buffer that the request was read into, which would stay.
        let read = early.to_vec();
        drop(early);
        talk(&hub, session, &pipe, read).await;
    }
    hub.leave(session);
    drop(presence);
}

async fn talk(hub: &Hub, session: SessionId, pipe: &Rc<Pipe>, early: Vec<u8>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(limits::FRAME))
        .max_frame_size(Some(limits::FRAME));
    let ends = Ends(Rc::clone(pipe));
    let mut socket = WebSocketStream::from_partially_read(ends, early, Role::Server, Some(config)).await;
    let mut heard = Instant::now();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = 0;
    while !pipe.ended() {
        let waiting = pipe.waiting();
        tokio::select! {
            biased;
            () = pipe.write_more(), if waiting > 0 => {}
            () = pipe.changed() => {}
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE || socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
            }
            message = socket.next(), if waiting < UNREAD => match message {
                Some(Ok(Message::Binary(frame))) => {
                    heard = Instant::now();
                    hub.take(session, &frame);
                    turn += 1;
                    if turn % TURN == 0 {
                        yield_now().await;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => heard = Instant::now(),
                Some(Ok(Message::Text(_) | Message::Close(_) | Message::Frame(_)) | Err(_)) | None => return,
            },
        }
    }
}

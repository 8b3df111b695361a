//! The WebSocket to the relay: binary messages in and out, kept alive, with bounded buffers.
//!
//! A link is one connection. It ends for good when anything goes wrong; the core decides when to open the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use homing_wire::limits;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::thread::{LinkNews, Message};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(20);
/// A relay that says nothing for so long, not even to a ping, is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes of frames the core has not taken yet; the socket is not read beyond that.
const UNREAD_BYTES: usize = 8 * limits::FRAME;
/// Bytes of frames that wait to be written; a relay that takes no more than that is gone.
const UNSENT_BYTES: usize = 64 * limits::FRAME;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One connection to the relay, from the moment it is wanted. Dropped, it is cut.
pub(super) struct Link {
    pub number: u64,
    frames: Option<mpsc::UnboundedSender<Vec<u8>>>,
    unsent: Arc<AtomicUsize>,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// Opens the socket of the relay at this address and reports what happens on it.
    pub fn open(runtime: &Handle, number: u64, address: &str, report: std_mpsc::Sender<Message>) -> Self {
        let (frames, to_send) = mpsc::unbounded_channel();
        let unsent = Arc::new(AtomicUsize::new(0));
        let report = Report { number, to: report };
        let task = runtime.spawn(run(socket_url(address), to_send, Arc::clone(&unsent), report));
        Self { number, frames: Some(frames), unsent, task: Some(task) }
    }

    /// Queues a frame. False: the relay has not taken what was queued before, or the link has ended.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        let waiting = self.unsent.fetch_add(frame.len(), Ordering::Relaxed);
        waiting <= UNSENT_BYTES && self.frames.as_ref().is_some_and(|frames| frames.send(frame).is_ok())
    }

    /// Lets what is queued leave, then closes; the task that does it.
    pub fn finish(mut self) -> Option<JoinHandle<()>> {
        self.frames = None;
        self.task.take()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// `http://host` becomes `ws://host/v1/sync`, `https://host` becomes `wss://host/v1/sync`.
fn socket_url(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = match scheme {
        "http" => "ws",
        "https" => "wss",
        _ => return None,
    };
    Some(format!("{scheme}://{}/v1/sync", rest.trim_end_matches('/')))
}

struct Report {
    number: u64,
    to: std_mpsc::Sender<Message>,
}

impl Report {
    fn say(&self, news: LinkNews) -> bool {
        self.to.send(Message::Link(self.number, news)).is_ok()
    }
}

async fn run(
    url: Option<String>,
    mut to_send: mpsc::UnboundedReceiver<Vec<u8>>,
    unsent: Arc<AtomicUsize>,
    report: Report,
) {
    if let Some(url) = url
        && let Some(stream) = connect(&url).await
        && report.say(LinkNews::Opened)
    {
        let (sink, stream) = stream.split();
        tokio::select! {
            () = write(sink, &mut to_send, &unsent) => {}
            () = read(stream, &report) => {}
        }
    }
    report.say(LinkNews::Closed);
}

async fn connect(url: &str) -> Option<Stream> {
    // An error means that another part of this process has installed one already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let config =
        WebSocketConfig::default().max_message_size(Some(limits::FRAME)).max_frame_size(Some(limits::FRAME));
    match timeout(CONNECT_WITHIN, connect_async_with_config(url, Some(config), true)).await {
        Ok(Ok((stream, _))) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the relay can't be reached");
            None
        }
        Err(_) => None,
    }
}

/// Writes frames and pings until the queue is closed and empty, or the relay takes no more.
async fn write(
    mut sink: SplitSink<Stream, WsMessage>,
    to_send: &mut mpsc::UnboundedReceiver<Vec<u8>>,
    unsent: &AtomicUsize,
) {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            frame = to_send.recv() => match frame {
                Some(frame) => timeout(SILENCE, write_all(&mut sink, frame, to_send, unsent)).await,
                None => {
                    drop(timeout(CONNECT_WITHIN, sink.close()).await);
                    return;
                }
            },
            _ = pings.tick() => timeout(SILENCE, sink.send(WsMessage::Ping(Vec::new().into()))).await,
        };
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

/// Writes a frame and those that are already queued behind it with one flush.
async fn write_all(
    sink: &mut SplitSink<Stream, WsMessage>,
    first: Vec<u8>,
    to_send: &mut mpsc::UnboundedReceiver<Vec<u8>>,
    unsent: &AtomicUsize,
) -> Result<(), WsError> {
    let mut next = Some(first);
    while let Some(frame) = next {
        unsent.fetch_sub(frame.len(), Ordering::Relaxed);
        sink.feed(WsMessage::Binary(frame.into())).await?;
        next = to_send.try_recv().ok();
    }
    sink.flush().await
}

/// Hands frames to the core until the relay closes, says nothing for long, or breaks the protocol.
async fn read(mut stream: SplitStream<Stream>, report: &Report) {
    let room = Arc::new(Semaphore::new(UNREAD_BYTES));
    while let Ok(Some(Ok(message))) = timeout(SILENCE, stream.next()).await {
        match message {
            WsMessage::Binary(bytes) => {
                let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let Ok(permit) = Arc::clone(&room).acquire_many_owned(size).await else { return };
                if !report.say(LinkNews::Frame(bytes.into(), permit)) {
                    return;
                }
            }
            WsMessage::Ping(_) | WsMessage::Pong(_) => {}
            WsMessage::Text(_) | WsMessage::Close(_) | WsMessage::Frame(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn only_addresses_of_the_web_have_a_socket() {
        assert_eq!(socket_url("http://[::1]:8080").as_deref(), Some("ws://[::1]:8080/v1/sync"));
        assert_eq!(socket_url("https://relay.example/").as_deref(), Some("wss://relay.example/v1/sync"));
        assert_eq!(socket_url("https://a.example/homing").as_deref(), Some("wss://a.example/homing/v1/sync"));
        assert_eq!(socket_url("file:///etc/passwd"), None);
        assert_eq!(socket_url("relay.example"), None);
    }

    async fn next(news: &std_mpsc::Receiver<Message>) -> LinkNews {
        loop {
            match news.try_recv() {
                Ok(Message::Link(7, news)) => return news,
                Ok(_) => panic!("not news of this link"),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    #[tokio::test]
    async fn frames_go_both_ways_and_a_finished_link_sends_what_is_queued() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (report, news) = std_mpsc::channel();
        let link = Link::open(&Handle::current(), 7, &address, report);

        let (tcp, _) = listener.accept().await.unwrap();
        let mut relay = tokio_tungstenite::accept_async(tcp).await.unwrap();
        assert!(matches!(next(&news).await, LinkNews::Opened));
        relay.send(WsMessage::Binary(b"from the relay".to_vec().into())).await.unwrap();
        let LinkNews::Frame(bytes, _permit) = next(&news).await else { panic!("no frame") };
        assert_eq!(bytes, b"from the relay");

        assert!(link.send(b"one".to_vec()) && link.send(b"two".to_vec()));
        let finished = link.finish();
        let mut got = Vec::new();
        while let Some(Ok(message)) = relay.next().await {
            if let WsMessage::Binary(bytes) = message {
                got.push(bytes.to_vec());
            }
        }
        assert_eq!(got, [b"one".to_vec(), b"two".to_vec()]);
        finished.unwrap().await.unwrap();
        assert!(matches!(next(&news).await, LinkNews::Closed));
    }

    #[tokio::test]
    async fn a_message_over_the_limit_ends_the_link() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (report, news) = std_mpsc::channel();
        let _link = Link::open(&Handle::current(), 7, &address, report);

        let (tcp, _) = listener.accept().await.unwrap();
        let mut relay = tokio_tungstenite::accept_async(tcp).await.unwrap();
        assert!(matches!(next(&news).await, LinkNews::Opened));
        drop(relay.send(WsMessage::Binary(vec![0; limits::FRAME + 1].into())).await);
        assert!(matches!(next(&news).await, LinkNews::Closed));
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_closed_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let (report, news) = std_mpsc::channel();
        let _link = Link::open(&Handle::current(), 7, &address, report);
        assert!(matches!(next(&news).await, LinkNews::Closed));
    }
}

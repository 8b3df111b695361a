//! A connection's way out: everything that leaves for a device stands in one queue, whole frames only.
//!
//! What the commit releases is written to the socket at once, from where it was released, without waking anybody. What
//! the socket does not take then is written by the session when there is room. The WebSocket's own answers (pong, close)
//! go into the same queue, so frames never mix.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long a socket may take nothing of what waits for it.
const WRITE: Duration = Duration::from_secs(60);
/// Pieces handed to the system at once.
const AT_ONCE: usize = 16;
/// First byte of a whole binary message, and of a goodbye.
const BINARY: u8 = 0x82;
const CLOSE: [u8; 2] = [0x88, 0];
/// Lengths from which a frame's head has two, and eight, bytes more.
const SHORT: usize = 126;
const LONG: usize = 1 << 16;

/// A socket and what waits to be written to it.
#[derive(Debug)]
pub struct Pipe {
    stream: TcpStream,
    out: RefCell<Out>,
    /// Something changed that the session has to look at.
    changed: Notify,
    closing: Cell<bool>,
    broken: Cell<bool>,
}

#[derive(Debug, Default)]
struct Out {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that have left.
    left: usize,
    waiting: usize,
    /// When the socket took something last.
    moved: Option<Instant>,
}

/// A frame's head and its content.
#[derive(Debug)]
struct Piece {
    head: [u8; 10],
    head_len: usize,
    body: Bytes,
}

impl Piece {
    /// A binary message in one frame, as a server sends it: unmasked.
    fn message(body: Bytes) -> Self {
        let mut head = [BINARY, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes();
        let [.., high, low] = length;
        let head_len = match body.len() {
            ..SHORT => {
                head[1] = low;
                2
            }
            SHORT..LONG => {
                head[1] = 126;
                head[2] = high;
                head[3] = low;
                4
            }
            LONG.. => {
                head[1] = 127;
                head[2..].copy_from_slice(&length);
                10
            }
        };
        Self { head, head_len, body }
    }

    fn raw(body: Bytes) -> Self {
        Self { head: [0; 10], head_len: 0, body }
    }

    fn len(&self) -> usize {
        self.head_len.saturating_add(self.body.len())
    }

    /// What of it has not left when `left` bytes have.
    fn rest(&self, left: usize) -> (&[u8], &[u8]) {
        let head = self.head.get(left.min(self.head_len)..self.head_len).unwrap_or_default();
        let body = self.body.get(left.saturating_sub(self.head_len)..).unwrap_or_default();
        (head, body)
    }
}

impl Out {
    fn push(&mut self, piece: Piece) {
        self.waiting = self.waiting.saturating_add(piece.len());
        self.pieces.push_back(piece);
    }

    fn took(&mut self, bytes: usize) {
        self.waiting = self.waiting.saturating_sub(bytes);
        self.left = self.left.saturating_add(bytes);
        while let Some(first) = self.pieces.front() {
            let Some(left) = self.left.checked_sub(first.len()) else { return };
            self.left = left;
            self.pieces.pop_front();
        }
        // A connection that idles keeps no room.
        self.pieces.shrink_to(0);
    }
}

impl Pipe {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            out: RefCell::default(),
            changed: Notify::new(),
            closing: Cell::new(false),
            broken: Cell::new(false),
        }
    }

    /// Puts a frame behind what waits already. [`Pipe::flush`] writes it.
    pub fn push(&self, frame: Bytes) {
        if !self.closing.get() {
            self.out.borrow_mut().push(Piece::message(frame));
        }
    }

    /// Nothing follows what waits, but a goodbye.
    pub fn close(&self) {
        if !self.closing.replace(true) {
            self.out.borrow_mut().push(Piece::raw(Bytes::from_static(&CLOSE)));
            self.changed.notify_one();
        }
    }

    /// Gives the connection up with whatever waits.
    pub fn give_up(&self) {
        self.broken.set(true);
        self.changed.notify_one();
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.out.borrow().waiting
    }

    /// True when there is nothing more to do on this connection.
    pub fn ended(&self) -> bool {
        self.broken.get() || (self.closing.get() && self.waiting() == 0)
    }

    /// Resolves when something changed that [`Pipe::ended`] or [`Pipe::waiting`] tells.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Writes what the socket takes now; the session is told of what it does not.
    pub fn flush(&self) {
        self.write_some();
        if self.waiting() > 0 {
            self.changed.notify_one();
        }
    }

    fn write_some(&self) {
        let mut out = self.out.borrow_mut();
        while out.waiting > 0 && !self.broken.get() {
            let mut slices = [IoSlice::new(&[]); 2 * AT_ONCE];
            let mut left = out.left;
            for (piece, pair) in out.pieces.iter().zip(slices.chunks_exact_mut(2)) {
                let (head, body) = piece.rest(left);
                if let [first, second] = pair {
                    (*first, *second) = (IoSlice::new(head), IoSlice::new(body));
                }
                left = 0;
            }
            match self.stream.try_write_vectored(&slices) {
                Ok(0) => self.broken.set(true),
                Ok(written) => {
                    out.took(written);
                    out.moved = Some(Instant::now());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.broken.set(true),
            }
        }
        out.moved = None;
    }

    /// Waits until the socket has room and writes what it takes; one that takes nothing for too long is given up.
    pub async fn write_more(&self) {
        let since = *self.out.borrow_mut().moved.get_or_insert_with(Instant::now);
        match timeout_at(since + WRITE, self.stream.writable()).await {
            Ok(Ok(())) => self.write_some(),
            Ok(Err(_)) | Err(_) => self.broken.set(true),
        }
    }
}

/// What the WebSocket reads from, and writes its own answers to.
#[derive(Debug)]
pub struct Ends(pub Rc<Pipe>);

impl AsyncRead for Ends {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read(buf.initialize_unfilled()) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Ends {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.0.closing.get() || self.0.broken.get() {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        self.0.out.borrow_mut().push(Piece::raw(Bytes::copy_from_slice(bytes)));
        self.0.flush();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    async fn pair() -> (Pipe, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Pipe::new(listener.accept().await.unwrap().0), peer)
    }

    async fn written(pipe: &Pipe) {
        while pipe.waiting() > 0 && !pipe.ended() {
            pipe.write_more().await;
        }
    }

    #[tokio::test]
    async fn frames_of_every_length_arrive_whole_and_in_order_through_a_full_socket() {
        use futures_util::StreamExt as _;
        let (pipe, peer) = pair().await;
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 900_000];
        let frame = |round: usize, length: usize| Bytes::from(vec![u8::try_from(round).unwrap(); length]);
        for round in 0..20 {
            for length in lengths {
                pipe.push(frame(round, length));
            }
        }
        pipe.flush();
        assert!(pipe.waiting() > 0, "more than a socket takes");
        let read = async {
            let mut socket = WebSocketStream::from_raw_socket(peer, Role::Client, None).await;
            for round in 0..20 {
                for length in lengths {
                    let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() else {
                        panic!("not binary")
                    };
                    assert_eq!(bytes, frame(round, length));
                }
            }
            assert!(matches!(socket.next().await, Some(Ok(Message::Close(None)))));
        };
        let write = async {
            written(&pipe).await;
            pipe.close();
            pipe.push(Bytes::from_static(b"after the goodbye"));
            pipe.flush();
        };
        tokio::join!(read, write);
        assert!(pipe.ended());
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_breaks_it() {
        let (pipe, mut peer) = pair().await;
        pipe.push(Bytes::from_static(b"one"));
        pipe.flush();
        let mut buffer = [0; 5];
        peer.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"\x82\x03one");
        assert!(!pipe.ended());
        drop(peer);
        while !pipe.ended() {
            pipe.push(Bytes::from(vec![0; 100_000]));
            written(&pipe).await;
        }
    }
}

//! A man in the middle who copies everything between a device and the relay.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A place to connect to instead of the relay.
pub struct Tap {
    pub address: String,
    copies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    pub async fn before(relay: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let target = relay.trim_start_matches("http://").to_owned();
        let copies = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&copies);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = TcpStream::connect(&target).await.unwrap().into_split();
                tokio::spawn(copy(near_read, far_write, Arc::clone(&all)));
                tokio::spawn(copy(far_read, near_write, Arc::clone(&all)));
            }
        });
        Self { address, copies }
    }

    /// All that was said, one stream after the other, as sent and with the masks of WebSocket frames taken off.
    pub fn said(&self) -> Vec<Vec<u8>> {
        let copies = self.copies.lock().unwrap().clone();
        let unmasked = copies.iter().map(|stream| unmask(stream)).collect::<Vec<_>>();
        copies.into_iter().chain(unmasked).collect()
    }
}

async fn copy(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    copies: Arc<Mutex<Vec<Vec<u8>>>>,
) {
    let mine = {
        let mut copies = copies.lock().unwrap();
        copies.push(Vec::new());
        copies.len() - 1
    };
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await
        && read > 0
    {
        copies.lock().unwrap()[mine].extend(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await);
}

/// The payloads of the WebSocket frames after the handshake (RFC 6455, 5.2); nothing if it is no WebSocket.
fn unmask(stream: &[u8]) -> Vec<u8> {
    let mut payloads = Vec::new();
    let Some(end) = stream.windows(4).position(|window| window == b"\r\n\r\n") else { return payloads };
    let mut rest = &stream[end + 4..];
    while let [_, second, after @ ..] = rest {
        let (length, after) = match (second & 0x7f, after) {
            (126, [a, b, after @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), after),
            (127, [a, b, c, d, e, f, g, h, after @ ..]) => {
                let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                (usize::try_from(length).unwrap_or(usize::MAX), after)
            }
            (length, after) => (usize::from(length), after),
        };
        let (mask, after) = match (second & 0x80, after) {
            (0, after) => ([0; 4], after),
            (_, [a, b, c, d, after @ ..]) => ([*a, *b, *c, *d], after),
            _ => return payloads,
        };
        let Some(payload) = after.get(..length) else { return payloads };
        payloads.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        rest = &after[length..];
    }
    payloads
}

#[test]
fn masks_are_taken_off() {
    let mut stream = b"GET / HTTP/1.1\r\n\r\n".to_vec();
    stream.extend([0x82, 0x83, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2, b'c' ^ 3]);
    stream.extend([0x82, 0x02, b'd', b'e']);
    assert_eq!(unmask(&stream), b"abcde");
}

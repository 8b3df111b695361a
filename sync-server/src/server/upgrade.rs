//! From an HTTP request to the bare socket of a WebSocket (RFC 6455, section 4.2).
//!
//! The socket leaves the runtime that serves HTTP: its session lives in the committer's event loop.

use std::io;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A request that may become a WebSocket.
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    on_upgrade: OnUpgrade,
}

impl Upgrade {
    /// Checks what a request asks for; an error is what to answer.
    pub fn of(request: &mut Request<Body>) -> Result<Self, StatusCode> {
        let headers = request.headers();
        if !names(headers, header::CONNECTION, "upgrade") || !names(headers, header::UPGRADE, "websocket") {
            return Err(StatusCode::UPGRADE_REQUIRED);
        }
        let version = headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
        let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
        if version != Some(b"13") {
            return Err(StatusCode::BAD_REQUEST);
        }
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
        let accept = accept.map_err(|_| StatusCode::BAD_REQUEST)?;
        let on_upgrade = request.extensions_mut().remove().ok_or(StatusCode::UPGRADE_REQUIRED)?;
        Ok(Self { accept, on_upgrade })
    }

    /// The answer that makes the connection a WebSocket.
    pub fn answer(&self) -> Response {
        let headers = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, self.accept.clone()),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    }

    /// The socket, free of the runtime it was accepted in, and what was read from it beyond the request.
    pub async fn done(self) -> io::Result<(std::net::TcpStream, Bytes)> {
        let upgraded = self.on_upgrade.await.map_err(io::Error::other)?;
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().map_err(|_| io::ErrorKind::Unsupported)?;
        Ok((parts.io.into_inner().into_std()?, parts.read_buf))
    }
}

/// True if a header's list has this word.
fn names(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let lists = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Result<Upgrade, StatusCode> {
        let mut request = Request::new(Body::empty());
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        Upgrade::of(&mut request)
    }

    #[test]
    fn only_a_whole_request_becomes_a_websocket() {
        let (connection, upgrade) = (("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"));
        let (version, key) =
            (("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
        let code = |headers: &[_]| asked(headers).unwrap_err();
        assert_eq!(code(&[]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(code(&[connection, version, key]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(code(&[upgrade, version, key]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(code(&[connection, upgrade, version]), StatusCode::BAD_REQUEST);
        assert_eq!(code(&[connection, upgrade, key]), StatusCode::BAD_REQUEST);
        assert_eq!(
            code(&[connection, upgrade, ("sec-websocket-version", "8"), key]),
            StatusCode::BAD_REQUEST
        );
        // All is there, but the connection behind it can't change its protocol.
        assert_eq!(code(&[connection, upgrade, version, key]), StatusCode::UPGRADE_REQUIRED);
    }
}

//! What travels on a profile's local socket: JSON, one message per line.
//!
//! A client says hello and hears hello back once the core's thread answered; then it makes calls, which are answered
//! in any order, and may ask to watch. An owner that ends says so last: a call without an answer before that line
//! was never begun, so the client may make it elsewhere.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::api::{ApiError, Call, Event};

/// Version of these lines.
pub(super) const VERSION: u32 = 1;
/// Bytes of a line: a 50 MB attachment in base64 and what belongs to it.
const LINE: u64 = 80 * 1024 * 1024;

/// What a client says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientLine {
    Hello {
        version: u32,
    },
    /// Answered by [`OwnerLine::Ok`] or [`OwnerLine::Error`] with this id.
    Call {
        id: u64,
        #[serde(flatten)]
        call: Call,
    },
    /// From now on, events.
    Watch {},
}

/// What the owner says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnerLine {
    Hello { version: u32 },
    Ok { id: u64, answer: Box<RawValue> },
    Error { id: u64, error: ApiError },
    Event(Box<Event>),
    Bye {},
}

/// The next line; none at the end. Lines that are too long or of another form are an error.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> io::Result<Option<T>> {
    line.clear();
    from.take(LINE).read_until(b'\n', line).await?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(line)?)),
        Some(_) => Err(io::Error::from(io::ErrorKind::InvalidData)),
    }
}

/// Writes one line.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    to.write_all(&bytes).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Code, ConversationRef, Nothing};

    #[tokio::test]
    async fn lines_come_back_as_they_were_written() {
        let mut bytes = Vec::new();
        let call = Call::Conversation(ConversationRef { conversation: "two\nlines".into() });
        write(&mut bytes, &ClientLine::Call { id: 3, call }).await.unwrap();
        write(&mut bytes, &ClientLine::Call { id: 4, call: Call::Status(Nothing {}) }).await.unwrap();
        write(&mut bytes, &ClientLine::Watch {}).await.unwrap();

        let (mut from, mut line) = (&bytes[..], Vec::new());
        let Some(ClientLine::Call { id: 3, call: Call::Conversation(args) }) =
            read(&mut from, &mut line).await.unwrap()
        else {
            panic!("not the call")
        };
        assert_eq!(args.conversation, "two\nlines");
        assert!(matches!(
            read(&mut from, &mut line).await.unwrap(),
            Some(ClientLine::Call { id: 4, call: Call::Status(_) })
        ));
        assert!(matches!(read(&mut from, &mut line).await.unwrap(), Some(ClientLine::Watch {})));
        assert!(read::<ClientLine>(&mut from, &mut line).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_line_that_was_cut_off_is_an_error() {
        let mut line = Vec::new();
        assert!(read::<OwnerLine>(&mut &b"{\"bye\":{}}"[..], &mut line).await.is_err());
        assert!(read::<OwnerLine>(&mut &b"{\"hello\":{}}\n"[..], &mut line).await.is_err());
    }

    #[test]
    fn an_error_keeps_its_code() {
        let error = ApiError::new(Code::NotFound, "No such conversation.");
        let text = serde_json::to_string(&OwnerLine::Error { id: 1, error }).unwrap();
        assert_eq!(
            text,
            r#"{"error":{"id":1,"error":{"code":"not_found","message":"No such conversation."}}}"#
        );
    }
}

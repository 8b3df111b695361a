//! Why a client ends a session by itself.

use homing_wire::CodecError;

/// A reason to close the socket. None of them carries content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A request, or a step of the handshake, had no answer in time.
    #[error("the relay did not answer in time")]
    Timeout,
    /// Bytes that are no frame.
    #[error("not a frame: {0}")]
    Malformed(#[from] CodecError),
    /// An entry that has no id.
    #[error("not an entry")]
    BadEntry,
    /// An answer nobody asked for, or to something else.
    #[error("an answer to nothing that was asked")]
    UnknownRequest,
    /// Names a space, account or mailbox other than the one asked for.
    #[error("an answer about something else")]
    WrongSubject,
    /// More, or longer, than the protocol allows.
    #[error("too much")]
    TooMuch,
    /// Sequences that don't rise.
    #[error("out of order")]
    OutOfOrder,
    /// A frame that does not belong to this part of the session.
    #[error("out of turn")]
    OutOfTurn,
    /// A protocol version this client doesn't speak.
    #[error("unknown protocol version {0}")]
    UnknownVersion(u32),
    /// Not the pinned relay.
    #[error("the relay's key changed")]
    RelayChanged,
    /// A generation lower than one seen before.
    #[error("the relay's generation went back")]
    GenerationWentBack,
    /// The engine found a head's signature wrong.
    #[error("a head's signature is wrong")]
    BadHead,
    /// The relay said goodbye.
    #[error("the relay closed the session")]
    GoAway,
    /// The network changed; a new socket is faster than waiting for this one to time out.
    #[error("the network changed")]
    NetworkChanged,
}

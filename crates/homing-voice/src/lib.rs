//! Voice notes: what a microphone gives becomes Opus in Ogg (RFC 6716, 7845), and that becomes sound again.
//!
//! Opus is what messengers use: a minute is 180 kB and clear. Not every webview plays it, but each plays WAV, so it is
//! decoded here. Nothing in this crate knows of microphones or windows: samples come in, whoever has them, and bytes go
//! out. What is to be played may be from anybody, so it is read with limits and refused rather than guessed.

mod loudness;
mod play;
mod rate;
mod record;

pub use loudness::PEAKS;
pub use play::to_wav;
pub use record::{Recorded, Recording, Room};

/// Samples a second inside the codec.
const RATE: u32 = 48_000;
/// How long a recording may be, in ms: half an hour, some 6 MB.
pub const LONGEST_MS: u64 = 30 * 60 * 1000;

/// Why sound could not become a recording, or a recording sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VoiceError {
    /// Samples come at a rate no microphone has.
    #[error("no rate of a microphone: {0} Hz")]
    Rate(u32),
    /// The bytes are no recording of one voice.
    #[error("not Opus in Ogg")]
    Form,
    /// More sound than is kept in memory.
    #[error("longer than {} minutes", LONGEST_MS / 60_000)]
    Long,
    /// The codec refused what it should take.
    #[error("codec: {0}")]
    Codec(&'static str),
}

impl From<opusic_c::ErrorCode> for VoiceError {
    fn from(code: opusic_c::ErrorCode) -> Self {
        Self::Codec(code.message())
    }
}

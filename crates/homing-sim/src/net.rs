//! The network between devices and the relay.

use std::collections::VecDeque;

use rand::RngExt;
use rand_chacha::ChaCha20Rng;

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Longest time a frame is on its way, ms. Frames of different sockets overtake each other.
    pub latency_ms: u64,
    /// One frame in so many cuts its socket; what is on its way is lost. 0 = never.
    pub cut_one_in: u32,
}

impl Weather {
    /// Fast and without cuts.
    pub const CALM: Self = Self { latency_ms: 5, cut_one_in: 0 };
}

/// What is on its way in one direction of a socket, in order.
#[derive(Default)]
pub(crate) struct Pipe {
    frames: VecDeque<(u64, Vec<u8>)>,
    last_at: u64,
}

impl Pipe {
    /// Puts a frame on its way; a stream keeps its order.
    pub fn push(&mut self, now_ms: u64, weather: &Weather, rng: &mut ChaCha20Rng, bytes: Vec<u8>) {
        let at = (now_ms + rng.random_range(0..=weather.latency_ms)).max(self.last_at);
        self.last_at = at;
        self.frames.push_back((at, bytes));
    }

    /// When the next frame arrives.
    pub fn next_at(&self) -> Option<u64> {
        self.frames.front().map(|(at, _)| *at)
    }

    /// The next frame, if its time has come.
    pub fn pop(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        match self.frames.front() {
            Some((at, _)) if *at <= now_ms => self.frames.pop_front().map(|(_, bytes)| bytes),
            _ => None,
        }
    }
}

/// Whether this frame cuts its socket.
pub(crate) fn cuts(weather: &Weather, rng: &mut ChaCha20Rng) -> bool {
    weather.cut_one_in > 0 && rng.random_range(0..weather.cut_one_in) == 0
}

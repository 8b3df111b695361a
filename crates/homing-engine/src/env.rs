//! Time and randomness, passed in so that a simulation can decide both.

use std::cell::Cell;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// What the engine takes from the world.
pub struct Env {
    clock: Box<dyn Fn() -> u64 + Send>,
    /// What the clock last said, and by how much it was set back in all.
    last_ms: Cell<u64>,
    behind_ms: Cell<u64>,
    /// Cryptographic generator.
    pub rng: ChaCha20Rng,
    /// The newest version of the rules that is known: a simulation plays an app that was not upgraded yet.
    pub rules: u32,
    /// How many messages of a deletion are moved in one transaction: a simulation comes between them with few as well.
    pub slice: usize,
}

/// Short enough that nobody who types notices one, even on a slow computer.
const SLICE: usize = 500;

impl Env {
    /// The system's clock and a generator seeded by the system.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn system() -> Result<Self, getrandom::Error> {
        let mut seed = [0u8; 32];
        getrandom::fill(&mut seed)?;
        let skew: i64 = std::env::var("HOMING_CLOCK_SKEW_MS").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
        let clock =
            move || u64::try_from(chrono::Utc::now().timestamp_millis().saturating_add(skew)).unwrap_or(0);
        Ok(Self::simulated(Box::new(clock), seed))
    }

    /// A clock and generator given by the caller.
    pub fn simulated(clock: Box<dyn Fn() -> u64 + Send>, seed: [u8; 32]) -> Self {
        Self {
            clock,
            last_ms: Cell::new(0),
            behind_ms: Cell::new(0),
            rng: ChaCha20Rng::from_seed(seed),
            rules: homing_model::rules::CURRENT,
            slice: SLICE,
        }
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// The clock's time, but it never goes back: for waiting times and deadlines. A clock that is set right again by
    /// hours must not make anybody wait for hours.
    pub fn steady_ms(&self) -> u64 {
        let now = self.now_ms();
        let back = self.last_ms.replace(now).saturating_sub(now);
        self.behind_ms.set(self.behind_ms.get().saturating_add(back));
        now.saturating_add(self.behind_ms.get())
    }
}

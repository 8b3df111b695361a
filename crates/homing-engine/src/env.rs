//! Time and randomness, passed in so that a simulation can decide both.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// What the engine takes from the world.
pub struct Env {
    clock: Box<dyn Fn() -> u64 + Send>,
    /// Cryptographic generator.
    pub rng: ChaCha20Rng,
}

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
        Ok(Self { clock: Box::new(clock), rng: ChaCha20Rng::from_seed(seed) })
    }

    /// A clock and generator given by the caller.
    pub fn simulated(clock: Box<dyn Fn() -> u64 + Send>, seed: [u8; 32]) -> Self {
        Self { clock, rng: ChaCha20Rng::from_seed(seed) }
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        (self.clock)()
    }
}

//! The system's clock, read in one place: the core is told the time.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// By how much the clock is off, as for the devices: what is to happen on another day is seen today.
static SKEW_MS: LazyLock<i64> = LazyLock::new(|| {
    std::env::var("HOMING_CLOCK_SKEW_MS").ok().and_then(|skew| skew.parse().ok()).unwrap_or(0)
});

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_add_signed(*SKEW_MS)
}

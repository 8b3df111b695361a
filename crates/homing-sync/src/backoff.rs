//! Waiting times: doubling, and different on every device without randomness.

/// The wait before try `attempt` (0 = the first one again): `initial * 2^attempt`, at most `max`, less up to a half.
pub(crate) fn delay_ms(initial: u64, max: u64, attempt: u32, seed: u64) -> u64 {
    let full = initial.saturating_mul(1u64.checked_shl(attempt.min(32)).unwrap_or(u64::MAX)).min(max.max(1));
    let half = full / 2;
    full - mix(seed ^ (u64::from(attempt) << 32)) % (half + 1)
}

/// SplitMix64's finalizer: neighbouring inputs give unrelated outputs.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_maximum_and_differs_between_devices() {
        for attempt in 0..80 {
            let wait = delay_ms(500, 60_000, attempt, 7);
            let full = 500u64.saturating_mul(1 << attempt.min(20)).min(60_000);
            assert!(wait <= full && wait >= full / 2, "{attempt}: {wait}");
        }
        assert_ne!(delay_ms(500, 60_000, 5, 1), delay_ms(500, 60_000, 5, 2));
        assert_eq!(delay_ms(500, 60_000, 5, 1), delay_ms(500, 60_000, 5, 1));
    }
}

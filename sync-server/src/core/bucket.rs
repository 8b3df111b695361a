//! Token buckets: how often something may happen, with room for a burst.

use std::collections::HashMap;
use std::net::IpAddr;

/// Thousandths of a token, so that a slow rate loses nothing to rounding.
const SCALE: u64 = 1000;

/// Fills at a steady rate up to its size.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    left: u64,
    at_ms: u64,
}

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Tokens that come within `per_ms`.
    pub tokens: u64,
    /// Milliseconds.
    pub per_ms: u64,
    /// Tokens it holds at most.
    pub burst: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(rate: &Rate, now_ms: u64) -> Self {
        Self { left: rate.burst.saturating_mul(SCALE), at_ms: now_ms }
    }

    /// Takes one token; `Err` tells after how many milliseconds there is one.
    pub fn take(&mut self, rate: &Rate, now_ms: u64) -> Result<(), u64> {
        let passed = now_ms.saturating_sub(self.at_ms);
        let gained = passed.saturating_mul(rate.tokens).saturating_mul(SCALE) / rate.per_ms.max(1);
        if gained > 0 || now_ms < self.at_ms {
            self.left = self.left.saturating_add(gained).min(rate.burst.saturating_mul(SCALE));
            self.at_ms = now_ms;
        }
        match self.left.checked_sub(SCALE) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let short = SCALE.saturating_sub(self.left);
                Err(short.saturating_mul(rate.per_ms).div_ceil(rate.tokens.saturating_mul(SCALE).max(1)))
            }
        }
    }

    fn is_full(&self, rate: &Rate, now_ms: u64) -> bool {
        let passed = now_ms.saturating_sub(self.at_ms);
        let gained = passed.saturating_mul(rate.tokens).saturating_mul(SCALE) / rate.per_ms.max(1);
        self.left.saturating_add(gained) >= rate.burst.saturating_mul(SCALE)
    }
}

/// One bucket per address. An IPv6 customer has at least a /64, so that is what counts as one.
#[derive(Debug, Default)]
pub struct Addresses {
    buckets: HashMap<IpAddr, Bucket>,
}

impl Addresses {
    /// Takes one token of an address.
    pub fn take(&mut self, address: IpAddr, rate: &Rate, now_ms: u64) -> Result<(), u64> {
        let bucket = self.buckets.entry(network(address)).or_insert_with(|| Bucket::full(rate, now_ms));
        bucket.take(rate, now_ms)
    }

    /// Forgets addresses whose buckets are full again.
    pub fn sweep(&mut self, rate: &Rate, now_ms: u64) {
        self.buckets.retain(|_, bucket| !bucket.is_full(rate, now_ms));
    }
}

/// What counts as one address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { tokens: 2, per_ms: 1000, burst: 3 };

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = Bucket::full(&RATE, 0);
        assert!((0..3).all(|_| bucket.take(&RATE, 0).is_ok()));
        assert_eq!(bucket.take(&RATE, 0), Err(500));
        assert_eq!(bucket.take(&RATE, 499), Err(1));
        assert_eq!(bucket.take(&RATE, 500), Ok(()));
        assert!(bucket.take(&RATE, 500).is_err());
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut bucket = Bucket::full(&RATE, 10_000);
        assert!((0..3).all(|_| bucket.take(&RATE, 10_000).is_ok()));
        assert!(bucket.take(&RATE, 0).is_err());
        assert!(bucket.take(&RATE, 1000).is_ok());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share() {
        let [a, b] = ["2001:db8::1", "2001:db8::2"].map(|text| network(text.parse().unwrap()));
        assert_eq!(a, b);
        assert_ne!(network("192.0.2.1".parse().unwrap()), network("192.0.2.2".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), network("192.0.2.1".parse().unwrap()));
    }
}

//! Samples of any microphone at the codec's rate.

use crate::{RATE, VoiceError};

/// Rates that microphones have.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Brings samples to [`RATE`]: straight lines between them, after taking means of what comes much faster. Nearly all
/// microphones have that rate already, and a voice needs little of what lines leave out.
pub struct ToRate {
    /// How many samples become one before anything else.
    group: usize,
    sum: f32,
    grouped: usize,
    /// How far the next sample wanted lies behind the last one that came, in those that come.
    ahead: f64,
    step: f64,
    last: f32,
}

impl ToRate {
    pub fn new(rate: u32) -> Result<Self, VoiceError> {
        if !RATES.contains(&rate) {
            return Err(VoiceError::Rate(rate));
        }
        let group = (rate / RATE).max(1);
        let step = f64::from(rate) / f64::from(group) / f64::from(RATE);
        Ok(Self { group: group as usize, sum: 0.0, grouped: 0, ahead: 0.0, step, last: 0.0 })
    }

    /// Appends what these samples are at the other rate.
    pub fn add(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        for sample in samples {
            let sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
            self.sum += sample;
            self.grouped += 1;
            if self.grouped < self.group {
                continue;
            }
            #[allow(clippy::cast_precision_loss, reason = "at most 8")]
            let mean = self.sum / self.grouped as f32;
            (self.sum, self.grouped) = (0.0, 0);
            while self.ahead < 1.0 {
                #[allow(clippy::cast_possible_truncation, reason = "a part of one")]
                let part = self.ahead as f32;
                out.push(self.last + (mean - self.last) * part);
                self.ahead += self.step;
            }
            self.ahead -= 1.0;
            self.last = mean;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stays_a_second_at_whatever_rate_it_comes() {
        for rate in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000, 384_000] {
            let (mut to_rate, mut out) = (ToRate::new(rate).unwrap(), Vec::new());
            // In pieces, as they come.
            vec![0.25; rate as usize].chunks(331).for_each(|piece| to_rate.add(piece, &mut out));
            assert!(out.len().abs_diff(RATE as usize) <= 8, "{rate}: {}", out.len());
            assert!(out.iter().skip(16).all(|sample| (sample - 0.25).abs() < 1e-5), "{rate}");
        }
    }

    #[test]
    fn no_microphone_has_such_a_rate_and_what_is_no_number_is_silence() {
        for rate in [0, 1, 3_999, 400_000, u32::MAX] {
            assert_eq!(ToRate::new(rate).err(), Some(VoiceError::Rate(rate)));
        }
        let (mut to_rate, mut out) = (ToRate::new(RATE).unwrap(), Vec::new());
        to_rate.add(&[f32::NAN, f32::INFINITY, 9.0], &mut out);
        assert!(out.iter().all(|sample| sample.abs() <= 1.0));
    }
}

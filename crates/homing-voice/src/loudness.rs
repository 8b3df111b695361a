//! How loud a recording is over time, as people see it: a few bars.

/// Bars of a whole recording.
pub const PEAKS: usize = 64;
/// Samples that are looked at together: 50 ms.
const STEP: usize = crate::RATE as usize / 20;
/// What is quieter than this, in decibels below the loudest there is, is drawn as nothing.
const FLOOR: f32 = 50.0;

/// Loudness of what came so far.
#[derive(Default)]
pub struct Loudness {
    steps: Vec<u8>,
    peak: f32,
    seen: usize,
}

impl Loudness {
    pub fn add(&mut self, samples: &[f32]) {
        for sample in samples {
            self.peak = self.peak.max(sample.abs());
            self.seen += 1;
            if self.seen == STEP {
                self.steps.push(seen(self.peak));
                (self.peak, self.seen) = (0.0, 0);
            }
        }
    }

    /// Of the newest moment.
    pub fn now(&self) -> u8 {
        self.steps.last().copied().unwrap_or_else(|| seen(self.peak))
    }

    /// Of all of it, in at most [`PEAKS`] equal steps.
    pub fn bars(mut self) -> Vec<u8> {
        if self.seen > 0 {
            self.steps.push(seen(self.peak));
        }
        let (steps, bars) = (self.steps.len(), self.steps.len().min(PEAKS));
        (0..bars)
            .map(|bar| {
                let part = self.steps.get(bar * steps / bars..(bar + 1) * steps / bars);
                part.and_then(|part| part.iter().copied().max()).unwrap_or(0)
            })
            .collect()
    }
}

/// Ears hear ratios: an amplitude as 0 to 255 on a scale of decibels.
fn seen(amplitude: f32) -> u8 {
    let above = 1.0 + 20.0 * amplitude.max(1e-9).log10() / FLOOR;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 255")]
    let level = (above.clamp(0.0, 1.0) * 255.0) as u8;
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_what_is_heard() {
        let mut loudness = Loudness::default();
        loudness.add(&vec![0.0; STEP * PEAKS]);
        assert_eq!(loudness.now(), 0);
        loudness.add(&vec![0.5; STEP * PEAKS]);
        assert!(loudness.now() > 200);
        let bars = loudness.bars();
        assert_eq!(bars.len(), PEAKS);
        assert!(bars[..PEAKS / 2].iter().all(|bar| *bar == 0));
        assert!(bars[PEAKS / 2..].iter().all(|bar| *bar > 200));
    }

    #[test]
    fn a_short_one_has_fewer_bars_and_noise_is_no_number() {
        let mut loudness = Loudness::default();
        loudness.add(&[1.0; STEP + 1]);
        assert_eq!(loudness.bars(), [255, 255]);
        assert_eq!(Loudness::default().bars(), []);
        for odd in [f32::NAN, f32::INFINITY, -3.0] {
            let mut loudness = Loudness::default();
            loudness.add(&[odd]);
            assert!(loudness.bars().len() == 1);
        }
    }
}

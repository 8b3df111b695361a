//! A voice note for the demo: vowels that say nothing, made of their overtones as a throat and a mouth make them.

use std::f32::consts::TAU;

use homing_voice::{Recorded, Recording, VoiceError};

const RATE: u16 = 16_000;
/// Overtones of a vowel; higher ones are not heard.
const OVERTONES: u8 = 22;
/// How long one mouth position is held, and the pause behind it, ms; how high it is, Hz; the two tones it lets through, Hz.
const SYLLABLES: [(u16, u16, f32, f32, f32); 17] = [
    (210, 30, 196.0, 730.0, 1090.0),
    (150, 40, 208.0, 530.0, 1840.0),
    (240, 150, 188.0, 270.0, 2290.0),
    (170, 30, 204.0, 570.0, 840.0),
    (190, 20, 212.0, 730.0, 1090.0),
    (140, 30, 200.0, 300.0, 870.0),
    (280, 320, 176.0, 530.0, 1840.0),
    (160, 30, 214.0, 270.0, 2290.0),
    (200, 40, 206.0, 730.0, 1090.0),
    (150, 20, 198.0, 570.0, 840.0),
    (260, 180, 184.0, 530.0, 1840.0),
    (180, 30, 216.0, 730.0, 1090.0),
    (140, 30, 210.0, 300.0, 870.0),
    (170, 40, 202.0, 270.0, 2290.0),
    (190, 30, 194.0, 530.0, 1840.0),
    (160, 30, 186.0, 570.0, 840.0),
    (340, 260, 168.0, 730.0, 1090.0),
];

/// The note; empty if the codec refuses it, which it does not.
pub(super) fn note() -> Recorded {
    record().unwrap_or(Recorded { ogg: Vec::new(), duration_ms: 0, peaks: Vec::new() })
}

fn record() -> Result<Recorded, VoiceError> {
    let mut recording = Recording::begin(u32::from(RATE))?;
    for syllable in SYLLABLES {
        recording.add(&sound(syllable))?;
    }
    recording.finish()
}

fn sound((held, pause, pitch, first, second): (u16, u16, f32, f32, f32)) -> Vec<f32> {
    let samples = |ms: u16| usize::from(ms) * usize::from(RATE) / 1000;
    let long = samples(held);
    let loud = |tone: f32| {
        let near = |centre: f32, width: f32| 1.0 / (1.0 + ((tone - centre) / width).powi(2));
        near(first, 90.0) + 0.5 * near(second, 140.0)
    };
    let tones: Vec<(f32, f32)> = (1..=OVERTONES)
        .map(|n| (pitch * f32::from(n), loud(pitch * f32::from(n)) / f32::from(n).sqrt()))
        .collect();
    let mut sound: Vec<f32> = (0..long)
        .map(|n| {
            let time = n as f32 / f32::from(RATE);
            let swell = (std::f32::consts::PI * n as f32 / long as f32).sin();
            tones.iter().map(|(tone, loud)| loud * (TAU * tone * time).sin()).sum::<f32>() * swell * 0.3
        })
        .collect();
    sound.resize(long + samples(pause), 0.0);
    sound
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_note_can_be_played() {
        let note = super::note();
        assert!((4_000..8_000).contains(&note.duration_ms), "{}", note.duration_ms);
        assert!(note.peaks.iter().any(|peak| *peak > 60), "{:?}", note.peaks);
        assert!(homing_voice::to_wav(&note.ogg).is_ok());
    }
}

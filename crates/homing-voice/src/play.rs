//! A recording as sound that every window plays.

use std::io::Cursor;

use ogg::PacketReader;
use opusic_c::{Channels, Decoder, SampleRate};

use crate::{LONGEST_MS, RATE, VoiceError};

/// Samples a second of what is played: all of a voice, and no more than that takes.
const PLAYED: u32 = 16_000;
/// Samples of the longest packet (120 ms), of two channels.
const LONGEST_PACKET: usize = PLAYED as usize * 120 / 1000;
/// Bytes before the samples of a WAV.
const WAV_HEAD: u32 = 44;

/// Decodes Opus in Ogg into WAV, 16 bits and one channel.
pub fn to_wav(bytes: &[u8]) -> Result<Vec<u8>, VoiceError> {
    let mut packets = PacketReader::new(Cursor::new(bytes));
    let first = packets.read_packet_expected().map_err(|_| VoiceError::Form)?;
    let Head { channels, delay } = read_head(&first.data).ok_or(VoiceError::Form)?;
    let serial = first.stream_serial();
    let tags = packets.read_packet_expected().map_err(|_| VoiceError::Form)?;
    if !tags.data.starts_with(b"OpusTags") {
        return Err(VoiceError::Form);
    }
    let mut decoder = Decoder::new(channels, SampleRate::Hz16000)?;
    let mut heard = Heard::new(delay);
    let mut samples = vec![0f32; LONGEST_PACKET * channels as usize];
    // Of a recording that was cut off what is there is played.
    while let Ok(Some(packet)) = packets.read_packet() {
        if packet.stream_serial() != serial || packet.data.is_empty() {
            continue;
        }
        let count = decoder.decode_float_to_slice(&packet.data, &mut samples, false)?;
        let decoded = samples.get(..count * channels as usize).ok_or(VoiceError::Codec("length"))?;
        heard.add(decoded, channels);
        let end = packet.last_in_stream().then(|| packet.absgp_page());
        if heard.length_ms() > LONGEST_MS + 1000 {
            return Err(VoiceError::Long);
        }
        if let Some(end) = end {
            heard.end_at(end);
            break;
        }
    }
    heard.wav()
}

struct Head {
    channels: Channels,
    /// Samples of the beginning that are not the voice's, at [`RATE`].
    delay: u16,
}

fn read_head(packet: &[u8]) -> Option<Head> {
    let rest = packet.strip_prefix(b"OpusHead")?;
    let (&[version, channels, low, high], rest) = rest.split_first_chunk::<4>()?;
    // Rate and gain are of no use here; families other than 0 have more channels than voices need.
    if version >> 4 != 0 || rest.get(6) != Some(&0) {
        return None;
    }
    let channels = match channels {
        1 => Channels::Mono,
        2 => Channels::Stereo,
        _ => return None,
    };
    Some(Head { channels, delay: u16::from_le_bytes([low, high]) })
}

/// What was decoded, as 16 bit samples.
struct Heard {
    bytes: Vec<u8>,
    skip: usize,
    delay: u64,
}

impl Heard {
    fn new(delay: u16) -> Self {
        let delay = u64::from(delay);
        Self { bytes: vec![0; WAV_HEAD as usize], skip: at_played(delay), delay }
    }

    fn add(&mut self, samples: &[f32], channels: Channels) {
        for sample in samples.chunks(channels as usize) {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            #[allow(clippy::cast_precision_loss, reason = "one or two")]
            let mean = sample.iter().sum::<f32>() / sample.len().max(1) as f32;
            #[allow(clippy::cast_possible_truncation, reason = "it is between -32767 and 32767")]
            let value = (mean.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16;
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn length_ms(&self) -> u64 {
        self.bytes.len() as u64 / 2 * 1000 / u64::from(PLAYED)
    }

    /// The last page says where the voice ends; packets have whole lengths only.
    fn end_at(&mut self, place: u64) {
        let samples = at_played(place.saturating_sub(self.delay));
        self.bytes.truncate((WAV_HEAD as usize).saturating_add(samples.saturating_mul(2)));
    }

    fn wav(mut self) -> Result<Vec<u8>, VoiceError> {
        let length = u32::try_from(self.bytes.len()).map_err(|_| VoiceError::Long)?;
        let mut head = Vec::with_capacity(WAV_HEAD as usize);
        head.extend(b"RIFF");
        head.extend((length - 8).to_le_bytes());
        head.extend(b"WAVEfmt ");
        head.extend(16u32.to_le_bytes());
        // Plain samples, one channel.
        head.extend([1, 0, 1, 0]);
        head.extend(PLAYED.to_le_bytes());
        head.extend((PLAYED * 2).to_le_bytes());
        head.extend([2, 0, 16, 0]);
        head.extend(b"data");
        head.extend((length - WAV_HEAD).to_le_bytes());
        self.bytes.splice(..WAV_HEAD as usize, head);
        Ok(self.bytes)
    }
}

fn at_played(samples: u64) -> usize {
    usize::try_from(samples.saturating_mul(u64::from(PLAYED)) / u64::from(RATE)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recorded, Recording, Room};

    /// A tone, as a microphone at this rate gives it.
    fn tone(rate: u32, ms: u32, hertz: f32) -> Vec<f32> {
        let count = rate * ms / 1000;
        let at = |n: u32| std::f32::consts::TAU * hertz * n as f32 / rate as f32;
        (0..count).map(|n| at(n).sin() * 0.5).collect()
    }

    fn recorded(rate: u32, samples: &[f32]) -> Recorded {
        let mut recording = Recording::begin(rate).unwrap();
        for piece in samples.chunks(441) {
            assert_eq!(recording.add(piece).unwrap(), Room::More);
        }
        recording.finish().unwrap()
    }

    fn samples(wav: &[u8]) -> Vec<f32> {
        let data = &wav[WAV_HEAD as usize..];
        data.chunks_exact(2).map(|two| f32::from(i16::from_le_bytes([two[0], two[1]])) / 32767.0).collect()
    }

    /// How often it goes from below to above.
    fn crossings(samples: &[f32]) -> usize {
        samples.windows(2).filter(|two| two[0] < 0.0 && two[1] >= 0.0).count()
    }

    #[test]
    fn what_was_said_is_heard_again_as_long_and_as_high() {
        for rate in [16_000, 44_100, 48_000, 96_000] {
            let note = recorded(rate, &tone(rate, 2_345, 440.0));
            assert!(note.duration_ms.abs_diff(2_345) <= 1, "{rate}: {}", note.duration_ms);
            assert!(note.ogg.len() < 12_000, "{}", note.ogg.len());
            assert!(note.peaks.len() > 40 && note.peaks.iter().all(|peak| *peak > 100));
            let wav = to_wav(&note.ogg).unwrap();
            assert_eq!(&wav[..4], b"RIFF");
            let heard = samples(&wav);
            assert!(heard.len().abs_diff(2_345 * 16) <= 16, "{rate}: {}", heard.len());
            let middle = &heard[8_000..24_000];
            assert!(crossings(middle).abs_diff(440) <= 2, "{rate}: {}", crossings(middle));
            assert!(middle.iter().any(|sample| sample.abs() > 0.3));
        }
    }

    #[test]
    fn lengths_that_fit_no_packet_are_kept_to_the_sample() {
        for ms in [0, 1, 19, 20, 21, 999, 1_000, 1_001] {
            let note = recorded(48_000, &tone(48_000, ms, 300.0));
            let wav = to_wav(&note.ogg).unwrap();
            assert_eq!(samples(&wav).len(), ms as usize * 16, "{ms}");
            assert_eq!(wav.len(), 8 + u32::from_le_bytes(wav[4..8].try_into().unwrap()) as usize);
        }
    }

    #[test]
    fn what_is_cut_off_is_played_as_far_as_it_goes() {
        let note = recorded(48_000, &tone(48_000, 5_000, 300.0));
        let wav = to_wav(&note.ogg[..note.ogg.len() / 2]).unwrap();
        let length = samples(&wav).len();
        assert!((16_000..64_000).contains(&length), "{length}");
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let note = recorded(48_000, &tone(48_000, 500, 300.0));
        for bytes in [&b""[..], b"OggS", b"RIFF....WAVE", &note.ogg[..60], &[0xff; 4096]] {
            assert_eq!(to_wav(bytes).err(), Some(VoiceError::Form));
        }
        let mut spoilt = note.ogg.clone();
        let at = spoilt.windows(8).position(|part| part == b"OpusHead").unwrap();
        spoilt[at + 9] = 6;
        assert_eq!(to_wav(&spoilt).err(), Some(VoiceError::Form));
    }

    #[test]
    fn no_spoilt_byte_brings_it_down() {
        let note = recorded(48_000, &tone(48_000, 300, 300.0));
        for at in 0..note.ogg.len() {
            let mut spoilt = note.ogg.clone();
            spoilt[at] ^= 0x5a;
            drop(to_wav(&spoilt));
        }
    }
}

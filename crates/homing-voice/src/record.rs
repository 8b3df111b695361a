//! A recording while it grows.

use ogg::{PacketWriteEndInfo, PacketWriter};
use opusic_c::{Application, Bitrate, Channels, Encoder, SampleRate, Signal};

use crate::loudness::Loudness;
use crate::rate::ToRate;
use crate::{LONGEST_MS, RATE, VoiceError};

/// Samples of a packet: 20 ms.
const FRAME: usize = RATE as usize / 50;
/// Packets of a page: a second.
const PAGE: u64 = 50;
/// Bytes of the largest packet.
const PACKET: usize = 1275;
/// Bits a second: clear speech.
const BITS: u32 = 24_000;
/// Tells streams of one file apart; here is one.
const SERIAL: u32 = 1;

/// Sound becomes a recording, as it comes.
pub struct Recording {
    encoder: Encoder,
    writer: PacketWriter<'static, Vec<u8>>,
    to_rate: ToRate,
    /// At the codec's rate, not yet encoded.
    waiting: Vec<f32>,
    /// The packet before this one: which one is the last decides how it is written.
    held: Option<Vec<u8>>,
    packets: u64,
    samples: u64,
    delay: u16,
    loudness: Loudness,
}

/// Whether more is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// It is.
    More,
    /// It is as long as it may be; what comes now is left out.
    Full,
}

/// A recording that is whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Opus in Ogg.
    pub ogg: Vec<u8>,
    /// How long it is.
    pub duration_ms: u64,
    /// Loudness over time, 0 to 255, in equal steps.
    pub peaks: Vec<u8>,
}

impl Recording {
    /// Begins one of samples that come at this rate.
    pub fn begin(rate: u32) -> Result<Self, VoiceError> {
        let to_rate = ToRate::new(rate)?;
        let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip)?;
        encoder.set_bitrate(Bitrate::Value(BITS))?;
        encoder.set_signal(Signal::Voice)?;
        let delay = u16::try_from(encoder.get_look_ahead()?).map_err(|_| VoiceError::Codec("delay"))?;
        let mut writer = PacketWriter::new(Vec::new());
        for header in [head(delay, rate), tags()] {
            writer
                .write_packet(header, SERIAL, PacketWriteEndInfo::EndPage, 0)
                .map_err(|_| VoiceError::Codec("page"))?;
        }
        Ok(Self {
            encoder,
            writer,
            to_rate,
            waiting: Vec::with_capacity(2 * FRAME),
            held: None,
            packets: 0,
            samples: 0,
            delay,
            loudness: Loudness::default(),
        })
    }

    /// Takes samples of one voice, -1 to 1.
    pub fn add(&mut self, samples: &[f32]) -> Result<Room, VoiceError> {
        if self.length_ms() >= LONGEST_MS {
            return Ok(Room::Full);
        }
        let from = self.waiting.len();
        self.to_rate.add(samples, &mut self.waiting);
        let fresh = self.waiting.get(from..).unwrap_or_default();
        self.loudness.add(fresh);
        self.samples += fresh.len() as u64;
        while self.waiting.len() >= FRAME {
            let frame: Vec<f32> = self.waiting.drain(..FRAME).collect();
            self.encode(&frame)?;
        }
        Ok(if self.length_ms() >= LONGEST_MS { Room::Full } else { Room::More })
    }

    /// How long it is by now.
    pub fn length_ms(&self) -> u64 {
        self.samples * 1000 / u64::from(RATE)
    }

    /// How loud it is just now, 0 to 255.
    pub fn level(&self) -> u8 {
        self.loudness.now()
    }

    /// Ends it.
    pub fn finish(mut self) -> Result<Recorded, VoiceError> {
        let duration_ms = self.length_ms();
        // The codec gives a sample back later than it took it: silence pushes the last ones out.
        let wanted = self.samples + u64::from(self.delay);
        let whole = wanted.div_ceil(FRAME as u64).max(1);
        while self.packets + u64::from(self.held.is_some()) < whole {
            let mut frame = std::mem::take(&mut self.waiting);
            frame.resize(FRAME, 0.0);
            self.encode(&frame)?;
        }
        let last = self.held.take().unwrap_or_default();
        self.write(last, PacketWriteEndInfo::EndStream, wanted)?;
        Ok(Recorded { ogg: self.writer.into_inner(), duration_ms, peaks: self.loudness.bars() })
    }

    fn encode(&mut self, frame: &[f32]) -> Result<(), VoiceError> {
        let mut packet = vec![0; PACKET];
        let length = self.encoder.encode_float_to_slice(frame, &mut packet)?;
        packet.truncate(length);
        if let Some(before) = self.held.replace(packet) {
            self.packets += 1;
            let end = if self.packets.is_multiple_of(PAGE) {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            self.write(before, end, self.packets * FRAME as u64)?;
        }
        Ok(())
    }

    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, place: u64) -> Result<(), VoiceError> {
        self.writer.write_packet(packet, SERIAL, end, place).map_err(|_| VoiceError::Codec("page"))
    }
}

/// The first packet: one channel, and how much of the beginning is the codec's and not the voice's.
fn head(delay: u16, rate: u32) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(delay.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// The second packet: who made it, and nothing else.
fn tags() -> Vec<u8> {
    let mut tags = b"OpusTags".to_vec();
    tags.extend(6u32.to_le_bytes());
    tags.extend(b"Homing");
    tags.extend(0u32.to_le_bytes());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_ends_when_it_is_as_long_as_it_may_be() {
        let mut recording = Recording::begin(RATE).unwrap();
        recording.samples = (LONGEST_MS - 500) * u64::from(RATE) / 1000;
        let moment = vec![0.1; RATE as usize / 4];
        assert_eq!(recording.add(&moment).unwrap(), Room::More);
        assert_eq!(recording.add(&moment).unwrap(), Room::Full);
        assert_eq!(recording.add(&moment).unwrap(), Room::Full);
        assert_eq!(recording.length_ms(), LONGEST_MS);
        assert!(recording.level() > 100);
    }
}

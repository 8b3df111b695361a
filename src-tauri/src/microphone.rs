//! The microphone of this computer, as whatever the system calls its default one.

use std::sync::mpsc::Sender;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{Device, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, SupportedStreamConfig};
use homing_engine::api::{ApiError, Code};

use crate::platform;

/// What comes while a recording is open.
pub enum Heard {
    /// Sound: one channel, -1 to 1.
    Samples(Vec<f32>),
    /// No more will come: the microphone was taken out or given to somebody else.
    Gone,
    /// The person ends it.
    End,
}

/// A microphone that listens until this is dropped. It stays on the thread it was opened on.
pub struct Microphone {
    /// Samples a second.
    pub rate: u32,
    _stream: Stream,
}

/// Whether this computer has one. Nothing is listened to.
pub fn is_there() -> bool {
    default().is_ok()
}

/// Listens; what is heard is sent on.
pub fn open(heard: &Sender<Heard>) -> Result<Microphone, ApiError> {
    let (device, config) = default()?;
    let built = match config.sample_format() {
        SampleFormat::F32 => stream::<f32>(&device, &config, heard),
        SampleFormat::F64 => stream::<f64>(&device, &config, heard),
        SampleFormat::I8 => stream::<i8>(&device, &config, heard),
        SampleFormat::I16 => stream::<i16>(&device, &config, heard),
        SampleFormat::I24 => stream::<cpal::I24>(&device, &config, heard),
        SampleFormat::I32 => stream::<i32>(&device, &config, heard),
        SampleFormat::U8 => stream::<u8>(&device, &config, heard),
        SampleFormat::U16 => stream::<u16>(&device, &config, heard),
        _ => return Err(failed(ErrorKind::UnsupportedConfig)),
    };
    let stream = built.map_err(|error| failed(error.kind()))?;
    stream.play().map_err(|error| failed(error.kind()))?;
    Ok(Microphone { rate: config.sample_rate(), _stream: stream })
}

fn default() -> Result<(Device, SupportedStreamConfig), ApiError> {
    platform::quiet_sound_library();
    let none = || failed(ErrorKind::DeviceNotAvailable);
    let device = cpal::default_host().default_input_device().ok_or_else(none)?;
    let config = device.default_input_config().map_err(|error| failed(error.kind()))?;
    if config.channels() == 0 {
        return Err(none());
    }
    Ok((device, config))
}

fn stream<T: SizedSample>(
    device: &Device,
    config: &SupportedStreamConfig,
    heard: &Sender<Heard>,
) -> Result<Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels());
    let (sound, trouble) = (heard.clone(), heard.clone());
    device.build_input_stream(
        config.config(),
        move |samples: &[T], _| drop(sound.send(Heard::Samples(one_voice(samples, channels)))),
        move |error| match error.kind() {
            // A moment was lost, or the system chose another microphone: it goes on.
            ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            kind => {
                tracing::warn!(%kind, "the microphone stopped");
                drop(trouble.send(Heard::Gone));
            }
        },
        None,
    )
}

/// The mean of all channels.
fn one_voice<T: Sample>(samples: &[T], channels: usize) -> Vec<f32>
where
    f32: FromSample<T>,
{
    let mean = |frame: &[T]| {
        let sum: f32 = frame.iter().map(|sample| f32::from_sample(*sample)).sum();
        #[allow(clippy::cast_precision_loss, reason = "a few channels")]
        let count = frame.len().max(1) as f32;
        sum / count
    };
    samples.chunks(channels.max(1)).map(mean).collect()
}

fn failed(kind: ErrorKind) -> ApiError {
    let message = match kind {
        ErrorKind::PermissionDenied => {
            "The system does not let Homing use the microphone. Allow it in the system's privacy settings."
        }
        ErrorKind::DeviceBusy => {
            "Another program uses the microphone. End what it does there, then try once more."
        }
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => {
            "No microphone was found. Connect one, or choose one in the system's sound settings."
        }
        _ => {
            "The microphone gives no sound that can be recorded. Choose another one in the system's sound settings."
        }
    };
    ApiError::new(Code::MicrophoneFailed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_one_voice_whatever_form_samples_have() {
        assert_eq!(one_voice(&[1.0f32, 0.0, -0.5, -0.5], 2), [0.5, -0.5]);
        assert_eq!(one_voice(&[i16::MIN, 0, i16::MIN], 1), [-1.0, 0.0, -1.0]);
        assert_eq!(one_voice(&[128u8, 0], 1), [0.0, -1.0]);
        assert_eq!(one_voice(&[] as &[f32], 2), [] as [f32; 0]);
    }
}

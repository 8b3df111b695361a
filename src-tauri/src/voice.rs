//! Voice notes: recording one, and playing those that came.
//!
//! What is recorded is never in a file of its own: it grows in memory, already encoded (half an hour is 6 MB), and when it
//! ends it waits like a file that was handed to the window, until the page puts it to a draft. There it is sealed like
//! every file. The page ends and keeps it when the conversation or the window is left.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use data_encoding::BASE64;
use homing_engine::api::{ApiError, Call, Code, FileData, ItemRef, VoiceShown};
use homing_voice::{Recorded, Recording, Room, VoiceError};
use serde::Serialize;
use tauri::ipc::Response;
use tauri::{AppHandle, Emitter, State};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::handed::{Handed, HandedFile};
use crate::microphone::{self, Heard};
use crate::window;

/// Name of the event that tells the page how a recording goes.
const EVENT: &str = "voice";
/// How often it is told, in ms of sound.
const TOLD_EVERY_MS: u64 = 100;
/// A microphone that gives no sound for so long after it was opened gives none.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// The recording that is open.
#[derive(Default)]
pub struct Voice(Mutex<Option<Open>>);

struct Open {
    heard: Sender<Heard>,
    thread: JoinHandle<Result<Recorded, VoiceError>>,
}

/// How a recording goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Progress {
    duration_ms: u64,
    /// How loud it is just now, 0 to 255.
    level: u8,
    /// Nothing more is recorded; what was is there to be kept.
    ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Ended {
    /// It is as long as it may be.
    Full,
    /// The microphone gives no more.
    Gone,
}

/// A recording that was ended.
#[derive(Serialize)]
pub struct VoiceNote {
    file: HandedFile,
    duration_ms: u64,
}

/// Whether there is a microphone.
#[tauri::command]
pub async fn microphone() -> bool {
    tokio::task::spawn_blocking(microphone::is_there).await.unwrap_or(false)
}

/// Begins to record. There is one recording at a time.
#[tauri::command]
pub async fn voice_start(app: AppHandle, voice: State<'_, Voice>) -> Result<(), ApiError> {
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("microphone".into())
        .spawn(move || match begin(microphone::open) {
            Ok(Begun { microphone, heard, hears, first }) => {
                drop(answer.send(Ok(heard)));
                let tell = |progress| {
                    if let Err(error) = app.emit_to(window::LABEL, EVENT, progress) {
                        tracing::warn!("the window could not be told: {error}");
                    }
                };
                record(&first, &hears, microphone.rate, tell)
            }
            Err(error) => {
                drop(answer.send(Err(error)));
                Err(VoiceError::Rate(0))
            }
        })
        .map_err(|_| ApiError::new(Code::Internal, "The recording could not be begun. Try it once more."))?;
    let heard = answered.await.map_err(|_| silent())??;
    let before = voice.take();
    *voice.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { heard, thread });
    if let Some(before) = before {
        drop(before.heard.send(Heard::End));
    }
    Ok(())
}

/// Ends the recording; the page puts what was recorded to a draft, or lets it be.
#[tauri::command]
pub async fn voice_stop(
    voice: State<'_, Voice>,
    handed: State<'_, Handed>,
    name: String,
) -> Result<Option<VoiceNote>, ApiError> {
    let Some(open) = voice.take() else { return Ok(None) };
    drop(open.heard.send(Heard::End));
    let ended = tokio::task::spawn_blocking(move || open.thread.join()).await;
    let Ok(Ok(recorded)) = ended else {
        return Err(ApiError::new(Code::Internal, "The recording was lost. Nothing else was."));
    };
    let Recorded { ogg, duration_ms, peaks } = recorded.map_err(|error| {
        tracing::warn!("a recording failed: {error}");
        ApiError::new(
            Code::MicrophoneFailed,
            "What the microphone gave could not be recorded. Try another one.",
        )
    })?;
    #[allow(clippy::cast_precision_loss, reason = "at most half an hour")]
    let shown = VoiceShown { duration_ms: duration_ms as f64, peaks };
    Ok(Some(VoiceNote { file: handed.recording(name, ogg, shown), duration_ms }))
}

/// A voice note as WAV, which every webview plays; what is no Opus is not played here.
#[tauri::command]
pub async fn voice_sound(engine: State<'_, Engine>, id: String) -> Result<Response, ApiError> {
    let unplayable =
        || ApiError::new(Code::FileFailed, "This recording can't be played here. Save it and open it there.");
    let answer = engine.call(Call::AttachmentRead(ItemRef { id })).await?;
    let data: FileData = serde_json::from_str(answer.get()).map_err(|_| unplayable())?;
    let wav = tokio::task::spawn_blocking(move || {
        let bytes = BASE64.decode(data.base64.as_bytes()).ok()?;
        homing_voice::to_wav(&bytes).ok()
    });
    wav.await.ok().flatten().map(Response::new).ok_or_else(unplayable)
}

impl Voice {
    fn take(&self) -> Option<Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A microphone that is heard.
struct Begun<M> {
    microphone: M,
    heard: Sender<Heard>,
    hears: Receiver<Heard>,
    first: Vec<f32>,
}

/// Opens the microphone and waits until it is heard; a second time if the first one gave nothing: a sound server may refuse
/// what is opened right after another recording was closed.
fn begin<M>(open: impl Fn(&Sender<Heard>) -> Result<M, ApiError>) -> Result<Begun<M>, ApiError> {
    for _ in 0..2 {
        let (heard, hears) = channel();
        let microphone = open(&heard)?;
        if let Ok(Heard::Samples(first)) = hears.recv_timeout(HEARD_WITHIN) {
            return Ok(Begun { microphone, heard, hears, first });
        }
    }
    Err(silent())
}

fn silent() -> ApiError {
    ApiError::new(Code::MicrophoneFailed, "The microphone does not answer. Try it once more.")
}

/// Records what is heard until the person ends it, or nobody is there any more to do so.
fn record(
    first: &[f32],
    heard: &Receiver<Heard>,
    rate: u32,
    mut tell: impl FnMut(Progress),
) -> Result<Recorded, VoiceError> {
    let mut recording = Recording::begin(rate)?;
    recording.add(first)?;
    let (mut told, mut ended) = (0, None);
    while let Ok(heard) = heard.recv() {
        let ends = match heard {
            Heard::End => break,
            _ if ended.is_some() => continue,
            Heard::Samples(samples) => (recording.add(&samples)? == Room::Full).then_some(Ended::Full),
            Heard::Gone => Some(Ended::Gone),
        };
        let duration_ms = recording.length_ms();
        if ends.is_some() || duration_ms >= told + TOLD_EVERY_MS {
            (told, ended) = (duration_ms, ends);
            tell(Progress { duration_ms, level: recording.level(), ended });
        }
    }
    recording.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loud(ms: usize) -> Heard {
        Heard::Samples(vec![0.5; ms * 16])
    }

    fn recorded(heard: Vec<Heard>) -> (Recorded, Vec<Progress>) {
        let (send, receive) = channel();
        heard.into_iter().for_each(|one| send.send(one).unwrap());
        drop(send);
        let mut told = Vec::new();
        (record(&[], &receive, 16_000, |progress| told.push(progress)).unwrap(), told)
    }

    #[test]
    fn what_was_heard_until_the_end_is_kept_and_told() {
        let heard = vec![loud(60), loud(60), loud(60), loud(60), Heard::End, loud(500)];
        let (note, told) = recorded(heard);
        assert_eq!(note.duration_ms, 240);
        let at: Vec<u64> = told.iter().map(|one| one.duration_ms).collect();
        assert_eq!(at, [120, 240]);
        assert!(told.iter().all(|one| one.level > 200 && one.ended.is_none()));
        assert!(homing_voice::to_wav(&note.ogg).is_ok());
    }

    #[test]
    fn a_microphone_that_is_taken_out_ends_it_and_nothing_is_lost() {
        let (note, told) = recorded(vec![loud(150), Heard::Gone, loud(150), Heard::Gone]);
        assert_eq!(note.duration_ms, 150);
        assert_eq!(told.iter().filter(|one| one.ended == Some(Ended::Gone)).count(), 1);
    }

    #[test]
    fn a_microphone_that_fails_at_once_is_opened_once_more() {
        use std::cell::Cell;
        let opened = Cell::new(0);
        let first_fails = |heard: &Sender<Heard>| {
            opened.set(opened.get() + 1);
            heard.send(if opened.get() == 1 { Heard::Gone } else { loud(10) }).unwrap();
            Ok(opened.get())
        };
        let begun = begin(first_fails).unwrap();
        assert_eq!((begun.microphone, begun.first.len()), (2, 160));

        let fails = |heard: &Sender<Heard>| {
            heard.send(Heard::Gone).unwrap();
            Ok(())
        };
        assert_eq!(begin(fails).err().map(|error| error.code), Some(Code::MicrophoneFailed));
    }
}

//! Voice notes: said into a real sound server, sent while the relay is down, heard on all screens.

use std::path::{Path, PathBuf};

use fantoccini::key::Key;
use serde_json::json;

use crate::choices::undo;
use crate::driver::{App, Desk, SILENCE, Sound};
use crate::meeting::Meeting;
use crate::steps::{begin, first_start, open, row, tid};

/// Where a picture is put to be looked at.
fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("voice").join(name)
}

/// Waits until so much was recorded.
async fn recorded(app: &App, ms: u32) {
    let script =
        "return Number(document.querySelector('[data-testid=recording]')?.dataset.ms) >= arguments[0]";
    app.wait_until(&format!("{ms} ms of a recording"), script, vec![json!(ms)]).await;
}

/// Begins a voice note and waits until something of it was heard.
async fn speak(app: &App, ms: u32) {
    app.click("[data-testid=record-voice][data-there=true]").await;
    recorded(app, ms).await;
    let loud = "const level = document.querySelector('[data-testid=recording] [role=meter]');
        return Number(level?.getAttribute('aria-valuenow')) > 60";
    app.wait_until("somebody who hums", loud, vec![]).await;
}

/// Presses the button of the newest message's voice note, once: a row that is drawn anew just then would be taken for one
/// that was missed, and a second press pauses what the first one began.
async fn press(app: &App) {
    let script = "const button = document.querySelector('[data-testid=message] [data-testid=voice-play]');
        button?.click();
        return button !== null";
    app.wait_until("the button of a voice note", script, vec![]).await;
}

/// Plays the voice note of the newest message until some of it was heard, and pauses it.
async fn plays(app: &App) {
    press(app).await;
    let heard = "const voice = document.querySelector('[data-testid=message] [data-testid=voice]');
        return voice?.dataset.playing === 'true' && Number(voice.dataset.at) > 0.2";
    app.wait_until("a voice note that plays", heard, vec![]).await;
    press(app).await;
    app.wait_for("[data-testid=voice][data-playing=false]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_note_said_offline_is_heard_by_the_other_and_on_the_second_device() {
    let desk = Desk::start();
    let sound = Sound::start(&desk.folder("sound")).await;
    let env = sound.env();
    let Meeting { mut relay, laptop, desktop, ben, .. } = Meeting::with(&desk, [&env, &env, &env]).await;
    let talk = begin(&laptop, "The keys", &["Ben Okafor"], "Shall I call?").await;
    for window in [&desktop, &ben] {
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "Shall I call?").await;
    }
    open(&laptop, &talk).await;

    // It is said, held against the ear before it goes, and sent: all without the relay.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    speak(&laptop, 3000).await;
    laptop.click(&tid("recording-stop")).await;
    laptop.wait_text(&tid("pending-file"), "Voice note").await;
    laptop.click("[data-testid=pending-file] [data-testid=voice-play]").await;
    laptop.wait_for("[data-testid=pending-file] [data-testid=voice-play][aria-label^=Pause]").await;
    laptop.click(&tid("send")).await;
    laptop.wait_for("[data-testid=message][data-state=pending] [data-testid=voice]").await;
    plays(&laptop).await;

    relay.start_again();
    for window in [&desktop, &ben] {
        window.wait_for("[data-testid=message] [data-testid=voice]").await;
        plays(window).await;
        // By key to another place, and faster.
        let place = window.wait_for("[data-testid=message] [data-testid=voice-place]").await;
        place.send_keys(&char::from(Key::Right).to_string().repeat(8)).await.unwrap();
        let on = "return Number(document.querySelector('[data-testid=voice]').dataset.at) >= 2";
        window.wait_until("a later place of the voice note", on, vec![]).await;
        window.click(&tid("voice-speed")).await;
        window.wait_text(&tid("voice-speed"), "1.5").await;
    }
    for window in [&laptop, &desktop, &ben] {
        window.wait_text(&row(&talk), "Voice message, 0:0").await;
    }
    ben.screenshot(&picture("voice-note.png")).await;
    laptop.wait_gone("[data-testid=message][data-state=pending]").await;
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_recording_keeps_it_in_the_draft() {
    let desk = Desk::start();
    let sound = Sound::start(&desk.folder("sound")).await;
    let ada = desk.app("ada", &sound.env()).await;
    first_start(&ada, "Ada Berger").await;
    let notes = begin(&ada, "Notes", &[], "To myself").await;
    let other = begin(&ada, "Other notes", &[], "To myself too").await;
    let kept = |count: usize| {
        format!("return document.querySelectorAll('[data-testid=pending-file]').length === {count}")
    };

    // Another conversation is opened.
    open(&ada, &notes).await;
    speak(&ada, 800).await;
    ada.screenshot(&picture("voice-recording.png")).await;
    open(&ada, &other).await;
    ada.wait_gone(&tid("recording")).await;
    open(&ada, &notes).await;
    ada.wait_until("the recording in the draft", &kept(1), vec![]).await;

    // Discarded, and taken back.
    speak(&ada, 800).await;
    ada.click(&tid("recording-discard")).await;
    ada.wait_gone(&tid("recording")).await;
    ada.wait_until("one recording in the draft", &kept(1), vec![]).await;
    undo(&ada, "Recording discarded").await;
    ada.wait_until("both recordings in the draft", &kept(2), vec![]).await;

    // The app is closed.
    speak(&ada, 800).await;
    ada.close().await;
    let ada = desk.app("ada", &SILENCE).await;
    open(&ada, &notes).await;
    ada.wait_until("all three in the draft", &kept(3), vec![]).await;

    // Here is no microphone; that is said when somebody wants one.
    ada.click("[data-testid=record-voice][data-there=false]").await;
    ada.wait_text(&tid("toast"), "No microphone was found").await;
    let log = ada.log();
    assert!(!log.contains("ALSA lib"), "the sound library complains to the terminal:\n{log}");
    ada.close().await;
}

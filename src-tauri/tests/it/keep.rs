//! Files on a device: what comes by itself, what stays, what goes when room is short and comes again.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::driver::{App, Desk, OnScreen};
use crate::meeting::Meeting;
use crate::steps::{open, tid, to_inbox};

fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("keep").join(name)
}

/// The file called so in the open conversation.
fn file(name: &str, state: &str) -> String {
    format!(
        "return [...document.querySelectorAll('[data-testid=attachment]')]
        .find((file) => file.innerText.includes({name:?}))?.dataset.state === {state:?}"
    )
}

async fn wait_state(app: &App, name: &str, state: &str) {
    app.wait_until(&format!("{name} {state}"), &file(name, state), vec![]).await;
}

/// Presses something of a file.
pub async fn press(app: &App, name: &str, what: &str) {
    let script = "const file = [...document.querySelectorAll('[data-testid=attachment]')]
            .find((file) => file.innerText.includes(arguments[0]));
        const button = file?.querySelector(`[data-testid=${arguments[1]}]`);
        button?.click();
        return button != null";
    app.wait_until(&format!("{what} of {name}"), script, vec![json!(name), json!(what)]).await;
}

/// Chooses in the settings.
pub async fn set(app: &App, setting: &str, value: &str) {
    app.eval("location.hash = '#/settings'", vec![]).await;
    let css = format!("[data-testid=setting][data-id={setting}] select");
    app.wait_for(&css).await;
    let script = "const select = document.querySelector(arguments[0]);
        select.value = arguments[1];
        select.dispatchEvent(new Event('change', { bubbles: true }))";
    app.eval(script, vec![json!(css), json!(value)]).await;
    let chosen = "return document.querySelector(arguments[0]).value === arguments[1]";
    app.wait_until(&format!("{setting} {value}"), chosen, vec![json!(css), json!(value)]).await;
}

/// Sends files by letting them go over the conversation.
pub async fn send(app: &App, files: &[PathBuf]) {
    let middle = "const box = document.querySelector('[data-testid=log]').getBoundingClientRect();
        return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]";
    let place = serde_json::from_value(app.eval(middle, vec![]).await).unwrap();
    OnScreen::of(app).drag(files, place).await.let_go().await;
    let ready = "return document.querySelectorAll('[data-testid=pending-file][data-busy=false]').length === arguments[0]";
    app.wait_until("the files in the draft", ready, vec![json!(files.len())]).await;
    app.click(&tid("send")).await;
    app.wait_gone(&tid("pending-file")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_it_is_set_and_what_is_kept_survives_too_little_room() {
    let desk = Desk::start();
    let mut meeting = Meeting::on(&desk).await;
    let talk = meeting.talk.clone();
    meeting.laptop.set_size(1280, 800).await;
    // Ben asks for what he wants; Ada's other device takes all, and has room for one of them.
    set(&meeting.ben, "downloads", "on_demand").await;
    to_inbox(&meeting.ben).await;
    for window in meeting.windows() {
        open(window, &talk).await;
    }

    meeting.relay_down().await;
    let papers = ["Lease.pdf", "Plan.pdf", "Keys.pdf"].map(|name| desk.folder("laptop").join(name));
    for paper in &papers {
        std::fs::write(paper, vec![7u8; 600_000]).unwrap();
        send(&meeting.laptop, std::slice::from_ref(paper)).await;
    }
    wait_state(&meeting.laptop, "Keys.pdf", "waiting").await;
    meeting.relay_up().await;
    let [laptop, desktop, ben] = meeting.windows();
    for name in ["Lease.pdf", "Plan.pdf", "Keys.pdf"] {
        wait_state(laptop, name, "ready").await;
        wait_state(desktop, name, "ready").await;
        wait_state(ben, name, "remote").await;
    }
    ben.screenshot(&picture("on-demand.png")).await;
    press(ben, "Plan.pdf", "attachment-get").await;
    wait_state(ben, "Plan.pdf", "ready").await;
    wait_state(ben, "Keys.pdf", "remote").await;

    // Kept on the second device: it stays when there is room for nothing more, also without a connection.
    press(desktop, "Lease.pdf", "file-menu").await;
    desktop.click(&tid("file-pin")).await;
    desktop.wait_text(&tid("toast"), "It stays on this device").await;
    meeting.relay_down().await;
    let desktop = &meeting.desktop;
    desktop.eval("location.hash = '#/settings'", vec![]).await;
    desktop.wait_text("[data-testid=setting][data-id=files_here]", "of 5\u{a0}GB").await;
    let there = "document.querySelector('[data-testid=setting][data-id=files_here]').scrollIntoView({ block: 'center' })";
    desktop.eval(there, vec![]).await;
    desktop.screenshot(&picture("settings.png")).await;
    desktop.click("[data-testid=setting][data-id=files_here] button").await;
    desktop.wait_for("[data-testid=setting][data-id=files_here] button:disabled").await;
    to_inbox(desktop).await;
    open(desktop, &talk).await;
    wait_state(desktop, "Lease.pdf", "ready").await;
    wait_state(desktop, "Plan.pdf", "remote").await;
    press(desktop, "Plan.pdf", "attachment-get").await;
    wait_state(desktop, "Plan.pdf", "downloading").await;
    meeting.relay_up().await;
    let [laptop, desktop, _] = meeting.windows();
    wait_state(desktop, "Plan.pdf", "ready").await;
    wait_state(desktop, "Keys.pdf", "remote").await;

    // All files of the conversation, on all of Ada's devices.
    laptop.click(&tid("thread-menu")).await;
    laptop.click(&tid("thread-keep")).await;
    wait_state(desktop, "Keys.pdf", "ready").await;
    meeting.end().await;
}

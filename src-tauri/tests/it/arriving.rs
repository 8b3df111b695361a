//! Files on their way: dropped and pasted without a connection, refused with a reason, stopped and taken up again, and not
//! lost with the window's process.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Copied, Desk, FILES, OnScreen, uri_list};
use crate::keep;
use crate::meeting::Meeting;
use crate::programs::{Relay, Terminal};
use crate::steps::{open, press, tid, to_inbox, wait_connected, wait_draft};

/// Waits for so many files of the open conversation that stand so.
async fn standing(app: &App, state: &str, count: usize) {
    let script = "return document.querySelectorAll(`[data-testid=log] [data-testid=attachment][data-state=${arguments[0]}]`)
        .length === arguments[1]";
    app.wait_until(&format!("{count} files that are {state}"), script, vec![json!(state), json!(count)])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_dropped_offline_are_stopped_outlive_the_window_and_arrive_everywhere() {
    let desk = Desk::start();
    let mut meeting = Meeting::on(&desk).await;
    for window in meeting.windows() {
        window.set_size(1280, 800).await;
        open(window, &meeting.talk).await;
    }
    meeting.relay_down().await;
    let Meeting { mut relay, laptop, desktop, ben, talk } = meeting;
    let folder = desk.folder("laptop");
    let content = |name: &str| name.repeat(200_000).into_bytes();
    let [plan, list, deed] = ["Plan.txt", "List.txt", "Deed.txt"].map(|name| {
        std::fs::write(folder.join(name), content(name)).unwrap();
        folder.join(name)
    });
    let film = folder.join("Film.mp4");
    std::fs::File::create(&film).unwrap().set_len(501 << 20).unwrap();
    let photos = folder.join("Photos");
    std::fs::create_dir(&photos).unwrap();

    // What can't go is refused before anything does.
    let screen = OnScreen::of(&laptop);
    let place = middle(&laptop).await;
    for (refused, said) in [(film, "larger than 500 MB"), (photos, "is a folder")] {
        screen.drag(&[refused], place).await.let_go().await;
        laptop.wait_text(&tid("toast"), said).await;
        laptop.wait_gone(&tid("pending-file")).await;
    }
    screen.drag(&[plan, list], place).await.let_go().await;
    for name in ["Plan.txt", "List.txt"] {
        laptop.wait_text(&format!("{}[data-busy=false]", tid("pending-file")), name).await;
    }
    {
        let _copied = Copied::on(desk.display(), vec![(FILES, uri_list(&[deed]))]);
        laptop.wait_for(&tid("composer")).await.click().await.unwrap();
        press(&laptop, Key::Control, "v").await;
        laptop.wait_text(&format!("{}[data-busy=false]", tid("pending-file")), "Deed.txt").await;
    }
    laptop.fill(&tid("composer"), "With all papers").await;
    laptop.click(&tid("send")).await;
    wait_draft(&laptop, "").await;
    standing(&laptop, "waiting", 3).await;

    // One is stopped. The process is killed; what was stopped is, and what waits waits.
    laptop.click(&tid("attachment-stop")).await;
    standing(&laptop, "stopped", 1).await;
    laptop.crash();
    let laptop = desk.app("laptop", &[]).await;
    laptop.set_size(1280, 800).await;
    open(&laptop, &talk).await;
    standing(&laptop, "waiting", 2).await;
    standing(&laptop, "stopped", 1).await;

    relay.start_again();
    for window in [&laptop, &desktop, &ben] {
        wait_connected(window).await;
        window.wait_text(&tid("message-body"), "With all papers").await;
        standing(window, "ready", 2).await;
    }
    standing(&laptop, "stopped", 1).await;
    laptop.click(&tid("attachment-again")).await;
    for window in [&laptop, &desktop, &ben] {
        standing(window, "ready", 3).await;
    }
    let device = Terminal::new(&desk.folder("ben"), 0);
    let files = device.run(&["files", "list", &talk]).await;
    assert_eq!(files.len(), 3);
    for file in files {
        let name = file["name"].as_str().unwrap();
        let to = desk.folder("ben").join(name);
        device.run(&["files", "save", file["id"].as_str().unwrap(), to.to_str().unwrap()]).await;
        assert!(std::fs::read(&to).unwrap() == content(name), "{name}: bit for bit");
    }
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
}

async fn middle(app: &App) -> (i16, i16) {
    let script = "const box = document.querySelector('[data-testid=log]').getBoundingClientRect();
        return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]";
    serde_json::from_value(app.eval(script, vec![]).await).unwrap()
}

/// The most of a file that goes at once.
const CHUNK: usize = 4 << 20;
/// No file of ours is as large.
const ALL: usize = 1 << 30;

/// Waits until the file of the open conversation has come so far on its way, in hundredths, as it is drawn and said.
async fn moved(app: &App, state: &str, percent: u32) {
    let script = "const file = document.querySelector(`[data-testid=log] [data-testid=attachment][data-state=${arguments[0]}]`);
        const drawn = Math.round((file?.querySelector('progress')?.value ?? -1) * 100);
        return drawn === arguments[1] && new RegExp(`\\\\b${arguments[1]}\\\\s?%`, 'u').test(file.innerText)";
    app.wait_until(&format!("{percent} % {state}"), script, vec![json!(state), json!(percent)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_file_has_come_is_seen_by_who_sends_it_and_by_who_gets_it() {
    let desk = Desk::start();
    let (relay, line) = Relay::behind_line(&desk.folder("relay")).await;
    let mut meeting = Meeting::at(&desk, relay, [&[]; 3]).await;
    let talk = meeting.talk.clone();
    meeting.laptop.set_size(1280, 800).await;
    // One at a time: her other device loads it when it is asked to.
    keep::set(&meeting.desktop, "downloads", "on_demand").await;
    to_inbox(&meeting.desktop).await;
    for window in meeting.windows() {
        open(window, &talk).await;
    }
    meeting.relay_down().await;
    let film = desk.folder("laptop").join("Film.mp4");
    std::fs::write(&film, vec![7u8; 2 * CHUNK + CHUNK / 2]).unwrap();
    keep::send(&meeting.laptop, std::slice::from_ref(&film)).await;
    standing(&meeting.laptop, "waiting", 1).await;

    // The first of three parts gets through, in each direction.
    line.let_up(CHUNK + CHUNK / 2);
    line.let_down(CHUNK + CHUNK / 2);
    meeting.relay_up().await;
    let [laptop, desktop, ben] = meeting.windows();
    moved(laptop, "uploading", 33).await;
    moved(ben, "downloading", 0).await;
    line.let_up(ALL);
    standing(laptop, "ready", 1).await;
    moved(ben, "downloading", 33).await;
    standing(desktop, "remote", 1).await;
    line.let_down(ALL);
    standing(ben, "ready", 1).await;
    keep::press(desktop, "Film.mp4", "attachment-get").await;
    standing(desktop, "ready", 1).await;

    let device = Terminal::new(&desk.folder("ben"), 0);
    let file = device.one(&["files", "list", &talk]).await;
    let to = desk.folder("ben").join("Film.mp4");
    device.run(&["files", "save", file["id"].as_str().unwrap(), to.to_str().unwrap()]).await;
    assert!(std::fs::read(&to).unwrap() == std::fs::read(&film).unwrap(), "bit for bit");
    meeting.end().await;
}

//! Files on their way: dropped and pasted without a connection, refused with a reason, stopped and taken up again, and not
//! lost with the window's process.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Copied, Desk, FILES, OnScreen, uri_list};
use crate::meeting::Meeting;
use crate::programs::Terminal;
use crate::steps::{open, press, tid, wait_connected, wait_draft};

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

//! A message with a time: planned in one window without a connection, seen and taken back in another, and sent while both
//! are closed.

use serde_json::json;

use crate::driver::{App, Desk, Viewer};
use crate::meeting::Meeting;
use crate::notices::notice;
use crate::steps::{
    begin, close_dialog, invitation, open, paste_file, says, tid, to_inbox, wait_connected, wait_draft,
    wait_unread,
};

/// How far ahead something is planned; and for how long the relay was off when it is over.
const AHEAD_MS: i64 = 24 * 3_600_000;
const OVER_MS: i64 = AHEAD_MS + 60_000;
/// Behind what is planned for tomorrow, and within the last of the three days an invitation is good for.
const LATER_MS: i64 = 50 * 3_600_000;

fn planned(state: &str) -> String {
    format!("[data-testid=scheduled][data-state={state}]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_message_goes_out_while_the_windows_of_its_author_are_closed() {
    let desk = Desk::start();
    let Meeting { mut relay, laptop, desktop, ben, .. } = Meeting::on(&desk).await;
    let talk = begin(&laptop, "The keys", &["Ben Okafor"], "We meet tomorrow").await;
    for window in [&desktop, &ben] {
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "We meet tomorrow").await;
    }
    open(&laptop, &talk).await;

    // Without a connection it waits here, and says so.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    laptop.fill(&tid("composer"), "Rather not").await;
    laptop.click(&tid("later")).await;
    laptop.click(&tid("later-choice-tomorrow")).await;
    laptop.wait_text(&planned("waiting"), "Rather not").await;
    laptop.wait_text(&planned("waiting"), "as soon as there is a connection").await;
    relay.start_again();
    for window in [&laptop, &desktop] {
        window.wait_text(&planned("held"), "Rather not").await;
    }

    // Nobody else sees it. On the other device it is taken back, and is a draft there.
    assert_eq!(
        ben.eval("return document.querySelectorAll('[data-testid=scheduled]').length", vec![]).await,
        0
    );
    desktop.click(&tid("scheduled-menu")).await;
    desktop.click(&tid("scheduled-cancel")).await;
    wait_draft(&desktop, "Rather not").await;
    for window in [&laptop, &desktop] {
        window.wait_gone(&tid("scheduled")).await;
    }
    desktop.fill(&tid("composer"), "").await;
    desktop.wait_for("[data-testid=composer][data-saved=true]").await;

    // A time of one's own; then both windows are closed.
    wait_draft(&laptop, "").await;
    laptop.fill(&tid("composer"), "Good morning").await;
    plan(&laptop).await;
    for window in [&laptop, &desktop] {
        window.wait_text(&planned("held"), "Good morning").await;
    }
    laptop.close().await;
    desktop.close().await;
    assert!(!shows(&ben, "Good morning").await);
    relay.stop();
    relay.start_later(OVER_MS);
    ben.wait_text(&tid("message-body"), "Good morning").await;

    // They come back, and it stands in the conversation like any other.
    for name in ["laptop", "desktop"] {
        let window = desk.app(name, &[]).await;
        open(&window, &talk).await;
        window.wait_text(&tid("message-body"), "Good morning").await;
        window.wait_gone(&tid("scheduled")).await;
        wait_connected(&window).await;
        window.close().await;
    }
    ben.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_out_with_its_planned_message_while_the_windows_are_closed() {
    let desk = Desk::start();
    let viewer = Viewer::install(&desk.folder("desk"));
    let path = viewer.path();
    let Meeting { mut relay, laptop, desktop, ben, talk } =
        Meeting::with(&desk, [&[], &[], &[("PATH", path.as_str())]]).await;
    for window in [&laptop, &desktop, &ben] {
        window.set_size(1280, 800).await;
        open(window, &talk).await;
    }

    // Without a connection it waits with its file, and says so.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    let bytes: Vec<u8> = (0..6_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    paste_file(&laptop, &tid("composer"), "Plan.pdf", "", &bytes).await;
    laptop.wait_text(&tid("pending-file"), "Plan.pdf").await;
    laptop.wait_gone(&format!("{}[data-busy=true]", tid("pending-file"))).await;
    laptop.fill(&tid("composer"), "As promised").await;
    laptop.click(&tid("later")).await;
    laptop.click(&tid("later-choice-tomorrow")).await;
    laptop.wait_text(&planned("files"), "still on their way to the relay").await;
    laptop.wait_text(&tid("scheduled-file"), "Plan.pdf").await;
    laptop.wait_gone(&tid("pending-file")).await;
    shot(&laptop, &desk, "planned-files").await;
    relay.start_again();
    for window in [&laptop, &desktop] {
        window.wait_text(&planned("held"), "As promised").await;
        window.wait_text(&tid("scheduled-file"), "Plan.pdf").await;
    }

    // The other device takes it back: the file is in the draft there, and here.
    desktop.click(&tid("scheduled-menu")).await;
    desktop.click(&tid("scheduled-cancel")).await;
    for window in [&desktop, &laptop] {
        wait_draft(window, "As promised").await;
        window.wait_text(&tid("pending-file"), "Plan.pdf").await;
        window.wait_gone(&tid("scheduled")).await;
    }

    // It is planned there, by the device that has no bytes of it; then both windows are closed.
    plan(&desktop).await;
    for window in [&laptop, &desktop] {
        window.wait_text(&planned("held"), "As promised").await;
    }
    shot(&desktop, &desk, "planned-held").await;
    laptop.close().await;
    desktop.close().await;
    assert!(!shows(&ben, "As promised").await);
    assert_eq!(
        ben.eval("return document.querySelectorAll('[data-testid=attachment]').length", vec![]).await,
        0
    );
    relay.stop();
    relay.start_later(OVER_MS);
    ben.wait_text(&tid("message-body"), "As promised").await;
    ben.wait_for(&format!("[data-testid=log] {}[data-state=ready]", tid("attachment"))).await;
    ben.click(&format!("[data-testid=log] {}", tid("file-menu"))).await;
    ben.click(&format!("[role=menu] {}", tid("file-open"))).await;
    assert!(std::fs::read(viewer.given().await).unwrap() == bytes, "bit for bit");

    // Back again, the one that has the file shows it, and nothing is left of the plan.
    let window = desk.app("laptop", &[]).await;
    open(&window, &talk).await;
    window.wait_for(&format!("[data-testid=log] {}[data-state=ready]", tid("attachment"))).await;
    window.wait_gone(&tid("scheduled")).await;
    window.wait_gone(&tid("pending-file")).await;
    window.close().await;
    ben.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_message_whose_time_passed_offline_is_told_goes_out_late_and_says_so() {
    let desk = Desk::start();
    let Meeting { mut relay, laptop, desktop, ben, talk } = Meeting::on(&desk).await;
    laptop.eval("location.hash = '#/invite'", vec![]).await;
    invitation(&laptop, "client", Some("Cora Lind")).await;
    close_dialog(&laptop).await;
    relay.stop();
    for window in [&laptop, &desktop, &ben] {
        window.wait_for(&tid("banner")).await;
    }
    to_inbox(&laptop).await;
    open(&laptop, &talk).await;
    laptop.fill(&tid("composer"), "The keys are in the box").await;
    laptop.click(&tid("later")).await;
    laptop.click(&tid("later-choice-tomorrow")).await;
    laptop.wait_text(&planned("waiting"), "The keys are in the box").await;

    // Two days later there is still no relay. Only the device that planned it can know that it is late.
    laptop.close().await;
    desktop.close().await;
    let later = LATER_MS.to_string();
    let env = [("HOMING_CLOCK_SKEW_MS", later.as_str())];
    let (laptop, desktop) = tokio::join!(desk.app("laptop", &env), desk.app("desktop", &env));
    open(&laptop, &talk).await;
    laptop.wait_for(&format!("{}[data-late=true] {}", planned("waiting"), tid("scheduled-late"))).await;
    for window in [&laptop, &desktop] {
        window.click("[data-nav=notices]").await;
        window.wait_text(&notice("invite_ends", true), "Your invitation to Cora Lind was not used").await;
    }
    laptop.wait_text(&notice("planned", true), "The keys are in the box").await;
    desktop.wait_gone(PLANNED).await;
    desktop.click(&format!("{} {}", notice("invite_ends", true), tid("notice-read"))).await;
    desktop.wait_for(&notice("invite_ends", false)).await;
    laptop.wait_for(&notice("invite_ends", true)).await;

    // It goes out with the relay: there is nothing to look at any more.
    relay.start_later(LATER_MS);
    for window in [&laptop, &desktop, &ben] {
        wait_connected(window).await;
    }
    wait_unread(&ben, &talk, 1).await;
    laptop.wait_for(&notice("invite_ends", false)).await;
    for window in [&laptop, &desktop, &ben] {
        window.wait_gone(PLANNED).await;
        to_inbox(window).await;
        open(window, &talk).await;
        says(window, &["The keys are in the box"]).await;
    }
    laptop.wait_text(&planned("sent_late"), "it was not at the relay in time").await;
    for window in [&desktop, &ben] {
        window.wait_gone(&tid("scheduled")).await;
    }
    laptop.click(&tid("scheduled-dismiss")).await;
    laptop.wait_gone(&tid("scheduled")).await;
    ben.click("[data-nav=notices]").await;
    ben.wait_for(&tid("notices-unread")).await;
    ben.wait_gone("[data-testid=notice][data-kind=invite_ends]").await;
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
}

const PLANNED: &str = "[data-testid=notice][data-kind=planned]";

/// For who wants to see what was built.
async fn shot(app: &App, desk: &Desk, name: &str) {
    app.screenshot(&desk.folder("desk").join(format!("{name}.png"))).await;
}

/// Chooses a time.
async fn plan(app: &App) {
    app.click(&tid("later")).await;
    app.click(&tid("later-other")).await;
    app.wait_for(&tid("later-time")).await;
    let script = "const at = new Date(Date.now() + arguments[0]);
        return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19)";
    let at = app.eval(script, vec![json!(AHEAD_MS)]).await;
    app.fill(&tid("later-time"), at.as_str().unwrap()).await;
    app.click(&tid("later-set")).await;
    app.wait_gone(&tid("dialog")).await;
}

async fn shows(app: &App, text: &str) -> bool {
    let script = "return [...document.querySelectorAll('[data-testid=message-body]')]
        .some((body) => body.innerText.includes(arguments[0]))";
    app.eval(script, vec![json!(text)]).await == json!(true)
}

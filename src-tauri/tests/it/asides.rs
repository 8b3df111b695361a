//! Several drafts and planned messages of one conversation: put aside, found, thrown away and taken back, changed and
//! confirmed on two devices of their author.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::programs::Terminal;
use crate::steps::{begin, open, tid, type_draft, wait_draft};

/// Waits for so many elements.
async fn count(app: &App, css: &str, count: usize) {
    let script = "return document.querySelectorAll(arguments[0]).length === arguments[1]";
    app.wait_until(&format!("{count} of {css}"), script, vec![json!(css), json!(count)]).await;
}

/// Puts what is being written aside.
async fn put_aside(app: &App) {
    app.click(&tid("later")).await;
    app.click(&tid("draft-aside")).await;
    wait_draft(app, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_put_aside_is_found_discarded_with_undo_and_kept_instead_of_the_other() {
    let desk = Desk::start();
    let mut meeting = Meeting::on(&desk).await;
    for window in meeting.windows() {
        open(window, &meeting.talk).await;
    }
    meeting.relay_down().await;
    let laptop = &meeting.laptop;
    type_draft(laptop, "Nobody comes").await;
    put_aside(laptop).await;
    type_draft(laptop, "We meet on Friday").await;
    // Two are compared, and the one that is being written is kept: the other one is had back, and goes once nobody wants it.
    for back in [true, false] {
        count(laptop, &tid("other-draft"), 2).await;
        laptop.click(&tid("draft-compare")).await;
        laptop.wait_text(&tid("compare-left"), "Friday").await;
        laptop.wait_text(&tid("compare-right"), "Nobody").await;
        laptop.click(&tid("compare-keep-left")).await;
        laptop.wait_gone(&tid("dialog")).await;
        wait_draft(laptop, "We meet on Friday").await;
        count(laptop, &tid("other-draft"), 0).await;
        laptop.wait_text(&tid("toast"), "The other draft was discarded").await;
        let dealt = if back { tid("toast-action") } else { format!("{} .close", tid("toast")) };
        laptop.click(&dealt).await;
        laptop.wait_gone(&tid("toast")).await;
    }
    put_aside(laptop).await;
    type_draft(laptop, "The price is open").await;
    count(laptop, &tid("other-draft"), 2).await;

    meeting.relay_up().await;
    let Meeting { laptop, desktop, ben, .. } = &meeting;
    desktop.click("[data-nav=drafts]").await;
    count(desktop, &tid("draft-row"), 2).await;
    desktop.fill(&tid("draft-search"), "FRIDAY").await;
    count(desktop, &tid("draft-row"), 1).await;
    desktop.wait_text(&tid("draft-row"), "We meet on Friday").await;
    desktop.click(&tid("draft-discard")).await;
    desktop.wait_gone(&tid("draft-row")).await;
    desktop.click(&tid("toast-action")).await;
    desktop.wait_text(&tid("draft-row"), "We meet on Friday").await;
    desktop.fill(&tid("draft-search"), "").await;
    count(desktop, &tid("draft-row"), 2).await;

    laptop.click(&tid("draft-compare")).await;
    laptop.wait_text(&tid("compare-right"), "Friday").await;
    laptop.click(&tid("compare-keep-right")).await;
    laptop.wait_gone(&tid("dialog")).await;
    wait_draft(laptop, "We meet on Friday").await;
    count(laptop, &tid("other-draft"), 0).await;
    // Gone for good once its undo is, on the other device as well.
    count(desktop, &tid("draft-row"), 1).await;
    desktop.wait_text(&tid("draft-row"), "We meet on Friday").await;
    laptop.click(&tid("send")).await;
    for window in [laptop, ben] {
        window.wait_text(&tid("message-body"), "We meet on Friday").await;
    }
    desktop.wait_gone(&tid("draft-row")).await;
    meeting.end().await;
}

fn planned(state: &str) -> String {
    format!("[data-testid=scheduled][data-state={state}]")
}

async fn choose(app: &App, what: &str) {
    app.click(&tid("scheduled-menu")).await;
    app.click(&tid(what)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_message_is_put_off_edited_asks_when_members_change_and_is_sent_at_once() {
    let desk = Desk::start();
    let mut meeting = Meeting::on(&desk).await;
    let talk = begin(&meeting.laptop, "The keys", &["Ben Okafor"], "We meet soon").await;
    for window in meeting.windows() {
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "We meet soon").await;
    }
    meeting.relay_down().await;
    let laptop = &meeting.laptop;
    type_draft(laptop, "See you at noon").await;
    laptop.click(&tid("later")).await;
    laptop.click(&tid("later-choice-tomorrow")).await;
    laptop.wait_text(&planned("waiting"), "See you at noon").await;

    // Another time, then other words.
    choose(laptop, "scheduled-time").await;
    laptop.wait_for(&tid("later-time")).await;
    let script = "const at = new Date(Math.ceil(Date.now() / 60000) * 60000 + 10 * 86400000);
        const two = (value) => String(value).padStart(2, '0');
        return [`${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`, at.getTime()]";
    let at = laptop.eval(script, vec![]).await;
    laptop.fill(&tid("later-time"), at[0].as_str().unwrap()).await;
    laptop.click(&tid("later-set")).await;
    laptop.wait_gone(&tid("dialog")).await;
    let then = "return new Date(document.querySelector('[data-testid=scheduled] time')?.dateTime).getTime() === arguments[0]";
    laptop.wait_until("the other time", then, vec![at[1].clone()]).await;
    choose(laptop, "scheduled-edit").await;
    wait_draft(laptop, "See you at noon").await;
    laptop.wait_gone(&tid("scheduled")).await;
    type_draft(laptop, "See you at two").await;
    laptop.click(&tid("later")).await;
    laptop.click(&tid("later-choice-tomorrow")).await;
    laptop.wait_text(&planned("waiting"), "See you at two").await;

    meeting.relay_up().await;
    let Meeting { laptop, desktop, ben, .. } = &meeting;
    for window in [laptop, desktop] {
        window.wait_text(&planned("held"), "See you at two").await;
    }
    // Who was to read it leaves: it goes to nobody before its author says so, on whichever device.
    Terminal::new(&desk.folder("ben"), 0).run(&["leave", &talk]).await;
    for window in [laptop, desktop] {
        window.wait_text(&planned("members_changed"), "members changed").await;
    }
    desktop.click(&tid("scheduled-confirm")).await;
    for window in [laptop, desktop] {
        window.wait_text(&planned("held"), "See you at two").await;
    }
    choose(laptop, "scheduled-send").await;
    for window in [laptop, desktop] {
        window.wait_text(&tid("message-body"), "See you at two").await;
        window.wait_gone(&tid("scheduled")).await;
    }
    let read = "return document.body.innerText.includes('See you at')";
    assert_eq!(ben.eval(read, vec![]).await, json!(false), "who left gets nothing of it");
    meeting.end().await;
}

//! Where somebody goes on reading: the line before what is new, and the way back to the end, on all screens.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{look_away, open, tid, to_inbox, wait_unread, write};

/// The line stands before this message and nowhere else, where it is seen.
async fn line_before(app: &App, body: &str) {
    let script = "const lines = [...document.querySelectorAll('[data-testid=unread-divider]')];
        const log = document.querySelector('[data-testid=log]')?.getBoundingClientRect();
        const line = lines[0]?.getBoundingClientRect();
        const next = lines[0]?.parentElement.querySelector('[data-testid=message-body]')?.innerText.trim();
        return lines.length === 1 && next === arguments[0] && line.top >= log.top && line.bottom <= log.bottom";
    app.wait_until(&format!("the line before {body:?}"), script, vec![json!(body)]).await;
}

/// Goes up as far as it goes, as somebody who takes the list in hand.
async fn scroll_up(app: &App) {
    let script = "const log = document.querySelector('[data-testid=log]');
        if (log.scrollTop === 0) return true;
        log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        log.scrollTop = 0;
        return false";
    app.wait_until("the beginning", script, vec![]).await;
}

/// Goes to the end with one press on what offers that, with these words.
async fn jump(app: &App, words: &str) {
    app.wait_text(&tid("jump-latest"), words).await;
    app.click(&tid("jump-latest")).await;
    let script = "const log = document.querySelector('[data-testid=log]');
        return log.scrollHeight - log.scrollTop - log.clientHeight < 4";
    app.wait_until("the end", script, vec![]).await;
    app.wait_gone(&tid("jump-latest")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_begins_behind_a_line_and_the_end_is_one_press_away_on_all_screens() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    let page = |word: &str| (1..40).map(|line| format!("{word} {line}")).collect::<Vec<_>>().join("\n");
    write(&house.laptop, &talk, &[page("Question")]).await;
    write(&house.ben, &talk, &[page("Answer")]).await;
    for window in house.windows() {
        window.set_size(1280, 800).await;
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "Answer 39").await;
        wait_unread(window, &talk, 0).await;
    }

    // Both write, and can't hear each other.
    house.relay_down().await;
    write(&house.ben, &talk, &["The gate is open".to_owned(), "The dog is out".to_owned()]).await;
    write(&house.laptop, &talk, &["We are late".to_owned()]).await;
    for window in house.windows() {
        to_inbox(window).await;
    }
    house.relay_up().await;
    for (window, count) in house.windows().into_iter().zip([2, 2, 1]) {
        wait_unread(window, &talk, count).await;
    }

    // Each begins where it has not been, without a connection as well: what another device has seen can't be known.
    house.relay_down().await;
    let firsts = ["The gate is open", "The gate is open", "We are late"];
    for (window, first) in house.windows().into_iter().zip(firsts) {
        open(window, &talk).await;
        line_before(window, first).await;
        wait_unread(window, &talk, 0).await;
        scroll_up(window).await;
        jump(window, "Jump to latest").await;
    }
    house.relay_up().await;
    // What was read has no line any more.
    for window in house.windows() {
        to_inbox(window).await;
        open(window, &talk).await;
        window.wait_text(&tid("message-body"), "The dog is out").await;
        window.wait_gone(&tid("unread-divider")).await;
    }

    // Who has scrolled up stays there, and is told how much has come; who looks away finds the line.
    scroll_up(&house.laptop).await;
    house.laptop.wait_text(&tid("jump-latest"), "Jump to latest").await;
    look_away(&house.desktop).await;
    write(&house.ben, &talk, &["I found him".to_owned(), "All is well".to_owned()]).await;
    line_before(&house.desktop, "I found him").await;
    wait_unread(&house.desktop, &talk, 2).await;
    jump(&house.laptop, "2 new messages").await;
    house.laptop.wait_text(&tid("message-body"), "All is well").await;
    wait_unread(&house.desktop, &talk, 0).await;
    let read =
        "return [...document.querySelectorAll('[data-testid=message]')].at(-1)?.dataset.state === 'read'";
    house.ben.wait_until("his message as read", read, vec![]).await;
    house.end().await;
}

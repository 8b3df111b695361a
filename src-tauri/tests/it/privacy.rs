//! What is promised of privacy, in real windows: two people, three devices.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{open, row, tid, to_inbox, wait_unread, write};

fn switch(id: &str, on: bool) -> String {
    format!("[data-testid=setting][data-id={id}] [role=switch][aria-checked={on}]")
}

/// Turns a switch of the settings over.
async fn turn(app: &App, id: &str, on: bool) {
    app.click("[data-nav=settings]").await;
    app.click(&switch(id, !on)).await;
    app.wait_for(&switch(id, on)).await;
}

/// What is shown of the last message, in the log, in the list and where its delivery is told.
async fn shows(app: &App, talk: &str, state: &str) {
    let script = "return [...document.querySelectorAll('[data-testid=message]')].at(-1)?.dataset.state === arguments[0]";
    app.wait_until(&format!("the last message as {state}"), script, vec![json!(state)]).await;
    app.wait_for(&format!("{} [data-testid=tick][data-state={state}]", row(talk))).await;
    let press = "const ticks = [...document.querySelectorAll('[data-testid=message] .ticks')].at(-1);
        ticks?.click();
        return ticks !== undefined";
    app.wait_until("the ticks", press, vec![]).await;
    let read = state == "read";
    app.wait_for(&format!("{} [data-delivered=true][data-read={read}]", tid("receipts"))).await;
    let told = "return document.querySelector('[data-testid=receipts]').innerText.includes('Read')";
    assert_eq!(app.eval(told, vec![]).await, json!(read));
    app.click(&tid("dialog-close")).await;
    app.wait_gone(&tid("receipts")).await;
}

async fn looks_for(app: &App, words: &str) {
    app.eval("location.hash = '#/search'", vec![]).await;
    app.fill(&tid("search-input"), words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_tell_what_they_read_is_not_told_and_that_holds_in_all_their_windows() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    write(&house.laptop, &talk, &["Do you read this?".to_owned()]).await;
    open(&house.desktop, &talk).await;
    open(&house.ben, &talk).await;
    house.ben.click(&tid("composer")).await;
    for window in [&house.laptop, &house.desktop] {
        shows(window, &talk, "read").await;
    }

    // Thrown while nobody is connected: it holds here at once, and there when the relay is back.
    house.relay_down().await;
    for id in ["read_receipts", "presence", "enter_sends"] {
        turn(&house.laptop, id, false).await;
    }
    to_inbox(&house.laptop).await;
    open(&house.laptop, &talk).await;
    shows(&house.laptop, &talk, "delivered").await;
    shows(&house.desktop, &talk, "read").await;
    house.relay_up().await;
    shows(&house.desktop, &talk, "delivered").await;
    house.desktop.click("[data-nav=settings]").await;
    for id in ["read_receipts", "presence", "enter_sends"] {
        house.desktop.wait_for(&switch(id, false)).await;
    }

    // Ben is told no more of what is read here; what is unread is so on both devices, and read on both.
    to_inbox(&house.laptop).await;
    to_inbox(&house.desktop).await;
    write(&house.ben, &talk, &["And did you see mine?".to_owned()]).await;
    for window in [&house.laptop, &house.desktop] {
        wait_unread(window, &talk, 1).await;
        looks_for(window, "is:unread").await;
        window.wait_text(&tid("search-hit"), "And did you see mine?").await;
        to_inbox(window).await;
    }
    open(&house.laptop, &talk).await;
    house.laptop.click(&tid("composer")).await;
    wait_unread(&house.desktop, &talk, 0).await;
    looks_for(&house.desktop, "is:unread").await;
    house.desktop.wait_gone(&tid("search-hit")).await;
    house.laptop.fill(&tid("composer"), "Who knows").await;
    house.laptop.click(&tid("send")).await;
    house.ben.wait_text(&tid("message-body"), "Who knows").await;
    let script = "return [...document.querySelectorAll('[data-testid=message]')]
        .find((one) => one.innerText.includes('did you see mine'))?.dataset.state";
    house.ben.wait_until("the message as delivered", &format!("{script} === 'delivered'"), vec![]).await;

    // Turned on again on the other device, what others told meanwhile shows on both.
    turn(&house.desktop, "read_receipts", true).await;
    to_inbox(&house.desktop).await;
    open(&house.desktop, &talk).await;
    for window in [&house.laptop, &house.desktop] {
        shows(window, &talk, "read").await;
    }
    house.end().await;
}

//! The place somebody reads at stays where it is, whatever changes its size.

use serde_json::{Value, json};

use crate::driver::{App, Desk};
use crate::programs::Terminal;
use crate::steps::{open, tid};

/// The message at the top of the view, and whether the last one is in view.
const PLACE: &str = "const log = document.querySelector('[data-testid=log]');
    const box = log.getBoundingClientRect();
    const rows = [...log.querySelectorAll('[data-testid=message]')];
    const inView = (row) => {
        const place = row.getBoundingClientRect();
        return place.bottom > box.top + 4 && place.top < box.bottom - 4;
    };
    return {
        top: rows.find(inView)?.dataset.id ?? null,
        rest: log.scrollHeight - log.scrollTop - log.clientHeight,
        above: log.scrollTop,
        view: [innerWidth, log.clientWidth, log.clientHeight],
    };";

#[tokio::test]
async fn text_and_window_change_their_size_and_the_reader_stays_where_they_were() {
    let desk = Desk::start();
    let app = desk.app("demo", &[]).await;
    app.click(&tid("first-demo")).await;
    let id = app
        .wait_until(
            "the long conversation",
            "return [...document.querySelectorAll('[data-testid=conversation]')]
                .find((row) => row.innerText.includes('Sale of Mill Lane'))?.dataset.id",
            vec![],
        )
        .await;
    app.set_size(1280, 800).await;
    open(&app, id.as_str().unwrap()).await;
    wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;

    for (percent, width) in [(200, 640), (100, 1280), (150, 853)] {
        zoom(&app, percent, width).await;
        wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;
    }
    zoom(&app, 100, 1280).await;
    for (width, height) in [(480, 500), (1280, 500), (1000, 700)] {
        app.set_size(width, height).await;
        wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;
    }

    // Somewhere above the end: the message at the top stays the one at the top.
    app.set_size(1280, 500).await;
    let script = "const log = document.querySelector('[data-testid=log]');
        log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        const row = log.querySelectorAll('[data-testid=message]')[2];
        log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top + 6;
        return row.dataset.id";
    wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;
    // As a person does, until they are there and nothing moves: the list may still be on its own way to the end.
    let scroll_up = "const log = document.querySelector('[data-testid=log]');
        if (log.scrollTop > 0) {
            log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
            log.scrollTop = 0;
        }
        return log.dataset.anchor === log.querySelector('[data-testid=message]').dataset.id";
    app.wait_until("the beginning, at rest", scroll_up, vec![]).await;
    let message = app.eval(script, vec![]).await;
    wait_place(&app, "the third message", |place| place["top"] == message).await;
    // It counts as the reader's place once nothing moves any more.
    let rested = "return document.querySelector('[data-testid=log]').dataset.anchor === arguments[0]";
    app.wait_until("a place at rest", rested, vec![message.clone()]).await;
    for (width, height) in [(480, 500), (1280, 500), (760, 600)] {
        app.set_size(width, height).await;
        wait_place(&app, "the third message", |place| place["top"] == message).await;
        app.wait_until("a place at rest", rested, vec![message.clone()]).await;
    }
    app.close().await;
}

/// Scrolls up as a wheel does, and tells how many messages there were, and how often most of those in view were taken away
/// under the reader's eyes. (At its lower end some always go.)
const SCROLL_UP: &str = "const log = document.querySelector('[data-testid=log]');
    const known = new Set();
    let taken = 0;
    let inView = [];
    new MutationObserver(() => {
        const gone = inView.filter((message) => !message.isConnected);
        if (gone.length * 2 > inView.length) taken += 1;
    }).observe(log, { childList: true, subtree: true });
    const frame = () => {
        const box = log.getBoundingClientRect();
        inView = [...log.querySelectorAll('[data-testid=message]')].filter((row) => {
            known.add(row.dataset.id);
            const place = row.getBoundingClientRect();
            return place.bottom > box.top && place.top < box.bottom;
        });
        window.way = { messages: known.size, taken };
        log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        log.scrollTop -= 200;
        requestAnimationFrame(frame);
    };
    frame();";

#[tokio::test]
async fn what_is_in_view_stays_the_same_while_older_messages_come_in_front_of_it() {
    const MESSAGES: usize = 300;
    let desk = Desk::start();
    let ada = Terminal::new(&desk.folder("ada"), 0);
    ada.one(&["init", "--name", "Ada Berger"]).await;
    let messages = MESSAGES.to_string();
    ada.run(&["seed", "--messages", &messages, "--conversations", "1", "--random-seed", "7"]).await;
    let app = desk.app("ada", &[]).await;
    let talk = app.wait_for(&tid("conversation")).await.attr("data-id").await.unwrap().unwrap();
    open(&app, &talk).await;
    app.eval(SCROLL_UP, vec![]).await;
    let many = "return window.way.messages >= arguments[0] && [window.way.taken]";
    let taken = app.wait_until("messages of several pages", many, vec![json!(MESSAGES * 9 / 10)]).await;
    assert_eq!(taken, json!([0]), "messages in view were made anew");
    app.close().await;
}

async fn zoom(app: &App, percent: u32, width: u32) {
    let script = "window.__TAURI_INTERNALS__.invoke('set_zoom', { percent: arguments[0] })";
    app.eval(script, vec![json!(percent)]).await;
    app.wait_until("the zoom", "return innerWidth === arguments[0]", vec![json!(width)]).await;
}

/// Waits until the place is the wanted one and stays so for some frames.
async fn wait_place(app: &App, what: &str, wanted: impl Fn(&Value) -> bool) {
    let deadline = tokio::time::Instant::now() + crate::driver::SHOWS_WITHIN;
    let mut still = 0;
    while still < 5 {
        let place = app.eval(PLACE, vec![]).await;
        still = if wanted(&place) { still + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < deadline, "not at {what}: {place}\n{}", app.log());
    }
}

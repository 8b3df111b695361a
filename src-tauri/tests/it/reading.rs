//! The place somebody reads at stays where it is, whatever changes its size.

use serde_json::{Value, json};

use crate::driver::{App, Desk};
use crate::programs::Terminal;
use crate::steps::{begin, first_start, open, row, tid, to_inbox};

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

/// Writes one message after the other, without looking.
const WRITE: &str = "const [conversation, texts, done] = arguments;
    const send = async () => {
        for (const text of texts) {
            const call = { call: 'send', args: { conversation, text } };
            await window.__TAURI_INTERNALS__.invoke('call', { call });
        }
    };
    send().then(() => done(null), (refused) => done(refused));";

/// A window with a conversation that is not open, and where these were said after "The first".
async fn notes(desk: &Desk, texts: &[String]) -> (App, String) {
    let app = desk.app("ada", &[]).await;
    first_start(&app, "Ada Berger").await;
    let notes = begin(&app, "Notes", &[], "The first").await;
    to_inbox(&app).await;
    let refused = app.client.execute_async(WRITE, vec![json!(notes), json!(texts)]).await.unwrap();
    assert_eq!(refused, json!(null));
    // A window that knows nothing of them yet.
    app.close().await;
    let app = desk.app("ada", &[]).await;
    app.wait_for(&row(&notes)).await;
    (app, notes)
}

fn lines(count: usize) -> Vec<String> {
    (0..count).map(|line| format!("Line {line}")).collect()
}

/// Draws the list to its top, again and again, as somebody who looks for the beginning; the page is busy at the moment older
/// messages come.
const TO_THE_TOP: &str = "const log = document.querySelector('[data-testid=log]');
    let height = log.scrollHeight;
    new MutationObserver(() => {
        const came = log.scrollHeight - height > 1000;
        height = log.scrollHeight;
        const begin = performance.now();
        while (came && performance.now() - begin < 200);
    }).observe(log, { attributes: true, attributeFilter: ['style'], subtree: true });
    const frame = () => {
        if (log.scrollTop > 0) {
            log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
            log.scrollTop = 0;
        }
        requestAnimationFrame(frame);
    };
    frame();";

#[tokio::test]
async fn who_goes_up_and_up_comes_to_the_oldest_message() {
    let desk = Desk::start();
    // Long ones were read last, so those above them are taken for long until they are measured.
    let texts: Vec<String> = lines(350).into_iter().chain((0..100).map(|_| lines(12).join("\n"))).collect();
    let (app, notes) = notes(&desk, &texts).await;
    open(&app, &notes).await;
    wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;
    app.eval(TO_THE_TOP, vec![]).await;
    let there = "const log = document.querySelector('[data-testid=log]').getBoundingClientRect();
        const first = [...document.querySelectorAll('[data-testid=message]')]
            .find((message) => message.querySelector('[data-testid=message-body]').textContent.trim() === 'The first');
        return first !== undefined && first.getBoundingClientRect().top >= log.top";
    app.wait_until("the oldest message", there, vec![]).await;
    app.close().await;
}

/// Opens a conversation and scrolls up at once, and tells how often the list went back to its end.
const UP_AT_ONCE: &str = "const [id, frames, done] = arguments;
    document.querySelector(`[data-testid=conversation][data-id='${id}'] a`).click();
    let [rest, back, seen] = [0, 0, 0];
    const frame = () => {
        const log = document.querySelector('[data-testid=log]');
        const shown = log?.querySelector('[data-testid=message]')?.checkVisibility({ visibilityProperty: true });
        if (shown) {
            const now = log.scrollHeight - log.scrollTop - log.clientHeight;
            if (now <= 4 && rest > 4) back += 1;
            log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
            log.scrollTop -= 60;
            rest = log.scrollHeight - log.scrollTop - log.clientHeight;
            seen += 1;
            if (seen > frames) return done({ back, rest });
        }
        requestAnimationFrame(frame);
    };
    frame();";

#[tokio::test]
async fn a_list_that_was_just_opened_stays_where_somebody_scrolls_it() {
    let desk = Desk::start();
    let (app, notes) = notes(&desk, &lines(200)).await;
    let way = app.client.execute_async(UP_AT_ONCE, vec![json!(notes), json!(60)]).await.unwrap();
    assert_eq!(way["back"], json!(0), "{way}");
    app.close().await;
}

/// Takes the list in hand while the window gets another size, and scrolls up; how far from the end it is once nothing moves.
const IN_HAND: &str = "const done = arguments[arguments.length - 1];
    const log = document.querySelector('[data-testid=log]');
    log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
    // As the line that says one is offline, which comes above.
    log.parentElement.style.marginTop = '36px';
    requestAnimationFrame(() => {
        log.scrollTop -= 500;
        let [rest, still] = [null, 0];
        const look = () => {
            const now = log.scrollHeight - log.scrollTop - log.clientHeight;
            still = now === rest ? still + 1 : 0;
            rest = now;
            return still > 60 ? done(rest) : requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });";

#[tokio::test]
async fn a_window_that_changes_its_size_does_not_take_the_list_out_of_the_hand() {
    let desk = Desk::start();
    let (app, notes) = notes(&desk, &lines(200)).await;
    open(&app, &notes).await;
    wait_place(&app, "the end", |place| place["rest"].as_f64().unwrap() < 4.0).await;
    let rest = app.client.execute_async(IN_HAND, vec![]).await.unwrap();
    // Rows that were measured only then may take less than they were taken for.
    assert!(rest.as_f64().unwrap() > 100.0, "{rest} from the end");
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

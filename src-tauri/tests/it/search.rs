//! Looking for what was written, with the keyboard alone and without a connection, in three windows of two people.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{begin, open, press, press_key, press_keys, row, tid, to_inbox, write};

/// More stops than the view has.
const MOST: usize = 60;

/// What was found, in its order.
async fn found(app: &App, expected: &[&str]) {
    let script = "const hits = [...document.querySelectorAll('[data-testid=search-hit]')].map((hit) => hit.innerText);
        return hits.length === arguments[0].length && arguments[0].every((words, at) => hits[at].includes(words))";
    app.wait_until(&format!("the hits {expected:?}"), script, vec![json!(expected)]).await;
}

/// Types into the field that has the focus, as somebody who thinks again.
async fn look_for(app: &App, words: &str) {
    press(app, Key::Control, "a").await;
    press_keys(app, words).await;
}

/// Waits until what is typed goes there. (Of several windows on a screen only one shows that it has the keyboard.)
async fn focused(app: &App, name: &str) {
    let script = "return document.activeElement?.dataset.testid === arguments[0]";
    app.wait_until(&format!("the focus on {name}"), script, vec![json!(name)]).await;
}

/// The words that are marked in the hits.
async fn marked(app: &App, words: &str) {
    let script = "return [...document.querySelectorAll('[data-testid=search-hit] mark')].some((mark) => mark.innerText === arguments[0])";
    app.wait_until(&format!("{words:?} marked in a hit"), script, vec![json!(words)]).await;
}

/// Goes to an order with Tab, from before it or round, and chooses it.
async fn order_by(app: &App, order: &str) {
    let at = "return document.activeElement?.dataset.order ?? null";
    for _ in 0..MOST {
        if app.eval(at, vec![]).await == json!(order) {
            press_key(app, Key::Space).await;
            let chosen = format!("[data-testid=search-order][data-order={order}][aria-pressed=true]");
            app.wait_for(&chosen).await;
            return;
        }
        press_key(app, Key::Tab).await;
    }
    panic!("Tab does not come to the order {order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_words_in_any_script_are_found_by_keyboard_offline_and_when_they_came_late() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    let notes = begin(&house.laptop, "Notes", &[], "東京都のマンションを見たい").await;
    let texts = [
        "ฉันอยากดูห้องพักวันศุกร์",
        "boiler, boiler: the boiler is cold",
        "a warm boiler after all of this long and cold winter",
    ];
    write(&house.laptop, &notes, &texts.map(str::to_owned)).await;
    house.desktop.wait_text(&row(&notes), "a warm boiler").await;
    house.relay_down().await;
    // Written apart, on Ben's side.
    write(&house.ben, &talk, &["Der Boiler tropft, 部屋が寒い".to_owned()]).await;
    open(&house.laptop, &talk).await;

    for window in [&house.laptop, &house.desktop] {
        to_inbox(window).await;
        window.eval("document.activeElement?.blur()", vec![]).await;
        press(window, Key::Control, &format!("{}f", char::from(Key::Shift))).await;
        focused(window, "search-input").await;
        for (typed, hits, mark) in [
            ("マンション", &["東京都のマンション"][..], "マンション"),
            ("京都", &["東京都のマンション"], "京都"),
            ("ห้องพัก", &["ฉันอยากดูห้องพักวันศุกร์"], "ห้องพัก"),
            ("boi", &["a warm boiler", "the boiler is cold"], "boiler"),
        ] {
            look_for(window, typed).await;
            found(window, hits).await;
            marked(window, mark).await;
        }
        // The best first: the one that says it again and again.
        order_by(window, "best").await;
        found(window, &["the boiler is cold", "a warm boiler"]).await;
        order_by(window, "newest").await;
        found(window, &["a warm boiler", "the boiler is cold"]).await;
        window.eval("document.querySelector('[data-testid=search-input]').focus()", vec![]).await;
        // A filter is completed by Tab and shown as one; here or in one conversation.
        window.fill(&tid("search-input"), "boi in:Not").await;
        window.wait_text(&tid("search-completion"), "Notes").await;
        press_key(window, Key::Tab).await;
        window.wait_text(&tid("search-chip"), "Notes").await;
        found(window, &["a warm boiler", "the boiler is cold"]).await;
    }

    // Into the hits and to the message, where the word is marked; then from hit to hit in its conversation.
    let laptop = &house.laptop;
    press_key(laptop, Key::Down).await;
    press_key(laptop, Key::Down).await;
    focused(laptop, "search-hit").await;
    press_key(laptop, Key::Enter).await;
    laptop.wait_for(&format!("[data-testid=thread][data-id=\"{notes}\"]")).await;
    let marks = "return CSS.highlights.get('search')?.size ?? 0";
    laptop.wait_until("the word marked in its message", marks, vec![]).await;
    press(laptop, Key::Control, "f").await;
    focused(laptop, "find-input").await;
    // What was looked for before is there already: something else first.
    laptop.fill(&tid("find-input"), "warm").await;
    found(laptop, &["a warm boiler"]).await;
    laptop.fill(&tid("find-input"), "boil").await;
    found(laptop, &["a warm boiler", "the boiler is cold"]).await;
    // The field keeps the keyboard from hit to hit, also once their message is there.
    let at = "const hit = document.querySelector('[data-testid=search-hit][aria-current=true]');
        return document.querySelector(`[data-testid=message][data-id=\"${hit?.dataset.message}\"].flash`) !== null
            && hit.innerText.includes(arguments[0])";
    for words in ["a warm boiler", "the boiler is cold"] {
        press_key(laptop, Key::Enter).await;
        laptop.wait_until(&format!("the hit {words}"), at, vec![json!(words)]).await;
        focused(laptop, "find-input").await;
    }
    press_key(laptop, Key::Escape).await;
    laptop.wait_gone(&tid("find-input")).await;

    // What Ben wrote meanwhile is found as soon as it is here.
    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        to_inbox(window).await;
        window.wait_text(&row(&talk), "Der Boiler tropft").await;
        window.click("[data-nav=search]").await;
        focused(window, "search-input").await;
        look_for(window, "部屋").await;
        found(window, &["Der Boiler tropft"]).await;
        look_for(window, "boi from:ben ").await;
        window.wait_text(&tid("search-chip"), "Ben Okafor").await;
        found(window, &["Der Boiler tropft"]).await;
    }
    house.end().await;
}

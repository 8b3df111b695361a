//! Looking for what was written, with the keyboard alone and without a connection, in three windows of two people.

use fantoccini::key::Key;
use serde_json::json;

use crate::bulk::{keep, link};
use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{
    begin, open, paste_file, press, press_key, press_keys, row, tid, to_inbox, wait_draft, wait_unread, write,
};

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

/// Goes to the search from wherever the focus is.
async fn to_search(app: &App) {
    app.eval("document.activeElement?.blur()", vec![]).await;
    press(app, Key::Control, &format!("{}f", char::from(Key::Shift))).await;
    focused(app, "search-input").await;
}

/// Goes to something with Tab, from before it or round, and presses it.
async fn tab_to(app: &App, css: &str) {
    let at = "return document.activeElement?.matches(arguments[0])";
    for _ in 0..MOST {
        if app.eval(at, vec![json!(css)]).await == json!(true) {
            press_key(app, Key::Space).await;
            return;
        }
        press_key(app, Key::Tab).await;
    }
    panic!("Tab does not come to {css}");
}

async fn order_by(app: &App, order: &str) {
    let button = format!("[data-testid=search-order][data-order={order}]");
    tab_to(app, &button).await;
    app.wait_for(&format!("{button}[aria-pressed=true]")).await;
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
        to_search(window).await;
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

/// Days that Ben's clock is behind.
const BEHIND: i64 = 3;

/// A filter that waits for the rest of a name, taken with Tab.
async fn narrow(app: &App, words: &str, chip: &str) {
    look_for(app, words).await;
    app.wait_text(&tid("search-completion"), chip).await;
    press_key(app, Key::Tab).await;
    app.wait_text(&tid("search-chip"), chip).await;
}

/// What was searched before, as the search offers it.
async fn recent(app: &App) -> Vec<String> {
    look_for(app, &char::from(Key::Backspace).to_string()).await;
    let script = "const all = [...document.querySelectorAll('[data-testid=search-recent]')].map((one) => one.innerText.trim());
        return all.length > 0 && all";
    serde_json::from_value(app.wait_until("what was searched before", script, vec![]).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_what_was_written_offline_and_what_was_searched_stays_on_its_device() {
    let desk = Desk::start();
    let behind = (-BEHIND * 24 * 3_600_000).to_string();
    let mut house = Meeting::with(&desk, [&[], &[], &[("HOMING_CLOCK_SKEW_MS", behind.as_str())]]).await;
    let talk = house.talk.clone();
    let notes = begin(&house.laptop, "Notes", &[], "The boiler is new").await;

    // Without a connection: a property, a file, and what Ben writes meanwhile, three days ago by his clock.
    house.relay_down().await;
    let laptop = &house.laptop;
    keep(laptop, "Villa Rosa").await;
    link(laptop, &talk, "villa", "Villa Rosa").await;
    write(laptop, &talk, &["Shall I look at the boiler?".to_owned()]).await;
    open(laptop, &notes).await;
    paste_file(laptop, &tid("composer"), "Boiler.pdf", "", b"its papers").await;
    laptop.wait_text(&format!("{}[data-busy=false]", tid("pending-file")), "Boiler.pdf").await;
    laptop.fill(&tid("composer"), "Papers of the boiler").await;
    laptop.click(&tid("send")).await;
    wait_draft(laptop, "").await;
    to_inbox(laptop).await;
    to_search(laptop).await;
    look_for(laptop, "boil has:file ").await;
    found(laptop, &["Papers of the boiler"]).await;
    narrow(laptop, "boil record:vil", "Villa Rosa").await;
    found(laptop, &["Shall I look at the boiler?"]).await;
    let texts = ["The boiler drips", "A new boiler: https://example.org/boiler"];
    write(&house.ben, &talk, &texts.map(str::to_owned)).await;

    house.relay_up().await;
    let day = "const at = new Date(Date.now() - 86400000);
        const two = (value) => String(value).padStart(2, '0');
        return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`";
    let yesterday = house.laptop.eval(day, vec![]).await.as_str().unwrap().to_owned();
    let (his, linked) = (["https://example.org", "The boiler drips"], ["https://example.org"]);
    for window in [&house.laptop, &house.desktop] {
        to_inbox(window).await;
        wait_unread(window, &talk, 2).await;
        window.wait_text(&row(&notes), "Papers of the boiler").await;
        to_search(window).await;
        // More letters in a few seconds than WebKit lets an address change in 30 (100).
        look_for(window, &"what was it about ".repeat(7)).await;
        look_for(window, "boil has:file ").await;
        found(window, &["Papers of the boiler"]).await;
        look_for(window, "boil is:unread ").await;
        found(window, &his).await;
        look_for(window, "boil has:link ").await;
        found(window, &linked).await;
        look_for(window, &format!("boil before:{yesterday} ")).await;
        found(window, &his).await;
        narrow(window, "boil record:vil", "Villa Rosa").await;
        found(window, &[&["Shall I look at the boiler?"], &his[..]].concat()).await;
        press_keys(window, &format!("is:unread has:link before:{yesterday} ")).await;
        found(window, &linked).await;
    }
    // Ben has no property that Ada did not share, and his own days.
    to_search(&house.ben).await;
    look_for(&house.ben, &format!("boil before:{yesterday} ")).await;
    found(&house.ben, &his).await;
    look_for(&house.ben, "boil record:villa ").await;
    house.ben.wait_text(&tid("search-chip"), "(unknown)").await;
    found(&house.ben, &[]).await;

    // A hit that was gone to is remembered here, also by the next start, and on no other device.
    let (papers, drips) = ("papers has:file", "drips from:ben");
    for (window, words, hit) in
        [(&house.laptop, papers, "Papers of the boiler"), (&house.desktop, drips, "The boiler drips")]
    {
        look_for(window, &format!("{words} ")).await;
        found(window, &[hit]).await;
        press_key(window, Key::Down).await;
        focused(window, "search-hit").await;
        press_key(window, Key::Enter).await;
        window.wait_for(&tid("thread")).await;
    }
    let Meeting { relay: _relay, laptop, desktop, ben, .. } = house;
    laptop.close().await;
    let laptop = desk.app("laptop", &[]).await;
    laptop.wait_for(&row(&talk)).await;
    for (window, own, other) in [(&laptop, papers, drips), (&desktop, drips, papers)] {
        to_search(window).await;
        let before = recent(window).await;
        assert!(before[0] == own && !before.iter().any(|one| one == other), "{before:?}");
    }
    tab_to(&laptop, &tid("search-recent")).await;
    found(&laptop, &["Papers of the boiler"]).await;
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
}

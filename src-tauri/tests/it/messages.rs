//! What two people do with messages that are there, in three windows: done with the relay down, seen on all screens once
//! it is back.

use serde_json::json;

use crate::driver::{App, Desk, text_on, wait_for_some};
use crate::meeting::Meeting;
use crate::programs::{Relay, Terminal};
use crate::steps::{
    begin, close_dialog, conversation_id, introduce, open, tid, to_inbox, type_draft, wait_connected,
    wait_draft, write,
};

/// A message of the open conversation by what it says.
async fn message(app: &App, body: &str) -> String {
    let script = "return [...document.querySelectorAll('[data-testid=message]')]
        .find((row) => row.querySelector('[data-testid=message-body]')?.textContent.trim() === arguments[0])
        ?.dataset.id ?? null";
    let id = app.wait_until(&format!("a message {body:?}"), script, vec![json!(body)]).await;
    id.as_str().unwrap().to_owned()
}

fn of(id: &str) -> String {
    format!("[data-testid=message][data-id=\"{id}\"]")
}

/// A part of a message; `""` is all of it.
fn in_it(id: &str, part: &str) -> String {
    format!("{} {part}", of(id))
}

/// Goes to a message, as somebody who takes the list in hand: what it offers shows.
async fn go_to(app: &App, id: &str) {
    // A row beyond the view comes and goes with what moves.
    let script = "const row = document.querySelector(arguments[0]);
        if (!row) return false;
        document.querySelector('[data-testid=log]').dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        row.focus();
        return true";
    app.wait_until("the message", script, vec![json!(of(id))]).await;
}

/// Scrolls up until a message is on the screen.
async fn scroll_up_to(app: &App, id: &str) {
    let script = "const log = document.querySelector('[data-testid=log]');
        if (document.querySelector(arguments[0])) return true;
        log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
        log.scrollTop -= log.clientHeight / 2;
        return false";
    app.wait_until("the message further up", script, vec![json!(of(id))]).await;
}

async fn choose(app: &App, id: &str, entry: &str) {
    go_to(app, id).await;
    app.click(&in_it(id, ".tools [aria-haspopup=menu]")).await;
    opened_at(app, &in_it(id, ".tools [aria-haspopup=menu]"), "[role=menu]").await;
    app.click(&tid(entry)).await;
}

/// What opens at a button lies at it, whole and in the window.
async fn opened_at(app: &App, button: &str, what: &str) {
    let script = "const [at, it] = [...arguments].slice(0, 2).map((css) => document.querySelector(css)?.getBoundingClientRect());
        if (!at || !it) return false;
        const [gap, aside] = [Math.max(at.top - it.bottom, it.top - at.bottom), Math.max(at.left - it.right, it.left - at.right)];
        const within = it.left >= 0 && it.top >= 0 && it.right <= innerWidth && it.bottom <= innerHeight;
        const reached = [[it.left + 12, it.top + 12], [it.right - 12, it.bottom - 12]]
            .every((point) => document.elementFromPoint(...point)?.closest(arguments[1]));
        return within && gap <= 8 && aside <= 8 && reached";
    app.wait_until(&format!("{what} at its button"), script, vec![json!(button), json!(what)]).await;
}

async fn react(app: &App, id: &str, emoji: &str) {
    go_to(app, id).await;
    app.click(&in_it(id, "[data-testid=message-react]")).await;
    opened_at(app, &in_it(id, "[data-testid=message-react]"), ".bar[role=dialog]").await;
    app.click(&in_it(id, &format!(".bar [data-emoji=\"{emoji}\"]"))).await;
    app.wait_for(&in_it(id, &format!("[data-testid=reaction][data-emoji=\"{emoji}\"][aria-pressed=true]")))
        .await;
}

/// Takes an own reaction back, by pressing it.
async fn take_back(app: &App, id: &str, emoji: &str) {
    let reaction = in_it(id, &format!("[data-testid=reaction][data-emoji=\"{emoji}\"]"));
    scroll_up_to(app, id).await;
    go_to(app, id).await;
    app.click(&format!("{reaction}[aria-pressed=true]")).await;
    app.wait_gone(&reaction).await;
}

async fn edit(app: &App, id: &str, text: &str) {
    choose(app, id, "message-edit").await;
    app.fill(&in_it(id, "textarea"), text).await;
    app.click(&in_it(id, &tid("message-edit-save"))).await;
    app.wait_gone(&in_it(id, "textarea")).await;
}

/// What is said of who got a message, in the dialog behind its ticks.
async fn receipts(app: &App, id: &str, says: &str, selector: &str) {
    app.click(&in_it(id, ".ticks")).await;
    app.wait_text(&format!("{} {selector}", tid("receipts")), "Ben Okafor").await;
    let script = "const row = document.querySelector(arguments[0]);
        return new RegExp(`${arguments[1]} .*\\\\d`, 'u').test(row?.innerText ?? '')";
    let row = format!("{} {selector}", tid("receipts"));
    app.wait_until(&format!("{says} with its time"), script, vec![json!(row), json!(says)]).await;
    close_dialog(app).await;
}

async fn answer(app: &App, to: &str, text: &str) {
    go_to(app, to).await;
    app.click(&in_it(to, &tid("message-reply"))).await;
    app.fill(&tid("composer"), text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_for_a_message_outlive_a_kill() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let ada = desk.app("ada", &[]).await;
    introduce(&ada, &relay, &ben, "Ben Okafor").await;
    let talk = conversation_id(&ada, "Ben").await;
    write(&ada, &talk, &["See you at tne".to_owned()]).await;
    let when = message(&ada, "See you at tne").await;
    ada.wait_gone("[data-testid=tick][data-state=pending]").await;
    relay.stop();
    choose(&ada, &when, "message-edit").await;
    ada.fill(&in_it(&when, "textarea"), "See you at ten").await;
    ada.wait_for(&in_it(&when, "[data-kept=true]")).await;
    ada.crash();

    let ada = desk.app("ada", &[]).await;
    open(&ada, &talk).await;
    ada.wait_text(&in_it(&when, &tid("message-editor")), "not saved yet").await;
    let script = "return document.querySelector(arguments[0])?.value === 'See you at ten'";
    ada.wait_until("the words as they were typed", script, vec![json!(in_it(&when, "textarea"))]).await;
    ada.click(&in_it(&when, &tid("message-edit-save"))).await;
    ada.wait_text(&in_it(&when, &tid("message-body")), "See you at ten").await;
    relay.start_again();
    wait_connected(&ada).await;
    ada.wait_gone("[data-testid=tick][data-state=pending]").await;
    ben.run(&["sync"]).await;
    assert_eq!(ben.bodies(&talk).await, ["See you at ten"]);
    ada.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_edited_reacted_to_answered_forwarded_and_deleted_offline_and_everybody_sees_it() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    write(&house.laptop, &talk, &["See you at tne".to_owned()]).await;
    let when = message(&house.laptop, "See you at tne").await;
    // Ben has it, and has not looked yet; then he has.
    house.laptop.wait_for(&format!("{}[data-state=delivered]", of(&when))).await;
    receipts(&house.laptop, &when, "Delivered", "[data-delivered=true][data-read=false]").await;
    open(&house.ben, &talk).await;
    house.ben.click(&tid("composer")).await;
    house.laptop.wait_for(&format!("{}[data-state=read]", of(&when))).await;
    receipts(&house.laptop, &when, "Read", "[data-read=true]").await;
    // They have it open, and see of each other that they are there and that they write.
    house.laptop.wait_text(&tid("presence"), "online").await;
    house.ben.fill(&tid("composer"), "Which").await;
    house.laptop.wait_text(".typing", "Ben Okafor is typing").await;
    write(&house.ben, &talk, &["Which door?".to_owned()]).await;
    open(&house.desktop, &talk).await;
    let door = message(&house.laptop, "Which door?").await;
    house.laptop.wait_gone(".typing").await;
    // A page between a question and its answer.
    let lines = (1..40).map(|line| format!("Line {line}")).collect::<Vec<_>>().join("\n");
    write(&house.ben, &talk, std::slice::from_ref(&lines)).await;
    for window in house.windows() {
        window.wait_text(&tid("message-body"), "Line 39").await;
    }

    // Everybody is offline, and goes on.
    house.relay_down().await;
    house.laptop.wait_gone(&tid("presence")).await;
    edit(&house.laptop, &when, "See you at ten, **sharp**").await;
    house.laptop.wait_for(&format!("{}[data-changing=queued][data-edited=true]", of(&when))).await;
    react(&house.laptop, &door, "👍").await;
    house.laptop.wait_for(&format!("{}[data-changing=queued]", of(&door))).await;
    react(&house.ben, &when, "❤️").await;
    choose(&house.laptop, &door, "message-forward").await;
    house.laptop.click(&format!("[data-testid=forward-to][data-id=\"{talk}\"]")).await;
    house.laptop.click(&tid("forward-do")).await;
    house.laptop.wait_gone(&tid("dialog")).await;
    answer(&house.laptop, &door, "The blue one, @Be").await;
    house.laptop.click(&format!("{} [role=option]", tid("mention-list"))).await;
    house.laptop.click(&tid("send")).await;
    let blue = message(&house.laptop, "The blue one, @Ben Okafor").await;
    house.laptop.wait_for(&format!("{}[data-state=pending] .mention", of(&blue))).await;
    // Ben is not there when he is named.
    to_inbox(&house.ben).await;

    // The relay is back: all three windows show the same.
    house.relay_up().await;
    house.ben.wait_for(&format!("{}[data-unread]:not([data-unread=\"0\"])", crate::steps::row(&talk))).await;
    house.ben.click("[data-nav=notices]").await;
    house.ben.wait_text("[data-testid=notice][data-kind=mention][data-unread=true]", "The blue one").await;
    house.ben.click("[data-testid=notice][data-kind=mention] [data-testid=notice-open]").await;
    house.ben.wait_for(&of(&blue)).await;
    for (window, named) in house.windows().into_iter().zip([false, false, true]) {
        window.wait_for(&format!("{}[data-mentions-me={named}] .mention", of(&blue))).await;
        window.wait_text(".bubble .mark", "Forwarded").await;
        // The answer leads to what it answers.
        window.click(&in_it(&blue, ".quote")).await;
        let seen = "const log = document.querySelector('[data-testid=log]')?.getBoundingClientRect();
            const it = document.querySelector(arguments[0])?.getBoundingClientRect();
            return it && it.top >= log.top - 1 && it.bottom <= log.bottom + 1";
        window.wait_until("the message that is answered", seen, vec![json!(of(&door))]).await;
        window.wait_text(&in_it(&when, "strong"), "sharp").await;
        window.wait_for(&format!("{}[data-edited=true]:not([data-changing])", of(&when))).await;
        window.wait_for(&in_it(&door, "[data-emoji=\"👍\"][data-count=\"1\"]")).await;
        window.wait_for(&in_it(&when, "[data-emoji=\"❤️\"][data-count=\"1\"]")).await;
        window.wait_for(&in_it(&door, "[data-testid=message-replies][data-count=\"2\"]")).await;
    }

    // What was said before can be read; what answers is shown beside.
    house.ben.click(&in_it(&when, &tid("message-edited"))).await;
    house.ben.wait_text(&tid("history"), "See you at tne").await;
    house.ben.wait_text(&tid("history"), "See you at ten, sharp").await;
    close_dialog(&house.ben).await;
    house.ben.click(&in_it(&door, &tid("message-replies"))).await;
    house.ben.wait_text(&tid("answers"), "The blue one").await;
    house.ben.click(&tid("answers-reply")).await;
    house.ben.fill(&tid("composer"), "Then I wait there").await;
    house.ben.click(&tid("send")).await;
    house.ben.wait_text(&tid("answers"), "Then I wait there").await;
    house.ben.click(&format!("{} .root .who", tid("answers"))).await;
    for window in house.windows() {
        window.wait_for(&in_it(&door, "[data-testid=message-replies][data-count=\"3\"]")).await;
    }

    // A reaction taken back, and a message deleted for everyone, while nobody can be told; then gone from all screens.
    house.relay_down().await;
    take_back(&house.laptop, &door, "👍").await;
    house.laptop.wait_for(&format!("{}[data-changing=queued]", of(&door))).await;
    choose(&house.laptop, &when, "message-delete").await;
    house.laptop.click(&tid("confirm")).await;
    house.laptop.wait_for(&format!("{}[data-deleted=true]", of(&when))).await;
    for window in [&house.desktop, &house.ben] {
        scroll_up_to(window, &when).await;
        window.wait_text(&in_it(&when, &tid("message-body")), "sharp").await;
        window.wait_for(&in_it(&door, "[data-emoji=\"👍\"][data-count=\"1\"]")).await;
    }
    house.relay_up().await;
    for window in house.windows() {
        window.wait_for(&format!("{}:not([data-changing])", of(&door))).await;
        window.wait_gone(&in_it(&door, &tid("reaction"))).await;
        window.wait_for(&format!("{}[data-deleted=true][data-edited=false]", of(&when))).await;
        window.wait_gone(&in_it(&when, &tid("reaction"))).await;
        window.wait_gone(&in_it(&when, &tid("message-body"))).await;
    }
    house.end().await;
}

/// What is pasted, once it begins so.
async fn pasted(desk: &Desk, beginning: &str) -> String {
    let copied = || text_on(desk.display()).filter(|text| text.starts_with(beginning));
    wait_for_some(&format!("a copy that begins with {beginning:?}"), copied).await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_are_copied_forwarded_and_deleted_at_once_and_a_send_is_undone() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    let beside = Terminal::new(&desk.folder("laptop"), 0);
    let notes = begin(&house.laptop, "Notes to self", &[], "Here").await;
    open(&house.laptop, &talk).await;
    house.laptop.fill(&tid("composer"), "The **first**").await;
    house.laptop.click(&tid("send")).await;
    let first = message(&house.laptop, "The first").await;
    write(&house.laptop, &talk, &["The second".to_owned()]).await;
    let second = message(&house.laptop, "The second").await;
    for window in [&house.desktop, &house.ben] {
        open(window, &talk).await;
        message(window, "The second").await;
    }
    house.relay_down().await;

    // One is copied as it reads, without its marks; several with who and when.
    go_to(&house.laptop, &first).await;
    house.laptop.click(&in_it(&first, ".tools [aria-haspopup=menu]")).await;
    let copy = "const entry = [...document.querySelectorAll('[role=menuitem]')].find((one) => one.innerText.trim() === 'Copy text');
        entry?.setAttribute('data-found', '');
        return entry !== undefined";
    house.laptop.wait_until("the entry that copies", copy, vec![]).await;
    house.laptop.click("[role=menuitem][data-found]").await;
    assert_eq!(pasted(&desk, "The").await, "The first");
    choose(&house.laptop, &first, "message-select").await;
    house.laptop.wait_text(&tid("selection"), "1").await;
    house.laptop.click(&in_it(&second, ".pick")).await;
    house.laptop.click(&tid("selection-copy")).await;
    let both = pasted(&desk, "You").await;
    assert!(both.contains("The first") && both.contains("The second") && both.contains(':'), "{both:?}");
    house.laptop.wait_gone(&tid("selection")).await;

    // Both go on to another conversation, and are taken from this one, while it is offline.
    choose(&house.laptop, &first, "message-select").await;
    house.laptop.click(&in_it(&second, ".pick")).await;
    house.laptop.click(&tid("selection-forward")).await;
    house.laptop.click(&format!("[data-testid=forward-to][data-id=\"{notes}\"]")).await;
    house.laptop.click(&tid("forward-do")).await;
    house.laptop.wait_gone(&tid("dialog")).await;
    choose(&house.laptop, &first, "message-select").await;
    house.laptop.click(&in_it(&second, ".pick")).await;
    house.laptop.click(&tid("selection-delete")).await;
    house.laptop.click(&tid("confirm")).await;
    for id in [&first, &second] {
        house.laptop.wait_for(&format!("{}[data-deleted=true]", of(id))).await;
        house.ben.wait_for(&format!("{}[data-deleted=false]", of(id))).await;
    }
    house.relay_up().await;
    for window in house.windows() {
        for id in [&first, &second] {
            window.wait_for(&format!("{}[data-deleted=true]", of(id))).await;
        }
    }
    open(&house.desktop, &notes).await;
    for text in ["The first", "The second"] {
        message(&house.desktop, text).await;
    }
    open(&house.desktop, &talk).await;

    // A send is undone: the words are back on both devices, and Ben never saw them.
    beside.run(&["config", "set", "undo_send_seconds", "10"]).await;
    house.laptop.fill(&tid("composer"), "not for your eyes").await;
    house.laptop.click(&tid("send")).await;
    let undone = message(&house.laptop, "not for your eyes").await;
    let undo = "const toast = [...document.querySelectorAll('[data-testid=toast]')]
            .find((one) => one.innerText.includes('leaves in a moment'));
        toast?.querySelector('[data-testid=toast-action]')?.click();
        return toast !== undefined";
    house.laptop.wait_until("a way to undo it", undo, vec![]).await;
    house.laptop.wait_gone(&of(&undone)).await;
    wait_draft(&house.laptop, "not for your eyes").await;
    wait_draft(&house.desktop, "not for your eyes").await;
    beside.run(&["config", "set", "undo_send_seconds", "0"]).await;
    type_draft(&house.laptop, "for your eyes").await;
    house.laptop.click(&tid("send")).await;
    message(&house.ben, "for your eyes").await;
    let shown = "return document.body.innerText.includes('not for your eyes')";
    assert_eq!(house.ben.eval(shown, vec![]).await, json!(false));
    house.end().await;
}

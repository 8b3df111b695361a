//! The lists of conversations: what is in which, how they are grouped, and that each choice is taken back with one press.
//! Done with the relay down, seen on both of Ada's screens once it is back, and never on her client's.

use fantoccini::key::Key;
use serde_json::json;

use crate::choices::{Agency, choose, marked, show, undo};
use crate::driver::App;
use crate::steps::{begin, conversation_id, open, press, press_keys, row, tid, to_inbox, type_draft, write};

/// It ends while somebody looks.
const SNOOZED_MS: u64 = 5_000;

/// Waits until a list holds these conversations and no other, in whichever order.
pub async fn holds(app: &App, filter: &str, expected: &[&str]) {
    show(app, filter).await;
    let script = "const shown = [...document.querySelectorAll('[data-testid=conversation]')].map((row) => row.dataset.id);
        return JSON.stringify(shown.sort()) === JSON.stringify([...arguments[0]].sort())";
    app.wait_until(&format!("{filter} with {expected:?}"), script, vec![json!(expected)]).await;
}

/// What the list is grouped under, with how many.
pub async fn grouped(app: &App, expected: &[&str]) {
    let script = "const heads = [...document.querySelectorAll('[data-testid=conversation-group]')]
            .map((head) => head.getAttribute('aria-label'));
        return JSON.stringify(heads) === JSON.stringify(arguments[0])";
    app.wait_until(&format!("the groups {expected:?}"), script, vec![json!(expected)]).await;
}

/// Snoozes the open conversation's dialog until a time that is near; the field takes seconds.
async fn until_soon(app: &App) {
    let script = "const at = new Date(Date.now() + arguments[0]);
        return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19)";
    app.wait_for(&tid("until-own")).await;
    let at = app.eval(script, vec![json!(SNOOZED_MS)]).await;
    app.fill(&tid("until-own"), at.as_str().unwrap()).await;
    app.click(&tid("until-do")).await;
    app.wait_gone(&tid("dialog")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_what_was_chosen_offline_every_choice_is_undone_and_a_snooze_ends() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    let first = conversation_id(&house.laptop, "Cora Lind").await;
    let notes = begin(&house.laptop, "Notes to self", &[], "Tea").await;
    write(&house.client, &boiler, &["It is cold".to_owned()]).await;
    open(&house.laptop, &boiler).await;
    house.laptop.click(&tid("composer")).await;
    // The client sees that it was read, and that stays so whatever is marked.
    let read =
        "return [...document.querySelectorAll('[data-testid=message]')].at(-1)?.dataset.state === 'read'";
    house.client.wait_until("the message as read", read, vec![]).await;
    to_inbox(&house.laptop).await;
    house.desktop.wait_for(&row(&notes)).await;
    house.relay_down().await;
    let laptop = &house.laptop;

    // Every choice says what it did, and is taken back there.
    for (entry, then, mark, says) in [
        ("thread-pin", None, "pinned", "“The boiler” pinned"),
        ("thread-mute", Some("[data-testid=until][data-until=hour]"), "muted", "“The boiler” muted"),
        ("thread-unread", None, "marked-unread", "“The boiler” marked unread"),
        ("thread-archive", None, "archived", "“The boiler” archived"),
        (
            "thread-snooze",
            Some("[data-testid=until][data-until=tomorrow]"),
            "snoozed",
            "“The boiler” snoozed",
        ),
        ("thread-assign", Some("[data-testid=assignee]"), "assigned", "“The boiler” assigned to"),
    ] {
        choose(laptop, &boiler, entry).await;
        if let Some(then) = then {
            laptop.click(then).await;
        }
        match mark {
            "archived" | "snoozed" => laptop.wait_gone(&row(&boiler)).await,
            "assigned" => drop(laptop.wait_for(&format!("{} {}", row(&boiler), tid("row-assignee"))).await),
            _ => drop(laptop.wait_for(&marked(&boiler, mark)).await),
        }
        undo(laptop, says).await;
        match mark {
            "assigned" => laptop.wait_gone(&format!("{} {}", row(&boiler), tid("row-assignee"))).await,
            _ => drop(laptop.wait_for(&format!("{}[data-{mark}=false]", row(&boiler))).await),
        }
    }

    // With the keyboard alone: three are chosen, pinned together, and let go together.
    laptop.eval("document.querySelector(`${arguments[0]} a`).focus()", vec![json!(row(&boiler))]).await;
    press_keys(laptop, "x").await;
    laptop.wait_text(&tid("bulk"), "1 selected").await;
    press(laptop, Key::Control, "a").await;
    laptop.wait_text(&tid("bulk"), "4 selected").await;
    laptop.click(&tid("bulk-pin")).await;
    for id in [&boiler, &garden, &notes, &first] {
        laptop.wait_for(&marked(id, "pinned")).await;
    }
    undo(laptop, "4 conversations pinned").await;
    for id in [&boiler, &garden, &notes, &first] {
        laptop.wait_for(&format!("{}[data-pinned=false]", row(id))).await;
    }

    // What lasts.
    choose(laptop, &boiler, "thread-assign").await;
    laptop.click(&tid("assignee")).await;
    laptop.wait_for(&format!("{} {}", row(&boiler), tid("row-assignee"))).await;
    choose(laptop, &boiler, "thread-unread").await;
    laptop.wait_for(&marked(&boiler, "marked-unread")).await;
    open(laptop, &notes).await;
    type_draft(laptop, "and milk").await;
    laptop.click(&tid("thread-menu")).await;
    laptop.click(&tid("thread-archive")).await;
    laptop.wait_gone(&row(&notes)).await;
    choose(laptop, &garden, "thread-snooze").await;
    laptop.click("[data-testid=until][data-until=tomorrow]").await;
    laptop.wait_gone(&row(&garden)).await;
    house.relay_up().await;
    let laptop = &house.laptop;
    for window in [laptop, &house.desktop] {
        holds(window, "snoozed", &[&garden]).await;
        holds(window, "unread", &[&boiler]).await;
        holds(window, "mine", &[&boiler]).await;
        holds(window, "unassigned", &[&first]).await;
        holds(window, "drafts", &[&notes]).await;
        holds(window, "archived", &[&notes]).await;
        window.click(&tid("filter-menu")).await;
        window.click(&tid("filter-all")).await;
        window.click(&tid("filter-menu")).await;
        window.click(&tid("group-client")).await;
        grouped(window, &["Cora Lind: 3 conversations", "No client: 1 conversation"]).await;
        show(window, "active").await;
    }
    // Another time is chosen; it comes, on both, and on neither of them anybody did anything.
    show(laptop, "snoozed").await;
    choose(laptop, &garden, "thread-unsnooze").await;
    show(laptop, "active").await;
    choose(laptop, &garden, "thread-snooze").await;
    until_soon(laptop).await;
    for window in [laptop, &house.desktop] {
        window.wait_for(&format!("{}[data-snoozed=false]", row(&garden))).await;
        window.wait_for(&format!("{} .mark[aria-label=\"Back from its snooze\"]", row(&garden))).await;
        holds(window, "unassigned", &[&first, &garden]).await;
    }
    for mark in ["pinned", "muted", "snoozed", "archived", "marked-unread"] {
        house.client.wait_for(&format!("{}[data-{mark}=false]", row(&boiler))).await;
    }
    assert_eq!(house.client.eval(read, vec![]).await, json!(true), "a mark is no receipt");
    house.end().await;
}

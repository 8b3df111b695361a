//! Many conversations at once: each thing that can be done with what is chosen, and what takes it back, done with the relay
//! down, seen on Ada's other screen once it is up, and never on her client's. And the list under its properties.

use serde_json::json;

use crate::choices::{Agency, click_with, marked, show, undo};
use crate::driver::App;
use crate::lists::{grouped, holds};
use crate::steps::{open, row, tid, to_inbox, wait_unread, write};

async fn select(app: &App, conversations: &[&str]) {
    for id in conversations {
        click_with(app, id, "ctrlKey").await;
    }
    app.wait_text(&tid("bulk"), &format!("{} selected", conversations.len())).await;
}

async fn all_are(app: &App, conversations: &[&str], mark: &str, value: &str) {
    for id in conversations {
        app.wait_for(&format!("{}[data-{mark}={value}]", row(id))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_many_offline_is_taken_back_with_one_press_and_lasts_on_the_other_device() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    let both = [boiler.as_str(), garden.as_str()];
    to_inbox(&house.laptop).await;
    for id in both {
        write(&house.client, id, &["Is somebody coming?".to_owned()]).await;
    }
    for id in both {
        wait_unread(&house.laptop, id, 1).await;
    }
    house.relay_down().await;
    let laptop = &house.laptop;

    select(laptop, &both).await;
    laptop.click(&tid("bulk-read")).await;
    all_are(laptop, &both, "unread", "\"0\"").await;
    undo(laptop, "2 conversations marked read").await;
    all_are(laptop, &both, "marked-unread", "true").await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-read")).await;
    all_are(laptop, &both, "marked-unread", "false").await;
    // What is read is offered the other way round.
    select(laptop, &both).await;
    laptop.wait_for(&tid("bulk-unread")).await;
    laptop.click(&tid("bulk-mute")).await;
    laptop.click("[data-testid=until][data-until=forever]").await;
    all_are(laptop, &both, "muted", "true").await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-unmute")).await;
    all_are(laptop, &both, "muted", "false").await;
    undo(laptop, "2 conversations are announced again").await;
    all_are(laptop, &both, "muted", "true").await;

    select(laptop, &both).await;
    laptop.click(&tid("bulk-menu")).await;
    laptop.click(&tid("bulk-assign")).await;
    laptop.click(&tid("assignee")).await;
    for id in both {
        laptop.wait_for(&format!("{} {}", row(id), tid("row-assignee"))).await;
    }
    undo(laptop, "2 conversations assigned to").await;
    for id in both {
        laptop.wait_gone(&format!("{} {}", row(id), tid("row-assignee"))).await;
    }

    select(laptop, &both).await;
    laptop.click(&tid("bulk-snooze")).await;
    laptop.click("[data-testid=until][data-until=tomorrow]").await;
    holds(laptop, "snoozed", &both).await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-unsnooze")).await;
    holds(laptop, "snoozed", &[]).await;
    undo(laptop, "2 conversations are back").await;
    holds(laptop, "snoozed", &both).await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-unsnooze")).await;
    holds(laptop, "snoozed", &[]).await;

    show(laptop, "active").await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-archive")).await;
    holds(laptop, "archived", &both).await;
    select(laptop, &both).await;
    laptop.click(&tid("bulk-unarchive")).await;
    holds(laptop, "archived", &[]).await;
    undo(laptop, "2 conversations are back in the inbox").await;
    holds(laptop, "archived", &both).await;

    house.relay_up().await;
    holds(&house.desktop, "archived", &both).await;
    all_are(&house.desktop, &both, "muted", "true").await;
    all_are(&house.desktop, &both, "unread", "\"0\"").await;
    for mark in ["muted", "archived", "snoozed", "marked-unread"] {
        all_are(&house.client, &both, mark, "false").await;
    }
    // Back to the inbox from the other screen.
    select(&house.desktop, &both).await;
    house.desktop.click(&tid("bulk-unarchive")).await;
    for window in [&house.laptop, &house.desktop] {
        holds(window, "archived", &[]).await;
    }
    house.end().await;
}

/// Keeps a property and comes back to the list.
pub async fn keep(app: &App, title: &str) {
    app.click("[data-nav=records]").await;
    app.click(&tid("record-add")).await;
    app.fill(&tid("record-title"), title).await;
    app.click(&tid("record-create")).await;
    app.wait_text("main h1", title).await;
    to_inbox(app).await;
}

/// Links a property to a conversation, found by what is typed of its name.
pub async fn link(app: &App, conversation: &str, typed: &str, title: &str) {
    open(app, conversation).await;
    app.fill(&tid("record-link"), typed).await;
    app.wait_text(&tid("pick"), title).await;
    app.click(&tid("pick")).await;
    app.wait_text("[data-testid=thread] [data-testid=record-chip]", title).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_stands_under_each_of_its_properties_on_both_screens() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    house.relay_down().await;
    let laptop = &house.laptop;
    keep(laptop, "Villa Rosa").await;
    keep(laptop, "Harbour flat").await;
    link(laptop, &boiler, "villa", "Villa Rosa").await;
    link(laptop, &boiler, "hrbr", "Harbour flat").await;
    link(laptop, &garden, "rosa", "Villa Rosa").await;
    house.relay_up().await;
    let laptop = &house.laptop;
    for window in [laptop, &house.desktop] {
        to_inbox(window).await;
        window.click(&tid("filter-menu")).await;
        window.click(&tid("group-record")).await;
        grouped(
            window,
            &["Villa Rosa: 2 conversations", "Harbour flat: 1 conversation", "No property: 1 conversation"],
        )
        .await;
        let twice = "return document.querySelectorAll(arguments[0]).length === 2";
        window.wait_until("the boiler under both", twice, vec![json!(row(&boiler))]).await;
    }
    // Unlinked on the one, it leaves its heading on the other.
    open(laptop, &boiler).await;
    laptop.click("[aria-label=\"Unlink Villa Rosa\"]").await;
    for window in [laptop, &house.desktop] {
        grouped(
            window,
            &["Villa Rosa: 1 conversation", "Harbour flat: 1 conversation", "No property: 1 conversation"],
        )
        .await;
    }
    undo(laptop, "Unlinked: Villa Rosa").await;
    grouped(
        &house.desktop,
        &["Villa Rosa: 2 conversations", "Harbour flat: 1 conversation", "No property: 1 conversation"],
    )
    .await;
    // The client was shared nothing: nothing of it is a heading there.
    house.client.click(&tid("filter-menu")).await;
    house.client.click(&tid("group-record")).await;
    grouped(&house.client, &["No property: 3 conversations"]).await;
    house.client.wait_gone(&marked(&boiler, "archived")).await;
    house.end().await;
}

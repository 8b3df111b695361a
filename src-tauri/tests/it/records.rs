//! A property and an interest in three windows: the agent's laptop and desktop, and the client's. What is done while the
//! relay is down shows that it waits, and is the same on all screens once it is back.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Desk};
use crate::files::picture;
use crate::programs::Relay;
use crate::steps::{
    close_dialog, conversation_id, first_start, invite, join, link, open, paste_file, press_key, tid,
    to_inbox, wait_connected,
};

const SECRET: &str = "The owner would take four hundred";
const PHOTO: &str = "[data-testid=record-photo] [data-testid=attachment-image]";
/// All of a picture is there, not the small one that is sent ahead of it.
const SHOWN: &str = "return document.querySelector(arguments[0])?.naturalWidth === 640";

#[tokio::test(flavor = "multi_thread")]
async fn a_property_is_shared_wanted_and_edited_apart_while_the_relay_is_down() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let laptop = desk.app("laptop", &[]).await;
    first_start(&laptop, "Ada Berger").await;
    let invitation = invite(&laptop, &relay, "client", Some("Ben Okafor")).await;
    let desktop = desk.app("desktop", &[]).await;
    link(&laptop, &desktop).await;
    close_dialog(&laptop).await;
    close_dialog(&desktop).await;
    let ben = desk.app("ben", &[]).await;
    join(&ben, &invitation, "Ben Okafor").await;
    laptop.click("[data-nav=people]").await;
    laptop.wait_text(&tid("person"), "Ben Okafor").await;

    // Kept and shared while the relay is down: it says that it waits.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    laptop.click("[data-nav=records]").await;
    laptop.click(&tid("record-add")).await;
    laptop.fill(&tid("record-title"), "Villa Rosa").await;
    laptop.fill(&tid("record-price"), "420 000").await;
    laptop.fill(&tid("record-place"), "Sopot").await;
    laptop.click(&tid("record-create")).await;
    laptop.wait_for("[data-testid=record-view][data-state=pending]").await;
    let villa = laptop.wait_for(&tid("record-view")).await.attr("data-id").await.unwrap().unwrap();
    write(&laptop, "internal_notes", "textarea", SECRET).await;
    paste_file(&laptop, &tid("record-photos"), "Front.png", "image/png", &picture(640, 480)).await;
    laptop.wait_for(PHOTO).await;
    laptop.click(&tid("record-share")).await;
    laptop.wait_text(&tid("share-preview"), "Villa Rosa").await;
    laptop.wait_text(&tid("share-preview"), "They never see: Internal notes").await;
    laptop.click("[data-testid=share-client] input").await;
    laptop.click(&tid("share-do")).await;
    laptop.wait_for("[data-testid=record-copy][data-state=waiting]").await;
    ben.click("[data-nav=records]").await;
    ben.wait_text("main", "No property yet").await;

    relay.start_again();
    wait_connected(&laptop).await;
    laptop.wait_for("[data-testid=record-view][data-state=sent]").await;
    laptop.wait_for("[data-testid=record-copy][data-state=published]").await;
    let listed = format!("[data-testid=record][data-id=\"{villa}\"]");
    for window in [&desktop, &ben] {
        window.click("[data-nav=records]").await;
        window.wait_text(&listed, "Villa Rosa").await;
        window.click(&listed).await;
        window.wait_for(&tid("record-view")).await;
    }
    desktop
        .wait_until(
            "the note",
            "return document.querySelector('[data-field=internal_notes] textarea')?.value === arguments[0]",
            vec![json!(SECRET)],
        )
        .await;
    ben.wait_text(&tid("record-view"), "Shared with you").await;
    for window in [&desktop, &ben] {
        window.wait_until("the photo as it was taken", SHOWN, vec![json!(PHOTO)]).await;
    }
    let seen = ben.eval("return document.body.innerHTML.includes(arguments[0]) || document.querySelector('[data-field=internal_notes]') !== null", vec![json!(SECRET)]).await;
    assert_eq!(seen, json!(false), "nothing internal is on the client's screen");

    // Down again: three devices do what they want with it.
    relay.stop();
    for window in [&laptop, &desktop, &ben] {
        window.wait_for(&tid("banner")).await;
    }
    write(&laptop, "title", "input", "Villa Rossa").await;
    laptop.wait_text("main h1", "Villa Rossa").await;
    write(&desktop, "title", "input", "Casa Rosa").await;
    desktop.wait_text("main h1", "Casa Rosa").await;
    write(&desktop, "place", "input", "Gdynia").await;
    desktop.click("[data-testid=record-write]").await;
    desktop.fill(&tid("new-to"), "Ben").await;
    desktop.wait_text(&tid("new-person"), "Ben Okafor").await;
    desktop.click(&tid("new-person")).await;
    desktop.fill(&tid("new-message"), "Would this be something for you?").await;
    desktop.click(&tid("new-start")).await;
    desktop.wait_gone(&tid("dialog")).await;
    desktop.wait_text("[data-testid=thread] [data-testid=record-chip]", "Casa Rosa").await;
    desktop.click("[data-testid=interest-level][data-level=medium]").await;
    desktop.wait_for("[data-testid=interest][data-state=pending]").await;
    ben.click("[data-testid=interest-level][data-level=very_high]").await;
    ben.wait_for("[data-testid=interest][data-state=pending]").await;
    ben.click("[data-testid=record-ask][data-ask=viewing]").await;
    ben.wait_text("[data-testid=toast]", "Asked").await;

    relay.start_again();
    for window in [&laptop, &desktop, &ben] {
        wait_connected(window).await;
    }
    // The title that two devices gave is shown on both, with who and when; chosen on one, it is settled on both.
    desktop.click("[data-nav=records]").await;
    desktop.click(&listed).await;
    for window in [&laptop, &desktop] {
        window.wait_text("[data-testid=record-conflict][data-field=title]", "Villa Rossa").await;
        window.wait_text("[data-testid=record-conflict][data-field=title]", "Casa Rosa").await;
        window.wait_text("[data-testid=record-conflict][data-field=title]", "You").await;
    }
    laptop
        .wait_until(
            "the place that only one wrote",
            "return document.querySelector('[data-field=place] input')?.value === 'Gdynia'",
            vec![],
        )
        .await;
    let use_it = "const row = [...document.querySelectorAll('[data-testid=record-conflict] li')].find((one) => one.innerText.includes('Villa Rossa'));
        row.querySelector('button').click(); return true";
    desktop.eval(use_it, vec![]).await;
    for window in [&laptop, &desktop] {
        window.wait_gone("[data-testid=record-conflict][data-field=title]").await;
        window.wait_text("main h1", "Villa Rossa").await;
    }
    // The copy follows by itself.
    laptop.wait_for("[data-testid=record-copy][data-state=published]").await;
    ben.wait_text("main h1", "Villa Rossa").await;
    ben.wait_text("[data-field=place]", "Gdynia").await;

    // Two interests noted apart are one, on every screen; its level wants a choice.
    for window in [&laptop, &desktop, &ben] {
        let count = "return document.querySelectorAll('[data-testid=interest][data-id]').length === 1";
        window.wait_until("one interest", count, vec![]).await;
    }
    laptop.click("[data-testid=interest-level][data-level=high]").await;
    ben.wait_for("[data-testid=interest-level][data-level=high][aria-checked=true]").await;

    // On the board the client's interest is one card; the keyboard moves it, and the client sees how far it came.
    laptop.click("[data-nav=records]").await;
    laptop.click("a[href='#/interests']").await;
    laptop.wait_text("[data-testid=board-column][data-column=interested]", "Ben Okafor").await;
    let cards =
        laptop.eval("return document.querySelectorAll('[data-testid=board-card]').length", vec![]).await;
    assert_eq!(cards, json!(1));
    laptop.eval("document.querySelector('[data-card]').focus(); return true", vec![]).await;
    let press = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', altKey: true, bubbles: true, cancelable: true })); return true";
    laptop.eval(press, vec![]).await;
    laptop.wait_text("[data-testid=board-column][data-column=viewing_scheduled]", "Ben Okafor").await;
    ben.wait_until(
        "how far it came",
        "return document.querySelector('[data-testid=interest-status]')?.value === 'viewing_scheduled'",
        vec![],
    )
    .await;

    // What Ben asked came to the conversation about it.
    to_inbox(&desktop).await;
    let asked = conversation_id(&desktop, "I would like to see").await;
    open(&desktop, &asked).await;
    desktop.wait_text(&tid("message-body"), "I would like to see").await;
    desktop.wait_text("[data-testid=thread] [data-testid=record-chip]", "Villa Rossa").await;
    for app in [laptop, desktop, ben] {
        app.close().await;
    }
}

/// Writes a field as somebody who types and goes on.
async fn write(app: &App, field: &str, kind: &str, text: &str) {
    let css = format!("[data-testid=record-field][data-field={field}] {kind}");
    app.fill(&css, text).await;
    app.eval("document.querySelector(arguments[0]).blur(); return true", vec![json!(css)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_into_a_property_outlives_escape_and_a_kill() {
    let desk = Desk::start();
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    ada.click("[data-nav=records]").await;
    ada.click(&tid("record-add")).await;
    ada.fill(&tid("record-title"), "Villa Rosa").await;
    ada.click(&tid("record-create")).await;
    ada.wait_for(&tid("record-view")).await;

    // What is typed is the property's once its view is left by a key, and no sooner.
    let notes = "[data-testid=record-field][data-field=internal_notes]";
    ada.fill(&format!("{notes} textarea"), SECRET).await;
    press_key(&ada, Key::Escape).await;
    ada.wait_gone(&tid("record-view")).await;
    ada.click("[data-nav=records]").await;
    ada.click(&tid("record")).await;
    wait_value(&ada, &format!("{notes} textarea"), SECRET).await;
    ada.wait_gone(&tid("unsaved")).await;

    // A form that was left and a field that is typed in when the process is killed: both are there again, and not saved.
    ada.click("[data-nav=records]").await;
    ada.click(&tid("record-add")).await;
    ada.fill(&tid("record-title"), "Casa Azul").await;
    press_key(&ada, Key::Escape).await;
    ada.wait_gone(&tid("record-title")).await;
    ada.click(&tid("record")).await;
    let longer = format!("{SECRET}, not more");
    ada.fill(&format!("{notes} textarea"), &longer).await;
    ada.wait_for(&format!("{notes}[data-kept=true]")).await;
    ada.crash();

    let ada = desk.app("ada", &[]).await;
    ada.click("[data-nav=records]").await;
    ada.click(&tid("record-add")).await;
    wait_value(&ada, &tid("record-title"), "Casa Azul").await;
    press_key(&ada, Key::Escape).await;
    ada.wait_gone(&tid("record-title")).await;
    ada.click(&tid("record")).await;
    wait_value(&ada, &format!("{notes} textarea"), &longer).await;
    ada.wait_text(&tid("unsaved"), "not saved yet").await;
    ada.click(&tid("unsaved-save")).await;
    ada.wait_gone(&tid("unsaved")).await;
    wait_value(&ada, &format!("{notes} textarea"), &longer).await;
    ada.close().await;
}

async fn wait_value(app: &App, css: &str, text: &str) {
    let script = "return document.querySelector(arguments[0])?.value === arguments[1]";
    app.wait_until(&format!("{text:?} in {css}"), script, vec![json!(css), json!(text)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_the_relay_does_not_take_says_so_and_goes_once_it_does() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let laptop = desk.app("laptop", &[]).await;
    first_start(&laptop, "Ada Berger").await;
    invite(&laptop, &relay, "client", Some("Ben Okafor")).await;
    let desktop = desk.app("desktop", &[]).await;
    link(&laptop, &desktop).await;
    close_dialog(&laptop).await;
    close_dialog(&desktop).await;

    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    laptop.click("[data-nav=records]").await;
    laptop.click(&tid("record-add")).await;
    laptop.fill(&tid("record-title"), "Villa Rosa").await;
    laptop.click(&tid("record-create")).await;
    paste_file(&laptop, &tid("record-photos"), "Front.png", "image/png", &picture(640, 480)).await;
    laptop.wait_for(PHOTO).await;
    relay.start_again_with(&["--file-mb", "0"]);
    wait_connected(&laptop).await;
    laptop.wait_text(&tid("attachment-refused"), "Larger than what the relay takes").await;
    laptop.wait_until("the photo all the same", SHOWN, vec![json!(PHOTO)]).await;

    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    relay.start_again();
    wait_connected(&laptop).await;
    laptop.click(&tid("attachment-again")).await;
    laptop.wait_gone(&tid("attachment-refused")).await;
    desktop.click("[data-nav=records]").await;
    desktop.click(&tid("record")).await;
    desktop.wait_until("the photo as it was taken", SHOWN, vec![json!(PHOTO)]).await;
    laptop.close().await;
    desktop.close().await;
}

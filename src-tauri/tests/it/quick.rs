//! Quick replies in the window: written with the relay down, picked by a colleague with the keys alone, counted on both
//! screens, and never on the client's device. Pictures lie in `target/tmp/pictures-of-quick`, to be looked at.

use std::path::Path;

use serde_json::json;

use crate::bulk::{keep, link};
use crate::choices::Agency;
use crate::driver::{App, Desk};
use crate::files::picture as picture_file;
use crate::meeting::Office;
use crate::programs::Terminal;
use crate::steps::{open, paste_file, says, tid, to_inbox, type_draft, wait_connected, wait_draft};

const TITLE: &str = "Keys and gate";
const BODY: &str = "Dear {{client.first_name}},\nthe keys lie in the box.\n{{me.first_name}}";
const ENTER: &str = "\u{e007}";

/// Goes to the list of quick replies as a person does who does not know where it is.
async fn manage(app: &App) {
    app.click("[data-nav=settings]").await;
    app.fill(&tid("settings-search"), "canned").await;
    app.click("[data-testid=setting][data-id=quick] button").await;
    app.wait_for(&tid("quick-new")).await;
}

/// Presses keys where the caret stands.
async fn press(app: &App, keys: &str) {
    app.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

/// Picks the quick reply with the keys alone and sends it.
async fn answer(app: &App, talk: &str, filled: &str, name: &str) {
    to_inbox(app).await;
    open(app, talk).await;
    app.click(&tid("composer")).await;
    press(app, "/gate").await;
    app.wait_text(&tid("quick-hit"), TITLE).await;
    picture(app, &format!("{name}-picker")).await;
    press(app, ENTER).await;
    wait_draft(app, filled).await;
    app.wait_text("[data-testid=pending-file][data-busy=false]", "Way.png").await;
    app.wait_for("[data-testid=quick-note][data-gaps=\"0\"]").await;
    picture(app, &format!("{name}-filled")).await;
    press(app, ENTER).await;
    wait_draft(app, "").await;
    app.wait_gone(&tid("quick-note")).await;
    let script = "return [...document.querySelectorAll('[data-testid=message]')]
        .find((one) => one.innerText.includes(arguments[0]))
        ?.querySelector('[data-testid=message-template]')?.getAttribute('aria-label') ?? null";
    let began = app.wait_until("a message that began as one", script, vec![json!(last_line(filled))]).await;
    assert!(began.as_str().unwrap().contains(TITLE), "{began}");
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_reply_written_offline_is_picked_by_a_colleague_and_never_on_the_client_s_device() {
    let desk = Desk::start();
    let Office { mut relay, ada, cem, ben, talk } = Office::on(&desk).await;
    relay.stop();
    for window in [&ada, &cem, &ben] {
        window.wait_for(&tid("banner")).await;
    }
    manage(&ada).await;
    picture(&ada, "none").await;
    ada.click(&tid("quick-new")).await;
    ada.fill(&tid("quick-title"), TITLE).await;
    ada.fill(&tid("quick-body"), BODY).await;
    ada.wait_text(&tid("quick-preview"), "the keys lie in the box.").await;
    paste_file(&ada, &tid("quick-files"), "Way.png", "image/png", &picture_file(320, 240)).await;
    ada.wait_text(&format!("{} {}", tid("quick-files"), tid("pending-file")), "Way.png").await;
    let choose = "const list = document.querySelector('[data-testid=quick-form-category]');
        list.value = 'check_in';
        list.dispatchEvent(new Event('change', { bubbles: true }))";
    ada.eval(choose, vec![]).await;
    for (width, height) in [(1280, 800), (480, 800)] {
        ada.set_size(width, height).await;
        picture(&ada, &format!("form-{width}")).await;
        assert_eq!(ada.sticking_out().await, Vec::<String>::new(), "{width}");
        assert_eq!(ada.hard_to_touch().await, Vec::<String>::new(), "{width}");
    }
    ada.set_size(1280, 800).await;
    ada.click(&tid("quick-save")).await;
    ada.wait_text(&tid("quick-row"), "not used yet").await;
    ada.wait_text(&tid("banner"), "2 changes").await;

    relay.start_again();
    for window in [&ada, &cem, &ben] {
        wait_connected(window).await;
    }
    manage(&cem).await;
    cem.wait_text(&tid("quick-row"), TITLE).await;
    cem.wait_for("[data-testid=quick-with][data-here=true]").await;
    answer(&cem, &talk, "Dear Ben,\nthe keys lie in the box.\nCem", "cem").await;
    open(&ben, &talk).await;
    ben.wait_text(&tid("message-body"), "the keys lie in the box.\nCem").await;
    let whole = "return document.querySelector('[data-testid=attachment-image]')?.naturalWidth === 320";
    ben.wait_until("the picture that goes with it", whole, vec![]).await;

    // Both use it while neither hears of the other: every use counts.
    relay.stop();
    for window in [&ada, &cem] {
        window.wait_for(&tid("banner")).await;
    }
    answer(&cem, &talk, "Dear Ben,\nthe keys lie in the box.\nCem", "cem-again").await;
    answer(&ada, &talk, "Dear Ben,\nthe keys lie in the box.\nAda", "ada").await;
    relay.start_again();
    for window in [&ada, &cem, &ben] {
        wait_connected(window).await;
    }
    for window in [&ada, &cem] {
        manage(window).await;
        window.wait_text(&tid("quick-row"), "used 3 times").await;
    }
    picture(&cem, "list").await;

    // The client has the words, and nothing they were made from.
    ben.wait_text(&tid("message-body"), "the keys lie in the box.\nAda").await;
    ben.wait_gone(&tid("message-template")).await;
    manage(&ben).await;
    ben.wait_text("main", "No quick replies yet").await;
    to_inbox(&ben).await;
    open(&ben, &talk).await;
    ben.click(&tid("composer")).await;
    press(&ben, "/").await;
    ben.wait_text(&tid("quick-picker"), "No quick replies yet").await;
    let device = Terminal::new(&desk.folder("ben"), 0);
    assert_eq!(device.run(&["quick", "list", "--all"]).await, Vec::<serde_json::Value>::new());
    for row in device.run(&["messages", &talk]).await {
        assert_eq!(row["template"], json!(null), "{row}");
    }
    for app in [ada, cem, ben] {
        app.close().await;
    }
}

/// Writes one with nothing but words; for one property, if that is named.
async fn reply(app: &App, title: &str, body: &str, property: Option<&str>) {
    app.click(&tid("quick-new")).await;
    app.fill(&tid("quick-title"), title).await;
    app.fill(&tid("quick-body"), body).await;
    if let Some(property) = property {
        app.fill(&tid("quick-property"), property).await;
        app.wait_text(&tid("pick"), property).await;
        app.click(&tid("pick")).await;
    }
    app.click(&tid("quick-save")).await;
    app.wait_gone(&tid("quick-form")).await;
    app.wait_text(&tid("quick-row"), title).await;
}

/// What a `/` offers in a conversation.
async fn offered(app: &App, conversation: &str, titles: &[&str]) {
    to_inbox(app).await;
    open(app, conversation).await;
    app.click(&tid("composer")).await;
    press(app, "/").await;
    let script = "const hits = [...document.querySelectorAll('[data-testid=quick-hit] bdi')].map((one) => one.innerText);
        return JSON.stringify(hits.sort()) === JSON.stringify(arguments[0])";
    app.wait_until(&format!("{titles:?} to be offered"), script, vec![json!(titles)]).await;
    app.wait_for("[data-testid=composer][data-saved=true]").await;
    type_draft(app, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_reply_of_one_property_is_offered_where_that_is_spoken_of_and_nowhere_else() {
    let mut house = Agency::start().await;
    let (boiler, garden) = (house.boiler.clone(), house.garden.clone());
    house.relay_down().await;
    let laptop = &house.laptop;
    keep(laptop, "Villa Rosa").await;
    link(laptop, &boiler, "villa", "Villa Rosa").await;
    manage(laptop).await;
    reply(laptop, "The way", "{{property.title}} lies behind the church", Some("Villa Rosa")).await;
    laptop.wait_text(&tid("quick-row"), "Villa Rosa").await;
    reply(laptop, "Thanks", "Thank you!", None).await;
    offered(laptop, &garden, &["Thanks"]).await;
    offered(laptop, &boiler, &["Thanks", "The way"]).await;

    house.relay_up().await;
    let desktop = &house.desktop;
    manage(desktop).await;
    desktop.wait_text(&tid("quick-row"), "Villa Rosa").await;
    desktop.wait_text(&tid("quick-row"), "Thanks").await;
    offered(desktop, &garden, &["Thanks"]).await;
    offered(desktop, &boiler, &["Thanks", "The way"]).await;
    press(desktop, "/way").await;
    desktop.wait_text(&tid("quick-hit"), "The way").await;
    press(desktop, ENTER).await;
    wait_draft(desktop, "Villa Rosa lies behind the church").await;
    press(desktop, ENTER).await;
    wait_draft(desktop, "").await;

    // The client gets the words; where they came from is nothing of hers.
    open(&house.client, &boiler).await;
    says(&house.client, &["I will send somebody", "Villa Rosa lies behind the church"]).await;
    house.client.click(&tid("composer")).await;
    press(&house.client, "/").await;
    house.client.wait_text(&tid("quick-picker"), "No quick replies yet").await;
    house.end().await;
}

async fn picture(app: &App, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures-of-quick");
    app.screenshot(&folder.join(format!("{name}.png"))).await;
}

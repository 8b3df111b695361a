//! A property between a team and its client, and the client's interest in it: what each side does while the relay is down
//! is followed to the other person's screen and to Ada's other device.

use serde_json::json;

use crate::bulk::link;
use crate::choices::Agency;
use crate::driver::App;
use crate::steps::{conversation_id, open, tid, to_inbox};

fn listed(record: &str) -> String {
    format!("[data-testid=record][data-id=\"{record}\"]")
}

async fn to_records(app: &App) {
    app.click("[data-nav=records]").await;
    app.wait_gone(&tid("record-view")).await;
}

async fn show(app: &App, record: &str) {
    to_records(app).await;
    app.click(&listed(record)).await;
    app.wait_for(&format!("[data-testid=record-view][data-id=\"{record}\"]")).await;
}

async fn share(app: &App) {
    app.click(&tid("record-share")).await;
    app.click("[data-testid=share-client] input").await;
    app.click(&tid("share-do")).await;
    app.wait_for("[data-testid=record-copy][data-state=published]").await;
}

/// Ada keeps a property and shares it with her client.
async fn villa(house: &Agency) -> String {
    house.laptop.click("[data-nav=records]").await;
    house.laptop.click(&tid("record-add")).await;
    house.laptop.fill(&tid("record-title"), "Villa Rosa").await;
    house.laptop.click(&tid("record-create")).await;
    let view = house.laptop.wait_for(&tid("record-view")).await;
    let villa = view.attr("data-id").await.unwrap().unwrap();
    share(&house.laptop).await;
    for window in [&house.desktop, &house.client] {
        to_records(window).await;
        window.wait_for(&listed(&villa)).await;
    }
    villa
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_is_linked_asked_about_withdrawn_deleted_and_taken_back_on_all_screens() {
    let mut house = Agency::start().await;
    let boiler = house.boiler.clone();
    let villa = villa(&house).await;
    let chip = "[data-testid=thread] [data-testid=record-chip]";

    house.relay_down().await;
    to_inbox(&house.laptop).await;
    link(&house.laptop, &boiler, "villa", "Villa Rosa").await;
    show(&house.client, &villa).await;
    for ask in ["contact", "photos"] {
        house.client.click(&format!("[data-testid=record-ask][data-ask={ask}]:not(:disabled)")).await;
        house.client.wait_text(&tid("toast"), "Asked").await;
        house.client.wait_for(&format!("[data-testid=record-ask][data-ask={ask}]:not(:disabled)")).await;
    }
    house.relay_up().await;
    for window in [&house.desktop, &house.client] {
        to_inbox(window).await;
        open(window, &boiler).await;
        window.wait_text(chip, "Villa Rosa").await;
    }
    for window in [&house.laptop, &house.desktop] {
        to_inbox(window).await;
        let asked = conversation_id(window, "Could you send me more photos of Villa Rosa").await;
        open(window, &asked).await;
        window.wait_text(&tid("log"), "I have a question about Villa Rosa").await;
        window.wait_text(&tid("log"), "Could you send me more photos of Villa Rosa").await;
    }

    house.relay_down().await;
    to_inbox(&house.laptop).await;
    open(&house.laptop, &boiler).await;
    house.laptop.click("[aria-label=\"Unlink Villa Rosa\"]").await;
    house.laptop.wait_gone(chip).await;
    show(&house.laptop, &villa).await;
    house.laptop.click(&tid("record-withdraw")).await;
    house.laptop.wait_gone("[data-testid=record-copy][data-state=published]").await;
    house.relay_up().await;
    to_inbox(&house.desktop).await;
    open(&house.desktop, &boiler).await;
    for window in [&house.desktop, &house.client] {
        window.wait_gone(chip).await;
    }
    to_records(&house.client).await;
    house.client.wait_gone(&listed(&villa)).await;

    // Shared again, then deleted while nobody hears of it, and taken back.
    share(&house.laptop).await;
    house.client.wait_for(&listed(&villa)).await;
    to_records(&house.desktop).await;
    house.desktop.wait_for(&listed(&villa)).await;
    house.relay_down().await;
    house.laptop.click(&tid("record-delete")).await;
    house.laptop.wait_text(&tid("toast"), "Deleted: Villa Rosa").await;
    house.laptop.wait_gone(&listed(&villa)).await;
    house.relay_up().await;
    for window in [&house.desktop, &house.client] {
        window.wait_gone(&listed(&villa)).await;
    }
    let address = format!("window.location.hash = '#/record/{villa}'; return true");
    house.laptop.eval(&address, vec![]).await;
    house.laptop.click(&tid("record-restore")).await;
    house.desktop.wait_for(&listed(&villa)).await;
    share(&house.laptop).await;
    house.client.wait_for(&listed(&villa)).await;
    house.end().await;
}

/// Drags a card into a column, as the page hears of it: the driver's pointer presses, but begins no drag in this webview.
async fn drag(app: &App, card: &str, column: &str) {
    app.wait_for(card).await;
    app.wait_for(column).await;
    let script = "const [card, column] = [arguments[0], arguments[1]].map((css) => document.querySelector(css));
        const dataTransfer = new DataTransfer();
        const tell = (node, type) => node.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
        tell(card, 'dragstart');
        const frame = () => new Promise((go) => requestAnimationFrame(go));
        const done = arguments[arguments.length - 1];
        frame().then(() => {
            const taken = !tell(column, 'dragover');
            if (taken) tell(column, 'drop');
            tell(card, 'dragend');
            done(taken);
        })";
    let taken = app.client.execute_async(script, vec![json!(card), json!(column)]).await.unwrap();
    assert_eq!(taken, json!(true), "{column} takes what is dragged over it");
}

async fn to_board(app: &App) {
    to_records(app).await;
    app.click("a[href='#/interests']").await;
    app.wait_for(&tid("board")).await;
}

async fn in_column(app: &App, column: &str, total: u32) {
    app.wait_for(&format!("[data-testid=board-column][data-column={column}][data-total=\"{total}\"]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interest_is_noted_moved_removed_and_taken_up_again_from_both_sides() {
    let mut house = Agency::start().await;
    let villa = villa(&house).await;
    house.relay_down().await;
    show(&house.client, &villa).await;
    let client = &house.client;
    client.click("[data-testid=interest-level][data-level=high]").await;
    let notes = "[data-testid=interest] textarea";
    client.fill(notes, "Is there a garden?").await;
    client.eval("document.querySelector(arguments[0]).blur(); return true", vec![json!(notes)]).await;
    client.wait_for("[data-testid=interest][data-state=pending]").await;
    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        show(window, &villa).await;
        let said = "return document.querySelector('[data-testid=interest] textarea')?.value === arguments[0]";
        window.wait_until("the client's notes", said, vec![json!("Is there a garden?")]).await;
        window.wait_for("[data-testid=interest-level][data-level=high][aria-checked=true]").await;
    }

    // On the board by pointer, and by level.
    house.relay_down().await;
    let laptop = &house.laptop;
    to_board(laptop).await;
    in_column(laptop, "interested", 1).await;
    drag(laptop, "[data-card]", "[data-testid=board-column][data-column=offer_made]").await;
    in_column(laptop, "offer_made", 1).await;
    in_column(laptop, "interested", 0).await;
    let by_level = "const by = document.querySelector('[data-testid=board-by]'); by.value = 'level';
        by.dispatchEvent(new Event('change', { bubbles: true })); return true";
    laptop.eval(by_level, vec![]).await;
    in_column(laptop, "high", 1).await;
    drag(laptop, "[data-card]", "[data-testid=board-column][data-column=very_high]").await;
    in_column(laptop, "very_high", 1).await;
    house.relay_up().await;
    to_board(&house.desktop).await;
    in_column(&house.desktop, "offer_made", 1).await;
    let status = "return document.querySelector('[data-testid=interest-status]')?.value === arguments[0]";
    house.client.wait_until("how far it came", status, vec![json!("offer_made")]).await;
    house.client.wait_for("[data-testid=interest-level][data-level=very_high][aria-checked=true]").await;

    // Given up by the client, gone from the board; taken up again, it is the one it was.
    house.relay_down().await;
    house.client.click(&tid("interest-remove")).await;
    house.client.wait_gone(&tid("interest-status")).await;
    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        window.wait_gone(&tid("board-card")).await;
    }
    house.relay_down().await;
    house.client.click("[data-testid=interest-level][data-level=low]").await;
    house.client.wait_for("[data-testid=interest][data-state=pending]").await;
    house.relay_up().await;
    in_column(&house.desktop, "offer_made", 1).await;
    in_column(&house.laptop, "low", 1).await;
    house.end().await;
}

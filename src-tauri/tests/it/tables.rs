//! Quick replies as a table: taken in one window, written by another, with holes in them that are seen before they are sent.

use serde_json::json;

use crate::driver::{App, Bus, Chooser, Desk};
use crate::meeting::Meeting;
use crate::steps::{open, press_keys, tid, to_inbox, wait_connected, wait_draft};

const TABLE: &str = "title,body,category\nDirections,Turn left at {{property.place}},directions\nThanks,Thank you!,thank_you\n";

async fn manage(app: &App) {
    app.eval("location.hash = '#/quick'", vec![]).await;
    app.wait_for(&tid("quick-new")).await;
}

/// The titles of all there are, once they are these.
async fn titles(app: &App, wanted: &[&str]) {
    let script = "const shown = [...document.querySelectorAll('[data-testid=quick-row]')].map((row) => row.innerText);
        return shown.length === arguments[0].length && arguments[0].every((title) => shown.some((row) => row.includes(title)))";
    app.wait_until(&format!("the quick replies {wanted:?}"), script, vec![json!(wanted)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_quick_replies_is_taken_used_with_a_hole_and_written_elsewhere() {
    let desk = Desk::start();
    let bus = Bus::start();
    let chooser = Chooser::on(&bus).await;
    let env = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()), ("GTK_USE_PORTAL", "1")];
    let mut meeting = Meeting::with(&desk, [&[], &env, &[]]).await;
    for window in meeting.windows() {
        window.set_size(1280, 800).await;
    }
    meeting.relay_down().await;
    let Meeting { laptop, talk, .. } = &meeting;

    // A table with a mistake is not taken at all; mended, it is taken as a whole.
    manage(laptop).await;
    laptop.click(&tid("quick-import")).await;
    let table = desk.folder("laptop").join("replies.csv");
    for (text, shown) in [("title,body\nDirections,\n", "quick-fault"), (TABLE, "quick-taken")] {
        std::fs::write(&table, text).unwrap();
        let field = laptop.wait_for(&tid("quick-file")).await;
        field.send_keys(table.to_str().unwrap()).await.unwrap();
        laptop.wait_for(&tid(shown)).await;
    }
    laptop.wait_text(&tid("quick-taken"), "2 quick replies").await;
    laptop.click(&tid("quick-import-do")).await;
    laptop.wait_text(&tid("toast"), "Took 2 quick replies").await;
    titles(laptop, &["Directions", "Thanks"]).await;

    // What can't be filled in holds the message back until it was seen.
    to_inbox(laptop).await;
    open(laptop, talk).await;
    laptop.wait_for(&tid("composer")).await.click().await.unwrap();
    press_keys(laptop, "/direc").await;
    laptop.wait_text(&tid("quick-hit"), "Directions").await;
    press_keys(laptop, "\u{e007}").await;
    laptop.wait_text(&tid("quick-gap"), "property.place").await;
    laptop.click(&tid("send")).await;
    laptop.wait_text(&tid("quick-note"), "Not sent yet").await;
    assert_eq!(
        laptop.eval("return document.querySelector('[data-testid=message-template]')", vec![]).await,
        json!(null)
    );
    laptop.click(&tid("quick-send-anyway")).await;
    wait_draft(laptop, "").await;
    laptop.wait_text(&tid("message-body"), "Turn left at").await;

    meeting.relay_up().await;
    let Meeting { desktop, ben, talk, .. } = &meeting;
    open(ben, talk).await;
    ben.wait_text(&tid("message-body"), "Turn left at").await;
    manage(desktop).await;
    titles(desktop, &["Directions", "Thanks"]).await;
    desktop.wait_text(&tid("quick-row"), "used 1 time").await;

    // Removed and taken back without a connection, then removed for good, on both devices.
    meeting.relay_down().await;
    let Meeting { laptop, desktop, .. } = &meeting;
    let thanks = "[...document.querySelectorAll('[data-testid=quick-row]')].find((row) => row.innerText.includes('Thanks'))";
    let edit =
        format!("const row = {thanks}; (row.matches('button') ? row : row.querySelector('button')).click()");
    for undo in [true, false] {
        desktop.eval(&edit, vec![]).await;
        desktop.click(&tid("quick-remove")).await;
        desktop.wait_text(&tid("toast"), "Removed").await;
        titles(desktop, &["Directions"]).await;
        if undo {
            desktop.click(&tid("toast-action")).await;
            titles(desktop, &["Directions", "Thanks"]).await;
        }
    }
    manage(laptop).await;
    titles(laptop, &["Directions", "Thanks"]).await;
    meeting.relay_up().await;
    let Meeting { laptop, desktop, .. } = &meeting;
    titles(laptop, &["Directions"]).await;

    let written = desk.folder("desktop").join("written.csv");
    desktop.click(&tid("quick-export")).await;
    assert!(chooser.answer(&written).await.save);
    desktop.wait_text(&tid("toast"), "Wrote 1 quick reply").await;
    let text = std::fs::read_to_string(&written).unwrap();
    assert!(text.contains("Turn left at {{property.place}}") && !text.contains("Thank you"), "{text}");
    for window in meeting.windows() {
        wait_connected(window).await;
    }
    meeting.end().await;
}

//! Files of another program, as of a file manager: dropped on the window, or copied there and pasted here.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Copied, Desk, FILES, OnScreen, uri_list};
use crate::steps::{begin, first_start, open, tid};

#[tokio::test(flavor = "multi_thread")]
async fn files_dropped_on_a_conversation_go_with_its_next_message() {
    let desk = Desk::start();
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    ada.set_size(1280, 800).await;
    let notes = begin(&ada, "Notes", &[], "To myself").await;
    open(&ada, &notes).await;
    let files = ["Plan of the house.txt", "Übersicht.txt"].map(|name| desk.folder("ada").join(name));
    for file in &files {
        std::fs::write(file, "ground floor").unwrap();
    }
    let window = OnScreen::of(&ada);

    // Over the conversation it says what will happen, and away from it nothing is left of that.
    let place = middle(&ada, &tid("log")).await;
    let drag = window.drag(&files, place).await;
    ada.wait_text(&tid("thread"), "Drop files to attach them").await;
    drag.leave().await;
    ada.wait_until(
        "no hint",
        "return !document.body.innerText.includes('Drop files to attach them')",
        vec![],
    )
    .await;
    assert_eq!(
        ada.eval("return document.querySelector('[data-testid=pending-file]')", vec![]).await,
        json!(null)
    );

    window.drag(&files, place).await.let_go().await;
    for name in ["Plan of the house.txt", "Übersicht.txt"] {
        ada.wait_text(&tid("pending-file"), name).await;
    }
    ada.click(&tid("send")).await;
    ada.wait_text(&tid("attachment"), "Übersicht.txt").await;

    // Beside a conversation a dropped file opens nothing in the window's place.
    let list = middle(&ada, &tid("conversation-list")).await;
    window.drag(&files, list).await.let_go().await;
    ada.wait_for(&tid("composer")).await;
    assert_eq!(
        ada.eval("return document.querySelector('[data-testid=pending-file]')", vec![]).await,
        json!(null)
    );
    ada.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_pictures_copied_elsewhere_are_pasted() {
    let desk = Desk::start();
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    let notes = begin(&ada, "Notes", &[], "To myself").await;
    open(&ada, &notes).await;
    let plan = desk.folder("ada").join("Plan.txt");
    std::fs::write(&plan, "ground floor").unwrap();
    let path = plan.to_str().unwrap().as_bytes().to_vec();
    let file = vec![(FILES, uri_list(&[plan])), ("UTF8_STRING", path.clone()), ("text/plain", path)];
    let picture = vec![("image/png", png())];
    for (copied, name) in [(file, "Plan.txt"), (picture, "image.png")] {
        let _copied = Copied::on(desk.display(), copied);
        paste(&ada).await;
        ada.wait_text(&tid("pending-file"), name).await;
    }
    let typed = ada.eval("return document.querySelector('[data-testid=composer]').value", vec![]).await;
    assert_eq!(typed, json!(""), "a file is no text as well");
    {
        let _copied = Copied::on(desk.display(), vec![("UTF8_STRING", b"only words".to_vec())]);
        paste(&ada).await;
        let shown = "return document.querySelector('[data-testid=composer]').value === 'only words'";
        ada.wait_until("the text that was copied", shown, vec![]).await;
    }
    ada.click(&tid("send")).await;
    ada.wait_for(&tid("attachment-image")).await;
    ada.wait_text(&tid("attachment"), "Plan.txt").await;
    ada.close().await;
}

async fn paste(app: &App) {
    let keys = format!("{}v", char::from(Key::Control));
    app.wait_for(&tid("composer")).await.send_keys(&keys).await.unwrap();
}

/// A picture of one colour.
fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8, 8);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[40; 8 * 8 * 3]).unwrap();
    bytes
}

async fn middle(app: &App, css: &str) -> (i16, i16) {
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]";
    serde_json::from_value(app.eval(script, vec![json!(css)]).await).unwrap()
}

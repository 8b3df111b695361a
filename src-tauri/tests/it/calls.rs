//! Links to video calls: written into the message field from the conversation's menu, sent by the person.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{open, tid, to_inbox, wait_draft};

const SETTING: &str = "[data-testid=setting][data-id=video_call]";

async fn name_service(app: &App, address: &str) {
    app.fill(&format!("{SETTING} input"), address).await;
    app.click(&format!("{SETTING} button")).await;
}

async fn ask_for_link(app: &App) {
    app.click(&tid("thread-menu")).await;
    app.click(&tid("thread-video")).await;
}

/// The line with the link behind what is being written; the caret is there as well.
async fn written(app: &App) -> String {
    let script = "const field = document.querySelector('[data-testid=composer]');
        const line = /^Shall we talk at four\\?\\nVideo call: (https:\\/\\/meet\\.example\\.org\\/[0-9a-f]{32})\\n$/.exec(field?.value ?? '');
        return document.activeElement === field && line?.[1]";
    let link = app.wait_until("the line with the link", script, vec![]).await;
    link.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_s_service_is_named_offline_and_a_link_to_it_is_written_on_the_other_device_and_sent() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    house.relay_down().await;

    // Without a service the entry leads to where one is named.
    let laptop = &house.laptop;
    open(laptop, &talk).await;
    ask_for_link(laptop).await;
    laptop.wait_text(SETTING, "nothing is sent or opened by itself").await;
    name_service(laptop, "http://meet.example.org/{room}").await;
    laptop.wait_text(&tid("toast"), "begins with https://").await;
    name_service(laptop, "https://meet.example.org/{room}").await;
    laptop.wait_gone(&format!("{SETTING} button")).await;
    house.relay_up().await;
    house.desktop.eval("location.hash = '#/settings'", vec![]).await;
    let named =
        "return document.querySelector(`${arguments[0]} input`)?.value === 'https://meet.example.org/{room}'";
    house.desktop.wait_until("the service on the other device", named, vec![json!(SETTING)]).await;

    // There a link is written, without a connection, and nothing goes by itself.
    house.relay_down().await;
    let desktop = &house.desktop;
    to_inbox(desktop).await;
    open(desktop, &talk).await;
    desktop.fill(&tid("composer"), "Shall we talk at four?").await;
    ask_for_link(desktop).await;
    let link = written(desktop).await;
    let messages = "return document.querySelectorAll('[data-testid=message]').length";
    assert_eq!(desktop.eval(messages, vec![]).await, json!(0));
    desktop.click(&tid("send")).await;
    wait_draft(desktop, "").await;
    desktop.wait_text(&tid("message-body"), &link).await;

    house.relay_up().await;
    for window in house.windows() {
        to_inbox(window).await;
        open(window, &talk).await;
        window.wait_text(&format!("{} a", tid("message-body")), &link).await;
    }
    house.end().await;
}

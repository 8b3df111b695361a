//! Links to video calls: written into the message field from the conversation's menu, sent by the person.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Acquaintance;
use crate::steps::{open, tid, to_inbox, wait_connected, wait_draft};

const SETTING: &str = "[data-testid=setting][data-id=video_call]";

async fn name_service(app: &App, address: &str) {
    app.fill(&format!("{SETTING} input"), address).await;
    app.click(&format!("{SETTING} button")).await;
}

async fn ask_for_link(app: &App) {
    app.click(&tid("thread-menu")).await;
    app.click(&tid("thread-video")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_call_is_written_offline_and_goes_when_its_author_sends_it() {
    let desk = Desk::start();
    let Acquaintance { mut relay, ada, ben, talk } = Acquaintance::on(&desk).await;
    relay.stop();
    ada.wait_for(&tid("banner")).await;

    // Without a service the entry leads to where one is named.
    open(&ada, &talk).await;
    ask_for_link(&ada).await;
    ada.wait_text(SETTING, "nothing is sent or opened by itself").await;
    name_service(&ada, "http://meet.example.org/{room}").await;
    ada.wait_text(&tid("toast"), "begins with https://").await;
    name_service(&ada, "https://meet.example.org/{room}").await;
    ada.wait_gone(&format!("{SETTING} button")).await;

    to_inbox(&ada).await;
    open(&ada, &talk).await;
    ada.fill(&tid("composer"), "Shall we talk at four?").await;
    ask_for_link(&ada).await;
    let written = "const text = document.querySelector('[data-testid=composer]')?.value ?? '';
        return /^Shall we talk at four\\?\\nVideo call: https:\\/\\/meet\\.example\\.org\\/[0-9a-f]{32}\\n$/.test(text) ? text : null";
    let text = ada.wait_until("the line with the link", written, vec![]).await;
    let link = text.as_str().unwrap().rsplit_once(' ').unwrap().1.trim().to_owned();
    ada.wait_until(
        "the field to have the focus",
        "return document.activeElement === document.querySelector('[data-testid=composer]')",
        vec![],
    )
    .await;
    assert_eq!(
        ada.eval("return document.querySelectorAll('[data-testid=message]').length", vec![]).await,
        json!(0)
    );
    ada.click(&tid("send")).await;
    wait_draft(&ada, "").await;
    ada.wait_text(&tid("message-body"), &link).await;

    relay.start_again();
    wait_connected(&ada).await;
    ada.wait_for("[data-testid=message][data-state=sent], [data-testid=message][data-state=delivered]").await;
    ben.run(&["sync"]).await;
    let rows = ben.run(&["messages", &talk, "--limit", "5"]).await;
    let bodies: Vec<&str> = rows.iter().filter_map(|row| row["body"].as_str()).collect();
    assert!(bodies.iter().any(|body| body.contains(&link)), "{rows:?}");
    ada.close().await;
}

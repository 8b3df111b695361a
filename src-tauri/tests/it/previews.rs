//! Previews of links in the window: off until they are switched on, never asked of this computer or its network, and
//! nothing a message waits for.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Acquaintance;
use crate::programs::Visited;
use crate::steps::{open, tid, to_inbox, wait_connected, wait_draft};

/// Pastes a link, waits until its page was asked for and nothing came, and sends it.
async fn send(app: &App, text: &str) {
    app.fill(&tid("composer"), text).await;
    app.wait_for(&tid("composer-preview-none")).await;
    app.wait_gone(&tid("composer-preview")).await;
    app.click(&tid("send")).await;
    wait_draft(app, "").await;
    app.wait_text(&tid("message-body"), text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_into_the_own_network_is_asked_by_nobody_and_the_message_goes_without() {
    let desk = Desk::start();
    let service = Visited::start();
    let port = service.address.port();
    let Acquaintance { mut relay, ada, ben, talk } = Acquaintance::on(&desk).await;
    relay.stop();
    ada.wait_for(&tid("banner")).await;

    // Off: a link is a link.
    let links = [
        format!("https://127.0.0.1:{port}/router"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
    ];
    open(&ada, &talk).await;
    ada.fill(&tid("composer"), &links[0]).await;
    ada.wait_for("[data-testid=composer][data-saved=true]").await;
    ada.wait_gone(&tid("composer-preview-asking")).await;
    ada.click(&tid("send")).await;
    ada.wait_text(&tid("message-body"), &links[0]).await;

    ada.click("[data-nav=settings]").await;
    ada.fill(&tid("settings-search"), "previews").await;
    ada.wait_text("[data-testid=setting][data-id=link_previews]", "learns your address").await;
    ada.click("[data-testid=setting][data-id=link_previews] [role=switch]").await;
    ada.wait_for("[data-testid=setting][data-id=link_previews] [role=switch][aria-checked=true]").await;
    to_inbox(&ada).await;
    open(&ada, &talk).await;
    for link in &links {
        send(&ada, &format!("Here: {link}")).await;
    }
    assert_eq!(service.count(), 0, "a service of this computer was asked");
    service.is_counted().await;

    relay.start_again();
    wait_connected(&ada).await;
    ada.wait_until(
        "all of it at the relay",
        "return document.querySelectorAll('[data-testid=message][data-state=pending]').length === 0",
        vec![],
    )
    .await;
    ben.run(&["sync"]).await;
    let rows = ben.run(&["messages", &talk, "--limit", "50"]).await;
    assert_eq!(rows.len(), 4, "{rows:?}");
    for row in rows {
        assert_eq!(row["links"], json!([]), "{row}");
    }
    ada.close().await;
}

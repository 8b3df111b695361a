//! Two colleagues answer one client: who answers just now, who takes it on and what they say of it among themselves, on their
//! screens and never on the client's.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Office;
use crate::steps::{open, row, tid, to_inbox, write};

const REMARK: &str = "He had this in March too";

/// Opens the conversation's menu and chooses the colleague who takes it on.
async fn assign(app: &App, name: &str) {
    app.click(&tid("thread-menu")).await;
    app.click(&tid("thread-assign")).await;
    let choose = "const one = [...document.querySelectorAll('[data-testid=assignee]')].find((one) => one.innerText.includes(arguments[0]));
        one?.click();
        return one !== undefined";
    app.wait_until(&format!("{name} among the colleagues"), choose, vec![json!(name)]).await;
    app.wait_gone(&tid("dialog")).await;
}

async fn shows(app: &App, words: &str) -> bool {
    app.eval("return document.body.innerText.includes(arguments[0])", vec![json!(words)]).await == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_see_who_answers_who_takes_it_on_and_what_is_said_among_them() {
    let desk = Desk::start();
    let mut office = Office::on(&desk).await;
    let talk = office.talk.clone();
    for window in office.windows() {
        open(window, &talk).await;
    }
    write(&office.ben, &talk, &["The heating is cold".to_owned()]).await;
    for window in [&office.ada, &office.cem] {
        window.wait_text(&tid("message-body"), "The heating is cold").await;
    }
    // Cem begins to answer; Ada sees it before she does too. To the client, who knows him by now, he types.
    write(&office.cem, &talk, &["Since when?".to_owned()]).await;
    office.ben.wait_text(&tid("message-body"), "Since when?").await;
    office.cem.fill(&tid("composer"), "I").await;
    office.ada.wait_text(&tid("replying"), "Cem Aydin is replying to this client").await;
    office.ben.wait_text(".typing", "Cem Aydin is typing").await;
    assert!(!shows(&office.ben, "replying to this client").await);
    office.cem.fill(&tid("composer"), "").await;

    // Nobody is connected: Ada gives it to Cem and says why.
    office.relay_down().await;
    let ada = &office.ada;
    ada.wait_gone(&tid("replying")).await;
    assign(ada, "Cem Aydin").await;
    ada.wait_for(&format!("{} {}", row(&talk), tid("row-assignee"))).await;
    ada.click("[data-testid=comment-mode][data-mode=comment]").await;
    ada.fill(&tid("comment"), "@Ce").await;
    ada.click(&format!("{} [role=option]", tid("mention-list"))).await;
    let named = "const area = document.querySelector('[data-testid=comment]');
        return area.value.startsWith('@Cem Aydin') && area.value";
    let named = ada.wait_until("Cem named", named, vec![]).await;
    ada.fill(&tid("comment"), &format!("{}{REMARK}", named.as_str().unwrap())).await;
    ada.click(&tid("comment-send")).await;
    ada.wait_text("[data-testid=message][data-internal=true]", REMARK).await;
    for window in [&office.cem, &office.ben] {
        assert!(!shows(window, REMARK).await);
    }
    to_inbox(&office.cem).await;

    office.relay_up().await;
    office.cem.wait_for(&format!("{} {}", row(&talk), tid("row-assignee"))).await;
    office.cem.click("[data-nav=notices]").await;
    office.cem.wait_for("[data-testid=notice][data-kind=assignment][data-unread=true]").await;
    office.cem.wait_text("[data-testid=notice][data-kind=mention][data-unread=true]", REMARK).await;
    office.cem.click("[data-testid=notice][data-kind=mention] [data-testid=notice-open]").await;
    office.cem.wait_text("[data-testid=message][data-internal=true]", REMARK).await;
    to_inbox(&office.cem).await;
    office.cem.click("[data-testid=filter][data-filter=mine]").await;
    office.cem.wait_for(&row(&talk)).await;
    write(&office.cem, &talk, &["I come at four".to_owned()]).await;

    // The client has the answer, and nothing else of it.
    office.ben.wait_text(&tid("message-body"), "I come at four").await;
    office.ben.wait_gone(&tid("row-assignee")).await;
    assert!(!shows(&office.ben, REMARK).await);
    office.ben.click("[data-nav=notices]").await;
    office.ben.wait_for(&tid("notices-read-all")).await;
    for kind in ["assignment", "mention"] {
        office.ben.wait_gone(&format!("[data-testid=notice][data-kind={kind}]")).await;
    }
    for app in [office.ada, office.cem, office.ben] {
        app.close().await;
    }
}

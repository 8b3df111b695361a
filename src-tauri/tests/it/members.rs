//! Who is in a conversation, changed in the window: let in, given a role, removed, gone by themselves.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal};
use crate::steps::{begin, conversation_id, first_start, open, row, tid, to_inbox, wait_connected, write};

const SUBJECT: &str = "Villa Rosa";

#[tokio::test(flavor = "multi_thread")]
async fn people_are_let_in_given_roles_removed_and_leave() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let (ada, ben, cora) = meet(&desk, &relay).await;
    let group = begin(&ada, SUBJECT, &["Ben"], "Shall we look at it?").await;
    open(&ada, &group).await;
    open(&ben, &group).await;
    assert_eq!(members(&ada, &group).await, ["Ada Berger (You), owner", "Ben Okafor, member"]);

    // Cora is let in, after a question that says what she can read then.
    choose(&ada, "member-add", "Cora Lind").await;
    ada.wait_text("[data-testid=dialog].small", "the whole history").await;
    ada.click(&tid("confirm")).await;
    wait_members(&ada, &["Ada Berger (You), owner", "Ben Okafor, member", "Cora Lind, member"]).await;
    cora_has(&cora, &group, "Shall we look at it?").await;

    // A reader reads: the composer is gone, and comes back with the role. Given with the relay down, the role stands on the
    // own screen at once, and on the other once there is a way.
    relay.stop();
    ada.wait_for(&tid("banner")).await;
    set_role(&ada, "Ben Okafor", "reader").await;
    ada.wait_text(&tid("member-waits"), "Gets this role once the relay is reached").await;
    ben.wait_for(&tid("composer")).await;
    relay.start_again();
    ada.wait_gone(&tid("member-waits")).await;
    ben.wait_gone(&tid("composer")).await;
    ben.wait_text(&tid("thread"), "your role does not let you write").await;
    set_role(&ada, "Ben Okafor", "admin").await;
    ben.wait_for(&tid("composer")).await;
    close(&ada).await;
    write(&ben, &group, &["I am back".to_owned()]).await;
    ada.wait_text(&tid("message-body"), "I am back").await;

    cora_has(&cora, &group, "I am back").await;

    // An admin removes whom an admin may, and nobody of more weight. With the relay down it holds for what is written from
    // then on.
    relay.stop();
    ben.wait_for(&tid("banner")).await;
    members(&ben, &group).await;
    assert_eq!(removable(&ben).await, ["Cora Lind"]);
    press_on(&ben, "Cora Lind", "member-remove").await;
    ben.wait_text("[data-testid=dialog].small", "nothing written from now on").await;
    ben.click(&tid("confirm")).await;
    ben.wait_text(&tid("member-waits"), "Removed once the relay is reached").await;
    assert_eq!(removable(&ben).await, Vec::<String>::new(), "it is done");
    close(&ben).await;
    write(&ben, &group, &["Without Cora".to_owned()]).await;
    let unseen = "return !document.body.innerText.includes('Without Cora')";
    assert_eq!(ada.eval(unseen, vec![]).await, json!(true));
    relay.start_again();
    ada.wait_text(&tid("message-body"), "Without Cora").await;
    members(&ben, &group).await;
    wait_members(&ben, &["Ada Berger (You), owner", "Ben Okafor, admin"].map(|text| mine(text, "Ben"))).await;
    close(&ben).await;
    members(&ada, &group).await;
    wait_members(&ada, &["Ada Berger (You), owner", "Ben Okafor, admin"]).await;
    close(&ada).await;
    cora.run(&["sync"]).await;
    let bodies = cora.bodies(&group).await;
    assert_eq!(bodies, ["Shall we look at it?", "I am back"], "what came after the removal is not hers");

    // Ben goes by himself, with the relay down. What he had stays with him, to be read.
    wait_connected(&ben).await;
    relay.stop();
    ben.wait_for(&tid("banner")).await;
    ben.click(&tid("thread-menu")).await;
    ben.click(&tid("thread-leave")).await;
    ben.wait_text(&tid("dialog"), "nothing new arrives").await;
    ben.click(&tid("confirm")).await;
    ben.wait_gone(&tid("thread")).await;
    assert_eq!(members(&ada, &group).await, ["Ada Berger (You), owner", "Ben Okafor, admin"]);
    relay.start_again();
    wait_members(&ada, &["Ada Berger (You), owner"]).await;
    close(&ada).await;
    write(&ada, &group, &["Alone".to_owned()]).await;
    wait_connected(&ada).await;
    let sent =
        "return [...document.querySelectorAll('[data-testid=message]')].at(-1)?.dataset.state === 'sent'";
    ada.wait_until("the message at the relay", sent, vec![]).await;
    let others = conversation_id(&ben, "Ada").await;
    write(&ben, &others, &["I left".to_owned()]).await;
    ada.wait_text(&row(&others), "I left").await;
    let seen = ben.eval("return document.body.innerText.includes('Alone')", vec![]).await;
    assert_eq!(seen, json!(false));
    ada.close().await;
    ben.close().await;
}

/// Ada and Ben at their windows, Cora on the command line; Ada knows both.
async fn meet(desk: &Desk, relay: &Relay) -> (App, App, Terminal) {
    let ada = desk.app("ada", &[]).await;
    first_start(&ada, "Ada Berger").await;
    ada.click(&tid("welcome-invite")).await;
    ada.fill(&tid("relay-address"), &relay.address).await;
    ada.click(&tid("relay-connect")).await;
    let mut links = Vec::new();
    for _ in 0..2 {
        ada.click("[data-testid=invite-kind][data-kind=person]").await;
        ada.click(&tid("invite-make")).await;
        let link = ada.wait_for(&tid("invite-link")).await.prop("value").await.unwrap().unwrap();
        links.push(link);
        let script = "[...document.querySelectorAll('[data-testid=dialog] .actions .aside')][0].click()";
        ada.eval(script, vec![]).await;
    }
    close(&ada).await;

    let ben = desk.app("ben", &[]).await;
    ben.click(&tid("first-invitation")).await;
    ben.fill(&tid("join-link"), &links[0]).await;
    ben.click(&tid("join-look")).await;
    ben.fill(&tid("join-name"), "Ben Okafor").await;
    ben.click(&tid("join-do")).await;
    ben.wait_for(&tid("composer")).await;
    let cora = Terminal::new(&desk.folder("cora"), 0);
    cora.one(&["join", &links[1], "--name", "Cora Lind"]).await;
    cora.run(&["sync"]).await;
    for name in ["Ben Okafor", "Cora Lind"] {
        ada.wait_text(&tid("conversation"), name).await;
    }
    to_inbox(&ada).await;
    (ada, ben, cora)
}

const ROWS: &str = "[...document.querySelectorAll('[data-testid=member]')]
    .map((row) => `${row.querySelector('bdi').innerText}, ${row.dataset.role}`)";

/// Opens who is in a conversation, and tells who is.
pub async fn members(app: &App, conversation: &str) -> Vec<String> {
    app.eval("location.hash = `#/members/${arguments[0]}`", vec![json!(conversation)]).await;
    app.wait_for(&tid("member")).await;
    serde_json::from_value(app.eval(&format!("return {ROWS}.sort()"), vec![]).await).unwrap()
}

pub async fn wait_members(app: &App, expected: &[impl AsRef<str>]) {
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    let script = format!("return JSON.stringify({ROWS}.sort()) === JSON.stringify(arguments[0])");
    app.wait_until(&format!("the members {expected:?}"), &script, vec![json!(expected)]).await;
}

/// How a row reads in the window of `me`.
fn mine(text: &str, me: &str) -> String {
    let text = text.replace(" (You)", "");
    let (name, role) = text.split_once(", ").unwrap();
    if name.starts_with(me) { format!("{name} (You), {role}") } else { text }
}

/// Whom this person is offered to remove.
async fn removable(app: &App) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[data-testid=member]')]
        .filter((row) => row.querySelector('[data-testid=member-remove]'))
        .map((row) => row.querySelector('bdi').innerText)";
    serde_json::from_value(app.eval(script, vec![]).await).unwrap()
}

/// Chooses an entry of a list by its text.
async fn choose(app: &App, list: &str, entry: &str) {
    let script = "const list = document.querySelector(arguments[0]);
        const wanted = [...list?.options ?? []].find((one) => one.text === arguments[1]);
        if (!wanted) return false;
        list.value = wanted.value;
        list.dispatchEvent(new Event('change', { bubbles: true }));
        return true";
    app.wait_until(&format!("{entry} in the list"), script, vec![json!(tid(list)), json!(entry)]).await;
}

/// Gives somebody a role, where it is listed who is in a conversation.
pub async fn set_role(app: &App, name: &str, role: &str) {
    let script = "const row = [...document.querySelectorAll('[data-testid=member]')]
            .find((one) => one.innerText.includes(arguments[0]));
        const list = row?.querySelector('[data-testid=member-role]');
        if (!list) return false;
        list.value = arguments[1];
        list.dispatchEvent(new Event('change', { bubbles: true }));
        return true";
    app.wait_until(&format!("a role for {name}"), script, vec![json!(name), json!(role)]).await;
    let changed = "return [...document.querySelectorAll('[data-testid=member]')]
        .some((one) => one.innerText.includes(arguments[0]) && one.dataset.role === arguments[1])";
    app.wait_until(&format!("{name} as {role}"), changed, vec![json!(name), json!(role)]).await;
}

/// Presses a button of somebody's row.
async fn press_on(app: &App, name: &str, button: &str) {
    let script = "const button = [...document.querySelectorAll('[data-testid=member]')]
            .find((one) => one.innerText.includes(arguments[0]))?.querySelector(arguments[1]);
        button?.click();
        return Boolean(button)";
    app.wait_until(&format!("{button} of {name}"), script, vec![json!(name), json!(tid(button))]).await;
}

async fn close(app: &App) {
    app.click(&tid("dialog-close")).await;
    app.wait_gone(&tid("dialog")).await;
}

/// Waits until Cora, who syncs now and then, has a conversation with this message.
async fn cora_has(cora: &Terminal, conversation: &str, body: &str) {
    let deadline = tokio::time::Instant::now() + crate::driver::SHOWS_WITHIN;
    loop {
        cora.run(&["sync"]).await;
        let listed = cora.run(&["conversation", "list"]).await;
        if listed.iter().any(|row| row["id"] == conversation) {
            let messages = cora.run(&["messages", conversation, "--limit", "50"]).await;
            if messages.iter().any(|message| message["body"] == body) {
                return;
            }
        }
        assert!(tokio::time::Instant::now() < deadline, "Cora never got {body:?}");
    }
}

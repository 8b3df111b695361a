//! A group with the relay down: renamed, widened, narrowed and left where nobody can be told, and the same on all screens
//! once the relay is back. (What roles allow is proved in `members`.)

use serde_json::json;

use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::programs::Terminal;
use crate::steps::{begin, close_dialog, open, row, tid, to_inbox, write};

/// Who is in a conversation, as its dialog lists them.
async fn members(app: &App, conversation: &str, expected: &[&str]) {
    app.eval("location.hash = `#/members/${arguments[0]}`", vec![json!(conversation)]).await;
    let script = "const names = [...document.querySelectorAll('[data-testid=member] bdi')].map((name) => name.innerText);
        return JSON.stringify(names.sort()) === JSON.stringify(arguments[0])";
    app.wait_until(&format!("the members {expected:?}"), script, vec![json!(expected)]).await;
    close_dialog(app).await;
}

async fn rename(app: &App, subject: &str) {
    app.click(&tid("thread-menu")).await;
    app.click(&tid("thread-rename")).await;
    app.fill("header input.field", subject).await;
    app.eval("document.querySelector('header input.field').blur()", vec![]).await;
    app.wait_text(&tid("thread-title"), subject).await;
}

async fn called(app: &App, conversation: &str, subject: &str) {
    app.wait_text(&row(conversation), subject).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_renamed_widened_and_left_with_the_relay_down() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let cora = Terminal::new(&desk.folder("cora"), 0);
    let beside = Terminal::new(&desk.folder("laptop"), 0);
    let invitation = beside.one(&["invite"]).await["link"].as_str().unwrap().to_owned();
    cora.one(&["join", &invitation, "--name", "Cora Lind"]).await;
    cora.run(&["sync"]).await;
    house.laptop.wait_text(&tid("conversation"), "Cora Lind").await;
    let group = begin(&house.laptop, "Villa Rosa", &["Ben"], "Shall we look at it?").await;
    for window in [&house.desktop, &house.ben] {
        open(window, &group).await;
        window.wait_text(&tid("message-body"), "Shall we look at it?").await;
    }
    open(&house.laptop, &group).await;

    house.relay_down().await;
    rename(&house.laptop, "Casa Rosa").await;
    house.laptop.eval("location.hash = `#/members/${arguments[0]}`", vec![json!(group)]).await;
    let add = "const list = document.querySelector('[data-testid=member-add]');
        const wanted = [...list?.options ?? []].find((one) => one.text === 'Cora Lind');
        if (!wanted) return false;
        list.value = wanted.value;
        list.dispatchEvent(new Event('change', { bubbles: true }));
        return true";
    house.laptop.wait_until("Cora in the list", add, vec![]).await;
    house.laptop.click(&tid("confirm")).await;
    house.laptop.wait_gone(&tid("confirm")).await;
    close_dialog(&house.laptop).await;
    write(&house.laptop, &group, &["Cora comes too".to_owned()]).await;
    // Nobody else knows of it, and it waits.
    house.laptop.wait_for("[data-testid=message][data-state=pending]").await;
    called(&house.desktop, &group, "Villa Rosa").await;
    called(&house.ben, &group, "Villa Rosa").await;

    house.relay_up().await;
    for window in house.windows() {
        called(window, &group, "Casa Rosa").await;
        window.wait_text(&tid("message-body"), "Cora comes too").await;
    }
    // Her name is hers to tell: the others learn it once she has been there.
    cora.run(&["sync"]).await;
    members(&house.desktop, &group, &["Ada Berger (You)", "Ben Okafor", "Cora Lind"]).await;
    members(&house.ben, &group, &["Ada Berger", "Ben Okafor (You)", "Cora Lind"]).await;
    let bodies = cora.bodies(&group).await;
    assert_eq!(bodies, ["Shall we look at it?", "Cora comes too"], "she reads the whole history");

    // Ben leaves and Cora is taken out, both while nobody is connected.
    house.relay_down().await;
    house.ben.click(&tid("thread-menu")).await;
    house.ben.click(&tid("thread-leave")).await;
    house.ben.click(&tid("confirm")).await;
    house.ben.wait_gone(&tid("thread")).await;
    house.desktop.eval("location.hash = `#/members/${arguments[0]}`", vec![json!(group)]).await;
    let remove = "const button = [...document.querySelectorAll('[data-testid=member]')]
            .find((one) => one.innerText.includes('Cora Lind'))?.querySelector('[data-testid=member-remove]');
        button?.click();
        return Boolean(button)";
    house.desktop.wait_until("a way to take Cora out", remove, vec![]).await;
    house.desktop.click(&tid("confirm")).await;
    house.desktop.wait_gone(&tid("confirm")).await;
    close_dialog(&house.desktop).await;
    write(&house.desktop, &group, &["Only us now".to_owned()]).await;

    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        members(window, &group, &["Ada Berger (You)"]).await;
        to_inbox(window).await;
        open(window, &group).await;
        window.wait_text(&tid("message-body"), "Only us now").await;
    }
    house.desktop.wait_gone("[data-testid=message][data-state=pending]").await;
    // What had been his stays, to be read; nothing that was written since comes to him. (What was written before anybody knew
    // that he had gone may have come.)
    write(&house.laptop, &group, &["He has gone".to_owned()]).await;
    house.laptop.wait_gone("[data-testid=message][data-state=pending]").await;
    let talk = house.talk.clone();
    to_inbox(&house.laptop).await;
    write(&house.laptop, &talk, &["We talk here".to_owned()]).await;
    called(&house.ben, &talk, "We talk here").await;
    house.ben.click(&row(&group)).await;
    house.ben.wait_text(&tid("thread"), "You left").await;
    house.ben.wait_text(&tid("message-body"), "Cora comes too").await;
    let seen = house.ben.eval("return document.body.innerText.includes('He has gone')", vec![]).await;
    assert_eq!(seen, json!(false));
    cora.run(&["sync"]).await;
    let bodies = cora.run(&["messages", &group, "--limit", "50"]).await;
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    house.end().await;
}

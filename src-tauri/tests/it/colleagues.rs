//! A colleague who leaves the agency is taken out in the window: their own window says so, the other devices know it, and
//! nothing of the clients reaches them any more.

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    ask_to_join, begin, close_dialog, conversation_id, first_start, invitation, link, open, row, tid,
    to_inbox, wait_connected, write,
};

/// Who can be taken out of the team.
const REMOVABLE: &str = "[data-testid=person][data-removable=true]";

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_taken_out_of_the_team_in_the_window() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let laptop = desk.app("laptop", &[]).await;
    first_start(&laptop, "Ada Berger").await;
    laptop.click(&tid("welcome-invite")).await;
    laptop.fill(&tid("relay-address"), &relay.address).await;
    laptop.click(&tid("relay-connect")).await;
    let client = invitation(&laptop, "client", Some("Cora Lind")).await;
    laptop.click("dialog .actions .aside").await;
    let colleague = invitation(&laptop, "team", None).await;
    close_dialog(&laptop).await;
    let desktop = desk.app("desktop", &[]).await;
    link(&laptop, &desktop).await;
    for device in [&laptop, &desktop] {
        close_dialog(device).await;
    }

    // Cora is a client; Ben comes to the team, and is let in.
    let cora = Terminal::new(&desk.folder("cora"), 0);
    cora.one(&["join", &client, "--name", "Cora Lind"]).await;
    cora.one(&["send", "Ada Berger", "The boiler makes a noise"]).await;
    cora.run(&["sync"]).await;
    let ben = desk.app("ben", &[]).await;
    ask_to_join(&ben, &colleague, "Ben Okafor").await;
    ben.wait_text(&tid("dialog"), "has to let you in").await;
    laptop.click("[data-nav=people]").await;
    laptop.click(&tid("request-approve")).await;
    laptop.wait_text(&tid("person"), "Colleague").await;
    // Whoever waits at the door sees it open.
    ben.wait_gone(&tid("dialog")).await;
    ben.wait_text("[data-testid=toast]", "You're in").await;
    let talk = conversation_id(&ben, "Cora Lind").await;
    open(&ben, &talk).await;
    ben.wait_text(&tid("message-body"), "The boiler makes a noise").await;
    write(&ben, &talk, &["I will come on Friday".to_owned()]).await;
    let own = begin(&ben, "The keys", &["Ada Berger"], "Where shall I leave them?").await;
    to_inbox(&desktop).await;
    open(&desktop, &talk).await;
    desktop.wait_text(&tid("message-body"), "I will come on Friday").await;
    people(&desktop).await;
    desktop.wait_text(&tid("person"), "Ben Okafor").await;

    // The question names him and says what it does; nothing happens without the answer.
    people(&laptop).await;
    people(&ben).await;
    assert_eq!(removable(&laptop).await, ["Ben Okafor"], "a client is not in the team");
    assert_eq!(removable(&ben).await, Vec::<String>::new(), "he has no say in it");
    to_inbox(&ben).await;
    open(&ben, &talk).await;
    laptop.click(&format!("{REMOVABLE} [data-testid=person-menu]")).await;
    laptop.click(&tid("colleague-remove")).await;
    laptop.wait_text("[data-testid=dialog].small", "Take Ben Okafor out of the team?").await;
    laptop
        .wait_text("[data-testid=dialog].small", "nothing its clients and colleagues write from now on")
        .await;
    laptop.click("[data-testid=dialog].small footer .button:not(.danger)").await;
    laptop.wait_gone(&tid("dialog")).await;
    assert_eq!(removable(&laptop).await, ["Ben Okafor"]);
    ben.wait_for(&tid("composer")).await;
    // With the relay down it is done here, and everywhere once there is a way.
    relay.stop();
    laptop.wait_for(&tid("banner")).await;
    laptop.click(&format!("{REMOVABLE} [data-testid=person-menu]")).await;
    laptop.click(&tid("colleague-remove")).await;
    laptop.click(&tid("confirm")).await;
    laptop.wait_gone(REMOVABLE).await;
    laptop.wait_text("[data-testid=toast]", "Ben Okafor leaves the team once the relay is reached").await;
    laptop.wait_text(&tid("person"), "Leaves the team once the relay is reached").await;
    assert_eq!(removable(&desktop).await, ["Ben Okafor"]);
    ben.wait_for(&tid("composer")).await;
    relay.start_again();

    // His window says it without being asked, and keeps what he had.
    ben.wait_gone(&tid("composer")).await;
    ben.wait_text(&tid("thread"), "You are not part of this any more").await;
    ben.wait_text(&tid("message-body"), "I will come on Friday").await;
    // The other device knows it too.
    desktop.wait_gone(REMOVABLE).await;

    // What is written from now on reaches the team and the client, and not him.
    to_inbox(&desktop).await;
    write(&desktop, &talk, &["Ben is not with us any more".to_owned()]).await;
    wait_connected(&desktop).await;
    laptop.click("[data-nav=inbox]").await;
    laptop.wait_text(&row(&talk), "Ben is not with us any more").await;
    cora.run(&["sync"]).await;
    cora.one(&["send", "Ada Berger", "Who comes instead?"]).await;
    cora.run(&["sync"]).await;
    desktop.wait_text(&tid("message-body"), "Who comes instead?").await;
    // In what he is a member of himself he goes on; of what came before it he was told nothing.
    write(&desktop, &own, &["On the hook".to_owned()]).await;
    ben.wait_text(&row(&own), "On the hook").await;
    let bodies: Vec<String> = serde_json::from_value(
        ben.eval(
            "return [...document.querySelectorAll('[data-testid=message-body]')].map((one) => one.innerText)",
            vec![],
        )
        .await,
    )
    .unwrap();
    assert_eq!(bodies, ["The boiler makes a noise", "I will come on Friday"]);
    for app in [laptop, desktop, ben] {
        app.close().await;
    }
}

/// Makes an invitation in the dialog that is open.
async fn people(app: &App) {
    app.click("[data-nav=people]").await;
    app.wait_for(&tid("person")).await;
}

/// Whom this person is offered to take out of the team.
async fn removable(app: &App) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[data-testid=person][data-removable=true]')]
        .map((row) => row.querySelector('bdi').innerText)";
    serde_json::from_value(app.eval(script, vec![]).await).unwrap()
}

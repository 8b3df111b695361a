//! The main job: people with several devices write to each other offline and online, and lose nothing.
//!
//! Ada has a laptop and a desktop, Ben a computer: three windows. Cora works on the command line. They are set
//! up, used and read only as a person could: through the DOM of the windows, and Cora's commands.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    begin, collect, conversation_id, link, open, paste_file, row, tid, to_inbox, type_draft, wait_draft,
    wait_unread, write,
};

const HOUR_MS: i64 = 3_600_000;
const ROUNDS: usize = 5;
/// Messages each device writes into a conversation in one round.
const AT_ONCE: usize = 2;

const GROUP: &str = "Villa Rosa";
const OFFER: &str = "The offer";
const BASE: &str = "the villa costs 420,000 euros";
const AT_START: &str = "Dear Ben, ";
const AT_END: &str = ", and the garden is part of it.";
const PICTURE: &str = "villa.png";

/// A message's place in a conversation as a screen shows it.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    id: String,
    body: String,
    picture: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn four_devices_write_offline_and_agree_when_the_relay_is_back() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let cora = Terminal::new(&desk.folder("cora"), -HOUR_MS / 2);
    let laptop = desk.app("laptop", &skewed("3600000")).await;
    let desktop = desk.app("desktop", &skewed("0")).await;
    let (laptop, mut ben, mut desktop) = meet(&desk, &relay, laptop, desktop, &cora).await;

    let talk = conversation_id(&laptop, "Ben").await;
    let group = begin(&laptop, GROUP, &["Ben", "Cora"], "Shall we look at the house?").await;
    let offer = begin(&laptop, OFFER, &["Ben"], "I am working on it.").await;
    for window in [&desktop, &ben] {
        for id in [&talk, &group, &offer] {
            window.wait_for(&row(id)).await;
        }
    }
    cora_sees(&cora, &group, 1).await;
    for id in [&talk, &group] {
        read_all(&ben, id).await;
    }
    to_inbox(&ben).await;
    for id in [&talk, &group] {
        wait_unread(&ben, id, 0).await;
    }

    // The base both devices of Ada type on.
    open(&laptop, &offer).await;
    type_draft(&laptop, BASE).await;
    open(&desktop, &offer).await;
    wait_draft(&desktop, BASE).await;

    relay.stop();
    for window in [&laptop, &desktop, &ben] {
        window.wait_for(&tid("banner")).await;
    }
    type_draft(&laptop, &format!("{AT_START}{BASE}")).await;
    type_draft(&desktop, &format!("{BASE}{AT_END}")).await;

    let mut written = BTreeMap::from([(talk.clone(), Vec::new()), (group.clone(), Vec::new())]);
    for round in 0..ROUNDS {
        if round == 2 {
            // What waits here must outlive the window.
            ben.close().await;
            ben = desk.app("ben", &skewed("-3600000")).await;
            ben.wait_for(&row(&talk)).await;
        }
        if round == 3 {
            desktop.crash();
            desktop = desk.app("desktop", &skewed("0")).await;
            desktop.wait_for(&row(&talk)).await;
        }
        for id in [&talk, &group] {
            let texts = |who: &str| -> Vec<String> {
                let place = if *id == talk { "talk" } else { "group" };
                (0..AT_ONCE)
                    .map(|n| format!("{who}, {place}, {} \u{1f54a} بيت", round * AT_ONCE + n))
                    .collect()
            };
            let (on_laptop, on_desktop, by_ben, by_cora) =
                (texts("laptop"), texts("desktop"), texts("Ben"), texts("Cora"));
            tokio::join!(
                write(&laptop, id, &on_laptop),
                write(&desktop, id, &on_desktop),
                write(&ben, id, &by_ben),
                async {
                    for text in by_cora.iter().filter(|_| *id == group) {
                        cora.one(&["send", id, text]).await;
                    }
                }
            );
            let all = written.get_mut(id).unwrap();
            all.extend([on_laptop, on_desktop, by_ben].into_iter().flatten());
            if *id == group {
                all.extend(by_cora);
            }
        }
    }
    attach(&laptop, &talk, &desk.folder("laptop").join(PICTURE)).await;
    assert!(written.values().all(|texts| texts.len() >= 30));
    for (window, own) in [(&laptop, 21), (&desktop, 20), (&ben, 20)] {
        assert_eq!(waiting(window, &[&talk, &group]).await, own, "each own message waits, and says so");
        to_inbox(window).await;
    }

    relay.start_again();
    for window in [&laptop, &desktop, &ben] {
        window.wait_gone(&tid("banner")).await;
    }
    let in_group = written[&group].len() + 1;
    cora_sees(&cora, &group, in_group).await;

    // Ben has not looked yet: all counts are known and the same wherever they are shown.
    let (by_each, round_trip) = (ROUNDS * AT_ONCE, ROUNDS * AT_ONCE * 2);
    for window in [&laptop, &desktop] {
        wait_unread(window, &talk, by_each).await;
        wait_unread(window, &group, round_trip).await;
        wait_draft_preview(window, &offer).await;
    }
    wait_unread(&ben, &talk, round_trip + 1).await;
    wait_unread(&ben, &group, round_trip + by_each).await;

    // Reading on one device is reading on the other.
    let mut seen = BTreeMap::new();
    for id in [&talk, &group] {
        let on_laptop = read_all(&laptop, id).await;
        to_inbox(&laptop).await;
        wait_unread(&laptop, id, 0).await;
        wait_unread(&desktop, id, 0).await;
        let on_desktop = read_all(&desktop, id).await;
        let by_ben = read_all(&ben, id).await;
        to_inbox(&ben).await;
        wait_unread(&ben, id, 0).await;
        assert_eq!(on_laptop, on_desktop, "the devices of one person show the same");
        assert_eq!(on_laptop, by_ben, "two people see the same");
        seen.insert(id.clone(), on_laptop);
    }
    for (id, texts) in &written {
        let shown = &seen[id];
        let ids: std::collections::BTreeSet<&str> = shown.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids.len(), shown.len(), "each message once");
        for text in texts {
            assert_eq!(shown.iter().filter(|message| message.body == *text).count(), 1, "{text:?}");
        }
    }
    assert_eq!(seen[&talk].iter().filter(|message| message.picture).count(), 1);
    assert_eq!(seen[&talk].len(), written[&talk].len() + 1);
    assert_eq!(seen[&group].len(), in_group);

    let of_cora = cora.run(&["messages", &group, "--limit", "200"]).await;
    let of_cora: Vec<&str> = of_cora.iter().map(|message| message["id"].as_str().unwrap()).collect();
    let of_ada: Vec<&str> = seen[&group].iter().map(|message| message.id.as_str()).collect();
    assert_eq!(of_cora, of_ada, "the command line gives the order of the screens");
    cora.one(&["conversation", "read", &group]).await;
    cora.run(&["sync"]).await;

    // Ben and Cora have read all of it, so every own message says so.
    for window in [&laptop, &desktop, &ben] {
        for id in [&talk, &group] {
            open(window, id).await;
            wait_all_read(window).await;
        }
    }
    for window in [&laptop, &desktop] {
        open(window, &offer).await;
        wait_draft(window, &format!("{AT_START}{BASE}{AT_END}")).await;
    }

    laptop.close().await;
    desktop.close().await;
    ben.close().await;
}

fn skewed(ms: &'static str) -> [(&'static str, &'static str); 1] {
    [("HOMING_CLOCK_SKEW_MS", ms)]
}

/// Ada begins on her laptop, links her desktop and invites Ben and Cora; they join while both her devices are
/// off. Gives the windows of Ada's laptop, Ben, and Ada's desktop.
async fn meet(desk: &Desk, relay: &Relay, laptop: App, desktop: App, cora: &Terminal) -> (App, App, App) {
    laptop.fill(&tid("first-name"), "Ada Berger").await;
    laptop.click(&tid("first-start")).await;
    laptop.click(&tid("welcome-invite")).await;
    laptop.fill(&tid("relay-address"), &relay.address).await;
    laptop.click(&tid("relay-connect")).await;
    let mut links = Vec::new();
    for _ in ["Ben", "Cora"] {
        laptop.click("[data-testid=invite-kind][data-kind=person]").await;
        laptop.click(&tid("invite-make")).await;
        let link = laptop.wait_for(&tid("invite-link")).await.prop("value").await.unwrap().unwrap();
        links.push(link);
        laptop.click(&tid("dialog-close")).await;
        laptop.wait_gone(&tid("dialog")).await;
        laptop.click(&tid("welcome-invite")).await;
    }
    laptop.click(&tid("dialog-close")).await;
    laptop.wait_gone(&tid("dialog")).await;

    link(&laptop, &desktop).await;
    laptop.close().await;
    desktop.close().await;

    let ben = desk.app("ben", &skewed("-3600000")).await;
    ben.click(&tid("first-invitation")).await;
    ben.fill(&tid("join-link"), &links[0]).await;
    ben.click(&tid("join-look")).await;
    ben.fill(&tid("join-name"), "Ben Okafor").await;
    ben.click(&tid("join-do")).await;
    ben.wait_for(&tid("composer")).await;
    cora.one(&["join", &links[1], "--name", "Cora Lind"]).await;
    cora.run(&["sync"]).await;

    let laptop = desk.app("laptop", &skewed("3600000")).await;
    let desktop = desk.app("desktop", &skewed("0")).await;
    (laptop, ben, desktop)
}

async fn wait_draft_preview(app: &App, conversation: &str) {
    app.wait_for(&format!("{}[data-draft=true]", row(conversation))).await;
}

/// Sends a picture that is painted here, chosen as a file.
async fn attach(app: &App, conversation: &str, file: &Path) {
    open(app, conversation).await;
    let script = "const done = arguments[arguments.length - 1];
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
        const paint = canvas.getContext('2d');
        paint.fillStyle = 'teal';
        paint.fillRect(8, 8, 40, 30);
        done(canvas.toDataURL('image/png').split(',')[1])";
    let painted = app.client.execute_async(script, vec![]).await.unwrap();
    let bytes = data_encoding::BASE64.decode(painted.as_str().unwrap().as_bytes()).unwrap();
    std::fs::write(file, bytes).unwrap();
    paste_file(
        app,
        &tid("composer"),
        file.file_name().unwrap().to_str().unwrap(),
        "image/png",
        &std::fs::read(file).unwrap(),
    )
    .await;
    app.wait_for(&tid("pending-file")).await;
    app.wait_for(&format!("{}[data-busy=false]", tid("pending-file"))).await;
    app.click(&tid("send")).await;
    app.wait_for(&tid("attachment-image")).await;
}

/// How many messages say that they wait to be sent.
async fn waiting(app: &App, conversations: &[&str]) -> usize {
    let mut count = 0;
    for conversation in conversations {
        open(app, conversation).await;
        count += collect(app).await.iter().filter(|message| message["state"] == "pending").count();
    }
    count
}

/// Reads a conversation from its first message to its last, and tells what it showed.
async fn read_all(app: &App, conversation: &str) -> Vec<Shown> {
    open(app, conversation).await;
    // Somebody is there.
    app.click(&tid("composer")).await;
    let messages = collect(app).await;
    // Scrolling by script is no sign of life: somebody is still there.
    app.click(&tid("composer")).await;
    // What is on the screen of somebody who is there counts as read, a moment later.
    app.wait_gone("[data-testid=message][data-unread=true]").await;
    let field = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
    messages
        .iter()
        .map(|message| Shown {
            id: field(message, "id"),
            body: field(message, "body"),
            picture: message["picture"] == true,
        })
        .collect()
}

/// Waits until every own message of the open conversation was read by everybody.
async fn wait_all_read(app: &App) {
    let deadline = tokio::time::Instant::now() + crate::driver::SHOWS_WITHIN;
    loop {
        let messages = collect(app).await;
        let states: Vec<&Value> = messages
            .iter()
            .filter(|message| message["mine"] == true)
            .map(|message| &message["state"])
            .collect();
        assert!(!states.is_empty());
        if states.iter().all(|state| **state == "read") {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "not all read: {states:?}\n{}", app.log());
    }
}

/// Waits until Cora, who syncs now and then, has so many messages.
async fn cora_sees(cora: &Terminal, conversation: &str, count: usize) {
    let deadline = tokio::time::Instant::now() + crate::driver::SHOWS_WITHIN;
    loop {
        cora.run(&["sync"]).await;
        let listed = cora.run(&["conversation", "list"]).await;
        if listed.iter().any(|row| row["id"] == conversation) {
            let messages = cora.run(&["messages", conversation, "--limit", "200"]).await;
            if messages.len() == count {
                return;
            }
        }
        assert!(tokio::time::Instant::now() < deadline, "Cora never had {count} messages");
    }
}

//! The longest and the strangest texts that may come, on the screens that show them: nothing sticks out or is cut off.
//!
//! Pictures of them lie beside the others, in `target/tmp/pictures-of-extremes`, to be looked at.

use std::path::Path;

use serde_json::json;

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal};
use crate::steps::{conversation_id, open, row, tid};

const SIZES: [(u32, u32); 2] = [(1280, 800), (400, 720)];

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_and_strangest_texts_stay_in_their_places() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let ada = Terminal::new(&desk.folder("ada"), 0);
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let long_word = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(2);
    let strange = "Ben \u{202e}rofakO\u{202c} <b>\u{200b}محمد بن عبد الرحمن".to_owned();
    ada.one(&["init", "--name", &long_word, "--relay", &relay.address]).await;
    let link = ada.one(&["invite"]).await["link"].as_str().unwrap().to_owned();
    ben.one(&["join", &link, "--name", &strange]).await;
    for who in [&ben, &ada] {
        who.run(&["sync"]).await;
    }
    let people = ada.run(&["people"]).await;
    let id_of_ben = people.iter().find(|one| one["me"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    let subject = "Unterhaltung".repeat(21);
    let new = ["conversation", "new", "--subject", &subject, "--with", &id_of_ben, "--message", "Begun"];
    let talk = ada.one(&new).await["id"].as_str().unwrap().to_owned();
    let file = desk.folder("ben").join(format!("{}.pdf", "Grundriss".repeat(22)));
    std::fs::write(&file, "a plan").unwrap();
    for who in [&ada, &ben] {
        who.run(&["sync"]).await;
    }
    let words = "x".repeat(3000);
    let address = format!("https://example.org/{}", "path/".repeat(60));
    let lines = "one line\n".repeat(40);
    for text in ["שלום, מה שלומך? The answer is 42.", "👩‍👩‍👧‍👦🏳️‍🌈", &words, &address, &lines]
    {
        ben.one(&["send", &talk, text]).await;
    }
    ben.one(&["send", &talk, "The plan", "--attach", file.to_str().unwrap()]).await;
    for who in [&ben, &ada] {
        who.run(&["sync"]).await;
    }
    relay.stop();
    ada.one(&["send", &talk, &words]).await;
    ada.one(&["draft", "set", &talk, &lines]).await;

    let app = desk.app("ada", &[]).await;
    app.wait_for(&row(&talk)).await;
    let views = [
        ("inbox", "#/inbox".to_owned(), tid("conversation")),
        ("conversation", format!("#/conversation/{talk}"), tid("composer")),
        ("members", format!("#/members/{talk}"), tid("member")),
        ("people", "#/people".to_owned(), tid("person")),
        ("safety", format!("#/safety/{id_of_ben}"), tid("safety-digits")),
        ("new", format!("#/new?with={id_of_ben}"), tid("new-subject")),
        ("outbox", "#/outbox".to_owned(), tid("outbox-row")),
        ("drafts", "#/drafts".to_owned(), tid("draft-row")),
        ("devices", "#/devices".to_owned(), tid("device")),
        ("settings", "#/settings".to_owned(), tid("setting")),
        ("search", "#/search?q=plan".to_owned(), tid("search-input")),
    ];
    let mut found = Vec::new();
    for (width, height) in SIZES {
        app.set_size(width, height).await;
        for direction in ["ltr", "rtl"] {
            app.eval("document.documentElement.dir = arguments[0]", vec![json!(direction)]).await;
            for (name, hash, there) in &views {
                show(&app, hash, there).await;
                let variant = format!("{name}-{width}-{direction}");
                picture(&app, &variant).await;
                let out = app.sticking_out().await;
                found.extend(out.into_iter().map(|what| format!("{variant}: {what}")));
            }
        }
    }
    app.eval("document.documentElement.dir = 'ltr'", vec![]).await;
    app.set_size(1280, 800).await;

    // What hides in a name is shown as what it is, and the name of a conversation with it.
    show(&app, "#/inbox", &tid("conversation")).await;
    let with_ben = conversation_id(&app, "Ben").await;
    open(&app, &with_ben).await;
    let title = app.wait_for(&tid("thread-title")).await.text().await.unwrap();
    assert!(!title.contains('\u{202e}') && !title.contains('\u{200b}'), "{title:?}");
    app.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

async fn show(app: &App, hash: &str, there: &str) {
    app.eval("location.hash = arguments[0]", vec![json!(hash)]).await;
    let script = "return document.querySelector(arguments[0]) !== null
        && !document.querySelector('.skeleton, [aria-busy=true]')";
    app.wait_until(hash, script, vec![json!(there)]).await;
}

async fn picture(app: &App, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures-of-extremes");
    app.screenshot(&folder.join(format!("{name}.png"))).await;
}

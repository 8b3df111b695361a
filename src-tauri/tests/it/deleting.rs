//! What is deleted, left and blocked with the relay down, as it is on all screens once the relay is back.

use serde_json::json;

use crate::choices::{choose, show, undo};
use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::steps::{begin, open, row, says, tid, to_inbox, write};

/// The conversation shows exactly these messages.
async fn shows(app: &App, conversation: &str, bodies: &[&str]) {
    open(app, conversation).await;
    says(app, bodies).await;
    to_inbox(app).await;
}

/// What a search finds; the words of something that is there come with it, so that an empty answer is one.
async fn finds(app: &App, words: &str, hits: usize) {
    app.eval("location.hash = '#/search'", vec![]).await;
    app.fill(&tid("search-input"), words).await;
    let script = "return document.querySelectorAll('[data-testid=search-hit]').length === arguments[0]";
    app.wait_until(&format!("{hits} hits for {words:?}"), script, vec![json!(hits)]).await;
    to_inbox(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_offline_is_gone_on_all_screens_and_what_is_new_comes_back() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let keys = begin(&house.laptop, "The keys", &["Ben Okafor"], "Below the mat").await;
    let alarm = begin(&house.laptop, "The alarm", &["Ben Okafor"], "Its number is 4711").await;
    write(&house.ben, &keys, &["The mat is wet".to_owned()]).await;
    to_inbox(&house.laptop).await;
    for window in house.windows() {
        shows(window, &keys, &["Below the mat", "The mat is wet"]).await;
        shows(window, &alarm, &["Its number is 4711"]).await;
        finds(window, "4711", 1).await;
    }

    // One for herself, one for everybody; nobody else can know yet.
    house.relay_down().await;
    let laptop = &house.laptop;
    choose(laptop, &keys, "thread-delete-me").await;
    laptop.wait_gone(&row(&keys)).await;
    undo(laptop, "“The keys”").await;
    laptop.wait_for(&row(&keys)).await;
    shows(laptop, &keys, &["Below the mat", "The mat is wet"]).await;
    choose(laptop, &keys, "thread-delete-me").await;
    laptop.wait_gone(&row(&keys)).await;
    choose(laptop, &alarm, "thread-delete-all").await;
    laptop.click(&tid("confirm")).await;
    laptop.wait_gone(&row(&alarm)).await;
    finds(laptop, "4711", 0).await;
    // Ben writes into it, since he can't know.
    write(&house.ben, &alarm, &["Is it 4711 or 4712?".to_owned()]).await;
    for window in [&house.desktop, &house.ben] {
        window.wait_for(&row(&keys)).await;
        window.wait_for(&row(&alarm)).await;
    }

    house.relay_up().await;
    to_inbox(&house.ben).await;
    for window in house.windows() {
        window.wait_gone(&row(&alarm)).await;
        finds(window, "4711", 0).await;
        finds(window, "4712", 0).await;
    }
    // Ben keeps what she deleted for herself. What he writes brings it back to both of her screens, without what was before.
    house.desktop.wait_gone(&row(&keys)).await;
    shows(&house.ben, &keys, &["Below the mat", "The mat is wet"]).await;
    write(&house.ben, &keys, &["They hang in the shed".to_owned()]).await;
    for window in [&house.laptop, &house.desktop] {
        window.wait_text(&row(&keys), "They hang in the shed").await;
        shows(window, &keys, &["They hang in the shed"]).await;
        finds(window, "mat", 0).await;
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_here_has_left_there_and_a_blocked_person_is_let_back() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let party = begin(&house.ben, "The party", &["Ada Berger"], "On Friday?").await;
    for window in [&house.laptop, &house.desktop] {
        shows(window, &party, &["On Friday?"]).await;
    }
    let talk = house.talk.clone();
    write(&house.ben, &talk, &["Hello Ada".to_owned()]).await;
    to_inbox(&house.ben).await;
    for window in [&house.laptop, &house.desktop] {
        shows(window, &talk, &["Hello Ada"]).await;
    }

    // She leaves on one device, with nobody to tell.
    house.relay_down().await;
    choose(&house.laptop, &party, "thread-leave").await;
    house.laptop.click(&tid("confirm")).await;
    house.laptop.wait_gone(&tid("thread")).await;
    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        to_inbox(window).await;
        window.click(&row(&party)).await;
        window.wait_text(&tid("thread"), "You left").await;
        to_inbox(window).await;
        // It was she herself: nobody needs to tell her.
        window.click("[data-nav=notices]").await;
        window.wait_for("[data-testid=notice][data-kind=joined]").await;
        window.wait_gone("[data-testid=notice][data-kind=left]").await;
        to_inbox(window).await;
    }

    // She blocks him on the other.
    house.relay_down().await;
    let desktop = &house.desktop;
    open(desktop, &talk).await;
    desktop.click(&tid("person-menu")).await;
    desktop.click(&tid("person-block")).await;
    desktop.wait_gone(&row(&talk)).await;
    write(&house.ben, &talk, &["Are you there?".to_owned()]).await;
    house.relay_up().await;
    for window in [&house.laptop, &house.desktop] {
        window.wait_gone(&row(&talk)).await;
    }
    // She thinks better of it on the other device: what he wrote meanwhile is there.
    house.laptop.click(&tid("filter-menu")).await;
    house.laptop.click(&tid("filter-blocked")).await;
    open(&house.laptop, &talk).await;
    house.laptop.click(&tid("person-menu")).await;
    house.laptop.click(&tid("person-block")).await;
    show(&house.laptop, "active").await;
    for window in [&house.laptop, &house.desktop] {
        window.wait_for(&row(&talk)).await;
        shows(window, &talk, &["Hello Ada", "Are you there?"]).await;
    }
    house.end().await;
}

//! Drafts on several devices, and the order of what waits: acted with the relay down, seen when it is back.
//! Pictures of them lie in `target/tmp/pictures-of-writing`, to be looked at.

use std::path::Path;

use serde_json::json;

use crate::choices::undo;
use crate::driver::{App, Desk};
use crate::meeting::Meeting;
use crate::members::{members, set_role, wait_members};
use crate::notices::notice;
use crate::programs::{Relay, Terminal};
use crate::steps::{
    begin, close_dialog, conversation_id, introduce, link, open, row, says, tid, to_inbox, type_draft,
    wait_connected, wait_draft, write,
};

/// Ada's laptop and desktop, and Ben on the command line.
struct Three {
    relay: Relay,
    laptop: App,
    desktop: App,
    ben: Terminal,
    talk: String,
}

async fn meet(desk: &Desk) -> Three {
    let relay = Relay::start(&desk.folder("relay"));
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let laptop = desk.app("laptop", &[]).await;
    introduce(&laptop, &relay, &ben, "Ben Okafor").await;
    let desktop = desk.app("desktop", &[]).await;
    link(&laptop, &desktop).await;
    for window in [&laptop, &desktop] {
        window.click(&tid("dialog-close")).await;
        window.wait_gone(&tid("dialog")).await;
        to_inbox(window).await;
    }
    let talk = conversation_id(&laptop, "Ben").await;
    desktop.wait_for(&row(&talk)).await;
    open(&laptop, &talk).await;
    open(&desktop, &talk).await;
    Three { relay, laptop, desktop, ben, talk }
}

/// The texts of all drafts in the switcher above the composer, the current one's first.
async fn switcher(app: &App, count: usize) -> Vec<String> {
    let script = "const chips = [...document.querySelectorAll('[data-testid=other-draft]')];
        return chips.length === arguments[0] && chips.map((chip) => chip.querySelector('bdi').textContent)";
    let shown = app.wait_until(&format!("{count} drafts"), script, vec![json!(count)]).await;
    shown.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What Ben has read, once he has so many messages.
async fn ben_reads(ben: &Terminal, talk: &str, count: usize) -> Vec<String> {
    let deadline = tokio::time::Instant::now() + crate::driver::SHOWS_WITHIN;
    loop {
        ben.run(&["sync"]).await;
        let read = ben.bodies(talk).await;
        if read.len() >= count {
            return read;
        }
        assert!(tokio::time::Instant::now() < deadline, "Ben has only {read:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_type_in_one_draft_offline_and_one_sends_it() {
    const BASE: &str = "The villa is free on Friday";
    let desk = Desk::start();
    let Three { mut relay, laptop, desktop, ben, talk } = meet(&desk).await;
    type_draft(&laptop, BASE).await;
    wait_draft(&desktop, BASE).await;

    relay.stop();
    for window in [&laptop, &desktop] {
        window.wait_for(&tid("banner")).await;
    }
    let sent = format!("Dear Ben, {BASE}");
    type_draft(&laptop, &sent).await;
    type_draft(&desktop, &format!("{BASE}, and the keys")).await;
    laptop.click(&tid("send")).await;
    wait_draft(&laptop, "").await;
    let kept = format!("{BASE}, and the keys lie with Cora.");
    type_draft(&desktop, &kept).await;

    relay.start_again();
    for window in [&laptop, &desktop] {
        wait_connected(window).await;
    }
    assert_eq!(ben_reads(&ben, &talk, 1).await, [sent.as_str()], "sent once, as it was");
    // What was typed on goes on in the composer it was typed in, with what came to it before it left.
    let rest = desktop.wait_until(
        "the rest as a draft",
        "const composer = document.querySelector('[data-testid=composer]');
        return composer.dataset.saved === 'true' && composer.value.endsWith('lie with Cora.') && composer.value",
        vec![],
    );
    let rest = rest.await.as_str().unwrap().to_owned();
    assert!(rest.ends_with(", and the keys lie with Cora."), "{rest:?}");
    desktop.wait_text(&tid("message-body"), &sent).await;
    // The sender has it too: in the composer, if that was free when it came, or beside what is there.
    let at_hand = "const composer = document.querySelector('[data-testid=composer]');
        const beside = [...document.querySelectorAll('[data-testid=other-draft]')].map((one) => one.innerText);
        return [composer.value, ...beside].some((text) => text.includes('lie with Cora'))";
    laptop.wait_until("the rest on the device that sent", at_hand, vec![]).await;
    laptop.click("[data-nav=drafts]").await;
    laptop.wait_text(&tid("draft-row"), "lie with Cora").await;
    assert_eq!(ben_reads(&ben, &talk, 1).await.len(), 1);
    laptop.close().await;
    desktop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_begun_apart_are_compared_and_become_one() {
    let desk = Desk::start();
    let Three { mut relay, laptop, desktop, ben, talk } = meet(&desk).await;
    relay.stop();
    for window in [&laptop, &desktop] {
        window.wait_for(&tid("banner")).await;
    }
    type_draft(&laptop, "We meet on Friday at the villa.").await;
    type_draft(&desktop, "We meet on Tuesday at the villa.").await;
    relay.start_again();
    for window in [&laptop, &desktop] {
        wait_connected(window).await;
    }
    let on_laptop = switcher(&laptop, 2).await;
    assert_eq!(on_laptop, ["We meet on Friday at the villa.", "We meet on Tuesday at the villa."]);
    assert_eq!(switcher(&desktop, 2).await[0], "We meet on Tuesday at the villa.");
    picture(&laptop, "drafts-switcher").await;

    laptop.click(&tid("draft-compare")).await;
    laptop.wait_text(&tid("compare-left"), "Friday").await;
    laptop.wait_text(&tid("compare-right"), "Tuesday").await;
    picture(&laptop, "drafts-compare").await;
    laptop.click(&tid("compare-merged")).await;
    laptop.wait_text(&tid("compare-text"), "Tuesday").await;
    picture(&laptop, "drafts-compare-merged").await;
    laptop.click("[data-testid=compare-text] input[value=right]").await;
    laptop.click(&tid("compare-join")).await;
    laptop.wait_gone(&tid("dialog")).await;
    wait_draft(&laptop, "We meet on Tuesday at the villa.").await;
    // Nothing is lost until its undo is gone, also with the relay down.
    relay.stop();
    laptop.click(&tid("toast-action")).await;
    wait_draft(&laptop, "We meet on Friday at the villa.").await;
    assert_eq!(switcher(&laptop, 2).await.len(), 2);
    relay.start_again();
    wait_connected(&laptop).await;

    // The one is sent; the other waits beside an empty composer, on both devices.
    laptop.click(&tid("send")).await;
    assert_eq!(ben_reads(&ben, &talk, 1).await, ["We meet on Friday at the villa."]);
    assert_eq!(switcher(&laptop, 2).await[1], "We meet on Tuesday at the villa.");
    wait_draft(&desktop, "We meet on Tuesday at the villa.").await;
    laptop.close().await;
    desktop.close().await;
}

/// Presses something of a line of the outbox.
async fn press(app: &App, text: &str, what: &str) {
    let script = "const row = [...document.querySelectorAll('[data-testid=outbox-row]')]
            .find((row) => row.querySelector('.preview')?.textContent === arguments[0]);
        row?.querySelector(`[data-testid=${arguments[1]}]`).click();
        return row !== undefined";
    app.wait_until(&format!("{text:?} in the outbox"), script, vec![json!(text), json!(what)]).await;
}

/// Waits until the outbox holds exactly these, in this order, and all of them stand so.
async fn waiting(app: &App, state: &str, texts: &[&str]) {
    let script = "const rows = [...document.querySelectorAll('[data-testid=outbox-row]')];
        return rows.every((row) => row.dataset.state === arguments[0])
            && JSON.stringify(rows.map((row) => row.querySelector('.preview')?.textContent)) === JSON.stringify(arguments[1])";
    app.wait_until(&format!("{texts:?} as {state}"), script, vec![json!(state), json!(texts)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_in_the_order_it_was_put_in() {
    let desk = Desk::start();
    let Three { mut relay, laptop, desktop, ben, talk } = meet(&desk).await;
    relay.stop();
    for window in [&laptop, &desktop] {
        window.wait_for(&tid("banner")).await;
    }
    for text in ["one", "two", "three", "never"] {
        laptop.fill(&tid("composer"), text).await;
        laptop.click(&tid("send")).await;
        laptop.wait_text(&tid("message-body"), text).await;
        wait_draft(&laptop, "").await;
    }
    laptop.click("[data-nav=outbox]").await;
    laptop.wait_text(&tid("outbox-row"), "never").await;
    // Its chip comes into view with it, at the end of a row that is longer than the list is wide.
    let shown = "const chip = document.querySelector('[data-testid=filter][data-filter=outbox]');
        const [one, row] = [chip.getBoundingClientRect(), chip.parentElement.getBoundingClientRect()];
        return chip.parentElement.scrollWidth > row.width && one.left >= row.left && one.right <= row.right";
    laptop.wait_until("the chip of the outbox in view", shown, vec![]).await;
    assert_eq!(laptop.hard_to_touch().await, [] as [&str; 0]);
    picture(&laptop, "outbox").await;
    press(&laptop, "three", "outbox-front").await;
    waiting(&laptop, "queued", &["three", "one", "two", "never"]).await;
    press(&laptop, "two", "outbox-up").await;
    waiting(&laptop, "queued", &["three", "two", "one", "never"]).await;
    press(&laptop, "never", "outbox-cancel").await;
    waiting(&laptop, "queued", &["three", "two", "one"]).await;

    open(&laptop, &talk).await;
    wait_draft(&laptop, "never").await;
    relay.start_again();
    let sent = ["three", "two", "one"];
    assert_eq!(ben_reads(&ben, &talk, 3).await, sent);
    for window in [&laptop, &desktop] {
        wait_connected(window).await;
        let shown = "return [...document.querySelectorAll('[data-testid=message-body]')]
            .map((body) => body.textContent).join() === arguments[0]";
        window.wait_until("the same order", shown, vec![json!(sent.join(","))]).await;
    }
    wait_draft(&desktop, "never").await;
    laptop.close().await;
    desktop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_tried_again_and_arrives_in_the_order_it_was_put_in() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let group = begin(&house.laptop, "Villa Rosa", &["Ben"], "Shall we look at it?").await;
    for window in house.windows() {
        open(window, &group).await;
        says(window, &["Shall we look at it?"]).await;
    }
    house.relay_down().await;
    write(&house.ben, &group, &["one", "two", "three"].map(str::to_owned)).await;

    // While he is off, he is made a reader: what he comes with is refused, and he is told.
    let Meeting { mut relay, laptop, desktop, ben, .. } = house;
    ben.close().await;
    relay.start_again();
    for window in [&laptop, &desktop] {
        wait_connected(window).await;
    }
    members(&laptop, &group).await;
    set_role(&laptop, "Ben Okafor", "reader").await;
    members(&desktop, &group).await;
    wait_members(&desktop, &["Ada Berger (You), owner", "Ben Okafor, reader"]).await;
    let ben = desk.app("ben", &[]).await;
    ben.click(&row(&group)).await;
    ben.wait_text(&tid("thread"), "your role does not let you write").await;
    let failed = "return document.querySelectorAll('[data-testid=message][data-state=failed]').length === 3";
    ben.wait_until("three refused messages", failed, vec![]).await;
    ben.click("[data-nav=notices]").await;
    ben.wait_text(&notice("not_sent", true), "was not sent").await;
    ben.wait_text("[data-nav=outbox] .count.failed", "3").await;
    ben.click("[data-nav=outbox]").await;
    waiting(&ben, "refused", &["one", "two", "three"]).await;
    picture(&ben, "outbox-refused").await;

    // He may write again, and hears of it. Before he tries again, the relay is gone.
    set_role(&laptop, "Ben Okafor", "member").await;
    for window in [&laptop, &desktop] {
        close_dialog(window).await;
    }
    open(&ben, &group).await;
    relay.stop();
    for window in [&laptop, &desktop, &ben] {
        window.wait_for(&tid("banner")).await;
    }
    ben.click("[data-nav=outbox]").await;
    press(&ben, "one", "outbox-retry").await;
    ben.wait_for("[data-testid=outbox-row][data-state=queued]").await;
    ben.click(&tid("outbox-choose-all")).await;
    ben.click(&tid("outbox-retry-all")).await;
    waiting(&ben, "queued", &["one", "two", "three"]).await;
    press(&ben, "three", "outbox-front").await;
    waiting(&ben, "queued", &["three", "one", "two"]).await;
    for text in ["one", "two"] {
        press(&ben, text, "outbox-choose").await;
    }
    ben.click(&tid("outbox-cancel-all")).await;
    waiting(&ben, "queued", &["three"]).await;
    undo(&ben, "2 changes cancelled").await;
    waiting(&ben, "queued", &["three", "one", "two"]).await;

    relay.start_again();
    for window in [&laptop, &desktop, &ben] {
        wait_connected(window).await;
        to_inbox(window).await;
        open(window, &group).await;
        says(window, &["Shall we look at it?", "three", "one", "two"]).await;
    }
    ben.wait_gone("[data-testid=message][data-state=pending], [data-testid=message][data-state=failed]")
        .await;
    ben.click("[data-nav=outbox]").await;
    ben.wait_text("main", "Nothing is waiting").await;
    // Nothing is left to be told of.
    ben.click("[data-nav=notices]").await;
    ben.wait_for(&tid("notices-unread")).await;
    ben.wait_gone("[data-testid=notice][data-kind=not_sent]").await;
    for window in [laptop, desktop, ben] {
        window.close().await;
    }
}

async fn picture(app: &App, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures-of-writing");
    app.screenshot(&folder.join(format!("{name}.png"))).await;
}

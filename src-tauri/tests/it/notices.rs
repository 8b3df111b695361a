//! What people are told of, in real windows: two people, three devices.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Bus, Desk, Notices, OnScreen};
use crate::meeting::{Acquaintance, Meeting};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    close_dialog, conversation_id, introduce, look_away, open, press_key, tid, to_inbox, wait_unread, write,
};

/// A line of the notification centre.
pub fn notice(kind: &str, unread: bool) -> String {
    format!("[data-testid=notice][data-kind={kind}][data-unread={unread}]")
}

const BELL: &str =
    "return (document.querySelector('[data-nav=notices] .count')?.textContent ?? '0') === arguments[0]";

async fn bell(app: &App, number: &str) {
    app.wait_until(&format!("{number} at the bell"), BELL, vec![json!(number)]).await;
}

/// Whether a kind is told in one of the ways, as the settings show it.
fn way(kind: &str, channel: &str) -> String {
    format!("[data-testid=setting][data-id=notify_{kind}] [data-testid=channel][data-channel={channel}]")
}

async fn ticked(app: &App, css: &str, on: bool) {
    app.click("[data-nav=settings]").await;
    let script = "return document.querySelector(arguments[0])?.checked === arguments[1]";
    app.wait_until(&format!("{css} to be {on}"), script, vec![json!(css), json!(on)]).await;
}

/// What of the open conversation is announced.
async fn announced(app: &App, choice: &str) -> String {
    app.click(&tid("thread-menu")).await;
    app.click(&tid("thread-announce")).await;
    format!("[data-testid=announce][data-choice={choice}]")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_chosen_in_one_window_is_so_in_the_other() {
    let desk = Desk::start();
    let mut house = Meeting::on(&desk).await;
    let talk = house.talk.clone();
    for window in [&house.laptop, &house.desktop] {
        window.click("[data-nav=notices]").await;
        window.wait_text(&notice("joined", true), "Ben Okafor came in").await;
        bell(window, "1").await;
    }
    // Told in the window that is looked at, at the bell, in the centre and in the window's title, on both devices.
    OnScreen::of(&house.laptop).take_keyboard(&house.laptop).await;
    write(&house.ben, &talk, &["The plumber asks for the keys".to_owned()]).await;
    house.laptop.wait_text(&tid("news"), "Ben Okafor: The plumber asks for the keys").await;
    for window in [&house.laptop, &house.desktop] {
        window.wait_text(&notice("message", true), "The plumber asks for the keys").await;
        bell(window, "2").await;
        OnScreen::of(window).wait_title("(1) Homing").await;
    }

    // What is read and chosen while nobody is connected shows here at once, and there when the relay is back.
    house.relay_down().await;
    let laptop = &house.laptop;
    laptop.click(&format!("{} [data-testid=notice-read]", notice("joined", true))).await;
    laptop.wait_for(&notice("joined", false)).await;
    bell(laptop, "1").await;
    // Who asks for what is unread sees only that, on each device what it knows.
    laptop.click(&tid("notices-unread")).await;
    laptop.wait_gone("[data-testid=notice][data-kind=joined]").await;
    laptop.wait_for(&notice("message", true)).await;
    house.desktop.click(&tid("notices-unread")).await;
    ticked(laptop, &way("message", "desktop"), true).await;
    laptop.click(&way("message", "desktop")).await;
    ticked(laptop, &way("message", "desktop"), false).await;
    house.desktop.wait_for(&notice("joined", true)).await;
    bell(&house.desktop, "2").await;
    house.relay_up().await;
    house.desktop.wait_gone("[data-testid=notice][data-kind=joined]").await;
    house.desktop.wait_for(&notice("message", true)).await;
    bell(&house.desktop, "1").await;
    house.desktop.click(&tid("notices-read-all")).await;
    house.desktop.wait_gone(&tid("notice")).await;
    house.desktop.click(".which [aria-pressed=false]").await;
    house.desktop.wait_for(&notice("joined", false)).await;
    for window in [&house.laptop, &house.desktop] {
        bell(window, "0").await;
        OnScreen::of(window).wait_title("Homing").await;
    }
    ticked(&house.desktop, &way("message", "desktop"), false).await;
    // Ben sees that his message was read, where nobody had opened the conversation.
    house.ben.wait_for("[data-testid=message][data-state=read]").await;

    // A conversation that announces nothing stays silent on both, and is unread all the same.
    house.relay_down().await;
    to_inbox(&house.laptop).await;
    open(&house.laptop, &talk).await;
    let nothing = announced(&house.laptop, "none").await;
    house.laptop.click(&nothing).await;
    close_dialog(&house.laptop).await;
    to_inbox(&house.laptop).await;
    house.relay_up().await;
    to_inbox(&house.desktop).await;
    open(&house.desktop, &talk).await;
    let nothing = announced(&house.desktop, "none").await;
    house.desktop.wait_for(&format!("{nothing}:checked")).await;
    close_dialog(&house.desktop).await;
    to_inbox(&house.desktop).await;
    write(&house.ben, &talk, &["Nobody is told of this".to_owned()]).await;
    for window in [&house.laptop, &house.desktop] {
        wait_unread(window, &talk, 1).await;
    }
    // It announces again: what comes then is told, and what came before is not.
    open(&house.laptop, &talk).await;
    let all = announced(&house.laptop, "all").await;
    house.laptop.click(&all).await;
    close_dialog(&house.laptop).await;
    to_inbox(&house.laptop).await;
    OnScreen::of(&house.laptop).take_keyboard(&house.laptop).await;
    write(&house.ben, &talk, &["Everybody is told of this".to_owned()]).await;
    house.laptop.wait_text(&tid("news"), "Ben Okafor: Everybody is told of this").await;
    let told = "return [...document.querySelectorAll('[data-testid=news]')].some((one) => one.innerText.includes('Nobody'))";
    assert_eq!(house.laptop.eval(told, vec![]).await, json!(false));
    house.end().await;
}

/// The clock that quiet hours are read from stands at eleven in the evening.
#[tokio::test(flavor = "multi_thread")]
async fn in_quiet_hours_nothing_is_told_but_the_bell_counts() {
    let desk = Desk::start();
    let bus = Bus::start();
    let notices = Notices::on(&bus).await;
    let relay = Relay::start(&desk.folder("relay"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let skew = (23 * 3600 - i64::try_from(now % 86_400).unwrap()) * 1000;
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let skew = skew.to_string();
    let env = [
        ("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str()),
        ("TZ", "UTC"),
        ("HOMING_CLOCK_SKEW_MS", skew.as_str()),
    ];
    let ada = desk.app("ada", &env).await;
    introduce(&ada, &relay, &ben, "Ben Okafor").await;
    let talk = conversation_id(&ada, "Ben").await;
    ada.click("[data-nav=settings]").await;
    ada.click("[data-testid=setting][data-id=quiet] [role=switch]").await;
    ada.wait_text("[data-testid=setting][data-id=quiet]", "It is quiet now.").await;
    to_inbox(&ada).await;
    look_away(&ada).await;
    ben.run(&["sync"]).await;
    ben.one(&["send", &talk, "Are you asleep?"]).await;
    ben.run(&["sync"]).await;
    wait_unread(&ada, &talk, 1).await;
    // From seven in the evening to eight: it is not quiet any more.
    ada.click("[data-nav=settings]").await;
    ada.fill(&tid("quiet-from"), "19:00").await;
    ada.eval(CHANGED, vec![json!(tid("quiet-from"))]).await;
    ada.fill(&tid("quiet-to"), "20:00").await;
    ada.eval(CHANGED, vec![json!(tid("quiet-to"))]).await;
    let loud = "return !document.querySelector('[data-testid=setting][data-id=quiet]').innerText.includes('quiet now')";
    ada.wait_until("the end of the quiet", loud, vec![]).await;
    to_inbox(&ada).await;
    look_away(&ada).await;
    ben.one(&["send", &talk, "Good morning"]).await;
    ben.run(&["sync"]).await;
    notices.wait("Good morning").await;
    let told: Vec<String> = notices.all().into_iter().map(|notice| notice.body).collect();
    assert!(
        !told.iter().any(|body| body == "Are you asleep?"),
        "what came in the quiet is not told behind it: {told:?}"
    );
    ada.close().await;
}

const CHANGED: &str =
    "document.querySelector(arguments[0]).dispatchEvent(new Event('change', { bubbles: true }))";

/// Two pages and a part of one.
const MENTIONS: usize = 110;

#[tokio::test(flavor = "multi_thread")]
async fn the_centre_goes_on_by_itself_over_several_pages_and_lists_each_mention_once() {
    let desk = Desk::start();
    let Acquaintance { relay: _relay, ada, ben, talk } = Acquaintance::on(&desk).await;
    for n in 1..=MENTIONS {
        ben.one(&["send", &talk, &format!("@Ada Berger, number {n:03}")]).await;
    }
    ben.run(&["sync"]).await;
    wait_unread(&ada, &talk, MENTIONS).await;
    // Besides the mentions it is told that Ben came in, and nothing twice.
    let total = (MENTIONS + 1).to_string();
    let counted = "return document.querySelector('[data-nav=notices]').getAttribute('aria-label')?.includes(arguments[0])
        || document.querySelector('[data-nav=notices]').innerText.includes(arguments[0])
        || document.querySelector('[data-nav=notices] .count')?.textContent === '99+'";
    ada.wait_until("the bell with all of them", counted, vec![json!(total)]).await;
    ada.click("[data-nav=notices]").await;
    ada.wait_text(&notice("mention", true), &format!("number {MENTIONS:03}")).await;
    let size =
        "return document.querySelector('[data-testid=notice]').closest('li').getAttribute('aria-setsize')";
    assert_eq!(ada.eval(size, vec![]).await, json!("-1"), "there are more than are here");
    // By the keyboard: each End goes to the last one that is here, and what comes next is asked for on the way.
    ada.eval("document.querySelector('[data-testid=notice] [data-open]').focus()", vec![]).await;
    let at = "return document.activeElement.closest('li[data-index]')?.getAttribute('aria-posinset') === arguments[0]";
    for last in [50, 100, MENTIONS + 1] {
        press_key(&ada, Key::End).await;
        ada.wait_until(&format!("the focus at {last}"), at, vec![json!(last.to_string())]).await;
        if last <= MENTIONS {
            // Another page has come.
            ada.wait_for(&format!("li[aria-posinset=\"{}\"]", last + 1)).await;
        }
    }
    press_key(&ada, Key::Up).await;
    ada.wait_until("the focus before the last", at, vec![json!(MENTIONS.to_string())]).await;
    // As somebody who scrolls on and on: what is last is the last of all.
    let scroll = "const lines = [...document.querySelectorAll('[data-testid=notice]')].map((one) => one.closest('li'));
        const page = lines[0].closest('.scroll');
        page.scrollTop = page.scrollHeight;
        const last = lines.at(-1);
        return last.getAttribute('aria-posinset') === arguments[0] && last.getAttribute('aria-setsize') === arguments[0]";
    ada.wait_until("the end of the list", scroll, vec![json!(total)]).await;
    let rows = "return document.querySelectorAll('[data-testid=notice]').length";
    assert!(ada.eval(rows, vec![]).await.as_u64().unwrap() < 60, "only what is in view is drawn");
    ada.wait_text(&notice("joined", true), "Ben Okafor came in").await;
    ada.wait_text(&notice("mention", true), "number 001").await;
    ada.click(&tid("notices-read-all")).await;
    bell(&ada, "0").await;
    to_inbox(&ada).await;
    wait_unread(&ada, &talk, 0).await;
    ada.close().await;
}

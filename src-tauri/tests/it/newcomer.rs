//! The first day of somebody new, from the name to the lost device, as a person would go through it.
//!
//! On the way pictures are taken of what the list of views does not show (dialogs in the middle of their work, errors,
//! the lock): they lie beside the others, to be looked at.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{App, Desk};
use crate::programs::Relay;
use crate::steps::{
    conversation_id, first_start, link, open, paste_file, press, press_key, press_keys, row, tid, to_inbox,
    write,
};

const PASSPHRASE: &str = "correct horse";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_day_of_somebody_new() {
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let ada = desk.app("ada", &[]).await;
    ada.wait_for(&tid("first-name")).await;
    ada.set_size(1280, 800).await;
    assert_eq!(count(&ada, "input, textarea, select").await, 1, "a name is asked for and nothing else");
    first_start(&ada, "Ada Berger").await;
    picture(&ada, "welcome").await;

    // Nobody to invite without a relay: it is explained, and only an address that answers is taken.
    ada.click(&tid("welcome-invite")).await;
    ada.wait_text(&tid("dialog"), "It can't read them").await;
    ada.fill(&tid("relay-address"), "http://127.0.0.1:9").await;
    ada.wait_text(&tid("dialog"), "it works here only").await;
    ada.fill(&tid("relay-address"), "not an address").await;
    ada.click(&tid("relay-connect")).await;
    ada.wait_for("[data-testid=dialog] [data-testid=error]").await;
    picture(&ada, "relay-refused").await;
    ada.fill(&tid("relay-address"), &relay.address).await;
    ada.click(&tid("relay-connect")).await;
    ada.click("[data-testid=invite-kind][data-kind=client]").await;
    picture(&ada, "invite-kinds").await;
    ada.fill(&tid("invite-client-name"), "Ben Okafor").await;
    ada.click(&tid("invite-make")).await;
    let invitation = ada.wait_for(&tid("invite-link")).await.prop("value").await.unwrap().unwrap();
    ada.wait_for(&tid("invite-qr")).await;
    picture(&ada, "invite-link").await;
    leave_dialog(&ada).await;

    // The words can wait, and are believed only when three of them are known.
    ada.eval("location.hash = '#/inbox'", vec![]).await;
    click_text(&ada, "Put these steps away").await;
    click_text(&ada, "Show the words").await;
    ada.wait_for(&tid("dialog")).await;
    click_text(&ada, "Later").await;
    ada.wait_gone(&tid("dialog")).await;
    let banner = "return !document.body.innerText.includes('Remind me')";
    ada.wait_until("no reminder", banner, vec![]).await;
    ada.eval("location.hash = '#/recovery'", vec![]).await;
    click_text(&ada, "Show the words").await;
    ada.wait_for(&tid("recovery-word")).await;
    assert_eq!(count(&ada, &tid("recovery-word")).await, 24);
    picture(&ada, "recovery-words").await;
    let words: Vec<String> = serde_json::from_value(
        ada.eval(
            "return [...document.querySelectorAll('[data-testid=recovery-word]')].map((word) => word.dataset.word)",
            vec![],
        )
        .await,
    )
    .unwrap();
    click_text(&ada, "I wrote them down").await;
    answer(&ada, |place| &words[place], true).await;
    answer(&ada, |place| &words[place], false).await;

    // A client joins by the link and writes; who it is is compared.
    let ben = desk.app("ben", &[]).await;
    ben.click(&tid("first-invitation")).await;
    ben.fill(&tid("join-link"), "homing://join/1/nonsense#nothing").await;
    ben.click(&tid("join-look")).await;
    ben.wait_for("[data-testid=dialog] [data-testid=error]").await;
    picture(&ben, "join-refused").await;
    ben.fill(&tid("join-link"), &invitation).await;
    ben.click(&tid("join-look")).await;
    ben.wait_text(&tid("dialog"), "Ada Berger invites you").await;
    picture(&ben, "join-preview").await;
    ben.fill(&tid("join-name"), "Ben Okafor").await;
    ben.click(&tid("join-do")).await;
    ben.wait_gone(&tid("dialog")).await;
    picture(&ben, "joined").await;
    to_inbox(&ada).await;
    ada.eval("location.hash = '#/new'", vec![]).await;
    ada.wait_text(&tid("new-person"), "Ben Okafor").await;
    ada.click(&tid("new-person")).await;
    ada.fill(&tid("new-subject"), "The house on the hill").await;
    paste_file(&ada, &tid("new-message"), "Plan.txt", "text/plain", b"ground floor").await;
    ada.wait_for(&tid("pending-file")).await;
    picture(&ada, "new-with-file").await;
    ada.click(&tid("new-start")).await;
    ada.wait_text(&tid("attachment"), "Plan.txt").await;
    let talk = conversation_id(&ada, "The house on the hill").await;
    open(&ben, &talk).await;
    ben.wait_text(&tid("attachment"), "Plan.txt").await;
    write(&ben, &talk, &["When can I see it?".to_owned()]).await;
    ada.wait_text(&tid("message-body"), "When can I see it?").await;
    let digits = [safety(&ada, "Ben Okafor").await, safety(&ben, "Ada Berger").await];
    assert_eq!(digits[0], digits[1]);
    ada.click(&tid("safety-mark")).await;
    ada.wait_text(&tid("dialog"), "You compared these digits").await;
    picture(&ada, "safety-compared").await;

    // Off the network: what waits says so, and can still be taken back or changed.
    leave_dialog(&ada).await;
    relay.stop();
    ada.wait_for(&tid("banner")).await;
    to_inbox(&ada).await;
    write(&ada, &talk, &["On Friday at ten.".to_owned(), "Bring your boots".to_owned()]).await;
    picture(&ada, "offline").await;
    ada.click("[data-filter=outbox]").await;
    ada.wait_for(&tid("outbox-row")).await;
    picture(&ada, "outbox").await;
    let second = "[data-testid=outbox-row] ~ [data-testid=outbox-row]";
    ada.click(&format!("{second} [data-testid=outbox-edit]")).await;
    let composer = "return document.querySelector('[data-testid=composer]')?.value === arguments[0]";
    ada.wait_until("the text to be written again", composer, vec![json!("Bring your boots")]).await;
    ada.fill(&tid("composer"), "Bring boots, it rains").await;
    ada.click(&tid("send")).await;
    ada.wait_text(&tid("message-body"), "Bring boots, it rains").await;
    relay.start_again();
    ada.wait_gone(&tid("banner")).await;
    leave_dialog(&ben).await;
    to_inbox(&ben).await;
    open(&ben, &talk).await;
    ben.wait_text(&tid("message-body"), "Bring boots, it rains").await;
    let first_try = ben.eval("return document.body.innerText.includes('Bring your boots')", vec![]).await;
    assert_eq!(first_try, json!(false));

    keys(&ada, &talk).await;

    // A second device, which gets lost.
    let phone = desk.app("phone", &[]).await;
    link(&ada, &phone).await;
    picture(&phone, "linked").await;
    leave_dialog(&ada).await;
    leave_dialog(&phone).await;
    phone.wait_for(&row(&talk)).await;
    let title = "return [...document.querySelectorAll('[data-testid=conversation] .title')]
        .some((title) => title.innerText === 'Ben Okafor')";
    phone.wait_until("the client's name, as on the other device", title, vec![]).await;
    ada.eval("location.hash = '#/devices'", vec![]).await;
    ada.click("[data-testid=device][data-current=false] [data-testid=device-revoke]").await;
    picture(&ada, "revoke").await;
    ada.click(&tid("confirm")).await;
    ada.wait_for("[data-testid=device][data-revoked=true]").await;
    phone.wait_for("[role=alert][data-code]").await;
    picture(&phone, "revoked").await;
    phone.close().await;

    // A passphrase, and a door that is locked.
    ada.eval("location.hash = '#/passphrase'", vec![]).await;
    for n in [1, 2] {
        ada.fill(&format!("[data-testid=dialog] label:nth-of-type({n}) input"), PASSPHRASE).await;
    }
    ada.click("[data-testid=dialog] .primary").await;
    ada.wait_gone(&tid("dialog")).await;
    ada.eval("location.hash = '#/settings'", vec![]).await;
    ada.click("[data-testid=setting][data-id=lock_now] button").await;
    ada.fill(&tid("lock-passphrase"), "wrong horse").await;
    ada.click(&tid("lock-open")).await;
    ada.wait_for(&tid("error")).await;
    picture(&ada, "locked").await;
    ada.fill(&tid("lock-passphrase"), PASSPHRASE).await;
    ada.click(&tid("lock-open")).await;
    ada.wait_gone(&tid("lock-open")).await;
    to_inbox(&ada).await;
    open(&ada, &talk).await;
    ada.close().await;
    ben.close().await;
}

/// The keys that work everywhere, pressed on the keyboard.
async fn keys(app: &App, talk: &str) {
    press(app, Key::Control, "k").await;
    app.fill(&tid("palette-input"), "house").await;
    app.wait_text(&tid("palette-item"), "The house on the hill").await;
    picture(app, "palette").await;
    press_key(app, Key::Enter).await;
    app.wait_for(&format!("[data-testid=thread][data-id=\"{talk}\"]")).await;
    press(app, Key::Control, "f").await;
    app.fill(&tid("find-input"), "boots").await;
    app.wait_text(&tid("search-hit"), "Bring boots").await;
    press_key(app, Key::Escape).await;
    app.wait_gone(&tid("find-input")).await;
    press(app, Key::Control, "n").await;
    app.wait_for(&tid("new-to")).await;
    press_key(app, Key::Escape).await;
    app.wait_gone(&tid("new-to")).await;
    app.eval("location.hash = '#/search'", vec![]).await;
    app.fill(&tid("search-input"), "boots").await;
    app.wait_text(&tid("search-hit"), "Bring boots").await;
    picture(app, "search-hits").await;
    app.fill(&tid("search-input"), "xylophone").await;
    app.wait_text("[data-testid=app]", "Nothing found").await;
    to_inbox(app).await;
    press(app, Key::Alt, &char::from(Key::Down).to_string()).await;
    app.wait_for(&tid("thread")).await;
    to_inbox(app).await;
    app.eval("document.activeElement?.blur()", vec![]).await;
    press_keys(app, "?").await;
    app.wait_text(&tid("dialog"), "Keys and help").await;
    press_key(app, Key::Escape).await;
    app.wait_gone(&tid("dialog")).await;
}

/// Fills in the words that are asked for, and says whether they were refused.
async fn answer<'a>(app: &App, word: impl Fn(usize) -> &'a str, refused: bool) {
    app.wait_for(&tid("recovery-check")).await;
    let script = "return [...document.querySelectorAll('[data-testid=recovery-check]')]
        .map((field) => Number(field.dataset.place))";
    let places: Vec<usize> = serde_json::from_value(app.eval(script, vec![]).await).unwrap();
    assert_eq!(places.len(), 3);
    for (index, place) in places.iter().enumerate() {
        let word = if refused && index == 0 { "wrong" } else { word(*place) };
        app.fill(&format!("[data-testid=recovery-check][data-place=\"{place}\"]"), word).await;
    }
    app.click(&tid("recovery-confirm")).await;
    if refused {
        app.wait_for("[data-testid=dialog] [data-testid=error]").await;
        picture(app, "recovery-refused").await;
    } else {
        app.wait_text(&tid("dialog"), "You can come back").await;
        leave_dialog(app).await;
    }
}

/// The digits of a person's safety number.
async fn safety(app: &App, name: &str) -> String {
    app.eval("location.hash = '#/people'", vec![]).await;
    app.wait_text(&tid("person"), name).await;
    let script = "[...document.querySelectorAll('[data-testid=person]')]
        .find((row) => row.innerText.includes(arguments[0]))
        .querySelector('[data-testid=person-safety]').click()";
    app.eval(script, vec![json!(name)]).await;
    let digits = app.wait_for(&tid("safety-digits")).await;
    let digits = digits.attr("data-digits").await.unwrap().unwrap();
    assert!(digits.len() >= 60, "{digits}");
    digits
}

async fn click_text(app: &App, text: &str) {
    let script = "const button = [...document.querySelectorAll('button')]
        .find((one) => one.innerText.trim() === arguments[0] && !one.disabled);
        button?.click();
        return button !== undefined";
    app.wait_until(&format!("a button {text:?}"), script, vec![json!(text)]).await;
}

async fn leave_dialog(app: &App) {
    app.click(&tid("dialog-close")).await;
    app.wait_gone(&tid("dialog")).await;
}

async fn count(app: &App, css: &str) -> u64 {
    let script = "return document.querySelectorAll(arguments[0]).length";
    app.eval(script, vec![json!(css)]).await.as_u64().unwrap()
}

async fn picture(app: &App, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures-of-a-day");
    app.screenshot(&folder.join(format!("{name}.png"))).await;
}

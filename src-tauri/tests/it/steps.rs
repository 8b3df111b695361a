//! What people do in a window, step by step: several tests tell their stories with these.

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::driver::{App, OnScreen};
use crate::programs::{Relay, Terminal};

pub fn tid(name: &str) -> String {
    format!("[data-testid={name}]")
}

pub fn row(conversation: &str) -> String {
    format!("[data-testid=conversation][data-id=\"{conversation}\"]")
}

/// Links a new device, the digits compared as two people would.
pub async fn link(known: &App, new: &App) {
    known.click("[data-nav=devices]").await;
    known.click("[data-testid=link-device]").await;
    let code = known.wait_for(&tid("link-code")).await.prop("value").await.unwrap().unwrap();
    new.click(&tid("first-link")).await;
    new.fill(&tid("link-code-input"), &code).await;
    new.click(&tid("link-connect")).await;
    let digits = new.wait_for(&tid("link-digits")).await.text().await.unwrap();
    known.wait_text(&tid("link-digits"), &digits).await;
    known.click(&tid("link-same")).await;
    known.wait_for(&tid("link-done")).await;
    new.wait_for(&tid("link-done")).await;
}

/// The conversation the list calls so.
pub async fn conversation_id(app: &App, title: &str) -> String {
    let script = "return [...document.querySelectorAll('[data-testid=conversation]')]
        .find((row) => row.innerText.includes(arguments[0]))?.dataset.id ?? null";
    let id = app.wait_until(&format!("a conversation {title}"), script, vec![json!(title)]).await;
    id.as_str().unwrap().to_owned()
}

/// Begins a conversation with people and a first message.
pub async fn begin(app: &App, subject: &str, with: &[&str], message: &str) -> String {
    app.click(&tid("new-conversation")).await;
    for name in with {
        app.fill(&tid("new-to"), name).await;
        app.wait_text(&tid("new-person"), name).await;
        app.click(&tid("new-person")).await;
    }
    app.fill(&tid("new-subject"), subject).await;
    app.fill(&tid("new-message"), message).await;
    app.click(&tid("new-start")).await;
    app.wait_gone(&tid("dialog")).await;
    conversation_id(app, subject).await
}

/// Shows a conversation.
pub async fn open(app: &App, conversation: &str) {
    let shown = format!("[data-testid=thread][data-id=\"{conversation}\"][data-loaded=true]");
    app.click(&row(conversation)).await;
    app.wait_for(&shown).await;
    app.wait_for(&tid("composer")).await;
    // Until its end is found the list is there, but not to be seen, and takes no focus.
    let seen = "return document.querySelector(arguments[0])?.checkVisibility({ visibilityProperty: true })";
    app.wait_until("its messages on the screen", seen, vec![json!(tid("log"))]).await;
}

/// Goes to another window.
pub async fn look_away(app: &App) {
    OnScreen::of(app).lose_keyboard(app).await;
}

pub async fn to_inbox(app: &App) {
    app.click("[data-nav=inbox]").await;
    app.wait_gone(&tid("thread")).await;
}

/// Sends messages, each when the one before stands in the log.
pub async fn write(app: &App, conversation: &str, texts: &[String]) {
    open(app, conversation).await;
    for text in texts {
        app.fill(&tid("composer"), text).await;
        app.click(&tid("send")).await;
        app.wait_text(&tid("message-body"), text).await;
        let script = "return document.querySelector('[data-testid=composer]').value === ''";
        app.wait_until("an empty composer", script, vec![]).await;
    }
}

/// Waits until the open conversation shows exactly these messages.
pub async fn says(app: &App, bodies: &[&str]) {
    let script = "const shown = [...document.querySelectorAll('[data-testid=message-body]')].map((body) => body.innerText.trim());
        return JSON.stringify(shown) === JSON.stringify(arguments[0])";
    app.wait_until(&format!("the messages {bodies:?}"), script, vec![json!(bodies)]).await;
}

/// Types a draft and waits until the engine has it.
pub async fn type_draft(app: &App, text: &str) {
    app.fill(&tid("composer"), text).await;
    app.wait_for("[data-testid=composer][data-saved=true]").await;
}

pub async fn wait_draft(app: &App, text: &str) {
    let script = "return document.querySelector('[data-testid=composer]')?.value === arguments[0]";
    app.wait_until(&format!("the draft {text:?}"), script, vec![json!(text)]).await;
}

/// All of the open conversation in the order of the screen: it shows a part at a time, so it is scrolled through.
pub async fn collect(app: &App) -> Vec<Value> {
    let script = "const done = arguments[arguments.length - 1];
        const log = document.querySelector('[data-testid=log]');
        const frames = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
        const seen = new Map();
        const take = () => {
            for (const message of log.querySelectorAll('[data-testid=message]')) {
                seen.set(message.dataset.id, {
                    id: message.dataset.id,
                    body: message.querySelector('[data-testid=message-body]')?.textContent ?? '',
                    state: message.dataset.state,
                    unread: message.dataset.unread === 'true',
                    mine: message.querySelector('[data-testid=tick]') !== null,
                    picture: message.querySelector('[data-testid=attachment-image]') !== null,
                });
            }
        };
        // As somebody who takes the list in hand.
        const scroll = (top) => {
            log.dispatchEvent(new WheelEvent('wheel', { bubbles: true }));
            log.scrollTop = top;
        };
        (async () => {
            // A conversation that has just been opened goes to its end, or to what is unread, by itself: only when it
            // stays at its beginning has it come to rest.
            for (let still = 0; still < 5; still = log.scrollTop === 0 ? still + 1 : 0) {
                scroll(0);
                await frames();
            }
            for (;;) {
                take();
                // The list may move it while rows get their sizes: only the end is the end.
                if (log.scrollTop + log.clientHeight >= log.scrollHeight - 2) break;
                scroll(log.scrollTop + log.clientHeight / 2);
                await frames();
            }
            done([...seen.values()]);
        })()";
    match app.client.execute_async(script, vec![]).await.unwrap() {
        Value::Array(messages) => messages,
        other => panic!("no messages but {other}"),
    }
}

pub async fn wait_unread(app: &App, conversation: &str, count: usize) {
    app.wait_for(&format!("{}[data-unread=\"{count}\"]", row(conversation))).await;
}

pub async fn close_dialog(app: &App) {
    app.click(&tid("dialog-close")).await;
    app.wait_gone(&tid("dialog")).await;
}

/// Connects the relay of somebody who has just begun, and makes an invitation: `person`, `client` (with the name) or `team`.
pub async fn invite(app: &App, relay: &Relay, kind: &str, name: Option<&str>) -> String {
    app.click(&tid("welcome-invite")).await;
    app.fill(&tid("relay-address"), &relay.address).await;
    app.click(&tid("relay-connect")).await;
    let link = invitation(app, kind, name).await;
    close_dialog(app).await;
    link
}

/// Makes an invitation where one is offered to make one, and stays there.
pub async fn invitation(app: &App, kind: &str, name: Option<&str>) -> String {
    app.click(&format!("[data-testid=invite-kind][data-kind={kind}]")).await;
    if let Some(name) = name {
        app.fill(&tid("invite-client-name"), name).await;
    }
    app.click(&tid("invite-make")).await;
    app.wait_for(&tid("invite-link")).await.prop("value").await.unwrap().unwrap()
}

/// Comes by an invitation that lets in at once, in a window that was just opened for the first time.
pub async fn join(app: &App, link: &str, name: &str) {
    ask_to_join(app, link, name).await;
    app.wait_gone(&tid("dialog")).await;
}

/// Takes up an invitation in a window that was just opened for the first time; somebody may have to let one in.
pub async fn ask_to_join(app: &App, link: &str, name: &str) {
    app.click(&tid("first-invitation")).await;
    app.fill(&tid("join-link"), link).await;
    app.click(&tid("join-look")).await;
    app.fill(&tid("join-name"), name).await;
    app.click(&tid("join-do")).await;
}

/// Says who one is, and nothing else: that is all the first start asks.
pub async fn first_start(app: &App, name: &str) {
    app.fill(&tid("first-name"), name).await;
    app.click(&tid("first-start")).await;
    app.wait_for(&tid("new-conversation")).await;
}

/// Begins as Ada, who connects her relay, invites somebody who is on the command line, and sees them come.
pub async fn introduce(app: &App, relay: &Relay, other: &Terminal, name: &str) {
    first_start(app, "Ada Berger").await;
    let link = invite(app, relay, "person", None).await;
    other.one(&["join", &link, "--name", name]).await;
    other.run(&["sync"]).await;
    app.wait_text(&tid("conversation"), name).await;
}

/// Waits until the window says nothing of being offline.
pub async fn wait_connected(app: &App) {
    app.wait_gone(&tid("banner")).await;
}

/// Links a device of the same person on the command line: its digits are compared on the screen.
pub async fn link_terminal(app: &App, other: &Terminal) {
    app.click("[data-nav=devices]").await;
    app.click("[data-testid=link-device]").await;
    let code = app.wait_for(&tid("link-code")).await.prop("value").await.unwrap().unwrap();
    let accept = ["link", "accept", code.as_str()];
    tokio::join!(other.run(&accept), async {
        app.wait_for(&tid("link-digits")).await;
        app.click(&tid("link-same")).await;
    });
    app.wait_for(&tid("link-done")).await;
    app.click(&tid("dialog-close")).await;
    app.wait_gone(&tid("dialog")).await;
}

/// Pastes a file that the page holds itself, as webviews hand it over that keep none from pages.
pub async fn paste_file(app: &App, css: &str, name: &str, mime: &str, bytes: &[u8]) {
    app.wait_for(css).await;
    let script = "const bytes = Uint8Array.from(atob(arguments[3]), (letter) => letter.charCodeAt(0));
        const file = new File([bytes], arguments[1], { type: arguments[2] });
        const clipboardData = { files: [file], types: ['Files'], getData: () => '' };
        const event = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), { clipboardData });
        document.querySelector(arguments[0]).dispatchEvent(event)";
    let bytes = data_encoding::BASE64.encode(bytes);
    app.eval(script, vec![json!(css), json!(name), json!(mime), json!(bytes)]).await;
}

/// Presses a key while another is held, on the keyboard of whoever is at the window.
pub async fn press(app: &App, held: Key, key: &str) {
    press_keys(app, &format!("{}{key}", char::from(held))).await;
}

pub async fn press_key(app: &App, key: Key) {
    press_keys(app, &char::from(key).to_string()).await;
}

pub async fn press_keys(app: &App, keys: &str) {
    app.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

//! What the app asks of the desktop around it: notifications, a tray, links, and where its window stands.

use std::collections::HashSet;

use serde_json::json;

use crate::driver::{App, Bus, Desk, Notice, Notices, OnScreen, Tray, wait_for_some};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    conversation_id, first_start, introduce, link_terminal, look_away, open, row, tid, to_inbox, wait_unread,
};

const OPENED: &str = "return document.querySelector('[data-testid=thread]')?.dataset.id === arguments[0]
    && document.activeElement?.dataset.id";

/// Ada in a window on a desktop, who has met Ben on the command line.
struct Acquainted {
    desk: Desk,
    relay: Relay,
    ben: Terminal,
    ada: App,
    /// The conversation of the two.
    talk: String,
}

impl Acquainted {
    async fn on(bus: &Bus) -> Self {
        let desk = Desk::start();
        let relay = Relay::start(&desk.folder("relay"));
        let ben = Terminal::new(&desk.folder("ben"), 0);
        let ada = desk.app("ada", &[("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())]).await;
        introduce(&ada, &relay, &ben, "Ben Okafor").await;
        let talk = conversation_id(&ada, "Ben").await;
        Self { desk, relay, ben, ada, talk }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_opens_its_message_and_is_never_there_for_what_was_read_elsewhere() {
    let desk = Desk::start();
    let bus = Bus::start();
    let notices = Notices::on(&bus).await;
    let relay = Relay::start(&desk.folder("relay"));
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let elsewhere = Terminal::new(&desk.folder("elsewhere"), 0);
    let on_bus = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())];
    let ada = desk.app("ada", &on_bus).await;
    introduce(&ada, &relay, &ben, "Ben <i>Okafor</i>").await;
    link_terminal(&ada, &elsewhere).await;
    to_inbox(&ada).await;
    let talk = conversation_id(&ada, "Ben").await;

    look_away(&ada).await;
    says(&ben, &talk, "The keys are <b>ready</b> & waiting").await;
    let notice = notices.wait("The keys are &lt;b&gt;ready&lt;/b&gt; &amp; waiting").await;
    assert_eq!(notice.title, "Ben <i>Okafor</i>", "a title is text, a body markup");
    notices.click(&notice).await;
    let message = ada.wait_until("the message of the notification", OPENED, vec![json!(talk)]).await;
    let shown = format!("[data-testid=message][data-id=\"{}\"]", message.as_str().unwrap());
    ada.wait_text(&shown, "The keys are <b>ready</b> & waiting").await;

    // Somebody looks at the conversation: what comes is on the screen already.
    ada.click(&tid("composer")).await;
    says(&ben, &talk, "You see this").await;
    ada.wait_text(&tid("message-body"), "You see this").await;
    to_inbox(&ada).await;
    wait_unread(&ada, &talk, 0).await;

    look_away(&ada).await;
    says(&ben, &talk, "Read this on the other device").await;
    let notice = notices.wait("Read this on the other device").await;
    elsewhere.run(&["sync"]).await;
    elsewhere.one(&["conversation", "read", &talk]).await;
    elsewhere.run(&["sync"]).await;
    notices.wait_taken_back(&notice).await;
    wait_unread(&ada, &talk, 0).await;

    setting(&ada, "notification_content").await;
    look_away(&ada).await;
    says(&ben, &talk, "Nobody behind you reads this").await;
    let notice = notices.wait("New message").await;
    assert_eq!(notice.title, "Homing");
    setting(&ada, "notification_content").await;
    ada.close().await;

    // While the window is closed something comes and is read elsewhere; afterwards only what is new is told.
    says(&ben, &talk, "Read while you were away").await;
    elsewhere.run(&["sync"]).await;
    elsewhere.one(&["conversation", "read", &talk]).await;
    elsewhere.run(&["sync"]).await;
    let ada = desk.app("ada", &on_bus).await;
    wait_unread(&ada, &talk, 0).await;
    ada.wait_text(&row(&talk), "Read while you were away").await;
    look_away(&ada).await;
    says(&ben, &talk, "And this is new").await;
    notices.wait("And this is new").await;
    let told = of_messages(&notices);
    let expected = [
        "The keys are &lt;b&gt;ready&lt;/b&gt; &amp; waiting",
        "Read this on the other device",
        "New message",
        "And this is new",
    ];
    assert_eq!(told, expected);

    setting(&ada, "notifications").await;
    look_away(&ada).await;
    says(&ben, &talk, "Nobody is told of this").await;
    wait_unread(&ada, &talk, 2).await;
    assert_eq!(of_messages(&notices).len(), expected.len());
    ada.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_counts_what_is_unread_and_brings_back_a_closed_window() {
    let bus = Bus::start();
    let (notices, tray) = (Notices::on(&bus).await, Tray::on(&bus).await);
    let Acquainted { desk, relay: _relay, ben, ada, talk } = Acquainted::on(&bus).await;
    to_inbox(&ada).await;
    tray.wait_label("").await;
    says(&ben, &talk, "One").await;
    tray.wait_label("1").await;
    says(&ben, &talk, "Two").await;
    tray.wait_label("2").await;

    let window = OnScreen::of(&ada);
    window.wait_shown(true).await;
    window.close();
    window.wait_shown(false).await;
    says(&ben, &talk, "Three, while the window is closed").await;
    tray.wait_label("3").await;
    let notice = notices.wait("Three, while the window is closed").await;
    notices.click(&notice).await;
    window.wait_shown(true).await;
    ada.wait_until("the message of the notification", OPENED, vec![json!(talk)]).await;
    tray.wait_label("").await;

    window.close();
    window.wait_shown(false).await;
    tray.choose("Open Homing").await;
    window.wait_shown(true).await;
    ada.fill(&tid("composer"), "typed right before the end").await;
    tray.choose("Quit").await;
    ada.wait_end().await;

    // Who does not want that closes the app with its window.
    let ada = desk.app("ada", &[("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())]).await;
    ada.wait_text(&row(&talk), "typed right before the end").await;
    setting(&ada, "close_to_tray").await;
    OnScreen::of(&ada).close();
    ada.wait_end().await;
}

/// As many colours as the edges of letters and the pictures of people bring; a window that is not painted has a few.
const COLOURS: usize = 100;
/// What the app asks of its webview where there is no graphics processor.
const PAINTS_ITSELF: [(&str, &str); 2] =
    [("WEBKIT_DISABLE_COMPOSITING_MODE", "1"), ("WEBKIT_DISABLE_DMABUF_RENDERER", "1")];

#[tokio::test(flavor = "multi_thread")]
async fn a_webview_that_paints_by_itself_brings_every_conversation_to_the_screen() {
    let desk = Desk::start();
    let ada = Terminal::new(&desk.folder("ada"), 0);
    ada.one(&["init", "--name", "Ada Berger"]).await;
    ada.run(&["seed", "--messages", "200", "--conversations", "5", "--random-seed", "7"]).await;
    // Its driver can't press anything then, but ask.
    let app = desk.app("ada", &PAINTS_ITSELF).await;
    app.wait_for(&tid("conversation")).await;
    let window = OnScreen::of(&app);
    let mut before = Vec::new();
    for nth in 0..3 {
        let press = "const row = document.querySelectorAll('[data-testid=conversation]')[arguments[0]];
            row.querySelector('a').click();
            return row.dataset.id";
        let talk = app.eval(press, vec![json!(nth)]).await;
        let shown = "const thread = document.querySelector('[data-testid=thread][data-loaded=true]');
            const message = thread?.dataset.id === arguments[0] && thread.querySelector('[data-testid=message]');
            return message && message.checkVisibility({ visibilityProperty: true })";
        app.wait_until("the messages of a conversation", shown, vec![talk]).await;
        let painted = || {
            let picture = window.picture();
            let colours = picture.chunks_exact(4).collect::<HashSet<_>>().len();
            (colours > COLOURS && !before.contains(&picture)).then_some(picture)
        };
        let picture = wait_for_some("another picture on the screen", painted).await;
        before.push(picture);
    }
    app.close().await;
}

#[tokio::test]
async fn without_a_tray_closing_the_window_ends_the_app_and_its_size_is_remembered() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    first_start(&app, "Ada Berger").await;
    app.set_size(1010, 690).await;
    OnScreen::of(&app).close();
    app.wait_end().await;

    let app = desk.app("ada", &[]).await;
    app.wait_for(&tid("welcome")).await;
    let size = "return innerWidth === 1010 && innerHeight === 690";
    app.wait_until("a window as large as it was left", size, vec![]).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_in_the_window_that_is_there_and_in_one_that_is_not() {
    let desk = Desk::start();
    let relay = Relay::start(&desk.folder("relay"));
    let ada = Terminal::new(&desk.folder("ada"), 0);
    ada.one(&["init", "--name", "Ada Berger", "--relay", &relay.address]).await;
    let mut links = Vec::new();
    for _ in 0..2 {
        let made = ada.one(&["invite"]).await;
        links.push(made["link"].as_str().unwrap().to_owned());
    }

    let ben = desk.app_with("ben", &[], &[links[0].as_str()]).await;
    ben.wait_text(&tid("dialog"), "Ada Berger invites you").await;
    ben.fill(&tid("join-name"), "Ben Okafor").await;
    ben.click(&tid("join-do")).await;
    ben.wait_for(&tid("composer")).await;
    to_inbox(&ben).await;

    // Somebody else's link, handed over by a second start, which then ends.
    let cora = Terminal::new(&desk.folder("cora"), 0);
    cora.one(&["init", "--name", "Cora Lind", "--relay", &relay.address]).await;
    let made = cora.one(&["invite"]).await;
    for link in [links[1].as_str(), made["link"].as_str().unwrap()] {
        let mut again = ben.start_beside(&desk.profile("ben"), &[link]);
        assert!(again.wait_end(), "{}", ben.log());
        let of = if link == links[1] { "Ada Berger" } else { "Cora Lind" };
        ben.wait_text(&tid("dialog"), &format!("{of} invites you")).await;
    }
    ben.click(&tid("join-do")).await;
    ben.wait_for(&tid("composer")).await;
    ben.wait_text(&tid("conversation"), "Cora Lind").await;
    let talk = conversation_id(&ben, "Ada").await;
    open(&ben, &talk).await;
    ben.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_can_be_answered_or_put_away_as_read_and_one_in_the_window_stays_there() {
    let bus = Bus::start();
    let notices = Notices::on(&bus).await;
    let Acquainted { desk: _desk, relay: _relay, ben, ada, talk } = Acquainted::on(&bus).await;
    to_inbox(&ada).await;

    look_away(&ada).await;
    says(&ben, &talk, "Shall I come at nine?").await;
    notices.choose(&notices.wait("Shall I come at nine?").await, "reply").await;
    let writing = "return document.activeElement?.dataset.testid === 'composer'";
    ada.wait_until("the composer to be ready", writing, vec![]).await;
    wait_unread(&ada, &talk, 0).await;
    to_inbox(&ada).await;

    look_away(&ada).await;
    says(&ben, &talk, "No need to answer").await;
    notices.choose(&notices.wait("No need to answer").await, "read").await;
    wait_unread(&ada, &talk, 0).await;
    assert!(
        ada.eval("return document.querySelector('[data-testid=thread]') === null", vec![]).await
            == json!(true)
    );

    // Somebody who looks at the window is told there, and nowhere else.
    to_inbox(&ada).await;
    says(&ben, &talk, "You are at the window").await;
    ada.wait_text(&tid("news"), "Ben Okafor: You are at the window").await;
    ada.click(&tid("news-action")).await;
    ada.wait_text(&tid("message-body"), "You are at the window").await;
    wait_unread(&ada, &talk, 0).await;
    ada.wait_gone(&tid("news")).await;
    assert_eq!(of_messages(&notices), ["Shall I come at nine?", "No need to answer"]);
    ada.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_outside_the_window_is_said_in_the_language_of_the_window() {
    let bus = Bus::start();
    let (notices, tray) = (Notices::on(&bus).await, Tray::on(&bus).await);
    let Acquainted { desk, relay: _relay, ben, ada, talk } = Acquainted::on(&bus).await;
    tray.wait_entries(|entries| entries == ["Open Homing", "Quit"]).await;
    let script = "localStorage.setItem('homing.language', 'pseudo'); window.before = true; location.reload()";
    ada.eval(script, vec![]).await;
    ada.wait_until("the page anew", "return !window.before", vec![]).await;
    ada.wait_for("[data-testid=app][data-phase=ready]").await;
    let framed = |text: &str| text.starts_with('⟦') && text.ends_with('⟧');
    tray.wait_entries(|entries| entries.len() == 2 && entries.iter().all(|entry| framed(entry))).await;

    // In the window, and on the desktop: the words around what people said.
    to_inbox(&ada).await;
    says(&ben, &talk, "@Ada Berger, have a look").await;
    ada.wait_text(&tid("news"), "@Ada Berger, have a look").await;
    let told = ada.wait_for(&tid("news")).await.text().await.unwrap();
    assert!(told.contains('⟦') && !told.contains("mentioned"), "{told}");
    look_away(&ada).await;
    says(&ben, &talk, "@Ada Berger, please").await;
    let notice = notices.wait("@Ada Berger, please").await;
    assert!(framed(&notice.title) && notice.title.contains("Ben Okafor"), "{notice:?}");
    assert_eq!(notice.offers.len(), 3);
    assert!(notice.offers.iter().all(|offer| framed(offer)), "{notice:?}");
    setting(&ada, "notification_content").await;
    look_away(&ada).await;
    says(&ben, &talk, "Nobody behind you reads this").await;
    let hidden = |notice: &Notice| framed(&notice.title) && framed(&notice.body);
    notices.wait_like("one that says nothing", hidden).await;
    ada.close().await;

    // The next start speaks so from the beginning.
    let kept = std::fs::read_to_string(desk.profile("ada").join("words.json")).unwrap();
    assert!(kept.contains('⟦'), "{kept}");
}

/// What was told of messages: that somebody came in is told too, on the desktop or in the window, wherever one looks then.
fn of_messages(notices: &Notices) -> Vec<String> {
    let told = notices.all().into_iter().map(|notice| notice.body);
    told.filter(|body| !body.is_empty()).collect()
}

async fn says(who: &Terminal, conversation: &str, text: &str) {
    who.run(&["sync"]).await;
    who.one(&["send", conversation, text]).await;
    who.run(&["sync"]).await;
}

/// Turns a switch of the settings over.
async fn setting(app: &App, id: &str) {
    app.eval("location.hash = '#/settings'", vec![]).await;
    let switch = format!("[data-testid=setting][data-id={id}] [role=switch]");
    let before = app.wait_for(&switch).await.attr("aria-checked").await.unwrap().unwrap();
    app.click(&switch).await;
    app.wait_gone(&format!("{switch}[aria-checked={before}]")).await;
    to_inbox(app).await;
}

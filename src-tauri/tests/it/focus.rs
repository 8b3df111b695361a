//! The keyboard alone, in the real window with the real engine: where Tab stops, whether one sees it, in which order,
//! and where the focus is when a dialog has closed.

use std::collections::BTreeSet;

use fantoccini::key::Key;
use serde::Deserialize;
use serde_json::json;

use crate::driver::{App, Desk, OnScreen};
use crate::pictures;
use crate::programs::{Relay, Terminal};
use crate::steps::{conversation_id, introduce, open, tid};

/// More stops than any view has.
const MOST: usize = 160;
/// What stands on one line may be this much higher or lower.
const LINE: f64 = 20.0;
const PLACES: [&str; 13] = [
    "inbox",
    "drafts",
    "outbox",
    "search",
    "notices",
    "people",
    "records",
    "record/RECORD",
    "interests",
    "quick",
    "devices",
    "settings",
    "conversation/TALK",
];
/// A field for a file takes no keys from the driver, so the import of quick replies is not among them.
const DIALOGS: [&str; 16] = [
    "new",
    "members/TALK",
    "files/FILES",
    "compare/DRAFTS",
    "announce/TALK",
    "property",
    "share/RECORD",
    "safety/PERSON",
    "picture/FILE",
    "help",
    "recovery",
    "backup",
    "passphrase",
    "doctor",
    "restore",
    "invite",
];

/// Where Tab stopped.
#[derive(Debug, Deserialize)]
struct Stop {
    name: String,
    /// Which part of the window it is in.
    part: String,
    /// Whether it lies in the window, with nothing over it.
    reachable: bool,
    top: f64,
    left: f64,
    /// The row it is in, if that is scrolled sideways, and its place along it.
    strip: String,
    along: f64,
}

#[tokio::test]
async fn tab_goes_round_every_view_in_order_and_each_stop_shows() {
    let desk = Desk::start();
    let app = desk.app("demo", &[]).await;
    app.click(&tid("first-demo")).await;
    app.wait_for(&tid("demo-banner")).await;
    app.set_size(1280, 800).await;
    OnScreen::of(&app).take_keyboard(&app).await;
    let ids = ids(&app).await;
    let mut findings = Vec::new();
    for view in PLACES.iter().chain(&DIALOGS) {
        let dialog = DIALOGS.contains(view);
        go(&app, "inbox").await;
        let place = ids.iter().fold((*view).to_owned(), |place, (name, id)| place.replace(name, id));
        go(&app, &place).await;
        let stops = walk(&app, view, &mut findings).await;
        if dialog {
            assert!(stops.iter().all(|stop| stop.part.starts_with("dialog")), "Tab leaves {view}: {stops:?}");
        } else {
            assert!(stops.len() > 9, "{view}: {stops:?}");
        }
        findings.extend(disorder(&stops).map(|what| format!("{view}: {what}")));
    }
    app.close().await;
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[tokio::test]
async fn arrows_go_from_message_to_message_and_tab_only_into_the_one_gone_to() {
    let desk = Desk::start();
    let app = desk.app("demo", &[]).await;
    app.click(&tid("first-demo")).await;
    app.wait_for(&tid("demo-banner")).await;
    app.set_size(1280, 800).await;
    OnScreen::of(&app).take_keyboard(&app).await;
    let talk = conversation_id(&app, "Open day on Saturday").await;
    open(&app, &talk).await;
    let last = app.wait_for("[data-testid=composer]").await;
    last.send_keys(&format!("{}{}", char::from(Key::Shift), char::from(Key::Tab))).await.unwrap();
    wait_focus(&app, &tid("log")).await;
    app.wait_for(&tid("message")).await;
    press(&app, &[Key::Up]).await;
    wait_focus(&app, &tid("message")).await;
    let id = "return document.activeElement.closest('[data-testid=message]')?.dataset.id ?? null";
    let first = app.eval(id, vec![]).await;
    press(&app, &[Key::Tab]).await;
    wait_focus(&app, "[data-testid=message] button").await;
    assert_eq!(app.eval(id, vec![]).await, first, "Tab goes to what the message offers");
    press(&app, &[Key::Up]).await;
    wait_focus(&app, &tid("message")).await;
    assert_ne!(app.eval(id, vec![]).await, first, "the arrows go on from within a message");
    press(&app, &[Key::Down]).await;
    wait_focus(&app, &format!("[data-testid=message][data-id={first}]")).await;
    app.close().await;
}

#[tokio::test]
async fn the_focus_comes_back_from_dialogs_and_goes_on_with_their_steps() {
    let desk = Desk::start();
    let relay = Relay::start(&desk.folder("relay"));
    let ada = desk.app("ada", &[]).await;
    let ben = Terminal::new(&desk.folder("ben"), 0);
    introduce(&ada, &relay, &ben, "Ben Okafor").await;
    OnScreen::of(&ada).take_keyboard(&ada).await;
    let talk = conversation_id(&ada, "Ben Okafor").await;
    open(&ada, &talk).await;

    // From a button, from a key, and from the palette, which is no place to come back to.
    ada.click(&tid("new-conversation")).await;
    wait_focus(&ada, &tid("new-to")).await;
    press(&ada, &[Key::Escape]).await;
    wait_focus(&ada, &tid("new-conversation")).await;
    ada.click(&tid("composer")).await;
    for opens in ["k", "n"] {
        keys(&ada, &format!("{}{opens}", char::from(Key::Control))).await;
        ada.wait_for("dialog[open]").await;
        press(&ada, &[Key::Escape]).await;
        ada.wait_gone("dialog").await;
        wait_focus(&ada, &tid("composer")).await;
    }
    keys(&ada, &format!("{}k", char::from(Key::Control))).await;
    ada.fill(&tid("palette-input"), "invite").await;
    ada.wait_text(&tid("palette-item"), "Invite").await;
    press(&ada, &[Key::Tab]).await;
    ada.wait_for("#palette-1[aria-selected=true]").await;
    keys(&ada, &format!("{}{}", char::from(Key::Shift), char::from(Key::Tab))).await;
    ada.wait_for("#palette-0[aria-selected=true]").await;
    press(&ada, &[Key::Enter]).await;

    // A step that gives way to the next hands the focus on; nobody has to look for it.
    wait_focus(&ada, &tid("invite-client-name")).await;
    keys(&ada, "Cora Lind").await;
    press(&ada, &[Key::Enter]).await;
    wait_focus(&ada, &tid("invite-copy")).await;
    press(&ada, &[Key::Escape]).await;
    ada.wait_gone("dialog").await;
    wait_focus(&ada, &tid("composer")).await;

    // A question over a dialog leads back to what asked it, and that to what opened it.
    ada.click("button.people").await;
    ada.click(&tid("member-remove")).await;
    wait_focus(&ada, "dialog.small footer .button:not(.danger)").await;
    press(&ada, &[Key::Escape]).await;
    wait_focus(&ada, &tid("member-remove")).await;
    press(&ada, &[Key::Escape]).await;
    wait_focus(&ada, "button.people").await;

    // A menu is left to its button, also by way of a question.
    ada.click(&tid("thread-menu")).await;
    wait_focus(&ada, "[role=menuitem]").await;
    press(&ada, &[Key::Escape]).await;
    wait_focus(&ada, &tid("thread-menu")).await;
    ada.click(&tid("thread-menu")).await;
    ada.click(&tid("thread-delete-all")).await;
    wait_focus(&ada, "dialog.small footer .button:not(.danger)").await;
    press(&ada, &[Key::Escape]).await;
    wait_focus(&ada, &tid("thread-menu")).await;
    ada.close().await;
}

/// Goes to a view and waits until it is there.
async fn go(app: &App, place: &str) {
    app.eval("location.hash = arguments[0]", vec![json!(format!("#/{place}"))]).await;
    let there = "const app = document.querySelector('[data-testid=app]');
        const dialog = document.querySelector('dialog') !== null;
        return app.dataset.view === arguments[0] && dialog === arguments[1]
            && !document.querySelector('.skeleton, [aria-busy=true]')";
    let name = place.split('/').next().unwrap();
    let dialog = DIALOGS.iter().any(|one| one.split('/').next() == Some(name));
    app.wait_until(&format!("the view {place}"), there, vec![json!(name), json!(dialog)]).await;
}

/// What the addresses of views are about, by the names they have in them.
async fn ids(app: &App) -> Vec<(&'static str, String)> {
    let (file, files) = pictures::photo(app).await;
    let record = "return (await call('records', { kind: 'property', limit: 1 })).rows[0].id";
    let person = "return (await call('people', {})).find((row) => row.client).id";
    let id = async |body: &str| pictures::ask(app, body).await.as_str().unwrap().to_owned();
    vec![
        ("TALK", conversation_id(app, "Priya Raman").await),
        ("DRAFTS", pictures::with_two_drafts(app).await),
        ("FILES", files),
        ("FILE", file),
        ("RECORD", id(record).await),
        ("PERSON", id(person).await),
    ]
}

/// Goes round with Tab and gives the stops, from the first one of the view.
async fn walk(app: &App, view: &str, findings: &mut Vec<String>) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    app.eval("delete window.stop; delete window.firstStop", vec![]).await;
    for _ in 0..MOST {
        press(app, &[Key::Tab]).await;
        // What has to be scrolled to is there a frame later.
        let frames = "const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        app.client.execute_async(frames, vec![]).await.unwrap();
        let answer = app.eval(LOOK, vec![]).await;
        if answer["unseen"] == json!(true) {
            findings.push(format!("{view}: the focus does not show on {}", stops.last().unwrap().name));
        }
        if answer["round"] == json!(true) {
            return stops;
        }
        let stop: Stop = serde_json::from_value(answer["stop"].clone()).unwrap();
        if !stop.reachable {
            findings.push(format!("{view}: Tab stops out of sight on {}", stop.name));
        }
        stops.push(stop);
    }
    panic!("Tab does not come round in {view}: {stops:?}");
}

/// Where Tab goes back to a part it had left, or up or back within one.
fn disorder(stops: &[Stop]) -> impl Iterator<Item = String> {
    // A pane's edge is as high as the pane: it stands nowhere in particular.
    let mut stops: Vec<&Stop> = stops.iter().filter(|stop| !stop.name.starts_with("separator")).collect();
    let first = (0..stops.len()).find(|at| {
        let before = stops[(at + stops.len() - 1) % stops.len()];
        stops[*at].name.contains("dialog-close")
            || (stops[*at].part.starts_with("nav") && !before.part.starts_with("nav"))
    });
    stops.rotate_left(first.unwrap_or_default());
    let mut found = Vec::new();
    let mut left = BTreeSet::new();
    for pair in stops.windows(2) {
        let [one, next] = pair else { continue };
        if one.part != next.part {
            left.insert(one.part.clone());
            if left.contains(&next.part) {
                found.push(format!("Tab comes back to {}: {}", next.part, next.name));
            }
            continue;
        }
        let same_strip = !one.strip.is_empty() && one.strip == next.strip;
        // The first of a row may not be scrolled yet when it is left for the next.
        let backwards =
            if same_strip { next.along < one.along } else { next.left < one.left && next.strip.is_empty() };
        if next.top < one.top - LINE || (next.top < one.top + LINE && backwards) {
            found.push(format!("Tab goes from {} back to {}", one.name, next.name));
        }
    }
    found.into_iter()
}

async fn press(app: &App, pressed: &[Key]) {
    keys(app, &pressed.iter().map(|key| char::from(*key)).collect::<String>()).await;
}

async fn keys(app: &App, keys: &str) {
    app.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

async fn wait_focus(app: &App, css: &str) {
    let script = "return document.activeElement?.matches(arguments[0])";
    app.wait_until(&format!("the focus on {css}"), script, vec![json!(css)]).await;
}

/// What has the focus now, and whether what had it before looked different with it.
const LOOK: &str = "
    const look = (node) => {
        const style = getComputedStyle(node);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, style.backgroundColor].join();
    };
    const around = (node) => {
        const nodes = [];
        for (let one = node; one && one !== document.body && nodes.length < 3; one = one.parentElement) nodes.push(one);
        return nodes;
    };
    const before = window.stop;
    // A caret shows by itself, and where there is one stop nothing changes.
    const shows = before === undefined || before.nodes[0] === document.activeElement || before.nodes[0].localName === 'textarea';
    const unseen = !shows && before.nodes.every((node, at) => look(node) === before.looks[at]);
    const now = document.activeElement;
    const nodes = around(now);
    window.stop = { nodes, looks: nodes.map(look) };
    const round = window.firstStop === now;
    window.firstStop ??= now;
    const shown = nodes.find((node) => node.getBoundingClientRect().width > 2) ?? now;
    const box = shown.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    let scrolled = 0;
    // A row that scrolls sideways is read in its own order, whatever of it is in sight.
    let sideways = 0;
    let strip = '';
    for (let one = now.parentElement; one; one = one.parentElement) {
        scrolled += one.scrollTop;
        sideways += one.scrollLeft;
        if (one.scrollWidth > one.clientWidth && one.scrollLeft !== 0) strip = one.className;
    }
    const text = (now.getAttribute('aria-label') ?? now.innerText ?? '').trim().slice(0, 40);
    const part = now.closest('dialog') ?? now.closest('nav, .list, .side, [data-testid=demo-banner], main');
    // A board is read column by column.
    const column = now.closest('[data-testid=board-column]');
    return { unseen, round, stop: {
        part: column ? `column ${column.dataset.column}` : part ? `${part.localName} ${part.className}`.replace(/ ?svelte-\\w+/g, '').trim() : 'page',
        name: `${now.role ?? now.localName}.${now.className?.baseVal ?? now.className} ${now.dataset.testid ?? ''} ${text}`,
        reachable: hit !== null && (shown.contains(hit) || hit.contains(shown)),
        top: box.top + scrolled, left: box.left, strip, along: box.left + sideways,
    } };
";

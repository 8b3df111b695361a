//! The demo: there by one button, and back by another, with nothing of one in the other.

use serde_json::json;

use crate::driver::{App, Desk};
use crate::steps::{first_start, open, tid, to_inbox, write};

const BACK: &str = "[data-testid=demo-leave]";
const TITLES: &str = "return [...document.querySelectorAll('[data-testid=conversation]')]
    .map((row) => row.innerText)";

#[tokio::test]
async fn from_the_first_start_into_the_demo_and_back() {
    let desk = Desk::start();
    let app = desk.app("new", &[]).await;
    app.click(&tid("first-demo")).await;
    app.wait_for(&tid("demo-banner")).await;
    app.wait_for("[data-testid=conversation][data-unread=\"3\"]").await;
    let demo = titles(&app).await;
    assert!(demo.len() >= 6, "{demo:?}");
    for part in ["شقة", "東向き", "Draft:"] {
        assert!(demo.iter().any(|title| title.contains(part)), "{part} in {demo:?}");
    }

    app.click(BACK).await;
    app.wait_gone(&tid("demo-banner")).await;
    first_start(&app, "Ada Berger").await;
    app.wait_for(&tid("welcome")).await;
    assert_eq!(titles(&app).await, Vec::<String>::new(), "nothing of the demo is in the own profile");
    app.close().await;
}

#[tokio::test]
async fn what_is_done_in_the_demo_stays_there_until_it_is_started_over() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    first_start(&app, "Ada Berger").await;
    app.click("[data-testid=welcome] li .button").await;
    app.wait_for(&tid("composer")).await;
    app.fill(&tid("composer"), "half a thought of my own").await;

    // What was typed a moment ago comes along to nobody, and is there afterwards.
    open_demo(&app).await;
    app.wait_for("[data-testid=conversation][data-unread=\"3\"]").await;
    assert!(!titles(&app).await.iter().any(|title| title.contains("half a thought")));
    let talk = id_of(&app, "Priya Raman").await;
    write(&app, &talk, &["Written in the demo".to_owned()]).await;
    to_inbox(&app).await;

    app.click(BACK).await;
    app.wait_gone(&tid("demo-banner")).await;
    app.wait_text(&tid("conversation"), "half a thought of my own").await;
    assert_eq!(titles(&app).await.len(), 1);

    open_demo(&app).await;
    let talk = id_of(&app, "Priya Raman").await;
    open(&app, &talk).await;
    app.wait_text(&tid("message-body"), "Written in the demo").await;

    app.eval("location.hash = '#/settings'", vec![]).await;
    app.click("[data-testid=setting][data-id=demo_fresh] button").await;
    let talk_after = id_of(&app, "Priya Raman").await;
    assert_ne!(talk, talk_after, "the demo was made anew");
    open(&app, &talk_after).await;
    let written = app.eval("return document.body.innerText.includes('Written in the demo')", vec![]).await;
    assert_eq!(written, json!(false));

    // What needs other people leads back, and goes on there.
    app.eval("location.hash = '#/invite'", vec![]).await;
    app.click(&tid("not-in-demo")).await;
    app.wait_for(&tid("relay-address")).await;
    app.wait_gone(&tid("demo-banner")).await;
    app.click(&tid("dialog-close")).await;
    app.eval("location.hash = '#/settings'", vec![]).await;
    app.click("[data-testid=setting][data-id=demo_remove] button").await;
    app.wait_gone("[data-testid=setting][data-id=demo_remove]").await;
    app.close().await;
}

/// What the window asks while one profile takes the other's place opens neither of them again.
#[tokio::test]
async fn questions_on_the_way_do_not_lead_back_to_the_profile_being_left() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    first_start(&app, "Ada Berger").await;
    // Switches once, asks all the while, and gives what is shown afterwards.
    let script = "const [fresh, done] = arguments;
        const invoke = window.__TAURI_INTERNALS__.invoke;
        const call = (name, args) => invoke('call', { call: { call: name, args } });
        let under_way = true;
        const asking = async () => {
            // One that is being left may have nothing to say any more.
            while (under_way) await call('status', {}).catch(() => undefined);
        };
        const askers = [asking(), asking()];
        const switching = fresh === null ? invoke('leave_demo') : call('demo_start', { fresh });
        switching.then(async () => {
            const status = await call('status', {});
            under_way = false;
            await Promise.all(askers);
            done(status.demo);
        }, (error) => done(String(error.message ?? error)))";
    for (fresh, demo) in
        [(json!(true), true), (json!(null), false), (json!(false), true), (json!(null), false)]
    {
        let shown = app.client.execute_async(script, vec![fresh.clone()]).await.unwrap();
        assert_eq!(shown, json!(demo), "after {fresh}");
    }
    app.close().await;
}

#[tokio::test]
async fn the_window_opens_on_the_own_profile_after_the_demo() {
    let desk = Desk::start();
    let app = desk.app("ada", &[]).await;
    first_start(&app, "Ada Berger").await;
    open_demo(&app).await;
    app.wait_for("[data-testid=conversation][data-unread=\"3\"]").await;
    app.close().await;

    let app = desk.app("ada", &[]).await;
    app.wait_for(&tid("welcome")).await;
    assert_eq!(titles(&app).await, Vec::<String>::new());
    app.close().await;
}

async fn open_demo(app: &App) {
    app.eval("location.hash = '#/settings'", vec![]).await;
    app.click("[data-testid=setting][data-id=demo] button").await;
    app.wait_for(&tid("demo-banner")).await;
}

async fn titles(app: &App) -> Vec<String> {
    serde_json::from_value(app.eval(TITLES, vec![]).await).unwrap()
}

/// The talk of two that the list calls so.
async fn id_of(app: &App, title: &str) -> String {
    let script = "return document.querySelector('[data-testid=app]').dataset.view === 'inbox'
        && [...document.querySelectorAll('[data-testid=conversation]')]
            .find((row) => row.innerText.startsWith(arguments[0]) || row.innerText.includes('\\n' + arguments[0]))
            ?.dataset.id";
    let id = app.wait_until(&format!("a conversation {title}"), script, vec![json!(title)]).await;
    id.as_str().unwrap().to_owned()
}

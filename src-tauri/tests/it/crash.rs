//! The window's process is killed at any moment: nothing the screen showed as taken is lost, nothing is there twice.
//!
//! What was acknowledged is a message standing in the conversation on the screen. It is noted here, outside of every
//! process that is killed. HOMING_CRASH_ROUNDS sets the number of rounds.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use tokio::time::Instant;

use crate::driver::{App, Desk, kill_hard};
use crate::programs::{Relay, Terminal};
use crate::steps::{collect, conversation_id, introduce, open, row, tid, wait_connected};

const ROUNDS: u32 = 4;
/// Beyond the rounds asked for, more follow until a kill fell between the durable write and the screen; so many at most.
const MORE: u32 = 30;

/// Types and sends as a person does, and returns when the message stands in the conversation.
const SEND: &str = "const done = arguments[arguments.length - 1];
    const text = arguments[0];
    const field = document.querySelector('[data-testid=composer]');
    const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
    const shown = () => [...document.querySelectorAll('[data-testid=message-body]')]
        .some((body) => body.textContent === text);
    field.focus();
    value.set.call(field, text);
    field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
    const look = () => {
        const button = document.querySelector('[data-testid=send]');
        if (shown()) done(true);
        else {
            if (field.value === text && !button.disabled) button.click();
            requestAnimationFrame(look);
        }
    };
    requestAnimationFrame(look);";

/// What was typed, and what the screen showed as taken.
#[derive(Default)]
struct Record {
    tried: BTreeSet<String>,
    shown: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_the_screen_took_is_lost_when_the_window_is_killed() {
    let rounds =
        std::env::var("HOMING_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let desk = Desk::start();
    let mut relay = Relay::start(&desk.folder("relay"));
    let ben = Terminal::new(&desk.folder("ben"), 0);
    let mut ada = desk.app("ada", &[]).await;
    introduce(&ada, &relay, &ben, "Ben Okafor").await;
    let talk = conversation_id(&ada, "Ben").await;

    let mut record = Record::default();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let (mut number, mut untold) = (0, 0);
    while number < rounds || (number < rounds + MORE && untold == 0) {
        number += 1;
        // With a relay the kill may fall into the way there and back; without one everything waits here.
        let online = number % 2 == 1;
        if online && number > 1 {
            relay.start_again();
        } else if !online {
            relay.stop();
        }
        open(&ada, &talk).await;
        let before = rng.random_range(1..6);
        let part = rng.random_range(0.0..1.0);
        let at_once = write_until_killed(&ada, &mut record, number, before, part).await;
        ada.bury();

        ada = desk.app("ada", &[]).await;
        ada.wait_for(&row(&talk)).await;
        open(&ada, &talk).await;
        let bodies = bodies(&ada).await;
        check(&record, &bodies);
        untold += u32::from(bodies.contains(&at_once) && !record.shown.contains(&at_once));
        let draft = ada.wait_for(&tid("composer")).await.prop("value").await.unwrap().unwrap();
        assert!(!bodies.contains(&draft), "{draft:?} was sent and is still to be sent");
        println!("round {number}: {} shown as taken, {} there", record.shown.len(), bodies.len());
    }

    if number % 2 == 0 {
        relay.start_again();
    }
    wait_connected(&ada).await;
    let script = "return document.querySelector('[data-testid=tick][data-state=pending]') === null";
    ada.wait_until("everything to be sent", script, vec![]).await;
    let on_screen = bodies(&ada).await;
    check(&record, &on_screen);
    ben.run(&["sync"]).await;
    assert_eq!(ben.bodies(&talk).await, on_screen, "what Ada's screen shows is what Ben has");
    ada.close().await;
    println!(
        "{number} rounds, {} taken by the screen, {untold} kills between durable write and screen",
        record.shown.len()
    );
    assert!(untold > 0, "no kill fell between the durable write and the screen");
}

/// Sends one message after the other; after some of them the app is killed while the next is on its way, this part of the
/// time gone by that the one before took to stand on the screen. Gives the one that was on its way.
async fn write_until_killed(app: &App, record: &mut Record, round: u32, before: u32, part: f64) -> String {
    let pid = app.pid();
    let mut took = Duration::ZERO;
    for n in 0..before {
        let text = format!("round {round}, message {n}");
        record.tried.insert(text.clone());
        let begin = Instant::now();
        assert_eq!(app.client.execute_async(SEND, vec![json!(text)]).await.unwrap(), json!(true));
        took = begin.elapsed();
        record.shown.insert(text);
    }
    let text = format!("round {round}, message {before}, the last");
    record.tried.insert(text.clone());
    // The moment is any moment, so nothing is waited for but time.
    let killed = async {
        tokio::time::sleep(took.mul_f64(part)).await;
        tokio::task::spawn_blocking(move || kill_hard(pid)).await.unwrap();
    };
    let sent = async {
        // A dead app answers nothing, or an error.
        match app.client.execute_async(SEND, vec![json!(text)]).await {
            Ok(shown) => shown == json!(true),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::pin!(killed);
    let shown = tokio::select! {
        shown = sent => {
            killed.await;
            shown
        }
        () = &mut killed => false,
    };
    if shown {
        record.shown.insert(text.clone());
    }
    text
}

async fn bodies(app: &App) -> Vec<String> {
    collect(app).await.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

/// All that was shown as taken is there, nothing is there twice, and nothing that nobody wrote.
fn check(record: &Record, bodies: &[String]) {
    let once: BTreeSet<String> = bodies.iter().cloned().collect();
    assert_eq!(once.len(), bodies.len(), "a message is there twice: {bodies:?}");
    let lost: Vec<&String> = record.shown.difference(&once).collect();
    assert!(lost.is_empty(), "shown as taken and lost: {lost:?}");
    assert!(once.iter().all(|body| record.tried.contains(body)), "{bodies:?}");
}

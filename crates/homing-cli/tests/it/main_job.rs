//! The main job, all of it: four devices of three people write offline with clocks that disagree, and read the same
//! once the relay is back. The window's tests do the same on the screen.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::devices::link;
use crate::support::{Device, Relay, text};

const HOUR_MS: i64 = 3_600_000;
const ROUNDS: usize = 5;
/// Messages each device writes into a conversation in one round.
const AT_ONCE: usize = 2;
const BASE: &str = "the villa costs 420,000 euros";
const AT_START: &str = "Dear Ben, ";
const AT_END: &str = ", and the garden is part of it.";

#[tokio::test]
async fn four_devices_write_offline_and_agree_when_the_relay_is_back() {
    let mut relay = Relay::start().await;
    let laptop = Device::skewed(HOUR_MS);
    laptop.one(&["init", "--name", "Ada Berger", "--relay", &relay.address]).await;
    let desktop = link(&laptop, &relay.address, Device::skewed(0)).await;
    let [ben, cora] = [Device::skewed(-HOUR_MS), Device::skewed(-HOUR_MS / 2)];
    for (guest, name) in [(&ben, "Ben Okafor"), (&cora, "Cora Lind")] {
        let link = laptop.text(&["invite"], "link").await;
        guest.one(&["join", &link, "--name", name]).await;
        guest.sync().await;
        laptop.sync().await;
    }
    let talk = laptop
        .text(&["conversation", "new", "--with", "Ben Okafor", "--message", "Shall we talk?"], "id")
        .await;
    let new =
        ["conversation", "new", "--with", "Ben Okafor", "--with", "Cora Lind", "--subject", "Villa Rosa"];
    let group = laptop.text(&[&new[..], &["--message", "Shall we look at it?"]].concat(), "id").await;
    laptop.one(&["draft", "set", &talk, BASE]).await;
    let everybody = [&laptop, &desktop, &ben, &cora];
    settle(&everybody).await;

    relay.kill().await;
    assert_eq!(desktop.text(&["draft", "show", &talk], "text").await, BASE);
    laptop.one(&["draft", "set", &talk, &format!("{AT_START}{BASE}")]).await;
    desktop.one(&["draft", "set", &talk, &format!("{BASE}{AT_END}")]).await;
    let mut written = [vec!["Shall we talk?".to_owned()], vec!["Shall we look at it?".to_owned()]];
    for round in 0..ROUNDS {
        for n in 0..AT_ONCE {
            for (device, who) in everybody.into_iter().zip(["laptop", "desktop", "Ben", "Cora"]) {
                for (at, id) in [&talk, &group].into_iter().enumerate() {
                    if at == 0 && who == "Cora" {
                        continue;
                    }
                    let words = format!("{who}, {at}, {} \u{1f54a} بيت", round * AT_ONCE + n);
                    assert_eq!(device.text(&["send", id, &words], "state").await, "pending");
                    written[at].push(words);
                }
            }
        }
    }
    let picture = laptop.file("villa.png");
    std::fs::write(&picture, PICTURE).unwrap();
    laptop.one(&["send", &talk, "The picture", "--attach", picture.to_str().unwrap()]).await;
    written[0].push("The picture".into());
    assert!(written.iter().all(|texts| texts.len() > 30));

    relay.start_again().await;
    settle(&everybody).await;
    for (id, texts) in [&talk, &group].into_iter().zip(&written) {
        let readers = &everybody[..if *id == talk { 3 } else { 4 }];
        let first = messages(&laptop, id).await;
        let ids: BTreeSet<&str> = first.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids.len(), first.len(), "each message once");
        let bodies: BTreeSet<&str> = first.iter().map(|(_, body)| body.as_str()).collect();
        assert_eq!(bodies, texts.iter().map(String::as_str).collect());
        for device in &readers[1..] {
            assert_eq!(messages(device, id).await, first, "everybody reads the same in the same order");
        }
    }
    let got = ben.all(&["messages", &talk, "--limit", "200"]).await;
    let with_picture = got.iter().find(|message| text(message, "body") == "The picture").unwrap();
    let saved = ben.file("saved.png");
    let attachment = text(&with_picture["attachments"][0], "id");
    ben.one(&["attachment", "save", &attachment, saved.to_str().unwrap()]).await;
    assert_eq!(std::fs::read(saved).unwrap(), PICTURE);
    for device in [&laptop, &desktop] {
        let draft = device.text(&["draft", "show", &talk], "text").await;
        assert_eq!(draft, format!("{AT_START}{BASE}{AT_END}"));
    }

    // Unread until read, on all devices of a person alike; then every message of it says so.
    let own = ROUNDS * AT_ONCE;
    let unread =
        async |device: &Device, id: &str| device.one(&["conversation", "show", id]).await["unread"].clone();
    for device in [&laptop, &desktop] {
        assert_eq!(
            (unread(device, &talk).await, unread(device, &group).await),
            (own.into(), (2 * own).into())
        );
    }
    assert_eq!(unread(&ben, &talk).await, 2 * own + 2);
    assert_eq!(
        (unread(&ben, &group).await, unread(&cora, &group).await),
        ((3 * own + 1).into(), (3 * own + 1).into())
    );
    for (device, id) in [(&laptop, &talk), (&laptop, &group), (&ben, &talk), (&ben, &group), (&cora, &group)]
    {
        device.one(&["conversation", "read", id]).await;
    }
    settle(&everybody).await;
    assert_eq!((unread(&desktop, &talk).await, unread(&desktop, &group).await), (0.into(), 0.into()));
    for (device, id) in [(&laptop, &talk), (&desktop, &group), (&ben, &talk), (&ben, &group), (&cora, &group)]
    {
        let messages = device.all(&["messages", id, "--limit", "200"]).await;
        let states: BTreeSet<String> = messages
            .iter()
            .filter(|message| message["mine"] == true)
            .map(|message| text(message, "state"))
            .collect();
        assert_eq!(states, BTreeSet::from(["read".to_owned()]));
    }
}

/// The smallest PNG file.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// Everybody sends what waits, and fetches what the others sent, and what that let them say.
async fn settle(devices: &[&Device]) {
    for _ in 0..3 {
        for device in devices {
            device.sync().await;
        }
    }
}

async fn messages(device: &Device, conversation: &str) -> Vec<(String, String)> {
    let messages: Vec<Value> = device.all(&["messages", conversation, "--limit", "200"]).await;
    messages.iter().map(|message| (text(message, "id"), text(message, "body"))).collect()
}

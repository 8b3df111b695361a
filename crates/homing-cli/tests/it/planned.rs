//! Messages with a time, by real processes: whoever planned them is gone when the relay sends them.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::devices::link;
use crate::support::{Device, Relay, text};

/// A loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(120);

fn ahead(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339()
}

/// Reads until a message is there.
async fn read(device: &Device, conversation: &str, body: &str) -> serde_json::Value {
    let begun = Instant::now();
    loop {
        device.sync().await;
        let found = device.all(&["messages", conversation]).await.into_iter().find(|row| row["body"] == body);
        if let Some(found) = found {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{body} never came");
    }
}

#[tokio::test]
async fn a_planned_message_goes_out_while_no_device_of_its_author_runs() {
    let mut relay = Relay::start().await;
    let laptop = Device::begun("Ada Berger", &relay).await;
    let desktop = link(&laptop, &relay.address, Device::new()).await;
    let ben = Device::new();
    let invitation = laptop.text(&["invite"], "link").await;
    ben.one(&["join", &invitation, "--name", "Ben Okafor"]).await;
    ben.sync().await;
    laptop.sync().await;
    let talk = laptop.text(&["conversation", "new", "--with", "Ben Okafor", "--subject", "Keys"], "id").await;
    laptop.sync().await;
    ben.sync().await;

    assert_eq!(laptop.fails(&["send", &talk, "too late", "--at", &ahead(-60)]).await, "invalid_argument");
    assert_eq!(laptop.fails(&["send", &talk, "never", "--at", "tomorrow"]).await, "invalid_argument");
    let plan: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(laptop.file("plan.bin"), &plan).unwrap();
    let attached = laptop.file("plan.bin").to_str().unwrap().to_owned();
    let at = ahead(3_600);
    let planned = laptop.one(&["send", &talk, "Good morning", "--at", &at, "--attach", &attached]).await;
    assert_eq!(planned["state"], "scheduled");
    let listed = laptop.all(&["outbox", "list"]).await;
    assert_eq!((text(&listed[0], "state"), &listed[0]["files"][0]), ("files".into(), &"plan.bin".into()));
    let other = laptop.text(&["send", &talk, "Rather not", "--at", &ahead(7_200)], "id").await;
    // Once this is done the relay has both with the file, and no process of Ada's runs.
    laptop.sync().await;
    ben.sync().await;
    assert!(ben.bodies(&talk).await.is_empty());
    relay.kill().await;
    relay.start_later(5_400).await;
    let came = read(&ben, &talk, "Good morning").await;
    assert_eq!(text(&came, "id"), text(&planned, "id"));
    let saved = ben.file("came.bin");
    ben.one(&["attachment", "save", &text(&came["attachments"][0], "id"), saved.to_str().unwrap()]).await;
    assert!(std::fs::read(saved).unwrap() == plan, "bit for bit");
    let shown: DateTime<Utc> = text(&came, "at").parse().unwrap();
    let wanted: DateTime<Utc> = at.parse().unwrap();
    assert!((shown - wanted).abs() < TimeDelta::seconds(1), "{shown} instead of {wanted}");

    // On the other device it can still be taken back, or given another time.
    desktop.sync().await;
    let listed = desktop.all(&["outbox", "list"]).await;
    assert_eq!((listed.len(), text(&listed[0], "state")), (1, "held".to_owned()));
    let later = ahead(9_000);
    let moved = desktop.one(&["outbox", "time", &other, &later]).await;
    let moved_to: DateTime<Utc> = text(&moved, "at").parse().unwrap();
    assert!((moved_to - later.parse::<DateTime<Utc>>().unwrap()).abs() < TimeDelta::seconds(1));
    desktop.sync().await;
    desktop.one(&["outbox", "cancel", &other]).await;
    desktop.sync().await;
    laptop.sync().await;
    for device in [&laptop, &desktop] {
        assert!(device.all(&["outbox", "list"]).await.is_empty());
        let drafts = device.all(&["draft", "list"]).await;
        assert_eq!(drafts.iter().map(|row| text(row, "text")).collect::<Vec<_>>(), ["Rather not"]);
    }
}

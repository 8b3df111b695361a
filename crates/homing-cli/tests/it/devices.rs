//! Several devices of one person.

use crate::support::{Device, Pair, text};

/// Links a new device to one that is there.
pub async fn link(first: &Device, relay: &str, second: Device) -> Device {
    let mut offer = first.start(&["link", "offer"]);
    let code = text(&offer.next().await, "code");
    let mut accept = second.start(&["link", "accept", &code, "--relay", relay]);
    let theirs = text(&accept.next().await, "digits");
    let ours = text(&offer.next().await, "digits");
    assert_eq!((ours.as_str(), ours.len()), (theirs.as_str(), 6));
    offer.say("yes\n").await;
    assert_eq!(offer.next().await["linked"], true);
    let identity = accept.next().await;
    assert_eq!(identity["person"], first_person(first).await);
    offer.ended().await;
    accept.ended().await;
    second
}

async fn first_person(device: &Device) -> serde_json::Value {
    device.one(&["status"]).await["person"].clone()
}

#[tokio::test]
async fn a_linked_device_has_the_history_and_the_drafts() {
    let Pair { relay, ada, ben, conversation } = Pair::meet().await;
    ada.one(&["draft", "set", &conversation, "Half a thought"]).await;
    ada.sync().await;
    let desktop = link(&ada, &relay.address, Device::new()).await;
    desktop.sync().await;
    assert_eq!(desktop.bodies(&conversation).await, ["Good morning!"]);
    assert_eq!(desktop.text(&["draft", "show", &conversation], "text").await, "Half a thought");
    assert_eq!(desktop.all(&["device", "list"]).await.len(), 2);

    desktop.one(&["send", &conversation, "From the desktop"]).await;
    desktop.sync().await;
    for device in [&ada, &ben] {
        device.sync().await;
        assert_eq!(device.bodies(&conversation).await, ["Good morning!", "From the desktop"]);
    }
}

#[tokio::test]
async fn a_revoked_device_is_shut_out() {
    let Pair { relay, ada, ben, conversation } = Pair::meet().await;
    let desktop = link(&ada, &relay.address, Device::new()).await;
    desktop.sync().await;
    let id = text(&desktop.one(&["status"]).await, "device");
    ada.all(&["device", "revoke", &id]).await;
    ada.one(&["send", &conversation, "Without the desktop"]).await;
    ada.sync().await;
    assert_eq!(desktop.fails(&["sync"]).await, "device_revoked");
    let seen = desktop.run(&["messages", &conversation]).await;
    assert!(!String::from_utf8_lossy(&seen.output.stdout).contains("Without the desktop"));
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "Without the desktop"]);
}

#[tokio::test]
async fn digits_that_are_not_confirmed_link_nothing() {
    let Pair { relay, ada, .. } = Pair::meet().await;
    let mut offer = ada.start(&["link", "offer"]);
    let code = text(&offer.next().await, "code");
    let stranger = Device::new();
    let mut accept = stranger.start(&["link", "accept", &code, "--relay", &relay.address]);
    accept.next().await;
    offer.next().await;
    assert_eq!(ada.fails(&["link", "offer", "--approve", "12345"]).await, "digits_differ");
    offer.say("no\n").await;
    offer.kill().await;
    accept.kill().await;
    assert_eq!(ada.all(&["device", "list"]).await.len(), 1);
}

#[tokio::test]
async fn a_draft_sent_on_two_devices_is_one_message() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    ada.one(&["draft", "set", &conversation, "Sent once"]).await;
    ada.sync().await;
    let desktop = link(&ada, &relay.address, Device::new()).await;
    desktop.sync().await;
    relay.kill().await;
    ada.one(&["draft", "send", &conversation]).await;
    desktop.one(&["draft", "send", &conversation]).await;
    relay.start_again().await;
    for device in [&ada, &desktop, &ada, &ben] {
        device.sync().await;
    }
    for device in [&ada, &desktop, &ben] {
        assert_eq!(device.bodies(&conversation).await, ["Good morning!", "Sent once"]);
    }
}

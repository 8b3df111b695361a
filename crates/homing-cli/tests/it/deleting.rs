//! Deleting conversations, for oneself and for everyone, while the relay is down; and what is left of them once it is back.

use serde_json::json;

use crate::devices::link;
use crate::support::{Device, Pair, Relay, text};

/// Pushes and pulls until all of them know what the others did.
async fn meet_again(devices: &[&Device]) {
    for device in devices.iter().chain(devices) {
        device.sync().await;
    }
}

/// Whether a device lists a conversation anywhere.
async fn lists(device: &Device, conversation: &str) -> bool {
    let rows = device.all(&["conversation", "list", "--filter", "all"]).await;
    rows.iter().any(|row| row["id"] == conversation)
}

/// The bodies of what a search finds.
async fn found(device: &Device, words: &str) -> Vec<String> {
    device.all(&["search", words]).await.iter().map(|hit| text(hit, "snippet")).collect()
}

#[tokio::test]
async fn what_is_deleted_for_me_is_gone_on_my_devices_until_something_new_is_written() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    let desktop = link(&ada, &relay.address, Device::new()).await;
    desktop.sync().await;
    assert_eq!(desktop.bodies(&conversation).await, ["Good morning!"]);

    relay.kill().await;
    assert_eq!(ada.one(&["conversation", "delete", "Kitchen"]).await, json!({ "done": true }));
    assert!(!lists(&ada, &conversation).await);
    assert!(found(&ada, "morning").await.is_empty());
    assert_eq!(ada.fails(&["sync"]).await, "relay_unreachable");
    assert!(lists(&desktop, &conversation).await, "it can't know yet");

    relay.start_again().await;
    meet_again(&[&ada, &desktop, &ben]).await;
    for device in [&ada, &desktop] {
        assert!(!lists(device, &conversation).await);
        assert!(found(device, "morning").await.is_empty());
    }
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!"], "to him nothing happened");

    ben.one(&["send", "Kitchen", "The tiles came"]).await;
    meet_again(&[&ben, &ada, &desktop]).await;
    for device in [&ada, &desktop] {
        assert_eq!(device.bodies(&conversation).await, ["The tiles came"]);
        assert!(lists(device, &conversation).await);
    }

    // By its name, on the other device, with what it was called and who is in it.
    desktop.one(&["conversation", "delete", &conversation]).await;
    relay.kill().await;
    let back = desktop.one(&["conversation", "restore", "Kitchen"]).await;
    assert_eq!((text(&back, "id"), text(&back, "subject")), (conversation.clone(), "Kitchen".into()));
    assert_eq!(back["participants"].as_array().unwrap().len(), 2, "{back}");
    assert_eq!(desktop.bodies(&conversation).await, ["The tiles came"], "only the last deletion");
    desktop.one(&["conversation", "restore", "Kitchen"]).await;
    relay.start_again().await;
    meet_again(&[&desktop, &ada]).await;
    for device in [&ada, &desktop] {
        assert_eq!(device.bodies(&conversation).await, ["Good morning!", "The tiles came"]);
        assert_eq!(found(device, "morning").await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_deleted_for_everyone_is_gone_for_both_whatever_was_written_meanwhile() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    ben.one(&["draft", "set", "Kitchen", "Half a thought"]).await;

    relay.kill().await;
    let delete = ["conversation", "delete", "Kitchen", "--everyone"];
    assert_eq!(ada.one(&delete).await, json!({ "done": true }));
    ben.one(&["send", &conversation, "Written before he knew"]).await;
    assert!(lists(&ben, &conversation).await);

    relay.start_again().await;
    meet_again(&[&ada, &ben]).await;
    for device in [&ada, &ben] {
        assert!(!lists(device, &conversation).await);
        for command in [
            &["conversation", "show", &conversation][..],
            &["messages", &conversation],
            &["send", &conversation, "Once more"],
            &["conversation", "restore", &conversation],
            &["conversation", "delete", &conversation],
        ] {
            assert_eq!(device.fails(command).await, "not_found", "{command:?}");
        }
        assert!(found(device, "morning").await.is_empty());
        assert!(found(device, "Written").await.is_empty());
        assert!(device.all(&["draft", "list"]).await.is_empty());
        assert!(device.all(&["outbox", "list"]).await.is_empty());
        assert_eq!(device.one(&["status"]).await["unread"], 0);
    }
}

#[tokio::test]
async fn many_are_deleted_and_restored_by_one_command() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let notes =
        ada.text(&["conversation", "new", "--subject", "Notes", "--message", "Good night!"], "id").await;
    assert_eq!(ada.fails(&["conversation", "delete", "Kitchen", "Notes", "Cellar"]).await, "not_found");
    assert_eq!(found(&ada, "good").await.len(), 2, "none of them");
    let delete = ["conversation", "delete", "Kitchen", &notes];
    assert_eq!(ada.one(&delete).await, json!({ "done": true }));
    assert!(found(&ada, "good").await.is_empty());
    let back = ada.all(&["conversation", "restore", &conversation, "Notes"]).await;
    let mut subjects: Vec<String> = back.iter().map(|row| text(row, "subject")).collect();
    subjects.sort();
    assert_eq!(subjects, ["Kitchen", "Notes"]);
    assert_eq!(found(&ada, "good").await.len(), 2);
}

#[tokio::test]
async fn only_who_may_can_delete_for_everyone() {
    let Pair { relay: _relay, ada, ben, conversation } = Pair::meet().await;
    assert_eq!(ben.fails(&["conversation", "delete", "Kitchen", "--everyone"]).await, "role_forbids");
    assert_eq!(ben.fails(&["conversation", "delete", "Cellar"]).await, "not_found");
    meet_again(&[&ben, &ada]).await;
    for device in [&ada, &ben] {
        assert_eq!(device.bodies(&conversation).await, ["Good morning!"]);
    }
}

#[tokio::test]
async fn a_person_reads_that_it_is_done() {
    let relay = Relay::start().await;
    let ada = Device::begun("Ada Berger", &relay).await;
    ada.one(&["conversation", "new", "--subject", "Notes", "--message", "Call Ben"]).await;
    for (args, says) in
        [(["conversation", "delete", "Notes"], "Done.\n"), (["conversation", "restore", "Notes"], "Notes")]
    {
        let shown = ada.plain(&args).await;
        assert!(shown.contains(says), "{args:?}: {shown}");
    }
}

//! Several processes on one profile: one owns it, the others ask it.

use crate::support::{Device, Pair, text};

#[tokio::test]
async fn a_second_process_hands_its_command_to_the_owner() {
    let Pair { relay: _relay, ada, ben, conversation } = Pair::meet().await;
    let mut watching = ada.start(&["sync", "--watch"]);
    watching.until(|line| line.get("pushed").is_some()).await;

    // No sync of Ada's: the process that watches is online and sends it.
    ada.one(&["send", &conversation, "Through the owner"]).await;
    assert_eq!(ada.one(&["status"]).await["online"], true);
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "Through the owner"]);

    // What arrives is told to who watches.
    ben.one(&["send", &conversation, "Thank you"]).await;
    ben.sync().await;
    watching
        .until(|line| {
            line["event"] == "messages"
                && line["upsert"]
                    .as_array()
                    .is_some_and(|rows| rows.iter().any(|row| row["body"] == "Thank you"))
        })
        .await;
    watching.kill().await;
}

#[cfg(unix)]
#[tokio::test]
async fn an_owner_that_is_asked_to_end_leaves_the_profile_free() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let mut watching = ada.start(&["sync", "--watch"]);
    watching.until(|line| line.get("pushed").is_some()).await;
    watching.stop().await;
    ada.one(&["send", &conversation, "On my own again"]).await;
    assert!(!ada.profile().join("owner.socket").exists());
}

#[tokio::test]
async fn a_killed_owner_does_not_keep_the_profile() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let mut watching = ada.start(&["sync", "--watch"]);
    watching.until(|line| line.get("pushed").is_some()).await;
    watching.kill().await;
    ada.one(&["send", &conversation, "Still here"]).await;
    assert_eq!(ada.one(&["doctor"]).await["healthy"], true);
}

#[tokio::test]
async fn commands_at_the_same_time_all_get_their_turn() {
    let Pair { relay: _relay, ada, ben, conversation } = Pair::meet().await;
    let texts: Vec<String> = (0..8).map(|n| format!("At once {n}")).collect();
    let sends = texts.iter().map(|text| ada.start(&["send", &conversation, text]));
    let mut running: Vec<_> = sends.collect();
    running.push(ada.start(&["sync"]));
    for process in running {
        process.ended().await;
    }
    ada.sync().await;
    ben.sync().await;
    let mut bodies = ben.bodies(&conversation).await;
    bodies.retain(|body| body.starts_with("At once"));
    bodies.sort();
    assert_eq!(bodies, texts);
}

#[cfg(unix)]
#[tokio::test]
async fn an_owner_that_does_not_answer_is_an_error_and_no_second_writer() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger", "--relay", "http://127.0.0.1:9"]).await;
    let mut watching = ada.start(&["sync", "--watch"]);
    let event = watching.next().await;
    assert!(!text(&event, "event").is_empty());
    let stopped = watching.signal("STOP").await;
    assert_eq!(ada.fails(&["send", "Kitchen", "Hello"]).await, "profile_in_use_unresponsive");
    stopped.signal("CONT").await.kill().await;
}

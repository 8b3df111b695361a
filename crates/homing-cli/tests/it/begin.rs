//! Before and around the first steps: codes, exit codes, a profile without a relay.

use crate::support::{Device, text};

#[tokio::test]
async fn a_profile_without_a_person_says_what_comes_first() {
    let ada = Device::new();
    // A list that would be empty is no answer either: a script must not take a wrong folder for an empty inbox.
    for args in [
        &["invite", "--client", "Ben Okafor"][..],
        &["conversation", "list"],
        &["messages", "Kitchen"],
        &["send", "Kitchen", "hello"],
        &["draft", "list"],
        &["outbox", "list"],
        &["people"],
        &["search", "kitchen"],
        &["device", "list"],
        &["invitation", "list"],
        &["request", "list"],
        &["sync"],
    ] {
        assert_eq!(ada.fails(args).await, "not_initialised", "{args:?}");
    }
    let status = ada.one(&["status"]).await;
    assert!(status["person"].is_null() && status["device"].is_null());
}

#[tokio::test]
async fn a_first_start_needs_a_name_and_nothing_else() {
    let ada = Device::new();
    let identity = ada.one(&["init", "--name", "Ada Berger"]).await;
    assert!(identity["person"].is_string() && identity["device"].is_string());
    assert!(identity["relay"].is_null());
    assert_eq!(ada.fails(&["init", "--name", "Ada Berger"]).await, "already_initialised");

    let status = ada.one(&["status"]).await;
    assert_eq!(status["person"], identity["person"]);
    assert_eq!(status["online"], false);
    assert_eq!(ada.fails(&["invite"]).await, "relay_missing");
    assert_eq!(ada.fails(&["sync"]).await, "relay_missing");
}

#[tokio::test]
async fn what_is_no_command_ends_with_two() {
    let ada = Device::new();
    for args in
        [&["no-such-command"][..], &["init"], &["send", "Kitchen"], &["config", "set", "colour", "red"]]
    {
        assert_eq!(ada.run(args).await.output.status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test]
async fn names_that_mean_nothing_are_not_found() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger"]).await;
    assert_eq!(ada.fails(&["messages", "Kitchen"]).await, "not_found");
    assert_eq!(ada.fails(&["conversation", "new", "--with", "Nobody"]).await, "not_found");
    assert_eq!(ada.fails(&["outbox", "cancel", "no-such-change"]).await, "not_found");
}

#[tokio::test]
async fn settings_are_kept() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger"]).await;
    assert_eq!(ada.one(&["config", "set", "theme", "dark"]).await["theme"], "dark");
    assert_eq!(ada.one(&["config", "get", "theme"]).await["theme"], "dark");
    assert_eq!(ada.fails(&["config", "set", "theme", "pink"]).await, "invalid_argument");
    assert_eq!(ada.one(&["config", "set", "name", "Ada B."]).await["name"], "Ada B.");
}

#[tokio::test]
async fn a_passphrase_locks_the_profile_for_who_does_not_have_it() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger"]).await;
    ada.run_with(&["config", "set", "passphrase", "-"], "correct horse\n").await.objects(&["config set"]);

    assert_eq!(ada.fails(&["people"]).await, "locked");
    std::fs::write(ada.file("right"), "correct horse\n").unwrap();
    std::fs::write(ada.file("wrong"), "battery staple\n").unwrap();
    let (right, wrong) = (ada.file("right"), ada.file("wrong"));
    assert_eq!(
        ada.fails(&["people", "--passphrase-file", wrong.to_str().unwrap()]).await,
        "wrong_passphrase"
    );
    ada.all(&["people", "--passphrase-file", right.to_str().unwrap()]).await;

    let set = ["config", "set", "passphrase", "", "--passphrase-file", right.to_str().unwrap()];
    assert_eq!(ada.one(&set).await["passphrase"], false);
    ada.all(&["people"]).await;
}

#[tokio::test]
async fn text_for_people_is_text() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger"]).await;
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_homing"))
        .env("HOMING_KEYCHAIN", "off")
        .env("HOMING_PROFILE", ada.profile())
        .arg("status")
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.starts_with("Ada Berger"), "{printed}");
}

#[tokio::test]
async fn the_demo_stays_by_itself() {
    let ada = Device::new();
    let folder = ada.text(&["demo", "start"], "profile").await;
    assert_eq!(ada.one(&["status"]).await["demo"], false);
    let demo = Device::at(&folder);
    assert_eq!(demo.one(&["status"]).await["demo"], true);
    assert!(demo.all(&["conversation", "list"]).await.len() > 3);
    assert_eq!(demo.fails(&["invite"]).await, "demo_profile");
    assert_eq!(demo.fails(&["sync"]).await, "demo_profile");

    let open = demo.all(&["conversation", "list"]).await.remove(0);
    demo.one(&["conversation", "archive", open["id"].as_str().unwrap()]).await;
    let inbox = async || demo.all(&["conversation", "list"]).await.len();
    let left = inbox().await;
    assert_eq!(ada.text(&["demo", "start"], "profile").await, folder);
    assert_eq!(inbox().await, left, "what was done in it is kept");
    ada.one(&["demo", "start", "--fresh"]).await;
    assert_eq!(inbox().await, left + 1, "and gone when it is started over");

    assert!(ada.one(&["demo", "remove"]).await["profile"].is_null());
    assert!(!std::path::Path::new(&folder).exists());
}

#[tokio::test]
async fn a_seeded_profile_is_in_order() {
    let ada = Device::new();
    ada.one(&["init", "--name", "Ada Berger"]).await;
    let seeded = ada.one(&["seed", "--messages", "40", "--conversations", "4", "--random-seed", "7"]).await;
    assert_eq!((&seeded["messages"], &seeded["conversations"]), (&40.into(), &4.into()));
    let conversations = ada.all(&["conversation", "list", "--filter", "all"]).await;
    assert_eq!(conversations.len(), 4);
    let mut messages = 0;
    for conversation in &conversations {
        messages += ada.all(&["messages", &text(conversation, "id")]).await.len();
    }
    assert_eq!(messages, 40);
    assert_eq!(ada.one(&["doctor"]).await["healthy"], true);
}

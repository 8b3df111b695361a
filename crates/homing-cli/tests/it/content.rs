//! Files, search, backup and care.

use crate::support::{Device, Pair, text};

#[tokio::test]
async fn a_file_arrives_as_it_was_sent() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    // More than one chunk, and nothing that compresses to less.
    let mut word = 1u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        word.to_be_bytes()[0]
    })
    .take(5_000_000)
    .collect();
    std::fs::write(ada.file("plan.bin"), &bytes).unwrap();
    ada.one(&["send", &conversation, "The plan", "--attach", ada.file("plan.bin").to_str().unwrap()]).await;
    ada.sync().await;
    ben.sync().await;

    let message = ben.all(&["messages", &conversation]).await.pop().unwrap();
    let file = &message["attachments"][0];
    assert_eq!((text(file, "name"), &file["size"]), ("plan.bin".into(), &5_000_000.into()));
    let saved = ben.file("saved.bin");
    ben.one(&["attachment", "save", &text(file, "id"), saved.to_str().unwrap()]).await;
    assert!(std::fs::read(saved).unwrap() == bytes);
}

#[tokio::test]
async fn a_file_survives_the_loss_of_the_relay() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    std::fs::write(ada.file("plan.txt"), "three rooms and a garden").unwrap();
    ada.one(&["send", &conversation, "The plan", "--attach", ada.file("plan.txt").to_str().unwrap()]).await;
    ada.sync().await;
    relay.kill().await;
    for entry in std::fs::read_dir(relay.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else if path.file_name().unwrap().to_string_lossy().starts_with("relay.db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    relay.start_again().await;
    ada.sync().await;
    ben.sync().await;
    let message = ben.all(&["messages", &conversation]).await.pop().unwrap();
    let saved = ben.file("saved.txt");
    let file = text(&message["attachments"][0], "id");
    ben.one(&["attachment", "save", &file, saved.to_str().unwrap()]).await;
    assert_eq!(std::fs::read_to_string(saved).unwrap(), "three rooms and a garden");
}

#[tokio::test]
async fn what_was_written_is_found_without_a_network() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    ada.one(&["send", &conversation, "The marble worktop comes on Thursday."]).await;
    ada.sync().await;
    ben.sync().await;
    relay.kill().await;
    let hit = ben.one(&["search", "marble"]).await;
    assert_eq!(text(&hit, "conversation"), conversation);
    assert!(text(&hit, "snippet").contains("marble worktop"));
    assert_eq!(ben.all(&["search", "marb", "--in", "Kitchen"]).await.len(), 1);
    assert!(ben.all(&["search", "granite"]).await.is_empty());
}

#[tokio::test]
async fn a_backup_brings_everything_back_on_a_new_device() {
    let Pair { relay: _relay, ada, ben, conversation } = Pair::meet().await;
    std::fs::write(ada.file("secret"), "over the hills\n").unwrap();
    let (file, secret) = (ada.file("ada.backup"), ada.file("secret"));
    let (file, secret) = (file.to_str().unwrap(), secret.to_str().unwrap());
    ada.one(&["backup", file, "--backup-passphrase-file", secret]).await;

    let again = Device::new();
    let old = ada.one(&["status"]).await;
    let restored = again.one(&["restore", file, "--backup-passphrase-file", secret]).await;
    assert_eq!(restored["person"], old["person"]);
    assert_ne!(restored["device"], old["device"]);
    assert_eq!(again.bodies(&conversation).await, ["Good morning!"]);

    again.one(&["send", &conversation, "From the new device"]).await;
    again.sync().await;
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "From the new device"]);
}

#[tokio::test]
async fn recovery_words_are_enough_when_every_device_is_lost() {
    let Pair { relay, ada, conversation, .. } = Pair::meet().await;
    let words = ada.one(&["recovery", "show"]).await;
    let words: Vec<_> =
        words["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words.len(), 24);
    let words = words.join(" ");
    ada.one(&["recovery", "confirm", &words]).await;
    let status = ada.one(&["status"]).await;
    assert_eq!(status["recovery_confirmed"], true);
    ada.sync().await;

    let again = Device::new();
    let recovered = again.one(&["recovery", "use", &words, "--relay", &relay.address]).await;
    assert_eq!(recovered["person"], status["person"]);
    again.sync().await;
    assert_eq!(again.bodies(&conversation).await, ["Good morning!"]);
    assert_eq!(again.all(&["device", "list"]).await.len(), 2);
}

#[tokio::test]
async fn the_doctor_finds_a_used_profile_in_order() {
    let Pair { relay: _relay, ada, ben, .. } = Pair::meet().await;
    for device in [&ada, &ben] {
        let report = device.one(&["doctor"]).await;
        assert_eq!((&report["healthy"], &report["findings"]), (&true.into(), &serde_json::json!([])));
    }
}

#[tokio::test]
async fn files_come_as_it_is_set_go_and_come_again() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let ruled = ben.one(&["files", "room", "--downloads", "on_demand", "--room", "0"]).await;
    assert_eq!((&ruled["downloads"], &ruled["files"]), (&"on_demand".into(), &0.into()));
    for name in ["plan.txt", "lease.txt"] {
        std::fs::write(ada.file(name), name.repeat(1000)).unwrap();
        ada.one(&["send", &conversation, name, "--attach", ada.file(name).to_str().unwrap()]).await;
    }
    ada.sync().await;
    ben.sync().await;

    let files = ben.all(&["files", "list", &conversation]).await;
    let names: Vec<String> = files.iter().map(|file| text(file, "name")).collect();
    assert_eq!(names, ["lease.txt", "plan.txt"]);
    assert!(files.iter().all(|file| file["state"] == "remote" && file["pinned"] == false));
    let [lease, plan] = [text(&files[0], "id"), text(&files[1], "id")];
    assert_eq!(ben.all(&["files", "list", &conversation, "--limit", "1"]).await.len(), 1);

    for file in ben.all(&["files", "fetch", &lease, &plan]).await {
        assert_eq!(file["state"], "ready");
    }
    assert_eq!(ben.one(&["files", "pin", &plan]).await["pinned"], true);
    let freed = ben.one(&["files", "free"]).await;
    assert_eq!((&freed["files"], &freed["free_files"]), (&1.into(), &0.into()));
    let states =
        |files: Vec<serde_json::Value>| files.into_iter().map(|f| text(&f, "state")).collect::<Vec<_>>();
    assert_eq!(states(ben.all(&["files", "list", &conversation]).await), ["remote", "ready"]);
    assert_eq!(ben.one(&["files", "unpin", &plan]).await["pinned"], false);
    assert_eq!(ben.one(&["files", "free", &plan]).await["state"], "remote");
    assert_eq!(ben.fails(&["files", "free", &plan]).await, "file_failed");

    let saved = ben.file("saved.txt");
    ben.one(&["files", "save", &plan, saved.to_str().unwrap()]).await;
    assert_eq!(std::fs::read_to_string(saved).unwrap(), "plan.txt".repeat(1000));
    assert_eq!(ben.all(&["files", "keep", &conversation]).await.len(), 1);
}

//! The main job: people write with and without a network, and everybody reads the same.

use crate::support::{Device, Pair, Relay, text};

#[tokio::test]
async fn a_client_joins_while_the_inviter_is_off_and_both_read_the_same() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!"]);

    let sent = ben.one(&["send", "Kitchen", "Good morning, Ada."]).await;
    assert_eq!((text(&sent, "conversation"), text(&sent, "state")), (conversation.clone(), "pending".into()));
    ben.sync().await;
    ada.sync().await;
    let both = ["Good morning!", "Good morning, Ada."];
    assert_eq!(ada.bodies(&conversation).await, both);
    assert_eq!(ben.bodies(&conversation).await, both);

    let message = ada.all(&["messages", &conversation, "--unread"]).await.remove(0);
    assert_eq!(
        (text(&message, "author_name"), text(&message, "id")),
        ("Ben Okafor".into(), text(&sent, "id"))
    );
}

#[tokio::test]
async fn ticks_follow_the_message_to_its_reader() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let id = ada.text(&["send", &conversation, "Did you see it?"], "id").await;
    let state = async || {
        let messages = ada.all(&["messages", &conversation]).await;
        text(messages.iter().find(|message| message["id"] == id.as_str()).unwrap(), "state")
    };
    assert_eq!(state().await, "pending");
    ada.sync().await;
    assert_eq!(state().await, "sent");
    ben.sync().await;
    ada.sync().await;
    assert_eq!(state().await, "delivered");
    ben.one(&["conversation", "read", &conversation]).await;
    ben.sync().await;
    ada.sync().await;
    assert_eq!(state().await, "read");
}

#[tokio::test]
async fn what_is_written_without_a_relay_arrives_once_when_it_is_back() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    relay.kill().await;
    for n in 0..5 {
        ada.one(&["send", &conversation, &format!("Ada {n}")]).await;
        ben.one(&["send", &conversation, &format!("Ben {n}")]).await;
    }
    assert_eq!(ada.fails(&["sync"]).await, "relay_unreachable");
    assert_eq!(ada.one(&["status"]).await["outbox"], 5);

    relay.start_again().await;
    for device in [&ada, &ben, &ada] {
        device.sync().await;
    }
    let bodies = ada.bodies(&conversation).await;
    assert_eq!(bodies, ben.bodies(&conversation).await);
    assert_eq!(bodies.len(), 11);
    for person in ["Ada", "Ben"] {
        let own: Vec<_> = bodies.iter().filter(|body| body.starts_with(person)).cloned().collect();
        assert_eq!(own, (0..5).map(|n| format!("{person} {n}")).collect::<Vec<_>>());
    }
    assert_eq!(ada.one(&["status"]).await["outbox"], 0);
    assert_eq!(ada.sync().await["pushed"], 0);
}

#[tokio::test]
async fn a_relay_without_room_is_named_and_what_waits_is_sent_once_it_has_room() {
    let Pair { mut relay, ada, ben, conversation } = Pair::meet().await;
    relay.kill().await;
    relay.start_again_with(&["--disk-full-percent", "0", "--disk-free-mb", "1000000000000"]).await;
    ada.one(&["send", &conversation, "kept"]).await;
    assert_eq!(ada.fails(&["sync"]).await, "relay_full");
    assert_eq!(ada.one(&["status"]).await["outbox"], 1);
    // Reading goes on.
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!"]);
    ben.sync().await;

    relay.kill().await;
    relay.start_again().await;
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "kept"]);
}

/// A third person, and a group of all that Ada begins.
async fn cora_joins(ada: &Device) -> (Device, String) {
    let link = ada.text(&["invite", "--client", "Cora Lind"], "link").await;
    let cora = Device::new();
    cora.one(&["join", &link, "--name", "Cora Lind"]).await;
    ada.sync().await;
    let group = ["conversation", "new", "--with", "Ben Okafor", "--with", "Cora Lind", "--subject", "Site"];
    let group = ada.text(&group, "id").await;
    (cora, group)
}

#[tokio::test]
async fn the_status_says_what_was_refused_until_it_is_taken_out() {
    let Pair { relay: _relay, ada, ben, conversation } = Pair::meet().await;
    let (_cora, group) = cora_joins(&ada).await;
    for device in [&ada, &ben] {
        device.sync().await;
    }
    ben.one(&["send", &group, "Too late"]).await;
    ben.one(&["send", &conversation, "In time"]).await;
    ada.all(&["member", "role", &group, "Ben Okafor", "reader"]).await;
    for device in [&ada, &ben] {
        device.sync().await;
    }
    let status = ben.one(&["status"]).await;
    assert_eq!((&status["outbox"], &status["refused"]), (&0.into(), &1.into()));
    let refused = ben.one(&["outbox", "list"]).await;
    assert_eq!((text(&refused, "preview"), text(&refused, "state")), ("Too late".into(), "refused".into()));
    ben.one(&["outbox", "cancel", &text(&refused, "id")]).await;
    assert_eq!(ben.one(&["status"]).await["refused"], 0);
}

#[tokio::test]
async fn a_colleague_waits_for_approval_and_then_sees_the_clients() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let link = ada.text(&["invite", "--team"], "link").await;
    let cora = Device::new();
    let joined = cora.one(&["join", &link, "--name", "Cora Lind"]).await;
    assert_eq!(joined["state"], "awaiting_approval");
    ada.sync().await;
    let request = ada.one(&["request", "list"]).await;
    assert_eq!(request["name"], "Cora Lind");
    ada.one(&["approve", &text(&request, "id")]).await;
    ada.sync().await;
    cora.sync().await;
    assert_eq!(cora.bodies(&conversation).await, ["Good morning!"]);
    ada.sync().await;

    // Cora leaves the agency: she keeps what she has, and gets nothing of its clients from now on.
    assert_eq!(cora.fails(&["colleague", "remove", "Ada Berger"]).await, "role_forbids");
    assert_eq!(ada.fails(&["colleague", "remove", "Ben Okafor"]).await, "not_a_member");
    ada.all(&["colleague", "remove", "Cora Lind"]).await;
    ada.sync().await;
    ada.one(&["send", &conversation, "Without Cora"]).await;
    ada.sync().await;
    cora.sync().await;
    assert_eq!(cora.bodies(&conversation).await, ["Good morning!"]);
    assert_eq!(cora.fails(&["send", &conversation, "Am I still here?"]).await, "role_forbids");
    let people = ada.all(&["people"]).await;
    assert!(people.iter().all(|person| person["name"] != "Cora Lind"));
}

#[tokio::test]
async fn an_invitation_can_be_looked_at_and_cancelled() {
    let relay = Relay::start().await;
    let ada = Device::begun("Ada Berger", &relay).await;
    let invited = ada.one(&["invite", "--client", "Ben Okafor"]).await;
    assert_eq!(invited["role"], "client");
    let link = text(&invited, "link");

    let ben = Device::new();
    let preview = ben.one(&["join", &link, "--preview"]).await;
    assert_eq!((text(&preview, "inviter"), &preview["instant"]), ("Ada Berger".into(), &true.into()));

    assert_eq!(ada.all(&["invitation", "list"]).await.len(), 1);
    ada.one(&["invitation", "cancel", &text(&invited, "id")]).await;
    assert!(ada.all(&["invitation", "list"]).await.is_empty());
    assert_eq!(ben.fails(&["join", &link, "--name", "Ben Okafor"]).await, "invite_invalid");
}

#[tokio::test]
async fn safety_numbers_agree_and_stay_compared() {
    let Pair { relay: _relay, ada, ben, .. } = Pair::meet().await;
    let number = ada.one(&["safety", "Ben Okafor"]).await;
    assert_eq!(number["digits"], ben.one(&["safety", "Ada Berger"]).await["digits"]);
    assert_eq!(number["verified"], false);
    ada.one(&["safety", "Ben Okafor", "--verified"]).await;
    assert_eq!(ada.one(&["safety", "Ben Okafor"]).await["verified"], true);
}

#[tokio::test]
async fn a_removed_member_gets_nothing_more() {
    let Pair { relay: _relay, ada, ben, .. } = Pair::meet().await;
    let (cora, group) = cora_joins(&ada).await;
    ada.one(&["send", &group, "Before"]).await;
    for device in [&ada, &ben, &cora] {
        device.sync().await;
    }
    assert_eq!(cora.bodies(&group).await, ["Before"]);

    ada.all(&["member", "remove", &group, "Cora Lind"]).await;
    ada.one(&["send", &group, "After"]).await;
    for device in [&ada, &ben, &cora] {
        device.sync().await;
    }
    assert_eq!(ben.bodies(&group).await, ["Before", "After"]);
    let cora_sees = cora.run(&["messages", &group]).await;
    assert!(!String::from_utf8_lossy(&cora_sees.output.stdout).contains("After"));
    assert!(!ben.all(&["member", "list", &group]).await.iter().any(|member| member["name"] == "Cora Lind"));
}

#[tokio::test]
async fn who_came_by_a_link_has_a_team_when_they_need_one() {
    let Pair { relay: _relay, ada: _ada, ben, .. } = Pair::meet().await;
    let link = ben.text(&["invite", "--client", "Cora Lind"], "link").await;
    let cora = Device::new();
    let joined = cora.one(&["join", &link, "--name", "Cora Lind"]).await;
    ben.sync().await;
    let conversation = text(&joined, "conversation");
    ben.one(&["send", &conversation, "Welcome, Cora."]).await;
    ben.sync().await;
    cora.sync().await;
    assert_eq!(cora.bodies(&conversation).await, ["Welcome, Cora."]);

    // The second client comes to the same team, and a colleague can be invited to it.
    let before = ben.one(&["invite", "--client", "Dan Moss"]).await;
    assert!(before["link"].is_string());
    assert!(ben.one(&["invite", "--team"]).await["link"].is_string());
}

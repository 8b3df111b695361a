//! Conversations, drafts and the outbox on one device.

use crate::support::{Pair, text};

#[tokio::test]
async fn a_conversation_is_listed_as_its_shape_says() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let listed = async |filter: &str| {
        let rows = ben.all(&["conversation", "list", "--filter", filter]).await;
        rows.into_iter().find(|row| row["id"] == conversation.as_str())
    };
    let row = listed("active").await.unwrap();
    assert_eq!((text(&row, "subject"), text(&row, "preview")), ("Kitchen".into(), "Good morning!".into()));
    assert_eq!((&row["unread"], &row["archived"]), (&1.into(), &false.into()));
    let mut names: Vec<_> = row["participants"].as_array().unwrap().iter().map(|p| text(p, "name")).collect();
    names.sort();
    assert_eq!(names, ["Ada Berger", "Ben Okafor"]);

    assert_eq!(ben.one(&["conversation", "read", "Kitchen"]).await["unread"], 0);
    assert_eq!(ben.one(&["conversation", "archive", "Kitchen"]).await["archived"], true);
    assert!(listed("active").await.is_none());
    assert!(listed("archived").await.is_some());
    ben.one(&["conversation", "unarchive", &conversation]).await;
    assert_eq!(ada.one(&["conversation", "show", &conversation]).await["unread"], 0);
}

#[tokio::test]
async fn an_id_may_be_cut_short_but_not_too_short() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    assert_eq!(ada.text(&["conversation", "show", &conversation[..6]], "id").await, conversation);
    assert_eq!(ada.fails(&["conversation", "show", &conversation[..5]]).await, "not_found");
}

#[tokio::test]
async fn stdin_is_a_text_too_and_keeps_its_lines() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let send = ["send", &conversation, "-"];
    ada.run_with(&send, "First line\n\nThird line\n").await.objects(&send);
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!", "First line\n\nThird line"]);
}

#[tokio::test]
async fn messages_can_be_asked_for_in_parts() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    for n in 0..6 {
        ada.one(&["send", &conversation, &format!("Message {n}")]).await;
    }
    let newest = ada.all(&["messages", &conversation, "--limit", "2"]).await;
    assert_eq!(newest.iter().map(|m| text(m, "body")).collect::<Vec<_>>(), ["Message 4", "Message 5"]);
    let third = text(&ada.all(&["messages", &conversation]).await[3], "id");
    let after = ada.all(&["messages", &conversation, "--after", &third, "--limit", "2"]).await;
    assert_eq!(after.iter().map(|m| text(m, "body")).collect::<Vec<_>>(), ["Message 3", "Message 4"]);
}

#[tokio::test]
async fn a_draft_is_kept_and_sent_as_it_is() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let draft = ada.one(&["draft", "set", &conversation, "The offer for the kitchen"]).await;
    assert_eq!(text(&draft, "conversation"), conversation);
    assert_eq!(ada.text(&["draft", "show", &conversation], "text").await, "The offer for the kitchen");
    assert_eq!(ada.one(&["conversation", "show", &conversation]).await["has_draft"], true);
    assert_eq!(ada.all(&["draft", "list"]).await.len(), 1);

    ada.one(&["draft", "send", &conversation]).await;
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!", "The offer for the kitchen"]);
    assert_eq!(ada.one(&["conversation", "show", &conversation]).await["has_draft"], false);
    assert_eq!(ada.fails(&["draft", "send", &conversation]).await, "not_found");

    let draft = ada.text(&["draft", "set", &conversation, "Never mind"], "id").await;
    ada.one(&["draft", "discard", &draft]).await;
    assert!(ada.all(&["draft", "list"]).await.is_empty());
}

#[tokio::test]
async fn a_conversation_has_several_drafts_and_one_of_them_is_current() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let long = ada.text(&["draft", "set", &conversation, "The long answer"], "id").await;
    let short = ada.text(&["draft", "set", &conversation, "The short one", "--new"], "id").await;
    assert_ne!(long, short);
    let shown = ada.one(&["draft", "show", &conversation]).await;
    assert_eq!((text(&shown, "id"), text(&shown["others"][0], "id")), (short.clone(), long.clone()));
    ada.one(&["draft", "set", &conversation, "The long answer, longer", "--draft", &long]).await;
    let both = ada.one(&["draft", "compare", &long, &short]).await;
    assert_eq!(text(&both["parts"][0], "left"), "The ");
    assert_eq!(text(&both["right"], "text"), "The short one");
    assert_eq!(ada.text(&["draft", "use", &conversation, &short], "text").await, "The short one");
    assert_eq!(ada.text(&["draft", "use", &conversation], "text").await, "");
    assert_eq!(ada.all(&["draft", "list"]).await.len(), 2);
    assert_eq!(ada.fails(&["draft", "use", &conversation, "no-such-draft"]).await, "not_found");
    ada.one(&["draft", "use", &conversation, &long]).await;
    ada.one(&["draft", "send", &conversation]).await;
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!", "The long answer, longer"]);
    assert_eq!(ada.text(&["draft", "show", &conversation], "text").await, "");
    let left = ada.all(&["draft", "list"]).await;
    assert_eq!(left.iter().map(|draft| text(draft, "text")).collect::<Vec<_>>(), ["The short one"]);
}

#[tokio::test]
async fn what_waits_can_be_cancelled_and_edited() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let send = async |text: &str| ada.one(&["send", &conversation, text]).await;
    send("Not this").await;
    send("Nor this").await;
    send("But this").await;
    let waiting = ada.all(&["outbox", "list"]).await;
    let id_of =
        |preview: &str| text(waiting.iter().find(|item| item["preview"] == preview).expect("it waits"), "id");
    ada.one(&["outbox", "cancel", &id_of("Not this")]).await;
    let draft = ada.one(&["outbox", "edit", &id_of("Nor this")]).await;
    assert_eq!(text(&draft, "text"), "Nor this", "what is to be changed is what the composer shows");
    assert_eq!(text(&draft["others"][0], "text"), "Not this");
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "But this"]);
    assert!(ada.all(&["outbox", "list"]).await.is_empty());
}

#[tokio::test]
async fn what_waits_goes_in_the_order_it_was_put_in() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    for text in ["one", "two", "three", "four"] {
        ada.one(&["send", &conversation, text]).await;
    }
    let waiting = ada.all(&["outbox", "list"]).await;
    let ids: Vec<String> = waiting.iter().map(|item| text(item, "id")).collect();
    ada.one(&["outbox", "move", &ids[3], "--before", &ids[0]]).await;
    ada.one(&["outbox", "move", &ids[1]]).await;
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!", "four", "one", "three", "two"]);
    assert_eq!(ada.all(&["outbox", "cancel", &ids[0], &ids[2]]).await.len(), 2);
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!", "four", "two"]);
    assert_eq!(ada.fails(&["outbox", "move", &ids[3]]).await, "not_found");
    let mut left: Vec<String> =
        ada.all(&["draft", "list"]).await.iter().map(|draft| text(draft, "text")).collect();
    left.sort();
    assert_eq!(left, ["one", "three"]);
}

#[tokio::test]
async fn a_deleted_message_is_gone_for_everybody() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let id = ada.text(&["send", &conversation, "Wrong person"], "id").await;
    ada.sync().await;
    ben.sync().await;
    ada.one(&["message", "delete", &id]).await;
    ada.sync().await;
    ben.sync().await;
    for device in [&ada, &ben] {
        let messages = device.all(&["messages", &conversation]).await;
        let deleted = messages.iter().find(|message| message["id"] == id.as_str()).unwrap();
        assert_eq!((&deleted["deleted"], text(deleted, "body")), (&true.into(), String::new()));
    }
}

#[tokio::test]
async fn what_is_chosen_for_conversations_is_in_their_shape() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let listed = async |filter: &str| {
        let rows = ada.all(&["conversation", "list", "--filter", filter]).await;
        rows.iter().any(|row| row["id"] == conversation.as_str())
    };
    assert_eq!(ada.one(&["conversation", "pin", "Kitchen"]).await["pinned"], true);
    assert_eq!(ada.one(&["conversation", "unpin", "Kitchen"]).await["pinned"], false);
    let muted = ada.one(&["conversation", "mute", "Kitchen"]).await;
    assert!(text(&muted, "muted_until").starts_with("9999-"));
    assert!(ada.one(&["conversation", "unmute", "Kitchen"]).await["muted_until"].is_null());
    assert_eq!(ada.fails(&["conversation", "snooze", "Kitchen"]).await, "invalid_argument");
    assert!(
        !text(&ada.one(&["conversation", "snooze", "Kitchen", "--for", "8h"]).await, "snoozed_until")
            .is_empty()
    );
    assert!(listed("snoozed").await && !listed("active").await);
    ada.one(&["conversation", "unsnooze", "Kitchen"]).await;
    assert!(listed("active").await);

    // Ben is Ada's client; so the conversation can be assigned, and a colleague's remark stands beside it.
    let assigned = ada.one(&["conversation", "assign", "Kitchen", "--to", "Ada Berger"]).await;
    assert_eq!(text(&assigned, "assignee"), "Ada Berger");
    assert!(listed("mine").await && !listed("unassigned").await);
    ada.one(&["conversation", "unassign", "Kitchen"]).await;
    assert!(listed("unassigned").await);
    ada.one(&["conversation", "comment", "Kitchen", "pays late"]).await;
    ada.sync().await;
    ben.sync().await;
    let rows = ada.all(&["messages", &conversation]).await;
    assert!(rows.iter().any(|row| row["body"] == "pays late" && row["internal"] == true));
    assert_eq!(ben.bodies(&conversation).await, ["Good morning!"]);
    assert_eq!(ben.fails(&["conversation", "comment", "Kitchen", "me too"]).await, "invalid_argument");
    // Taken back it is among the drafts, as a comment, and not where messages are typed.
    ada.one(&["conversation", "comment", "Kitchen", "not even late"]).await;
    let waiting = ada.all(&["outbox", "list"]).await;
    let row = waiting.iter().find(|row| row["preview"] == "not even late").unwrap();
    ada.one(&["outbox", "cancel", &text(row, "id")]).await;
    let drafts = ada.all(&["draft", "list"]).await;
    assert_eq!(drafts.len(), 1);
    assert_eq!((text(&drafts[0], "text").as_str(), &drafts[0]["comment"]), ("not even late", &true.into()));
    assert_eq!(ada.text(&["draft", "show", &conversation], "text").await, "");
    let id = text(&drafts[0], "id");
    assert_eq!(ada.fails(&["draft", "use", &conversation, &id]).await, "not_found");
    ada.one(&["draft", "discard", &id]).await;

    let rows = ada.all(&["people", "rename", "Ben Okafor", "The builder"]).await;
    assert!(rows.iter().any(|row| row["name"] == "The builder" && row["own_name"] == "Ben Okafor"));
    let rows = ada.all(&["people", "block", "The builder"]).await;
    assert!(rows.iter().any(|row| row["blocked"] == true));
    assert!(listed("blocked").await && !listed("active").await);
    ada.all(&["people", "unblock", "The builder"]).await;
    ada.all(&["people", "rename", "The builder"]).await;
    assert!(ada.all(&["people"]).await.iter().any(|row| row["name"] == "Ben Okafor"));
}

#[tokio::test]
async fn two_conversations_become_one_and_two_again() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let again = ada
        .text(
            &[
                "conversation",
                "new",
                "--subject",
                "Kitchen again",
                "--with",
                "Ben Okafor",
                "--message",
                "Hello",
            ],
            "id",
        )
        .await;
    let draft = ada.text(&["draft", "set", &again, "and the tiles"], "id").await;
    assert_eq!(ada.text(&["conversation", "merge", "Kitchen again", "Kitchen"], "id").await, conversation);
    let used = ada.one(&["draft", "use", &conversation, &draft]).await;
    assert_eq!((text(&used, "id"), text(&used, "conversation")), (draft.clone(), conversation.clone()));
    ada.one(&["draft", "set", &conversation, "and the sink", "--draft", &draft]).await;
    assert_eq!(ada.text(&["draft", "show", &conversation], "text").await, "and the sink");
    assert_eq!(ada.text(&["draft", "list"], "conversation").await, conversation);
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!", "Hello"]);
    assert_eq!(ada.text(&["conversation", "show", &again], "id").await, conversation);
    assert_eq!(ada.text(&["conversation", "unmerge", &again], "id").await, again);
    assert_eq!(ada.bodies(&conversation).await, ["Good morning!"]);
    assert_eq!(ada.text(&["draft", "show", &again], "id").await, draft);
    assert_eq!(ada.fails(&["conversation", "merge", "Kitchen", "Kitchen"]).await, "invalid_argument");
}

#[tokio::test]
async fn many_conversations_are_dealt_with_at_once_and_found_by_client_and_property() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let notes =
        ada.text(&["conversation", "new", "--subject", "My notes", "--message", "Call Ben"], "id").await;
    assert_eq!(ada.bodies(&notes).await, ["Call Ben"], "nobody is needed for notes");
    ada.one(&["conversation", "new", "--subject", "Garden", "--with", "Ben Okafor"]).await;
    let subjects = async |options: &[&str]| {
        let rows = ada.all(&[&["conversation", "list"], options].concat()).await;
        let mut subjects: Vec<String> = rows.iter().map(|row| text(row, "subject")).collect();
        subjects.sort();
        subjects
    };
    assert_eq!(subjects(&["--client", "Ben Okafor"]).await, ["", "Garden", "Kitchen"]);
    assert_eq!(subjects(&["--client", "Ben Okafor", "--limit", "1"]).await.len(), 1);
    assert_eq!(ada.fails(&["conversation", "list", "--client", "Nobody"]).await, "not_found");
    ada.one(&["property", "new", "--title", "Villa Rosa"]).await;
    ada.one(&["conversation", "link", &conversation, "Villa Rosa"]).await;
    assert_eq!(subjects(&["--record", "Villa Rosa"]).await, ["Kitchen"]);

    let all = ["Kitchen", "Garden", "My notes"];
    let told = async |what: &str, on: &[&str]| ada.all(&[&["conversation", what], on].concat()).await;
    for (what, field, is) in [
        ("archive", "archived", true),
        ("unarchive", "archived", false),
        ("unread", "marked_unread", true),
        ("read", "marked_unread", false),
    ] {
        let rows = told(what, &all).await;
        assert!(rows.len() == 3 && rows.iter().all(|row| row[field] == is), "{what}: {rows:?}");
    }
    let rows = told("assign", &["Kitchen", "Garden", "--to", "Ada Berger"]).await;
    assert!(rows.iter().all(|row| text(row, "assignee") == "Ada Berger"), "{rows:?}");
    assert_eq!(
        ada.fails(&["conversation", "assign", "Kitchen", "My notes", "--to", "Ada Berger"]).await,
        "invalid_argument"
    );
    let rows = told("unassign", &["Kitchen", "Garden"]).await;
    assert!(rows.len() == 2 && rows.iter().all(|row| row["assignee"].is_null()), "{rows:?}");
}

#[tokio::test]
async fn files_are_put_to_a_draft_and_taken_out() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let [offer, plan] = ["offer.pdf", "plan.pdf"].map(|name| {
        let path = ada.file(name);
        std::fs::write(&path, name).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let names = |draft: &serde_json::Value| -> Vec<String> {
        draft["files"].as_array().unwrap().iter().map(|file| text(file, "name")).collect()
    };
    let set = ["draft", "set", &conversation, "The offer", "--attach", &offer, "--attach", &plan];
    assert_eq!(names(&ada.one(&set).await), ["offer.pdf", "plan.pdf"]);
    let gone = ["draft", "set", &conversation, "", "--attach", "/no/such/file"];
    assert_eq!(ada.fails(&gone).await, "file_failed");
    assert_eq!(ada.fails(&["draft", "detach", &conversation, "other.pdf"]).await, "not_found");
    let left = ada.one(&["draft", "detach", &conversation, "plan.pdf"]).await;
    assert_eq!((names(&left), text(&left, "text")), (vec!["offer.pdf".to_owned()], "The offer".to_owned()));
    let apart = ada.one(&["draft", "set", &conversation, "", "--new", "--attach", &plan]).await;
    assert_eq!((names(&apart), text(&apart, "text")), (vec!["plan.pdf".to_owned()], String::new()));
    assert_eq!(text(&apart["others"][0], "text"), "The offer");
    ada.one(&["draft", "use", &conversation, &text(&left, "id")]).await;
    ada.one(&["draft", "send", &conversation]).await;
    ada.sync().await;
    ben.sync().await;
    let got = ben.all(&["files", "list", &conversation]).await;
    assert_eq!(got.iter().map(|file| text(file, "name")).collect::<Vec<_>>(), ["offer.pdf"]);
}

#[tokio::test]
async fn a_file_is_stopped_on_its_way() {
    let Pair { relay: _relay, ada, conversation, .. } = Pair::meet().await;
    let path = ada.file("film.bin");
    std::fs::write(&path, "a film").unwrap();
    ada.one(&["send", &conversation, "The film", "--attach", path.to_str().unwrap()]).await;
    let id = text(&ada.one(&["files", "list", &conversation]).await, "id");
    assert_eq!(ada.text(&["files", "stop", &id], "state").await, "stopped");
    ada.sync().await;
    assert_eq!(ada.text(&["files", "list", &conversation], "state").await, "stopped", "it stays so");
    assert_eq!(ada.text(&["files", "fetch", &id], "state").await, "waiting");
    assert_eq!(ada.fails(&["files", "stop", "no-such-file"]).await, "not_found");
}

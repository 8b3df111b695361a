//! What scripts do with messages that are there.

use crate::support::{Pair, text};

#[tokio::test]
async fn a_message_is_edited_reacted_to_answered_and_forwarded() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let id = ada.text(&["send", &conversation, "See you at tne"], "id").await;
    ada.one(&["sync"]).await;
    ben.one(&["sync"]).await;
    ada.one(&["message", "edit", &id, "See you at ten, @Ben Okafor"]).await;
    ben.one(&["message", "react", &id, "👍"]).await;
    ben.one(&["send", &conversation, "Fine", "--reply-to", &id]).await;
    for person in [&ada, &ben, &ada] {
        person.one(&["sync"]).await;
    }
    let history = ben.all(&["message", "history", &id]).await;
    let words: Vec<_> = history.iter().map(|wording| text(wording, "body")).collect();
    assert_eq!(words, ["See you at tne", "See you at ten, @Ben Okafor"]);
    let thread = ada.all(&["message", "thread", &id]).await;
    assert_eq!(
        thread.iter().map(|m| text(m, "body")).collect::<Vec<_>>(),
        ["See you at ten, @Ben Okafor", "Fine"]
    );
    let root = &thread[0];
    assert_eq!((&root["replies"], &root["mentions_me"]), (&1.into(), &false.into()));
    assert_eq!((text(&root["reactions"][0], "emoji"), root["edited_at"].is_string()), ("👍".into(), true));
    assert_eq!(text(&root["mentions"][0], "name"), "Ben Okafor");
    ben.one(&["message", "react", &id, "👍", "--remove"]).await;
    assert_eq!(ben.fails(&["message", "edit", &id, "Not mine"]).await, "role_forbids");
    let sent = ada.all(&["message", "forward", &id, "--to", &conversation, "--comment", "Again:"]).await;
    assert_eq!(sent.len(), 1);
    let last = ada.all(&["messages", &conversation, "--limit", "1"]).await.remove(0);
    assert_eq!((&last["forwarded"], text(&last, "reply_to")), (&true.into(), id));
}

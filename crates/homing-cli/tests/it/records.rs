//! Properties and interests on the command line: kept, shared, noted from both sides.

use crate::support::{Pair, text};

#[tokio::test]
async fn a_property_is_kept_shared_and_asked_about() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let new = [
        "property",
        "new",
        "--title",
        "Villa Rosa",
        "--price",
        "420000 EUR",
        "--place",
        "Sopot",
        "--status",
        "available",
        "--internal-notes",
        "would take 400",
    ];
    let villa = ada.one(&new).await;
    assert_eq!(villa["fields"]["price"], serde_json::json!({ "minor": 42_000_000.0, "currency": "EUR" }));
    assert_eq!(text(&villa["fields"], "internal_notes"), "would take 400");
    let preview = ada.one(&["property", "preview", "Villa Rosa"]).await;
    assert!(preview["fields"]["internal_notes"].is_null());
    assert_eq!(preview["hidden"][0], "internal_notes");
    let id = text(&villa, "id");

    let shared = ada.one(&["property", "publish", &id[..8], "--to", "Ben Okafor"]).await;
    assert_eq!(shared["copies"][0]["name"], "Ben Okafor");
    ada.one(&["conversation", "link", &conversation, "Villa Rosa"]).await;
    ada.one(&["sync"]).await;
    ben.one(&["sync"]).await;
    let listed = ben.all(&["property", "list"]).await;
    assert_eq!((listed.len(), text(&listed[0], "id"), &listed[0]["shared"]), (1, id.clone(), &true.into()));
    assert!(listed[0]["fields"]["internal_notes"].is_null());
    assert_eq!(ben.one(&["conversation", "show", &conversation]).await["records"][0], id.as_str());
    assert_eq!(ben.fails(&["property", "set", "Villa Rosa", "--title", "Ruin"]).await, "role_forbids");

    let noted = ben.one(&["interest", "set", "Villa Rosa", "--level", "very_high"]).await;
    assert_eq!(text(&noted["fields"], "status"), "interested");
    let asked = ben.one(&["property", "ask", "Villa Rosa", "May I see it?"]).await;
    assert_eq!(text(&asked, "conversation"), conversation);
    ben.one(&["sync"]).await;
    ada.one(&["sync"]).await;
    let interests = ada.all(&["interest", "list", "--client", "Ben Okafor"]).await;
    assert_eq!((interests.len(), text(&interests[0], "title")), (1, "Villa Rosa".into()));
    assert_eq!(ada.bodies(&conversation).await.last().unwrap(), "May I see it?");
    ada.one(&["interest", "set", "Villa Rosa", "--status", "viewing_scheduled"]).await;
    let csv = ada.run(&["interest", "list", "--csv"]).await.output.stdout;
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("Villa Rosa,very high,viewing scheduled"), "{csv}");

    ada.one(&["interest", "remove", "Villa Rosa"]).await;
    assert!(ada.all(&["interest", "list"]).await.is_empty());
    ada.one(&["property", "withdraw", "Villa Rosa", "--from", "Ben Okafor"]).await;
    ada.one(&["sync"]).await;
    ben.one(&["sync"]).await;
    assert!(ben.all(&["property", "list"]).await.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_is_said_before_anything_is_kept() {
    let Pair { relay: _relay, ada, .. } = Pair::meet().await;
    let new = ["property", "new", "--title", "Villa", "--status", "haunted"];
    assert_eq!(ada.fails(&new).await, "invalid_argument");
    assert_eq!(ada.fails(&["property", "new", "--title", " "]).await, "invalid_argument");
    assert_eq!(
        ada.fails(&["property", "new", "--title", "Villa", "--price", "cheap"]).await,
        "invalid_argument"
    );
    assert_eq!(ada.fails(&["property", "show", "Villa"]).await, "not_found");
    assert!(ada.all(&["property", "list"]).await.is_empty());
    ada.one(&["property", "new", "--title", "Villa"]).await;
    ada.one(&["property", "new", "--title", "Villa"]).await;
    assert_eq!(ada.fails(&["property", "show", "Villa"]).await, "ambiguous_name");
    assert_eq!(ada.fails(&["interest", "set", "Villa", "--level", "endless"]).await, "ambiguous_name");
}

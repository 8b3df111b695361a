//! Properties and interests on the command line: kept, shared, noted from both sides.

use crate::devices::link;
use crate::support::{Device, Pair, text};

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

#[tokio::test]
async fn photos_are_put_in_order_and_taken_away() {
    let Pair { relay: _relay, ada, .. } = Pair::meet().await;
    let paths = ["front.jpg", "garden.jpg", "bath.jpg"].map(|name| {
        let path = ada.file(name);
        std::fs::write(&path, name).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let [front, garden, bath] = &paths;
    ada.one(&["property", "new", "--title", "Villa Rosa", "--photo", front, "--photo", garden]).await;
    let photos = async |options: &[&str]| -> Vec<String> {
        let rows = ada.all(&[&["property", "photos", "Villa Rosa"], options].concat()).await;
        rows.iter().map(|row| text(row, "name")).collect()
    };
    assert_eq!(photos(&[]).await, ["front.jpg", "garden.jpg"]);
    assert_eq!(
        photos(&["--add", bath, "--first", "garden.jpg"]).await,
        ["garden.jpg", "front.jpg", "bath.jpg"]
    );
    let id = text(&ada.all(&["property", "photos", "Villa Rosa"]).await[1], "id");
    assert_eq!(photos(&["--remove", &id]).await, ["garden.jpg", "bath.jpg"]);
    assert_eq!(ada.fails(&["property", "photos", "Villa Rosa", "--remove", "attic.jpg"]).await, "not_found");
    assert_eq!(photos(&["--first", "bath.jpg", "--first", "garden.jpg"]).await, ["bath.jpg", "garden.jpg"]);
    assert_eq!(photos(&["--remove", "bath.jpg", "--remove", "garden.jpg"]).await, [] as [&str; 0]);
}

#[tokio::test]
async fn an_interest_is_shown_settled_and_taken_up_again() {
    let Pair { relay: _relay, ada, ben, .. } = Pair::meet().await;
    ada.one(&["property", "new", "--title", "Villa Rosa"]).await;
    ada.one(&["property", "publish", "Villa Rosa", "--to", "Ben Okafor"]).await;
    ada.sync().await;
    ben.sync().await;
    // Both note it before they hear of each other.
    ada.one(&["interest", "set", "Villa Rosa", "--level", "high"]).await;
    ben.one(&["interest", "set", "Villa Rosa", "--level", "low"]).await;
    ada.sync().await;
    ben.sync().await;
    ada.sync().await;
    let shown = ada.one(&["interest", "show", "Villa Rosa"]).await;
    let level = &shown["choices"]["level"];
    let low = level.as_array().unwrap().iter().find(|version| version["value"] == "low").unwrap();
    assert_eq!(text(low, "by_name"), "Ben Okafor");
    let settled = ada
        .one(&["interest", "settle", "Villa Rosa", "level", &text(low, "change"), "--client", "Ben Okafor"])
        .await;
    assert_eq!(
        (text(&settled["fields"], "level"), &settled["choices"]),
        ("low".into(), &serde_json::json!({}))
    );
    ada.one(&["interest", "remove", "Villa Rosa"]).await;
    assert_eq!(ada.fails(&["interest", "show", "Villa Rosa"]).await, "not_found");
    ada.one(&["interest", "restore", "Villa Rosa"]).await;
    assert_eq!(text(&ada.one(&["interest", "show", "Villa Rosa"]).await["fields"], "level"), "low");
    assert_eq!(ada.fails(&["interest", "restore", "Villa Rosa"]).await, "not_found");
}

#[tokio::test]
async fn photos_added_apart_are_all_kept() {
    let Pair { relay, ada, .. } = Pair::meet().await;
    let laptop = link(&ada, &relay.address, Device::new()).await;
    laptop.sync().await;
    ada.one(&["property", "new", "--title", "Villa Rosa"]).await;
    ada.sync().await;
    laptop.sync().await;
    for (device, name) in [(&ada, "front.jpg"), (&laptop, "garden.jpg")] {
        let path = device.file(name);
        std::fs::write(&path, name).unwrap();
        device.all(&["property", "photos", "Villa Rosa", "--add", path.to_str().unwrap()]).await;
    }
    ada.sync().await;
    laptop.sync().await;
    ada.sync().await;
    assert_eq!(ada.fails(&["property", "settle", "Villa Rosa", "title", "--all"]).await, "invalid_argument");
    ada.one(&["property", "settle", "Villa Rosa", "photos", "--all"]).await;
    let photos = ada.all(&["property", "photos", "Villa Rosa"]).await;
    let mut names: Vec<String> = photos.iter().map(|photo| text(photo, "name")).collect();
    names.sort();
    assert_eq!(names, ["front.jpg", "garden.jpg"]);
}

#[tokio::test]
async fn a_photo_that_the_relay_does_not_take_says_so_and_goes_once_it_does() {
    let Pair { mut relay, ada, .. } = Pair::meet().await;
    let desktop = link(&ada, &relay.address, Device::new()).await;
    ada.one(&["property", "new", "--title", "Villa Rosa"]).await;
    ada.sync().await;
    relay.kill().await;
    let path = ada.file("front.jpg");
    std::fs::write(&path, "the front of the house").unwrap();
    let photos = ["property", "photos", "Villa Rosa"];
    let add = [photos.as_slice(), &["--add", path.to_str().unwrap()]].concat();
    assert_eq!(ada.text(&add, "state").await, "waiting");
    relay.start_again_with(&["--file-mb", "0"]).await;
    ada.sync().await;
    let refused = ada.one(&photos).await;
    assert_eq!(text(&refused, "state"), "too_large");
    let shown = ada.plain(&photos).await;
    assert!(shown.contains("too large: larger than what the relay takes. Take it out"), "{shown}");
    // It is here all the same.
    let (id, saved) = (text(&refused, "id"), ada.file("saved.jpg"));
    ada.one(&["attachment", "save", &id, saved.to_str().unwrap()]).await;
    assert_eq!(std::fs::read(&saved).unwrap(), b"the front of the house");

    // Where there is only no room for it now, it waits, and goes once there is.
    relay.kill().await;
    relay.start_again_with(&["--account-files-mb", "0"]).await;
    assert_eq!(ada.text(&["files", "fetch", &id], "state").await, "waiting");
    assert_eq!(ada.fails(&["sync"]).await, "relay_quota");
    let held = ada.one(&photos).await;
    assert_eq!((text(&held, "state").as_str(), &held["error"]["code"]), ("waiting", &"relay_quota".into()));
    let shown = ada.plain(&photos).await;
    assert!(shown.contains("waiting: Your share of the relay's storage is used up."), "{shown}");

    relay.kill().await;
    relay.start_again().await;
    ada.sync().await;
    assert_eq!(ada.text(&photos, "state").await, "ready");
    desktop.sync().await;
    let saved = desktop.file("saved.jpg");
    desktop.one(&["attachment", "save", &id, saved.to_str().unwrap()]).await;
    assert_eq!(std::fs::read(&saved).unwrap(), b"the front of the house");
}

//! Quick replies on the command line.

use crate::support::*;

#[tokio::test]
async fn quick_replies_are_written_used_and_kept_in_tables() {
    let Pair { relay: _relay, ada, ben, conversation, .. } = Pair::meet().await;
    let body = "Dear {{client.first_name}},\nyou can come from {{reservation.check_in}} on. {{me.name}}";
    let added = ada.one(&["quick", "add", "Check-in", body, "--category", "check-in"]).await;
    assert_eq!((text(&added, "category"), &added["active"]), ("check_in".to_owned(), &true.into()));
    let id = text(&added, "id");
    assert_eq!(ada.fails(&["quick", "add", " ", "words"]).await, "invalid_argument");
    assert_eq!(
        ada.fails(&["quick", "add", "Map", "words", "--category", "by sea"]).await,
        "invalid_argument"
    );

    let plan = ada.file("plan.txt");
    std::fs::write(&plan, "The way to the house").unwrap();
    let missing = ada.file("nowhere.txt");
    let with = ["quick", "edit", &id, "--file"];
    assert_eq!(ada.fails(&[&with[..], &[missing.to_str().unwrap()]].concat()).await, "file_failed");
    let edited = ada.one(&[&with[..], &[plan.to_str().unwrap()]].concat()).await;
    assert_eq!(edited["files"], serde_json::json!(["plan.txt"]));

    let used = ada.one(&["quick", "use", &id, &conversation]).await;
    assert!(text(&used, "text").starts_with("Dear Ben,\nyou can come from {{reservation.check_in}} on."));
    assert_eq!(used["gaps"], serde_json::json!(["reservation.check_in"]));
    ada.one(&["draft", "send", &conversation]).await;
    assert_eq!(ada.all(&["quick", "list"]).await[0]["uses"], 1);
    ada.sync().await;
    ben.sync().await;
    assert!(ben.bodies(&conversation).await[1].starts_with("Dear Ben,"));
    assert_eq!(ben.all(&["messages", &conversation]).await[1]["attachments"][0]["name"], "plan.txt");
    assert_eq!(ada.one(&["quick", "edit", &id, "--no-files"]).await["files"], serde_json::json!([]));

    let file = ada.file("quick.csv");
    ada.one(&["quick", "export", file.to_str().unwrap()]).await;
    let table = std::fs::read_to_string(&file).unwrap();
    // Spreadsheets know UTF-8 by its mark.
    let header = "\u{feff}title,body,category,active,property\r\n";
    assert!(table.starts_with(&format!("{header}Check-in,\"Dear ")), "{table}");
    let bad = format!("{table}Map,,directions,yes,\r\n");
    std::fs::write(&file, bad).unwrap();
    assert_eq!(ada.fails(&["quick", "import", file.to_str().unwrap()]).await, "invalid_argument");
    std::fs::write(&file, format!("{table}Map,Follow the river,directions,no,\r\n")).unwrap();
    let looked = ada.one(&["quick", "import", file.to_str().unwrap(), "--check"]).await;
    assert_eq!((&looked["taken"], &looked["lines"][0]["duplicate"]), (&0.into(), &true.into()));
    assert_eq!(ada.one(&["quick", "import", file.to_str().unwrap()]).await["taken"], 1);
    assert_eq!(ada.all(&["quick", "list"]).await.len(), 1, "what is not offered is not listed");
    assert_eq!(ada.all(&["quick", "list", "--all", "river"]).await.len(), 1);

    ada.one(&["quick", "edit", "Map", "--active"]).await;
    assert_eq!(ada.all(&["quick", "list", "--category", "directions"]).await.len(), 1);
    ada.one(&["quick", "remove", &id]).await;
    assert_eq!(ada.all(&["quick", "list"]).await.len(), 1);
    ada.one(&["quick", "remove", &id, "--undo"]).await;
    assert_eq!(ada.all(&["quick", "list"]).await.len(), 2);
}

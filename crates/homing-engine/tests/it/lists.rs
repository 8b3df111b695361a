//! Lists as a whole, and choosing by name: however many there are, nothing is left out silently.

use std::collections::BTreeMap;

use homing_engine::api::{
    Call, Choice, ConversationGroups, ConversationMark, ConversationMarks, ConversationNew, ConversationRow,
    ConversationsById, Filter, GroupedConversations, Heading, NewConversation, Pick, PickFrom, Picked,
    RecordDelete, RecordLink, RecordNew, RecordRow, RecordValue,
};

use crate::tools::Desk;

fn begin(desk: &mut Desk, subject: &str) -> String {
    let new = ConversationNew {
        subject: Some(subject.to_owned()),
        with: Vec::new(),
        message: Some("hello".to_owned()),
        attachments: Vec::new(),
        about: Vec::new(),
    };
    desk.does::<NewConversation>(Call::ConversationNew(new)).id
}

fn property(desk: &mut Desk, title: &str) -> String {
    let fields = BTreeMap::from([("title".to_owned(), Some(RecordValue::Text(title.to_owned())))]);
    desk.does::<RecordRow>(Call::RecordNew(RecordNew {
        kind: "property".to_owned(),
        fields,
        files: Vec::new(),
    }))
    .id
}

fn link(desk: &mut Desk, conversation: &str, record: &str) {
    let args = RecordLink { conversation: conversation.to_owned(), record: record.to_owned(), on: true };
    let _: ConversationRow = desk.does(Call::RecordLink(args));
}

fn headings(desk: &mut Desk, by: Heading) -> Vec<(String, Vec<String>)> {
    let args = ConversationGroups { filter: Filter::Active, by, limit: 2 };
    let grouped: GroupedConversations = desk.does(Call::ConversationGroups(args));
    assert!(grouped.rows.len() <= 2);
    grouped.groups.into_iter().map(|group| (group.name, group.conversations)).collect()
}

#[test]
fn a_conversation_stands_under_each_of_its_properties() {
    let (_folder, mut desk) = Desk::with("Ada");
    let [one, two, three] = ["The boiler", "The garden", "Tea"].map(|subject| begin(&mut desk, subject));
    let (villa, flat) = (property(&mut desk, "Villa Rosa"), property(&mut desk, "The flat"));
    link(&mut desk, &one, &villa);
    link(&mut desk, &one, &flat);
    link(&mut desk, &two, &flat);
    let head = |name: &str, of: &[&String]| (name.to_owned(), of.iter().map(|id| (*id).clone()).collect());
    let under: BTreeMap<String, Vec<String>> = headings(&mut desk, Heading::Record).into_iter().collect();
    let expected: BTreeMap<String, Vec<String>> =
        BTreeMap::from([head("Villa Rosa", &[&one]), head("The flat", &[&two, &one]), head("", &[&three])]);
    assert_eq!(under, expected);
    assert_eq!(headings(&mut desk, Heading::Record).last().unwrap().0, "", "nothing comes last");
    // What is deleted is no heading.
    let _: RecordRow = desk.does(Call::RecordDelete(RecordDelete { record: villa, deleted: true }));
    let names: Vec<String> = headings(&mut desk, Heading::Record).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["The flat", ""]);
    assert_eq!(headings(&mut desk, Heading::Client).len(), 1);

    let args = ConversationsById { conversations: vec![two.clone(), "gone".to_owned()] };
    let rows: Vec<ConversationRow> = desk.does(Call::ConversationsById(args));
    assert_eq!(rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), [two]);
}

#[test]
fn all_of_a_list_is_answered_and_named() {
    let (_folder, mut desk) = Desk::with("Ada");
    for n in 0..120 {
        begin(&mut desk, &format!("Talk {n}"));
    }
    let marks: Vec<ConversationMark> =
        desk.does(Call::ConversationMarks(ConversationMarks { filter: Filter::Active }));
    let listed: Vec<(String, String)> =
        desk.list(Filter::Active).into_iter().map(|row| (row.id, row.title)).collect();
    assert!(listed.len() >= 120);
    assert_eq!(marks.iter().map(|one| (one.id.clone(), one.title.clone())).collect::<Vec<_>>(), listed);
    assert!(marks.iter().all(|one| !one.archived && !one.staffed));
}

#[test]
fn what_is_typed_finds_names_by_words_and_then_by_letters() {
    let (_folder, mut desk) = Desk::with("Ada");
    for subject in ["Villa Rosa", "Vanilla roast", "Rosalind"] {
        begin(&mut desk, subject);
    }
    for title in ["Villa Rosa", "The flat"] {
        property(&mut desk, title);
    }
    let mut pick = |from: PickFrom, query: &str, limit: u32| {
        let picked: Picked = desk.does(Call::Pick(Pick { from, query: query.to_owned(), limit }));
        let titles = picked.choices.into_iter().map(|Choice { title, .. }| title).collect::<Vec<_>>();
        (titles, picked.more)
    };
    let (newest, more) = pick(PickFrom::Conversations, "", 2);
    assert_eq!((newest, more), (vec!["Rosalind".to_owned(), "Vanilla roast".to_owned()], true));
    assert_eq!(pick(PickFrom::Writable, "ros", 5).0, ["Rosalind", "Villa Rosa", "Vanilla roast"]);
    assert_eq!(pick(PickFrom::Conversations, "vlros", 5).0, ["Vanilla roast", "Villa Rosa"]);
    assert_eq!(pick(PickFrom::Talks, "rosa", 5).0, ["Rosalind", "Villa Rosa"]);
    assert_eq!(pick(PickFrom::Properties, "", 5).0, ["The flat", "Villa Rosa"]);
    assert_eq!(pick(PickFrom::Properties, "vlrosa", 5).0, ["Villa Rosa"]);
    assert_eq!(pick(PickFrom::People, "", 5), (Vec::new(), false));
    assert_eq!(pick(PickFrom::Conversations, "!", 5), (Vec::new(), false));
}

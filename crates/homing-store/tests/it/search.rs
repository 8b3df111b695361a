use homing_store::attachments::{AttachmentRow, FileKey, FileState};
use homing_store::search::{self, Cursor, FileKind, Order, Query};
use homing_store::{Store, cleared, messages};
use homing_wire::DocId;
use proptest::prelude::*;

use crate::support::{ALICE, BOB, Profile, doc, message, own};

fn found(store: &Store, query: &Query) -> Vec<DocId> {
    search::find(&store.read(), query).unwrap().0.iter().map(|hit| hit.message).collect()
}

fn text(words: &str) -> Query {
    Query { text: words.to_owned(), limit: 50, ..Default::default() }
}

fn says(n: u32, body: &str) -> messages::NewMessage {
    let mut one = message(n);
    one.body = body.to_owned();
    one
}

#[test]
fn words_are_found_however_they_are_typed() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        messages::insert(
            tx,
            vec![
                says(1, "Mieszkanie w Łodzi, trzy pokoje"),
                says(2, "Straße nach Ålesund"),
                says(3, "東京都のマンション"),
                says(4, "the viewing is on Friday"),
            ],
        )
    });
    let find = |words: &str| found(&profile.store, &text(words));
    assert_eq!(find("lodzi"), [message(1).id]);
    assert_eq!(find("STRASSE alesund"), [message(2).id]);
    assert_eq!(find("京都"), [message(3).id]);
    assert_eq!(find("都"), [message(3).id]);
    assert_eq!(find("マンション"), [message(3).id]);
    assert_eq!(find("ンマ"), []);
    assert_eq!(find("view"), [message(4).id]);
    assert_eq!(find("vi"), []);
    assert_eq!(find("view "), []);
    assert_eq!(find("\"on friday\""), [message(4).id]);
    assert_eq!(find("\"friday on\""), []);
    assert_eq!(find("km"), []);
    assert_eq!(find(""), []);
    assert_eq!(find("?!"), []);
}

#[test]
fn newest_first_page_by_page_within_what_was_asked() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let mut batch: Vec<_> = (0..20).map(message).collect();
        for one in batch.iter_mut().filter(|one| one.dseq.is_multiple_of(2)) {
            one.conversation = doc(2);
        }
        batch.push(own(30));
        messages::insert(tx, batch)
    });
    let all = found(&profile.store, &text("message"));
    assert_eq!(all.len(), 21);
    assert_eq!((all[0], all[20]), (own(30).id, message(0).id));
    assert_eq!(
        found(&profile.store, &Query { conversations: Some(vec![doc(2)]), ..text("number") }).len(),
        10
    );
    assert_eq!(found(&profile.store, &Query { people: Some(vec![ALICE]), ..text("number") }), [own(30).id]);
    assert_eq!(found(&profile.store, &Query { people: Some(vec![BOB]), ..text("number") }).len(), 20);
    assert_eq!(found(&profile.store, &Query { with_file: true, ..text("number") }), []);
    assert_eq!(found(&profile.store, &Query { conversations: Some(vec![doc(77)]), ..text("number") }), []);

    let (first, cursor) =
        search::find(&profile.store.read(), &Query { limit: 15, ..text("number") }).unwrap();
    let cursor: Cursor = cursor.unwrap().to_string().parse().unwrap();
    let rest = Query { limit: 15, after: Some(cursor), ..text("number") };
    let (second, end) = search::find(&profile.store.read(), &rest).unwrap();
    assert_eq!((first.len(), second.len(), end), (15, 6, None));
    assert_eq!(first[0].snippet.iter().find(|part| part.hit).unwrap().text, "number");
}

#[test]
fn a_common_word_is_itself_before_it_is_a_beginning() {
    let mut profile = Profile::new();
    profile.write(|tx| messages::insert(tx, vec![says(1, "lake"), says(2, "lake"), says(3, "lakeside")]));
    let wide = |limit| Query { limit, ..text("lake") };
    assert_eq!(found(&profile.store, &wide(9)), [message(3).id, message(2).id, message(1).id]);
    let (first, cursor) = search::find(&profile.store.read(), &wide(1)).unwrap();
    assert_eq!(first[0].message, message(2).id);
    let cursor: Cursor = cursor.unwrap().to_string().parse().unwrap();
    assert_eq!(found(&profile.store, &Query { after: Some(cursor), ..wide(9) }), [message(1).id]);
    assert!("x12".parse::<Cursor>().is_err());
}

#[test]
fn deleted_and_hidden_things_are_not_found() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        messages::insert(tx, vec![message(1), message(2), own(3)])?;
        messages::delete(tx, &message(1).id)?;
        messages::set_body(tx, &own(3).id, "entirely different")
    });
    assert_eq!(found(&profile.store, &text("number")), [message(2).id]);
    assert_eq!(found(&profile.store, &text("different")), [own(3).id]);
    let listed = |profile: &Profile| {
        let (hits, _) = search::find(&profile.store.read(), &text("different")).unwrap();
        search::talks(&profile.store.read(), Some(&[hits[0].talk])).unwrap()[0].listed
    };
    assert!(listed(&profile));
    profile.write(|tx| {
        let mark = cleared::all_of(tx, &doc(1))?;
        cleared::set(tx, &doc(1), &mark)?;
        assert!(messages::put_aside(tx, &doc(1), true, 100)?.messages > 0);
        Ok(())
    });
    assert_eq!(found(&profile.store, &text("number")), []);
    assert!(!listed(&profile), "what is on its way is found, and whoever shows hits asks where they stand");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_text_is_a_query(bodies in prop::collection::vec(any::<String>(), 1..6), queries in prop::collection::vec(any::<String>(), 1..12)) {
        let mut profile = Profile::new();
        profile.write(|tx| {
            messages::insert(tx, bodies.iter().zip(0..).map(|(body, n)| says(n, body)).collect())
        });
        for words in queries.iter().chain(&bodies) {
            search::find(&profile.store.read(), &text(words)).unwrap();
        }
        // Taking the words out again must hit exactly those put in.
        for n in 0..bodies.len() as u32 {
            profile.write(|tx| messages::delete(tx, &message(n).id));
        }
        let kinds = homing_store::doctor::Kinds { conversation: 1, message: 2, records: Vec::new() };
        prop_assert_eq!(profile.write(|tx| homing_store::doctor::scan(tx, &kinds)), vec![]);
    }
}

#[test]
fn syntax_of_the_index_is_only_text() {
    let mut profile = Profile::new();
    profile.write(|tx| messages::insert(tx, vec![message(1)]));
    for words in [
        "\"",
        "a\"b\"c\"",
        "NEAR(number message)",
        "body : number",
        "number AND",
        "^number",
        "(",
        "*",
        "km OR f",
        "'",
        "\0x",
    ] {
        search::find(&profile.store.read(), &text(words)).unwrap();
    }
    assert_eq!(found(&profile.store, &text("message NOT number")), []);
}

fn file(name: &str, mime: &str) -> AttachmentRow {
    AttachmentRow {
        id: DocId::from_hash(&{
            let mut id = [0; 32];
            id[..name.len()].copy_from_slice(name.as_bytes());
            id
        }),
        message: doc(0),
        position: 0,
        blob: None,
        key: FileKey(zeroize::Zeroizing::new([0; 32])),
        name: name.to_owned(),
        mime: mime.to_owned(),
        size: 1,
        chunks: Vec::new(),
        width: None,
        height: None,
        state: FileState::Remote,
        progress: 0.0,
        path: None,
        thumbnail: None,
        voice: None,
        pinned: false,
    }
}

#[test]
fn files_are_found_by_their_names_until_they_go() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let plan = messages::NewMessage {
            attachments: vec![file("Grundriss.pdf", "application/pdf")],
            ..says(1, "")
        };
        let photo = messages::NewMessage {
            attachments: vec![file("Villa.jpg", "image/jpeg")],
            ..says(2, "see here")
        };
        messages::insert(tx, vec![plan, photo, says(3, "no file")]).map(drop)
    });
    let (hits, _) = search::find(&profile.store.read(), &text("grundr")).unwrap();
    assert_eq!(hits[0].message, message(1).id);
    let name: Vec<(&str, bool)> =
        hits[0].file.as_deref().unwrap().iter().map(|part| (part.text.as_str(), part.hit)).collect();
    assert_eq!(name, [("Grundriss", true), (".pdf", false)]);
    let of = |kind| Query { file_kind: Some(kind), ..text("") };
    assert_eq!(found(&profile.store, &of(FileKind::Image)), [message(2).id]);
    assert_eq!(found(&profile.store, &of(FileKind::Document)), [message(1).id]);
    assert_eq!(found(&profile.store, &Query { with_file: true, ..text("") }).len(), 2);
    profile.write(|tx| messages::set_body(tx, &message(2).id, "look there"));
    assert_eq!(found(&profile.store, &text("villa there")), [message(2).id]);
    profile.write(|tx| {
        messages::delete(tx, &message(1).id)?;
        messages::remove(tx, &message(2).id).map(drop)
    });
    assert_eq!(found(&profile.store, &text("grundriss")), []);
    assert_eq!(found(&profile.store, &text("villa")), []);
    let kinds = homing_store::doctor::Kinds { conversation: 1, message: 2, records: Vec::new() };
    assert_eq!(profile.write(|tx| homing_store::doctor::scan(tx, &kinds)), vec![]);
}

#[test]
fn a_search_is_narrowed_by_time_link_and_what_is_unread() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let mut batch: Vec<_> = (0..10).map(|n| says(n, "about the house")).collect();
        batch[4].body = "see https://example.org/house".to_owned();
        for one in &mut batch {
            one.unread = one.dseq > 8;
        }
        messages::insert(tx, batch).map(drop)
    });
    let at = |n: u32| message(n).at_ms;
    let span = Query { since_ms: Some(at(3)), until_ms: Some(at(6)), ..text("house") };
    assert_eq!(found(&profile.store, &span), [5, 4, 3].map(|n| message(n).id));
    assert_eq!(found(&profile.store, &Query { text: String::new(), ..span }).len(), 3);
    assert_eq!(found(&profile.store, &Query { with_link: true, ..text("") }), [message(4).id]);
    assert_eq!(found(&profile.store, &Query { unread: true, ..text("hou") }), [9, 8].map(|n| message(n).id));
    assert_eq!(found(&profile.store, &Query { unread: true, people: Some(vec![ALICE]), ..text("hou") }), []);
    assert_eq!(found(&profile.store, &Query { without: vec![BOB], ..text("house") }), []);
    profile.write(|tx| messages::mark_read(tx, &[message(9).id]));
    assert_eq!(found(&profile.store, &Query { unread: true, ..text("") }), [message(8).id]);
}

#[test]
fn many_unread_messages_are_found_as_few_are() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let all = (0..1_500).map(|n| messages::NewMessage { unread: n % 3 != 0, ..says(n, "a house") });
        messages::insert(tx, all.collect()).map(drop)
    });
    let unread = Query { unread: true, limit: 400, ..text("house") };
    let mut all = found(&profile.store, &unread);
    let mut after = search::find(&profile.store.read(), &unread).unwrap().1;
    while let Some(cursor) = after {
        let (hits, next) =
            search::find(&profile.store.read(), &Query { after: Some(cursor), ..unread.clone() }).unwrap();
        all.extend(hits.iter().map(|hit| hit.message));
        after = next;
    }
    let expected: Vec<DocId> = (0..1_500).rev().filter(|n| n % 3 != 0).map(|n| message(n).id).collect();
    assert_eq!(all, expected);
}

#[test]
fn the_best_comes_first_if_asked_for_and_pages_go_on() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        let mut batch: Vec<_> =
            (0..30).map(|n| says(n, &format!("heating and {}", "more ".repeat(20)))).collect();
        batch[3].body = "heating heating".to_owned();
        messages::insert(tx, batch).map(drop)
    });
    let best = Query { order: Order::Best, limit: 20, ..text("heating") };
    let (first, cursor) = search::find(&profile.store.read(), &best).unwrap();
    assert_eq!(first[0].message, message(3).id);
    assert_eq!(first[1].message, message(29).id, "of those that fit alike the newest");
    let cursor: Cursor = cursor.unwrap().to_string().parse().unwrap();
    let rest = search::find(&profile.store.read(), &Query { after: Some(cursor), ..best }).unwrap();
    assert_eq!((rest.0.len(), rest.1), (10, None));
}

use homing_store::search::{self, Cursor, Query};
use homing_store::{Store, conversations, messages};
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
    assert_eq!(found(&profile.store, &Query { conversation: Some(doc(2)), ..text("number") }).len(), 10);
    assert_eq!(found(&profile.store, &Query { person: Some(ALICE), ..text("number") }), [own(30).id]);
    assert_eq!(found(&profile.store, &Query { person: Some(BOB), ..text("number") }).len(), 20);
    assert_eq!(found(&profile.store, &Query { with_file: true, ..text("number") }), []);
    assert_eq!(found(&profile.store, &Query { conversation: Some(doc(77)), ..text("number") }), []);

    let (first, cursor) =
        search::find(&profile.store.read(), &Query { limit: 15, ..text("number") }).unwrap();
    let cursor: Cursor = cursor.unwrap().to_string().parse().unwrap();
    let rest = Query { limit: 15, before: Some(cursor), ..text("number") };
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
    assert_eq!(found(&profile.store, &Query { before: Some(cursor), ..wide(9) }), [message(1).id]);
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
    profile.write(|tx| conversations::set_hidden(tx, &doc(1), true));
    assert_eq!(found(&profile.store, &text("number")), []);
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

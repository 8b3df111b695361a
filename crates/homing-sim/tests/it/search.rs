//! Searching what people wrote, with the words that narrow it.

use homing_engine::api::{
    Call, Completion, PersonRow, PersonSet, Pick, PickFrom, Picked, RecentSearches, Search, SearchComplete,
    SearchOrder, SearchPage, SnippetPart,
};
use homing_sim::{DeviceId, World};

use crate::house::House;

fn page(world: &mut World, device: DeviceId, query: &str) -> SearchPage {
    world.search(device, query).unwrap()
}

fn found(world: &mut World, device: DeviceId, query: &str) -> Vec<String> {
    let hits = page(world, device, query).hits;
    hits.into_iter().map(|hit| hit.snippet.into_iter().map(|part| part.text).collect()).collect()
}

#[test]
fn filters_narrow_a_search_on_every_device_alike() {
    let mut house = House::new(31);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(ben, &two, "the boiler is cold").unwrap();
    world.run_for(60_000).unwrap();
    world.send(cora, &group, "the boiler is old, see https://example.org/boiler").unwrap();
    world.run_for(60_000).unwrap();
    world.send(laptop, &group, "somebody looks at the boiler").unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        let old = "the boiler is old, see https://example.org/boiler";
        assert_eq!(found(world, device, "boiler from:ben"), ["the boiler is cold"]);
        assert_eq!(found(world, device, "boi from:co"), [old]);
        assert_eq!(found(world, device, "boiler in:two"), ["the boiler is cold"]);
        assert_eq!(found(world, device, "boiler client:ben"), ["the boiler is cold"]);
        assert_eq!(found(world, device, "boiler from:me"), ["somebody looks at the boiler"]);
        assert_eq!(found(world, device, "has:link"), [old]);
        assert_eq!(found(world, device, "boiler after:1d").len(), 3);
        assert_eq!(found(world, device, "boiler before:1d").len(), 0);
        assert_eq!(found(world, device, "boiler is:unread").len(), 2);
        assert_eq!(found(world, device, "from:me from:ben").len(), 0);
        let unknown = page(world, device, "boiler from:nobody");
        assert!(unknown.hits.is_empty() && unknown.chips[0].unknown);
        let known = page(world, device, "from:be in:\"two\"");
        let chips: Vec<(&str, &str)> =
            known.chips.iter().map(|chip| (chip.text.as_str(), chip.label.as_str())).collect();
        assert_eq!(chips, [("from:be", "Ben"), ("in:\"two\"", "Two")]);
        let names = page(world, device, "gro");
        assert_eq!(names.conversations[0].id, group);
        assert_eq!(page(world, device, "cor").people.len(), 1);
    }
    world.read(desktop, &two).unwrap();
    world.settle().unwrap();
    assert_eq!(found(world, laptop, "boiler is:unread").len(), 1, "read there, not unread here");
}

#[test]
fn a_conversation_is_found_by_who_is_in_it_behind_those_whose_names_fit() {
    let mut house = House::new(34);
    let (laptop, two, group) = (house.laptop, house.two.clone(), house.group.clone());
    let world = &mut house.world;
    let named = world.conversation(laptop, "Cora's keys", &["Ben"]).unwrap();
    let of = |page: &SearchPage| -> Vec<(String, String)> {
        let title = |parts: &[SnippetPart]| parts.iter().map(|part| part.text.as_str()).collect::<String>();
        page.conversations.iter().map(|one| (title(&one.title), one.people.join(", "))).collect()
    };
    let pair = |title: &str, people: &str| (title.to_owned(), people.to_owned());
    let found = page(world, laptop, "cora");
    assert_eq!(found.conversations[0].id, named);
    assert_eq!(of(&found)[0], pair("Cora's keys", ""));
    assert!(of(&found).contains(&pair("Group", "Cora")), "{found:?}");
    assert!(!found.conversations.iter().any(|one| one.id == two), "she is not in it");
    // A title and a name together, as the palette finds it.
    let found = page(world, laptop, "gro ben");
    assert_eq!(found.conversations.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [group.as_str()]);
    assert_eq!(of(&found), [pair("Group", "Ben")]);
}

#[test]
fn a_search_follows_deletions_and_new_names() {
    let mut house = House::new(32);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    let message = world.send(laptop, &group, "the secret garden").unwrap();
    world.settle().unwrap();
    assert_eq!(page(world, desktop, "secret").hits[0].title, "Group");
    let rename =
        homing_engine::api::ConversationRename { conversation: group.clone(), subject: "Garden".into() };
    let _: homing_engine::api::ConversationRow = world.ask(laptop, Call::ConversationRename(rename)).unwrap();
    world.settle().unwrap();
    let after = page(world, desktop, "garden");
    assert_eq!(
        (after.hits[0].title.as_str(), after.conversations[0].id.as_str()),
        ("Garden", group.as_str())
    );
    assert!(page(world, desktop, "group").conversations.is_empty());
    let delete = homing_engine::api::ItemRef { id: message };
    let _: homing_engine::api::Done = world.ask(laptop, Call::MessageDelete(delete)).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(found(world, device, "secret"), Vec::<String>::new());
    }
    world.send(house.ben, &group, "put away and found").unwrap();
    world.settle().unwrap();
    world.archive(laptop, &group, true).unwrap();
    assert!(page(world, laptop, "found").hits[0].archived);
}

#[test]
fn the_best_comes_first_when_asked_for() {
    let mut house = House::new(33);
    let (laptop, two) = (house.laptop, house.two.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "boiler boiler boiler").unwrap();
    world.run_for(60_000).unwrap();
    world.send(laptop, &two, &format!("a boiler and {}", "many other words ".repeat(20))).unwrap();
    world.settle().unwrap();
    let best = Search { query: "boiler".into(), order: SearchOrder::Best, limit: 10, ..Search::default() };
    let hits: SearchPage = world.ask(laptop, Call::Search(best)).unwrap();
    let hits: Vec<bool> =
        hits.hits.iter().map(|hit| hit.snippet.iter().filter(|part| part.hit).count() == 3).collect();
    assert_eq!(hits, [true, false]);
}

#[test]
fn words_are_completed_and_searches_remembered_here() {
    let mut house = House::new(34);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let mut complete = |query: &str| -> Vec<String> {
        let args = SearchComplete { query: query.to_owned() };
        let all: Vec<Completion> = world.ask(laptop, Call::SearchComplete(args)).unwrap();
        all.into_iter().map(|one| one.query).collect()
    };
    assert_eq!(complete("boiler fr"), ["boiler from:"]);
    assert_eq!(complete("boiler from:be"), ["boiler from:Ben "]);
    assert_eq!(complete("in:g"), ["in:Group "]);
    assert_eq!(complete("has:i"), ["has:image "]);
    assert_eq!(complete("before:yes"), ["before:yesterday "]);
    assert!(complete("boiler ").is_empty());
    assert!(complete("10:30").is_empty());
    let mut recent = |device, args| -> Vec<String> { world.ask(device, Call::RecentSearches(args)).unwrap() };
    let keep = |query: &str| RecentSearches { keep: Some(query.into()), ..Default::default() };
    recent(laptop, keep("boi"));
    recent(laptop, keep("boiler"));
    assert_eq!(recent(laptop, keep("garden")), ["garden", "boiler"]);
    assert_eq!(recent(desktop, RecentSearches::default()), Vec::<String>::new(), "they stay here");
    let forget = RecentSearches { forget: Some("garden".into()), ..Default::default() };
    assert_eq!(recent(laptop, forget), ["boiler"]);
    assert!(recent(laptop, RecentSearches { clear: true, ..Default::default() }).is_empty());
}

#[test]
fn a_property_is_found_and_narrows_to_what_was_said_about_it() {
    use homing_engine::api::RecordLink;
    let mut house = House::new(64);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let world = &mut house.world;
    let villa = world
        .property(laptop, &[homing_sim::text("title", "Villa Rosa"), homing_sim::text("place", "Sopot")]);
    let villa = villa.unwrap().id;
    world.send(laptop, &two, "the boiler is new").unwrap();
    world.send(laptop, &house.group, "the boiler is old").unwrap();
    let link = RecordLink { conversation: two.clone(), record: villa.clone(), on: true };
    world.call(laptop, Call::RecordLink(link)).unwrap();
    world.settle().unwrap();
    let shown = page(world, laptop, "ros").records;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].id, villa);
    assert!(shown[0].title.iter().any(|part| part.hit && part.text == "Rosa"));
    assert_eq!(page(world, laptop, "sopot").records.len(), 1, "by its place");
    assert!(page(world, ben, "rosa").records.is_empty(), "what is not shared is not found");
    assert_eq!(found(world, laptop, "boiler record:villa"), ["the boiler is new"]);
    assert_eq!(found(world, laptop, &format!("boiler record:{villa}")), ["the boiler is new"]);
    assert!(page(world, laptop, "boiler record:castle").chips[0].unknown);
    world.publish(laptop, &villa, "Ben", true).unwrap();
    world.settle().unwrap();
    assert_eq!(page(world, ben, "rosa").records[0].id, villa);
    assert_eq!(found(world, ben, "boiler record:\"Villa Rosa\""), ["the boiler is new"]);
}

/// What is chosen from when this is typed: titles, and the people meant.
fn picked(world: &mut World, device: DeviceId, query: &str) -> Vec<(String, Vec<String>)> {
    let pick = Pick { from: PickFrom::Conversations, query: query.to_owned(), limit: 20 };
    let picked: Picked = world.ask(device, Call::Pick(pick)).unwrap();
    picked.choices.into_iter().map(|one| (one.title, one.people)).collect()
}

#[test]
fn a_conversation_is_chosen_by_who_is_in_it() {
    let mut house = House::new(65);
    let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
    let world = &mut house.world;
    let told = |title: &str, people: &[&str]| {
        (title.to_owned(), people.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    for device in [laptop, desktop] {
        // What is called so comes first, then what they are in, the last active first.
        let all = picked(world, device, "be");
        assert_eq!(all, [told("Ben", &[]), told("Group", &["Ben"]), told("Two", &["Ben"])]);
        assert_eq!(picked(world, device, "gro cor"), [told("Group", &["Cora"])]);
        assert_eq!(picked(world, device, "cora ben"), [told("Group", &["Ben", "Cora"])]);
        assert_eq!(picked(world, device, "two cora"), []);
        assert_eq!(picked(world, device, "tw"), [told("Two", &[])], "by its name");
    }
    // By what she is called here.
    let person = world.people(laptop).unwrap().into_iter().find(|row| row.name == "Cora").unwrap().id;
    let set = PersonSet { person: person.clone(), blocked: None, name: Some("The mason".to_owned()) };
    let _: Vec<PersonRow> = world.ask(laptop, Call::PersonSet(set)).unwrap();
    world.settle().unwrap();
    assert_eq!(picked(world, desktop, "mas"), [told("Group", &["The mason"])]);
    // Who is out of it does not stand for it.
    world.remove_member(laptop, &group, &person).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(picked(world, device, "mas"), []);
        assert_eq!(picked(world, device, "be").len(), 3);
    }
}

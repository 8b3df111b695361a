//! What happens to messages after they were sent: other words, reactions, answers, forwarding, deleting.

use homing_engine::api::{
    Call, Code, Done, Draft, DraftSet, Event, Focus, Forward, ItemRef, MessageEdit, Named, Nothing,
    PassphraseSet, Send, Sent, Settings, SettingsSet, Status, ThreadPage,
};
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest, same_messages};

fn row(world: &mut World, device: DeviceId, conversation: &str, id: &str) -> homing_engine::api::MessageRow {
    world.messages(device, conversation).unwrap().into_iter().find(|row| row.id == id).unwrap()
}

fn answer(world: &mut World, device: DeviceId, conversation: &str, text: &str, to: &str) -> String {
    let args = Send {
        conversation: conversation.to_owned(),
        text: text.to_owned(),
        reply_to: Some(to.to_owned()),
        ..Send::default()
    };
    world.ask::<Sent>(device, Call::Send(args)).unwrap().id
}

#[test]
fn words_given_apart_on_two_devices_have_one_winner_and_both_are_in_the_history() {
    for seed in 20..24 {
        let mut house = House::new(seed);
        let (laptop, desktop, group) = (house.laptop, house.desktop, house.group.clone());
        let everybody = house.devices();
        let world = &mut house.world;
        let id = world.send(laptop, &group, "the boiler sings").unwrap();
        world.settle().unwrap();
        for device in [laptop, desktop] {
            world.set_online(device, false).unwrap();
        }
        world.edit(laptop, &id, "the boiler hums").unwrap();
        world.edit(desktop, &id, "the boiler howls").unwrap();
        // Nobody saw these: they are no former words.
        world.edit(desktop, &id, "the boiler whistles").unwrap();
        assert!(row(world, laptop, &group, &id).changing.is_some(), "it is said that the edit waits");
        for device in [desktop, laptop] {
            world.set_online(device, true).unwrap();
            world.run_for(1_000).unwrap();
        }
        world.settle().unwrap();
        at_rest(world, &everybody);
        same_messages(world, &everybody, &group);
        let shown = row(world, laptop, &group, &id);
        assert!(shown.edited_at.is_some() && shown.changing.is_none());
        for device in &everybody {
            let mut words = world.wordings(*device, &id).unwrap();
            assert_eq!(
                (words.len(), &words[0], words.last()),
                (3, &"the boiler sings".to_owned(), Some(&shown.body))
            );
            words.sort();
            assert_eq!(words, ["the boiler hums", "the boiler sings", "the boiler whistles"]);
            assert!(world.search(*device, "sings").unwrap().hits.is_empty(), "former words are not found");
            let last = shown.body.rsplit(' ').next().unwrap();
            assert_eq!(world.search(*device, last).unwrap().hits.len(), 1);
        }
    }
}

#[test]
fn a_message_that_waits_is_changed_where_it_waits() {
    let mut house = House::new(25);
    let (laptop, ben, two) = (house.laptop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    world.set_online(laptop, false).unwrap();
    let draft = world.draft(laptop, &two).unwrap();
    world.draft_set(laptop, &two, "see you at tne", &draft.revision).unwrap();
    let id = world.draft_send(laptop, &two).unwrap().id;
    world.react(laptop, &id, "🙂", true).unwrap();
    world.edit(laptop, &id, "see you at ten").unwrap();
    let shown = row(world, laptop, &two, &id);
    assert_eq!(
        (shown.body.as_str(), shown.edited_at),
        ("see you at ten", None),
        "nobody has seen the first words"
    );
    // Taken back it brings the words it had last.
    world.ask::<homing_engine::api::Draft>(laptop, Call::OutboxEdit(ItemRef { id: id.clone() })).unwrap();
    assert_eq!(world.draft(laptop, &two).unwrap().text, "see you at ten");
    let id = world.draft_send(laptop, &two).unwrap().id;
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    at_rest(world, &everybody);
    assert_eq!(world.wordings(ben, &id).unwrap(), ["see you at ten"]);
    same_messages(world, &everybody, &two);
}

#[test]
fn nothing_of_a_deleted_message_comes_back_with_a_late_edit() {
    let mut house = House::new(26);
    let (laptop, desktop, ben, group) = (house.laptop, house.desktop, house.ben, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let id = world.send(laptop, &group, "the code is 1234").unwrap();
    world.settle().unwrap();
    world.edit(laptop, &id, "the code is 5678, @Ben").unwrap();
    world.react(ben, &id, "👍", true).unwrap();
    world.settle().unwrap();
    assert!(row(world, ben, &group, &id).mentions_me);
    world.set_online(desktop, false).unwrap();
    world.set_online(ben, false).unwrap();
    world.edit(desktop, &id, "the code is 9999").unwrap();
    world.react(ben, &id, "❤️", true).unwrap();
    world.delete_message(laptop, &id).unwrap();
    world.settle().unwrap();
    world.set_online(desktop, true).unwrap();
    world.set_online(ben, true).unwrap();
    world.settle().unwrap();
    at_rest(world, &everybody);
    same_messages(world, &everybody, &group);
    for device in everybody {
        let shown = row(world, device, &group, &id);
        assert!(shown.deleted && shown.body.is_empty() && shown.edited_at.is_none(), "{shown:?}");
        assert!(shown.reactions.is_empty() && shown.mentions.is_empty() && !shown.mentions_me);
        assert!(world.wordings(device, &id).unwrap().is_empty());
        assert!(world.search(device, "code").unwrap().hits.is_empty());
        let edit = Call::MessageEdit(MessageEdit { message: id.clone(), text: "back".to_owned() });
        let code = world.refusal(device, edit).unwrap().code;
        assert!(matches!(code, Code::NotFound | Code::RoleForbids), "{code:?}");
    }
}

#[test]
fn a_thread_is_the_same_from_wherever_it_is_opened() {
    let mut house = House::new(27);
    let (laptop, ben, cora, group) = (house.laptop, house.ben, house.cora, house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let root = world.send(laptop, &group, "which colour?").unwrap();
    world.send(laptop, &group, "something else").unwrap();
    world.settle().unwrap();
    let blue = answer(world, ben, &group, "blue", &root);
    let red = answer(world, cora, &group, "red", &root);
    world.settle().unwrap();
    let last = answer(world, ben, &group, "red is loud", &red);
    world.settle().unwrap();
    for device in everybody {
        assert_eq!(row(world, device, &group, &root).replies, 2);
        for from in [&root, &blue, &last] {
            let page: ThreadPage = world.ask(device, Call::Thread(ItemRef { id: from.clone() })).unwrap();
            assert_eq!(page.root, root);
            let mut shown: Vec<&str> = page.rows.iter().map(|row| row.body.as_str()).collect();
            assert_eq!((shown[0], shown.last()), ("which colour?", Some(&"red is loud")));
            shown.sort_unstable();
            assert_eq!(shown, ["blue", "red", "red is loud", "which colour?"]);
        }
    }
}

#[test]
fn who_is_named_by_their_whole_name_is_told_so() {
    let mut house = House::new(28);
    let (laptop, desktop, ben, cora, group) =
        (house.laptop, house.desktop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    for device in [laptop, ben, cora] {
        let names: Vec<Named> =
            world.ask(device, Call::Mentionable(homing_sim::people::reference(&group))).unwrap();
        let names: Vec<&str> = names.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Ada", "Ben", "Cora"], "device {device}");
    }
    let id = world.send(ben, &group, "@Cora and @Ada, not ben@Ben").unwrap();
    world.settle().unwrap();
    for (device, named) in [(laptop, true), (desktop, true), (cora, true), (ben, false)] {
        assert_eq!(row(world, device, &group, &id).mentions_me, named, "device {device}");
    }
    let names: Vec<String> =
        row(world, laptop, &group, &id).mentions.into_iter().map(|one| one.name).collect();
    assert_eq!(names.len(), 2);
    // Whom the words don't name any more is not named.
    world.edit(ben, &id, "@Ada alone").unwrap();
    world.settle().unwrap();
    assert!(!row(world, cora, &group, &id).mentions_me && row(world, laptop, &group, &id).mentions_me);
}

#[test]
fn what_is_forwarded_comes_anew_with_its_files_and_without_its_author() {
    let mut house = House::new(29);
    let (laptop, ben, cora, two, group) =
        (house.laptop, house.ben, house.cora, house.two.clone(), house.group.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let told = world.send(ben, &two, "for Ada's eyes").unwrap();
    let file = world.send_file(ben, &two, "plan.txt", b"the plan").unwrap();
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    let source = row(world, laptop, &two, &file).attachments[0].id.clone();
    world.fetch_file(laptop, &source).unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(laptop, false).unwrap();
    let args =
        Forward { messages: vec![file, told.clone()], to: vec![group.clone()], comment: "look:".to_owned() };
    let sent: Vec<Sent> = world.ask(laptop, Call::Forward(args)).unwrap();
    assert_eq!(sent.len(), 2);
    world.set_online(laptop, true).unwrap();
    world.run_for(60_000).unwrap();
    world.settle().unwrap();
    at_rest(world, &everybody);
    assert_eq!(same_messages(world, &everybody, &group), ["look:", "for Ada's eyes", "plan.txt"]);
    let came = world.messages(cora, &group).unwrap();
    assert_eq!(came.iter().map(|row| row.forwarded).collect::<Vec<_>>(), [false, true, true]);
    assert!(came.iter().all(|row| row.author_name == "Ada" && row.reply_to.is_none()));
    let copy = came[2].attachments[0].id.clone();
    assert_ne!(copy, source);
    world.fetch_file(cora, &copy).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(world.read_file(cora, &copy).unwrap(), b"the plan");
    // Where it was written everybody can read whose it is.
    let args = Forward { messages: vec![told.clone()], to: vec![two.clone()], comment: String::new() };
    let sent: Vec<Sent> = world.ask(laptop, Call::Forward(args)).unwrap();
    world.settle().unwrap();
    assert_eq!(row(world, ben, &two, &sent[0].id).reply_to.unwrap().id, told);
}

#[test]
fn a_send_can_be_undone_until_its_time_is_over_also_after_a_restart() {
    let mut house = House::new(30);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let everybody = house.devices();
    let world = &mut house.world;
    let quoted = world.send(ben, &two, "when?").unwrap();
    world.settle().unwrap();
    let set = SettingsSet { undo_send_seconds: Some(10), ..SettingsSet::default() };
    world.ask::<Settings>(laptop, Call::SettingsSet(set)).unwrap();
    let wrong = SettingsSet { undo_send_seconds: Some(3600), ..SettingsSet::default() };
    assert_eq!(world.refusal(laptop, Call::SettingsSet(wrong)).unwrap().code, Code::InvalidArgument);
    let post = |world: &mut World, text: &str| {
        let args = DraftSet {
            conversation: two.clone(),
            text: text.to_owned(),
            draft: None,
            base: None,
            reply_to: Some(quoted.clone()),
            template: None,
        };
        world.ask::<Draft>(laptop, Call::DraftSet(args)).unwrap();
        world.draft_send(laptop, &two).unwrap().id
    };
    let bens = |world: &mut World| world.bodies(ben, &two).unwrap();

    let id = post(world, "at nine");
    world.run_for(6_000).unwrap();
    assert!(row(world, laptop, &two, &id).undo_until.is_some());
    assert_eq!(bens(world), ["when?"], "it is held");
    assert!(world.draft(desktop, &two).unwrap().sending.is_some_and(|sending| !sending.here));
    world.ask::<Draft>(laptop, Call::OutboxEdit(ItemRef { id })).unwrap();
    let draft = world.draft(laptop, &two).unwrap();
    assert_eq!(
        (draft.text.as_str(), draft.reply_to.map(|quote| quote.id)),
        ("at nine", Some(quoted.clone()))
    );
    world.run_for(30_000).unwrap();
    assert_eq!(bens(world), ["when?"], "it was undone");

    let id = post(world, "at ten");
    // What is done with it meanwhile waits with it; what else is written does not.
    world.react(laptop, &id, "🙂", true).unwrap();
    world.edit(laptop, &id, "at ten sharp").unwrap();
    world.send(laptop, &two, "by the script").unwrap();
    world.run_for(3_000).unwrap();
    assert_eq!(bens(world), ["when?", "by the script"]);
    world.crash(laptop).unwrap();
    world.run_for(1_000).unwrap();
    world.start(laptop).unwrap();
    world.run_for(2_000).unwrap();
    assert_eq!(bens(world), ["when?", "by the script"], "a restart does not send it early");
    world.run_for(10_000).unwrap();
    assert!(bens(world).contains(&"at ten sharp".to_owned()));
    let late = world.refusal(laptop, Call::OutboxEdit(ItemRef { id: id.clone() })).unwrap().code;
    assert!(matches!(late, Code::NotFound | Code::AlreadySent), "{late:?}");
    world.settle().unwrap();
    at_rest(world, &everybody);
    same_messages(world, &everybody, &two);
    assert!(world.drafts(desktop).unwrap().is_empty());
    assert_eq!(world.wordings(ben, &id).unwrap(), ["at ten sharp"], "nobody saw the first words");

    // Who quits sends: nobody is left to undo it. Without a way it leaves at the next start.
    post(world, "at eleven");
    world.stop(laptop).unwrap();
    world.run_for(1_000).unwrap();
    assert!(bens(world).contains(&"at eleven".to_owned()));
    world.start(laptop).unwrap();
    world.settle().unwrap();
    world.set_online(laptop, false).unwrap();
    let id = post(world, "at noon");
    world.stop(laptop).unwrap();
    world.start(laptop).unwrap();
    assert!(row(world, laptop, &two, &id).undo_until.is_none());
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    at_rest(world, &everybody);
    same_messages(world, &everybody, &two);
    let times = bens(world).iter().filter(|body| body.starts_with("at ")).count();
    assert_eq!(times, 3, "each once");

    // The same with who locks the window and goes.
    let set = PassphraseSet { old: None, new: Some("a door of oak".to_owned()) };
    world.ask::<Status>(laptop, Call::PassphraseSet(set)).unwrap();
    post(world, "at one");
    world.ask::<Status>(laptop, Call::Lock(Nothing {})).unwrap();
    world.run_for(1_000).unwrap();
    assert!(bens(world).contains(&"at one".to_owned()));
}

#[test]
fn members_see_who_is_there_and_who_does_not_tell_is_not_told() {
    let mut house = House::new(31);
    let (laptop, ben, cora, group) = (house.laptop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    let look = |world: &mut World, device: DeviceId, at: Option<&str>| {
        let args = Focus { conversation: at.map(str::to_owned), attended: at.is_some() };
        world.ask::<Done>(device, Call::Focus(args)).unwrap();
        world.run_for(2_000).unwrap();
    };
    let heard = |world: &mut World, device: DeviceId| -> Vec<bool> {
        let events = world.take_events(device).unwrap().into_iter();
        let mut heard: Vec<bool> = events
            .filter_map(|event| if let Event::Presence { here, .. } = event { Some(here) } else { None })
            .collect();
        heard.dedup();
        heard
    };
    let off = SettingsSet { presence: Some(false), ..SettingsSet::default() };
    world.ask::<Settings>(cora, Call::SettingsSet(off)).unwrap();
    for device in [laptop, ben, cora] {
        world.take_events(device).unwrap();
    }
    look(world, laptop, Some(&group));
    look(world, cora, Some(&group));
    look(world, ben, Some(&group));
    assert_eq!(heard(world, laptop), [true], "Ben came; Cora does not tell");
    assert_eq!(heard(world, ben), [true], "he learns at once who is there already");
    assert_eq!(heard(world, cora), Vec::<bool>::new());
    world.run_for(60_000).unwrap();
    assert!(heard(world, ben).contains(&true), "it is said again while she stays");
    look(world, laptop, None);
    assert_eq!(heard(world, ben).last(), Some(&false));
}

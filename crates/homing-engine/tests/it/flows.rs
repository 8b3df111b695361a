//! Setting a relay, inviting, joining, asking to come in.

use homing_engine::api::{
    Call, Code, Connection, ConversationNew, Done, InvitationRow, InviteTo, ItemRef, Join, JoinPreview,
    JoinState, Joined, LinkText, NewConversation, Nothing, PeopleById, PersonRef, PersonRow, RelaySet,
    RequestRow, RoleName, Search, SearchPage, SpaceKind, State,
};
use homing_sim::DeviceId;

use crate::world::{People, RELAY, world};

#[test]
fn what_was_written_alone_leaves_once_a_relay_is_set() {
    let mut world = world(1);
    let ada = world.device("ada");
    let status = world.alone(ada, "Ada");
    assert_eq!((status.connection, status.relay), (Connection::None, None));
    assert_eq!(world.fails(ada, Call::Sync(Nothing {})).code, Code::RelayMissing);
    assert_eq!(
        world.fails(ada, Call::Invite(homing_engine::api::Invite { to: InviteTo::Person })).code,
        Code::RelayMissing
    );
    world.does::<homing_engine::api::Status>(ada, Call::RelaySet(RelaySet { address: RELAY.to_owned() }));
    let report = world.syncs(ada);
    assert!(report.pushed >= 4, "{report:?}");
    let status = world.status(ada);
    assert!(status.online);
    assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0));
}

#[test]
fn an_unreachable_relay_is_kept_and_said() {
    let mut world = world(2);
    let ada = world.device("ada");
    world.alone(ada, "Ada");
    world.set_online(ada, false).unwrap();
    let error = world.fails(ada, Call::RelaySet(RelaySet { address: RELAY.to_owned() }));
    assert_eq!(error.code, Code::RelayUnreachable);
    assert_eq!(world.status(ada).relay.as_deref(), Some(RELAY));
    world.set_online(ada, true).unwrap();
    world.syncs(ada);
    assert!(world.status(ada).online);
}

#[test]
fn a_friend_joins_while_the_inviter_sleeps() {
    let mut world = world(3);
    let ada = world.person("Ada");
    let invitation = world.invitation(ada, InviteTo::Person);
    assert!(invitation.instant);
    world.crash(ada).unwrap();
    let ben = world.device("ben");
    let preview: JoinPreview = world.does(ben, Call::JoinPreview(LinkText { link: invitation.link.clone() }));
    assert_eq!((preview.inviter.as_str(), preview.kind), ("Ada", SpaceKind::Talk));
    let joined = world.joins(ben, &invitation.link, Some("Ben"));
    assert_eq!(joined.state, JoinState::Joined);
    let conversation = joined.conversation.unwrap();
    world.says(ben, &conversation, "Hello Ada");
    world.syncs(ben);
    assert_eq!(world.reads(ben, &conversation)[0].state, State::Sent);
    world.start(ada).unwrap();
    world.syncs(ada);
    let rows = world.reads(ada, &conversation);
    assert_eq!((rows[0].body.as_str(), rows[0].author_name.as_str()), ("Hello Ada", "Ben"));
    world.says(ada, &conversation, "Hello Ben");
    world.syncs(ada);
    world.syncs(ben);
    assert_eq!(world.bodies(ben, &conversation), ["Hello Ada", "Hello Ben"]);
    assert_eq!(world.reads(ben, &conversation)[1].author_name, "Ada");
    assert_eq!(world.reads(ben, &conversation)[0].state, State::Delivered);
    for device in [ada, ben] {
        let status = world.status(device);
        assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0));
    }
}

#[test]
fn a_link_is_good_for_one_and_can_be_cancelled() {
    let mut world = world(4);
    let ada = world.person("Ada");
    let first = world.invitation(ada, InviteTo::Person);
    let (ben, cora) = (world.device("ben"), world.device("cora"));
    world.joins(ben, &first.link, Some("Ben"));
    let again = Join { link: first.link, name: Some("Cora".to_owned()) };
    assert_eq!(world.fails(cora, Call::Join(again)).code, Code::InviteInvalid);
    let second = world.invitation(ada, InviteTo::Person);
    let open: Vec<InvitationRow> = world.does(ada, Call::Invitations(Nothing {}));
    assert_eq!(open.len(), 1);
    world.does::<Done>(ada, Call::InvitationCancel(ItemRef { id: second.id }));
    let late = Join { link: second.link, name: None };
    assert_eq!(world.fails(cora, Call::Join(late)).code, Code::InviteInvalid);
    let third = world.invitation(ada, InviteTo::Person);
    world.run_for(73 * 3_600_000).unwrap();
    let expired = Join { link: third.link, name: None };
    assert_eq!(world.fails(cora, Call::Join(expired)).code, Code::InviteExpired);
}

#[test]
fn a_client_sees_the_team_and_nothing_else_of_it() {
    let mut world = world(5);
    let ada = world.person("Ada");
    let invitation = world.invitation(ada, InviteTo::Client { name: "Miller family".to_owned() });
    assert_eq!((invitation.role, invitation.name.as_str()), (RoleName::Client, "Miller family"));
    let cora = world.device("cora");
    let joined = world.joins(cora, &invitation.link, Some("Cora"));
    let conversation = joined.conversation.unwrap();
    world.says(cora, &conversation, "When can we see the flat?");
    world.syncs(cora);
    world.syncs(ada);
    world.says(ada, &conversation, "Tomorrow");
    world.syncs(ada);
    world.syncs(cora);
    assert_eq!(world.bodies(cora, &conversation), ["When can we see the flat?", "Tomorrow"]);
    let rows = world.reads(cora, &conversation);
    assert_eq!(rows[1].author_name, "Ada");
    let row = &world.list(cora)[0];
    assert_eq!(row.title, "Ada");
    assert_eq!(world.list(ada)[0].participants.len(), 2);
    assert_eq!(world.status(cora).parked, 0);
}

#[test]
fn a_colleague_waits_for_approval_and_then_works_with_all_clients() {
    let mut world = world(6);
    let ada = world.person("Ada");
    let client = world.invitation(ada, InviteTo::Client { name: "Miller family".to_owned() });
    let cora = world.device("cora");
    let conversation = world.joins(cora, &client.link, Some("Cora")).conversation.unwrap();
    world.says(cora, &conversation, "Hello");
    world.syncs(cora);
    let invitation = world.invitation(ada, InviteTo::Team { role: None });
    assert!(!invitation.instant);
    world.set_online(ada, false).unwrap();
    let dan = world.device("dan");
    let joined = world.joins(dan, &invitation.link, Some("Dan"));
    assert_eq!(joined.state, JoinState::AwaitingApproval);
    world.set_online(ada, true).unwrap();
    world.syncs(ada);
    let asked: Vec<RequestRow> = world.does(ada, Call::Requests(Nothing {}));
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].name, "Dan");
    assert_eq!(world.status(ada).requests, 1);
    world.does::<Done>(ada, Call::Approve(ItemRef { id: asked[0].id.clone() }));
    world.syncs(ada);
    world.run_for(10_000).unwrap();
    world.syncs(dan);
    assert_eq!(world.bodies(dan, &conversation), ["Hello"]);
    world.says(dan, &conversation, "Dan here");
    world.syncs(dan);
    for device in [ada, cora] {
        world.syncs(device);
        assert_eq!(world.bodies(device, &conversation), ["Hello", "Dan here"]);
        assert_eq!(world.reads(device, &conversation)[1].author_name, "Dan");
    }
    let people: Vec<PersonRow> = world.does(ada, Call::People(Nothing {}));
    assert!(people.iter().any(|person| person.name == "Dan" && person.staff));
    assert!(people.len() > 1);
    for person in &people {
        let ids = vec!["nobody".to_owned(), person.id.clone()];
        let named: Vec<PersonRow> = world.does(ada, Call::PeopleById(PeopleById { people: ids }));
        assert_eq!(&named, std::slice::from_ref(person));
    }
    let many = Call::PeopleById(PeopleById { people: vec![people[0].id.clone(); 201] });
    assert_eq!(world.fails(ada, many).code, Code::InvalidArgument);
    for device in [ada, cora, dan] {
        let status = world.status(device);
        assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0), "{device}");
    }
}

#[test]
fn inviting_without_a_connection_makes_nothing() {
    let mut world = world(7);
    let ada = world.person("Ada");
    world.syncs(ada);
    world.set_online(ada, false).unwrap();
    let invite = homing_engine::api::Invite { to: InviteTo::Client { name: "Nobody".to_owned() } };
    assert_eq!(world.fails(ada, Call::Invite(invite)).code, Code::RelayUnreachable);
    assert_eq!((world.status(ada).outbox, world.list(ada).len()), (0, 0));
    assert_eq!(world.fails(ada, Call::Sync(Nothing {})).code, Code::RelayUnreachable);
}

#[test]
fn two_who_join_at_once_both_come_in() {
    let mut world = world(8);
    let ada = world.person("Ada");
    let first = world.invitation(ada, InviteTo::Person);
    let ben = world.device("ben");
    let conversation = world.joins(ben, &first.link, Some("Ben")).conversation.unwrap();
    let to = || InviteTo::Talk { conversation: conversation.clone() };
    let links = [world.invitation(ada, to()).link, world.invitation(ada, to()).link];
    let devices = [world.device("cora"), world.device("dan")];
    let mut waiting = Vec::new();
    for ((device, name), link) in devices.iter().zip(["Cora", "Dan"]).zip(links) {
        let join = Call::Join(Join { link, name: Some(name.to_owned()) });
        waiting.push((*device, world.begin_call(*device, join).unwrap()));
    }
    world.run_for(30_000).unwrap();
    for (device, call) in waiting {
        world.answer(device, call).unwrap().expect("an answer").expect("joined");
    }
    for (device, text) in devices.iter().zip(["from Cora", "from Dan"]) {
        world.says(*device, &conversation, text);
    }
    world.run_for(30_000).unwrap();
    for device in [ada, ben, devices[0], devices[1]] {
        assert_eq!(world.bodies(device, &conversation).len(), 2, "{device}");
        assert_eq!(world.list(device)[0].participants.len(), 4, "{device}");
        let status = world.status(device);
        assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0), "{device}");
    }
}

#[test]
fn a_link_of_another_relay_wants_a_profile_of_its_own() {
    let (mut here, mut there) = (world(9), world(10));
    let ada = there.person("Ada");
    let link = there.invitation(ada, InviteTo::Person).link;
    let ben = here.person("Ben");
    let preview: JoinPreview = here.does(ben, Call::JoinPreview(LinkText { link: link.clone() }));
    assert!(preview.other_relay);
    assert_eq!(here.fails(ben, Call::Join(Join { link, name: None })).code, Code::OtherRelay);
    let broken = Join { link: "homing://join/1/abc#def".to_owned(), name: None };
    assert_eq!(here.fails(ben, Call::Join(broken)).code, Code::InviteInvalid);
}

#[test]
fn a_join_survives_a_connection_that_is_lost_at_any_point_of_it() {
    let mut world = world(15);
    let ada = world.person("Ada");
    for steps in (4..36).step_by(4) {
        let link = world.invitation(ada, InviteTo::Person).link;
        let ben = world.device(&format!("ben {steps}"));
        let join = Call::Join(Join { link, name: Some("Ben".to_owned()) });
        let call = world.begin_call(ben, join).unwrap();
        for _ in 0..steps {
            world.step().unwrap();
        }
        world.cut(ben).unwrap();
        world.run_for(30_000).unwrap();
        let joined = world.answer(ben, call).unwrap().expect("an answer").expect("joined");
        let conversation = serde_json::from_str::<Joined>(joined.get()).unwrap().conversation.unwrap();
        world.says(ben, &conversation, "here");
        world.run_for(10_000).unwrap();
        assert_eq!(world.bodies(ada, &conversation), ["here"], "cut after {steps} steps");
    }
}

#[test]
fn sync_is_quick_when_there_is_nothing_to_do() {
    let mut world = world(16);
    let ada = world.person("Ada");
    world.syncs(ada);
    let before = world.now_ms();
    let report = world.syncs(ada);
    assert_eq!((report.pushed, report.pulled), (0, 0));
    assert!(world.now_ms() - before < 1_000, "{} ms", world.now_ms() - before);
}

#[test]
fn what_is_found_is_called_as_in_the_list() {
    let mut world = world(12);
    let ada = world.person("Ada");
    let invitation = world.invitation(ada, InviteTo::Client { name: "Mill Lane Ltd".to_owned() });
    let maria = world.device("maria");
    let client = world.joins(maria, &invitation.link, Some("Maria")).conversation.unwrap();
    let invitation = world.invitation(ada, InviteTo::Person);
    let ben = world.device("ben");
    let talk = world.joins(ben, &invitation.link, Some("Ben")).conversation.unwrap();
    world.says(maria, &client, "The lantern is broken");
    world.says(ben, &talk, "Which lantern?");
    let new = ConversationNew {
        subject: Some("Lights".to_owned()),
        with: Vec::new(),
        message: Some("A new lantern".to_owned()),
        attachments: Vec::new(),
        about: Vec::new(),
    };
    world.does::<NewConversation>(ada, Call::ConversationNew(new));
    for device in [maria, ben, ada] {
        world.syncs(device);
    }
    for (device, titles) in
        [(ada, &["Ben", "Lights", "Mill Lane Ltd"][..]), (ben, &["Ada"]), (maria, &["Ada"])]
    {
        let args = Search { query: "lantern".to_owned(), limit: 20, ..Search::default() };
        let found = world.does::<SearchPage>(device, Call::Search(args)).hits;
        let listed = world.list(device);
        let title = |id: &str| listed.iter().find(|row| row.id == id).map(|row| row.title.clone());
        for hit in &found {
            assert_eq!(Some(&hit.title), title(&hit.conversation).as_ref());
        }
        let mut called: Vec<&str> = found.iter().map(|hit| hit.title.as_str()).collect();
        called.sort_unstable();
        assert_eq!(called, titles);
    }
}

/// Ada's team with Dan, who sees the relation to Cora; Dan is off.
fn team(seed: u64) -> (People, [DeviceId; 3], String) {
    let mut world = world(seed);
    let ada = world.person("Ada");
    let client = world.invitation(ada, InviteTo::Client { name: "Cora".to_owned() });
    let cora = world.device("cora");
    let conversation = world.joins(cora, &client.link, Some("Cora")).conversation.unwrap();
    let invitation = world.invitation(ada, InviteTo::Team { role: None });
    let dan = world.device("dan");
    world.joins(dan, &invitation.link, Some("Dan"));
    world.syncs(ada);
    let asked: Vec<RequestRow> = world.does(ada, Call::Requests(Nothing {}));
    world.does::<Done>(ada, Call::Approve(ItemRef { id: asked[0].id.clone() }));
    world.syncs(ada);
    world.syncs(dan);
    world.says(ada, &conversation, "for all of the team");
    for device in [ada, cora, dan] {
        world.syncs(device);
    }
    (world, [ada, cora, dan], conversation)
}

#[test]
fn a_colleague_who_is_taken_out_reads_and_writes_nothing_more() {
    let (mut world, [ada, cora, dan], conversation) = team(25);
    world.set_online(dan, false).unwrap();
    world.says(dan, &conversation, "written when he still was one of them");
    let remove = |name: &str| Call::ColleagueRemove(PersonRef { person: name.to_owned() });
    assert_eq!(world.fails(ada, remove("Cora")).code, Code::NotAMember);
    assert_eq!(world.fails(ada, remove("Ada")).code, Code::InvalidArgument);
    assert_eq!(world.fails(dan, remove("Ada")).code, Code::RoleForbids);
    let people: Vec<PersonRow> = world.does(ada, remove("Dan"));
    assert!(people.iter().any(|person| person.name == "Dan"), "what he wrote has its author");
    world.syncs(ada);
    world.says(ada, &conversation, "without Dan");
    world.syncs(ada);
    world.says(cora, &conversation, "just us");
    world.syncs(cora);

    world.set_online(dan, true).unwrap();
    world.run_for(30_000).unwrap();
    for device in [ada, cora] {
        world.syncs(device);
        assert_eq!(world.bodies(device, &conversation), ["for all of the team", "without Dan", "just us"]);
        let status = world.status(device);
        assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0));
    }
    // He keeps what he had, with his own words marked as not sent.
    let his = world.reads(dan, &conversation);
    let bodies: Vec<&str> = his.iter().map(|row| row.body.as_str()).collect();
    assert_eq!(bodies, ["for all of the team", "written when he still was one of them"]);
    assert_eq!(his[1].state, State::Failed);
    let send = homing_sim::people::send_call(&conversation, "and on");
    assert_eq!(world.fails(dan, send).code, Code::RoleForbids);
    // Nor does a client who comes now exist for him.
    let later = world.invitation(ada, InviteTo::Client { name: "Eve".to_owned() });
    let eve = world.device("eve");
    let with_eve = world.joins(eve, &later.link, Some("Eve")).conversation.unwrap();
    world.says(eve, &with_eve, "hello");
    world.syncs(eve);
    world.syncs(ada);
    world.run_for(30_000).unwrap();
    assert_eq!(world.list(dan).len(), 1);
    assert_eq!(world.bodies(ada, &with_eve), ["hello"]);
    // The second time there is nobody to take out.
    assert_eq!(world.fails(ada, remove("Dan")).code, Code::NotAMember);
}

//! Which messages belong to which conversation, whatever came first.

use homing_store::conversations::{self, ConversationDoc, Filter, PersonalState};
use homing_store::messages::NewMessage;
use homing_store::spaces::{SpaceRow, SpaceState};
use homing_store::{Read, merging, messages, people, relations, search, spaces, strays};
use homing_wire::{DocId, PersonId, SpaceId, SpaceKind};

use crate::support::{ALICE, BOB, OTHER_SPACE, Profile, SPACE, doc, message};

const TEAM: SpaceId = SpaceId([21; 32]);
const CLIENT: SpaceId = SpaceId([22; 32]);

fn conversation(n: u32, space: SpaceId) -> ConversationDoc {
    ConversationDoc {
        id: doc(n),
        space,
        subject: format!("subject {n}"),
        creator: Some(ALICE),
        created_ms: 1000 + u64::from(n),
        deleted: false,
        merged_into: None,
    }
}

fn bodies(db: &Read<'_>, n: u32) -> Vec<String> {
    messages::before(db, &doc(n), None, 100).unwrap().into_iter().map(|row| row.body).collect()
}

/// Alice works in a team, and this is a client's space of it.
fn with_team() -> Profile {
    let mut profile = Profile::new();
    profile.write(|tx| {
        spaces::put(tx, &SpaceRow::new(TEAM, SpaceKind::Team, vec![9], SpaceState::Joined))?;
        let mut client = SpaceRow::new(CLIENT, SpaceKind::Client, vec![9], SpaceState::Joined);
        client.team = Some(TEAM);
        spaces::put(tx, &client)
    });
    profile
}

#[test]
fn only_messages_of_the_conversation_s_space_count() {
    let mut profile = Profile::new();
    let foreign = NewMessage { space: OTHER_SPACE, ..message(2) };
    profile.write(|tx| {
        assert!(conversations::put(tx, &conversation(1, SPACE))?.began);
        assert_eq!(messages::insert(tx, vec![message(1), foreign.clone()])?.added, [message(1).id]);
        assert_eq!(strays::count(tx)?, 1);
        Ok(())
    });
    assert_eq!(bodies(&profile.store.read(), 1), ["message number 1"]);
    // Its own document changes nothing about the other space's message.
    profile.write(|tx| {
        assert!(!conversations::put(tx, &conversation(1, SPACE))?.began);
        assert_eq!(strays::take(tx, &doc(1))?, [foreign.id]);
        messages::insert(tx, vec![foreign])?;
        assert_eq!(strays::count(tx)?, 1);
        Ok(())
    });
}

#[test]
fn a_message_before_its_conversation_does_not_decide_whose_it_is() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        messages::insert(tx, vec![NewMessage { space: OTHER_SPACE, ..message(2) }])?;
        messages::insert(tx, vec![message(1)])?;
        assert_eq!(conversations::unknown_in(tx, &OTHER_SPACE)?, [doc(1)]);
        let put = conversations::put(tx, &conversation(1, SPACE))?;
        assert!(put.began && put.moved);
        let (gone, _) = messages::remove_all(tx, &doc(1))?;
        assert_eq!(gone, [message(2).id]);
        strays::note(tx, &gone[0], &doc(1), 0)?;
        let waiting = strays::take(tx, &doc(1))?;
        assert_eq!(waiting.len(), 2);
        messages::insert(tx, vec![message(1), NewMessage { space: OTHER_SPACE, ..message(2) }])?;
        Ok(())
    });
    let db = profile.store.read();
    assert_eq!(bodies(&db, 1), ["message number 1"]);
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().unread, 1);
    assert!(conversations::unknown_in(&db, &OTHER_SPACE).unwrap().is_empty());
}

#[test]
fn a_colleague_s_remark_stands_beside_the_client_s_conversation_and_nowhere_else() {
    let mut profile = with_team();
    let remark = |n: u32, conversation: u32| NewMessage {
        space: TEAM,
        internal: true,
        conversation: doc(conversation),
        ..message(n)
    };
    profile.write(|tx| {
        conversations::put(tx, &conversation(1, CLIENT))?;
        conversations::put(tx, &conversation(2, OTHER_SPACE))?;
        messages::insert(tx, vec![NewMessage { space: CLIENT, ..message(1) }, remark(2, 1)])?;
        // Beside a talk, beside something unknown, and not marked as what it is.
        messages::insert(tx, vec![remark(3, 2), remark(4, 3)])?;
        messages::insert(tx, vec![NewMessage { space: TEAM, ..message(5) }])?;
        assert_eq!(strays::count(tx)?, 3);
        Ok(())
    });
    let db = profile.store.read();
    let rows = messages::before(&db, &doc(1), None, 10).unwrap();
    assert_eq!(rows.iter().map(|row| row.internal).collect::<Vec<_>>(), [false, true]);
    assert!(bodies(&db, 2).is_empty());
    assert!(conversations::get(&db, &doc(3)).unwrap().is_none());
    let last = conversations::get(&db, &doc(1)).unwrap().unwrap().last.unwrap();
    assert_eq!(last.space, TEAM);
}

#[test]
fn a_merged_conversation_is_shown_in_the_other_and_comes_back() {
    let mut profile = Profile::new();
    let into = |n: u32, target: Option<u32>| ConversationDoc {
        merged_into: target.map(doc),
        ..conversation(n, SPACE)
    };
    let written = |n: u32, conversation: u32| NewMessage { conversation: doc(conversation), ..message(n) };
    profile.write(|tx| {
        for n in [1, 2, 3] {
            conversations::put(tx, &conversation(n, SPACE))?;
            merging::refresh(tx, &doc(n))?;
        }
        messages::insert(tx, vec![written(1, 1), written(2, 2), written(3, 1)])?;
        assert!(conversations::put(tx, &into(1, Some(2)))?.relinked);
        let mut changed = merging::refresh(tx, &doc(1))?;
        changed.sort_unstable();
        assert_eq!(changed, [doc(1), doc(2)]);
        // What is written there later goes the same way.
        messages::insert(tx, vec![written(4, 1)]).map(drop)
    });
    let db = profile.store.read();
    assert_eq!(bodies(&db, 2), [1, 2, 3, 4].map(|n| format!("message number {n}")));
    assert!(bodies(&db, 1).is_empty());
    assert_eq!(conversations::get(&db, &doc(2)).unwrap().unwrap().unread, 4);
    let found = |db: &Read<'_>, n: u32| {
        let query = search::Query {
            text: "number".into(),
            conversations: Some(vec![doc(n)]),
            limit: 9,
            ..Default::default()
        };
        search::find(db, &query).unwrap().0.len()
    };
    assert_eq!((found(&db, 1), found(&db, 2)), (0, 4));
    assert_eq!(merging::shown_in(&db, &doc(1)).unwrap(), Some(doc(2)));
    let listed = |db: &Read<'_>| conversations::list(db, Filter::All, None, 9).unwrap().len();
    assert_eq!(listed(&db), 2);
    // A chain is followed to its end, and a circle leads nowhere.
    profile.write(|tx| {
        conversations::put(tx, &into(2, Some(3)))?;
        merging::refresh(tx, &doc(2))?;
        Ok(())
    });
    assert_eq!(bodies(&profile.store.read(), 3).len(), 4);
    assert_eq!(merging::parts(&profile.store.read(), &doc(3)).unwrap().len(), 2);
    profile.write(|tx| {
        conversations::put(tx, &into(3, Some(1)))?;
        merging::refresh(tx, &doc(3))?;
        Ok(())
    });
    assert_eq!(listed(&profile.store.read()), 3);
    profile.write(|tx| {
        for n in [1, 2, 3] {
            conversations::put(tx, &into(n, None))?;
            merging::refresh(tx, &doc(n))?;
        }
        Ok(())
    });
    let db = profile.store.read();
    assert_eq!((bodies(&db, 1).len(), bodies(&db, 2).len()), (3, 1));
    assert_eq!(conversations::get(&db, &doc(1)).unwrap().unwrap().unread, 3);
    assert_eq!((found(&db, 1), found(&db, 2)), (3, 1));
}

#[test]
fn a_conversation_never_goes_on_in_another_space() {
    let mut profile = Profile::new();
    profile.write(|tx| {
        conversations::put(tx, &conversation(1, OTHER_SPACE))?;
        conversations::put(tx, &ConversationDoc { merged_into: Some(doc(1)), ..conversation(2, SPACE) })?;
        assert!(merging::refresh(tx, &doc(2))?.is_empty());
        Ok(())
    });
    assert_eq!(merging::shown_in(&profile.store.read(), &doc(2)).unwrap(), None);
}

#[test]
fn pinned_stand_first_and_snoozed_come_back_where_they_are_seen() {
    let mut profile = Profile::new();
    let ids = |db: &Read<'_>, filter: Filter| -> Vec<DocId> {
        conversations::list(db, filter, None, 100).unwrap().iter().map(|row| row.id).collect()
    };
    profile.write(|tx| {
        for n in 1..=5 {
            conversations::put(tx, &conversation(n, SPACE))?;
        }
        let snooze = |ms| PersonalState { snoozed_until_ms: ms, ..PersonalState::default() };
        conversations::set_personal(
            tx,
            &doc(2),
            &PersonalState { pinned: true, ..PersonalState::default() },
            false,
            0,
        )?;
        conversations::set_personal(tx, &doc(4), &snooze(9_000), true, 77)?;
        conversations::set_personal(tx, &doc(1), &snooze(5_000), true, 0)?;
        assert_eq!(conversations::put_away(tx, &doc(4), 1)?.unwrap().snoozed_at, Some(77));
        Ok(())
    });
    let db = profile.store.read();
    assert_eq!(ids(&db, Filter::Active), [doc(2), doc(5), doc(3)]);
    assert_eq!(ids(&db, Filter::Snoozed), [doc(1), doc(4)]);
    assert_eq!(conversations::next_due(&db).unwrap(), Some(5_000));
    profile.write(|tx| {
        assert_eq!(conversations::bring_back(tx, 5_000)?, [doc(1)]);
        Ok(())
    });
    let db = profile.store.read();
    assert_eq!(ids(&db, Filter::Active), [doc(2), doc(1), doc(5), doc(3)]);
    assert_eq!(conversations::next_due(&db).unwrap(), Some(9_000));
}

#[test]
fn only_the_client_s_team_says_who_looks_after_a_conversation() {
    let mut profile = with_team();
    let other = SpaceId([23; 32]);
    profile.write(|tx| {
        spaces::put(tx, &SpaceRow::new(other, SpaceKind::Team, vec![9], SpaceState::Joined))?;
        relations::set_handling(tx, &TEAM, &doc(1), Some(&BOB), &ALICE)?;
        relations::set_handling(tx, &other, &doc(1), Some(&ALICE), &ALICE)?;
        conversations::put(tx, &conversation(1, CLIENT))?;
        conversations::put(tx, &conversation(2, CLIENT))?;
        relations::relate(tx, &doc(1), &ALICE)?;
        relations::relate(tx, &doc(2), &ALICE)
    });
    let row = |profile: &Profile| conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap();
    assert_eq!((row(&profile).assignee, row(&profile).assignee_name.as_str()), (Some(BOB), "Bob"));
    let count = |profile: &Profile, filter| {
        conversations::list(&profile.store.read(), filter, None, 9).unwrap().len()
    };
    assert_eq!((count(&profile, Filter::Mine), count(&profile, Filter::Unassigned)), (0, 1));
    profile.write(|tx| relations::set_handling(tx, &TEAM, &doc(1), Some(&ALICE), &ALICE));
    assert_eq!(count(&profile, Filter::Mine), 1);
    // Who left the team has no say and no sight of it.
    profile.write(|tx| {
        spaces::update(tx, &TEAM, |row| row.state = SpaceState::Gone)?;
        assert_eq!(relations::relate_team(tx, &TEAM, &ALICE)?.len(), 2);
        Ok(())
    });
    assert_eq!((row(&profile).team, row(&profile).assignee), (None, None));
    assert_eq!((count(&profile, Filter::Mine), count(&profile, Filter::Unassigned)), (0, 0));
}

#[test]
fn who_is_blocked_and_who_is_called_otherwise_shows_in_the_rows() {
    let mut profile = Profile::new();
    let cora = PersonId([6; 32]);
    profile.write(|tx| {
        conversations::put(tx, &conversation(1, SPACE))?;
        messages::insert(tx, vec![message(1)])?;
        people::set_own(tx, &BOB, true, "Uncle Bob")?;
        relations::refresh_blocked(tx, &SPACE, &ALICE)
    });
    let db = profile.store.read();
    let row = conversations::get(&db, &doc(1)).unwrap().unwrap();
    assert!(row.blocked);
    assert_eq!(row.last.unwrap().author_name, "Uncle Bob");
    assert_eq!(conversations::list(&db, Filter::Active, None, 9).unwrap().len(), 0);
    assert_eq!(conversations::list(&db, Filter::Blocked, None, 9).unwrap().len(), 1);
    assert_eq!(conversations::totals(&db).unwrap().messages, 0);
    let message = messages::before(&db, &doc(1), None, 1).unwrap().remove(0);
    assert!(message.blocked && message.author_name == "Uncle Bob");
    assert_eq!(people::name_in(&db, &SPACE, &BOB).unwrap(), "Uncle Bob");
    assert_eq!(people::get(&db, &BOB).unwrap().unwrap().name, "Bob");
    // In a group nobody else is blocked.
    profile.write(|tx| {
        let member = |person| homing_wire::Member::Person(person);
        let role = homing_wire::Role::Member;
        let members = [(member(ALICE), role), (member(BOB), role), (member(cora), role)];
        homing_store::members::set(tx, &SPACE, &members)?;
        relations::refresh_blocked(tx, &SPACE, &ALICE)
    });
    assert!(!conversations::get(&profile.store.read(), &doc(1)).unwrap().unwrap().blocked);
}

//! One forged change per rule: each is refused, and would be accepted without its rule.

use automerge::{Change, ExpandedChange};
use homing_model::rules::CURRENT;
use homing_model::{
    ChangeInfo, Created, Edit, Kind, NewChange, Preimage, Reason, Ruling, Subject, Unjudged, author, inspect,
    verdict,
};
use homing_wire::{PersonId, Role, SpaceId, SpaceKind};

use crate::formats::firsts;
use crate::support::*;

pub fn subject(preimage: &Preimage, space_kind: SpaceKind, author: PersonId, role: Role) -> Subject<'_> {
    Subject { doc: preimage.doc_id(), space: SPACE, space_kind, preimage: Some(preimage), author, role }
}

fn judge(preimage: &Preimage, space: SpaceKind, by: PersonId, role: Role, change: &ChangeInfo) -> Ruling {
    verdict(CURRENT, &subject(preimage, space, by, role), change)
}

fn begin(preimage: &Preimage, edit: &Edit) -> NewChange {
    author::<Vec<u8>>(&[], actor(1), preimage, edit).unwrap()
}

fn follow(preimage: &Preimage, first: &NewChange, edit: &Edit) -> ChangeInfo {
    author(&[&first.bytes], actor(2), preimage, edit).unwrap().info
}

fn rewritten(bytes: &[u8], change: impl FnOnce(&mut ExpandedChange)) -> ChangeInfo {
    let mut expanded = Change::try_from(bytes).unwrap().decode();
    change(&mut expanded);
    inspect(Change::from(expanded).raw_bytes()).unwrap()
}

fn put(value: impl Into<automerge::ScalarValue>) -> automerge::legacy::OpType {
    automerge::legacy::OpType::Put(value.into())
}

const REFUSED_ROLE: Ruling = Ruling::Refuse(Reason::RoleForbids);

#[test]
fn readers_and_gateways_write_nothing() {
    let preimage = message_of(ADA);
    let made = begin(&preimage, &create_message("Hello"));
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Reader, &made.info), REFUSED_ROLE);
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Ingest, &made.info), REFUSED_ROLE);
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Member, &made.info), Ruling::Accept);
}

#[test]
fn clients_write_messages_and_conversations_in_their_space() {
    let preimage = message_of(ADA);
    let made = begin(&preimage, &create_message("Hello"));
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Client, &made.info), Ruling::Accept);
    let preimage = conversation_of(ADA);
    let made = begin(&preimage, &create_conversation("Question", ADA));
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Client, &made.info), Ruling::Accept);
}

#[test]
fn nobody_squats_an_id() {
    let (mine, theirs) = (message_of(BEN), message_of(ADA));
    let made = begin(&mine, &create_message("Ben's, under Ada's id"));
    let subject = Subject {
        doc: theirs.doc_id(),
        preimage: None,
        ..subject(&mine, SpaceKind::Client, BEN, Role::Member)
    };
    assert_eq!(verdict(CURRENT, &subject, &made.info), Ruling::Refuse(Reason::SquattedId));
}

#[test]
fn nobody_begins_a_document_in_anothers_name() {
    let preimage = message_of(ADA);
    let made = begin(&preimage, &create_message("as if by Ada"));
    let wrong = Ruling::Refuse(Reason::WrongOwner);
    assert_eq!(judge(&preimage, SpaceKind::Client, BEN, Role::Member, &made.info), wrong);
    assert_eq!(judge(&preimage, SpaceKind::Client, BEN, Role::Owner, &made.info), wrong);
}

#[test]
fn a_document_stays_in_its_space() {
    let preimage = message_of(ADA);
    let made = begin(&preimage, &create_message("replayed elsewhere"));
    let elsewhere =
        Subject { space: SpaceId([9; 32]), ..subject(&preimage, SpaceKind::Client, ADA, Role::Member) };
    assert_eq!(verdict(CURRENT, &elsewhere, &made.info), Ruling::Refuse(Reason::WrongSpace));
}

#[test]
fn kinds_stand_where_they_belong() {
    let wrong = Ruling::Refuse(Reason::WrongPlace);
    let message = begin(&message_of(ADA), &create_message("note to self"));
    assert_eq!(judge(&message_of(ADA), SpaceKind::Personal, ADA, Role::Owner, &message.info), wrong);
    let talk = Preimage::talk_conversation(SPACE);
    let begun = begin(&talk, &create_conversation("", ADA));
    assert_eq!(judge(&talk, SpaceKind::Client, ADA, Role::Owner, &begun.info), wrong);
    let second = conversation_of(ADA);
    let begun = begin(&second, &create_conversation("a second one", ADA));
    assert_eq!(judge(&second, SpaceKind::Talk, ADA, Role::Owner, &begun.info), wrong);
    let contact = Preimage::contact(SPACE, [4; 16]);
    let begun = begin(&contact, &Edit::SetContact { name: "Cora".into() });
    assert_eq!(judge(&contact, SpaceKind::Client, ADA, Role::Owner, &begun.info), wrong);
    let state = Preimage::conversation_state(SPACE, &second.doc_id());
    let begun = begin(&state, &Edit::SetArchived(true));
    assert_eq!(judge(&state, SpaceKind::Talk, ADA, Role::Owner, &begun.info), wrong);
    let odd = Preimage::Derived { space: SPACE, kind: Kind::SpaceInfo, key: b"second".to_vec() };
    let begun = begin(&odd, &Edit::SetSpaceInfo { name: "Agency".into() });
    assert_eq!(judge(&odd, SpaceKind::Team, ADA, Role::Owner, &begun.info), wrong);
}

#[test]
fn another_s_message_is_changed_by_managers_only() {
    let preimage = message_of(ADA);
    let first = begin(&preimage, &create_message("Hello"));
    let deleted = follow(&preimage, &first, &Edit::DeleteMessage);
    let by = |person, role| judge(&preimage, SpaceKind::Client, person, role, &deleted);
    assert_eq!(by(ADA, Role::Client), Ruling::Accept);
    assert_eq!(by(BEN, Role::Owner), Ruling::Accept);
    assert_eq!(by(BEN, Role::Admin), Ruling::Accept);
    assert_eq!(by(BEN, Role::Member), Ruling::Refuse(Reason::NotOwnerOrManager));
    assert_eq!(by(BEN, Role::Client), Ruling::Refuse(Reason::NotOwnerOrManager));
}

#[test]
fn a_message_says_one_thing() {
    let preimage = message_of(ADA);
    let first = begin(&preimage, &create_message("Hello"));
    let other = begin(&preimage, &create_message("Something else"));
    // A later change that writes the content anew, by its own author.
    let again = rewritten(&other.bytes, |change| {
        change.deps = vec![automerge::ChangeHash(first.hash.0)];
        change.operations.remove(0);
        change.seq = 2;
        change.start_op = 3.try_into().unwrap();
    });
    let ruling = judge(&preimage, SpaceKind::Client, ADA, Role::Member, &again);
    assert_eq!(ruling, Ruling::Refuse(Reason::WrittenOnce));
    let empty = rewritten(&first.bytes, |change| change.operations.truncate(1));
    let ruling = judge(&preimage, SpaceKind::Client, ADA, Role::Member, &empty);
    assert_eq!(ruling, Ruling::Refuse(Reason::Incomplete));
}

#[test]
fn conversations_are_changed_by_owner_or_manager() {
    let preimage = conversation_of(ADA);
    let first = begin(&preimage, &create_conversation("Stay", ADA));
    for edit in [Edit::RenameConversation { subject: "Taken over".into() }, Edit::DeleteConversation] {
        let change = follow(&preimage, &first, &edit);
        let by = |person, role| judge(&preimage, SpaceKind::Client, person, role, &change);
        assert_eq!(by(ADA, Role::Client), Ruling::Accept);
        assert_eq!(by(BEN, Role::Admin), Ruling::Accept);
        assert_eq!(by(BEN, Role::Member), Ruling::Refuse(Reason::NotOwnerOrManager));
        assert_eq!(by(BEN, Role::Client), Ruling::Refuse(Reason::NotOwnerOrManager));
    }
}

#[test]
fn a_talks_conversation_is_changed_by_managers() {
    let preimage = Preimage::talk_conversation(SPACE);
    let first = begin(&preimage, &create_conversation("Us", BEN));
    let change = follow(&preimage, &first, &Edit::RenameConversation { subject: "Them".into() });
    for change in [&first.info, &change] {
        assert_eq!(judge(&preimage, SpaceKind::Talk, BEN, Role::Owner, change), Ruling::Accept);
        let refused = Ruling::Refuse(Reason::NotManager);
        assert_eq!(judge(&preimage, SpaceKind::Talk, BEN, Role::Member, change), refused);
    }
}

#[test]
fn a_conversation_names_its_author_as_creator() {
    let preimage = conversation_of(ADA);
    let made = begin(&preimage, &create_conversation("Stay", BEN));
    let ruling = judge(&preimage, SpaceKind::Client, ADA, Role::Member, &made.info);
    assert_eq!(ruling, Ruling::Refuse(Reason::WrongCreator));
    let first = begin(&preimage, &create_conversation("Stay", ADA));
    let again = rewritten(&first.bytes, |change| {
        change.deps = vec![automerge::ChangeHash(first.hash.0)];
        change.operations.remove(0);
        change.operations[0].action = put(Created { creator: ADA, created_ms: 1 }.encode());
        change.seq = 2;
        change.start_op = 4.try_into().unwrap();
    });
    let ruling = judge(&preimage, SpaceKind::Client, ADA, Role::Member, &again);
    assert_eq!(ruling, Ruling::Refuse(Reason::WrittenOnce));
    let bare = rewritten(&first.bytes, |change| {
        change.operations.remove(1);
    });
    let ruling = judge(&preimage, SpaceKind::Client, ADA, Role::Member, &bare);
    assert_eq!(ruling, Ruling::Refuse(Reason::Incomplete));
}

#[test]
fn a_name_is_given_by_who_bears_it() {
    let preimage = Preimage::profile(SPACE, &ADA);
    let made = begin(&preimage, &Edit::SetProfile { name: "Not Ada".into() });
    assert_eq!(judge(&preimage, SpaceKind::Talk, ADA, Role::Client, &made.info), Ruling::Accept);
    let refused = Ruling::Refuse(Reason::NotOwner);
    assert_eq!(judge(&preimage, SpaceKind::Talk, BEN, Role::Owner, &made.info), refused);
    let later = follow(&preimage, &made, &Edit::SetProfile { name: "Still not Ada".into() });
    assert_eq!(judge(&preimage, SpaceKind::Talk, BEN, Role::Owner, &later), refused);
}

#[test]
fn a_space_is_named_by_managers() {
    let preimage = Preimage::space_info(SPACE);
    let made = begin(&preimage, &Edit::SetSpaceInfo { name: "Mine now".into() });
    assert_eq!(judge(&preimage, SpaceKind::Team, ADA, Role::Admin, &made.info), Ruling::Accept);
    let refused = Ruling::Refuse(Reason::NotManager);
    assert_eq!(judge(&preimage, SpaceKind::Team, ADA, Role::Member, &made.info), refused);
}

#[test]
fn contacts_are_kept_by_staff() {
    let preimage = Preimage::contact(SPACE, [4; 16]);
    let made = begin(&preimage, &Edit::SetContact { name: "Cora".into() });
    assert_eq!(judge(&preimage, SpaceKind::Team, ADA, Role::Member, &made.info), Ruling::Accept);
    let refused = Ruling::Refuse(Reason::NotStaff);
    assert_eq!(judge(&preimage, SpaceKind::Team, ADA, Role::Client, &made.info), refused);
}

#[test]
fn values_fit_their_keys() {
    let preimage = message_of(ADA);
    let first = begin(&preimage, &create_message("Hello"));
    let bad = Ruling::Refuse(Reason::BadValue);
    let with = |action| {
        let change = rewritten(&first.bytes, |change| change.operations[1].action = action);
        judge(&preimage, SpaceKind::Client, ADA, Role::Member, &change)
    };
    assert_eq!(with(put("not bytes")), bad);
    assert_eq!(with(put(vec![0xffu8])), bad);
    let gone = follow(&preimage, &first, &Edit::DeleteMessage);
    assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Member, &gone), Ruling::Accept);
    let made = author(&[&first.bytes], actor(2), &preimage, &Edit::DeleteMessage).unwrap();
    for action in [put(false), automerge::legacy::OpType::Delete] {
        let back = rewritten(&made.bytes, |change| change.operations[0].action = action);
        assert_eq!(judge(&preimage, SpaceKind::Client, ADA, Role::Member, &back), bad);
    }
    let preimage = Preimage::profile(SPACE, &ADA);
    let first = begin(&preimage, &Edit::SetProfile { name: "Ada".into() });
    for name in [String::new(), " ".into(), "two\nlines".into(), "x".repeat(257)] {
        assert!(
            author::<Vec<u8>>(&[], actor(1), &preimage, &Edit::SetProfile { name: name.clone() }).is_err()
        );
        let change = rewritten(&first.bytes, |change| change.operations[1].action = put(name));
        assert_eq!(judge(&preimage, SpaceKind::Talk, ADA, Role::Member, &change), bad);
    }
}

#[test]
fn a_key_is_written_once_in_a_change() {
    let preimage = Preimage::profile(SPACE, &ADA);
    let first = begin(&preimage, &Edit::SetProfile { name: "Ada".into() });
    let twice = rewritten(&first.bytes, |change| change.operations.push(change.operations[1].clone()));
    let ruling = judge(&preimage, SpaceKind::Talk, ADA, Role::Member, &twice);
    assert_eq!(ruling, Ruling::Refuse(Reason::RepeatedKey));
}

#[test]
fn what_this_version_does_not_know_is_parked() {
    let preimage = message_of(ADA);
    let made = begin(&preimage, &create_message("Hello"));
    let member = subject(&preimage, SpaceKind::Client, ADA, Role::Member);
    assert_eq!(verdict(CURRENT + 1, &member, &made.info), Ruling::Park(Unjudged::Version));
    assert_eq!(verdict(0, &member, &made.info), Ruling::Park(Unjudged::Version));
    let later = rewritten(&made.bytes, |change| {
        let mut more = change.operations[1].clone();
        more.key = "mood".into();
        change.operations.push(more);
    });
    assert_eq!(verdict(CURRENT, &member, &later), Ruling::Park(Unjudged::Key));
    let formed = rewritten(&made.bytes, |change| change.time = 5);
    assert_eq!(verdict(CURRENT, &member, &formed), Ruling::Park(Unjudged::Form));
    for kind in [Kind::Draft, Kind::Unknown(77)] {
        let later = Preimage::Owned { space: SPACE, kind, owner: ADA, nonce: [1; 16] };
        let first = rewritten(&made.bytes, |change| change.operations[0].action = put(later.encode()));
        let ruling = judge(&later, SpaceKind::Client, ADA, Role::Member, &first);
        assert_eq!(ruling, Ruling::Park(Unjudged::Kind));
    }
    let gone = follow(&preimage, &made, &Edit::DeleteMessage);
    let early = Subject { preimage: None, ..member };
    assert_eq!(verdict(CURRENT, &early, &gone), Ruling::Park(Unjudged::First));
}

/// The whole table: released rules never change their mind.
#[test]
fn verdicts_of_version_1_are_frozen() {
    use std::fmt::Write;
    let mut out = String::new();
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Ingest];
    let spaces = [SpaceKind::Personal, SpaceKind::Team, SpaceKind::Client, SpaceKind::Talk];
    for (label, _, preimage, _, made) in firsts() {
        let edit = match preimage.kind() {
            Kind::Message => Edit::DeleteMessage,
            Kind::Conversation => Edit::RenameConversation { subject: "Other".into() },
            Kind::Profile => Edit::SetProfile { name: "Other".into() },
            Kind::SpaceInfo => Edit::SetSpaceInfo { name: "Other".into() },
            Kind::Contact => Edit::SetContactNote { note: "Other".into() },
            Kind::ConversationState => Edit::SetHidden(true),
            _ => Edit::SetDeviceName { name: "Other".into() },
        };
        let later = follow(&preimage, &made, &edit);
        for (step, change) in [("begins", &made.info), ("changes", &later)] {
            for space in spaces {
                for (who, person) in [("ada", ADA), ("ben", BEN)] {
                    let rulings: Vec<_> = roles
                        .iter()
                        .map(|role| match verdict(1, &subject(&preimage, space, person, *role), change) {
                            Ruling::Accept => "accept".to_owned(),
                            Ruling::Refuse(reason) => reason.code().to_owned(),
                            Ruling::Park(why) => format!("park {why:?}"),
                        })
                        .collect();
                    let _ = writeln!(out, "{label}, {who} {step}, {space:?}: {}", rulings.join(", "));
                }
            }
        }
    }
    insta::assert_snapshot!(out);
}

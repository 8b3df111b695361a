//! What version 2 of the rules added: who may do it, what older apps make of it, and how it is shown.

use std::fmt::Write;

use homing_model::rules::{key, version_for};
use homing_model::{
    Edit, EditedText, Extras, Kind, LinkPreview, ModelError, Preimage, Projection, Reason, Ruling, Unjudged,
    Voice, author, project, verdict,
};
use homing_wire::{DocId, PersonId, Role, SpaceKind};

use crate::formats::attachment;
use crate::judging::subject;
use crate::support::*;

fn record() -> DocId {
    Preimage::conversation(SPACE, BEN, [7; 16]).doc_id()
}

fn edited(body: &str, edited_ms: u64) -> Edit {
    Edit::EditMessage(EditedText { body: body.into(), edited_ms, mentions: Vec::new() })
}

fn react(person: PersonId, emoji: &str, on: bool) -> Edit {
    Edit::React { person, emoji: emoji.into(), on }
}

fn with_extras(extras: Extras) -> Edit {
    match create_message("Hello") {
        Edit::CreateMessage { conversation, body, author_ms, reply_to, attachments, .. } => {
            Edit::CreateMessage { conversation, body, author_ms, reply_to, attachments, extras: Some(extras) }
        }
        other => other,
    }
}

fn all_extras() -> Extras {
    Extras {
        mentions: vec![BEN],
        previews: vec![LinkPreview {
            url: "https://example.org/villa".into(),
            title: "Villa Rosa".into(),
            description: "Four rooms by the sea".into(),
            image: Some(vec![1, 2, 3].into()),
        }],
        forwarded: true,
        internal: false,
        template: Some(record()),
        about: Some(record()),
    }
}

/// Every edit that version 2 added, on a document that it fits, with the space it stands in.
fn additions() -> Vec<(&'static str, SpaceKind, Preimage, Option<Edit>, Edit)> {
    let conversation = conversation_of(ADA);
    let state = Preimage::conversation_state(SPACE, &conversation.doc_id());
    let person = Preimage::person_state(SPACE, &BEN);
    let message = || Some(create_message("Hello"));
    let begun = || Some(create_conversation("Stay", ADA));
    let internal = Extras { internal: true, ..Extras::default() };
    let (client, personal, team) = (SpaceKind::Client, SpaceKind::Personal, SpaceKind::Team);
    vec![
        ("message with extras", client, message_of(ADA), None, with_extras(all_extras())),
        ("internal message", team, message_of(ADA), None, with_extras(internal)),
        ("edited", client, message_of(ADA), message(), edited("Hello again", 1_700_000_060_000)),
        ("reaction", client, message_of(ADA), message(), react(ADA, "\u{2764}\u{fe0f}", true)),
        ("link", client, conversation.clone(), begun(), Edit::LinkRecord { record: record(), on: true }),
        ("merge", client, conversation, begun(), Edit::MergeInto { conversation: Some(talk()) }),
        ("pin", personal, state.clone(), None, Edit::SetPinned(true)),
        ("mute", personal, state.clone(), None, Edit::SetMutedUntil(1_700_000_000_000)),
        ("snooze", personal, state.clone(), None, Edit::SetSnoozedUntil(1_700_000_000_000)),
        ("announce", personal, state.clone(), None, Edit::SetAnnounce("mentions".into())),
        ("keep files", personal, state, None, Edit::SetKeepFiles(true)),
        ("block", personal, person.clone(), None, Edit::SetBlocked(true)),
        ("local name", personal, person, None, Edit::SetLocalName { name: "Plumber".into() }),
        (
            "setting",
            personal,
            Preimage::setting(SPACE, "quiet_hours"),
            None,
            Edit::SetSetting { value: vec![0xf6] },
        ),
        ("assignee", team, Preimage::handling(SPACE, &talk()), None, Edit::SetAssignee { person: Some(BEN) }),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn additions_keep_their_bytes() {
    let mut out = String::new();
    for (label, _, preimage, begin, edit) in additions() {
        let first = begin.map(|edit| author::<Vec<u8>>(&[], actor(1), &preimage, &edit).unwrap().bytes);
        let made = author(first.as_slice(), actor(2), &preimage, &edit).unwrap();
        let keys: Vec<_> = made.info.keys().collect();
        let _ = writeln!(out, "{label}\n  edit  {}\n  bytes {}", hex(&edit.encode()), hex(&made.bytes));
        let _ = writeln!(out, "  keys  {keys:?}");
        assert_eq!(Edit::decode(&edit.encode()).as_ref(), Ok(&edit));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn verdicts_of_version_2_are_frozen() {
    let mut out = String::new();
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Ingest];
    let spaces = [SpaceKind::Personal, SpaceKind::Team, SpaceKind::Client, SpaceKind::Talk];
    for (label, fits, preimage, begin, edit) in additions() {
        let first = begin.map(|edit| author::<Vec<u8>>(&[], actor(1), &preimage, &edit).unwrap().bytes);
        let made = author(first.as_slice(), actor(2), &preimage, &edit).unwrap();
        for space in spaces {
            for (who, person) in [("ada", ADA), ("ben", BEN)] {
                let rulings: Vec<_> = roles
                    .iter()
                    .map(|role| match verdict(2, &subject(&preimage, space, person, *role), &made.info) {
                        Ruling::Accept => "accept".to_owned(),
                        Ruling::Refuse(reason) => reason.code().to_owned(),
                        Ruling::Park(why) => format!("park {why:?}"),
                    })
                    .collect();
                let _ = writeln!(out, "{label}, {who}, {space:?}: {}", rulings.join(", "));
            }
        }
        let by_owner = verdict(2, &subject(&preimage, fits, ADA, Role::Owner), &made.info);
        assert_eq!(by_owner, Ruling::Accept, "{label}");
    }
    insta::assert_snapshot!(out);
}

/// An app that knows version 1 only never takes them for something else.
#[test]
fn older_rules_do_not_accept_the_additions() {
    for (label, space, preimage, begin, edit) in additions() {
        let first = begin.map(|edit| author::<Vec<u8>>(&[], actor(1), &preimage, &edit).unwrap().bytes);
        let made = author(first.as_slice(), actor(2), &preimage, &edit).unwrap();
        assert_ne!(
            verdict(1, &subject(&preimage, space, ADA, Role::Owner), &made.info),
            Ruling::Accept,
            "{label}"
        );
        assert_eq!(version_for(preimage.kind(), &made.info), 2, "{label}");
    }
    let plain = author::<Vec<u8>>(&[], actor(1), &message_of(ADA), &create_message("Hello")).unwrap();
    assert_eq!(version_for(Kind::Message, &plain.info), 1);
    let kinds =
        verdict(1, &subject(&Preimage::setting(SPACE, "x"), SpaceKind::Personal, ADA, Role::Owner), &{
            author::<Vec<u8>>(
                &[],
                actor(1),
                &Preimage::setting(SPACE, "x"),
                &Edit::SetSetting { value: vec![0xf6] },
            )
            .unwrap()
            .info
        });
    assert_eq!(kinds, Ruling::Park(Unjudged::Kind));
}

#[test]
fn nobody_reacts_in_anothers_name_or_edits_anothers_words() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("Hello")).unwrap();
    let judge = |edit: &Edit, by, role| {
        let made = author(&[&first.bytes], actor(2), &preimage, edit).unwrap();
        verdict(2, &subject(&preimage, SpaceKind::Client, by, role), &made.info)
    };
    assert_eq!(judge(&react(BEN, "+", true), BEN, Role::Client), Ruling::Accept);
    assert_eq!(judge(&react(ADA, "+", true), BEN, Role::Owner), Ruling::Refuse(Reason::NotOwner));
    assert_eq!(judge(&edited("Bye", 2), BEN, Role::Owner), Ruling::Refuse(Reason::NotOwner));
    assert_eq!(judge(&edited("Bye", 2), ADA, Role::Client), Ruling::Accept);
    for emoji in ["", " ", "a b", "line\nbreak", &"x".repeat(65)] {
        let refused = author(&[&first.bytes], actor(2), &preimage, &react(BEN, emoji, true));
        assert!(refused.is_err(), "{emoji:?}");
    }
}

#[test]
fn a_reaction_has_one_spelling() {
    let key = key::reaction(&ADA, "+");
    assert_eq!(key::read_reaction(&key), Some((ADA, "+")));
    assert_eq!(key::read_reaction(&key.to_uppercase().replacen("REACTION", "reaction", 1)), None);
    assert_eq!(key::read_reaction("reaction/ada/+"), None);
}

#[test]
fn edits_and_reactions_are_shown_with_their_history() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("Hello")).unwrap();
    let second = author(&[&first.bytes], actor(1), &preimage, &edited("Hello all", 5)).unwrap();
    let apart = author(&[&first.bytes], actor(2), &preimage, &edited("Hello you", 4)).unwrap();
    let hearts = author(&[&first.bytes], actor(3), &preimage, &react(BEN, "+", true)).unwrap();
    let back = author(&[&first.bytes, &hearts.bytes], actor(3), &preimage, &react(BEN, "+", false)).unwrap();
    let other = author(&[&first.bytes], actor(4), &preimage, &react(ADA, "!", true)).unwrap();
    let infos = [first.info, second.info, apart.info, hearts.info, back.info, other.info];
    let Ok(Projection::Message(row)) = project(&infos) else { panic!("a message") };
    assert_eq!(row.reactions, [(ADA, "!".to_owned())]);
    let former: Vec<_> = row.former.iter().map(|wording| wording.body.as_str()).collect();
    let shown = row.content.body.as_str();
    assert!(["Hello all", "Hello you"].contains(&shown));
    assert_eq!(former.first(), Some(&"Hello"));
    assert_eq!(former.len(), 2);
    assert!(!former.contains(&shown));
    let mut backwards = infos.clone();
    backwards.reverse();
    assert_eq!(project(&backwards).unwrap(), Projection::Message(row));
}

#[test]
fn a_deleted_message_keeps_no_former_words() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &with_extras(all_extras())).unwrap();
    let second = author(&[&first.bytes], actor(1), &preimage, &edited("Secret", 5)).unwrap();
    let gone = author(&[&first.bytes, &second.bytes], actor(1), &preimage, &Edit::DeleteMessage).unwrap();
    let mut infos = [first.info, second.info, gone.info];
    let Ok(Projection::Message(row)) = project(&infos) else { panic!("a message") };
    assert!(
        row.deleted && row.former.is_empty() && row.content.body.is_empty() && row.content.extras.is_none()
    );
    for info in &mut infos {
        info.redact();
        assert!(!hex(&info.encode()).contains(&hex(b"Secret")));
        assert!(!hex(&info.encode()).contains(&hex(b"Villa Rosa")));
    }
    assert_eq!(project(&infos).unwrap(), Projection::Message(row));
}

#[test]
fn extras_are_checked() {
    let allowed = |change: &dyn Fn(&mut Extras)| {
        let mut extras = all_extras();
        change(&mut extras);
        author::<Vec<u8>>(&[], actor(1), &message_of(ADA), &with_extras(extras)).is_ok()
    };
    assert!(allowed(&|_| {}));
    assert!(!allowed(&|extras| *extras = Extras::default()));
    assert!(!allowed(&|extras| extras.mentions = vec![BEN; 51]));
    assert!(!allowed(&|extras| extras.previews = vec![extras.previews[0].clone(); 4]));
    assert!(!allowed(&|extras| extras.previews[0].url = "javascript:alert(1)".into()));
    assert!(!allowed(&|extras| extras.previews[0].url = "http://example.org".into()));
    assert!(!allowed(&|extras| extras.previews[0].title = "two\nlines".into()));
    assert!(!allowed(&|extras| extras.previews[0].image = Some(vec![0; 12 * 1024 + 1].into())));
    let file = |thumbnail: usize, peaks: usize| {
        let mut file = attachment();
        file.thumbnail = Some(vec![0; thumbnail].into());
        file.voice = Some(Voice { duration_ms: 1_000, peaks: vec![0; peaks].into() });
        let edit = match create_message("Hello") {
            Edit::CreateMessage { conversation, body, author_ms, reply_to, extras, .. } => {
                Edit::CreateMessage {
                    conversation,
                    body,
                    author_ms,
                    reply_to,
                    attachments: vec![file],
                    extras,
                }
            }
            other => other,
        };
        author::<Vec<u8>>(&[], actor(1), &message_of(ADA), &edit)
    };
    let made = file(12 * 1024, 256).unwrap();
    assert_eq!(version_for(Kind::Message, &made.info), 2);
    assert!(matches!(file(12 * 1024 + 1, 1), Err(ModelError::Limit(_))));
    assert!(matches!(file(0, 1), Err(ModelError::Limit(_))));
    assert!(matches!(file(1, 257), Err(ModelError::Limit(_))));
}

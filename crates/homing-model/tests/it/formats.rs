//! The forms that are stored for years: the bytes of every kind's first change, ids and edits, pinned.

use std::fmt::Write;

use homing_model::{
    Actor, AttachmentMeta, Edit, Kind, NewChange, Preimage, Projection, author, inspect, project_first,
    verdict,
};
use homing_wire::{BlobId, DeviceId, DocId, Hash, Role, Salt, SpaceKind};

use crate::judging::subject;
use crate::support::*;

pub fn attachment() -> AttachmentMeta {
    let chunks = vec![Hash([1; 32]), Hash([2; 32])];
    AttachmentMeta {
        blob: BlobId::of_chunks(&chunks),
        key: [3; 32],
        name: "plan.png".into(),
        mime: "image/png".into(),
        size: 5_000_000,
        chunks,
        width: Some(1600),
        height: Some(900),
        thumbnail: None,
        voice: None,
    }
}

/// The first change of every kind that has one, with the space it stands in.
pub fn firsts() -> Vec<(&'static str, SpaceKind, Preimage, Edit, NewChange)> {
    let conversation = conversation_of(ADA).doc_id();
    let rich = Edit::CreateMessage {
        conversation,
        body: "Grüße, 東京".into(),
        author_ms: 1_700_000_000_123,
        reply_to: Some(message_of(BEN).doc_id()),
        attachments: vec![attachment()],
        extras: None,
    };
    let name = |name: &str| name.to_owned();
    [
        ("profile", SpaceKind::Talk, Preimage::profile(SPACE, &ADA), Edit::SetProfile { name: name("Ada") }),
        (
            "space info",
            SpaceKind::Team,
            Preimage::space_info(SPACE),
            Edit::SetSpaceInfo { name: name("Agency") },
        ),
        (
            "contact",
            SpaceKind::Team,
            Preimage::contact(SPACE, [4; 16]),
            Edit::SetContact { name: name("Cora") },
        ),
        ("conversation", SpaceKind::Client, conversation_of(ADA), create_conversation("Stay in May", ADA)),
        (
            "talk conversation",
            SpaceKind::Talk,
            Preimage::talk_conversation(SPACE),
            create_conversation("", ADA),
        ),
        ("message", SpaceKind::Client, message_of(ADA), create_message("Hello")),
        ("message with all", SpaceKind::Client, message_of(ADA), rich),
        (
            "conversation state",
            SpaceKind::Personal,
            Preimage::conversation_state(SPACE, &conversation),
            Edit::SetArchived(true),
        ),
        (
            "device name",
            SpaceKind::Personal,
            Preimage::device_name(SPACE, &DeviceId([6; 32])),
            Edit::SetDeviceName { name: name("laptop") },
        ),
    ]
    .into_iter()
    .map(|(label, space_kind, preimage, edit)| {
        let made = author::<Vec<u8>>(&[], actor(1), &preimage, &edit).unwrap();
        (label, space_kind, preimage, edit, made)
    })
    .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[test]
fn first_changes_keep_their_bytes() {
    let mut out = String::new();
    for (label, _, preimage, edit, made) in firsts() {
        let _ = writeln!(out, "{label}\n  id       {}", preimage.doc_id());
        let _ = writeln!(out, "  preimage {}", hex(&preimage.encode()));
        let _ = writeln!(out, "  edit     {}", hex(&edit.encode()));
        let _ = writeln!(out, "  hash     {}", made.hash);
        let _ = writeln!(out, "  bytes    {}", hex(&made.bytes));
        let keys: Vec<_> = made.info.keys().collect();
        let info = &made.info;
        let _ = writeln!(
            out,
            "  reads    seq {} start {} ops {} keys {keys:?}",
            info.seq, info.start_op, info.ops
        );
        assert_eq!(inspect(&made.bytes).as_ref(), Ok(info));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_first_change_is_accepted_and_has_a_row() {
    for (label, space_kind, preimage, _, made) in firsts() {
        let ruling = verdict(1, &subject(&preimage, space_kind, ADA, Role::Owner), &made.info);
        assert_eq!(ruling, homing_model::Ruling::Accept, "{label}");
        let row = project_first(&made.info).unwrap();
        let expected = match row {
            Projection::Message(_) => Kind::Message,
            Projection::Conversation(_) => Kind::Conversation,
            Projection::Profile(_) => Kind::Profile,
            Projection::SpaceInfo(_) => Kind::SpaceInfo,
            Projection::Contact(_) => Kind::Contact,
            Projection::ConversationState(_) => Kind::ConversationState,
            Projection::DeviceName(_) => Kind::DeviceName,
            Projection::PersonState(_) => Kind::PersonState,
            Projection::Setting(_) => Kind::Setting,
            Projection::Handling(_) => Kind::Handling,
            Projection::Record(row) => Kind::Record(row.kind),
        };
        assert_eq!(preimage.kind(), expected, "{label}");
    }
}

#[test]
fn rows_show_what_was_written() {
    let rows: Vec<Projection> =
        firsts().iter().map(|(.., made)| project_first(&made.info).unwrap()).collect();
    insta::assert_debug_snapshot!(rows);
}

#[test]
fn actors_and_message_ids_are_derived() {
    let derived = Actor::derive(&DeviceId([1; 32]), &Salt([2; 16]));
    assert_ne!(derived, Actor::derive(&DeviceId([1; 32]), &Salt([3; 16])));
    assert_ne!(derived, Actor::derive(&DeviceId([2; 32]), &Salt([2; 16])));
    insta::assert_snapshot!(format!("{derived}\n{}", hex(&draft_id(7).message_nonce())));
    assert_ne!(message_of(ADA).doc_id(), message_of(BEN).doc_id());
    assert_eq!(message_of(ADA).doc_id(), Preimage::message(SPACE, ADA, &draft_id(7)).doc_id());
}

#[test]
fn kinds_keep_their_numbers() {
    for number in 0..80 {
        assert_eq!(Kind::from_number(number).number(), number);
    }
    assert_eq!(Kind::from_number(77), Kind::Unknown(77));
    let later = Preimage::Derived { space: SPACE, kind: Kind::Unknown(77), key: vec![1] };
    assert_eq!(Preimage::decode(&later.encode()), Ok(later));
    let long = Preimage::Derived { space: SPACE, kind: Kind::Profile, key: vec![1; 65] };
    assert!(Preimage::decode(&long.encode()).is_err());
    let id: DocId = conversation_of(ADA).doc_id();
    assert_eq!(id.0.get_version_num(), 8);
}

#[test]
fn attachments_are_checked() {
    let with = |change: &dyn Fn(&mut AttachmentMeta)| {
        let mut file = attachment();
        change(&mut file);
        let edit = Edit::CreateMessage {
            conversation: talk(),
            body: String::new(),
            author_ms: 1,
            reply_to: None,
            attachments: vec![file],
            extras: None,
        };
        author::<Vec<u8>>(&[], actor(1), &message_of(ADA), &edit).is_ok()
    };
    assert!(with(&|_| {}));
    assert!(!with(&|file| file.name = "../../passwd".into()));
    assert!(!with(&|file| file.name = String::new()));
    assert!(!with(&|file| file.mime = "x".repeat(200)));
    assert!(!with(&|file| file.blob = BlobId([0; 32])));
    assert!(!with(&|file| file.chunks.clear()));
    assert!(!with(&|file| file.size = 9 * 1024 * 1024));
    let shown = format!("{:?}", attachment());
    assert!(!shown.contains("plan.png") && !shown.contains("key"));
}

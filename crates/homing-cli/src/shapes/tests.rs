//! The JSON that scripts rely on.

use homing_engine::api::{self, *};
use serde::Serialize;

use crate::shapes;

const AT: &str = "2026-11-21T09:30:00.000Z";

fn json(shape: &impl Serialize) -> String {
    serde_json::to_string_pretty(shape).unwrap()
}

fn status() -> Status {
    Status {
        person: Some("person".into()),
        device: Some("device".into()),
        name: Some("Ada Berger".into()),
        device_name: Some("Laptop".into()),
        relay: Some("https://relay.example".into()),
        relay_is_local: false,
        connection: Connection::Online,
        online: true,
        offline_since: None,
        outbox: 2,
        refused: 0,
        unread: 3,
        quarantined: 0,
        parked: 1,
        locked: false,
        demo: false,
        demo_profile: None,
        recovery_confirmed: true,
        recovery_here: true,
        key_protection: KeyProtection::Keychain,
        requests: 0,
        notices: 0,
        problem: None,
        version: "1.2.3".into(),
    }
}

#[test]
fn the_profile() {
    insta::assert_snapshot!("identity", json(&shapes::Identity::from(status())));
    insta::assert_snapshot!("status", json(&shapes::Status::from(status())));
    let problem = Some(ApiError::new(api::Code::RelayUntrusted, "The relay's key changed."));
    let offline = Status { online: false, refused: 1, parked: 0, problem, ..status() };
    insta::assert_snapshot!("status_text", shapes::Status::from(offline));
    insta::assert_snapshot!("demo", json(&shapes::Demo::from(status())));
    insta::assert_snapshot!("sync", json(&shapes::Sync::from(SyncReport { pushed: 1, pulled: 2 })));
    insta::assert_snapshot!("code", json(&shapes::Code { code: "XXXX-XXXX".into() }));
    insta::assert_snapshot!("digits", json(&shapes::Digits { digits: "123456".into() }));
    insta::assert_snapshot!(
        "doctor",
        json(&shapes::Doctor::from(DoctorReport {
            healthy: false,
            findings: vec![Finding {
                code: "lost_index".into(),
                message: "A list was lost.".into(),
                repaired: true
            }],
        }))
    );
    insta::assert_snapshot!(
        "backup",
        json(&shapes::Backup::from(BackupReport { file: "/b".into(), bytes: 4096.0 }))
    );
}

#[test]
fn a_conversation() {
    let row = ConversationRow {
        id: "conversation".into(),
        space: "space".into(),
        space_kind: SpaceKind::Client,
        subject: "Kitchen".into(),
        title: "Kitchen".into(),
        participants: vec![Participant {
            person: "person".into(),
            name: "Ben Okafor".into(),
            role: RoleName::Client,
            me: false,
            team: false,
        }],
        unread: 1,
        marked_unread: false,
        named: false,
        preview: "Good morning!".into(),
        preview_files: None,
        preview_deleted: false,
        preview_author: Some("Ben Okafor".into()),
        last_at: AT.into(),
        last_state: None,
        archived: false,
        has_draft: true,
        draft_preview: "Hello".into(),
        waiting: 0,
        can_write: true,
        can_manage: true,
        records: vec![RecordChip {
            id: "record".into(),
            kind: "property".into(),
            title: "Villa Rosa".into(),
            shared: false,
            deleted: false,
        }],
        order: "order".into(),
        space_name: "Okafor".into(),
        preview_internal: false,
        pinned: true,
        keep_files: false,
        muted_until: Some(AT.into()),
        snoozed_until: Some(AT.into()),
        snoozed: true,
        blocked: false,
        staffed: true,
        assignee: Some(api::Assignee { person: "person".into(), name: "Cora Lind".into(), me: false }),
    };
    insta::assert_snapshot!("conversation", json(&shapes::Conversation::from(row)));
    let sent = api::Sent { id: "message".into(), conversation: "conversation".into(), state: State::Pending };
    insta::assert_snapshot!("sent", json(&shapes::Sent::from(sent)));
}

fn named() -> Named {
    Named { person: "other".into(), name: "Ben Okafor".into(), me: false }
}

#[test]
fn a_message() {
    let row = MessageRow {
        id: "message".into(),
        conversation: "conversation".into(),
        author: "person".into(),
        author_name: "Ada Berger".into(),
        mine: true,
        at: AT.into(),
        body: "Good\nmorning!".into(),
        state: State::Delivered,
        error: None,
        receipts: vec![Receipt {
            person: "other".into(),
            name: "Ben Okafor".into(),
            delivered_at: Some(AT.into()),
            read_at: None,
            delivered: true,
            read: false,
        }],
        attachments: vec![Attachment {
            id: "file".into(),
            name: "offer.pdf".into(),
            mime: "application/pdf".into(),
            size: 12345.0,
            state: AttachmentState::Ready,
            progress: 1.0,
            here: true,
            width: None,
            height: None,
            thumbnail: None,
            voice: None,
            pinned: false,
            held: None,
        }],
        reply_to: Some(Quote {
            id: "quoted".into(),
            author_name: "Ben".into(),
            preview: "Hi".into(),
            files: None,
            deleted: false,
        }),
        unread: false,
        late: false,
        deleted: false,
        internal: false,
        colleague: false,
        blocked: false,
        can_delete: true,
        can_edit: true,
        edited_at: Some(AT.into()),
        reactions: vec![Reaction { emoji: "👍".into(), mine: false, people: vec![named()] }],
        mentions: vec![named()],
        mentions_me: false,
        previews: vec![Preview {
            url: "https://example.org/".into(),
            title: "A page".into(),
            description: "Its words".into(),
            image: None,
        }],
        forwarded: true,
        template: None,
        about: Some("record".into()),
        replies: 2,
        changing: Some(OutboxState::Queued),
        undo_until: None,
        order: "0".into(),
    };
    let history = History {
        message: "message".into(),
        author: "person".into(),
        author_name: "Ada Berger".into(),
        wordings: vec![Wording { body: "Good evening!".into(), since: AT.into(), current: false }],
    };
    insta::assert_snapshot!("wording", json(&shapes::Wording::of(history)));
    insta::assert_snapshot!("message", json(&shapes::Message::from(row)));
    let hit = SearchHit {
        conversation: "conversation".into(),
        title: "Kitchen".into(),
        message: "message".into(),
        author_name: "Ada Berger".into(),
        at: AT.into(),
        snippet: vec![
            SnippetPart { text: "Good ".into(), hit: false },
            SnippetPart { text: "morning".into(), hit: true },
        ],
        file: None,
        archived: false,
    };
    insta::assert_snapshot!("hit", json(&shapes::Hit::from(hit)));
}

#[test]
fn a_draft_and_the_outbox() {
    let draft = api::Draft {
        id: "draft".into(),
        conversation: "conversation".into(),
        comment: false,
        text: "Hello".into(),
        revision: "1".into(),
        reply_to: None,
        sending: None,
        updated_at: Some(AT.into()),
        template: None,
        others: Vec::new(),
        files: Vec::new(),
        files_coming: 0,
    };
    insta::assert_snapshot!("draft", json(&shapes::Draft::from(draft)));
    let listed = api::DraftRow {
        id: "draft".into(),
        conversation: "conversation".into(),
        comment: true,
        title: "Kitchen".into(),
        text: "He pays late".into(),
        updated_at: AT.into(),
        sending: None,
        files: 0,
    };
    let listed = shapes::StoredDraft::from(listed);
    insta::assert_snapshot!("stored_draft", json(&listed));
    assert!(listed.to_string().contains("Kitchen  [comment]\n"), "{listed}");
    let row = OutboxRow {
        id: "change".into(),
        kind: "message".into(),
        conversation: Some("conversation".into()),
        title: "Kitchen".into(),
        preview: "Good morning!".into(),
        files: None,
        state: OutboxState::Refused,
        since: AT.into(),
        error: Some(ApiError::new(api::Code::RoleForbids, "You may only read here.")),
        can_cancel: true,
        can_edit: true,
        can_move: false,
    };
    insta::assert_snapshot!("outbox_item", json(&shapes::OutboxItem::from(row)));
}

#[test]
fn people() {
    let invitation = api::Invitation {
        id: "invitation".into(),
        link: "homing://join/1/x#y".into(),
        space: "space".into(),
        role: RoleName::Client,
        expires_at: AT.into(),
        name: "Ben Okafor".into(),
        qr_svg: String::new(),
        instant: true,
        relay_is_local: false,
    };
    insta::assert_snapshot!("invited", json(&shapes::Invited::from(invitation)));
    let joined =
        api::Joined { space: "space".into(), state: JoinState::AwaitingApproval, conversation: None };
    insta::assert_snapshot!("joined", json(&shapes::Joined::from(joined)));
    let member = MemberRow {
        member: "person".into(),
        name: "Ben Okafor".into(),
        team: false,
        role: RoleName::Client,
        me: false,
        can_remove: true,
        can_change_role: false,
        waiting: None,
    };
    insta::assert_snapshot!("member", json(&shapes::Member::from(member)));
    let device = DeviceRow {
        id: "device".into(),
        name: "Laptop".into(),
        current: true,
        added_at: Some(AT.into()),
        revoked: false,
    };
    insta::assert_snapshot!("device", json(&shapes::Device::from(device)));
    let person = PersonRow {
        id: "person".into(),
        name: "Ben Okafor".into(),
        me: false,
        verified: true,
        role: Some(RoleName::Client),
        spaces: vec!["Okafor".into()],
        client: true,
        staff: false,
        can_remove: false,
        leaves: false,
        own_name: Some("Benjamin".into()),
        blocked: false,
    };
    insta::assert_snapshot!("person", json(&shapes::Person::from(person)));
    let safety = api::Safety {
        person: "person".into(),
        name: "Ben Okafor".into(),
        digits: "12345 67890".into(),
        verified: false,
        qr_svg: String::new(),
    };
    insta::assert_snapshot!("safety", json(&shapes::Safety::from(safety)));
}

#[test]
fn who_has_no_name_yet_is_somebody() {
    let safety = api::Safety {
        person: "person".into(),
        name: String::new(),
        digits: "12345 67890".into(),
        verified: false,
        qr_svg: String::new(),
    };
    assert_eq!(shapes::Safety::from(safety).name, "Somebody");
    let device = api::DeviceRow {
        id: "device".into(),
        name: String::new(),
        current: false,
        added_at: None,
        revoked: false,
    };
    assert_eq!(shapes::Device::from(device).name, "A device");
    assert_eq!(super::titled(api::UNNAMED.into()), "Somebody");
}

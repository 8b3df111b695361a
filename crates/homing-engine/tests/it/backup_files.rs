//! Files in a backup: what is nowhere but on this computer comes along, whatever it belongs to, and a restored profile
//! never touches the one it was made from.

use std::collections::BTreeMap;

use homing_engine::api::{
    Attachment, AttachmentState, Call, ConversationRef, Draft, DraftAttach, DraftDetach, FileData,
    FileSource, ItemRef, QuickReplies, QuickReply, QuickReplySet, RecordDetail, RecordFiles, RecordNew,
    RecordRef, RecordRow, RecordValue, RelaySet,
};
use homing_engine::port::Input;

use crate::tools::{Desk, PASSPHRASE, back_up, note, profile, restored};

fn file(name: &str) -> FileSource {
    let bytes = name.repeat(100).into_bytes();
    let base64 = data_encoding::BASE64.encode(&bytes);
    FileSource::Bytes { name: name.into(), mime: "text/plain".into(), base64, voice: None }
}

/// What a profile holds whose files are all nowhere else.
struct Kept {
    talk: String,
    property: String,
    stopped: Option<String>,
}

impl Kept {
    fn fill(desk: &mut Desk) -> Self {
        let talk = note(desk, "hold the price").id;
        let attach = DraftAttach { conversation: talk.clone(), files: vec![file("draft.txt")], draft: None };
        desk.does::<Draft>(Call::DraftAttach(attach));
        let title = RecordValue::Text("Mill Lane 4".into());
        let fields = BTreeMap::from([("title".to_owned(), Some(title))]);
        let new = RecordNew { kind: "property".into(), fields, files: vec![file("photo.png")] };
        let property = desk.does::<RecordRow>(Call::RecordNew(new)).id;
        let set =
            QuickReplySet { title: "House rules".into(), body: "Read.".into(), ..QuickReplySet::default() };
        let quick: QuickReply = desk.does(Call::QuickReplySet(set));
        let add = vec![file("rules.txt")];
        let files = RecordFiles { record: quick.id, field: "files".into(), add, keep: None };
        desk.does::<RecordDetail>(Call::RecordFiles(files));
        Self { talk, property, stopped: None }
    }

    fn files(&self, desk: &mut Desk) -> Vec<Attachment> {
        let mut files: Vec<Attachment> =
            desk.reads(&self.talk).into_iter().flat_map(|row| row.attachments).collect();
        files.extend(self.draft(desk).files);
        let detail: RecordDetail = desk.does(Call::Record(RecordRef { record: self.property.clone() }));
        let photos = detail.fields.into_iter().find(|field| field.key == "photos").unwrap();
        match photos.values.into_iter().next().unwrap().value {
            Some(RecordValue::Files(photos)) => files.extend(photos),
            other => panic!("{other:?}"),
        }
        let quick: Vec<QuickReply> = desk.does(Call::QuickReplies(QuickReplies::default()));
        files.extend(quick.into_iter().flat_map(|quick| quick.files));
        files
    }

    fn draft(&self, desk: &mut Desk) -> Draft {
        desk.does(Call::DraftShow(ConversationRef { conversation: self.talk.clone() }))
    }

    /// Every file is here, with its bytes, and stands as wanted.
    fn is_whole(&self, desk: &mut Desk, wanted: AttachmentState) {
        let files = self.files(desk);
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["notes.txt", "draft.txt", "photo.png", "rules.txt"]);
        for file in &files {
            let stopped = self.stopped.as_ref() == Some(&file.id);
            let wanted = if stopped { AttachmentState::Stopped } else { wanted };
            assert_eq!((file.state, file.here), (wanted, true), "{}", file.name);
            let read: FileData = desk.does(Call::AttachmentRead(ItemRef { id: file.id.clone() }));
            assert_eq!(read.name, file.name);
        }
    }
}

#[test]
fn without_a_relay_every_file_comes_along() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    old.init("Ada");
    let kept = Kept::fill(&mut old);
    kept.is_whole(&mut old, AttachmentState::Ready);
    let file = place.path().join("ada.homing");
    back_up(&mut old, &file, Some(PASSPHRASE)).unwrap();
    drop(old);
    std::fs::remove_dir_all(place.path().join("old")).unwrap();

    let mut new = restored(&profile(place.path(), "new"), &file, Some(PASSPHRASE), None).unwrap();
    kept.is_whole(&mut new, AttachmentState::Ready);
}

#[test]
fn what_waits_for_the_relay_comes_along_and_still_waits() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    old.init("Ada");
    // Answered when it is reached or not; from now on there is one.
    old.core.handle(Input::Call(2, Call::RelaySet(RelaySet { address: "127.0.0.1:1".into() })));
    old.core.follow_up();
    let mut kept = Kept::fill(&mut old);
    let first = kept.files(&mut old).remove(0);
    let stopped: Attachment = old.does(Call::AttachmentStop(ItemRef { id: first.id }));
    kept.stopped = Some(stopped.id);
    kept.is_whole(&mut old, AttachmentState::Waiting);
    let file = place.path().join("ada.homing");
    back_up(&mut old, &file, Some(PASSPHRASE)).unwrap();
    drop(old);
    std::fs::remove_dir_all(place.path().join("old")).unwrap();

    let mut new = restored(&profile(place.path(), "new"), &file, Some(PASSPHRASE), None).unwrap();
    kept.is_whole(&mut new, AttachmentState::Waiting);
}

#[test]
fn what_is_discarded_in_a_restored_profile_stays_in_the_one_it_was_made_from() {
    let place = tempfile::tempdir().unwrap();
    let mut old = Desk::open(&profile(place.path(), "old"), 1).unwrap();
    old.init("Ada");
    let kept = Kept::fill(&mut old);
    let file = place.path().join("ada.homing");
    back_up(&mut old, &file, Some(PASSPHRASE)).unwrap();

    let folder = profile(place.path(), "new");
    let mut new = restored(&folder, &file, Some(PASSPHRASE), None).unwrap();
    let draft = kept.draft(&mut new).files.remove(0);
    let chunks = || std::fs::read_dir(folder.join("files")).unwrap().count();
    assert_eq!(chunks(), 4);
    new.does::<Draft>(Call::DraftDetach(DraftDetach { conversation: kept.talk.clone(), id: draft.id }));
    assert_eq!(chunks(), 3, "its own copy is gone");
    kept.is_whole(&mut old, AttachmentState::Ready);
}

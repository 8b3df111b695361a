//! What a fuzzer calls. Nothing here may panic, whatever the bytes.

use homing_wire::{DocId, PersonId, Role, SpaceId, SpaceKind};

use crate::rules::{self, Subject};
use crate::{
    Actor, Check, DocState, DraftDoc, DraftId, Edit, author, check, inspect, project_first, save_document,
    verdict,
};

/// A change from anybody: inspect, check, judge, apply, edit, save.
pub fn fuzz_change(bytes: &[u8]) {
    let Ok(info) = inspect(bytes) else { return };
    let subject = Subject {
        doc: info.preimage.as_ref().map_or_else(|| DocId::from_hash(&[0; 32]), |preimage| preimage.doc_id()),
        space: info.preimage.as_ref().map_or(SpaceId([0; 32]), |preimage| preimage.space()),
        space_kind: SpaceKind::Client,
        preimage: info.preimage.as_ref(),
        author: info.preimage.as_ref().and_then(|preimage| preimage.owner()).unwrap_or(PersonId([0; 32])),
        role: Role::Owner,
    };
    // Judged whatever the check says; applied only if it passes the check, whatever the verdict.
    let _ = verdict(rules::CURRENT, &subject, &info);
    if check(&info, DocState::default(), &info.actor) != Check::Ok || info.unknown_form {
        return;
    }
    let _ = project_first(&info);
    let _ = save_document(&[bytes]);
    let Some(preimage) = &info.preimage else { return };
    for edit in [
        Edit::DeleteMessage,
        Edit::RenameConversation { subject: "subject".into() },
        Edit::SetProfile { name: "name".into() },
        Edit::SetArchived(true),
    ] {
        if let Ok(edited) = author(&[bytes], Actor([0xff; 16]), preimage, &edit) {
            let placed = check(
                &edited.info,
                DocState { accepted: std::slice::from_ref(&info), refused: &[] },
                &edited.info.actor,
            );
            debug_assert!(placed == Check::Ok || placed == Check::Duplicate { with: info.hash });
            let _ = save_document(&[bytes, &edited.bytes]);
        }
    }
}

/// A saved draft from a slot: load, read, edit, save.
pub fn fuzz_draft(bytes: &[u8]) {
    let Ok(mut draft) = DraftDoc::load(bytes, Actor([1; 16])) else { return };
    let _ = draft.text();
    let _ = draft.set_text(None, "other");
    let _ = draft.save();
    let mut fresh = DraftDoc::new(Actor([2; 16]), DraftId([0; 16]), DocId::from_hash(&[0; 32]));
    if let Ok(fresh) = &mut fresh {
        let _ = fresh.merge(&draft);
    }
}

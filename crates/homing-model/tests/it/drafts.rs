//! Drafts that follow a person across devices.

use homing_model::{Containment, DraftDoc, ModelError, Revision, fuzzing};
use homing_wire::DeviceId;
use proptest::prelude::*;

use crate::support::*;

const LAPTOP: DeviceId = DeviceId([1; 32]);
const DESKTOP: DeviceId = DeviceId([2; 32]);

fn draft(by: u8) -> DraftDoc {
    DraftDoc::new(actor(by), draft_id(7), talk()).unwrap()
}

fn copy(of: &DraftDoc, by: u8) -> DraftDoc {
    DraftDoc::load(&of.save(), actor(by)).unwrap()
}

fn with_text(by: u8, text: &str) -> DraftDoc {
    let mut made = draft(by);
    made.set_text(None, text).unwrap();
    made
}

#[test]
fn a_draft_keeps_what_it_is_for() {
    let mut made = with_text(1, "Dear Ben,");
    let answered = message_of(BEN).doc_id();
    made.set_reply_to(Some(&answered)).unwrap();
    let loaded = copy(&made, 2);
    assert_eq!((loaded.id(), loaded.conversation()), (draft_id(7), talk()));
    assert_eq!(loaded.text().unwrap(), "Dear Ben,");
    assert_eq!(loaded.reply_to(), Some(answered));
    assert_eq!(loaded.revision(), made.revision());
    made.set_reply_to(None).unwrap();
    assert_eq!(made.reply_to(), None);
}

#[test]
fn text_at_both_ends_of_a_shared_base_merges_exactly() {
    let mut laptop = with_text(1, "the flat is free in May");
    let mut desktop = copy(&laptop, 2);
    laptop.set_text(None, "Dear Ben, the flat is free in May").unwrap();
    desktop.set_text(None, "the flat is free in May. Best, Ada").unwrap();
    let (mut left, mut right) = (laptop.clone(), desktop.clone());
    left.merge(&desktop).unwrap();
    right.merge(&laptop).unwrap();
    assert_eq!(left.text().unwrap(), "Dear Ben, the flat is free in May. Best, Ada");
    assert_eq!(right.text().unwrap(), left.text().unwrap());
    assert_eq!(right.revision(), left.revision());
    right.merge(&laptop).unwrap();
    assert_eq!(right.text().unwrap(), left.text().unwrap());
}

#[test]
fn what_came_in_since_the_editor_began_stays() {
    let mut here = with_text(1, "free in May");
    let base = here.revision();
    let mut there = copy(&here, 2);
    there.set_text(None, "free in May and June").unwrap();
    here.merge(&there).unwrap();
    // The editor still shows the old text and sends it with its own addition.
    assert!(here.set_text(Some(&base), "It is free in May").unwrap());
    assert_eq!(here.text().unwrap(), "It is free in May and June");
    // Several edits on one old base.
    let old: Revision = base.to_string().parse().unwrap();
    here.set_text(Some(&old), "free in May!").unwrap();
    let text = here.text().unwrap();
    assert!(text.starts_with("It is ") && text.contains('!') && text.contains(" and June"), "{text}");
    let saved = copy(&here, 3);
    assert_eq!(saved.text().unwrap(), text);
}

#[test]
fn clearing_an_old_text_keeps_what_another_device_added() {
    let mut here = with_text(1, "old");
    let base = here.revision();
    let mut there = copy(&here, 2);
    there.set_text(None, "old, and typed meanwhile").unwrap();
    here.merge(&there).unwrap();
    here.set_text(Some(&base), "").unwrap();
    assert_eq!(here.text().unwrap(), ", and typed meanwhile");
}

#[test]
fn setting_the_same_text_writes_nothing() {
    let mut made = with_text(1, "same");
    let revision = made.revision();
    assert!(!made.set_text(None, "same").unwrap());
    assert!(!made.set_text(Some(&revision), "same").unwrap());
    assert_eq!(made.revision(), revision);
}

#[test]
fn revisions_that_are_not_here_are_errors() {
    let mut here = with_text(1, "one");
    let mut there = copy(&here, 2);
    there.set_text(None, "two").unwrap();
    assert_eq!(here.set_text(Some(&there.revision()), "three"), Err(ModelError::UnknownRevision));
    assert_eq!(here.text_at(&there.revision()), Err(ModelError::UnknownRevision));
    for text in ["", "zz", "0", "a0", &"0".repeat(500)] {
        assert!(text.parse::<Revision>().is_err(), "{text}");
    }
    assert_eq!(here.merge(&DraftDoc::new(actor(3), draft_id(8), talk()).unwrap()), Err(ModelError::BadDraft));
}

#[test]
fn a_copy_within_what_was_sent_says_nothing_more() {
    let mut laptop = with_text(1, "Hello");
    let desktop = copy(&laptop, 2);
    laptop.set_text(None, "Hello, Ben").unwrap();
    let sent = laptop.revision();
    laptop.mark_sending(&LAPTOP, &sent).unwrap();
    assert_eq!(laptop.compare(&sent), Ok(Containment::Within), "the mark itself is not text");
    // The desktop has not seen the last words, and none of its own are missing from them.
    assert_eq!(desktop.within(&sent), Ok(true));
    assert_eq!(desktop.beyond(&sent), Ok(None));
}

#[test]
fn what_was_typed_beyond_what_was_sent_is_kept() {
    let mut laptop = with_text(1, "Hello");
    let sent = laptop.revision();
    laptop.mark_sending(&LAPTOP, &sent).unwrap();
    let mut desktop = copy(&laptop, 2);
    assert_eq!(desktop.sending().len(), 1);
    assert_eq!((desktop.sending()[0].device, &desktop.sending()[0].revision), (LAPTOP, &sent));
    desktop.set_text(None, "Hello, and one more thing").unwrap();
    let kept = Some(("Hello, and one more thing".to_owned(), Some("Hello".to_owned())));
    assert_eq!(desktop.beyond(&sent), Ok(kept));
    // Typed apart from what was sent: the whole text, without a known beginning.
    let mut tablet = with_text(1, "Hel");
    let mut phone = copy(&tablet, 3);
    tablet.set_text(None, "Hello").unwrap();
    phone.set_text(None, "Help").unwrap();
    assert_eq!(phone.beyond(&tablet.revision()), Ok(Some(("Help".to_owned(), None))));
}

#[test]
fn marks_of_two_devices_stand_side_by_side() {
    let mut laptop = with_text(1, "Hello");
    let mut desktop = copy(&laptop, 2);
    laptop.mark_sending(&LAPTOP, &laptop.revision()).unwrap();
    desktop.mark_sending(&DESKTOP, &desktop.revision()).unwrap();
    laptop.merge(&desktop).unwrap();
    let devices: Vec<_> = laptop.sending().iter().map(|sending| sending.device).collect();
    assert_eq!(devices, [LAPTOP, DESKTOP]);
    laptop.clear_sending(&LAPTOP).unwrap();
    laptop.clear_sending(&LAPTOP).unwrap();
    assert_eq!(laptop.sending().len(), 1);
}

#[test]
fn limits_hold() {
    let mut made = draft(1);
    assert_eq!(made.set_text(None, &"x".repeat(256 * 1024 + 1)), Err(ModelError::Limit("draft")));
    let long = "a line of a very long draft\n".repeat(9_000);
    assert!(made.set_text(None, &long).unwrap());
    assert!(made.set_text(None, &long.to_uppercase()).unwrap());
    assert_eq!(copy(&made, 2).text().unwrap(), long.to_uppercase());
    assert!(DraftDoc::load(&vec![0; 3 * 1024 * 1024], actor(1)).is_err());
}

#[test]
fn hours_of_typing_stay_small() {
    let mut made = draft(1);
    let mut text = String::new();
    for word in 0..500 {
        text.push_str(if word % 2 == 0 { "flat " } else { "lake " });
        made.set_text(None, &text).unwrap();
    }
    assert!(made.save().len() < 16 * 1024, "{}", made.save().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn copies_converge_and_loaded_text_is_what_was_set(
        edits in prop::collection::vec((any::<bool>(), any::<bool>(), "[a-c é👍🏽\\n]{0,12}"), 0..24),
    ) {
        let mut here = with_text(1, "base");
        let mut there = copy(&here, 2);
        let stale = here.revision();
        for (left, sync, text) in &edits {
            let side = if *left { &mut here } else { &mut there };
            if *sync {
                side.set_text(Some(&stale), text).unwrap();
            } else {
                side.set_text(None, text).unwrap();
                prop_assert_eq!(&side.text().unwrap(), text);
            }
            if *sync {
                here.merge(&there).unwrap();
                there.merge(&here).unwrap();
                prop_assert_eq!(here.text().unwrap(), there.text().unwrap());
            }
        }
        here.merge(&there).unwrap();
        there.merge(&here).unwrap();
        prop_assert_eq!(here.text().unwrap(), there.text().unwrap());
        prop_assert_eq!(here.revision(), there.revision());
        prop_assert_eq!(copy(&here, 3).text().unwrap(), here.text().unwrap());
    }

    #[test]
    fn no_bytes_make_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = with_text(1, "Hello, Ben. The flat is free.").save();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        fuzzing::fuzz_draft(&bytes);
        fuzzing::fuzz_draft(&bytes[..cut.index(bytes.len())]);
    }
}

#[test]
fn a_time_follows_the_draft_and_whoever_takes_it_back_last_is_heard() {
    let mut laptop = with_text(1, "See you at eight");
    let mut phone = copy(&laptop, 2);
    let content = homing_model::MessageContent {
        conversation: laptop.conversation(),
        body: laptop.text().unwrap(),
        author_ms: 0,
        reply_to: None,
        attachments: Vec::new(),
        extras: None,
    };
    let mark = homing_model::draft::Scheduling {
        device: LAPTOP,
        revision: laptop.revision(),
        at_ms: 1_795_608_000_000,
        space: homing_wire::SpaceId([2; 32]),
        members: homing_wire::Hash([3; 32]),
        content,
    };
    laptop.mark_scheduled(&mark).unwrap();
    phone.merge(&laptop).unwrap();
    assert_eq!(phone.scheduled(), Some(mark.clone()));
    // What is typed on doesn't change what was frozen.
    phone.set_text(None, "See you at eight, or nine").unwrap();
    assert_eq!(phone.scheduled().unwrap().content.body, "See you at eight");
    phone.clear_scheduled().unwrap();
    laptop.merge(&phone).unwrap();
    assert_eq!(laptop.scheduled(), None);
    let mut long = mark;
    long.content.attachments = vec![crate::formats::attachment(); 400];
    assert!(laptop.mark_scheduled(&long).is_err(), "too much for the slot that carries it");
}

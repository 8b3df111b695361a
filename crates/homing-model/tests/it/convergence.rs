//! The same changes give the same row, in whatever order and however often they arrive, and our fold agrees with
//! automerge itself.

use std::collections::{BTreeMap, HashMap};

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ROOT, ReadDoc, ScalarValue};
use homing_model::{
    ChangeHash, ChangeInfo, Check, DocState, Edit, ModelError, Preimage, Projection, Registers, Value,
    author, author_from, check, fold, inspect, project, project_first, save_document,
};
use proptest::prelude::*;

use crate::support::*;

pub fn registers(changes: &[ChangeInfo]) -> BTreeMap<String, Vec<Value>> {
    let registers = Registers::of(changes);
    registers
        .keys()
        .map(|key| (key.to_owned(), registers.all(key).iter().map(|found| found.value.clone()).collect()))
        .collect()
}

/// All values of all root keys as automerge itself reads them, the shown one first.
pub fn by_automerge<B: AsRef<[u8]>>(changes: &[B]) -> BTreeMap<String, Vec<Value>> {
    let doc = AutoCommit::load(&save_document(changes).unwrap()).unwrap();
    let value = |value: &automerge::Value<'_>| match value.as_scalar() {
        Some(ScalarValue::Boolean(value)) => Value::Bool(*value),
        Some(ScalarValue::Str(value)) => Value::Str(value.to_string()),
        Some(ScalarValue::Bytes(value)) => Value::Bytes(value.clone()),
        other => panic!("{other:?}"),
    };
    let all =
        |key: &str| doc.get_all(ROOT, key).unwrap().iter().rev().map(|(found, _)| value(found)).collect();
    doc.keys(ROOT).map(|key| (key.clone(), all(&key))).collect()
}

#[test]
fn what_is_authored_is_byte_for_byte_what_automerge_writes() {
    let preimage = conversation_of(ADA);
    let first =
        author::<Vec<u8>>(&[], actor(1), &preimage, &create_conversation("Stay in May", ADA)).unwrap();

    let mut doc = AutoCommit::new().with_actor(ActorId::from([1; 16]));
    for (key, value) in
        first.info.writes.iter().map(|write| (&write.key, first.info.put(&write.key).unwrap()))
    {
        match value {
            Value::Bytes(bytes) => doc.put(ROOT, key.as_str(), bytes.clone()).unwrap(),
            Value::Str(text) => doc.put(ROOT, key.as_str(), text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    doc.commit();
    assert_eq!(doc.get_last_local_change().unwrap().raw_bytes(), first.bytes);

    let rename = Edit::RenameConversation { subject: "Stay in June".into() };
    let second = author(&[&first.bytes], actor(2), &preimage, &rename).unwrap();
    doc.set_actor(ActorId::from([2; 16]));
    doc.put(ROOT, "subject", "Stay in June").unwrap();
    doc.commit();
    assert_eq!(doc.get_last_local_change().unwrap().raw_bytes(), second.bytes);
}

#[test]
fn saved_documents_give_the_same_changes_back() {
    let preimage = conversation_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_conversation("a", ADA)).unwrap();
    let rename = |subject: &str| Edit::RenameConversation { subject: subject.into() };
    let left = author(&[&first.bytes], actor(2), &preimage, &rename("b")).unwrap();
    let right = author(&[&first.bytes], actor(3), &preimage, &rename("c")).unwrap();
    let all = [&first.bytes, &left.bytes, &right.bytes];
    let merged = author(&all, actor(1), &preimage, &rename("d")).unwrap();
    let saved = save_document(&[&right.bytes, &merged.bytes, &first.bytes, &left.bytes]).unwrap();
    let mut loaded = AutoCommit::load(&saved).unwrap();
    let mut again: Vec<_> =
        loaded.get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect();
    let mut made = vec![first.bytes, left.bytes, right.bytes, merged.bytes];
    again.sort();
    made.sort();
    assert_eq!(again, made);
}

#[test]
fn one_draft_sent_on_two_devices_is_one_message_with_one_winner() {
    let preimage = message_of(ADA);
    let laptop = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("from the laptop")).unwrap();
    let desktop = author::<Vec<u8>>(&[], actor(2), &preimage, &create_message("from the desktop")).unwrap();
    for order in [[laptop.info.clone(), desktop.info.clone()], [desktop.info.clone(), laptop.info.clone()]] {
        assert_eq!(
            check(&order[1], DocState { accepted: &order[..1], refused: &[] }, &order[1].actor),
            Check::Ok
        );
        let Projection::Message(row) = project(&order).unwrap() else { panic!() };
        assert_eq!(row.author, ADA);
        assert_eq!(row.content.body, "from the desktop");
        assert_eq!(row.alternatives.len(), 1);
        assert_eq!(row.alternatives[0].body, "from the laptop");
    }
    assert_eq!(by_automerge(&[&laptop.bytes, &desktop.bytes]), registers(&[laptop.info, desktop.info]));
}

#[test]
fn deleting_takes_the_text_out_of_the_row() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("secret")).unwrap();
    let Projection::Message(row) = project_first(&first.info).unwrap() else { panic!() };
    assert_eq!(row.content.body, "secret");
    let gone = author(&[&first.bytes], actor(2), &preimage, &Edit::DeleteMessage).unwrap();
    let Projection::Message(row) = project(&[gone.info.clone(), first.info.clone()]).unwrap() else {
        panic!()
    };
    assert!(row.deleted && row.content.body.is_empty());
    let again = author(&[&gone.bytes, &first.bytes], actor(1), &preimage, &Edit::DeleteMessage);
    assert_eq!(again, Err(ModelError::Unchanged));
}

#[test]
fn a_redacted_message_keeps_its_place_and_loses_its_text() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("secret")).unwrap();
    let gone = author(&[&first.bytes], actor(2), &preimage, &Edit::DeleteMessage).unwrap();
    let mut left = first.info.clone();
    left.redact();
    let stored = left.encode();
    assert!(!stored.windows(6).any(|window| window == b"secret"));
    let left = ChangeInfo::decode(&stored).unwrap();
    assert_eq!((left.hash, left.max_op()), (first.hash, first.info.max_op()));
    let whole = project(&[first.info.clone(), gone.info.clone()]);
    assert_eq!(project(&[left.clone(), gone.info.clone()]), whole);
    assert_eq!(
        check(&gone.info, DocState { accepted: std::slice::from_ref(&left), refused: &[] }, &actor(2)),
        Check::Ok
    );
    let again = author_from([left], actor(2), &preimage, &Edit::DeleteMessage).unwrap();
    assert_eq!(again.bytes, gone.bytes);
}

#[test]
fn edits_that_do_not_fit_are_errors() {
    let preimage = message_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(1), &preimage, &create_message("once")).unwrap();
    let none: &[Vec<u8>] = &[];
    assert_eq!(
        author(&[&first.bytes], actor(1), &preimage, &create_message("twice")),
        Err(ModelError::Exists)
    );
    assert_eq!(author(none, actor(1), &preimage, &Edit::DeleteMessage), Err(ModelError::Missing));
    assert_eq!(author(none, actor(1), &preimage, &Edit::SetArchived(true)), Err(ModelError::WrongKind));
    let empty = author(none, actor(1), &preimage, &create_message("  \n"));
    assert_eq!(empty, Err(ModelError::Invalid("empty message")));
    let long = author(none, actor(1), &preimage, &create_message(&"x".repeat(32 * 1024 + 1)));
    assert_eq!(long, Err(ModelError::Limit("message text")));
    let future = Edit::CreateConversation { subject: String::new(), creator: ADA, created_ms: u64::MAX };
    assert_eq!(author(none, actor(1), &conversation_of(ADA), &future), Err(ModelError::Invalid("created")));
    let pasted = author(none, actor(1), &preimage, &create_message("a\0b")).unwrap();
    let Projection::Message(row) = project_first(&pasted.info).unwrap() else { panic!() };
    assert_eq!(row.content.body, "ab");
    let gone = author(&[&first.bytes], actor(1), &preimage, &Edit::DeleteMessage).unwrap();
    assert_eq!(author(&[&gone.bytes], actor(1), &preimage, &Edit::DeleteMessage), Err(ModelError::Document));
}

#[test]
fn edits_survive_storage() {
    let edits = [
        create_message("text"),
        Edit::DeleteMessage,
        create_conversation("subject", BEN),
        Edit::RenameConversation { subject: String::new() },
        Edit::DeleteConversation,
        Edit::SetProfile { name: "Ada".into() },
        Edit::SetSpaceInfo { name: "Agency".into() },
        Edit::SetContact { name: "Cora".into() },
        Edit::SetContactNote { note: "prefers mail".into() },
        Edit::SetArchived(true),
        Edit::SetMarkedUnread(false),
        Edit::SetHidden(true),
        Edit::SetDeviceName { name: "laptop".into() },
    ];
    for edit in edits {
        assert_eq!(Edit::decode(&edit.encode()), Ok(edit));
    }
}

/// A history of one conversation: each step is made by one of a few actors on what that actor has seen.
fn history(steps: &[(u8, u8, u8)]) -> (Preimage, Vec<Vec<u8>>) {
    let preimage = conversation_of(ADA);
    let first = author::<Vec<u8>>(&[], actor(0), &preimage, &create_conversation("0", ADA)).unwrap();
    let mut all = vec![first.bytes.clone()];
    let mut seen: HashMap<u8, Vec<usize>> = (0..4).map(|who| (who, vec![0])).collect();
    for (who, from, what) in steps {
        let (who, from) = (who % 4, from % 4);
        let theirs = seen[&from].clone();
        let mine = seen.get_mut(&who).unwrap();
        mine.extend(theirs);
        mine.sort_unstable();
        mine.dedup();
        let known: Vec<_> = mine.iter().map(|index| &all[*index]).collect();
        let edit = match what % 3 {
            0 => Edit::DeleteConversation,
            _ => Edit::RenameConversation { subject: format!("{what}") },
        };
        match author(&known, actor(who), &preimage, &edit) {
            Ok(made) => {
                mine.push(all.len());
                all.push(made.bytes);
            }
            Err(ModelError::Unchanged) => {}
            Err(error) => panic!("{error}"),
        }
    }
    (preimage, all)
}

/// Takes changes in as a device does: what must wait is tried again after each one.
pub fn receive(arriving: &[ChangeInfo]) -> Vec<ChangeInfo> {
    let mut accepted: Vec<ChangeInfo> = Vec::new();
    let mut waiting: Vec<ChangeInfo> = Vec::new();
    for change in arriving {
        waiting.push(change.clone());
        while let Some(index) = waiting.iter().position(|change| {
            let state = DocState { accepted: &accepted, refused: &[] };
            matches!(check(change, state, &change.actor), Check::Ok | Check::Known)
        }) {
            let change = waiting.remove(index);
            if !accepted.iter().any(|known| known.hash == change.hash) {
                accepted.push(change);
            }
        }
    }
    assert!(waiting.is_empty());
    accepted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_order_and_duplication_converges(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..24),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..48),
        shuffle in any::<u64>(),
    ) {
        let (_, bytes) = history(&steps);
        let infos: Vec<ChangeInfo> = bytes.iter().map(|bytes| inspect(bytes).unwrap()).collect();
        let mut arriving: Vec<_> = order.iter().map(|index| index.get(&infos).clone()).collect();
        arriving.extend(infos.iter().cloned());
        let len = arriving.len() as u64;
        for index in 0..arriving.len() {
            let other = (shuffle.wrapping_mul(index as u64 + 1) >> 7) % len;
            arriving.swap(index, other as usize);
        }
        let accepted = receive(&arriving);
        prop_assert_eq!(accepted.len(), infos.len());
        prop_assert_eq!(project(&accepted).unwrap(), project(&infos).unwrap());
        prop_assert_eq!(fold(arriving.clone()), fold(infos.clone()));
        prop_assert_eq!(registers(&infos), by_automerge(&bytes));
    }

    #[test]
    fn a_missing_change_is_visible_and_never_used(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 2..24),
        gone in any::<prop::sample::Index>(),
    ) {
        let (preimage, bytes) = history(&steps);
        let mut infos: Vec<ChangeInfo> = bytes.iter().map(|bytes| inspect(bytes).unwrap()).collect();
        let followed = infos.iter().any(|info| !info.deps.is_empty());
        prop_assume!(followed);
        let parents: Vec<ChangeHash> = infos.iter().flat_map(|info| info.deps.clone()).collect();
        let gone = *gone.get(&parents);
        infos.retain(|info| info.hash != gone);
        let folded = fold(infos.clone());
        prop_assert!(!folded.orphans.is_empty());
        prop_assert_eq!(folded.ordered.len() + folded.orphans.len(), infos.len());
        let edit = Edit::RenameConversation { subject: "beside a gap".into() };
        prop_assert_eq!(author_from(infos, actor(9), &preimage, &edit), Err(ModelError::Document));
    }
}

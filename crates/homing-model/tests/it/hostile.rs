//! Bytes from anybody: refused, parked or read, never a panic, never a wrong value.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ExpandedChange, ObjType, ROOT};
use homing_model::{
    ChangeHash, ChangeInfo, Check, DocState, Edit, ModelError, NewChange, RefuseCheck, Waiting, author,
    check, fuzzing, inspect, resolve_duplicates,
};
use proptest::prelude::*;

use crate::support::*;

fn first() -> NewChange {
    author::<Vec<u8>>(&[], actor(1), &message_of(ADA), &create_message("Hello, Ben")).unwrap()
}

fn deleted(by: u8, on: &[&NewChange]) -> NewChange {
    let known: Vec<_> = on.iter().map(|made| &made.bytes).collect();
    author(&known, actor(by), &message_of(ADA), &Edit::DeleteMessage).unwrap()
}

fn rewritten(bytes: &[u8], change: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = Change::try_from(bytes).unwrap().decode();
    change(&mut expanded);
    Change::from(expanded).raw_bytes().to_vec()
}

#[test]
fn a_start_op_at_the_end_of_32_bits_is_refused() {
    let made = first();
    for start_op in [(1u64 << 24) - 1, 1 << 24, u64::from(u32::MAX)] {
        let forged = rewritten(&made.bytes, |change| change.start_op = start_op.try_into().unwrap());
        assert_eq!(inspect(&forged), Err(ModelError::Limit("counter")));
    }
    // What it would do: automerge takes it, and the next edit of the victim panics.
    let forged = rewritten(&made.bytes, |change| change.start_op = u64::from(u32::MAX).try_into().unwrap());
    let mut victim = AutoCommit::new();
    let applied = catch_unwind(AssertUnwindSafe(|| {
        victim.apply_changes([Change::try_from(&forged[..]).unwrap()]).unwrap();
        victim.put(ROOT, "subject", "edit").unwrap();
        victim.commit();
    }));
    assert!(applied.is_err(), "automerge defends itself now: the limit may be explained anew");
}

#[test]
fn a_start_op_that_skips_is_refused_by_its_place() {
    let made = first();
    let forged = inspect(&rewritten(&made.bytes, |change| change.start_op = 5.try_into().unwrap())).unwrap();
    assert_eq!(check(&forged, DocState::default(), &actor(1)), Check::Refuse(RefuseCheck::StartOp));
    let next = deleted(2, &[&made]);
    let forged = inspect(&rewritten(&next.bytes, |change| change.start_op = 9.try_into().unwrap())).unwrap();
    let state = DocState { accepted: std::slice::from_ref(&made.info), refused: &[] };
    assert_eq!(check(&forged, state, &actor(2)), Check::Refuse(RefuseCheck::StartOp));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let made = first();
    for index in 0..made.bytes.len() {
        for bit in 0..8 {
            let mut flipped = made.bytes.clone();
            flipped[index] ^= 1 << bit;
            assert!(inspect(&flipped).is_err(), "byte {index} bit {bit}");
        }
    }
}

#[test]
fn a_flipped_byte_in_a_value_is_a_wrong_value_for_automerge() {
    let made = first();
    let at = made.bytes.windows(5).position(|window| window == b"Hello").unwrap();
    let mut flipped = made.bytes.clone();
    flipped[at] = b'J';
    assert!(Change::from_bytes(flipped.clone()).is_ok());
    assert_eq!(inspect(&flipped), Err(ModelError::HashMismatch));
}

#[test]
fn truncated_and_prolonged_changes_are_refused() {
    let made = first();
    for len in 0..made.bytes.len() {
        assert!(inspect(&made.bytes[..len]).is_err());
        assert!(inspect(&chunk(1, &body(&made.bytes)[..len.min(body(&made.bytes).len() - 1)])).is_err());
    }
    let mut prolonged = made.bytes.clone();
    prolonged.push(0);
    assert_eq!(inspect(&prolonged), Err(ModelError::Malformed("length")));
    assert_eq!(inspect(&vec![0; 256 * 1024 + 1]), Err(ModelError::Limit("change")));
}

#[test]
fn bombs_are_refused_before_they_unfold() {
    let deflated = chunk(2, &[0xff; 64]);
    assert_eq!(inspect(&deflated), Err(ModelError::Malformed("chunk type")));
    let column = Forged::new().column(66 | 8, &[0x7f, 1]).bytes();
    assert_eq!(inspect(&column), Err(ModelError::Malformed("compressed column")));
    // 2^60 ops in ten bytes, then just one too many.
    let mut run = vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 1];
    assert_eq!(inspect(&Forged::new().column(66, &run).bytes()), Err(ModelError::Limit("ops")));
    run = vec![0x81, 0x20, 1];
    assert_eq!(inspect(&Forged::new().column(66, &run).bytes()), Err(ModelError::Limit("ops")));
    let nulls = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert_eq!(inspect(&Forged::new().column(66, &nulls).bytes()), Err(ModelError::Limit("ops")));
    let preds = Forged::new().column(113, &[0x81, 0x20, 0]).bytes();
    assert_eq!(inspect(&preds), Err(ModelError::Limit("ops")));
    let inserts = Forged::new().column(52, &[0xff, 0xff, 0xff, 0xff, 0x7f]).bytes();
    assert_eq!(inspect(&inserts), Err(ModelError::Limit("ops")));
}

#[test]
fn empty_changes_are_refused() {
    assert_eq!(inspect(&Forged::new().column(66, &[]).bytes()), Err(ModelError::Malformed("empty change")));
}

#[test]
fn counters_beyond_their_limit_are_refused() {
    for seq in [0, 1 << 24, u64::MAX] {
        let forged = Forged { seq, ..Forged::new() };
        assert_eq!(inspect(&forged.bytes()), Err(ModelError::Limit("counter")));
    }
    for start_op in [0, 1 << 24, u64::MAX] {
        let forged = Forged { start_op, ..Forged::new() };
        assert_eq!(inspect(&forged.bytes()), Err(ModelError::Limit("counter")));
    }
}

#[test]
fn what_a_later_version_may_write_is_read_as_unknown() {
    let mut doc = AutoCommit::new().with_actor(ActorId::from([1; 16]));
    let nested = doc.put_object(ROOT, "note", ObjType::Text).unwrap();
    doc.splice_text(&nested, 0, 0, "text").unwrap();
    doc.commit();
    let info = inspect(doc.get_last_local_change().unwrap().raw_bytes()).unwrap();
    assert!(info.unknown_form && info.writes.is_empty());
    assert_eq!(info.ops, 5);

    let unknown = |forged: Forged| inspect(&forged.bytes()).unwrap().unknown_form;
    assert!(unknown(Forged::new().column(66, &[0x7f, 5])), "a counter");
    assert!(unknown(Forged::new().column(66, &[0x7f, 99])), "an action that makes automerge's decoder panic");
    assert!(unknown(Forged::new().column(86, &[0x7f, 9])), "a timestamp");
    assert!(unknown(Forged::new().column(196, &[1])), "a later column");
    assert!(unknown(Forged { time: 1, ..Forged::new() }));
    assert!(unknown(Forged { message: b"m".to_vec(), ..Forged::new() }));
    assert!(unknown(Forged { extra: vec![1], ..Forged::new() }));
}

#[test]
fn lies_about_columns_are_refused() {
    let malformed = |forged: Forged| matches!(inspect(&forged.bytes()), Err(ModelError::Malformed(_)));
    assert!(inspect(&Forged::new().bytes()).is_ok_and(|info| !info.unknown_form), "what the lies start from");
    assert!(malformed(Forged { actor: vec![1; 15], ..Forged::new() }));
    assert!(malformed(Forged { deps: vec![[2; 32], [1; 32]], ..Forged::new() }));
    assert!(malformed(Forged { deps: vec![[2; 32], [2; 32]], ..Forged::new() }));
    // A replaced op of an actor the change does not name: automerge's decoder panics.
    let preds = Forged::new().column(112, &[0x7f, 1]).column(113, &[0x7f, 7]).column(115, &[0x7f, 1]);
    assert!(malformed(preds));
    assert!(malformed(Forged::new().column(112, &[0x7f, 1])), "fewer replaced ops than counted");
    assert!(malformed(Forged::new().column(113, &[0x7f, 0]).column(115, &[0x7f, 1])), "more than counted");
    assert!(malformed(Forged::new().column(87, &[1])), "bytes of no value");
    assert!(malformed(Forged::new().column(86, &[0x7f, 0x16])), "a value without bytes");
    assert!(malformed(Forged::new().column(21, &[])), "no key");
    assert!(malformed(Forged::new().column(66, &[1, 1])), "not the shortest form");
    assert!(malformed(Forged { deps: Vec::new(), ..Forged::new() }), "begins no document");
}

#[test]
fn a_change_has_its_signers_actor() {
    let made = first();
    assert_eq!(check(&made.info, DocState::default(), &actor(1)), Check::Ok);
    assert_eq!(check(&made.info, DocState::default(), &actor(2)), Check::Refuse(RefuseCheck::ForeignActor));
}

#[test]
fn what_is_missing_parks_and_what_was_refused_refuses() {
    let (made, none) = (first(), DocState::default());
    let second = deleted(2, &[&made]);
    assert_eq!(check(&second.info, none, &actor(2)), Check::Park(Waiting::First));
    let other = author::<Vec<u8>>(&[], actor(5), &message_of(ADA), &create_message("other")).unwrap();
    let state = DocState { accepted: std::slice::from_ref(&other.info), refused: &[] };
    assert_eq!(check(&second.info, state, &actor(2)), Check::Park(Waiting::Dependencies(vec![made.hash])));
    let refused = DocState { accepted: &[], refused: &[made.hash] };
    assert_eq!(check(&second.info, refused, &actor(2)), Check::Refuse(RefuseCheck::DependsOnRefused));
    let state = DocState { accepted: std::slice::from_ref(&made.info), refused: &[] };
    assert_eq!(check(&second.info, state, &actor(2)), Check::Ok);
    assert_eq!(check(&made.info, state, &actor(1)), Check::Known);
    let later = inspect(&rewritten(&second.bytes, |change| change.seq = 2)).unwrap();
    assert_eq!(check(&later, state, &actor(2)), Check::Park(Waiting::Predecessor));
}

#[test]
fn an_author_goes_on_from_their_own_changes() {
    let preimage = conversation_of(ADA);
    let rename = |subject: &str| Edit::RenameConversation { subject: subject.into() };
    let begun = author::<Vec<u8>>(&[], actor(1), &preimage, &create_conversation("a", ADA)).unwrap();
    let own = author(&[&begun.bytes], actor(2), &preimage, &rename("b")).unwrap();
    // A second change of the same actor that was made beside the first one.
    let beside = author(&[&begun.bytes], actor(2), &preimage, &rename("c")).unwrap();
    let beside = inspect(&rewritten(&beside.bytes, |change| change.seq = 2)).unwrap();
    let accepted = [begun.info.clone(), own.info];
    let state = DocState { accepted: &accepted, refused: &[] };
    assert_eq!(check(&beside, state, &actor(2)), Check::Refuse(RefuseCheck::NotAfterPredecessor));
    // Beginning the document once more, as its second change.
    let again = inspect(&rewritten(&begun.bytes, |change| change.seq = 2)).unwrap();
    assert_eq!(check(&again, DocState::default(), &actor(1)), Check::Refuse(RefuseCheck::SecondFirst));
}

#[test]
fn a_change_replaces_only_what_its_author_saw_under_the_same_key() {
    let preimage = conversation_of(ADA);
    let rename = |subject: &str| Edit::RenameConversation { subject: subject.into() };
    let begun = author::<Vec<u8>>(&[], actor(1), &preimage, &create_conversation("a", ADA)).unwrap();
    let renamed = author(&[&begun.bytes], actor(2), &preimage, &rename("b")).unwrap();
    let state = DocState { accepted: std::slice::from_ref(&begun.info), refused: &[] };
    let forge = |counter: u64, by: u8| {
        let pred = vec![automerge::legacy::OpId(counter, ActorId::from([by; 16]))];
        let bytes = rewritten(&renamed.bytes, |change| change.operations[0].pred = pred.into());
        check(&inspect(&bytes).unwrap(), state, &actor(2))
    };
    assert_eq!(forge(3, 1), Check::Ok);
    assert_eq!(forge(2, 1), Check::Refuse(RefuseCheck::Replaces), "the creator's op, another key");
    assert_eq!(forge(3, 3), Check::Refuse(RefuseCheck::Replaces), "an op that is not there");
    assert_eq!(forge(4, 2), Check::Refuse(RefuseCheck::Replaces), "itself");
    let pred = vec![automerge::legacy::OpId(1, ActorId::from([4; 16]))];
    let first = rewritten(&begun.bytes, |change| change.operations[2].pred = pred.into());
    let placed = check(&inspect(&first).unwrap(), DocState::default(), &actor(1));
    assert_eq!(placed, Check::Refuse(RefuseCheck::Replaces));
}

#[test]
fn two_changes_with_one_place_are_settled_by_priority() {
    let made = first();
    let winner = deleted(2, &[&made]);
    let twin = inspect(&rewritten(&winner.bytes, |change| {
        change.operations[0].action = automerge::legacy::OpType::Put(false.into());
    }))
    .unwrap();
    assert_ne!(twin.hash, winner.hash);
    let accepted = [made.info.clone(), winner.info.clone()];
    let state = DocState { accepted: &accepted, refused: &[] };
    assert_eq!(check(&twin, state, &actor(2)), Check::Duplicate { with: winner.hash });

    let mut child = deleted(3, &[&made]).info;
    child.deps = vec![twin.hash];
    let all = [made.info.clone(), winner.info.clone(), twin.clone(), child.clone(), made.info.clone()];
    let resolved = resolve_duplicates(&all);
    assert_eq!(resolved.kept, [made.hash, winner.hash]);
    assert_eq!(resolved.dropped, [twin.hash, child.hash]);
    let other = [made.info.clone(), twin.clone(), winner.info.clone(), child.clone()];
    assert_eq!(resolve_duplicates(&other).dropped, [winner.hash]);
}

fn forged() -> impl Strategy<Value = Vec<u8>> {
    let column = (
        prop::sample::select(vec![1u64, 2, 17, 19, 21, 52, 66, 86, 87, 112, 113, 115, 148, 165]),
        prop::collection::vec(any::<u8>(), 0..12),
    );
    let head =
        (1u64..4, prop_oneof![Just(1u64), any::<u64>()], 0u8..2, prop::collection::vec(any::<u8>(), 0..3));
    (head, prop::collection::vec(column, 0..6), any::<bool>()).prop_map(
        |((seq, start_op, time, extra), columns, based)| {
            let deps = if based { vec![first().hash.0] } else { Vec::new() };
            let forged = Forged { deps, seq, start_op, time: time / 2, extra, ..Forged::new() };
            columns.into_iter().fold(forged, |forged, (spec, data)| forged.column(spec, &data)).bytes()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::fuzz_change(&bytes);
        fuzzing::fuzz_change(&chunk(1, &bytes));
    }

    #[test]
    fn no_mutation_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        conversation in any::<bool>(),
    ) {
        let made = if conversation {
            author::<Vec<u8>>(&[], actor(1), &conversation_of(ADA), &create_conversation("a", ADA)).unwrap()
        } else {
            first()
        };
        let mut mutated = body(&made.bytes);
        for (index, byte) in changes {
            let at = index.index(mutated.len());
            mutated[at] = byte;
        }
        fuzzing::fuzz_change(&chunk(1, &mutated));
    }

    #[test]
    fn no_forged_columns_make_it_panic(bytes in forged()) {
        fuzzing::fuzz_change(&bytes);
    }

    #[test]
    fn what_is_let_through_is_what_automerge_reads(bytes in forged()) {
        if let Ok(ChangeInfo { unknown_form: false, hash, writes, .. }) = inspect(&bytes) {
            let change = Change::try_from(&bytes[..]).unwrap();
            prop_assert_eq!(ChangeHash(change.hash().0), hash);
            prop_assert_eq!(change.decode().operations.len(), writes.len());
        }
    }
}

//! Records: the rules by schema, the conflict of one field, one interest per client and property, copies without what is
//! internal.

use std::collections::HashMap;
use std::fmt::Write;

use homing_model::record::{
    CopiedField, FieldValue, INTEREST, Money, PROPERTY, PUBLISHED_PROPERTY, PublishedCopy, QUICK_REPLY,
    RecordKind, RecordProjection, SCHEMAS, history,
};
use homing_model::rules::version_for;
use homing_model::{
    ChangeHash, ChangeInfo, Edit, FieldEdit, Kind, ModelError, NewChange, Preimage, Projection, Reason,
    Ruling, Unjudged, author, inspect, project, verdict,
};
use homing_wire::{DocId, Role, SpaceKind};
use proptest::prelude::*;

use crate::convergence::{by_automerge, receive, registers};
use crate::formats::attachment;
use crate::judging::subject;
use crate::support::*;

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.into())
}

fn choice(name: &str) -> FieldValue {
    FieldValue::Choice(name.into())
}

fn property() -> Preimage {
    PROPERTY.schema().unwrap().owned(SPACE, ADA, [7; 16])
}

fn villa() -> Edit {
    let price = FieldValue::Money(Money { minor: 42_000_000, currency: "EUR".into() });
    let fields = vec![
        FieldEdit::new("title", text("Villa Rosa")),
        FieldEdit::new("price", price),
        FieldEdit::new("photos", FieldValue::Files(vec![attachment()])),
        FieldEdit::new("internal_notes", text("the owner would take 400")),
    ];
    Edit::CreateRecord { kind: PROPERTY, fields }
}

fn set(kind: RecordKind, key: &str, value: FieldValue) -> Edit {
    Edit::SetFields { kind, fields: vec![FieldEdit::new(key, value)] }
}

fn interest(level: &str) -> Edit {
    let fields = vec![FieldEdit::new("level", choice(level)), FieldEdit::new("status", choice("interested"))];
    Edit::CreateRecord { kind: INTEREST, fields }
}

fn interest_in(property: &DocId) -> Preimage {
    INTEREST.schema().unwrap().derived(SPACE, property, None)
}

fn copy_in(property: &DocId) -> Preimage {
    PUBLISHED_PROPERTY.schema().unwrap().derived(SPACE, property, None)
}

fn publish(copy: PublishedCopy) -> Edit {
    let fields = vec![FieldEdit::new("copy", FieldValue::Copy(Box::new(copy)))];
    Edit::CreateRecord { kind: PUBLISHED_PROPERTY, fields }
}

fn copy_of(changes: &[ChangeInfo]) -> PublishedCopy {
    PublishedCopy::of(PROPERTY.schema().unwrap(), &record(changes))
}

fn begin(actor_number: u8, preimage: &Preimage, edit: &Edit) -> NewChange {
    author::<Vec<u8>>(&[], actor(actor_number), preimage, edit).unwrap()
}

fn record(changes: &[ChangeInfo]) -> RecordProjection {
    match project(changes).unwrap() {
        Projection::Record(row) => row,
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every kind's first change and an edit of it, with the space it stands in.
fn kinds() -> Vec<(SpaceKind, Preimage, Edit, Edit)> {
    let id = property().doc_id();
    let copy = copy_of(&[begin(1, &property(), &villa()).info]);
    let mut later = copy.clone();
    later.changes = 2;
    let again = FieldValue::Copy(Box::new(later));
    vec![
        (SpaceKind::Team, property(), villa(), set(PROPERTY, "status", choice("available"))),
        (SpaceKind::Client, copy_in(&id), publish(copy), set(PUBLISHED_PROPERTY, "copy", again)),
        (SpaceKind::Client, interest_in(&id), interest("high"), set(INTEREST, "level", choice("low"))),
    ]
}

#[test]
fn kinds_keep_their_bytes_and_numbers() {
    let mut out = String::new();
    for schema in SCHEMAS {
        let fields: Vec<_> = schema
            .fields
            .iter()
            .map(|field| format!("{} {:?} {}{}", field.key, field.holds, field.internal, field.required))
            .collect();
        let _ = writeln!(out, "{} {}: {fields:#?}", schema.kind.number(), schema.name);
        assert_eq!(Kind::from_number(schema.kind.number()), Kind::Record(schema.kind));
        assert_eq!(RecordKind::from_name(schema.name), Some(schema.kind));
    }
    for (_, preimage, first, edit) in kinds() {
        let first_change = begin(1, &preimage, &first);
        let next = author(&[&first_change.bytes], actor(2), &preimage, &edit).unwrap();
        let _ = writeln!(out, "{}\n  {}", preimage.doc_id(), hex(&first_change.bytes));
        let _ = writeln!(out, "  {}\n  {}", hex(&edit.encode()), hex(&next.bytes));
        assert_eq!(Edit::decode(&first.encode()), Ok(first));
        assert_eq!(version_for(preimage.kind(), &next.info), 2);
    }
    insta::assert_snapshot!(out);
}

#[test]
fn who_may_do_what_is_frozen() {
    let mut out = String::new();
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Reader, Role::Client, Role::Ingest];
    let spaces = [SpaceKind::Personal, SpaceKind::Team, SpaceKind::Client, SpaceKind::Talk];
    for (fits, preimage, first, edit) in kinds() {
        let Kind::Record(kind) = preimage.kind() else { panic!("a record") };
        let name = kind.schema().unwrap().name;
        let first = begin(1, &preimage, &first);
        let next = author(&[&first.bytes], actor(2), &preimage, &edit).unwrap();
        let gone =
            author(&[&first.bytes], actor(2), &preimage, &Edit::DeleteRecord { kind, on: true }).unwrap();
        for (what, change) in [("begins", &first), ("writes", &next), ("deletes", &gone)] {
            for space in spaces {
                let rulings: Vec<_> = roles
                    .iter()
                    .map(|role| match verdict(2, &subject(&preimage, space, ADA, *role), &change.info) {
                        Ruling::Accept => "accept".to_owned(),
                        Ruling::Refuse(reason) => reason.code().to_owned(),
                        Ruling::Park(why) => format!("park {why:?}"),
                    })
                    .collect();
                let _ = writeln!(out, "{what} {name}, {space:?}: {}", rulings.join(", "));
            }
            let fitting = subject(&preimage, fits, ADA, Role::Owner);
            assert_eq!(verdict(2, &fitting, &change.info), Ruling::Accept, "{what} {name}");
            assert_eq!(verdict(1, &fitting, &change.info), Ruling::Park(Unjudged::Kind), "{what} {name}");
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_client_changes_no_property_and_no_copy() {
    let first = begin(1, &property(), &villa());
    let cheaper =
        author(&[&first.bytes], actor(2), &property(), &set(PROPERTY, "title", text("Ruin"))).unwrap();
    let judged = verdict(2, &subject(&property(), SpaceKind::Team, BEN, Role::Client), &cheaper.info);
    assert_eq!(judged, Ruling::Refuse(Reason::NotStaff));
    let preimage = copy_in(&property().doc_id());
    let forged = begin(2, &preimage, &publish(copy_of(&[first.info])));
    let by = |role| verdict(2, &subject(&preimage, SpaceKind::Client, BEN, role), &forged.info);
    assert_eq!(by(Role::Client), Ruling::Refuse(Reason::NotStaff));
    assert_eq!(by(Role::Member), Ruling::Accept);
}

/// In a talk nobody is staff: a copy belongs to who writes it.
#[test]
fn a_copy_in_a_talk_is_its_writers_own() {
    let schema = PUBLISHED_PROPERTY.schema().unwrap();
    let id = property().doc_id();
    let copy = publish(copy_of(&[begin(1, &property(), &villa()).info]));
    let own = schema.derived(SPACE, &id, Some(&BEN));
    let by = |preimage: &Preimage, person| {
        let made = begin(2, preimage, &copy);
        verdict(2, &subject(preimage, SpaceKind::Talk, person, Role::Member), &made.info)
    };
    assert_eq!(by(&own, BEN), Ruling::Accept);
    assert_eq!(by(&own, ADA), Ruling::Refuse(Reason::WrongPlace));
    assert_eq!(by(&copy_in(&id), BEN), Ruling::Refuse(Reason::WrongPlace));
}

#[test]
fn a_copy_holds_nothing_internal_and_none_that_does_is_taken() {
    let first = begin(1, &property(), &villa());
    let copy = copy_of(std::slice::from_ref(&first.info));
    assert!(copy.value("internal_notes").is_none());
    assert_eq!(copy.value("title"), Some(&text("Villa Rosa")));
    assert!(!hex(&publish(copy.clone()).encode()).contains(&hex(b"would take")));
    let preimage = copy_in(&property().doc_id());
    let with = |key: &str, value: FieldValue| {
        let mut copy = copy.clone();
        copy.fields.push(CopiedField { key: key.into(), value });
        copy.fields.sort_by(|a, b| a.key.cmp(&b.key));
        author::<Vec<u8>>(&[], actor(1), &preimage, &publish(copy)).map(drop)
    };
    assert_eq!(with("place", text("Sopot")), Ok(()));
    assert!(with("internal_notes", text("secret")).is_err());
    assert!(with("place", FieldValue::Flag(true)).is_err());
    assert!(with("title", text("twice")).is_err());
}

/// What is copied may have fields that this version doesn't know yet; what is written may not.
#[test]
fn unknown_fields_wait_for_an_upgrade() {
    let preimage = copy_in(&property().doc_id());
    let mut copy = copy_of(&[begin(1, &property(), &villa()).info]);
    copy.fields.push(CopiedField { key: "view".into(), value: text("sea") });
    let forged = begin(1, &preimage, &publish(copy_of(&[begin(1, &property(), &villa()).info])));
    let mut info = forged.info;
    let value = FieldValue::Copy(Box::new(copy)).encode(homing_model::record::FieldType::Copy).unwrap();
    for write in info.writes.iter_mut().filter(|write| write.key == "f/copy") {
        write.op = homing_model::WriteOp::Put(homing_model::Value::Bytes(value.clone()));
    }
    let judged = verdict(2, &subject(&preimage, SpaceKind::Client, ADA, Role::Owner), &info);
    assert_eq!(judged, Ruling::Park(Unjudged::Key));
    let mut unknown = begin(1, &property(), &villa()).info;
    for write in unknown.writes.iter_mut().filter(|write| write.key == "f/price") {
        write.key = "f/rooms".into();
    }
    let judged = verdict(2, &subject(&property(), SpaceKind::Team, ADA, Role::Owner), &unknown);
    assert_eq!(judged, Ruling::Park(Unjudged::Key));
}

#[test]
fn a_property_has_a_title_from_the_beginning_and_always() {
    let untitled =
        Edit::CreateRecord { kind: PROPERTY, fields: vec![FieldEdit::new("place", text("Sopot"))] };
    let made = begin(1, &property(), &untitled);
    let judged = verdict(2, &subject(&property(), SpaceKind::Team, ADA, Role::Owner), &made.info);
    assert_eq!(judged, Ruling::Refuse(Reason::Incomplete));
    let first = begin(1, &property(), &villa());
    let emptied =
        |key| author(&[&first.bytes], actor(1), &property(), &set(PROPERTY, key, FieldValue::Nothing));
    assert!(emptied("title").is_err());
    assert!(emptied("price").is_ok());
    let unknown =
        author(&[&first.bytes], actor(1), &property(), &set(PROPERTY, "rooms", FieldValue::Number(4)));
    assert_eq!(unknown, Err(ModelError::Invalid("field")));
}

#[test]
fn one_field_edited_apart_keeps_both_values_until_one_is_chosen() {
    let first = begin(1, &property(), &villa());
    let title = |who, to: &str| {
        author(&[&first.bytes], actor(who), &property(), &set(PROPERTY, "title", text(to))).unwrap()
    };
    let (left, right) = (title(2, "Villa Rossa"), title(3, "Casa Rosa"));
    let place =
        author(&[&first.bytes], actor(4), &property(), &set(PROPERTY, "place", text("Sopot"))).unwrap();
    let all = [first.info.clone(), left.info.clone(), right.info.clone(), place.info.clone()];
    let row = record(&all);
    assert_eq!(row.conflicts(), 1, "fields edited apart do not disturb each other");
    let values = &row.fields.iter().find(|field| field.key == "title").unwrap().values;
    let of = |change: &NewChange, to: &str| (change.info.hash, text(to));
    assert_eq!(values.as_slice(), [of(&right, "Casa Rosa"), of(&left, "Villa Rossa")]);
    let bytes = [&first.bytes, &left.bytes, &right.bytes, &place.bytes];
    let chosen = author(&bytes, actor(2), &property(), &set(PROPERTY, "title", text("Villa Rossa"))).unwrap();
    let mut settled = all.to_vec();
    settled.push(chosen.info.clone());
    let row = record(&settled);
    assert_eq!((row.conflicts(), row.text("title"), row.text("place")), (0, "Villa Rossa", "Sopot"));
    let steps = history(PROPERTY.schema().unwrap(), &settled);
    assert_eq!(steps.len(), 5);
    assert_eq!(steps.last().unwrap().change, chosen.hash);
    // The same words written apart are no conflict.
    let same = [first.info.clone(), left.info, title(3, "Villa Rossa").info];
    assert_eq!(record(&same).conflicts(), 0);
}

#[test]
fn an_interest_is_one_wherever_it_was_noted_and_can_be_taken_up_again() {
    let id = property().doc_id();
    let preimage = interest_in(&id);
    let (laptop, phone) = (begin(1, &preimage, &interest("high")), begin(2, &preimage, &interest("low")));
    let both = [laptop.info.clone(), phone.info.clone()];
    let row = record(&both);
    assert_eq!((row.about, row.record, row.conflicts()), (Some(id), preimage.doc_id(), 1));
    let bytes = [&laptop.bytes, &phone.bytes];
    let remove =
        author(&bytes, actor(1), &preimage, &Edit::DeleteRecord { kind: INTEREST, on: true }).unwrap();
    let removed = [both[0].clone(), both[1].clone(), remove.info];
    assert!(record(&removed).deleted);
    let bytes = [&laptop.bytes, &phone.bytes, &remove.bytes];
    let again =
        author(&bytes, actor(2), &preimage, &Edit::DeleteRecord { kind: INTEREST, on: false }).unwrap();
    let [a, b, c] = removed;
    assert!(!record(&[a, b, c, again.info]).deleted);
    // Between the kinds: another key than the interest's property is another interest.
    assert_ne!(interest_in(&preimage.doc_id()).doc_id(), preimage.doc_id());
}

/// Of copies made apart the one is read that knew all the other knew, whichever was written or came first.
#[test]
fn the_copy_made_from_more_is_read() {
    let first = begin(1, &property(), &villa());
    let second =
        author(&[&first.bytes], actor(2), &property(), &set(PROPERTY, "title", text("Casa Rosa"))).unwrap();
    let old = copy_of(std::slice::from_ref(&first.info));
    let new = copy_of(&[first.info, second.info]);
    let preimage = copy_in(&property().doc_id());
    for (low, high) in [(&old, &new), (&new, &old)] {
        let (a, b) =
            (begin(1, &preimage, &publish(low.clone())), begin(9, &preimage, &publish(high.clone())));
        for order in [[a.info.clone(), b.info.clone()], [b.info.clone(), a.info.clone()]] {
            let row = record(&order);
            let Some(FieldValue::Copy(copy)) = row.value("copy") else { panic!("a copy") };
            assert_eq!((copy.as_ref(), row.conflicts()), (&new, 0));
        }
    }
}

/// A history of a property: each step edits one field, deletes or restores, on what its actor has seen.
fn lived(steps: &[(u8, u8, u8)]) -> Vec<Vec<u8>> {
    let preimage = property();
    let mut all = vec![begin(0, &preimage, &villa()).bytes];
    let mut seen: HashMap<u8, Vec<usize>> = (0..4).map(|who| (who, vec![0])).collect();
    for (who, from, what) in steps {
        let (who, from) = (who % 4, from % 4);
        let theirs = seen[&from].clone();
        let mine = seen.get_mut(&who).unwrap();
        mine.extend(theirs);
        mine.sort_unstable();
        mine.dedup();
        let known: Vec<_> = mine.iter().map(|index| &all[*index]).collect();
        let edit = match what % 5 {
            0 => Edit::DeleteRecord { kind: PROPERTY, on: what % 2 == 0 },
            1 => set(PROPERTY, "status", choice(if what % 2 == 0 { "sold" } else { "available" })),
            2 => set(PROPERTY, "place", FieldValue::Nothing),
            3 => set(PROPERTY, "place", text(&format!("place {what}"))),
            _ => set(PROPERTY, "title", text(&format!("title {what}"))),
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
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_converge_in_any_order_with_the_same_conflicts(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..20),
        shuffle in any::<u64>(),
    ) {
        let bytes = lived(&steps);
        let infos: Vec<ChangeInfo> = bytes.iter().map(|bytes| inspect(bytes).unwrap()).collect();
        let mut arriving: Vec<_> = infos.iter().chain(&infos).cloned().collect();
        let len = arriving.len() as u64;
        for index in 0..arriving.len() {
            let other = (shuffle.wrapping_mul(index as u64 + 1) >> 7) % len;
            arriving.swap(index, other as usize);
        }
        let accepted = receive(&arriving);
        prop_assert_eq!(record(&accepted), record(&infos));
        prop_assert_eq!(registers(&infos), by_automerge(&bytes));
        let schema = PROPERTY.schema().unwrap();
        prop_assert_eq!(history(schema, &accepted), history(schema, &infos));
        // Whoever knows all may settle every conflict with one edit.
        let row = record(&infos);
        let fields: Vec<FieldEdit> = row
            .fields
            .iter()
            .filter(|field| field.values.len() > 1)
            .map(|field| FieldEdit::new(field.key, field.values[0].1.clone()))
            .collect();
        if !fields.is_empty() {
            let settle = Edit::SetFields { kind: PROPERTY, fields };
            let made = author(&bytes, actor(9), &property(), &settle).unwrap();
            let mut settled = infos.clone();
            settled.push(made.info);
            let settled = record(&settled);
            prop_assert_eq!(settled.conflicts(), 0);
            prop_assert_eq!(settled.text("title"), row.text("title"));
        }
    }

    /// A copy made from more has the greater rank, however the histories were woven.
    #[test]
    fn more_changes_make_the_greater_copy(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let infos: Vec<ChangeInfo> = lived(&steps).iter().map(|bytes| inspect(bytes).unwrap()).collect();
        let (less, all) = (copy_of(&infos[..=cut.index(infos.len())]), copy_of(&infos));
        let known: Vec<ChangeHash> = infos.iter().map(|info| info.hash).collect();
        prop_assert!(all.heads.iter().all(|head| known.contains(head)));
        prop_assert!(less == all || less.changes < all.changes);
    }
}

fn quick_reply() -> Preimage {
    QUICK_REPLY.schema().unwrap().owned(SPACE, ADA, [9; 16])
}

fn greeting() -> Edit {
    let fields =
        vec![FieldEdit::new("title", text("Welcome")), FieldEdit::new("body", text("Dear {{client.name}}"))];
    Edit::CreateRecord { kind: QUICK_REPLY, fields }
}

#[test]
fn a_tally_counts_what_each_device_adds_and_nobody_counts_for_another() {
    let first = author::<Vec<u8>>(&[], actor(1), &quick_reply(), &greeting()).unwrap();
    let count = |n: u8, person, counter: [u8; 8], count| {
        let fields = vec![FieldEdit::tally("uses", &person, &counter, count)];
        let edit = Edit::SetFields { kind: QUICK_REPLY, fields };
        author(&[&first.bytes], actor(n), &quick_reply(), &edit).unwrap()
    };
    // Two devices of Ada and one of Ben count apart.
    let (laptop, desktop, ben) =
        (count(1, ADA, [1; 8], 3), count(2, ADA, [2; 8], 4), count(3, BEN, [3; 8], 5));
    let all = [&first, &laptop, &desktop, &ben].map(|change| change.info.clone());
    let Ok(Projection::Record(record)) = project(&all) else { panic!("a record") };
    assert_eq!(record.value("uses"), Some(&FieldValue::Number(12)));

    let by = |author| verdict(2, &subject(&quick_reply(), SpaceKind::Team, author, Role::Member), &ben.info);
    assert_eq!(by(BEN), Ruling::Accept);
    assert_eq!(by(ADA), Ruling::Refuse(Reason::NotOwner));
    for part in ["", "/01", "/0101010101010101/1", "/010101010101010G", "/01010101010101AA"] {
        let fields = vec![FieldEdit { key: format!("uses/{ADA}{part}"), value: FieldValue::Number(1) }];
        let edit = Edit::SetFields { kind: QUICK_REPLY, fields };
        assert!(author(&[&first.bytes], actor(1), &quick_reply(), &edit).is_err(), "{part}");
    }
}

#[test]
fn a_quick_reply_stays_where_the_staff_is() {
    let first = author::<Vec<u8>>(&[], actor(1), &quick_reply(), &greeting()).unwrap();
    let judged = |role, place| verdict(2, &subject(&quick_reply(), place, ADA, role), &first.info);
    assert_eq!(judged(Role::Member, SpaceKind::Team), Ruling::Accept);
    assert_eq!(judged(Role::Owner, SpaceKind::Personal), Ruling::Accept);
    assert_eq!(judged(Role::Client, SpaceKind::Team), Ruling::Refuse(Reason::NotStaff));
    for place in [SpaceKind::Client, SpaceKind::Talk] {
        assert_eq!(judged(Role::Owner, place), Ruling::Refuse(Reason::WrongPlace));
    }
}

//! Rules, version 2: what version 1 takes, and reactions, edited words, links to records, what a person sets for
//! themselves, who of a team looks after a conversation, and records by their schemas. Frozen once released: changes go into a new version.

use homing_wire::{PersonId, Role, SpaceKind};

use super::{ANNOUNCE, Reason, Ruling, Subject, Unjudged, key, v1};
use crate::{
    ChangeInfo, Created, EditedText, Kind, MessageContent, Preimage, Value, WriteOp, limits, record,
};

pub(super) fn verdict(subject: &Subject<'_>, change: &ChangeInfo) -> Ruling {
    if !matches!(subject.role, Role::Owner | Role::Admin | Role::Member | Role::Client) {
        return Ruling::Refuse(Reason::RoleForbids);
    }
    if change.unknown_form {
        return Ruling::Park(Unjudged::Form);
    }
    let Some(preimage) = change.preimage.as_ref().or(subject.preimage) else {
        return Ruling::Park(Unjudged::First);
    };
    if let Err(reason) = v1::identity(subject, change, preimage) {
        return Ruling::Refuse(reason);
    }
    let kind = preimage.kind();
    if matches!(kind, Kind::Draft | Kind::Unknown(_)) {
        return Ruling::Park(Unjudged::Kind);
    }
    if let Kind::Record(record) = kind {
        return record::verdict(record, subject, change, preimage);
    }
    if change.keys().any(|name| !known_key(kind, name)) {
        return Ruling::Park(Unjudged::Key);
    }
    let judged = place(subject, preimage)
        .and_then(|()| values(kind, change))
        .and_then(|()| once(kind, change))
        .and_then(|()| rights(subject, change, preimage));
    match judged {
        Ok(()) => Ruling::Accept,
        Err(reason) => Ruling::Refuse(reason),
    }
}

fn known_key(kind: Kind, name: &str) -> bool {
    let own: &[&str] = match kind {
        Kind::Profile | Kind::SpaceInfo | Kind::DeviceName => &[key::NAME],
        Kind::Contact => &[key::NAME, key::NOTE],
        Kind::Conversation => &[key::CREATED, key::SUBJECT, key::DELETED, key::MERGED_INTO],
        Kind::Message => &[key::CONTENT, key::DELETED, key::EDITED],
        Kind::ConversationState => &[
            key::ARCHIVED,
            key::MARKED_UNREAD,
            key::HIDDEN,
            key::PINNED,
            key::MUTED_UNTIL,
            key::SNOOZED_UNTIL,
            key::ANNOUNCE,
            key::KEEP_FILES,
        ],
        Kind::PersonState => &[key::BLOCKED, key::LOCAL_NAME],
        Kind::Setting => &[key::VALUE],
        Kind::Handling => &[key::ASSIGNEE],
        Kind::Draft | Kind::Record(_) | Kind::Unknown(_) => &[],
    };
    name == key::ID
        || own.contains(&name)
        || (kind == Kind::Message && name.starts_with(key::REACTION))
        || (kind == Kind::Conversation && name.starts_with(key::RECORD))
}

/// Which documents stand in which spaces, and what their ids are cut from.
fn place(subject: &Subject<'_>, preimage: &Preimage) -> Result<(), Reason> {
    use SpaceKind::{Client, Personal, Talk, Team};
    let key_len = preimage.natural_key().map(<[u8]>::len);
    let fits = match (preimage.kind(), subject.space_kind) {
        (Kind::Profile, Team | Client | Talk | Personal) => key_len == Some(32),
        (Kind::SpaceInfo, Team | Client | Talk | Personal) => key_len == Some(0),
        (Kind::Contact, Team) => key_len == Some(16),
        (Kind::Conversation, Team | Client) => key_len.is_none(),
        (Kind::Conversation, Talk) => preimage.is_talk_conversation(),
        (Kind::Message, Team | Client | Talk) => key_len.is_none(),
        (Kind::ConversationState, Personal) => key_len == Some(16),
        (Kind::DeviceName | Kind::PersonState, Personal) => key_len == Some(32),
        (Kind::Setting, Personal) => key_len.is_some_and(|len| len > 0),
        (Kind::Handling, Team) => key_len == Some(16),
        _ => false,
    };
    if fits { Ok(()) } else { Err(Reason::WrongPlace) }
}

fn values(kind: Kind, change: &ChangeInfo) -> Result<(), Reason> {
    for (index, write) in change.writes.iter().enumerate() {
        if change.keys().skip(index + 1).any(|other| other == write.key) {
            return Err(Reason::RepeatedKey);
        }
        match &write.op {
            WriteOp::Put(_) if write.key == key::ID => {}
            WriteOp::Put(value) if value_allowed(kind, &write.key, value) => {}
            _ => return Err(Reason::BadValue),
        }
    }
    Ok(())
}

/// Types and sizes of values.
pub(super) fn value_allowed(kind: Kind, name: &str, value: &Value) -> bool {
    match (kind, name, value) {
        (Kind::Message, key::CONTENT, Value::Bytes(bytes)) => MessageContent::decode(bytes).is_ok(),
        (Kind::Message, key::EDITED, Value::Bytes(bytes)) => EditedText::decode(bytes).is_ok(),
        (Kind::Message, name, Value::Bool(_)) if name.starts_with(key::REACTION) => {
            key::read_reaction(name).is_some_and(|(_, emoji)| is_reaction(emoji))
        }
        (Kind::Conversation, key::MERGED_INTO, Value::Bytes(bytes)) => matches!(bytes.len(), 0 | 16),
        (Kind::Conversation, name, Value::Bool(_)) if name.starts_with(key::RECORD) => {
            key::read_record(name).is_some()
        }
        (Kind::ConversationState, key::PINNED | key::KEEP_FILES, Value::Bool(_))
        | (Kind::PersonState, key::BLOCKED, Value::Bool(_)) => true,
        (Kind::ConversationState, key::MUTED_UNTIL | key::SNOOZED_UNTIL, Value::Uint(ms)) => {
            *ms <= limits::TIME_MS
        }
        (Kind::ConversationState, key::ANNOUNCE, Value::Str(what)) => ANNOUNCE.contains(&what.as_str()),
        (Kind::PersonState, key::LOCAL_NAME, Value::Str(text)) => {
            text.len() <= limits::NAME && v1::one_line(text)
        }
        (Kind::Setting, key::VALUE, Value::Bytes(bytes)) => bytes.len() <= limits::SETTING,
        (Kind::Handling, key::ASSIGNEE, Value::Bytes(bytes)) => matches!(bytes.len(), 0 | 32),
        _ => v1::value_allowed(kind, name, value),
    }
}

/// One emoji or a short word: nothing that would not fit beside a message.
fn is_reaction(emoji: &str) -> bool {
    !emoji.is_empty()
        && emoji.len() <= limits::REACTION
        && !emoji.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// What is written with the document, and never again.
fn once(kind: Kind, change: &ChangeInfo) -> Result<(), Reason> {
    let core = match kind {
        Kind::Message => key::CONTENT,
        Kind::Conversation => key::CREATED,
        _ => return Ok(()),
    };
    match (change.is_first(), change.put(core)) {
        (true, None) => Err(Reason::Incomplete),
        (false, Some(_)) => Err(Reason::WrittenOnce),
        _ => Ok(()),
    }
}

fn rights(subject: &Subject<'_>, change: &ChangeInfo, preimage: &Preimage) -> Result<(), Reason> {
    let manages = subject.role.manages();
    match preimage.kind() {
        Kind::Profile if preimage.natural_key() != Some(&subject.author.0) => Err(Reason::NotOwner),
        Kind::SpaceInfo if !manages => Err(Reason::NotManager),
        Kind::Contact | Kind::Handling if subject.role == Role::Client => Err(Reason::NotStaff),
        Kind::Message => message(subject, change, preimage),
        Kind::Conversation => conversation(subject, change, preimage),
        _ => Ok(()),
    }
}

/// Words are their author's; a manager may delete them; a reaction is of the person it names.
fn message(subject: &Subject<'_>, change: &ChangeInfo, preimage: &Preimage) -> Result<(), Reason> {
    let owns = preimage.owner() == Some(subject.author);
    for name in change.keys() {
        let permitted = match name {
            key::ID | key::CONTENT | key::EDITED => owns,
            key::DELETED => owns || subject.role.manages(),
            _ => reacts(name) == Some(subject.author),
        };
        if !permitted {
            return Err(if name == key::DELETED { Reason::NotOwnerOrManager } else { Reason::NotOwner });
        }
    }
    let internal = match change.put(key::CONTENT) {
        Some(Value::Bytes(bytes)) => MessageContent::decode(bytes).is_ok_and(|content| content.is_internal()),
        _ => false,
    };
    if internal && subject.space_kind != SpaceKind::Team { Err(Reason::WrongPlace) } else { Ok(()) }
}

fn reacts(name: &str) -> Option<PersonId> {
    key::read_reaction(name).map(|(person, _)| person)
}

/// A talk's conversation is begun and changed by who manages the talk; elsewhere everybody who writes may begin
/// one, and its owner or a manager may change it. Records are linked by everybody who writes.
fn conversation(subject: &Subject<'_>, change: &ChangeInfo, preimage: &Preimage) -> Result<(), Reason> {
    let permitted = preimage.owner() == Some(subject.author) || subject.role.manages();
    let links_only = !change.is_first() && change.keys().all(|name| name.starts_with(key::RECORD));
    if !permitted && !links_only {
        let derived = preimage.owner().is_none();
        return Err(if derived { Reason::NotManager } else { Reason::NotOwnerOrManager });
    }
    match change.put(key::CREATED) {
        Some(Value::Bytes(bytes)) => match Created::decode(bytes) {
            Ok(created) if created.creator == subject.author => Ok(()),
            _ => Err(Reason::WrongCreator),
        },
        _ => Ok(()),
    }
}

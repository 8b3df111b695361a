//! Rules, version 1. Frozen once released: changes go into a new version.

use homing_wire::{Role, SpaceKind};

use super::{Reason, Ruling, Subject, Unjudged, key};
use crate::{ChangeInfo, Created, Kind, MessageContent, Preimage, Value, WriteOp, limits};

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
    if let Err(reason) = identity(subject, change, preimage) {
        return Ruling::Refuse(reason);
    }
    let kind = preimage.kind();
    if !known_kind(kind) {
        return Ruling::Park(Unjudged::Kind);
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

/// Whether this version knows kind, keys and values of a change.
pub(super) fn knows(kind: Kind, change: &ChangeInfo) -> bool {
    known_kind(kind) && change.keys().all(|name| known_key(kind, name)) && values(kind, change).is_ok()
}

fn known_kind(kind: Kind) -> bool {
    use Kind::{Contact, Conversation, ConversationState, DeviceName, Message, Profile, SpaceInfo};
    matches!(kind, Profile | SpaceInfo | Contact | Conversation | Message | ConversationState | DeviceName)
}

/// A document is what its id says, where its id says, begun by whom its id says.
pub(super) fn identity(
    subject: &Subject<'_>,
    change: &ChangeInfo,
    preimage: &Preimage,
) -> Result<(), Reason> {
    if preimage.doc_id() != subject.doc {
        return Err(Reason::SquattedId);
    }
    if preimage.space() != subject.space {
        return Err(Reason::WrongSpace);
    }
    match preimage.owner() {
        Some(owner) if change.is_first() && owner != subject.author => Err(Reason::WrongOwner),
        _ => Ok(()),
    }
}

fn known_key(kind: Kind, name: &str) -> bool {
    let own: &[&str] = match kind {
        Kind::Profile | Kind::SpaceInfo | Kind::DeviceName => &[key::NAME],
        Kind::Contact => &[key::NAME, key::NOTE],
        Kind::Conversation => &[key::CREATED, key::SUBJECT, key::DELETED],
        Kind::Message => &[key::CONTENT, key::DELETED],
        Kind::ConversationState => &[key::ARCHIVED, key::MARKED_UNREAD, key::HIDDEN],
        _ => &[],
    };
    name == key::ID || own.contains(&name)
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
        (Kind::DeviceName, Personal) => key_len == Some(32),
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
        (Kind::Message, key::CONTENT, Value::Bytes(bytes)) => {
            MessageContent::decode(bytes).is_ok_and(|content| content.fits_v1())
        }
        (Kind::Conversation, key::CREATED, Value::Bytes(bytes)) => Created::decode(bytes).is_ok(),
        (Kind::Conversation, key::SUBJECT, Value::Str(text)) => {
            text.len() <= limits::SUBJECT && one_line(text)
        }
        (Kind::Message | Kind::Conversation, key::DELETED, Value::Bool(deleted)) => *deleted,
        (Kind::Profile | Kind::SpaceInfo | Kind::Contact | Kind::DeviceName, key::NAME, Value::Str(text)) => {
            !text.trim().is_empty() && text.len() <= limits::NAME && one_line(text)
        }
        (Kind::Contact, key::NOTE, Value::Str(text)) => text.len() <= limits::NOTE && !text.contains('\0'),
        (Kind::ConversationState, key::ARCHIVED | key::MARKED_UNREAD | key::HIDDEN, Value::Bool(_)) => true,
        _ => false,
    }
}

pub(super) fn one_line(text: &str) -> bool {
    !text.contains(char::is_control)
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
    let owns = preimage.owner() == Some(subject.author);
    let manages = subject.role.manages();
    match preimage.kind() {
        Kind::Profile if preimage.natural_key() != Some(&subject.author.0) => Err(Reason::NotOwner),
        Kind::SpaceInfo if !manages => Err(Reason::NotManager),
        Kind::Contact if subject.role == Role::Client => Err(Reason::NotStaff),
        Kind::Message if !owns && !manages => Err(Reason::NotOwnerOrManager),
        Kind::Conversation => conversation(subject, change, preimage, owns || manages),
        _ => Ok(()),
    }
}

/// A talk's conversation is begun and changed by who manages the talk; elsewhere everybody who writes may begin
/// one, and its owner or a manager may change it.
fn conversation(
    subject: &Subject<'_>,
    change: &ChangeInfo,
    preimage: &Preimage,
    permitted: bool,
) -> Result<(), Reason> {
    if !permitted {
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

//! From accepted changes to the row that is shown.

use homing_wire::{DeviceId, DocId, PersonId, SpaceId};

use crate::rules::key;
use crate::{ChangeInfo, Created, Kind, MessageContent, ModelError, Preimage, Registers, Value};

/// A document as a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Projection {
    /// A message.
    Message(MessageProjection),
    /// A conversation.
    Conversation(ConversationProjection),
    /// A person's name in a space.
    Profile(ProfileProjection),
    /// A space's name.
    SpaceInfo(SpaceInfoProjection),
    /// A contact of a team.
    Contact(ContactProjection),
    /// What a person did with a conversation for themselves.
    ConversationState(ConversationStateProjection),
    /// A device's name.
    DeviceName(DeviceNameProjection),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageProjection {
    /// Its space.
    pub space: SpaceId,
    /// Who wrote it.
    pub author: PersonId,
    /// What it says; once deleted only conversation, time and the answered message are left.
    pub content: MessageContent,
    /// Deleted for everyone.
    pub deleted: bool,
    /// What other devices of its author sent as the same message and lost; shown to the author only.
    pub alternatives: Vec<MessageContent>,
}

/// A conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationProjection {
    /// Its space.
    pub space: SpaceId,
    /// What it is about; may be empty.
    pub subject: String,
    /// Subjects given at the same time that lost.
    pub other_subjects: Vec<String>,
    /// Who began it.
    pub creator: PersonId,
    /// When, by the creator's clock.
    pub created_ms: u64,
    /// Deleted for everyone.
    pub deleted: bool,
}

/// A person's name in a space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileProjection {
    /// Its space.
    pub space: SpaceId,
    /// The person.
    pub person: PersonId,
    /// The name.
    pub name: String,
}

/// A space's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpaceInfoProjection {
    /// The space.
    pub space: SpaceId,
    /// The name.
    pub name: String,
}

/// A contact of a team.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactProjection {
    /// The team.
    pub team: SpaceId,
    /// The contact, which the client space's id is cut from.
    pub contact: DocId,
    /// The name.
    pub name: String,
    /// Names given at the same time that lost.
    pub other_names: Vec<String>,
    /// The team's note.
    pub note: String,
}

/// What a person did with a conversation for themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationStateProjection {
    /// The conversation.
    pub conversation: DocId,
    /// Put away.
    pub archived: bool,
    /// Marked as unread by hand.
    pub marked_unread: bool,
    /// Deleted for oneself.
    pub hidden: bool,
}

/// A device's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceNameProjection {
    /// The device.
    pub device: DeviceId,
    /// The name.
    pub name: String,
}

/// Projects the accepted changes of one document, in any order.
///
/// [`ModelError::Missing`] means that the first change isn't there yet, [`ModelError::Unknown`] that this version
/// has no row for the kind.
pub fn project(changes: &[ChangeInfo]) -> Result<Projection, ModelError> {
    let preimage = changes.iter().find_map(|change| change.preimage.as_ref()).ok_or(ModelError::Missing)?;
    let fields = Fields(Registers::of(changes));
    let space = preimage.space();
    Ok(match preimage.kind() {
        Kind::Message => Projection::Message(message(preimage, &fields)?),
        Kind::Conversation => Projection::Conversation(conversation(preimage, &fields)?),
        Kind::Profile => Projection::Profile(ProfileProjection {
            space,
            person: natural_key(preimage, PersonId::from_slice)?,
            name: fields.text(key::NAME),
        }),
        Kind::SpaceInfo => Projection::SpaceInfo(SpaceInfoProjection { space, name: fields.text(key::NAME) }),
        Kind::Contact => Projection::Contact(ContactProjection {
            team: space,
            contact: preimage.doc_id(),
            name: fields.text(key::NAME),
            other_names: fields.other_texts(key::NAME),
            note: fields.text(key::NOTE),
        }),
        Kind::ConversationState => Projection::ConversationState(ConversationStateProjection {
            conversation: natural_key(preimage, DocId::from_slice)?,
            archived: fields.flag(key::ARCHIVED),
            marked_unread: fields.flag(key::MARKED_UNREAD),
            hidden: fields.flag(key::HIDDEN),
        }),
        Kind::DeviceName => Projection::DeviceName(DeviceNameProjection {
            device: natural_key(preimage, DeviceId::from_slice)?,
            name: fields.text(key::NAME),
        }),
        Kind::Draft | Kind::Setting | Kind::Unknown(_) => return Err(ModelError::Unknown),
    })
}

/// Projects a document that consists of one change, as nearly all do.
pub fn project_first(change: &ChangeInfo) -> Result<Projection, ModelError> {
    project(std::slice::from_ref(change))
}

fn message(preimage: &Preimage, fields: &Fields<'_>) -> Result<MessageProjection, ModelError> {
    let mut contents = fields.bytes(key::CONTENT).filter_map(|bytes| MessageContent::read(bytes).ok());
    let mut content = contents.next().ok_or(ModelError::Missing)?;
    let mut alternatives: Vec<_> = contents.filter(|other| *other != content).collect();
    alternatives.dedup();
    let deleted = fields.any_flag(key::DELETED);
    if deleted {
        content = content.without_text();
        alternatives.clear();
    }
    let author = preimage.owner().ok_or(ModelError::Missing)?;
    Ok(MessageProjection { space: preimage.space(), author, content, deleted, alternatives })
}

fn conversation(preimage: &Preimage, fields: &Fields<'_>) -> Result<ConversationProjection, ModelError> {
    let created = fields.bytes(key::CREATED).find_map(|bytes| Created::decode(bytes).ok());
    let Created { creator, created_ms } = created.ok_or(ModelError::Missing)?;
    Ok(ConversationProjection {
        space: preimage.space(),
        subject: fields.text(key::SUBJECT),
        other_subjects: fields.other_texts(key::SUBJECT),
        creator,
        created_ms,
        deleted: fields.any_flag(key::DELETED),
    })
}

fn natural_key<T>(preimage: &Preimage, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, ModelError> {
    preimage.natural_key().and_then(read).ok_or(ModelError::Malformed("natural key"))
}

/// Typed reading of registers; values of another type were refused by the rules and count as absent.
struct Fields<'a>(Registers<'a>);

impl<'a> Fields<'a> {
    fn texts(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0.all(key).iter().filter_map(|candidate| match candidate.value {
            Value::Str(text) => Some(text.as_str()),
            _ => None,
        })
    }

    fn text(&self, key: &str) -> String {
        self.texts(key).next().unwrap_or_default().to_owned()
    }

    fn other_texts(&self, key: &str) -> Vec<String> {
        let shown = self.texts(key).next();
        let mut others: Vec<_> =
            self.texts(key).skip(1).filter(|text| Some(*text) != shown).map(str::to_owned).collect();
        others.dedup();
        others
    }

    fn bytes(&self, key: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.all(key).iter().filter_map(|candidate| match candidate.value {
            Value::Bytes(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }

    fn flag(&self, key: &str) -> bool {
        self.0.get(key) == Some(&Value::Bool(true))
    }

    /// For tombstones: one of several values is enough.
    fn any_flag(&self, key: &str) -> bool {
        self.0.all(key).iter().any(|candidate| *candidate.value == Value::Bool(true))
    }
}

//! From accepted changes to the row that is shown.

use homing_wire::{DeviceId, DocId, PersonId, SpaceId};

use crate::record::{self, RecordProjection};
use crate::rules::key;
use crate::{
    ChangeInfo, Created, EditedText, Extras, Kind, MessageContent, ModelError, Preimage, Registers, Value,
    WriteOp,
};

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
    /// What a person did with somebody for themselves.
    PersonState(PersonStateProjection),
    /// A setting that follows the person.
    Setting(SettingProjection),
    /// Who of a team looks after a conversation.
    Handling(HandlingProjection),
    /// A record.
    Record(RecordProjection),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageProjection {
    /// Its space.
    pub space: SpaceId,
    /// Who wrote it.
    pub author: PersonId,
    /// What it says now; once deleted only conversation, time and the answered message are left.
    pub content: MessageContent,
    /// What it said before, oldest first, and since when; empty if it was never edited.
    pub former: Vec<Wording>,
    /// When it got its present words, by its author's clock, if it was edited.
    pub edited_ms: Option<u64>,
    /// Who reacted, and with what.
    pub reactions: Vec<(PersonId, String)>,
    /// Deleted for everyone.
    pub deleted: bool,
    /// What other devices of its author sent as the same message and lost; shown to the author only.
    pub alternatives: Vec<MessageContent>,
}

/// What a message said for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wording {
    /// The text.
    pub body: String,
    /// Since when, by its author's clock, Unix ms.
    pub since_ms: u64,
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
    /// Records it is linked to, in the order of their ids.
    pub records: Vec<DocId>,
    /// The conversation it goes on in.
    pub merged_into: Option<DocId>,
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
    /// Kept at the top.
    pub pinned: bool,
    /// Until when nothing is announced, Unix ms; 0: not muted.
    pub muted_until_ms: u64,
    /// Until when it is out of sight, Unix ms; 0: not snoozed.
    pub snoozed_until_ms: u64,
    /// What is announced, one of [`crate::rules::ANNOUNCE`]; empty: as the settings say.
    pub announce: String,
    /// Its files are kept here.
    pub keep_files: bool,
}

/// What a person did with somebody for themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonStateProjection {
    /// The person.
    pub person: PersonId,
    /// Not heard any more.
    pub blocked: bool,
    /// What they are called here; empty: as they call themselves.
    pub local_name: String,
}

/// A setting that follows the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingProjection {
    /// Its name.
    pub name: String,
    /// Canonical CBOR.
    pub value: Vec<u8>,
}

/// Who of a team looks after a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandlingProjection {
    /// The team.
    pub team: SpaceId,
    /// The conversation.
    pub conversation: DocId,
    /// Nobody, if absent.
    pub assignee: Option<PersonId>,
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
        Kind::Message => Projection::Message(message(preimage, &fields, changes)?),
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
            pinned: fields.flag(key::PINNED),
            muted_until_ms: fields.number(key::MUTED_UNTIL),
            snoozed_until_ms: fields.number(key::SNOOZED_UNTIL),
            announce: fields.text(key::ANNOUNCE),
            keep_files: fields.flag(key::KEEP_FILES),
        }),
        Kind::DeviceName => Projection::DeviceName(DeviceNameProjection {
            device: natural_key(preimage, DeviceId::from_slice)?,
            name: fields.text(key::NAME),
        }),
        Kind::PersonState => Projection::PersonState(PersonStateProjection {
            person: natural_key(preimage, PersonId::from_slice)?,
            blocked: fields.flag(key::BLOCKED),
            local_name: fields.text(key::LOCAL_NAME),
        }),
        Kind::Setting => Projection::Setting(SettingProjection {
            name: natural_key(preimage, |key| std::str::from_utf8(key).ok().map(str::to_owned))?,
            value: fields.bytes(key::VALUE).next().unwrap_or_default().to_vec(),
        }),
        Kind::Handling => Projection::Handling(HandlingProjection {
            team: space,
            conversation: natural_key(preimage, DocId::from_slice)?,
            assignee: fields.bytes(key::ASSIGNEE).next().and_then(PersonId::from_slice),
        }),
        Kind::Record(kind) => Projection::Record(record::project(kind, preimage, changes)?),
        Kind::Draft | Kind::Unknown(_) => return Err(ModelError::Unknown),
    })
}

/// Projects a document that consists of one change, as nearly all do.
pub fn project_first(change: &ChangeInfo) -> Result<Projection, ModelError> {
    project(std::slice::from_ref(change))
}

fn message(
    preimage: &Preimage,
    fields: &Fields<'_>,
    changes: &[ChangeInfo],
) -> Result<MessageProjection, ModelError> {
    let mut contents = fields.bytes(key::CONTENT).filter_map(|bytes| MessageContent::read(bytes).ok());
    let mut content = contents.next().ok_or(ModelError::Missing)?;
    let mut alternatives: Vec<_> = contents.filter(|other| *other != content).collect();
    alternatives.dedup();
    let deleted = fields.any_flag(key::DELETED);
    let (mut former, mut edited_ms) = (Vec::new(), None);
    if deleted {
        content = content.without_text();
        alternatives.clear();
    } else if let Some(edited) = fields.bytes(key::EDITED).find_map(|bytes| EditedText::decode(bytes).ok()) {
        former = wordings(&content, changes);
        former.retain(|wording| wording.body != edited.body || wording.since_ms != edited.edited_ms);
        edited_ms = Some(edited.edited_ms);
        content.extras = Extras { mentions: edited.mentions, ..content.extras() }.or_none();
        content.body = edited.body;
    }
    let mut reactions: Vec<_> = fields
        .0
        .keys()
        .filter(|name| !deleted && fields.flag(name))
        .filter_map(key::read_reaction)
        .map(|(person, emoji)| (person, emoji.to_owned()))
        .collect();
    reactions.sort();
    let author = preimage.owner().ok_or(ModelError::Missing)?;
    let space = preimage.space();
    Ok(MessageProjection { space, author, content, former, edited_ms, reactions, deleted, alternatives })
}

/// All words a message had, oldest first: edits made apart at once are both among them.
fn wordings(first: &MessageContent, changes: &[ChangeInfo]) -> Vec<Wording> {
    let mut edits: Vec<_> = changes
        .iter()
        .flat_map(ChangeInfo::numbered)
        .filter(|(_, write)| write.key == key::EDITED)
        .filter_map(|(id, write)| match &write.op {
            WriteOp::Put(Value::Bytes(bytes)) => EditedText::decode(bytes).ok().map(|edited| (id, edited)),
            _ => None,
        })
        .collect();
    edits.sort_by_key(|(id, _)| *id);
    let first = Wording { body: first.body.clone(), since_ms: first.author_ms };
    let later =
        edits.into_iter().map(|(_, edited)| Wording { body: edited.body, since_ms: edited.edited_ms });
    std::iter::once(first).chain(later).collect()
}

fn conversation(preimage: &Preimage, fields: &Fields<'_>) -> Result<ConversationProjection, ModelError> {
    let created = fields.bytes(key::CREATED).find_map(|bytes| Created::decode(bytes).ok());
    let Created { creator, created_ms } = created.ok_or(ModelError::Missing)?;
    let mut records: Vec<_> =
        fields.0.keys().filter(|name| fields.flag(name)).filter_map(key::read_record).collect();
    records.sort_unstable();
    Ok(ConversationProjection {
        space: preimage.space(),
        subject: fields.text(key::SUBJECT),
        other_subjects: fields.other_texts(key::SUBJECT),
        creator,
        created_ms,
        deleted: fields.any_flag(key::DELETED),
        records,
        merged_into: fields.bytes(key::MERGED_INTO).next().and_then(DocId::from_slice),
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

    fn number(&self, key: &str) -> u64 {
        match self.0.get(key) {
            Some(Value::Uint(number)) => *number,
            _ => 0,
        }
    }

    /// For tombstones: one of several values is enough.
    fn any_flag(&self, key: &str) -> bool {
        self.0.all(key).iter().any(|candidate| *candidate.value == Value::Bool(true))
    }
}

//! What people do, as typed intents.
//!
//! An edit is stored beside its pending change: when an entry is refused, forked or cancelled, the intents that
//! remain are authored again under a fresh actor.

use std::borrow::Cow;

use homing_wire::codec::{self, CodecError};
use homing_wire::{DocId, PersonId};
use minicbor::{CborLen, Decode, Encode};

use crate::record::{self, Cut, FieldValue, RecordKind, RecordSchema};
use crate::{
    AttachmentMeta, Created, EditedText, Extras, Kind, MessageContent, ModelError, Value, limits, rules,
};

/// One thing a person did to one document.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum Edit {
    /// Writes a message.
    #[n(0)]
    CreateMessage {
        /// The conversation it belongs to.
        #[n(0)]
        conversation: DocId,
        /// The text.
        #[n(1)]
        body: String,
        /// Author time, Unix ms.
        #[n(2)]
        author_ms: u64,
        /// The message it answers.
        #[n(3)]
        reply_to: Option<DocId>,
        /// Files that go with it.
        #[n(4)]
        attachments: Vec<AttachmentMeta>,
        /// What not every message has.
        #[n(5)]
        extras: Option<Extras>,
    },
    /// Deletes a message for everyone.
    #[n(1)]
    DeleteMessage,
    /// Begins a conversation.
    #[n(2)]
    CreateConversation {
        /// What it is about; may be empty.
        #[n(0)]
        subject: String,
        /// Who begins it: the author.
        #[n(1)]
        creator: PersonId,
        /// Unix ms.
        #[n(2)]
        created_ms: u64,
    },
    /// Gives a conversation another subject.
    #[n(3)]
    RenameConversation {
        /// The new subject.
        #[n(0)]
        subject: String,
    },
    /// Deletes a conversation for everyone.
    #[n(4)]
    DeleteConversation,
    /// Sets the author's own name in a space.
    #[n(5)]
    SetProfile {
        /// The name.
        #[n(0)]
        name: String,
    },
    /// Sets a space's name.
    #[n(6)]
    SetSpaceInfo {
        /// The name.
        #[n(0)]
        name: String,
    },
    /// Sets a contact's name.
    #[n(7)]
    SetContact {
        /// The name.
        #[n(0)]
        name: String,
    },
    /// Sets the team's note about a contact.
    #[n(8)]
    SetContactNote {
        /// The note; may be empty.
        #[n(0)]
        note: String,
    },
    /// Archives a conversation for oneself, or takes it back.
    #[n(9)]
    SetArchived(#[n(0)] bool),
    /// Marks a conversation as unread for oneself, or takes it back.
    #[n(10)]
    SetMarkedUnread(#[n(0)] bool),
    /// Hides a conversation from oneself ("delete for me"), or takes it back.
    #[n(11)]
    SetHidden(#[n(0)] bool),
    /// Names one of one's own devices.
    #[n(12)]
    SetDeviceName {
        /// The name.
        #[n(0)]
        name: String,
    },
    /// Gives a message other words.
    #[n(13)]
    EditMessage(#[n(0)] EditedText),
    /// Reacts to a message, or takes it back.
    #[n(14)]
    React {
        /// Who: the author.
        #[n(0)]
        person: PersonId,
        /// With what.
        #[n(1)]
        emoji: String,
        /// False: taken back.
        #[n(2)]
        on: bool,
    },
    /// Links a record to a conversation, or takes the link away.
    #[n(15)]
    LinkRecord {
        /// The record.
        #[n(0)]
        record: DocId,
        /// False: taken away.
        #[n(1)]
        on: bool,
    },
    /// Lets a conversation go on in another of the same space, or takes that back.
    #[n(16)]
    MergeInto {
        /// The conversation it goes on in.
        #[n(0)]
        conversation: Option<DocId>,
    },
    /// Keeps a conversation at the top for oneself, or takes it back.
    #[n(17)]
    SetPinned(#[n(0)] bool),
    /// Announces nothing of a conversation until then (Unix ms), for oneself; 0: announces again.
    #[n(18)]
    SetMutedUntil(#[n(0)] u64),
    /// Takes a conversation out of sight until then (Unix ms), for oneself; 0: back at once.
    #[n(19)]
    SetSnoozedUntil(#[n(0)] u64),
    /// What of a conversation is announced, for oneself; see [`rules::ANNOUNCE`].
    #[n(20)]
    SetAnnounce(#[n(0)] String),
    /// Keeps a conversation's files here, for oneself, or takes it back.
    #[n(21)]
    SetKeepFiles(#[n(0)] bool),
    /// Does not hear a person any more, for oneself, or takes it back.
    #[n(22)]
    SetBlocked(#[n(0)] bool),
    /// Calls a person otherwise, for oneself; empty: as they call themselves.
    #[n(23)]
    SetLocalName {
        /// The name.
        #[n(0)]
        name: String,
    },
    /// Sets a setting that follows the person.
    #[n(24)]
    SetSetting {
        /// Canonical CBOR.
        #[cbor(n(0), with = "minicbor::bytes")]
        value: Vec<u8>,
    },
    /// Says who of the team looks after a conversation.
    #[n(25)]
    SetAssignee {
        /// Nobody, if absent.
        #[n(0)]
        person: Option<PersonId>,
    },
    /// Begins a record; one whose id follows from another record may be begun on several devices.
    #[n(26)]
    CreateRecord {
        /// Its kind.
        #[n(0)]
        kind: RecordKind,
        /// What it holds.
        #[n(1)]
        fields: Vec<FieldEdit>,
    },
    /// Writes fields of a record, over all values they have.
    #[n(27)]
    SetFields {
        /// Its kind.
        #[n(0)]
        kind: RecordKind,
        /// What they hold.
        #[n(1)]
        fields: Vec<FieldEdit>,
    },
    /// Deletes a record, or takes that back.
    #[n(28)]
    DeleteRecord {
        /// Its kind.
        #[n(0)]
        kind: RecordKind,
        /// False: taken back.
        #[n(1)]
        on: bool,
    },
}

/// A field of a record and its new value.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub struct FieldEdit {
    /// Its key; of a tally followed by `/`, the author's id, `/` and the counter's name.
    #[n(0)]
    pub key: String,
    /// Its value.
    #[n(1)]
    pub value: FieldValue,
}

impl FieldEdit {
    /// Sets a field.
    pub fn new(key: &str, value: FieldValue) -> Self {
        Self { key: key.to_owned(), value }
    }

    /// Sets one of the author's counters of a tally.
    pub fn tally(key: &str, author: &PersonId, counter: &[u8; 8], count: i64) -> Self {
        let counter: String = counter.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { key: format!("{key}/{author}/{counter}"), value: FieldValue::Number(count) }
    }

    fn put(&self, schema: &RecordSchema) -> Result<(Cow<'static, str>, Value), ModelError> {
        let field = self.key.split('/').next().and_then(|key| schema.field(key));
        let holds = field.ok_or(ModelError::Invalid("field"))?.holds;
        Ok((record::root_key(&self.key).into(), Value::Bytes(self.value.encode(holds)?)))
    }
}

/// How an edit relates to what is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needs {
    /// The document must not exist yet.
    Fresh,
    /// The document must exist.
    Existing,
    /// Either: a missing document is begun.
    Either,
}

/// An edit as root keys and values.
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) needs: Needs,
    pub(crate) puts: Vec<(Cow<'static, str>, Value)>,
}

impl Edit {
    /// The kind of document it fits.
    pub fn kind(&self) -> Kind {
        match self {
            Self::CreateMessage { .. } | Self::DeleteMessage | Self::EditMessage(_) | Self::React { .. } => {
                Kind::Message
            }
            Self::CreateConversation { .. }
            | Self::RenameConversation { .. }
            | Self::DeleteConversation
            | Self::LinkRecord { .. }
            | Self::MergeInto { .. } => Kind::Conversation,
            Self::SetProfile { .. } => Kind::Profile,
            Self::SetSpaceInfo { .. } => Kind::SpaceInfo,
            Self::SetContact { .. } | Self::SetContactNote { .. } => Kind::Contact,
            Self::SetArchived(_)
            | Self::SetMarkedUnread(_)
            | Self::SetHidden(_)
            | Self::SetPinned(_)
            | Self::SetMutedUntil(_)
            | Self::SetSnoozedUntil(_)
            | Self::SetAnnounce(_)
            | Self::SetKeepFiles(_) => Kind::ConversationState,
            Self::SetDeviceName { .. } => Kind::DeviceName,
            Self::SetBlocked(_) | Self::SetLocalName { .. } => Kind::PersonState,
            Self::SetSetting { .. } => Kind::Setting,
            Self::SetAssignee { .. } => Kind::Handling,
            Self::CreateRecord { kind, .. }
            | Self::SetFields { kind, .. }
            | Self::DeleteRecord { kind, .. } => Kind::Record(*kind),
        }
    }

    /// The form it is stored in.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("edit", bytes, 2 * limits::CONTENT.max(limits::FIELD))
    }

    /// The message's content, if it writes one. NUL, which nobody types but a paste may hold, is left out.
    pub fn message_content(&self) -> Option<MessageContent> {
        match self {
            Self::CreateMessage { conversation, body, author_ms, reply_to, attachments, extras } => {
                Some(MessageContent {
                    conversation: *conversation,
                    body: body.replace('\0', ""),
                    author_ms: *author_ms,
                    reply_to: *reply_to,
                    attachments: attachments.clone(),
                    extras: extras.clone(),
                })
            }
            _ => None,
        }
    }

    pub(crate) fn plan(&self) -> Result<Plan, ModelError> {
        let plan = self.plan_puts()?;
        let kind = plan.kind;
        for (name, value) in &plan.puts {
            if !rules::value_allowed(kind, name, value) {
                return Err(ModelError::Invalid(match name {
                    Cow::Borrowed(name) => name,
                    Cow::Owned(_) => "field, reaction or link",
                }));
            }
        }
        Ok(plan)
    }

    fn plan_puts(&self) -> Result<Plan, ModelError> {
        use rules::key;
        let bytes = |bytes: Option<&[u8]>| Value::Bytes(bytes.unwrap_or_default().to_vec());
        let (needs, name, value) = match self {
            Self::CreateMessage { .. } => {
                let content = self.message_content().ok_or(ModelError::WrongKind)?;
                (Needs::Fresh, key::CONTENT.into(), Value::Bytes(content.encode()?))
            }
            Self::DeleteMessage | Self::DeleteConversation => {
                (Needs::Existing, key::DELETED.into(), Value::Bool(true))
            }
            Self::EditMessage(edited) => {
                (Needs::Existing, key::EDITED.into(), Value::Bytes(edited.encode()?))
            }
            Self::React { person, emoji, on } => {
                (Needs::Existing, key::reaction(person, emoji).into(), Value::Bool(*on))
            }
            Self::CreateConversation { creator, created_ms, .. } => {
                let created = Created { creator: *creator, created_ms: *created_ms }.encode();
                (Needs::Fresh, key::CREATED.into(), Value::Bytes(created))
            }
            Self::RenameConversation { subject } => {
                (Needs::Existing, key::SUBJECT.into(), Value::Str(subject.clone()))
            }
            Self::LinkRecord { record, on } => {
                (Needs::Existing, key::record(record).into(), Value::Bool(*on))
            }
            Self::MergeInto { conversation } => {
                let into = bytes(conversation.as_ref().map(|id| id.as_bytes().as_slice()));
                (Needs::Existing, key::MERGED_INTO.into(), into)
            }
            Self::SetProfile { name }
            | Self::SetSpaceInfo { name }
            | Self::SetContact { name }
            | Self::SetDeviceName { name } => (Needs::Either, key::NAME.into(), Value::Str(name.clone())),
            Self::SetContactNote { note } => (Needs::Existing, key::NOTE.into(), Value::Str(note.clone())),
            Self::SetArchived(on) => (Needs::Either, key::ARCHIVED.into(), Value::Bool(*on)),
            Self::SetMarkedUnread(on) => (Needs::Either, key::MARKED_UNREAD.into(), Value::Bool(*on)),
            Self::SetHidden(on) => (Needs::Either, key::HIDDEN.into(), Value::Bool(*on)),
            Self::SetPinned(on) => (Needs::Either, key::PINNED.into(), Value::Bool(*on)),
            Self::SetMutedUntil(ms) => (Needs::Either, key::MUTED_UNTIL.into(), Value::Uint(*ms)),
            Self::SetSnoozedUntil(ms) => (Needs::Either, key::SNOOZED_UNTIL.into(), Value::Uint(*ms)),
            Self::SetAnnounce(what) => (Needs::Either, key::ANNOUNCE.into(), Value::Str(what.clone())),
            Self::SetKeepFiles(on) => (Needs::Either, key::KEEP_FILES.into(), Value::Bool(*on)),
            Self::SetBlocked(on) => (Needs::Either, key::BLOCKED.into(), Value::Bool(*on)),
            Self::SetLocalName { name } => (Needs::Either, key::LOCAL_NAME.into(), Value::Str(name.clone())),
            Self::SetSetting { value } => (Needs::Either, key::VALUE.into(), Value::Bytes(value.clone())),
            Self::SetAssignee { person } => {
                let who = bytes(person.as_ref().map(|person| person.0.as_slice()));
                (Needs::Either, key::ASSIGNEE.into(), who)
            }
            Self::CreateRecord { kind, fields } | Self::SetFields { kind, fields } => {
                let schema = kind.schema().ok_or(ModelError::Unknown)?;
                let needs = match (self, schema.cut) {
                    (Self::SetFields { .. }, _) => Needs::Existing,
                    (_, Cut::Owner) => Needs::Fresh,
                    (_, Cut::Record) => Needs::Either,
                };
                let puts = fields.iter().map(|field| field.put(schema)).collect::<Result<_, _>>()?;
                return Ok(Plan { kind: self.kind(), needs, puts });
            }
            Self::DeleteRecord { on, .. } => (Needs::Existing, key::DELETED.into(), Value::Bool(*on)),
        };
        let mut puts: Vec<(Cow<'static, str>, Value)> = vec![(name, value)];
        if let Self::CreateConversation { subject, .. } = self {
            puts.push((key::SUBJECT.into(), Value::Str(subject.clone())));
        }
        Ok(Plan { kind: self.kind(), needs, puts })
    }
}

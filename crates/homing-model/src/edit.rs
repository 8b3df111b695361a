//! What people do, as typed intents.
//!
//! An edit is stored beside its pending change: when an entry is refused, forked or cancelled, the intents that
//! remain are authored again under a fresh actor.

use homing_wire::codec::{self, CodecError};
use homing_wire::{DocId, PersonId};
use minicbor::{CborLen, Decode, Encode};

use crate::{AttachmentMeta, Created, Kind, MessageContent, ModelError, Value, limits, rules};

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
    pub(crate) puts: Vec<(&'static str, Value)>,
}

impl Edit {
    /// The kind of document it fits.
    pub fn kind(&self) -> Kind {
        match self {
            Self::CreateMessage { .. } | Self::DeleteMessage => Kind::Message,
            Self::CreateConversation { .. } | Self::RenameConversation { .. } | Self::DeleteConversation => {
                Kind::Conversation
            }
            Self::SetProfile { .. } => Kind::Profile,
            Self::SetSpaceInfo { .. } => Kind::SpaceInfo,
            Self::SetContact { .. } | Self::SetContactNote { .. } => Kind::Contact,
            Self::SetArchived(_) | Self::SetMarkedUnread(_) | Self::SetHidden(_) => Kind::ConversationState,
            Self::SetDeviceName { .. } => Kind::DeviceName,
        }
    }

    /// The form it is stored in.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode("edit", bytes, 2 * limits::CONTENT)
    }

    /// The message's content, if it writes one. NUL, which nobody types but a paste may hold, is left out.
    pub fn message_content(&self) -> Option<MessageContent> {
        match self {
            Self::CreateMessage { conversation, body, author_ms, reply_to, attachments } => {
                Some(MessageContent {
                    conversation: *conversation,
                    body: body.replace('\0', ""),
                    author_ms: *author_ms,
                    reply_to: *reply_to,
                    attachments: attachments.clone(),
                })
            }
            _ => None,
        }
    }

    pub(crate) fn plan(&self) -> Result<Plan, ModelError> {
        use rules::key;
        let (needs, puts) = match self {
            Self::CreateMessage { .. } => {
                let content = self.message_content().ok_or(ModelError::WrongKind)?;
                (Needs::Fresh, vec![(key::CONTENT, Value::Bytes(content.encode()?))])
            }
            Self::DeleteMessage | Self::DeleteConversation => {
                (Needs::Existing, vec![(key::DELETED, Value::Bool(true))])
            }
            Self::CreateConversation { subject, creator, created_ms } => {
                let created = Created { creator: *creator, created_ms: *created_ms }.encode();
                let puts =
                    vec![(key::CREATED, Value::Bytes(created)), (key::SUBJECT, Value::Str(subject.clone()))];
                (Needs::Fresh, puts)
            }
            Self::RenameConversation { subject } => {
                (Needs::Existing, vec![(key::SUBJECT, Value::Str(subject.clone()))])
            }
            Self::SetProfile { name }
            | Self::SetSpaceInfo { name }
            | Self::SetContact { name }
            | Self::SetDeviceName { name } => (Needs::Either, vec![(key::NAME, Value::Str(name.clone()))]),
            Self::SetContactNote { note } => (Needs::Existing, vec![(key::NOTE, Value::Str(note.clone()))]),
            Self::SetArchived(on) => (Needs::Either, vec![(key::ARCHIVED, Value::Bool(*on))]),
            Self::SetMarkedUnread(on) => (Needs::Either, vec![(key::MARKED_UNREAD, Value::Bool(*on))]),
            Self::SetHidden(on) => (Needs::Either, vec![(key::HIDDEN, Value::Bool(*on))]),
        };
        let kind = self.kind();
        for (name, value) in &puts {
            if !rules::value_allowed(kind, name, value) {
                return Err(ModelError::Invalid(name));
            }
        }
        Ok(Plan { kind, needs, puts })
    }
}

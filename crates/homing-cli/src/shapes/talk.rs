//! Conversations, parts of messages, drafts, the outbox and search hits.

use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, ApiError, AttachmentState, OutboxState, RoleName, ScheduledState, State};
use serde::Serialize;

use super::{called, called_device, clock, short, titled, word};

/// A conversation.
#[derive(Serialize)]
pub struct Conversation {
    pub id: String,
    pub space: String,
    pub subject: String,
    pub title: String,
    pub participants: Vec<Participant>,
    pub unread: u32,
    /// Marked unread by hand.
    pub marked_unread: bool,
    pub preview: String,
    pub last_at: String,
    pub archived: bool,
    pub has_draft: bool,
    /// Ids of the records it is about.
    pub records: Vec<String>,
    pub pinned: bool,
    pub muted_until: Option<String>,
    pub snoozed_until: Option<String>,
    pub assignee: Option<String>,
    pub blocked: bool,
}

#[derive(Serialize)]
pub struct Participant {
    pub person: String,
    pub name: String,
    pub role: RoleName,
}

impl From<api::ConversationRow> for Conversation {
    fn from(row: api::ConversationRow) -> Self {
        let participant =
            |p: api::Participant| Participant { person: p.person, name: called(p.name), role: p.role };
        Self {
            id: row.id,
            space: row.space,
            subject: row.subject,
            title: titled(row.title),
            participants: row.participants.into_iter().map(participant).collect(),
            unread: row.unread,
            marked_unread: row.marked_unread,
            preview: if row.preview_deleted { "Message deleted".to_owned() } else { row.preview },
            last_at: row.last_at,
            archived: row.archived,
            has_draft: row.has_draft,
            records: row.records.into_iter().map(|chip| chip.id).collect(),
            pinned: row.pinned,
            muted_until: row.muted_until,
            snoozed_until: row.snoozed_until.filter(|_| row.snoozed),
            assignee: row.assignee.map(|assignee| called(assignee.name)),
            blocked: row.blocked,
        }
    }
}

impl Display for Conversation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {}", short(&self.id), clock(&self.last_at), self.title)?;
        if self.unread > 0 {
            write!(f, "  [{} unread]", self.unread)?;
        }
        let marks = [
            (self.marked_unread, "marked unread"),
            (self.has_draft, "draft"),
            (self.archived, "archived"),
            (self.pinned, "pinned"),
            (self.muted_until.is_some(), "muted"),
            (self.snoozed_until.is_some(), "snoozed"),
            (self.blocked, "blocked"),
        ];
        if let Some(assignee) = &self.assignee {
            write!(f, "  [{assignee}]")?;
        }
        for (_, mark) in marks.iter().filter(|(set, _)| *set) {
            write!(f, "  [{mark}]")?;
        }
        if !self.preview.is_empty() {
            write!(f, "\n          {}", self.preview.replace('\n', " "))?;
        }
        Ok(())
    }
}

/// A conversation that was begun.
#[derive(Serialize)]
pub struct New {
    pub id: String,
    pub space: String,
}

impl From<api::NewConversation> for New {
    fn from(new: api::NewConversation) -> Self {
        Self { id: new.id, space: new.space }
    }
}

impl Display for New {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Conversation {}", self.id)
    }
}

/// A message that was handed in.
#[derive(Serialize)]
pub struct Sent {
    pub id: String,
    pub conversation: String,
    pub state: State,
}

impl From<api::Sent> for Sent {
    fn from(sent: api::Sent) -> Self {
        Self { id: sent.id, conversation: sent.conversation, state: sent.state }
    }
}

impl From<api::Commented> for Sent {
    fn from(sent: api::Commented) -> Self {
        Self { id: sent.id, conversation: sent.conversation, state: sent.state }
    }
}

impl Display for Sent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Message {} ({})", self.id, word(&self.state))
    }
}

#[derive(Serialize)]
pub struct Receipt {
    pub person: String,
    pub delivered_at: Option<String>,
    pub read_at: Option<String>,
    pub delivered: bool,
    pub read: bool,
}

#[derive(Serialize)]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub mime: String,
    pub size: u64,
    pub state: AttachmentState,
    /// Why it waits, if the relay does not take it for now.
    pub error: Option<ApiError>,
}

impl From<api::Receipt> for Receipt {
    fn from(receipt: api::Receipt) -> Self {
        Self {
            person: receipt.person,
            delivered_at: receipt.delivered_at,
            read_at: receipt.read_at,
            delivered: receipt.delivered,
            read: receipt.read,
        }
    }
}

impl From<api::Attachment> for Attachment {
    fn from(file: api::Attachment) -> Self {
        // Sizes travel as the window's numbers; a file is at most 50 MB.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let size = file.size as u64;
        Self { id: file.id, name: file.name, mime: file.mime, size, state: file.state, error: file.held }
    }
}

/// The draft of a conversation.
#[derive(Serialize)]
pub struct Draft {
    pub id: String,
    pub conversation: String,
    /// To be a comment beside the conversation, not a message in it.
    pub comment: bool,
    pub text: String,
    pub reply_to: Option<String>,
    pub sending_device: Option<String>,
    pub files: Vec<super::File>,
    pub others: Vec<StoredDraft>,
}

impl From<api::Draft> for Draft {
    fn from(draft: api::Draft) -> Self {
        Self {
            id: draft.id,
            conversation: draft.conversation,
            comment: draft.comment,
            text: draft.text,
            reply_to: draft.reply_to.map(|quote| quote.id),
            sending_device: draft.sending.map(|sending| called_device(sending.device_name)),
            files: draft.files.into_iter().map(super::File::from).collect(),
            others: draft.others.into_iter().map(StoredDraft::from).collect(),
        }
    }
}

impl Display for Draft {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.comment {
            f.write_str("\n[comment for your team]")?;
        }
        if let Some(device) = &self.sending_device {
            write!(f, "\n[being sent by {device}]")?;
        }
        for file in &self.files {
            write!(f, "\n[file] {file}")?;
        }
        for other in &self.others {
            write!(f, "\n[another draft]\n{other}")?;
        }
        Ok(())
    }
}

/// A draft in a list.
#[derive(Serialize)]
pub struct StoredDraft {
    pub id: String,
    pub conversation: String,
    /// To be a comment beside the conversation, not a message in it.
    pub comment: bool,
    pub title: String,
    pub text: String,
    pub updated_at: String,
}

impl From<api::DraftRow> for StoredDraft {
    fn from(row: api::DraftRow) -> Self {
        Self {
            id: row.id,
            conversation: row.conversation,
            comment: row.comment,
            title: titled(row.title),
            text: row.text,
            updated_at: row.updated_at,
        }
    }
}

impl Display for StoredDraft {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.text.replace('\n', "\n          ");
        write!(f, "{}  {}  {}", self.id, clock(&self.updated_at), self.title)?;
        if self.comment {
            f.write_str("  [comment]")?;
        }
        write!(f, "\n          {text}")
    }
}

/// Two drafts beside each other.
#[derive(Serialize)]
pub struct Comparison {
    pub left: StoredDraft,
    pub right: StoredDraft,
    pub parts: Vec<ComparedPart>,
}

/// What both say, or where they differ.
#[derive(Serialize)]
pub struct ComparedPart {
    pub same: bool,
    pub left: String,
    pub right: String,
}

impl From<api::Comparison> for Comparison {
    fn from(both: api::Comparison) -> Self {
        let parts = both.parts.into_iter();
        Self {
            left: both.left.into(),
            right: both.right.into(),
            parts: parts
                .map(|part| ComparedPart { same: part.same, left: part.left, right: part.right })
                .collect(),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part.same {
                true => f.write_str(&part.left)?,
                false => write!(f, "[-{}-]{{+{}+}}", part.left, part.right)?,
            }
        }
        Ok(())
    }
}

/// A change that waits.
#[derive(Serialize)]
pub struct OutboxItem {
    pub id: String,
    pub kind: String,
    pub conversation: Option<String>,
    pub title: String,
    pub preview: String,
    pub state: OutboxState,
    pub since: String,
    pub error: Option<ApiError>,
}

impl From<api::OutboxRow> for OutboxItem {
    fn from(row: api::OutboxRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            conversation: row.conversation,
            title: titled(row.title),
            preview: row.preview,
            state: row.state,
            since: row.since,
            error: row.error,
        }
    }
}

impl Display for OutboxItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (id, since, state) = (short(&self.id), clock(&self.since), word(&self.state));
        write!(f, "{id}  {since}  {} ({}, {state}): {}", self.title, self.kind, self.preview)?;
        if let Some(error) = &self.error {
            write!(f, "\n          {}", error.message)?;
        }
        Ok(())
    }
}

/// A message that is sent at its time.
#[derive(Serialize)]
pub struct Planned {
    pub id: String,
    pub kind: &'static str,
    pub conversation: String,
    pub title: String,
    pub preview: String,
    pub state: ScheduledState,
    /// Its time is over, and it could not be sent so far.
    pub late: bool,
    /// Names of its files.
    pub files: Vec<String>,
    pub at: String,
    /// The other device it waits on.
    pub device_name: Option<String>,
    pub sent_at: Option<String>,
    pub error: Option<ApiError>,
}

impl From<api::ScheduledRow> for Planned {
    fn from(row: api::ScheduledRow) -> Self {
        Self {
            id: row.id,
            kind: "scheduled",
            conversation: row.conversation,
            title: titled(row.title),
            preview: row.text,
            state: row.state,
            late: row.late,
            files: row.files.into_iter().map(|file| file.name).collect(),
            at: row.at,
            device_name: row.device_name.map(called_device),
            sent_at: row.sent_at,
            error: row.error,
        }
    }
}

impl Display for Planned {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (id, at, state) = (short(&self.id), clock(&self.at), word(&self.state));
        let late = if self.late { ", late" } else { "" };
        write!(f, "{id}  {at}  {} ({}, {state}{late}): {}", self.title, self.kind, self.preview)?;
        for file in &self.files {
            write!(f, "\n          {file}")?;
        }
        if let Some(error) = &self.error {
            write!(f, "\n          {}", error.message)?;
        }
        Ok(())
    }
}

/// A message that was found.
#[derive(Serialize)]
pub struct Hit {
    pub conversation: String,
    pub message: String,
    pub snippet: String,
    pub at: String,
    pub title: String,
    pub author_name: String,
    pub file: Option<String>,
}

impl From<api::SearchHit> for Hit {
    fn from(hit: api::SearchHit) -> Self {
        Self {
            conversation: hit.conversation,
            message: hit.message,
            snippet: hit.snippet.into_iter().map(|part| part.text).collect(),
            at: hit.at,
            title: titled(hit.title),
            author_name: called(hit.author_name),
            file: hit.file.map(|parts| parts.into_iter().map(|part| part.text).collect()),
        }
    }
}

impl Display for Hit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (id, at, snippet) = (short(&self.message), clock(&self.at), self.snippet.replace('\n', " "));
        write!(f, "{id}  {at}  {}: {}: {snippet}", self.title, self.author_name)?;
        match &self.file {
            Some(file) => write!(f, " [{file}]"),
            None => Ok(()),
        }
    }
}

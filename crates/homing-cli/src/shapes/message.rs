//! Messages, with what they got besides their words.

use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, ApiError, OutboxState, State};
use serde::Serialize;

use super::talk::{Attachment, Receipt};
use super::{called, clock, short, word};

/// A message.
#[derive(Serialize)]
pub struct Message {
    pub id: String,
    pub conversation: String,
    pub author: String,
    pub author_name: String,
    pub at: String,
    pub body: String,
    pub state: State,
    pub error: Option<ApiError>,
    pub receipts: Vec<Receipt>,
    pub attachments: Vec<Attachment>,
    pub reply_to: Option<String>,
    pub mine: bool,
    pub unread: bool,
    pub late: bool,
    pub deleted: bool,
    pub edited_at: Option<String>,
    pub reactions: Vec<Reaction>,
    pub mentions: Vec<Named>,
    pub mentions_me: bool,
    pub links: Vec<Link>,
    pub forwarded: bool,
    pub internal: bool,
    pub template: Option<String>,
    pub about: Option<String>,
    pub replies: u32,
    /// An edit or a reaction that has not reached the relay.
    pub changing: Option<OutboxState>,
}

#[derive(Serialize)]
pub struct Reaction {
    pub emoji: String,
    pub mine: bool,
    pub people: Vec<Named>,
}

#[derive(Serialize)]
pub struct Named {
    pub person: String,
    pub name: String,
}

/// What the author saw of a page the message links to.
#[derive(Serialize)]
pub struct Link {
    pub url: String,
    pub title: String,
    pub description: String,
}

impl From<api::Named> for Named {
    fn from(one: api::Named) -> Self {
        Self { person: one.person, name: called(one.name) }
    }
}

impl From<api::Reaction> for Reaction {
    fn from(one: api::Reaction) -> Self {
        Self { emoji: one.emoji, mine: one.mine, people: one.people.into_iter().map(Named::from).collect() }
    }
}

impl From<api::Preview> for Link {
    fn from(one: api::Preview) -> Self {
        Self { url: one.url, title: one.title, description: one.description }
    }
}

impl From<api::MessageRow> for Message {
    fn from(row: api::MessageRow) -> Self {
        Self {
            id: row.id,
            conversation: row.conversation,
            author: row.author,
            author_name: called(row.author_name),
            at: row.at,
            body: row.body,
            state: row.state,
            error: row.error,
            receipts: row.receipts.into_iter().map(Receipt::from).collect(),
            attachments: row.attachments.into_iter().map(Attachment::from).collect(),
            reply_to: row.reply_to.map(|quote| quote.id),
            mine: row.mine,
            unread: row.unread,
            late: row.late,
            deleted: row.deleted,
            edited_at: row.edited_at,
            reactions: row.reactions.into_iter().map(Reaction::from).collect(),
            mentions: row.mentions.into_iter().map(Named::from).collect(),
            mentions_me: row.mentions_me,
            links: row.previews.into_iter().map(Link::from).collect(),
            forwarded: row.forwarded,
            internal: row.internal,
            template: row.template.map(|one| one.id),
            about: row.about,
            replies: row.replies,
            changing: row.changing,
        }
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {}: ", short(&self.id), clock(&self.at), self.author_name)?;
        if self.deleted {
            f.write_str("(deleted)")?;
        }
        f.write_str(&self.body.replace('\n', "\n            "))?;
        if self.mine {
            write!(f, "  [{}]", word(&self.state))?;
        }
        let marks = [
            (self.internal, "only your team"),
            (self.unread, "unread"),
            (self.late, "arrived late"),
            (self.edited_at.is_some(), "edited"),
            (self.forwarded, "forwarded"),
            (self.mentions_me, "names you"),
        ];
        for (_, mark) in marks.iter().filter(|(set, _)| *set) {
            write!(f, "  [{mark}]")?;
        }
        if self.replies > 0 {
            write!(f, "  [{} answers]", self.replies)?;
        }
        if let Some(error) = &self.error {
            write!(f, "\n            {}", error.message)?;
        }
        for one in &self.reactions {
            let names: Vec<&str> = one.people.iter().map(|person| person.name.as_str()).collect();
            write!(f, "\n            {} {}", one.emoji, names.join(", "))?;
        }
        for file in &self.attachments {
            let state = word(&file.state);
            write!(
                f,
                "\n            {} ({} bytes, {state}): attachment save {} PATH",
                file.name, file.size, file.id
            )?;
            if let Some(error) = &file.error {
                write!(f, "\n            {}", error.message)?;
            }
        }
        Ok(())
    }
}

/// A message in another language.
#[derive(Serialize)]
pub struct Translation {
    pub text: String,
    pub to: String,
    pub from: Option<String>,
}

impl From<api::Translation> for Translation {
    fn from(api::Translation { text, to, from }: api::Translation) -> Self {
        Self { text, to, from }
    }
}

impl Display for Translation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a message said for a time.
#[derive(Serialize)]
pub struct Wording {
    pub message: String,
    pub author: String,
    pub author_name: String,
    pub since: String,
    pub body: String,
    pub current: bool,
}

impl Wording {
    /// All wordings of a message, oldest first.
    pub fn of(history: api::History) -> Vec<Self> {
        history
            .wordings
            .into_iter()
            .map(|wording| Self {
                message: history.message.clone(),
                author: history.author.clone(),
                author_name: called(history.author_name.clone()),
                since: wording.since,
                body: wording.body,
                current: wording.current,
            })
            .collect()
    }
}

impl Display for Wording {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let body = self.body.replace('\n', "\n          ");
        let now = if self.current { "  [now]" } else { "" };
        write!(f, "{}  {}:{now}\n          {body}", clock(&self.since), self.author_name)
    }
}

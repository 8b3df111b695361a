//! What a person chooses for conversations and people.

use std::path::Path;

use homing_engine::api::{
    self, ApiError, Call, Code, Comment, ConversationChange, ConversationMerge, ConversationsChange,
    ConversationsChanged, EvidenceWords, OneChange, PersonSet, SpamReport,
};

use super::{NOTHING, Run, absolute, text_or_stdin};
use crate::args::{self, Until};
use crate::shapes;

impl Until {
    /// As the engine reads it; nothing: no time was given.
    fn time(self) -> Result<Option<String>, ApiError> {
        let Some(length) = self.r#for else { return Ok(self.until) };
        let length = chrono::Duration::from_std(length)
            .map_err(|_| ApiError::new(Code::InvalidArgument, "This is too long."))?;
        Ok(Some((chrono::Utc::now() + length).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)))
    }
}

impl Run<'_> {
    /// Does one thing with any number of conversations, all or none.
    pub async fn choose(
        &self,
        conversations: Vec<String>,
        change: ConversationChange,
    ) -> Result<(), ApiError> {
        let changes = conversations
            .into_iter()
            .map(|conversation| OneChange { conversation, change: change.clone() })
            .collect();
        let done: ConversationsChanged =
            self.call(Call::ConversationsChange(ConversationsChange { changes })).await?;
        for row in done.rows {
            self.out.print(&shapes::Conversation::from(row));
        }
        Ok(())
    }

    pub async fn mute(&self, conversations: Vec<String>, until: Until) -> Result<(), ApiError> {
        let until = until.time()?.or_else(|| Some("forever".to_owned()));
        self.choose(conversations, ConversationChange::Mute { until }).await
    }

    pub async fn snooze(&self, conversations: Vec<String>, until: Until) -> Result<(), ApiError> {
        let Some(until) = until.time()? else {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "Say how long: --for 8h, or --until with a time.",
            ));
        };
        self.choose(conversations, ConversationChange::Snooze { until: Some(until) }).await
    }

    pub async fn merge(&self, conversation: String, into: Option<String>) -> Result<(), ApiError> {
        let call = Call::ConversationMerge(ConversationMerge { conversation, into });
        self.show::<api::ConversationRow, shapes::Conversation>(call).await
    }

    pub async fn comment(
        &self,
        conversation: String,
        text: &str,
        mentions: Vec<String>,
    ) -> Result<(), ApiError> {
        let text = text_or_stdin(text)?;
        let call = Call::Comment(Comment { conversation, text, mentions, draft: None, base: None });
        self.show::<api::Commented, shapes::Sent>(call).await
    }

    pub async fn people(&self, command: Option<args::People>) -> Result<(), ApiError> {
        use args::People as P;
        let set = |person, blocked, name| Call::PersonSet(PersonSet { person, blocked, name });
        let call = match command {
            None => Call::People(NOTHING),
            Some(P::Rename { person, name }) => set(person, None, Some(name.unwrap_or_default())),
            Some(P::Block { person }) => set(person, Some(true), None),
            Some(P::Unblock { person }) => set(person, Some(false), None),
            Some(P::Spam { person, conversation, evidence }) => {
                return self.spam(person, conversation, evidence.as_deref()).await;
            }
        };
        self.list::<api::PersonRow, shapes::Person>(call).await
    }

    async fn spam(
        &self,
        person: String,
        conversation: String,
        evidence: Option<&Path>,
    ) -> Result<(), ApiError> {
        let file = evidence.map(absolute).transpose()?;
        let words = EvidenceWords {
            report: "Report of".to_owned(),
            name: "Name".to_owned(),
            id: "Id".to_owned(),
            conversation: "Conversation".to_owned(),
            attachment: "File".to_owned(),
        };
        let call = Call::SpamReport(SpamReport { conversation, person, file, words });
        let done: api::SpamReported = self.call(call).await?;
        for row in done.people {
            self.out.print(&shapes::Person::from(row));
        }
        Ok(())
    }
}

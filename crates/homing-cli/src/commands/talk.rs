//! Conversations, messages, drafts, the outbox and search.

use std::path::PathBuf;

use homing_engine::api::{
    self, ApiError, Call, Code, ConversationDelete, ConversationNew, ConversationPage, ConversationRef,
    ConversationRename, ConversationRestore, Conversations, DraftAttach, DraftDetach, DraftSend, DraftSet,
    ItemRef, MessagePage, Messages, RecordLink, Send,
};

use super::{NOTHING, Run, attachments, text_or_stdin};
use crate::args;
use crate::shapes;

/// Rows asked for at once.
const PAGE: u32 = 200;

impl Run<'_> {
    pub async fn conversation(&self, command: args::Conversation) -> Result<(), ApiError> {
        use api::ConversationChange as Change;
        use args::Conversation as C;
        let row = |call| self.show::<api::ConversationRow, shapes::Conversation>(call);
        match command {
            C::New { subject, with, message, attach, about } => {
                let message = message.as_deref().map(text_or_stdin).transpose()?;
                let attachments = attachments(&attach)?;
                let call =
                    Call::ConversationNew(ConversationNew { subject, with, message, attachments, about });
                self.show::<api::NewConversation, shapes::New>(call).await
            }
            C::List { filter, record, client, limit } => {
                let record = self.record_meant(record).await?;
                let client = self.client_meant(client).await?;
                self.conversations(filter, limit, |row| {
                    let about = |id: &String| row.records.iter().any(|one| one.id == *id);
                    record.as_ref().is_none_or(about) && client.as_ref().is_none_or(|id| row.space == *id)
                })
                .await
            }
            C::Show { conversation } => {
                let call = Call::Conversation(ConversationRef { conversation });
                let detail: api::ConversationDetail = self.call(call).await?;
                self.out.print(&shapes::Conversation::from(detail.row));
                Ok(())
            }
            C::Archive { conversation } => self.choose(conversation, Change::Archive { on: true }).await,
            C::Unarchive { conversation } => self.choose(conversation, Change::Archive { on: false }).await,
            C::Read { conversation } => self.choose(conversation, Change::Read {}).await,
            C::Unread { conversation } => self.choose(conversation, Change::Mark { on: true }).await,
            C::Pin { conversation } => self.choose(conversation, Change::Pin { on: true }).await,
            C::Unpin { conversation } => self.choose(conversation, Change::Pin { on: false }).await,
            C::Mute { conversation, until } => self.mute(conversation, until).await,
            C::Unmute { conversation } => self.choose(conversation, Change::Mute { until: None }).await,
            C::Snooze { conversation, until } => self.snooze(conversation, until).await,
            C::Unsnooze { conversation } => self.choose(conversation, Change::Snooze { until: None }).await,
            C::Assign { conversation, to } => {
                self.choose(conversation, Change::Assign { person: Some(to) }).await
            }
            C::Unassign { conversation } => self.choose(conversation, Change::Assign { person: None }).await,
            C::Merge { conversation, into } => self.merge(conversation, Some(into)).await,
            C::Unmerge { conversation } => self.merge(conversation, None).await,
            C::Comment { conversation, text, mention } => self.comment(conversation, &text, mention).await,
            C::Rename { conversation, subject } => {
                row(Call::ConversationRename(ConversationRename { conversation, subject })).await
            }
            C::Link { conversation, record } => {
                row(Call::RecordLink(RecordLink { conversation, record, on: true })).await
            }
            C::Unlink { conversation, record } => {
                row(Call::RecordLink(RecordLink { conversation, record, on: false })).await
            }
            C::Restore { conversation } => {
                let call = Call::ConversationRestore(ConversationRestore { conversations: conversation });
                self.list::<api::ConversationRow, shapes::Conversation>(call).await
            }
            C::Delete { conversation, everyone } => {
                let delete = ConversationDelete { conversations: conversation, everyone };
                self.done(Call::ConversationDelete(delete)).await
            }
        }
    }

    /// A record's id.
    async fn record_meant(&self, record: Option<String>) -> Result<Option<String>, ApiError> {
        let Some(record) = record else { return Ok(None) };
        let detail: api::RecordDetail = self.call(Call::Record(api::RecordRef { record })).await?;
        Ok(Some(detail.row.id))
    }

    /// The space of a client, by its id or the client's name.
    async fn client_meant(&self, client: Option<String>) -> Result<Option<String>, ApiError> {
        let Some(client) = client else { return Ok(None) };
        let clients: Vec<api::ClientRow> = self.call(Call::Clients(NOTHING)).await?;
        let mut meant = clients.into_iter().filter(|row| row.space == client || row.name == client);
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(Some(one.space)),
            (None, _) => Err(ApiError::new(Code::NotFound, "There is no client of this name.")),
            _ => Err(ApiError::new(
                Code::AmbiguousName,
                "Several clients have this name. Give the id of the client's space.",
            )),
        }
    }

    async fn conversations(
        &self,
        filter: args::Filter,
        limit: Option<u32>,
        wanted: impl Fn(&api::ConversationRow) -> bool,
    ) -> Result<(), ApiError> {
        let filter = match filter {
            args::Filter::All => api::Filter::All,
            args::Filter::Active => api::Filter::Active,
            args::Filter::Unread => api::Filter::Unread,
            args::Filter::Archived => api::Filter::Archived,
            args::Filter::Mentions => api::Filter::Mentions,
            args::Filter::Snoozed => api::Filter::Snoozed,
            args::Filter::Drafts => api::Filter::Drafts,
            args::Filter::Mine => api::Filter::Mine,
            args::Filter::Unassigned => api::Filter::Unassigned,
            args::Filter::Blocked => api::Filter::Blocked,
        };
        let mut left = limit.unwrap_or(u32::MAX);
        let mut after = None;
        while left > 0 {
            let page = Conversations { filter, after, limit: PAGE };
            let page: ConversationPage = self.call(Call::Conversations(page)).await?;
            for row in page.rows.into_iter().filter(&wanted).take(left as usize) {
                left -= 1;
                self.out.print(&shapes::Conversation::from(row));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    pub async fn leave(&self, conversation: String) -> Result<(), ApiError> {
        self.done(Call::ConversationLeave(ConversationRef { conversation })).await
    }

    pub async fn send(&self, send: Send, text: &str, attach: &[PathBuf]) -> Result<(), ApiError> {
        let text = text_or_stdin(text)?;
        let attachments = attachments(attach)?;
        let call = Call::Send(Send { text, attachments, ..send });
        self.show::<api::Sent, shapes::Sent>(call).await
    }

    pub async fn messages(
        &self,
        conversation: String,
        after: Option<String>,
        limit: u32,
        unread: bool,
    ) -> Result<(), ApiError> {
        // Unread ones come from the oldest on.
        let forwards = after.is_some() || unread;
        let mut cursor = after;
        let mut pages = Vec::new();
        let mut left = limit;
        while left > 0 {
            let (before, after) = if forwards { (None, cursor) } else { (cursor, None) };
            let limit = left.min(PAGE);
            let args =
                Messages { conversation: conversation.clone(), before, after, around: None, unread, limit };
            let page: MessagePage = self.call(Call::Messages(args)).await?;
            left = left.saturating_sub(count(&page.rows));
            cursor = match page.rows.last() {
                Some(last) if unread && count(&page.rows) == limit => Some(last.id.clone()),
                Some(_) if !unread && forwards => page.newer,
                Some(_) if !unread => page.older,
                _ => None,
            };
            pages.push(page.rows);
            if cursor.is_none() {
                break;
            }
        }
        if !forwards {
            pages.reverse();
        }
        for row in pages.into_iter().flatten() {
            self.out.print(&shapes::Message::from(row));
        }
        Ok(())
    }

    pub async fn draft(&self, command: args::Draft) -> Result<(), ApiError> {
        match command {
            args::Draft::Set { conversation, text, reply_to, draft, new, attach } => {
                let text = text_or_stdin(&text)?;
                let files = attachments(&attach)?;
                if let Some(draft) = &draft {
                    self.choose_draft(&conversation, Some(draft)).await?;
                }
                let current = match new {
                    true => None,
                    false => Some(self.current_draft(&conversation).await?),
                };
                let (mut draft, mut base) = match current {
                    Some(current) => (Some(current.id), Some(current.revision)),
                    None => (Some(String::new()), None),
                };
                if !files.is_empty() {
                    // Before the text: if they can't be put to it, nothing is changed.
                    let attach = DraftAttach { conversation: conversation.clone(), files, draft };
                    let filled: api::Draft = self.call(Call::DraftAttach(attach)).await?;
                    (draft, base) = (Some(filled.id), Some(filled.revision));
                }
                let call =
                    Call::DraftSet(DraftSet { conversation, text, draft, base, reply_to, template: None });
                self.show::<api::Draft, shapes::Draft>(call).await
            }
            args::Draft::Detach { conversation, file } => {
                for wanted in file {
                    let draft = self.current_draft(&conversation).await?;
                    let mut named = draft.files.iter().filter(|one| one.id == wanted || one.name == wanted);
                    let Some(one) = named.next() else {
                        return Err(ApiError::new(Code::NotFound, "The draft has no such file."));
                    };
                    let args = DraftDetach { conversation: conversation.clone(), id: one.id.clone() };
                    let _: api::Draft = self.call(Call::DraftDetach(args)).await?;
                }
                self.out.print(&shapes::Draft::from(self.current_draft(&conversation).await?));
                Ok(())
            }
            args::Draft::Use { conversation, id } => {
                let draft = self.choose_draft(&conversation, id.as_deref()).await?;
                self.out.print(&shapes::Draft::from(draft));
                Ok(())
            }
            args::Draft::Show { conversation } => {
                let call = Call::DraftShow(ConversationRef { conversation });
                self.show::<api::Draft, shapes::Draft>(call).await
            }
            args::Draft::Send { conversation, attach, at } => {
                let draft = self.current_draft(&conversation).await?;
                if draft.text.is_empty() && draft.files.is_empty() && attach.is_empty() {
                    return Err(ApiError::new(Code::NotFound, "The conversation has no draft."));
                }
                let call = Call::DraftSend(DraftSend {
                    conversation,
                    text: draft.text,
                    draft: None,
                    base: Some(draft.revision),
                    attachments: attachments(&attach)?,
                    at,
                    previews: Vec::new(),
                });
                self.show::<api::Sent, shapes::Sent>(call).await
            }
            args::Draft::Compare { left, right } => {
                let call = Call::DraftCompare(api::DraftCompare { left, right });
                self.show::<api::Comparison, shapes::Comparison>(call).await
            }
            args::Draft::Discard { id } => self.item(Call::DraftDiscard, id).await,
            args::Draft::List => self.list::<api::DraftRow, shapes::StoredDraft>(Call::Drafts(NOTHING)).await,
        }
    }

    async fn choose_draft(&self, conversation: &str, draft: Option<&str>) -> Result<api::Draft, ApiError> {
        let (conversation, draft) = (conversation.to_owned(), draft.map(str::to_owned));
        self.call(Call::DraftChoose(api::DraftChoose { conversation, draft })).await
    }

    async fn current_draft(&self, conversation: &str) -> Result<api::Draft, ApiError> {
        self.call(Call::DraftShow(ConversationRef { conversation: conversation.to_owned() })).await
    }

    pub async fn outbox(&self, command: args::Outbox) -> Result<(), ApiError> {
        match command {
            args::Outbox::List => {
                self.list::<api::OutboxRow, shapes::OutboxItem>(Call::Outbox(NOTHING)).await?;
                let all = api::ScheduledQuery::default();
                self.list::<api::ScheduledRow, shapes::Planned>(Call::Scheduled(all)).await
            }
            args::Outbox::Time { id, at } => {
                let call = Call::ScheduledTime(api::ScheduledTime { id, at });
                self.show::<api::ScheduledRow, shapes::Planned>(call).await
            }
            args::Outbox::Send { id } => {
                self.show::<api::Sent, shapes::Sent>(Call::ScheduledSend(ItemRef { id })).await
            }
            args::Outbox::Cancel { ids } => self.items(Call::OutboxCancel, ids).await,
            args::Outbox::Edit { id } => {
                self.show::<api::Draft, shapes::Draft>(Call::OutboxEdit(ItemRef { id })).await
            }
            args::Outbox::Retry { ids } => self.items(Call::OutboxRetry, ids).await,
            args::Outbox::Move { id, before } => {
                self.done(Call::OutboxMove(api::OutboxMove { id, before })).await
            }
        }
    }
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

//! Conversations, messages, drafts, the outbox and search.

use std::path::PathBuf;

use homing_engine::api::{
    self, ApiError, Call, Code, ConversationArchive, ConversationDelete, ConversationNew, ConversationPage,
    ConversationRef, ConversationRename, Conversations, DraftSend, DraftSet, ItemRef, MessagePage, Messages,
    RecordLink, Send,
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
            C::List { filter, limit } => self.conversations(filter, limit).await,
            C::Show { conversation } => {
                let call = Call::Conversation(ConversationRef { conversation });
                let detail: api::ConversationDetail = self.call(call).await?;
                self.out.print(&shapes::Conversation::from(detail.row));
                Ok(())
            }
            C::Archive { conversation } => {
                row(Call::ConversationArchive(ConversationArchive { conversation, archived: true })).await
            }
            C::Unarchive { conversation } => {
                row(Call::ConversationArchive(ConversationArchive { conversation, archived: false })).await
            }
            C::Read { conversation } => row(Call::ConversationRead(ConversationRef { conversation })).await,
            C::Unread { conversation } => {
                row(Call::ConversationUnread(ConversationRef { conversation })).await
            }
            C::Pin { conversation } => self.choose(conversation, Change::Pin { on: true }).await,
            C::Unpin { conversation } => self.choose(conversation, Change::Pin { on: false }).await,
            C::Mute { conversation, until } => self.mute(conversation, until).await,
            C::Unmute { conversation } => self.choose(conversation, Change::Mute { until: None }).await,
            C::Snooze { conversation, until } => self.snooze(conversation, until).await,
            C::Unsnooze { conversation } => self.choose(conversation, Change::Snooze { until: None }).await,
            C::Assign { conversation, person } => {
                self.choose(vec![conversation], Change::Assign { person }).await
            }
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
            C::Delete { conversation, everyone } => {
                self.done(Call::ConversationDelete(ConversationDelete { conversation, everyone })).await
            }
        }
    }

    async fn conversations(&self, filter: args::Filter, limit: Option<u32>) -> Result<(), ApiError> {
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
            let page = Conversations { filter, after, limit: left.min(PAGE) };
            let page: ConversationPage = self.call(Call::Conversations(page)).await?;
            left = left.saturating_sub(count(&page.rows));
            for row in page.rows {
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
            args::Draft::Set { conversation, text, reply_to, draft, new } => {
                let text = text_or_stdin(&text)?;
                if let Some(draft) = &draft {
                    self.choose_draft(&conversation, Some(draft)).await?;
                }
                let current = match new {
                    true => None,
                    false => Some(self.current_draft(&conversation).await?),
                };
                let (draft, base) = match current {
                    Some(current) => (Some(current.id), Some(current.revision)),
                    None => (Some(String::new()), None),
                };
                let call =
                    Call::DraftSet(DraftSet { conversation, text, draft, base, reply_to, template: None });
                self.show::<api::Draft, shapes::Draft>(call).await
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

//! Files where they stand: a conversation's, and one by itself.

use homing_store::attachments;
use homing_store::messages::{self, MessageRow, Order};
use homing_wire::DocId;

use super::messages::PAGE;
use crate::api::{ApiError, ConversationFiles, FilePlace, ItemRef, MessagePage};
use crate::core::Core;
use crate::fail::not_found;

impl Core {
    /// The messages of a conversation that have files.
    pub(crate) fn conversation_files(&mut self, args: ConversationFiles) -> Result<MessagePage, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let limit = args.limit.clamp(1, PAGE);
        let db = self.db()?;
        let place = |text: &str| -> Result<Option<Order>, ApiError> {
            match text.parse() {
                Ok(order) => Ok(Some(order)),
                Err(_) => Ok(messages::order_of(&db, &self.find_message(text)?)?),
            }
        };
        let before = |order: Option<&Order>, limit| messages::with_files_before(&db, &id, order, limit);
        let after = |order: &Order, limit| messages::with_files_after(&db, &id, order, limit);
        let stored: Vec<MessageRow> = if let Some(message) = &args.around {
            let message = self.find_message(message)?;
            let order =
                messages::order_of(&db, &message)?.ok_or_else(|| ApiError::from(not_found("message")))?;
            let mut rows = before(Some(&order), limit / 2)?;
            rows.extend(messages::get(&db, &message)?.filter(|row| row.conversation == id));
            rows.extend(after(&order, limit / 2)?);
            rows
        } else if let Some(order) = args.after.as_deref().map(place).transpose()?.flatten() {
            after(&order, limit)?
        } else {
            before(args.before.as_deref().map(place).transpose()?.flatten().as_ref(), limit)?
        };
        let (older, newer) = match (stored.first(), stored.last()) {
            (Some(first), Some(last)) => (
                before(Some(&first.order()), 1)?.first().map(|_| first.order().to_string()),
                after(&last.order(), 1)?.first().map(|_| last.order().to_string()),
            ),
            _ => (None, None),
        };
        let rows = self.message_rows(stored)?;
        Ok(MessagePage { rows, older, newer, revision: self.revision() })
    }

    /// One file, and what holds it.
    pub(crate) fn attachment(&mut self, args: ItemRef) -> Result<FilePlace, ApiError> {
        let id: DocId = args.id.parse().map_err(|_| ApiError::from(not_found("file")))?;
        let db = self.db()?;
        let row = attachments::get(&db, &id)?.ok_or_else(|| ApiError::from(not_found("file")))?;
        let conversation = messages::conversation_of(&db, &row.message)?;
        let holder = row.message.to_string();
        let (message, record) =
            if conversation.is_some() { (Some(holder), None) } else { (None, Some(holder)) };
        Ok(FilePlace {
            file: crate::rows::attachment(&row, &self.files_held),
            conversation: conversation.map(|id| id.to_string()),
            message,
            record,
        })
    }
}

//! Deleting conversations, for oneself or for everyone, and taking the former back.

use homing_store::{Durability, conversations};
use homing_wire::DocId;

use crate::api::{ApiError, ConversationDelete, ConversationRef, ConversationRow, Done};
use crate::core::Core;

impl Core {
    pub(crate) fn conversation_delete(&mut self, args: ConversationDelete) -> Result<Done, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        self.write(Durability::Full, |tx, replica, env| match args.everyone {
            true => replica.delete_for_everyone(tx, env.now_ms(), &id),
            false => replica.delete_for_me(tx, env.now_ms(), &id),
        })?;
        Ok(Done { done: true })
    }

    /// Takes a deletion for oneself back, on all devices.
    pub(crate) fn conversation_restore(
        &mut self,
        args: ConversationRef,
    ) -> Result<ConversationRow, ApiError> {
        let id = self.find_hidden(&args.conversation)?;
        self.write(Durability::Full, |tx, replica, env| replica.restore(tx, env.now_ms(), &id))?;
        self.conversation_row_of(&id)
    }

    /// A conversation by id or prefix, or by its title among those that this person deleted.
    fn find_hidden(&self, text: &str) -> Result<DocId, ApiError> {
        let hidden = conversations::hidden(&self.db()?)?;
        let titles = self.titles(&hidden)?;
        let mut found = hidden.iter().filter(|id| titles.get(id).is_some_and(|title| title == text));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(*one),
            (None, _) => self.find_conversation(text),
            (Some(_), Some(_)) => Err(crate::commands::resolve::ambiguous("conversation")),
        }
    }
}

//! Deleting conversations, for oneself or for everyone, and taking the former back.

use homing_store::{Durability, conversations};
use homing_wire::DocId;

use super::choices::at_once;
use crate::api::{ApiError, ConversationDelete, ConversationRestore, ConversationRow, Done};
use crate::core::Core;

impl Core {
    pub(crate) fn conversation_delete(&mut self, args: ConversationDelete) -> Result<Done, ApiError> {
        at_once(&args.conversations)?;
        let meant = args.conversations.iter().map(|text| self.find_conversation(text));
        let ids = meant.collect::<Result<Vec<DocId>, ApiError>>()?;
        self.write(Durability::Full, |tx, replica, env| {
            ids.iter().try_for_each(|id| match args.everyone {
                true => replica.delete_for_everyone(tx, env.now_ms(), id),
                false => replica.delete_for_me(tx, env.now_ms(), id),
            })
        })?;
        Ok(Done { done: true })
    }

    /// Takes deletions for oneself back, on all devices.
    pub(crate) fn conversation_restore(
        &mut self,
        args: ConversationRestore,
    ) -> Result<Vec<ConversationRow>, ApiError> {
        at_once(&args.conversations)?;
        let ids = self.find_hidden(&args.conversations)?;
        self.write(Durability::Full, |tx, replica, env| {
            ids.iter().try_for_each(|id| replica.restore(tx, env.now_ms(), id))
        })?;
        let stored = conversations::of(&self.db()?, &ids)?;
        self.conversation_rows(stored)
    }

    /// Conversations by id or prefix, or by their titles among those that this person deleted.
    fn find_hidden(&self, texts: &[String]) -> Result<Vec<DocId>, ApiError> {
        let hidden = conversations::hidden(&self.db()?)?;
        let titles = self.titles(&hidden)?;
        let find = |text: &String| {
            let mut found = hidden.iter().filter(|id| titles.get(id).is_some_and(|title| title == text));
            match (found.next(), found.next()) {
                (Some(one), None) => Ok(*one),
                (None, _) => self.find_conversation(text),
                (Some(_), Some(_)) => Err(crate::commands::resolve::ambiguous("conversation")),
            }
        };
        texts.iter().map(find).collect()
    }
}

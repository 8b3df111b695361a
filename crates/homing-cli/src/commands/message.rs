//! Single messages.

use homing_engine::api::{
    self, ApiError, Call, Forward, History, ItemRef, MessageEdit, React, ThreadPage, Translate,
};

use super::{Run, text_or_stdin};
use crate::args::Message;
use crate::shapes;

impl Run<'_> {
    pub async fn message(&self, command: Message) -> Result<(), ApiError> {
        match command {
            Message::Delete { id } => self.item(Call::MessageDelete, id).await,
            Message::Edit { id, text } => {
                let text = text_or_stdin(&text)?;
                self.done(Call::MessageEdit(MessageEdit { message: id, text })).await
            }
            Message::History { id } => {
                let history: History = self.call(Call::MessageHistory(ItemRef { id })).await?;
                for wording in shapes::Wording::of(history) {
                    self.out.print(&wording);
                }
                Ok(())
            }
            Message::React { id, emoji, remove } => {
                self.done(Call::React(React { message: id, emoji, on: !remove })).await
            }
            Message::Thread { id } => {
                let page: ThreadPage = self.call(Call::Thread(ItemRef { id })).await?;
                for row in page.rows {
                    self.out.print(&shapes::Message::from(row));
                }
                Ok(())
            }
            Message::Translate { id, to } => {
                let call = Call::Translate(Translate { message: id, to });
                self.show::<api::Translation, shapes::Translation>(call).await
            }
            Message::Forward { ids, to, comment } => {
                let comment = comment.as_deref().map(text_or_stdin).transpose()?.unwrap_or_default();
                let call = Call::Forward(Forward { messages: ids, to, comment });
                self.list::<api::Sent, shapes::Sent>(call).await
            }
        }
    }
}

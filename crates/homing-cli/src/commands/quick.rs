//! Quick replies.

use std::path::Path;

use homing_engine::api::{
    self, ApiError, Call, Code, ConversationRef, DraftSet, QuickDuplicates, QuickExport, QuickFill,
    QuickImport, QuickImported, QuickReplies, QuickReplyRemove, QuickReplySet, QuickTable, QuickText,
};

use super::{Run, absolute, text_or_stdin};
use crate::args::Quick;
use crate::shapes;

impl Run<'_> {
    pub async fn quick(&self, command: Quick) -> Result<(), ApiError> {
        match command {
            Quick::List { query, category, r#in, all } => {
                let call = QuickReplies { query, category, conversation: r#in, inactive: all };
                self.list::<api::QuickReply, shapes::QuickReply>(Call::QuickReplies(call)).await
            }
            Quick::Add { title, body, category, property, inactive } => {
                let body = text_or_stdin(&body)?;
                let active = Some(!inactive);
                self.set_quick(QuickReplySet { id: None, title, body, category, active, property }).await
            }
            Quick::Edit { id, title, body, category, property, active, inactive } => {
                let all = QuickReplies { inactive: true, ..QuickReplies::default() };
                let all: Vec<api::QuickReply> = self.call(Call::QuickReplies(all)).await?;
                let named = all.into_iter().find(|one| one.id == id || one.title == id);
                let known = named.ok_or_else(|| {
                    ApiError::new(Code::NotFound, "There is no such quick reply. See `quick list`.")
                })?;
                let body = body.as_deref().map(text_or_stdin).transpose()?;
                let set = QuickReplySet {
                    id: Some(known.id),
                    title: title.unwrap_or(known.title),
                    body: body.unwrap_or(known.body),
                    category,
                    active: (active || inactive).then_some(active),
                    property,
                };
                self.set_quick(set).await
            }
            Quick::Remove { id, undo } => {
                self.done(Call::QuickReplyRemove(QuickReplyRemove { id, back: undo })).await
            }
            Quick::Use { id, conversation } => self.use_quick(id, conversation).await,
            Quick::Import { file, duplicates, check } => {
                self.import_quick(&file, duplicates.into(), !check).await
            }
            Quick::Export { file } => {
                let path = file.as_deref().map(absolute).transpose()?;
                let table: QuickTable =
                    self.call(Call::QuickExport(QuickExport { path: path.clone() })).await?;
                match path {
                    Some(file) => self.out.print(&shapes::Saved { file }),
                    None => self.out.print(&shapes::QuickTable { csv: table.csv }),
                }
                Ok(())
            }
        }
    }

    async fn set_quick(&self, set: QuickReplySet) -> Result<(), ApiError> {
        self.show::<api::QuickReply, shapes::QuickReply>(Call::QuickReplySet(set)).await
    }

    /// Its words become, or go behind, the conversation's draft.
    async fn use_quick(&self, id: String, conversation: String) -> Result<(), ApiError> {
        let fill =
            QuickFill { id: Some(id), conversation: Some(conversation.clone()), ..QuickFill::default() };
        let filled: QuickText = self.call(Call::QuickFill(fill)).await?;
        let draft: api::Draft =
            self.call(Call::DraftShow(ConversationRef { conversation: conversation.clone() })).await?;
        let text = match draft.text.is_empty() {
            true => filled.text.clone(),
            false => format!("{}\n{}", draft.text, filled.text),
        };
        let set = DraftSet {
            conversation,
            text,
            draft: Some(draft.id),
            base: Some(draft.revision),
            reply_to: draft.reply_to.map(|quote| quote.id),
            template: filled.id,
        };
        let draft: api::Draft = self.call(Call::DraftSet(set)).await?;
        let gaps = filled.gaps.into_iter().map(|gap| gap.name).collect();
        self.out.print(&shapes::QuickUsed { text: filled.text, gaps, draft: draft.id });
        Ok(())
    }

    async fn import_quick(
        &self,
        file: &Path,
        duplicates: QuickDuplicates,
        apply: bool,
    ) -> Result<(), ApiError> {
        let csv = std::fs::read_to_string(file).map_err(|error| {
            ApiError::new(Code::FileFailed, format!("{} can't be read as text: {error}", file.display()))
        })?;
        let imported: QuickImported =
            self.call(Call::QuickImport(QuickImport { csv, apply, duplicates })).await?;
        if !imported.faults.is_empty() {
            let faults =
                imported.faults.iter().map(|fault| format!("\nLine {}: {}", fault.line, fault.message));
            let all: String = faults.collect();
            return Err(ApiError::new(Code::InvalidArgument, format!("Nothing was taken.{all}")));
        }
        self.out.print(&shapes::QuickImported::from(imported));
        Ok(())
    }
}

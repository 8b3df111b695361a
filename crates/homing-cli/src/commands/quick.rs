//! Quick replies.

use std::path::{Path, PathBuf};

use homing_engine::api::{
    self, ApiError, Call, Code, ConversationRef, DraftSet, QuickAttach, QuickDuplicates, QuickExport,
    QuickFill, QuickImport, QuickImported, QuickReplies, QuickReplyRemove, QuickReplySet, QuickTable,
    QuickText, RecordFiles,
};

use super::{Run, absolute, attachments, text_or_stdin};
use crate::args::Quick;
use crate::shapes;

impl Run<'_> {
    pub async fn quick(&self, command: Quick) -> Result<(), ApiError> {
        match command {
            Quick::List { query, category, r#in, all } => {
                let call = QuickReplies { query, category, conversation: r#in, inactive: all };
                self.list::<api::QuickReply, shapes::QuickReply>(Call::QuickReplies(call)).await
            }
            Quick::Add { title, body, category, property, inactive, file } => {
                let body = text_or_stdin(&body)?;
                let active = Some(!inactive);
                let set = QuickReplySet { id: None, title, body, category, active, property };
                self.set_quick(set, &file, None).await
            }
            Quick::Edit { id, title, body, category, property, active, inactive, file, no_files } => {
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
                self.set_quick(set, &file, no_files.then(Vec::new)).await
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

    /// Writes its words, and its files: those to `keep`, or all it has, and the new ones.
    async fn set_quick(
        &self,
        set: QuickReplySet,
        files: &[PathBuf],
        keep: Option<Vec<String>>,
    ) -> Result<(), ApiError> {
        let add = attachments(files)?;
        let mut written: api::QuickReply = self.call(Call::QuickReplySet(set)).await?;
        if !add.is_empty() || keep.is_some() {
            let args = RecordFiles { record: written.id.clone(), field: "files".into(), add, keep };
            let _: api::RecordDetail = self.call(Call::RecordFiles(args)).await?;
            let all = QuickReplies { inactive: true, ..QuickReplies::default() };
            let all: Vec<api::QuickReply> = self.call(Call::QuickReplies(all)).await?;
            written = all.into_iter().find(|one| one.id == written.id).unwrap_or(written);
        }
        self.out.print(&shapes::QuickReply::from(written));
        Ok(())
    }

    /// Its words become, or go behind, the conversation's draft; its files go along.
    async fn use_quick(&self, id: String, conversation: String) -> Result<(), ApiError> {
        let fill = QuickFill {
            id: Some(id.clone()),
            conversation: Some(conversation.clone()),
            ..QuickFill::default()
        };
        let filled: QuickText = self.call(Call::QuickFill(fill)).await?;
        let draft: api::Draft =
            self.call(Call::DraftShow(ConversationRef { conversation: conversation.clone() })).await?;
        let text = match draft.text.is_empty() {
            true => filled.text.clone(),
            false => format!("{}\n{}", draft.text, filled.text),
        };
        let set = DraftSet {
            conversation: conversation.clone(),
            text,
            draft: Some(draft.id),
            base: Some(draft.revision),
            reply_to: draft.reply_to.map(|quote| quote.id),
            template: filled.id,
        };
        let draft: api::Draft = self.call(Call::DraftSet(set)).await?;
        let attach = QuickAttach { id, conversation, draft: Some(draft.id) };
        let draft: api::Draft = self.call(Call::QuickAttach(attach)).await?;
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

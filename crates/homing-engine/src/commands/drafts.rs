//! The composer's drafts.

use homing_model::Edit;
use homing_model::draft::Revision;
use homing_store::{Durability, drafts, messages};
use homing_wire::DocId;

use crate::api::{self, ApiError, Code, ConversationRef, Done, Draft, DraftSend, DraftSet, ItemRef, Sent};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::drafts::draft_id;
use crate::fail::not_found;

const LIST: u32 = 1_000;
/// Bytes of a draft's text: what is longer doesn't fit the slot that carries it to the other devices.
const TEXT: usize = 40 * 1024;

fn base_of(text: Option<&String>) -> Option<Revision> {
    text.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok())
}

impl Core {
    pub(crate) fn draft_show(&mut self, args: ConversationRef) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        self.draft_of(&id)
    }

    pub(crate) fn draft_set(&mut self, args: DraftSet) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        if args.text.len() > TEXT {
            return Err(ApiError::new(
                Code::TooLarge,
                "The draft is longer than 40 KiB. Put the text into a file and send that; what was typed so far is kept here.",
            ));
        }
        let base = base_of(args.base.as_ref());
        let reply_to = args.reply_to.as_deref().map(|text| self.find_message(text)).transpose()?;
        self.write(Durability::Full, |tx, replica, env| {
            replica.set_draft(tx, env, &id, base.as_ref(), &args.text, Some(reply_to))?;
            Ok(())
        })?;
        // The screen that typed knows; only the list's row is news to it.
        self.touched.drafts.remove(&id);
        self.draft_of(&id)
    }

    pub(crate) fn draft_send(&mut self, args: DraftSend) -> Result<Sent, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        check_body(&args.text, args.attachments.len())?;
        let base = base_of(args.base.as_ref());
        let staged = self.stage_files(&args.attachments)?;
        let space = self.space_of(&id)?;
        let message = self.write_and_seal(&space, |tx, replica, env| {
            let row = replica.set_draft(tx, env, &id, base.as_ref(), &args.text, None)?;
            let Some(row) = row else {
                // Files alone, without a text.
                return replica.send_message(
                    tx,
                    env,
                    Outgoing { files: &staged, ..Outgoing::text(id, &args.text) },
                );
            };
            let draft = draft_id(&row.id);
            let message = replica.message_of(tx, &id, &draft)?.doc_id();
            let now_ms = env.now_ms();
            let (_, frozen) = replica.freeze_draft(tx, now_ms, &row)?;
            replica.sends_draft(tx, &message, &draft, &frozen)?;
            if messages::order_of(tx, &message)?.is_some() {
                // Another of this person's devices sent it already; what differs lives on as a draft.
                let text = replica.load_draft(&row)?.text()?;
                replica.draft_became_message(tx, &message, &id)?;
                if messages::get(tx, &message)?.is_none_or(|sent| sent.body != text) {
                    replica.keep_unsent(tx, now_ms, &id, (&draft, &frozen), &text)?;
                }
                return Ok(message);
            }
            let text = replica.load_draft(&row)?.text()?;
            replica.send_message(
                tx,
                env,
                Outgoing {
                    reply_to: row.reply_to,
                    files: &staged,
                    draft: Some(draft),
                    ..Outgoing::text(id, &text)
                },
            )
        })?;
        self.resume_transfers_logged();
        self.sent(&message, &id)
    }

    pub(crate) fn draft_discard(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        let id: DocId = args.id.parse().map_err(|_| ApiError::from(not_found("draft")))?;
        self.write(Durability::Full, |tx, replica, env| {
            let row = drafts::get(tx, &id)?.ok_or_else(|| not_found("draft"))?;
            let revision = replica.load_draft(&row)?.revision();
            replica.finish_draft(tx, &row.conversation, &draft_id(&id), &revision, env.now_ms())
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn drafts(&mut self, _: api::Nothing) -> Result<Vec<api::DraftRow>, ApiError> {
        let rows = drafts::list(&self.db()?, LIST)?;
        self.draft_rows(rows.into_iter().filter(|row| !row.text.is_empty()).collect())
    }

    /// Takes a queued message back into the composer.
    pub(crate) fn back_to_draft(
        &mut self,
        message: &DocId,
        conversation: &DocId,
        edit: &Edit,
    ) -> Result<(), ApiError> {
        let text = edit.message_content().map(|content| content.body).unwrap_or_default();
        self.write(Durability::Full, |tx, replica, env| {
            if !replica.unsend_draft(tx, env.now_ms(), message)? {
                let known = replica.current_draft(tx, conversation)?.map(|row| row.text).unwrap_or_default();
                let joined = if known.is_empty() { text } else { format!("{text}\n{known}") };
                replica.set_draft(tx, env, conversation, None, &joined, None)?;
            }
            Ok(())
        })
    }
}

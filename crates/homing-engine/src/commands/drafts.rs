//! The composer's drafts.

use homing_model::draft::Revision;
use homing_model::{AttachmentMeta, DraftId, Extras};
use homing_store::{Durability, Tx, drafts, messages};
use homing_wire::DocId;

use crate::api::{
    self, ApiError, Code, Comparison, ConversationRef, Done, Draft, DraftChoose, DraftCompare, DraftSend,
    DraftSet, ItemRef, Sent,
};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::compare::compare;
use crate::core::Core;
use crate::drafts::{Typed, Which, draft_id};
use crate::env::Env;
use crate::fail::{Fail, invalid, not_found};
use crate::files::StagedFile;
use crate::pages::named_in;
use crate::replica::Replica;
use crate::reply::Reply;

const LIST: u32 = 1_000;
/// Bytes of a draft's text: what is longer doesn't fit the slot that carries it to the other devices.
const TEXT: usize = 40 * 1024;

pub(super) fn base_of(text: Option<&String>) -> Option<Revision> {
    text.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok())
}

/// The draft a call names: none is the composer's, nothing is one that has to be begun.
pub(super) fn which_of(draft: Option<&String>) -> Result<Which, ApiError> {
    match draft.map(String::as_str) {
        None => Ok(Which::Current),
        Some("") => Ok(Which::New),
        Some(id) => known(id).map(|id| Which::Known(draft_id(&id))),
    }
}

pub(super) fn check_typed(text: &str) -> Result<(), ApiError> {
    if text.len() > TEXT {
        return Err(ApiError::new(
            Code::TooLarge,
            "The draft is longer than 40 KiB. Put the text into a file and send that; what was typed so far is kept here.",
        ));
    }
    Ok(())
}

pub(super) fn known(id: &str) -> Result<DocId, ApiError> {
    id.parse().map_err(|_| ApiError::from(not_found("draft")))
}

impl Core {
    pub(crate) fn draft_show(&mut self, args: ConversationRef) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        self.draft_of(&id)
    }

    pub(crate) fn draft_set(&mut self, args: DraftSet) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        check_typed(&args.text)?;
        let base = base_of(args.base.as_ref());
        let which = which_of(args.draft.as_ref())?;
        let reply_to = args.reply_to.as_deref().map(|text| self.find_message(text)).transpose()?;
        let template = match args.template.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(id) => Some(Some(id.parse().map_err(|_| ApiError::from(not_found("quick reply")))?)),
        };
        self.write(Durability::Full, |tx, replica, env| {
            let (base, text) = (base.as_ref(), args.text.as_str());
            let typed = Typed { which, base, text, reply_to: Some(reply_to), template };
            replica.set_draft(tx, env, &id, typed)?;
            Ok(())
        })?;
        // The screen that typed knows; only the list's row is news to it.
        self.touched.drafts.remove(&id);
        self.draft_of(&id)
    }

    /// Makes another of a conversation's drafts the composer's, or lets it begin with nothing.
    pub(crate) fn draft_choose(&mut self, args: DraftChoose) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let draft = args.draft.as_deref().map(known).transpose()?;
        self.write(Durability::Full, |tx, replica, _| replica.choose(tx, &id, draft.as_ref()))?;
        self.draft_of(&id)
    }

    pub(crate) fn draft_send(&mut self, mut args: DraftSend, reply: Reply<Sent>) {
        let files = std::mem::take(&mut args.attachments);
        let found = self.find_conversation(&args.conversation).and_then(|id| {
            let with = files.len() + self.files_with(&id, args.draft.as_ref())?;
            check_body(&args.text, with).map(|()| id)
        });
        match found {
            Err(error) => self.settle(reply, Err(error)),
            Ok(id) => {
                self.with_files(files, reply, move |core, staged| match &args.at {
                    Some(at) => core.draft_send_later(&args, at, staged),
                    None => core.draft_send_now(id, &args, staged),
                });
            }
        }
    }

    pub(super) fn draft_send_now(
        &mut self,
        id: DocId,
        args: &DraftSend,
        staged: &[StagedFile],
    ) -> Result<Sent, ApiError> {
        let text = &args.text;
        let base = base_of(args.base.as_ref());
        let which = which_of(args.draft.as_ref())?;
        let space = self.space_of(&id)?;
        let hold_ms = u64::from(self.stored_settings()?.undo_send_seconds) * 1_000;
        let with = staged.len() + self.files_with(&id, args.draft.as_ref())?;
        let previews = self.previews_of(&args.previews, text, with)?;
        let message = self.write_and_seal(&space, |tx, replica, env| {
            let typed = Typed { which, base: base.as_ref(), ..Typed::text(text) };
            let extras = Extras { previews: previews.clone(), ..Extras::default() };
            let outgoing = Outgoing { files: staged, hold_ms, extras, ..Outgoing::text(id, text) };
            replica.send_typed(tx, env, &id, typed, outgoing)
        })?;
        self.note_holds()?;
        self.resume_transfers_logged();
        self.sent(&message, &id)
    }

    /// Holds two drafts against each other.
    pub(crate) fn draft_compare(&mut self, args: DraftCompare) -> Result<Comparison, ApiError> {
        let of = |id: &str| -> Result<drafts::DraftRow, ApiError> {
            drafts::get(&self.db()?, &known(id)?)?.ok_or_else(|| not_found("draft").into())
        };
        let (left, right) = (of(&args.left)?, of(&args.right)?);
        let db = self.db()?;
        let comment = |row: &drafts::DraftRow| drafts::comment_beside(&db, &row.conversation);
        if comment(&left)? != comment(&right)? {
            return Err(invalid("A comment and a message are not held against each other.").into());
        }
        let pair = vec![left, right];
        let parts = match pair.as_slice() {
            [left, right] => compare(&left.text, &right.text),
            _ => Vec::new(),
        };
        let mut rows = self.draft_rows(pair)?.into_iter();
        match (rows.next(), rows.next()) {
            (Some(left), Some(right)) => Ok(Comparison { left, right, parts }),
            _ => Err(not_found("draft").into()),
        }
    }

    pub(crate) fn draft_discard(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        let id: DocId = args.id.parse().map_err(|_| ApiError::from(not_found("draft")))?;
        self.write(Durability::Full, |tx, replica, env| {
            let row = drafts::get(tx, &id)?.ok_or_else(|| not_found("draft"))?;
            replica.discard_draft_files(tx, &row)?;
            let revision = replica.load_draft(&row)?.revision();
            replica.finish_draft(tx, &row.conversation, &draft_id(&id), &revision, env.now_ms())
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn drafts(&mut self, _: api::Nothing) -> Result<Vec<api::DraftRow>, ApiError> {
        let rows = drafts::list(&self.db()?, LIST)?;
        self.draft_rows(rows.into_iter().filter(|row| !row.text.is_empty() || row.files > 0).collect())
    }
}

impl Replica {
    pub(super) fn choose(&mut self, tx: &Tx<'_>, place: &DocId, draft: Option<&DocId>) -> Result<(), Fail> {
        match draft {
            Some(draft) => self.choose_known_draft(tx, place, draft_id(draft)),
            None => self.choose_draft(tx, place, None),
        }
    }

    /// Sends the draft somebody means at a place, with the text as they see it; `outgoing` says what goes with it.
    pub(super) fn send_typed(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        place: &DocId,
        typed: Typed<'_>,
        outgoing: Outgoing<'_>,
    ) -> Result<DocId, Fail> {
        let text = typed.text;
        if let Which::Known(draft) = typed.which
            && self.typed_draft_done(tx, place, &draft)?
            && let Some(sent) = messages::get(tx, &self.message_of(tx, place, &draft)?.doc_id())?
        {
            // It left on another device while somebody pressed send here. What differs stays a draft.
            if sent.body != text {
                self.set_draft(tx, env, place, typed)?;
            }
            return Ok(sent.id);
        }
        let Some(row) = self.set_draft(tx, env, place, typed)? else {
            // Files that were given with the call, without a text.
            return self.send_message(tx, env, outgoing);
        };
        let draft = draft_id(&row.id);
        let mut files = self.ready_files(tx, &row)?.files;
        files.extend_from_slice(outgoing.files);
        let message = self.message_of(tx, place, &draft)?.doc_id();
        let now_ms = env.now_ms();
        let (_, frozen) = self.freeze_draft(tx, now_ms, &row)?;
        self.sends_draft(tx, &message, &draft, &frozen)?;
        if messages::order_of(tx, &message)?.is_some() {
            // Another of this person's devices sent it already; what differs lives on as a draft.
            let text = self.load_draft(&row)?.text()?;
            self.draft_became_message(tx, &message)?;
            if messages::get(tx, &message)?.is_none_or(|sent| sent.body != text) {
                self.keep_unsent(tx, now_ms, &row.conversation, (&draft, &frozen), &text)?;
            }
            return Ok(message);
        }
        let doc = self.load_draft(&row)?;
        let (text, template) = (doc.text()?, doc.template());
        let previews = named_in(&outgoing.extras.previews, &text);
        let extras = Extras { template, previews, ..outgoing.extras };
        let reply_to = row.reply_to;
        let draft = Some(draft);
        self.send_message(
            tx,
            env,
            Outgoing { text: &text, reply_to, files: &files, draft, extras, ..outgoing },
        )
    }
}

/// Makes a queued message a draft again, beside those that are there; answers which. The composer shows it if it has
/// nothing of its own, or if somebody wants to change it.
pub(super) fn back_to_draft(
    tx: &Tx<'_>,
    replica: &mut Replica,
    env: &mut Env,
    (message, place): (&DocId, &DocId),
    (text, reply_to, files): (&str, Option<DocId>, &[AttachmentMeta]),
    to_change: bool,
) -> Result<Option<DraftId>, Fail> {
    let before = replica.current_draft(tx, place)?;
    let busy = before.filter(|row| !row.text.is_empty() || row.files > 0).map(|row| draft_id(&row.id));
    let draft = match replica.unsend_draft(tx, env.now_ms(), message)? {
        Some(draft) => Some(draft),
        None => {
            let reply_to = Some(reply_to);
            let typed = Typed { which: Which::New, base: None, text, reply_to, template: None };
            let mut row = replica.set_draft(tx, env, place, typed)?;
            if !files.is_empty() {
                let draft = match row {
                    Some(row) => row,
                    None => replica.draft_to_fill(tx, env, place, Which::New)?,
                };
                replica.adopt_files(tx, env.now_ms(), &draft, files)?;
                row = Some(draft);
            }
            row.map(|row| draft_id(&row.id))
        }
    };
    match (draft, busy) {
        (_, Some(busy)) if !to_change => replica.choose_draft(tx, place, Some(busy))?,
        (Some(draft), _) => replica.choose_draft(tx, place, Some(draft))?,
        (None, _) => {}
    }
    Ok(draft)
}

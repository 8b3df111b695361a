//! Files of the composer's drafts.

use homing_store::{Durability, draft_files, drafts};
use homing_wire::DocId;

use super::drafts::which_of;
use crate::api::{ApiError, Code, Draft, DraftAttach, DraftDetach, QuickAttach};
use crate::core::Core;
use crate::drafts::{Which, typed_at};
use crate::fail::not_found;
use crate::files::StagedFile;
use crate::reply::Reply;

impl Core {
    /// How many files a draft has; none is sent before all are known.
    pub(super) fn files_with(&self, conversation: &DocId, draft: Option<&String>) -> Result<usize, ApiError> {
        let db = self.db()?;
        let replica = self.replica()?;
        let Some(row) = replica.draft_meant(&db, conversation, which_of(draft)?)? else { return Ok(0) };
        let ready = replica.ready_files(&db, &row)?;
        if ready.coming > 0 {
            return Err(ApiError::new(
                Code::FileNotHere,
                "Your other device added a file that has not come here yet. Wait a moment, or connect this device.",
            ));
        }
        Ok(ready.files.len())
    }

    /// Seals files and puts them to a draft.
    pub(crate) fn draft_attach(&mut self, args: DraftAttach, reply: Reply<Draft>) {
        let DraftAttach { conversation, files, draft } = args;
        let found = self.find_conversation(&conversation).and_then(|id| Ok((id, which_of(draft.as_ref())?)));
        match found {
            Err(error) => self.settle(reply, Err(error)),
            Ok((id, which)) => {
                self.with_files(files, reply, move |core, staged| core.fill_draft(&id, which, staged));
            }
        }
    }

    /// Puts the files of a quick reply to a draft. What is not on this device is fetched, and nothing is put to it before
    /// all are here.
    pub(crate) fn quick_attach(&mut self, args: QuickAttach, reply: Reply<Draft>) {
        let found = self.quick_files_for(&args);
        match found {
            Err(error) => self.settle(reply, Err(error)),
            Ok((id, which, files)) => {
                self.with_files_again(&files, reply, move |core, staged| core.fill_draft(&id, which, staged));
            }
        }
    }

    fn quick_files_for(&mut self, args: &QuickAttach) -> Result<(DocId, Which, Vec<DocId>), ApiError> {
        let files = self.quick_files(&args.id)?;
        self.have_here(&files, "Take out of the quick reply what is gone, then try once more.")?;
        let id = self.find_conversation(&args.conversation)?;
        let which = which_of(args.draft.as_ref())?;
        Ok((id, which, files.into_iter().map(|file| file.id).collect()))
    }

    fn fill_draft(&mut self, id: &DocId, which: Which, staged: &[StagedFile]) -> Result<Draft, ApiError> {
        self.write(Durability::Full, |tx, replica, env| {
            let row = replica.draft_to_fill(tx, env, id, which)?;
            replica.add_draft_files(tx, env.now_ms(), &row, staged)
        })?;
        self.resume_transfers_logged();
        self.draft_of(id)
    }

    /// Takes a file out of a draft.
    pub(crate) fn draft_detach(&mut self, args: DraftDetach) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let file: DocId = args.id.parse().map_err(|_| ApiError::from(not_found("file")))?;
        let row = draft_files::get(&self.db()?, &file)?.ok_or_else(|| ApiError::from(not_found("file")))?;
        if typed_at(&self.db()?, &row.conversation)? != id {
            return Err(not_found("file").into());
        }
        self.stop_draft_transfer(&row.blob);
        self.write(Durability::Full, |tx, replica, env| {
            let draft = drafts::get(tx, &row.draft)?.ok_or_else(|| not_found("draft"))?;
            replica.remove_draft_file(tx, env.now_ms(), &draft, &file)
        })?;
        self.draft_of(&id)
    }
}

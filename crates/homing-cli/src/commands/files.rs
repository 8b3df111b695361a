//! Files of messages.

use std::path::Path;
use std::time::Duration;

use homing_engine::api::{
    self, ApiError, AttachmentState, Call, Code, ConversationChange, ConversationFiles, Done, Downloads,
    Event, FilePin, FilePlace, FileRoom, FileRulesSet, FileSave, ItemRef, MessagePage, SyncReport,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::timeout;

use super::{NOTHING, Run, absolute};
use crate::args;
use crate::shapes;

/// How long the next part of a file may take.
const PART_WITHIN: Duration = Duration::from_secs(120);

impl Run<'_> {
    pub async fn attachment(&self, command: args::Attachment) -> Result<(), ApiError> {
        match command {
            args::Attachment::Save { id, path } => self.save(id, &path).await,
        }
    }

    pub async fn files(&self, command: args::Files) -> Result<(), ApiError> {
        use args::Files as F;
        match command {
            F::List { conversation, limit } => self.list_files(conversation, limit).await,
            F::Fetch { id } => {
                for id in id {
                    let file = self.fetch(id).await?;
                    self.out.print(&shapes::File::from(file));
                }
                Ok(())
            }
            F::Save { id, path } => self.save(id, &path).await,
            F::Stop { id } => {
                for id in id {
                    self.show::<api::Attachment, shapes::File>(Call::AttachmentStop(ItemRef { id })).await?;
                }
                Ok(())
            }
            F::Pin { id } => self.pin(id, true).await,
            F::Unpin { id } => self.pin(id, false).await,
            F::Keep { conversation } => {
                self.choose(conversation, ConversationChange::KeepFiles { on: true }).await
            }
            F::Unkeep { conversation } => {
                self.choose(conversation, ConversationChange::KeepFiles { on: false }).await
            }
            F::Free { id } if id.is_empty() => {
                self.show::<FileRoom, shapes::Room>(Call::FilesFree(NOTHING)).await
            }
            F::Free { id } => {
                for id in id {
                    self.show::<api::Attachment, shapes::File>(Call::FileDrop(ItemRef { id })).await?;
                }
                Ok(())
            }
            F::Room { downloads, up_to, room } => {
                let downloads = downloads.map(|downloads| match downloads {
                    args::Download::Always => Downloads::Always,
                    args::Download::OnDemand => Downloads::OnDemand,
                    args::Download::UpTo => Downloads::UpTo,
                });
                let set = FileRulesSet { downloads, up_to_mb: up_to, room_mb: room };
                self.show::<FileRoom, shapes::Room>(Call::FileRulesSet(set)).await
            }
        }
    }

    async fn list_files(&self, conversation: String, limit: u32) -> Result<(), ApiError> {
        let (mut before, mut left) = (None, limit);
        while left > 0 {
            let args = ConversationFiles {
                conversation: conversation.clone(),
                before,
                limit: left,
                ..Default::default()
            };
            let page: MessagePage = self.call(Call::ConversationFiles(args)).await?;
            let files: Vec<_> = page.rows.into_iter().rev().flat_map(shapes::File::of).collect();
            for file in files.into_iter().take(left as usize) {
                left -= 1;
                self.out.print(&file);
            }
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn pin(&self, ids: Vec<String>, on: bool) -> Result<(), ApiError> {
        for id in ids {
            self.show::<api::Attachment, shapes::File>(Call::FilePin(FilePin { id, on })).await?;
        }
        Ok(())
    }

    /// Saves a file of a message, once its bytes are on this device.
    async fn save(&self, id: String, path: &Path) -> Result<(), ApiError> {
        let path = absolute(path)?;
        let known: FilePlace = self.call(Call::Attachment(ItemRef { id: id.clone() })).await?;
        // What was stopped or refused stays as it is.
        let file = if known.file.here { known.file } else { self.fetch(id).await? };
        let _: Done =
            self.call(Call::AttachmentSave(FileSave { attachment: file.id, path: path.clone() })).await?;
        self.out.print(&shapes::Saved { file: path });
        Ok(())
    }

    /// Waits until a file's bytes are on this device.
    async fn fetch(&self, id: String) -> Result<api::Attachment, ApiError> {
        let mut events = self.client.subscribe().await;
        let file: api::Attachment = self.call(Call::AttachmentFetch(ItemRef { id })).await?;
        if !here(file.state) {
            // Fails at once if there is no relay to fetch it from.
            let _: SyncReport = self.call(Call::Sync(NOTHING)).await?;
            let again = Call::AttachmentFetch(ItemRef { id: file.id.clone() });
            let again: api::Attachment = self.call(again).await?;
            return self.arrival(&mut events, again).await;
        }
        Ok(file)
    }

    /// Waits until a file has come; each part that arrives gives the next one its time.
    async fn arrival(
        &self,
        events: &mut Receiver<Event>,
        mut file: api::Attachment,
    ) -> Result<api::Attachment, ApiError> {
        loop {
            if here(file.state) {
                return Ok(file);
            }
            match file.state {
                AttachmentState::Failed => return Err(not_fetched()),
                AttachmentState::Gone => {
                    return Err(ApiError::new(
                        Code::FileGone,
                        "The relay no longer has this file. Ask who sent it to send it once more.",
                    ));
                }
                _ => {}
            }
            let changed = timeout(PART_WITHIN, self.change(events, &file));
            file = changed.await.map_err(|_| {
                ApiError::new(
                    Code::RelayUnreachable,
                    "The file does not come. Its sender may not have brought it to the relay yet; try again later.",
                )
            })??;
        }
    }

    /// The next news of a file.
    async fn change(
        &self,
        events: &mut Receiver<Event>,
        file: &api::Attachment,
    ) -> Result<api::Attachment, ApiError> {
        loop {
            match events.recv().await {
                Ok(Event::Messages { upsert, .. }) => {
                    let mut files = upsert.into_iter().flat_map(|message| message.attachments);
                    if let Some(file) = files.find(|other| other.id == file.id) {
                        return Ok(file);
                    }
                }
                // The row of a record has only the first of its files.
                Ok(Event::Records { .. }) => {
                    let place: FilePlace =
                        self.call(Call::Attachment(ItemRef { id: file.id.clone() })).await?;
                    if place.file != *file {
                        return Ok(place.file);
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(not_fetched()),
            }
        }
    }
}

fn not_fetched() -> ApiError {
    ApiError::new(Code::FileFailed, "The file could not be fetched from the relay.")
}

/// Own files that still wait to be sent are here too.
fn here(state: AttachmentState) -> bool {
    match state {
        AttachmentState::Waiting
        | AttachmentState::Uploading
        | AttachmentState::Stopped
        | AttachmentState::Refused
        | AttachmentState::TooLarge
        | AttachmentState::Ready => true,
        AttachmentState::Remote
        | AttachmentState::Downloading
        | AttachmentState::Failed
        | AttachmentState::Gone => false,
    }
}

//! Files of messages.

use std::path::Path;
use std::time::Duration;

use homing_engine::api::{
    self, ApiError, AttachmentState, Call, Code, Done, Event, FileSave, ItemRef, SyncReport,
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

    /// Saves a file of a message, once its bytes are on this device.
    async fn save(&self, id: String, path: &Path) -> Result<(), ApiError> {
        let path = absolute(path)?;
        let mut events = self.client.subscribe().await;
        let file: api::Attachment = self.call(Call::AttachmentFetch(ItemRef { id })).await?;
        if !here(file.state) {
            // Fails at once if there is no relay to fetch it from.
            let _: SyncReport = self.call(Call::Sync(NOTHING)).await?;
            let again = Call::AttachmentFetch(ItemRef { id: file.id.clone() });
            let again: api::Attachment = self.call(again).await?;
            arrival(&mut events, again).await?;
        }
        let _: Done =
            self.call(Call::AttachmentSave(FileSave { attachment: file.id, path: path.clone() })).await?;
        self.out.print(&shapes::Saved { file: path });
        Ok(())
    }
}

/// Own files that still wait to be sent are here too.
fn here(state: AttachmentState) -> bool {
    match state {
        AttachmentState::Waiting
        | AttachmentState::Uploading
        | AttachmentState::Stopped
        | AttachmentState::Ready => true,
        AttachmentState::Remote | AttachmentState::Downloading | AttachmentState::Failed => false,
    }
}

/// Waits until a file has come; each part that arrives gives the next one its time.
async fn arrival(events: &mut Receiver<Event>, mut file: api::Attachment) -> Result<(), ApiError> {
    let failed = || ApiError::new(Code::FileFailed, "The file could not be fetched from the relay.");
    loop {
        if here(file.state) {
            return Ok(());
        }
        if file.state == AttachmentState::Failed {
            return Err(failed());
        }
        let changed = timeout(PART_WITHIN, change(events, &file.id));
        file = changed.await.map_err(|_| {
            ApiError::new(
                Code::RelayUnreachable,
                "The file does not come. Its sender may not have brought it to the relay yet; try again later.",
            )
        })??;
    }
}

/// The next news of a file.
async fn change(events: &mut Receiver<Event>, id: &str) -> Result<api::Attachment, ApiError> {
    loop {
        match events.recv().await {
            Ok(Event::Messages { upsert, .. }) => {
                let mut files = upsert.into_iter().flat_map(|message| message.attachments);
                if let Some(file) = files.find(|file| file.id == id) {
                    return Ok(file);
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => {
                return Err(ApiError::new(Code::FileFailed, "The file could not be fetched from the relay."));
            }
        }
    }
}

//! Files of messages.

use std::path::Path;

use homing_engine::api::{
    self, ApiError, AttachmentState, Call, Code, Done, Event, FileSave, ItemRef, SyncReport,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{NOTHING, Run, absolute};
use crate::args;
use crate::shapes;

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
        AttachmentState::Waiting | AttachmentState::Uploading | AttachmentState::Ready => true,
        AttachmentState::Remote | AttachmentState::Downloading | AttachmentState::Failed => false,
    }
}

/// Waits until a file has come.
async fn arrival(events: &mut Receiver<Event>, mut file: api::Attachment) -> Result<(), ApiError> {
    let gone = || ApiError::new(Code::FileFailed, "The file could not be fetched from the relay.");
    loop {
        if here(file.state) {
            return Ok(());
        }
        if file.state == AttachmentState::Failed {
            return Err(gone());
        }
        file = match events.recv().await {
            Ok(Event::Messages { upsert, .. }) => {
                let mut files = upsert.into_iter().flat_map(|message| message.attachments);
                match files.find(|changed| changed.id == file.id) {
                    Some(changed) => changed,
                    None => continue,
                }
            }
            Ok(Event::Status { status }) if !status.online => {
                return Err(ApiError::new(Code::RelayUnreachable, "The connection to the relay was lost."));
            }
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return Err(gone()),
        };
    }
}

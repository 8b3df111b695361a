//! Files of messages, records and drafts: one row for all of them, shown in one way.

use std::collections::BTreeMap;

use homing_model::AttachmentMeta;
use homing_store::Read;
use homing_store::attachments::{self, AttachmentRow, FileKey, FileState};
use homing_store::draft_files::DraftFileRow;
use homing_wire::DocId;
use zeroize::Zeroizing;

use crate::api::{ApiError, Attachment, AttachmentState, FilesSaid, VoiceShown};
use crate::files::said;
use crate::holds::FilesHeld;
use crate::text::visible;

/// What stands for messages that have no words.
pub(crate) fn files_said(db: &Read<'_>, messages: &[DocId]) -> Result<BTreeMap<DocId, FilesSaid>, ApiError> {
    let mut by_message: BTreeMap<DocId, Vec<AttachmentRow>> = BTreeMap::new();
    if !messages.is_empty() {
        for file in attachments::of(db, messages)? {
            by_message.entry(file.message).or_default().push(file);
        }
    }
    Ok(by_message.iter().filter_map(|(id, files)| Some((*id, said(files)?))).collect())
}

/// The row of a file as its description has it. Nothing of it is here yet.
pub(crate) fn described(
    id: DocId,
    of: &DocId,
    position: u32,
    state: FileState,
    meta: &AttachmentMeta,
) -> AttachmentRow {
    AttachmentRow {
        id,
        message: *of,
        position,
        blob: Some(meta.blob),
        key: FileKey(Zeroizing::new(meta.key)),
        name: visible(&meta.name),
        mime: meta.mime.clone(),
        size: meta.size,
        chunks: meta.chunks.clone(),
        width: meta.width,
        height: meta.height,
        state,
        progress: 0.0,
        path: None,
        thumbnail: meta.thumbnail.as_ref().and_then(|bytes| crate::files::thumbnail(bytes)),
        voice: meta.voice.as_ref().map(|voice| (voice.duration_ms, voice.peaks.to_vec())),
        pinned: false,
    }
}

/// A file as it is shown.
#[allow(clippy::cast_precision_loss, reason = "files are far below 2^53 bytes")]
pub(crate) fn attachment(row: &AttachmentRow, held: &FilesHeld) -> Attachment {
    Attachment {
        id: row.id.to_string(),
        name: visible(&row.name),
        mime: row.mime.clone(),
        size: row.size as f64,
        state: state_of_file(row.state),
        progress: row.progress,
        here: is_here(row),
        width: row.width,
        height: row.height,
        thumbnail: row.thumbnail.as_deref().and_then(crate::files::thumbnail_url),
        voice: row.voice.as_ref().map(|(ms, peaks)| voice_shown(*ms, peaks)),
        pinned: row.pinned,
        held: row.blob.filter(|_| row.state == FileState::Waiting).and_then(|blob| held.why(&blob)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "recordings last hours, not millennia")]
fn voice_shown(duration_ms: u64, peaks: &[u8]) -> VoiceShown {
    VoiceShown { duration_ms: duration_ms as f64, peaks: peaks.to_vec() }
}

/// A file of a draft.
pub(crate) fn draft_file(row: &DraftFileRow, meta: &AttachmentMeta, held: &FilesHeld) -> Attachment {
    let file = AttachmentRow {
        progress: row.progress,
        path: row.path.clone(),
        ..described(row.id, &row.draft, 0, row.state, meta)
    };
    attachment(&file, held)
}

/// Whether all of its bytes are on this device.
pub(crate) fn is_here(row: &AttachmentRow) -> bool {
    let whole = matches!(
        row.state,
        FileState::Waiting | FileState::Uploading | FileState::Ready | FileState::Stopped
    );
    (whole || row.state.is_refused()) && row.path.is_some()
}

fn state_of_file(state: FileState) -> AttachmentState {
    match state {
        FileState::Waiting => AttachmentState::Waiting,
        FileState::Uploading => AttachmentState::Uploading,
        FileState::Remote => AttachmentState::Remote,
        FileState::Downloading => AttachmentState::Downloading,
        FileState::Ready => AttachmentState::Ready,
        FileState::Failed => AttachmentState::Failed,
        FileState::Stopped => AttachmentState::Stopped,
        FileState::Gone => AttachmentState::Gone,
        FileState::Refused => AttachmentState::Refused,
        FileState::TooLarge => AttachmentState::TooLarge,
    }
}

//! The demo's files and pages: drawn, painted and spoken by code.

use data_encoding::BASE64;
use homing_model::LinkPreview;
use serde::Deserialize;

use super::paint::Photo;
use super::{picture, voice};
use crate::api::{FileSource, VoiceShown};

/// A file that goes with a message.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Paper {
    Plan,
    Lease,
    Certificate,
    Survey,
    Voice,
    #[serde(untagged)]
    Photo(Photo),
}

impl Paper {
    pub fn source(self) -> FileSource {
        let (name, mime, bytes) = match self {
            Self::Plan => ("Floor plan, 2nd floor.png", "image/png", picture::floor_plan()),
            Self::Lease => {
                let lines = [
                    "Between the owner and the tenant named in the annex.",
                    "1. The flat on the second floor, 74 square metres, with one cellar room.",
                    "2. The lease begins on the first of next month and has no fixed end.",
                    "3. Rent and advance payments are due by the third working day.",
                ];
                ("Lease, draft.pdf", "application/pdf", picture::pdf("Lease (draft)", &lines))
            }
            Self::Certificate => {
                let lines =
                    ["Heat demand: 92 kWh per square metre and year.", "Heating: district heat, 2016."];
                ("Energy certificate.pdf", "application/pdf", picture::pdf("Energy certificate", &lines))
            }
            Self::Survey => {
                let lines = ["No damp in walls and cellar.", "Roof: good for another twenty years."];
                ("Survey, Mill Lane 3.pdf", "application/pdf", picture::pdf("Survey", &lines))
            }
            Self::Photo(photo) => (photo.name(), "image/jpeg", photo.jpeg()),
            Self::Voice => return spoken(),
        };
        bytes_named(name, mime, &bytes, None)
    }
}

fn spoken() -> FileSource {
    let note = voice::note();
    let shown = VoiceShown { duration_ms: note.duration_ms as f64, peaks: note.peaks };
    bytes_named("Voice note.ogg", "audio/ogg", &note.ogg, Some(shown))
}

fn bytes_named(name: &str, mime: &str, bytes: &[u8], voice: Option<VoiceShown>) -> FileSource {
    FileSource::Bytes { name: name.to_owned(), mime: mime.to_owned(), base64: BASE64.encode(bytes), voice }
}

/// A page a message links to.
#[derive(Deserialize)]
pub(super) struct Page {
    url: String,
    title: String,
    description: String,
    photo: Option<Photo>,
}

impl Page {
    /// As the author's device saw it.
    pub fn preview(&self) -> LinkPreview {
        let image = self.photo.and_then(|photo| crate::files::small_picture(&photo.jpeg()));
        LinkPreview {
            url: self.url.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            image: image.map(Into::into),
        }
    }
}

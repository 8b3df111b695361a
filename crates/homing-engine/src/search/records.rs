//! Properties among what a search finds, and the filter `record:`: what was said in conversations about one.

use homing_model::record::PROPERTY;
use homing_store::records::{self, Filter, RecordRow, Sort};
use homing_store::search;
use homing_wire::DocId;

use super::{NAMES, parts};
use crate::api::{ApiError, FoundRecord};
use crate::core::Core;
use crate::text::visible;

/// Records looked at for a name.
pub(super) const LOOKED_AT: u32 = 500;

impl Core {
    /// Properties meant by a name, a beginning of it, or an id.
    pub(super) fn meant_records(&self, value: &str) -> Result<Vec<(DocId, String)>, ApiError> {
        let said = search::said(value);
        let meant = |row: &RecordRow| {
            (!said.is_empty() && said.name(&row.title)) || subject(row).to_string() == value
        };
        let rows = self.properties("", LOOKED_AT)?;
        Ok(rows.iter().filter(|row| meant(row)).map(|row| (subject(row), visible(&row.title))).collect())
    }

    /// The properties whose words fit, the last changed first.
    pub(super) fn records_like(&self, text: &str) -> Result<Vec<FoundRecord>, ApiError> {
        let said = search::said(text);
        if said.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.properties(text, NAMES as u32)?;
        Ok(rows
            .into_iter()
            .map(|row| FoundRecord {
                id: subject(&row).to_string(),
                title: parts(said.marked(&visible(&row.title))),
            })
            .collect())
    }

    /// Conversations about any of these.
    pub(super) fn talks_about(&self, records: &[(DocId, String)]) -> Result<Vec<DocId>, ApiError> {
        let db = self.db()?;
        let mut talks = Vec::new();
        for (record, _) in records {
            talks.extend(records::conversations_about(&db, record)?);
        }
        Ok(talks)
    }

    pub(super) fn properties(&self, text: &str, limit: u32) -> Result<Vec<RecordRow>, ApiError> {
        let filter = Filter {
            class: PROPERTY.number(),
            deleted: false,
            status: String::new(),
            level: String::new(),
            text: text.to_owned(),
            space: None,
            about: None,
        };
        Ok(records::list(&self.db()?, &filter, Sort::Newest, None, limit)?)
    }
}

/// A copy goes by the id of what it is a copy of.
pub(super) fn subject(row: &RecordRow) -> DocId {
    row.about.filter(|_| row.kind != row.class).unwrap_or(row.id)
}

//! Quick replies: words a team writes once and sends often, and what is counted and filled in when they are used.
//!
//! They are records ([`homing_model::record::QUICK_REPLY`]) of the team's space, or of the personal one of somebody
//! without a team. Only their words and files leave it, as a message's own.

mod calls;
mod fill;
mod table;

use std::collections::BTreeMap;

use homing_model::record::{FieldType, FieldValue, QUICK_REPLY, RecordProjection};
use homing_model::{ChangeInfo, Edit, FieldEdit, Projection, Value, WriteOp, project};
use homing_store::attachments::{self, AttachmentRow};
use homing_store::records::{self, RecordRow};
use homing_store::{Read, Tx};
use homing_wire::{DocId, PersonId};

use crate::api::Template;
use crate::author::Label;
use crate::docs::read_doc;
use crate::fail::Fail;
use crate::records::record_file_id;
use crate::replica::Replica;
use crate::text::visible;

pub use calls::TABLE;
pub use fill::VARIABLES;

/// The category of what has no other.
const CUSTOM: &str = "custom";

/// A quick reply with what its document says.
pub(crate) struct Quick {
    pub row: RecordRow,
    pub record: RecordProjection,
}

impl Quick {
    fn of(db: &Read<'_>, row: RecordRow) -> Result<Option<Self>, Fail> {
        match project(&read_doc(db, &row.id)?.accepted) {
            Ok(Projection::Record(record)) => Ok(Some(Self { row, record })),
            _ => Ok(None),
        }
    }

    /// All of them, those used most first.
    fn all(db: &Read<'_>) -> Result<Vec<Self>, Fail> {
        let mut all = Vec::new();
        for row in records::of_kind(db, QUICK_REPLY.number())? {
            all.extend(Self::of(db, row)?);
        }
        all.sort_by_cached_key(|one| {
            (std::cmp::Reverse(one.uses()), one.row.title.to_lowercase(), one.row.id)
        });
        Ok(all)
    }

    fn property(&self) -> Option<DocId> {
        match self.record.value("property") {
            Some(FieldValue::Record(id)) => Some(*id),
            _ => None,
        }
    }

    fn active(&self) -> bool {
        !matches!(self.record.value("active"), Some(FieldValue::Flag(false)))
    }

    fn uses(&self) -> u32 {
        match self.record.value("uses") {
            Some(FieldValue::Number(uses)) => u32::try_from(*uses).unwrap_or(0),
            _ => 0,
        }
    }

    /// Files that go with it, in their order.
    fn files(&self, db: &Read<'_>) -> homing_store::Result<Vec<AttachmentRow>> {
        let Some(FieldValue::Files(files)) = self.record.value("files") else { return Ok(Vec::new()) };
        let mut rows = Vec::with_capacity(files.len());
        for file in files {
            rows.extend(attachments::get(db, &record_file_id(&self.row.id, &file.blob))?);
        }
        Ok(rows)
    }

    fn category(&self) -> &str {
        let name = self.record.text("category");
        if name.is_empty() { CUSTOM } else { name }
    }
}

/// What a message began as, if it is a quick reply that is here.
pub(crate) fn template(db: &Read<'_>, id: &DocId) -> homing_store::Result<Option<Template>> {
    let row = records::get(db, id)?.filter(|row| row.kind == QUICK_REPLY.number());
    Ok(row.map(|row| Template { id: row.id.to_string(), title: visible(&row.title) }))
}

impl Replica {
    /// A message that began as a quick reply was written: its uses are one more. Each device counts for itself, so nothing
    /// is lost when several do while they are apart.
    pub fn count_use(&mut self, tx: &Tx<'_>, now_ms: u64, template: &DocId) -> Result<(), Fail> {
        let quick = records::get(tx, template)?.is_some_and(|row| row.kind == QUICK_REPLY.number());
        let Some(preimage) = self.preimage(tx, template)?.filter(|_| quick) else { return Ok(()) };
        let device = self.device();
        let mut counter = [0u8; 8];
        counter.copy_from_slice(device.0.split_at(8).0);
        let known = counted(&read_doc(tx, template)?.accepted, &self.person(), &counter);
        let fields = vec![FieldEdit::tally("uses", &self.person(), &counter, known.saturating_add(1))];
        match self.author(
            tx,
            now_ms,
            &preimage,
            &Edit::SetFields { kind: QUICK_REPLY, fields },
            Label::RECORD,
        ) {
            Err(Fail::Store(error)) => Err(error.into()),
            // Who may not write there any more sends all the same.
            _ => Ok(()),
        }
    }
}

/// How far one counter of a person had come.
fn counted(changes: &[ChangeInfo], person: &PersonId, counter: &[u8; 8]) -> i64 {
    let key = format!("f/{}", FieldEdit::tally("uses", person, counter, 0).key);
    let numbers = changes.iter().flat_map(|change| &change.writes).filter_map(|write| match &write.op {
        WriteOp::Put(Value::Bytes(bytes)) if write.key == key => {
            match FieldValue::decode(FieldType::Tally, bytes) {
                Ok(FieldValue::Number(number)) => Some(number),
                _ => None,
            }
        }
        _ => None,
    });
    numbers.max().unwrap_or(0)
}

/// What the variables of a text say.
type Values = BTreeMap<&'static str, String>;

//! Records: from their documents to rows, files, copies and calls. One code for all kinds; what tells them apart stands in
//! their schemas.

mod calls;
mod files;
mod inputs;
mod project;
mod publish;
mod rows;
mod share;

pub(crate) use files::record_file_id;
pub(crate) use project::title_of;
pub(crate) use publish::Publishing;
pub(crate) use rows::{Look, Whole};

use homing_model::record::{RecordKind, RecordSchema};
use homing_store::{Read, Tx};
use homing_wire::{DocId, SpaceId};

use crate::fail::Fail;
use crate::replica::Replica;

/// The kind that copies of this one have, with its schema.
pub(crate) fn copies_of(schema: &RecordSchema) -> Option<&'static RecordSchema> {
    schema.published_as.and_then(RecordKind::schema)
}

/// The kind whose fields a record shows: of a copy those of what it is a copy of.
pub(crate) fn shown_schema(schema: &'static RecordSchema) -> &'static RecordSchema {
    schema.copy_of.and_then(RecordKind::schema).unwrap_or(schema)
}

/// What holds a file: a message or a record.
pub(crate) struct Holder {
    pub space: SpaceId,
    /// The conversation of a message.
    pub conversation: Option<DocId>,
    /// Written by this person, so that it is brought to the relay from here.
    pub mine: bool,
}

/// Who holds a file.
pub(crate) fn holder(db: &Read<'_>, id: &DocId) -> Result<Option<Holder>, Fail> {
    if let Some(message) = homing_store::messages::get(db, id)? {
        let conversation = Some(message.conversation);
        return Ok(Some(Holder { space: message.space, conversation, mine: message.mine }));
    }
    let record = homing_store::records::get(db, id)?;
    Ok(record.map(|record| Holder { space: record.space, conversation: None, mine: false }))
}

impl Replica {
    /// The rows that show a file of this message or record changed.
    pub fn touch_holder(&mut self, tx: &Tx<'_>, id: &DocId) -> Result<(), Fail> {
        match holder(tx, id)?.map(|holder| holder.conversation) {
            Some(Some(conversation)) => self.touched.message(conversation, *id),
            Some(None) => drop(self.touched.records.insert(*id)),
            None => {}
        }
        Ok(())
    }
}

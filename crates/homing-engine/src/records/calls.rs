//! The calls about records.

use std::collections::BTreeSet;

use homing_model::record::{Cut, FieldType, FieldValue, INTEREST, RecordKind, RecordSchema};
use homing_model::{AttachmentMeta, Edit, Extras, FieldEdit, Kind, Preimage};
use homing_store::records::{self, Column, Filter, RecordRow as StoredRecord, Sort};
use homing_store::{Durability, conversations, members, spaces};
use homing_wire::{DocId, Member, SpaceId, SpaceKind};
use rand_core::Rng;

use super::record_file_id;
use super::rows::{Whole, hex, preview_fields, record_or_copy};
use crate::api::{
    ApiError, ClientRow, Code, ConversationRow, InterestSet, Nothing, RecordAsk, RecordColumn,
    RecordColumnBy, RecordColumns, RecordDelete, RecordDetail, RecordFiles, RecordLink, RecordNew,
    RecordPage, RecordPreview, RecordRef, RecordRow, RecordSet, RecordSettle, RecordSort, Records, Sent,
    State,
};
use crate::author::Label;
use crate::commands::Outgoing;
use crate::core::Core;
use crate::fail::{forbidden, invalid, not_found};
use crate::files::StagedFile;
use crate::reply::Reply;
use crate::text::visible;

const PAGE: u32 = 500;
/// Records counted at most.
const COUNTED: u32 = 100_000;
/// Bytes of a list of files that leave room for what else a copy holds: small pictures beyond are left out.
const FILE_LIST: usize = 96 * 1024;

/// A record somebody named.
pub(crate) struct Found {
    /// What links name it by.
    pub subject: DocId,
    pub row: StoredRecord,
}

fn kind_named(name: &str) -> Result<&'static RecordSchema, ApiError> {
    let schema = RecordKind::from_name(name).and_then(RecordKind::schema);
    schema
        .filter(|schema| schema.copy_of.is_none())
        .ok_or_else(|| invalid(format!("There are no records of the kind \"{}\".", visible(name))).into())
}

impl Core {
    /// A record by id, prefix or exact title.
    pub(crate) fn find_record(&self, text: &str) -> Result<Found, ApiError> {
        let db = self.db()?;
        let found = |subject: DocId, row: StoredRecord| Ok(Found { subject, row });
        if let Ok(id) = text.parse::<DocId>() {
            return match record_or_copy(&db, &id)? {
                Some(row) => found(id, row),
                None => Err(not_found("record").into()),
            };
        }
        let mut named: BTreeSet<DocId> = BTreeSet::new();
        for schema in homing_model::record::SCHEMAS.iter().filter(|schema| schema.title.is_some()) {
            named.extend(records::by_title(&db, schema.kind.number(), text, 2)?);
        }
        if named.is_empty()
            && let Some((low, high)) = crate::commands::id_range(text)
        {
            named.extend(records::subjects_between(&db, &low, &high, 2)?);
        }
        let mut named = named.into_iter();
        match (named.next(), named.next()) {
            (Some(id), None) => {
                let row = record_or_copy(&db, &id)?.ok_or_else(|| ApiError::from(not_found("record")))?;
                let copy = RecordKind::from_number(row.kind)
                    .and_then(RecordKind::schema)
                    .is_some_and(|schema| schema.copy_of.is_some());
                found(row.about.filter(|_| copy).unwrap_or(row.id), row)
            }
            (Some(_), Some(_)) => {
                Err(ApiError::new(Code::AmbiguousName, "More than one record is meant by this. Use its id."))
            }
            _ => Err(not_found("record").into()),
        }
    }

    /// A client's space by its name, its id, or the name or id of who is in it.
    pub(crate) fn find_client(&mut self, text: &str) -> Result<SpaceId, ApiError> {
        let clients = self.clients(Nothing {})?;
        let by = |which: &dyn Fn(&ClientRow) -> bool| -> Vec<SpaceId> {
            clients.iter().filter(|row| which(row)).filter_map(|row| row.space.parse().ok()).collect()
        };
        let mut found = by(&|row| row.space == text || row.name == text);
        if found.is_empty() {
            found = by(&|row| row.people.iter().any(|name| name == text));
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(not_found("client").into()),
            _ => Err(ApiError::new(
                Code::AmbiguousName,
                "More than one client is meant by this. Use the space's id.",
            )),
        }
    }

    /// The clients this person works for.
    pub(crate) fn clients(&mut self, _: Nothing) -> Result<Vec<ClientRow>, ApiError> {
        let all = spaces::list(&self.db()?)?;
        let mut rows = Vec::new();
        for space in all {
            let live = matches!(space.state, spaces::SpaceState::Joined | spaces::SpaceState::Local);
            if space.kind != SpaceKind::Client || !live || !self.rights(&space.space)?.as_team {
                continue;
            }
            let members = members::of(&self.db()?, &[space.space])?;
            let people = members
                .iter()
                .filter(|row| matches!(row.member, Member::Person(_)))
                .map(|row| visible(&row.name))
                .collect();
            rows.push(ClientRow { space: space.space.to_string(), name: visible(&space.name), people });
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.space.cmp(&b.space)));
        Ok(rows)
    }

    pub(crate) fn records(&mut self, args: Records) -> Result<RecordPage, ApiError> {
        let schema = kind_named(&args.kind)?;
        let class = schema.kind.number();
        let limit = args.limit.clamp(1, PAGE);
        let space = args.client.as_deref().map(|client| self.find_client(client)).transpose()?;
        let about = args.about.as_deref().map(|id| self.find_record(id)).transpose()?;
        let after = match args.after {
            Some(id) => Some(self.find_record(&id)?.row.id),
            None => None,
        };
        let filter = Filter {
            class,
            deleted: args.deleted,
            status: args.status.unwrap_or_default(),
            level: args.level.unwrap_or_default(),
            text: args.query,
            space,
            about: about.map(|found| found.subject),
        };
        let sort = match args.sort {
            RecordSort::Newest => Sort::Newest,
            RecordSort::Title => Sort::Title,
            RecordSort::Number => Sort::Number,
        };
        let stored = records::list(&self.db()?, &filter, sort, after.as_ref(), limit)?;
        let full = stored.len() == limit as usize;
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            rows.extend(self.record_row(row)?);
        }
        let next = rows.last().filter(|_| full).map(|row| row.id.clone());
        let total = u32::try_from(records::count(&self.db()?, class, COUNTED)?).unwrap_or(u32::MAX);
        Ok(RecordPage { rows, next, revision: self.revision(), total })
    }

    pub(crate) fn record_columns(&mut self, args: RecordColumns) -> Result<Vec<RecordColumn>, ApiError> {
        let by = match args.by {
            RecordColumnBy::Status => Column::Status,
            RecordColumnBy::Level => Column::Level,
        };
        let counted = records::columns(&self.db()?, kind_named(&args.kind)?.kind.number(), by)?;
        Ok(counted.into_iter().map(|(name, count)| RecordColumn { name, count }).collect())
    }

    pub(crate) fn record(&mut self, args: RecordRef) -> Result<RecordDetail, ApiError> {
        let found = self.find_record(&args.record)?;
        self.record_detail(found.row)
    }

    pub(super) fn detail_of(&mut self, id: &DocId) -> Result<RecordDetail, ApiError> {
        let row = records::get(&self.db()?, id)?.ok_or_else(|| ApiError::from(not_found("record")))?;
        self.record_detail(row)
    }

    fn row_by_id(&mut self, id: &DocId) -> Result<RecordRow, ApiError> {
        let row = records::get(&self.db()?, id)?.ok_or_else(|| ApiError::from(not_found("record")))?;
        self.record_row(row)?.ok_or_else(|| not_found("record").into())
    }

    pub(crate) fn record_new(&mut self, args: RecordNew, reply: Reply<RecordRow>) {
        let RecordNew { kind, fields, files } = args;
        self.with_files(files, reply, move |core, staged| {
            let schema = kind_named(&kind)?;
            if schema.cut != Cut::Owner {
                return Err(invalid("A record of this kind belongs to another one; note it there.").into());
            }
            let mut edits = core.field_edits(schema, fields)?;
            edits.retain(|edit| !edit.value.is_nothing());
            if let Some(field) = schema.fields.iter().find(|field| matches!(field.holds, FieldType::Files(_)))
                && !staged.is_empty()
            {
                edits.push(FieldEdit::new(field.key, file_list(field.holds, Vec::new(), staged)?));
            }
            for field in schema.fields.iter().filter(|field| field.required) {
                if !edits.iter().any(|edit| edit.key == field.key) {
                    return Err(invalid(format!("The field \"{}\" can't be left empty.", field.key)).into());
                }
            }
            core.begin_record(schema, edits, staged)
        });
    }

    /// Begins a record where this person works: in the team's space, or in their own if they have no team.
    fn begin_record(
        &mut self,
        schema: &'static RecordSchema,
        fields: Vec<FieldEdit>,
        staged: &[StagedFile],
    ) -> Result<RecordRow, ApiError> {
        let id = self.write(Durability::Full, |tx, replica, env| {
            let team = replica.present_team(tx)?.filter(|_| schema.spaces.contains(&SpaceKind::Team));
            let space = team.unwrap_or_else(|| replica.personal());
            let mut nonce = [0u8; 16];
            env.rng.fill_bytes(&mut nonce);
            let preimage = schema.owned(space, replica.person(), nonce);
            let edit = Edit::CreateRecord { kind: schema.kind, fields };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
            replica.keep_record_files(tx, &preimage.doc_id(), staged)?;
            Ok(preimage.doc_id())
        })?;
        self.resume_transfers_logged();
        self.row_by_id(&id)
    }

    /// A record that can be edited, with its document's preimage.
    pub(super) fn editable(&self, text: &str) -> Result<(Whole, Preimage), ApiError> {
        let found = self.find_record(text)?;
        let db = self.db()?;
        let whole = Whole::of(&db, found.row)?.ok_or_else(|| ApiError::from(not_found("record")))?;
        if whole.schema.copy_of.is_some() {
            return Err(
                forbidden("This was shared with you, so only those who shared it can change it.").into()
            );
        }
        let preimage = self.replica()?.preimage(&db, &whole.row.id).map_err(ApiError::from)?;
        Ok((whole, preimage.ok_or_else(|| ApiError::from(not_found("record")))?))
    }

    fn edit_record(&mut self, whole: &Whole, preimage: &Preimage, edit: &Edit) -> Result<(), ApiError> {
        self.edit_with_files(whole, preimage, edit, &[])
    }

    /// The same with files that were sealed for it: where they are is known as soon as they are named, or they would be
    /// looked for where they never were.
    pub(super) fn edit_with_files(
        &mut self,
        whole: &Whole,
        preimage: &Preimage,
        edit: &Edit,
        staged: &[StagedFile],
    ) -> Result<(), ApiError> {
        self.write(Durability::Full, |tx, replica, env| {
            replica.author(tx, env.now_ms(), preimage, edit, Label::RECORD)?;
            replica.keep_record_files(tx, &whole.row.id, staged)
        })?;
        let deleted = matches!(edit, Edit::DeleteRecord { on: true, .. });
        self.publish_soon(&whole.row.id, deleted);
        if !staged.is_empty() {
            self.resume_transfers_logged();
        }
        Ok(())
    }

    pub(crate) fn record_set(&mut self, args: RecordSet) -> Result<RecordRow, ApiError> {
        let (whole, preimage) = self.editable(&args.record)?;
        let mut fields = self.field_edits(whole.schema, args.fields)?;
        // What says the same as before is nobody's edit; where values stand beside each other, writing chooses.
        fields.retain(|edit| {
            let own = whole.record.fields.iter().find(|field| field.key == edit.key);
            match own.map(|field| field.values.as_slice()) {
                Some([(_, only)]) => *only != edit.value,
                Some(_) => true,
                None => !edit.value.is_nothing(),
            }
        });
        if !fields.is_empty() {
            self.edit_record(&whole, &preimage, &Edit::SetFields { kind: whole.schema.kind, fields })?;
        }
        self.row_by_id(&whole.row.id)
    }

    pub(crate) fn record_settle(&mut self, args: RecordSettle) -> Result<RecordDetail, ApiError> {
        let (whole, preimage) = self.editable(&args.record)?;
        let field = whole.record.fields.iter().find(|field| field.key == args.field);
        let values = field.map(|field| field.values.as_slice()).unwrap_or_default();
        let chosen = values.iter().find(|(change, _)| hex(change) == args.change);
        let Some((_, chosen)) = chosen else {
            return Err(invalid("This value is not one of those to choose from any more.").into());
        };
        let value = if args.all { all_files(whole.schema, &args.field, values)? } else { chosen.clone() };
        let fields = vec![FieldEdit { key: args.field, value }];
        self.edit_record(&whole, &preimage, &Edit::SetFields { kind: whole.schema.kind, fields })?;
        self.detail_of(&whole.row.id)
    }

    pub(crate) fn record_files(&mut self, args: RecordFiles, reply: Reply<RecordDetail>) {
        let RecordFiles { record, field, add, keep } = args;
        self.with_files(add, reply, move |core, staged| {
            let (whole, preimage) = core.editable(&record)?;
            let holds = whole.schema.field(&field).map(|field| field.holds);
            let Some(holds @ FieldType::Files(_)) = holds else {
                return Err(invalid("This field holds no files.").into());
            };
            let present = match whole.record.value(&field) {
                Some(FieldValue::Files(files)) => files.clone(),
                _ => Vec::new(),
            };
            let id = |file: &AttachmentMeta| record_file_id(&whole.row.id, &file.blob).to_string();
            let kept: Vec<AttachmentMeta> = match keep {
                None => present,
                Some(ids) => ids
                    .iter()
                    .filter_map(|wanted| present.iter().find(|file| id(file) == *wanted).cloned())
                    .collect(),
            };
            let value = file_list(holds, kept, staged)?;
            let edit =
                Edit::SetFields { kind: whole.schema.kind, fields: vec![FieldEdit { key: field, value }] };
            core.edit_with_files(&whole, &preimage, &edit, staged)?;
            core.detail_of(&whole.row.id)
        });
    }

    pub(crate) fn record_delete(&mut self, args: RecordDelete) -> Result<RecordRow, ApiError> {
        let (whole, preimage) = self.editable(&args.record)?;
        let edit = Edit::DeleteRecord { kind: whole.schema.kind, on: args.deleted };
        if whole.row.deleted != args.deleted {
            self.edit_record(&whole, &preimage, &edit)?;
        }
        self.row_by_id(&whole.row.id)
    }

    pub(crate) fn record_preview(&mut self, args: RecordRef) -> Result<RecordPreview, ApiError> {
        let (whole, _) = self.editable(&args.record)?;
        let (fields, hidden) = preview_fields(self, &whole)?;
        Ok(RecordPreview { title: whole.row.title, fields, hidden })
    }

    pub(crate) fn record_link(&mut self, args: RecordLink) -> Result<ConversationRow, ApiError> {
        let conversation = self.find_conversation(&args.conversation)?;
        let record = self.find_record(&args.record)?.subject;
        self.write(Durability::Full, |tx, replica, env| {
            // It may be that of a conversation that goes on in this one.
            let of = match args.on {
                true => vec![conversation],
                false => records::linked_in(tx, &conversation, &record)?,
            };
            for one in of {
                replica.link_record(tx, env.now_ms(), &one, record, args.on)?;
            }
            Ok(())
        })?;
        self.conversation_row_of(&conversation)
    }

    pub(crate) fn record_ask(&mut self, args: RecordAsk) -> Result<Sent, ApiError> {
        let found = self.find_record(&args.record)?;
        let (space, subject) = (found.row.space, found.subject);
        let Some(SpaceKind::Client | SpaceKind::Talk) = spaces::get(&self.db()?, &space)?.map(|row| row.kind)
        else {
            return Err(invalid("This is your own. Begin a conversation about it with somebody.").into());
        };
        if args.text.trim().is_empty() {
            return Err(invalid("The message is empty.").into());
        }
        let open = self.conversation_about(&space, &subject)?;
        let title = found.row.title;
        let (id, conversation) = self.write(Durability::Full, |tx, replica, env| {
            let conversation = match open {
                Some(id) => id,
                None => {
                    let mut nonce = [0u8; 16];
                    env.rng.fill_bytes(&mut nonce);
                    let (creator, created_ms) = (replica.person(), env.now_ms());
                    let preimage = Preimage::conversation(space, creator, nonce);
                    let id = preimage.doc_id();
                    let edit = Edit::CreateConversation { subject: title, creator, created_ms };
                    replica.author(tx, created_ms, &preimage, &edit, Label::conversation(id))?;
                    replica.link_record(tx, created_ms, &id, subject, true)?;
                    id
                }
            };
            let extras = Extras { about: Some(subject), ..Extras::default() };
            let message = Outgoing { extras, ..Outgoing::text(conversation, &args.text) };
            Ok((replica.send_message(tx, env, message)?, conversation))
        })?;
        let state = if self.replica()?.has_relay { State::Pending } else { State::Local };
        Ok(Sent { id: id.to_string(), conversation: conversation.to_string(), state })
    }

    /// The newest conversation about a record in a space.
    fn conversation_about(&self, space: &SpaceId, record: &DocId) -> Result<Option<DocId>, ApiError> {
        let ids = records::conversations_about(&self.db()?, record)?;
        let mut rows = conversations::of(&self.db()?, &ids)?;
        rows.retain(|row| row.space == *space && !row.deleted);
        Ok(rows.iter().max_by_key(|row| row.last_at_ms).map(|row| row.id))
    }

    pub(crate) fn interest_set(&mut self, args: InterestSet) -> Result<RecordRow, ApiError> {
        let schema = INTEREST.schema().ok_or_else(|| ApiError::from(not_found("record")))?;
        let found = self.find_record(&args.property)?;
        let space = match (&args.client, spaces::get(&self.db()?, &found.row.space)?.map(|row| row.kind)) {
            (Some(client), _) => self.find_client(client)?,
            (None, Some(SpaceKind::Client)) => found.row.space,
            (None, _) => match self.clients(Nothing {})?.as_slice() {
                [only] => only.space.parse().map_err(|_| ApiError::from(not_found("client")))?,
                _ => return Err(invalid("Say which client is interested.").into()),
            },
        };
        let preimage = schema.derived(space, &found.subject, None);
        let id = preimage.doc_id();
        let known = records::get(&self.db()?, &id)?;
        let whole = match known {
            Some(row) => Whole::of(&self.db()?, row)?,
            None => None,
        };
        let choice = |key: &str, given: Option<String>, else_: &str| -> Result<Option<FieldEdit>, ApiError> {
            let Some(FieldType::Choice(choices)) = schema.field(key).map(|field| field.holds) else {
                return Ok(None);
            };
            let name = match (given, &whole) {
                (Some(name), _) => name,
                (None, None) => else_.to_owned(),
                (None, Some(_)) => return Ok(None),
            };
            if !choices.contains(&name.as_str()) {
                return Err(invalid(format!("\"{key}\" has to be one of: {}.", choices.join(", "))).into());
            }
            Ok(Some(FieldEdit::new(key, FieldValue::Choice(name))))
        };
        let mut fields = Vec::new();
        fields.extend(choice("level", args.level, "medium")?);
        fields.extend(choice("status", args.status, "interested")?);
        if let Some(notes) = args.notes {
            let value = if notes.trim().is_empty() {
                FieldValue::Nothing
            } else {
                FieldValue::Text(notes.replace('\0', ""))
            };
            fields.push(FieldEdit::new("notes", value));
        }
        if let Some(whole) = &whole {
            fields.retain(|edit| {
                let own = whole.record.fields.iter().find(|field| field.key == edit.key);
                !matches!(own.map(|field| field.values.as_slice()), Some([(_, only)]) if *only == edit.value)
            });
        }
        let removed = whole.as_ref().is_some_and(|whole| whole.row.deleted);
        self.write(Durability::Full, |tx, replica, env| {
            let now_ms = env.now_ms();
            if !fields.is_empty() {
                let edit = Edit::CreateRecord { kind: INTEREST, fields };
                replica.author(tx, now_ms, &preimage, &edit, Label::RECORD)?;
            }
            if removed {
                let back = Edit::DeleteRecord { kind: INTEREST, on: false };
                replica.author(tx, now_ms, &preimage, &back, Label::RECORD)?;
            }
            Ok(())
        })?;
        self.row_by_id(&id)
    }
}

/// Files that stay and files that are new, as one value. Small pictures that would make it too long are left out.
fn file_list(
    holds: FieldType,
    kept: Vec<AttachmentMeta>,
    staged: &[StagedFile],
) -> Result<FieldValue, ApiError> {
    let mut files = kept;
    files.extend(staged.iter().map(|file| file.meta.clone()));
    fit_files(holds, files)
}

pub(super) fn fit_files(holds: FieldType, mut files: Vec<AttachmentMeta>) -> Result<FieldValue, ApiError> {
    if files.is_empty() {
        return Ok(FieldValue::Nothing);
    }
    if let FieldType::Files(limit) = holds
        && files.len() > limit
    {
        return Err(invalid(format!("At most {limit} files fit here.")).into());
    }
    let mut room = FILE_LIST;
    for file in &mut files {
        let thumbnail = file.thumbnail.as_ref().map_or(0, |bytes| bytes.len());
        if thumbnail > room {
            file.thumbnail = None;
        } else {
            room -= thumbnail;
        }
    }
    let value = FieldValue::Files(files);
    match value.encode(holds) {
        Ok(_) => Ok(value),
        Err(_) => Err(ApiError::new(Code::TooLarge, "These files are too large to be kept in one record.")),
    }
}

/// Everything that is in any of the values of a list of files.
fn all_files(
    schema: &RecordSchema,
    field: &str,
    values: &[(homing_model::ChangeHash, FieldValue)],
) -> Result<FieldValue, ApiError> {
    let holds = schema.field(field).map(|field| field.holds);
    let Some(holds @ FieldType::Files(_)) = holds else {
        return Err(invalid("Only files can all be kept. Choose one of the values.").into());
    };
    let mut files: Vec<AttachmentMeta> = Vec::new();
    for (_, value) in values {
        if let FieldValue::Files(list) = value {
            for file in list {
                if !files.iter().any(|known| known.blob == file.blob) {
                    files.push(file.clone());
                }
            }
        }
    }
    fit_files(holds, files)
}

impl crate::replica::Replica {
    /// Links a record to a conversation, or takes the link away.
    pub fn link_record(
        &mut self,
        tx: &homing_store::Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
        record: DocId,
        on: bool,
    ) -> Result<(), crate::fail::Fail> {
        let preimage = self.preimage(tx, conversation)?.ok_or_else(|| not_found("conversation"))?;
        if preimage.kind() != Kind::Conversation {
            return Err(not_found("conversation"));
        }
        let edit = Edit::LinkRecord { record, on };
        self.author(tx, now_ms, &preimage, &edit, Label::conversation(*conversation))?;
        Ok(())
    }
}

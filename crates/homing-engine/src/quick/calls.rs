//! The calls about quick replies.

use std::collections::BTreeMap;

use homing_model::record::{FieldValue, PROPERTY, QUICK_REPLY};
use homing_model::{Edit, FieldEdit, Preimage};
use homing_store::attachments::AttachmentRow;
use homing_store::{Durability, Tx, conversations, records, spaces};
use homing_wire::{DocId, SpaceKind};
use rand_core::Rng;

use super::fill::{fill, first_name};
use super::table::{self, Line, Wrong};
use super::{CUSTOM, Quick, Values};
use crate::api::RecordValue;
use crate::api::{
    ApiError, Code, Done, QuickDuplicates, QuickExport, QuickFault, QuickFaultCode, QuickFill, QuickGap,
    QuickImport, QuickImported, QuickLine, QuickReplies, QuickReply, QuickReplyRemove, QuickReplySet,
    QuickTable, QuickText,
};
use crate::author::Label;
use crate::core::Core;
use crate::env::Env;
use crate::fail::{Fail, invalid, not_found};
use crate::replica::Replica;
use crate::text::{rfc3339, visible};

/// Bytes of a table.
pub const TABLE: usize = 4 * 1024 * 1024;

impl Core {
    pub(crate) fn quick_replies(&mut self, args: QuickReplies) -> Result<Vec<QuickReply>, ApiError> {
        let about = match &args.conversation {
            Some(conversation) => Some(self.properties_of(&self.find_conversation(conversation)?)?),
            None => None,
        };
        let db = self.db()?;
        let words: Vec<String> =
            args.query.unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for one in Quick::all(&db).map_err(ApiError::from)? {
            let says = format!("{}\n{}", one.row.title, one.record.text("body")).to_lowercase();
            let shown = !one.row.deleted
                && (args.inactive || one.active())
                && args.category.as_ref().is_none_or(|category| category == one.category())
                && about.as_ref().is_none_or(|about| one.property().is_none_or(|id| about.contains(&id)))
                && words.iter().all(|word| says.contains(word));
            if shown {
                rows.push(self.quick_row(&one)?);
            }
        }
        Ok(rows)
    }

    fn quick_row(&self, one: &Quick) -> Result<QuickReply, ApiError> {
        let db = self.db()?;
        let space = spaces::get(&db, &one.row.space)?;
        let property = one.property();
        let titled =
            property.and_then(|id| self.find_record(&id.to_string()).ok()).map(|found| found.row.title);
        Ok(QuickReply {
            id: one.row.id.to_string(),
            title: one.row.title.clone(),
            body: one.record.text("body").to_owned(),
            category: one.category().to_owned(),
            active: one.active(),
            property: property.map(|id| id.to_string()),
            property_title: titled,
            uses: one.uses(),
            team: space.is_some_and(|space| space.kind == SpaceKind::Team),
            updated_at: rfc3339(one.row.updated_ms),
            conflict: one.row.conflicts > 0,
            files: one.files(&db)?.iter().map(|row| crate::rows::attachment(row, &self.files_held)).collect(),
        })
    }

    fn quick(&self, id: &str) -> Result<Quick, ApiError> {
        let found = self.find_record(id)?.row;
        let quick = Some(found).filter(|row| row.kind == QUICK_REPLY.number());
        let quick =
            quick.map(|row| Quick::of(&self.db()?, row).map_err(ApiError::from)).transpose()?.flatten();
        quick.ok_or_else(|| not_found("quick reply").into())
    }

    /// The files that go with one.
    pub(crate) fn quick_files(&self, id: &str) -> Result<Vec<AttachmentRow>, ApiError> {
        Ok(self.quick(id)?.files(&self.db()?)?)
    }

    /// The properties a conversation is about.
    fn properties_of(&self, conversation: &DocId) -> Result<Vec<DocId>, ApiError> {
        let links = records::links_of(&self.db()?, &[*conversation])?;
        Ok(links.into_iter().map(|(_, record)| record).collect())
    }

    fn property_named(&self, text: &str) -> Result<Option<DocId>, ApiError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let found = self.find_record(text.trim())?;
        if found.row.class == PROPERTY.number() {
            Ok(Some(found.subject))
        } else {
            Err(not_found("property").into())
        }
    }

    pub(crate) fn quick_reply_set(&mut self, args: QuickReplySet) -> Result<QuickReply, ApiError> {
        let checked =
            |value: Result<String, Wrong>| value.map_err(|wrong| ApiError::from(invalid(wrong.message)));
        let known = args.id.as_deref().map(|id| self.quick(id)).transpose()?;
        let was = known.as_ref();
        let category = match args.category.as_deref() {
            Some(name) => table::checked_category(name),
            None => Ok(was.map_or(CUSTOM, Quick::category).to_owned()),
        };
        let property = match args.property.as_deref() {
            Some(text) => self.property_named(text)?,
            None => was.and_then(Quick::property),
        };
        let words = Words {
            title: checked(table::checked_title(&args.title))?,
            body: checked(table::checked_body(&args.body))?,
            category: Some(checked(category)?),
            active: Some(args.active.unwrap_or_else(|| was.is_none_or(Quick::active))),
            property: Some(property),
        };
        let id = self.write(Durability::Full, |tx, replica, env| match was {
            Some(one) => replica.change_quick(tx, env, one, &words),
            None => replica.begin_quick(tx, env, &words),
        })?;
        let row = records::get(&self.db()?, &id)?.ok_or_else(|| ApiError::from(not_found("quick reply")))?;
        let one = Quick::of(&self.db()?, row).map_err(ApiError::from)?;
        self.quick_row(&one.ok_or_else(|| ApiError::from(not_found("quick reply")))?)
    }

    pub(crate) fn quick_reply_remove(&mut self, args: QuickReplyRemove) -> Result<Done, ApiError> {
        let one = self.quick(&args.id)?;
        self.write(Durability::Full, |tx, replica, env| {
            let preimage = replica.preimage(tx, &one.row.id)?.ok_or_else(|| not_found("quick reply"))?;
            let edit = Edit::DeleteRecord { kind: QUICK_REPLY, on: !args.back };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD).map(drop)
        })?;
        Ok(Done { done: true })
    }

    /// Fills in what can be filled in.
    pub(crate) fn quick_fill(&mut self, args: QuickFill) -> Result<QuickText, ApiError> {
        let one = args.id.as_deref().map(|id| self.quick(id)).transpose()?;
        let conversation = args.conversation.as_deref().map(|id| self.find_conversation(id)).transpose()?;
        let body = match (&one, args.body) {
            (_, Some(body)) => body,
            (Some(one), None) => one.record.text("body").to_owned(),
            (None, None) => return Err(invalid("Name a quick reply, or give its words.").into()),
        };
        let values =
            self.quick_values(conversation.as_ref(), one.as_ref().and_then(Quick::property), args.today)?;
        let (text, gaps) = fill(&body, &values);
        let gaps = gaps.into_iter().map(|gap| QuickGap { name: gap.name, known: gap.known }).collect();
        Ok(QuickText { text, gaps, id: one.map(|one| one.row.id.to_string()) })
    }

    /// What the variables say in a conversation. Names are those that its screen shows.
    fn quick_values(
        &mut self,
        conversation: Option<&DocId>,
        property: Option<DocId>,
        today: Option<String>,
    ) -> Result<Values, ApiError> {
        let mut values = BTreeMap::new();
        let me = visible(&self.replica()?.me.name);
        values.insert("me.first_name", first_name(&me));
        values.insert("me.name", me);
        values
            .insert("today", today.unwrap_or_else(|| rfc3339(self.env.now_ms()).chars().take(10).collect()));
        let team = spaces::list(&self.db()?)?.into_iter().find(|row| row.kind == SpaceKind::Team);
        values.insert("team.name", team.map(|row| visible(&row.name)).unwrap_or_default());
        let mut about = property;
        if let Some(conversation) = conversation {
            let client = self.client_in(conversation)?;
            values.insert("client.first_name", first_name(&client));
            values.insert("client.name", client);
            about = match self.properties_of(conversation)?.as_slice() {
                [only] => about.or(Some(*only)),
                _ => about,
            };
        }
        // One that is not here is a gap.
        let here = |error: ApiError| (error.code == Code::NotFound).then_some(None).ok_or(error);
        let found = match about {
            Some(id) => self.find_record(&id.to_string()).map(Some).or_else(here)?,
            None => None,
        };
        if let Some(found) = found {
            values.insert("property.title", found.row.title.clone());
            let shown = self.record_row(found.row)?;
            let place = shown.as_ref().and_then(|row| row.fields.get("place"));
            if let Some(RecordValue::Text(place)) = place {
                values.insert("property.address", place.clone());
            }
        }
        Ok(values)
    }

    /// Whom one writes with: the client whose space it is, else the only other person.
    fn client_in(&mut self, conversation: &DocId) -> Result<String, ApiError> {
        let row = conversations::get(&self.db()?, conversation)?;
        let row = row.ok_or_else(|| ApiError::from(not_found("conversation")))?;
        let me = self.replica()?.person();
        let members =
            crate::rows::members_of(&self.db()?, [row.space])?.remove(&row.space).unwrap_or_default();
        let mut people = members.iter().filter_map(|one| match one.member {
            homing_wire::Member::Person(person) if person != me => Some(visible(&one.name)),
            _ => None,
        });
        let only = people.next().filter(|_| people.next().is_none());
        match row.space_kind {
            // A client is called as they call themselves, once they are there.
            Some(SpaceKind::Client) => {
                Ok(only.filter(|name| !name.is_empty()).unwrap_or_else(|| visible(&row.space_name)))
            }
            _ => Ok(only.unwrap_or_default()),
        }
    }

    /// Looks at a table, or takes all of it.
    pub(crate) fn quick_import(&mut self, args: QuickImport) -> Result<QuickImported, ApiError> {
        if args.csv.len() > TABLE {
            return Err(ApiError::new(Code::TooLarge, "The table is larger than 4 MiB. Nothing was taken."));
        }
        let lines = match table::read(&args.csv) {
            Ok(lines) => lines,
            Err(faults) => {
                let faults = faults.into_iter().map(|fault| fault_row(fault.line, fault.wrong)).collect();
                return Ok(QuickImported { lines: Vec::new(), faults, taken: 0 });
            }
        };
        let known = self.quick_by_title()?;
        let mut faults = Vec::new();
        let mut all = Vec::with_capacity(lines.len());
        for line in lines {
            let named = line.property.as_deref();
            let property = match named.map(|named| self.property_named(named)).transpose() {
                Ok(property) => property,
                Err(_) => {
                    let about = visible(named.unwrap_or_default());
                    let message = format!("There is no property \"{about}\" here.");
                    let code = QuickFaultCode::PropertyUnknown;
                    faults.push(fault_row(line.number, Wrong { code, about, message }));
                    None
                }
            };
            let same = known.get(&line.title.to_lowercase());
            all.push((line, property, same));
        }
        let mut shown: Vec<QuickLine> = all.iter().map(|(line, _, same)| line_row(line, *same)).collect();
        shown.sort_by_key(|line| (!line.duplicate, line.line));
        // Who only looks has not chosen yet.
        if args.apply && args.duplicates == QuickDuplicates::Replace {
            let replacing = all.iter().filter(|(_, _, same)| same.is_some()).map(|(line, ..)| line);
            faults.extend(
                table::repeated(replacing).into_iter().map(|fault| fault_row(fault.line, fault.wrong)),
            );
        }
        if !args.apply || !faults.is_empty() {
            return Ok(QuickImported { lines: shown, faults, taken: 0 });
        }
        let taken = self.write(Durability::Full, |tx, replica, env| {
            let mut taken = 0;
            for (line, property, same) in &all {
                let words = Words::of(line, *property);
                match (same, args.duplicates) {
                    (Some(_), QuickDuplicates::Skip) => continue,
                    (Some(one), QuickDuplicates::Replace) => replica.change_quick(tx, env, one, &words)?,
                    (None, _) | (Some(_), QuickDuplicates::Both) => replica.begin_quick(tx, env, &words)?,
                };
                taken += 1;
            }
            Ok(taken)
        })?;
        Ok(QuickImported { lines: shown, faults, taken })
    }

    fn quick_by_title(&self) -> Result<BTreeMap<String, Quick>, ApiError> {
        let all = Quick::all(&self.db()?).map_err(ApiError::from)?;
        let there = all.into_iter().filter(|one| !one.row.deleted);
        Ok(there.map(|one| (one.row.title.to_lowercase(), one)).collect())
    }

    /// Writes all of them as a table.
    pub(crate) fn quick_export(&mut self, args: QuickExport) -> Result<QuickTable, ApiError> {
        let mut lines = Vec::new();
        for one in self.quick_replies(QuickReplies { inactive: true, ..QuickReplies::default() })? {
            // By its title if that says which one it is.
            let title = one.property_title.filter(|title| {
                let found = self.property_named(title).ok().flatten();
                found.map(|id| id.to_string()) == one.property
            });
            lines.push(Line {
                number: 0,
                title: one.title,
                body: one.body,
                category: Some(one.category),
                active: Some(one.active),
                property: title.or(one.property),
            });
        }
        let csv =
            table::write(&lines).ok_or_else(|| ApiError::from(Fail::Internal("quick replies as a table")))?;
        if let Some(path) = args.path {
            // Without its mark some spreadsheets take UTF-8 for the system's old encoding.
            std::fs::write(&path, format!("\u{feff}{csv}")).map_err(|error| {
                ApiError::new(Code::FileFailed, format!("The table could not be written: {error}"))
            })?;
        }
        Ok(QuickTable { csv, count: u32::try_from(lines.len()).unwrap_or(u32::MAX) })
    }
}

fn fault_row(line: u64, Wrong { code, about, message }: Wrong) -> QuickFault {
    QuickFault { line: u32::try_from(line).unwrap_or(u32::MAX), code, about, message }
}

fn line_row(line: &Line, same: Option<&Quick>) -> QuickLine {
    QuickLine {
        line: u32::try_from(line.number).unwrap_or(u32::MAX),
        title: line.title.clone(),
        category: line.category.clone().unwrap_or_else(|| same.map_or(CUSTOM, Quick::category).to_owned()),
        duplicate: same.is_some(),
    }
}

/// What a quick reply says; what is `None` stays as it is.
struct Words {
    title: String,
    body: String,
    category: Option<String>,
    active: Option<bool>,
    property: Option<Option<DocId>>,
}

impl Words {
    fn of(line: &Line, property: Option<Option<DocId>>) -> Self {
        Self {
            title: line.title.clone(),
            body: line.body.clone(),
            category: line.category.clone(),
            active: line.active,
            property,
        }
    }

    fn fields(&self) -> Vec<FieldEdit> {
        let property = |id: Option<DocId>| id.map_or(FieldValue::Nothing, FieldValue::Record);
        let said = [
            ("title", Some(FieldValue::Text(self.title.clone()))),
            ("body", Some(FieldValue::Text(self.body.clone()))),
            ("category", self.category.clone().map(FieldValue::Choice)),
            ("active", self.active.map(FieldValue::Flag)),
            ("property", self.property.map(property)),
        ];
        said.into_iter().filter_map(|(key, value)| Some(FieldEdit::new(key, value?))).collect()
    }
}

impl Replica {
    /// Begins one where this person works: in the team's space, or in their own if they have no team.
    fn begin_quick(&mut self, tx: &Tx<'_>, env: &mut Env, words: &Words) -> Result<DocId, Fail> {
        let schema = QUICK_REPLY.schema().ok_or(Fail::Internal("quick reply"))?;
        let space = self.present_team(tx)?.unwrap_or_else(|| self.personal());
        let mut nonce = [0u8; 16];
        env.rng.fill_bytes(&mut nonce);
        let preimage: Preimage = schema.owned(space, self.person(), nonce);
        let usual = [("category", FieldValue::Choice(CUSTOM.to_owned())), ("active", FieldValue::Flag(true))];
        let mut fields = words.fields();
        for (key, value) in usual {
            if !fields.iter().any(|field| field.key == key) {
                fields.push(FieldEdit::new(key, value));
            }
        }
        fields.retain(|field| !field.value.is_nothing());
        self.author(
            tx,
            env.now_ms(),
            &preimage,
            &Edit::CreateRecord { kind: QUICK_REPLY, fields },
            Label::RECORD,
        )?;
        Ok(preimage.doc_id())
    }

    /// What says the same as before is nobody's edit; where values stand beside each other, writing chooses.
    fn change_quick(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        one: &Quick,
        words: &Words,
    ) -> Result<DocId, Fail> {
        let preimage = self.preimage(tx, &one.row.id)?.ok_or_else(|| not_found("quick reply"))?;
        let mut fields = words.fields();
        fields.retain(|edit| {
            let known = one.record.fields.iter().find(|field| field.key == edit.key);
            match known.map(|field| field.values.as_slice()) {
                Some([(_, only)]) => *only != edit.value,
                Some(_) => true,
                None => !edit.value.is_nothing(),
            }
        });
        if !fields.is_empty() {
            let edit = Edit::SetFields { kind: QUICK_REPLY, fields };
            self.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
        }
        Ok(one.row.id)
    }
}

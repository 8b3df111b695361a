//! The demo's properties, who is interested in them, and its quick replies.

use homing_model::record::{FieldValue, INTEREST, Money, PROPERTY, QUICK_REPLY, RecordKind, RecordSchema};
use homing_model::{Edit, FieldEdit};
use homing_store::attachments::{self, FileState};
use homing_store::{Tx, records};
use serde::Deserialize;

use super::demo::Stage;
use super::paint::Photo;
use super::people::nonce;
use crate::author::Label;
use crate::env::Env;
use crate::fail::Fail;
use crate::records::{Whole, record_file_id};
use crate::replica::Replica;

#[derive(Deserialize)]
pub(super) struct Property {
    title: String,
    place: String,
    /// Smallest units, and the currency.
    price: (i64, String),
    status: String,
    description: String,
    internal_notes: String,
    /// Minutes before now.
    ago: u64,
    pub(super) photos: Vec<Photo>,
    interests: Vec<Interest>,
}

/// Of a client the property was shared with.
#[derive(Deserialize)]
struct Interest {
    client: String,
    /// Minutes before now.
    ago: u64,
    level: String,
    status: String,
    notes: String,
    /// How strong the client noted it while the agency noted the other.
    #[serde(default)]
    client_says: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct QuickReply {
    title: String,
    category: String,
    body: String,
    /// The property it is for; all of them, if there is none.
    #[serde(default)]
    property: Option<usize>,
    #[serde(default)]
    uses: i64,
}

impl Stage<'_> {
    /// Properties in the team's space, their copies and interests in the clients', and the team's quick replies.
    pub(super) fn keep_records(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
    ) -> Result<(), Fail> {
        let (content, team, me) = (self.content, self.team, replica.person());
        for (place, property) in content.properties.iter().enumerate() {
            self.at(property.ago);
            let photos = self.photos.get(place).cloned().unwrap_or_default();
            let preimage = schema(PROPERTY)?.owned(team, me, nonce(&mut env.rng));
            let record = preimage.doc_id();
            let mut fields = property.fields();
            if !photos.is_empty() {
                let metas = photos.iter().map(|photo| photo.meta.clone()).collect();
                fields.push(FieldEdit::new("photos", FieldValue::Files(metas)));
            }
            let edit = Edit::CreateRecord { kind: PROPERTY, fields };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
            for photo in &photos {
                let path = photo.folder.as_ref().map(|folder| folder.to_string_lossy());
                let id = record_file_id(&record, &photo.meta.blob);
                attachments::set_state(tx, &id, FileState::Ready, 1.0, path.as_deref())?;
            }
            self.settle(tx, replica, env, &team)?;
            let row = records::get(tx, &record)?.ok_or(Fail::Internal("demo property"))?;
            let whole = Whole::of(tx, row)
                .map_err(|_| Fail::Internal("demo property"))?
                .ok_or(Fail::Internal("demo property"))?;
            for interest in &property.interests {
                let space = *self.clients.get(&interest.client).ok_or(Fail::Internal("demo client"))?;
                replica.publish(tx, env.now_ms(), &whole, &space)?;
                self.settle(tx, replica, env, &space)?;
            }
            self.properties.push(record);
        }
        for reply in &content.quick_replies {
            let preimage = schema(QUICK_REPLY)?.owned(team, me, nonce(&mut env.rng));
            let mut fields = reply.fields();
            if let Some(property) = reply.property.and_then(|place| self.properties.get(place)) {
                fields.push(FieldEdit::new("property", FieldValue::Record(*property)));
            }
            if reply.uses > 0 {
                fields.push(FieldEdit::tally("uses", &me, &[0; 8], reply.uses));
            }
            let edit = Edit::CreateRecord { kind: QUICK_REPLY, fields };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
        }
        self.settle(tx, replica, env, &team)
    }

    /// Who is interested in what, and since when.
    pub(super) fn note_interests(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
    ) -> Result<(), Fail> {
        let content = self.content;
        for (property, record) in content.properties.iter().zip(self.properties.clone()) {
            for interest in &property.interests {
                self.at(interest.ago);
                let space = *self.clients.get(&interest.client).ok_or(Fail::Internal("demo client"))?;
                let preimage = schema(INTEREST)?.derived(space, &record, None);
                let edit = Edit::CreateRecord { kind: INTEREST, fields: interest.fields() };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
                self.settle(tx, replica, env, &space)?;
                if let Some(level) = &interest.client_says {
                    let fields = said(vec![choice("level", level), choice("status", &interest.status)]);
                    let edit = Edit::CreateRecord { kind: INTEREST, fields };
                    self.write_as(tx, replica, env, (&interest.client, &space), &[(preimage, edit)])?;
                }
            }
        }
        Ok(())
    }
}

impl Property {
    fn fields(&self) -> Vec<FieldEdit> {
        let (minor, currency) = &self.price;
        let price = FieldValue::Money(Money { minor: *minor, currency: currency.clone() });
        let mut fields = vec![text("title", &self.title), FieldEdit::new("price", price)];
        fields.push(text("place", &self.place));
        fields.push(choice("status", &self.status));
        fields.push(text("description", &self.description));
        fields.push(text("internal_notes", &self.internal_notes));
        said(fields)
    }
}

impl Interest {
    fn fields(&self) -> Vec<FieldEdit> {
        said(vec![choice("level", &self.level), choice("status", &self.status), text("notes", &self.notes)])
    }
}

impl QuickReply {
    fn fields(&self) -> Vec<FieldEdit> {
        vec![
            text("title", &self.title),
            text("body", &self.body),
            choice("category", &self.category),
            FieldEdit::new("active", FieldValue::Flag(true)),
        ]
    }
}

fn schema(kind: RecordKind) -> Result<&'static RecordSchema, Fail> {
    kind.schema().ok_or(Fail::Internal("demo record"))
}

fn text(key: &str, text: &str) -> FieldEdit {
    FieldEdit::new(key, FieldValue::Text(text.to_owned()))
}

fn choice(key: &str, choice: &str) -> FieldEdit {
    FieldEdit::new(key, FieldValue::Choice(choice.to_owned()))
}

/// Without the texts that say nothing.
fn said(mut fields: Vec<FieldEdit>) -> Vec<FieldEdit> {
    fields.retain(|field| field.value != FieldValue::Text(String::new()));
    fields
}

//! The demo's properties, who is interested in them, and its quick replies.

use homing_model::record::{FieldValue, INTEREST, Money, PROPERTY, QUICK_REPLY, RecordKind, RecordSchema};
use homing_model::{Edit, FieldEdit};
use homing_store::{Tx, records};
use serde::Deserialize;

use super::demo::Stage;
use super::people::nonce;
use crate::author::Label;
use crate::env::Env;
use crate::fail::Fail;
use crate::records::Whole;
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
    interests: Vec<Interest>,
}

/// Of a client the property was shared with.
#[derive(Deserialize)]
struct Interest {
    client: String,
    level: String,
    status: String,
    notes: String,
}

#[derive(Deserialize)]
pub(super) struct QuickReply {
    title: String,
    category: String,
    body: String,
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
        for property in &content.properties {
            let preimage = schema(PROPERTY)?.owned(team, me, nonce(&mut env.rng));
            let record = preimage.doc_id();
            let fields = property.fields();
            let edit = Edit::CreateRecord { kind: PROPERTY, fields };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
            self.settle(tx, replica, env, &team)?;
            let row = records::get(tx, &record)?.ok_or(Fail::Internal("demo property"))?;
            let whole = Whole::of(tx, row)
                .map_err(|_| Fail::Internal("demo property"))?
                .ok_or(Fail::Internal("demo property"))?;
            for interest in &property.interests {
                let space = *self.clients.get(&interest.client).ok_or(Fail::Internal("demo client"))?;
                replica.publish(tx, env.now_ms(), &whole, &space)?;
                let preimage = schema(INTEREST)?.derived(space, &record, None);
                let edit = Edit::CreateRecord { kind: INTEREST, fields: interest.fields() };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
                self.settle(tx, replica, env, &space)?;
            }
            self.properties.push(record);
        }
        for reply in &content.quick_replies {
            let preimage = schema(QUICK_REPLY)?.owned(team, me, nonce(&mut env.rng));
            let edit = Edit::CreateRecord { kind: QUICK_REPLY, fields: reply.fields() };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::RECORD)?;
        }
        self.settle(tx, replica, env, &team)
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

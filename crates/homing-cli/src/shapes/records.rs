//! Properties and interests.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use homing_engine::api::{self, CopyState, RecordValue, State};
use serde::Serialize;
use serde_json::{Value, json};

use super::{called, clock, short, word};

/// A record.
#[derive(Serialize)]
pub struct Record {
    pub id: String,
    pub kind: String,
    pub title: String,
    pub shared: bool,
    pub deleted: bool,
    pub space: String,
    pub space_name: String,
    /// The record it is about.
    pub about: Option<String>,
    pub fields: BTreeMap<String, Value>,
    /// Fields that were edited apart and want a choice.
    pub conflicts: u32,
    pub updated_at: String,
    pub state: State,
}

/// A field's value as plain JSON: texts and choices as text, money as its parts, files by name.
pub fn plain(value: &RecordValue) -> Value {
    match value {
        RecordValue::Text(text) | RecordValue::Date(text) | RecordValue::Choice(text) => json!(text),
        RecordValue::Money(amount) => json!({ "minor": amount.minor, "currency": amount.currency }),
        RecordValue::Time(time) => json!({ "local": time.local, "zone": time.zone }),
        RecordValue::Person(named) => json!({ "id": named.id, "name": called(named.name.clone()) }),
        RecordValue::Record(named) => json!({ "id": named.id, "name": named.name }),
        RecordValue::Files(files) => {
            json!(files.iter().map(|file| json!({ "id": file.id, "name": file.name })).collect::<Vec<_>>())
        }
        RecordValue::Number(number) => json!(number),
        RecordValue::Flag(on) => json!(on),
    }
}

/// The same for people and tables.
pub fn readable(value: &RecordValue) -> String {
    match value {
        RecordValue::Text(text) | RecordValue::Date(text) => text.clone(),
        RecordValue::Choice(name) => name.replace('_', " "),
        RecordValue::Money(amount) => money(amount),
        RecordValue::Time(time) => format!("{} ({})", time.local.replace('T', " "), time.zone),
        RecordValue::Person(named) => called(named.name.clone()),
        RecordValue::Record(named) => named.name.clone(),
        RecordValue::Files(files) => {
            files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
        }
        RecordValue::Number(number) => number.to_string(),
        RecordValue::Flag(on) => if *on { "yes" } else { "no" }.to_owned(),
    }
}

/// How many digits a currency has behind the point (ISO 4217).
pub fn digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn money(amount: &api::Amount) -> String {
    let digits = digits(&amount.currency);
    let places = usize::try_from(digits).unwrap_or(2);
    format!("{:.places$} {}", amount.minor / 10f64.powi(digits.cast_signed()), amount.currency)
}

impl From<api::RecordRow> for Record {
    fn from(row: api::RecordRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            shared: row.shared,
            deleted: row.deleted,
            space: row.space,
            space_name: row.space_name,
            about: row.about.map(|about| about.id),
            fields: row.fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
            conflicts: row.conflicts,
            updated_at: row.updated_at,
            state: row.state,
        }
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {}", short(&self.id), clock(&self.updated_at), self.title)?;
        if self.kind == "interest" {
            write!(f, "  ({})", self.space_name)?;
        }
        for key in ["level", "status", "place"] {
            if let Some(text) = self.fields.get(key).and_then(Value::as_str) {
                write!(f, "  {}", text.replace('_', " "))?;
            }
        }
        for (_, mark) in
            [(self.shared, "shared with you"), (self.deleted, "deleted")].iter().filter(|(set, _)| *set)
        {
            write!(f, "  [{mark}]")?;
        }
        if self.conflicts > 0 {
            write!(f, "  [{} to choose]", self.conflicts)?;
        }
        if !matches!(self.state, State::Sent) {
            write!(f, "  [{}]", word(&self.state))?;
        }
        Ok(())
    }
}

/// A value of a field that has several.
#[derive(Serialize)]
pub struct Version {
    pub value: Option<Value>,
    pub change: String,
    pub by_name: String,
    pub at: String,
    #[serde(skip)]
    text: String,
}

/// A record with everything about it.
#[derive(Serialize)]
pub struct RecordDetail {
    #[serde(flatten)]
    pub record: Record,
    /// Fields that were edited apart, by key: the shown value first.
    pub choices: BTreeMap<String, Vec<Version>>,
    /// Whom it is shared with.
    pub copies: Vec<Copy>,
    pub conversations: Vec<String>,
    #[serde(skip)]
    lines: Vec<(String, String)>,
}

#[derive(Serialize)]
pub struct Copy {
    pub space: String,
    pub name: String,
    pub state: CopyState,
}

impl From<api::RecordDetail> for RecordDetail {
    fn from(detail: api::RecordDetail) -> Self {
        let mut record = Record::from(detail.row);
        let (mut choices, mut lines) = (BTreeMap::new(), Vec::new());
        for field in detail.fields {
            if let Some(value) = field.values.first().and_then(|version| version.value.as_ref()) {
                record.fields.insert(field.key.clone(), plain(value));
                lines.push((field.key.clone(), readable(value)));
            }
            if field.values.len() > 1 {
                let version = |version: api::FieldVersion| Version {
                    value: version.value.as_ref().map(plain),
                    text: version.value.as_ref().map(readable).unwrap_or_default(),
                    change: version.change,
                    by_name: called(version.by_name),
                    at: version.at,
                };
                choices.insert(field.key, field.values.into_iter().map(version).collect());
            }
        }
        let copy = |copy: api::CopyRow| Copy { space: copy.space, name: copy.name, state: copy.state };
        Self {
            record,
            choices,
            copies: detail.copies.into_iter().map(copy).collect(),
            conversations: detail.conversations.into_iter().map(|one| one.id).collect(),
            lines,
        }
    }
}

impl Display for RecordDetail {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.record)?;
        for (key, text) in &self.lines {
            write!(f, "\n          {key}: {text}")?;
            for version in self.choices.get(key).into_iter().flatten() {
                write!(f, "\n            or by {}, {}: ", version.by_name, clock(&version.at))?;
                write!(f, "{} (settle: {})", version.text, version.change)?;
            }
        }
        for copy in &self.copies {
            write!(f, "\n          shared with {}: {}", copy.name, word(&copy.state))?;
        }
        Ok(())
    }
}

/// What clients would see.
#[derive(Serialize)]
pub struct Preview {
    pub title: String,
    pub fields: BTreeMap<String, Value>,
    /// Fields they never see.
    pub hidden: Vec<String>,
    #[serde(skip)]
    lines: Vec<(String, String)>,
}

impl From<api::RecordPreview> for Preview {
    fn from(preview: api::RecordPreview) -> Self {
        Self {
            title: preview.title,
            lines: preview.fields.iter().map(|(key, value)| (key.clone(), readable(value))).collect(),
            fields: preview.fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
            hidden: preview.hidden,
        }
    }
}

impl Display for Preview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        for (key, text) in &self.lines {
            write!(f, "\n  {key}: {text}")?;
        }
        write!(f, "\n  (never seen by clients: {})", self.hidden.join(", "))
    }
}

/// A question that was asked.
#[derive(Serialize)]
pub struct Ask {
    pub id: String,
    pub conversation: String,
    pub state: State,
}

impl From<api::Sent> for Ask {
    fn from(sent: api::Sent) -> Self {
        Self { id: sent.id, conversation: sent.conversation, state: sent.state }
    }
}

impl Display for Ask {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Asked in {} ({})", short(&self.conversation), word(&self.state))
    }
}

/// A table's line. A cell that a spreadsheet would take for a formula is marked as text.
pub struct Csv(pub Vec<String>);

impl Display for Csv {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, cell) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
            if guard.is_empty() && !cell.contains([',', '"', '\n', '\r']) {
                f.write_str(cell)?;
            } else {
                write!(f, "\"{guard}{}\"", cell.replace('"', "\"\""))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_s_cell_is_one_cell_and_no_formula() {
        let line = Csv(vec!["a".into(), "b, \"c\"".into(), "=1+1".into(), String::new()]);
        assert_eq!(line.to_string(), "a,\"b, \"\"c\"\"\",\"'=1+1\",");
    }

    #[test]
    fn money_has_the_digits_of_its_currency() {
        let amount = |minor, currency: &str| money(&api::Amount { minor, currency: currency.into() });
        assert_eq!(amount(42_000_050.0, "EUR"), "420000.50 EUR");
        assert_eq!(amount(5_000_000.0, "JPY"), "5000000 JPY");
        assert_eq!(amount(1_500.0, "KWD"), "1.500 KWD");
    }
}

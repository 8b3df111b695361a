//! What people and scripts give for fields, checked against the schema.

use std::collections::BTreeMap;

use homing_model::FieldEdit;
use homing_model::record::{Field, FieldType, FieldValue, LocalTime, Money, RecordSchema};

use crate::api::{ApiError, RecordValue};
use crate::core::Core;
use crate::fail::invalid;

impl Core {
    /// Fields as edits; files come by another way.
    pub(super) fn field_edits(
        &self,
        schema: &RecordSchema,
        fields: BTreeMap<String, Option<RecordValue>>,
    ) -> Result<Vec<FieldEdit>, ApiError> {
        let mut edits = Vec::with_capacity(fields.len());
        for (key, value) in fields {
            let field = schema.field(&key).ok_or_else(|| {
                invalid(format!("There is no field \"{}\" here.", crate::text::visible(&key)))
            })?;
            let value = self.given_value(field, value)?;
            if value.is_nothing() && field.required {
                return Err(invalid(format!("The field \"{key}\" can't be left empty.")).into());
            }
            if value.encode(field.holds).is_err() {
                return Err(invalid(format!("This does not fit into the field \"{key}\".")).into());
            }
            edits.push(FieldEdit { key, value });
        }
        Ok(edits)
    }

    fn given_value(&self, field: &Field, value: Option<RecordValue>) -> Result<FieldValue, ApiError> {
        let Some(value) = value else { return Ok(FieldValue::Nothing) };
        let other =
            || ApiError::from(invalid(format!("This does not fit into the field \"{}\".", field.key)));
        Ok(match (field.holds, value) {
            (FieldType::Text(_), RecordValue::Text(text)) => {
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if line.is_empty() { FieldValue::Nothing } else { FieldValue::Text(line) }
            }
            (FieldType::LongText(_), RecordValue::Text(text)) => {
                let text = text.replace('\0', "");
                if text.trim().is_empty() { FieldValue::Nothing } else { FieldValue::Text(text) }
            }
            (FieldType::Money, RecordValue::Money(amount)) => {
                let currency = amount.currency.to_ascii_uppercase();
                FieldValue::Money(Money { minor: whole(amount.minor).ok_or_else(other)?, currency })
            }
            (FieldType::Date, RecordValue::Date(day)) => FieldValue::Date(day),
            (FieldType::Time, RecordValue::Time(time)) => {
                FieldValue::Time(LocalTime { local: time.local, zone: time.zone })
            }
            (FieldType::Choice(choices), RecordValue::Choice(name)) => {
                if !choices.contains(&name.as_str()) {
                    let known = choices.join(", ");
                    return Err(invalid(format!("\"{}\" has to be one of: {known}.", field.key)).into());
                }
                FieldValue::Choice(name)
            }
            (FieldType::Person, RecordValue::Person(named)) => {
                FieldValue::Person(self.find_person(&named.id)?)
            }
            (FieldType::Record, RecordValue::Record(named)) => {
                FieldValue::Record(self.find_record(&named.id)?.subject)
            }
            (FieldType::Number, RecordValue::Number(number)) => {
                FieldValue::Number(whole(number).ok_or_else(other)?)
            }
            (FieldType::Flag, RecordValue::Flag(on)) => FieldValue::Flag(on),
            _ => return Err(other()),
        })
    }
}

/// A whole number that a script's numbers hold exactly.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small enough")]
pub(super) fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

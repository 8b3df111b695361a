//! What a field says: one whole canonical CBOR value.

use homing_wire::codec;
use homing_wire::{DocId, PersonId};
use minicbor::{CborLen, Decode, Encode};

use super::{FieldType, PublishedCopy};
use crate::{AttachmentMeta, ModelError, limits};

/// The value of a field.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum FieldValue {
    /// It was emptied.
    #[n(0)]
    Nothing,
    /// Text, long or short.
    #[n(1)]
    Text(#[n(0)] String),
    /// An amount.
    #[n(2)]
    Money(#[n(0)] Money),
    /// A day, `YYYY-MM-DD`.
    #[n(3)]
    Date(#[n(0)] String),
    /// A local time with its zone.
    #[n(4)]
    Time(#[n(0)] LocalTime),
    /// One of the field's choices, or of a later version's.
    #[n(5)]
    Choice(#[n(0)] String),
    /// A person.
    #[n(6)]
    Person(#[n(0)] PersonId),
    /// Another record.
    #[n(7)]
    Record(#[n(0)] DocId),
    /// Files.
    #[n(8)]
    Files(#[n(0)] Vec<AttachmentMeta>),
    /// A whole number.
    #[n(9)]
    Number(#[n(0)] i64),
    /// Yes or no.
    #[n(10)]
    Flag(#[n(0)] bool),
    /// A copy of a record.
    #[n(11)]
    Copy(#[n(0)] Box<PublishedCopy>),
}

/// An amount in a currency.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Money {
    /// In the currency's smallest units.
    #[n(0)]
    pub minor: i64,
    /// Its ISO 4217 code.
    #[n(1)]
    pub currency: String,
}

/// A time as a clock on the wall shows it, and where that wall is: it stays what was agreed when a zone's rules change.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct LocalTime {
    /// `YYYY-MM-DDTHH:MM`.
    #[n(0)]
    pub local: String,
    /// Its IANA zone.
    #[n(1)]
    pub zone: String,
}

impl FieldValue {
    /// The canonical form, if it may stand in such a field.
    pub fn encode(&self, holds: FieldType) -> Result<Vec<u8>, ModelError> {
        self.check(holds)?;
        let bytes = codec::encode(self);
        if bytes.len() > limits::FIELD { Err(ModelError::Limit("field")) } else { Ok(bytes) }
    }

    /// Reads and checks the canonical form.
    pub fn decode(holds: FieldType, bytes: &[u8]) -> Result<Self, ModelError> {
        let value = Self::read(bytes)?;
        value.check(holds)?;
        Ok(value)
    }

    /// Reads what the rules have let through already.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        codec::decode("field", bytes, limits::FIELD).map_err(|error| match error {
            homing_wire::CodecError::TooLong { .. } => ModelError::Limit("field"),
            _ => ModelError::Malformed("field"),
        })
    }

    /// Whether it says anything.
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    pub(super) fn check(&self, holds: FieldType) -> Result<(), ModelError> {
        let fits = match (self, holds) {
            (Self::Nothing, _) => !matches!(holds, FieldType::Tally | FieldType::Copy),
            // What is empty is written as nothing: one spelling only.
            (Self::Text(text), FieldType::Text(limit)) => {
                !text.trim().is_empty() && text.len() <= limit && !text.contains(char::is_control)
            }
            (Self::Text(text), FieldType::LongText(limit)) => {
                !text.trim().is_empty() && text.len() <= limit && !text.contains('\0')
            }
            (Self::Money(money), FieldType::Money) => {
                money.currency.len() == 3 && money.currency.bytes().all(|byte| byte.is_ascii_uppercase())
            }
            (Self::Date(date), FieldType::Date) => is_date(date),
            (Self::Time(time), FieldType::Time) => is_time(&time.local) && is_zone(&time.zone),
            (Self::Choice(name), FieldType::Choice(_)) => is_choice(name),
            (Self::Person(_), FieldType::Person)
            | (Self::Record(_), FieldType::Record)
            | (Self::Number(_), FieldType::Number)
            | (Self::Flag(_), FieldType::Flag) => true,
            (Self::Number(number), FieldType::Tally) => *number >= 0,
            (Self::Files(files), FieldType::Files(limit)) => {
                (1..=limit).contains(&files.len())
                    && files.iter().all(|file| file.validate().is_ok())
                    && files
                        .iter()
                        .enumerate()
                        .all(|(index, file)| files.iter().take(index).all(|before| before.blob != file.blob))
            }
            (Self::Copy(copy), FieldType::Copy) => copy.is_well_formed(),
            _ => false,
        };
        if fits { Ok(()) } else { Err(ModelError::Invalid("field")) }
    }
}

/// A short word: which ones there are may grow with a later version, without older ones refusing them.
fn is_choice(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (digits(year), digits(month), digits(day)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_once('T') else { return false };
    let Some((hour, minute)) = clock.split_once(':') else { return false };
    let in_day = (hour.len(), minute.len()) == (2, 2)
        && digits(hour).is_some_and(|hour| hour < 24)
        && digits(minute).is_some_and(|minute| minute < 60);
    in_day && is_date(date)
}

/// The form of a zone's name; which there are changes by the year.
fn is_zone(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_times_and_zones_have_one_form() {
        for good in ["2026-02-28", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-01", "2026-01-01x", "+026-01-01"]
        {
            assert!(!is_date(bad), "{bad}");
        }
        assert!(is_time("2026-11-24T15:00") && is_time("2026-11-24T00:59"));
        for bad in ["2026-11-24T24:00", "2026-11-24 15:00", "2026-11-24T1:00", "2026-11-24T15:60", "T15:00"] {
            assert!(!is_time(bad), "{bad}");
        }
        assert!(is_zone("Europe/Warsaw") && is_zone("Etc/GMT+3"));
        assert!(!is_zone("") && !is_zone("Europe Warsaw"));
    }

    #[test]
    fn a_value_fits_its_field_or_none() {
        let text = |text: &str| FieldValue::Text(text.into());
        assert!(text("Villa Rosa").check(FieldType::Text(20)).is_ok());
        assert!(text("Villa Rosa").check(FieldType::Text(9)).is_err());
        assert!(text("two\nlines").check(FieldType::Text(20)).is_err());
        assert!(text("two\nlines").check(FieldType::LongText(20)).is_ok());
        assert!(text(" ").check(FieldType::LongText(20)).is_err());
        assert!(text("Villa Rosa").check(FieldType::Money).is_err());
        assert!(FieldValue::Nothing.check(FieldType::Money).is_ok());
        assert!(FieldValue::Nothing.check(FieldType::Copy).is_err());
        let euros =
            |currency: &str| FieldValue::Money(Money { minor: 42_000_000, currency: currency.into() });
        assert!(euros("EUR").check(FieldType::Money).is_ok());
        assert!(euros("eur").check(FieldType::Money).is_err());
        assert!(FieldValue::Choice("of_a_later_version".into()).check(FieldType::Choice(&["a"])).is_ok());
        assert!(FieldValue::Choice("No!".into()).check(FieldType::Choice(&["a"])).is_err());
        assert!(FieldValue::Number(-1).check(FieldType::Tally).is_err());
        assert!(FieldValue::Number(-1).check(FieldType::Number).is_ok());
    }
}

//! Finding what a person meant: an id, a unique prefix of at least six characters, or an exact name.

use homing_store::{conversations, merging, messages, people};
use homing_wire::{DocId, PersonId};

use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::fail::not_found;

const PREFIX: usize = 6;

/// Ids that begin with these hexadecimal characters, as a range.
pub(crate) fn id_range(prefix: &str) -> Option<([u8; 16], [u8; 16])> {
    let digits: String = prefix.chars().filter(|c| *c != '-').collect();
    if digits.len() < PREFIX || digits.len() > 32 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let low = u128::from_str_radix(&format!("{digits:0<32}"), 16).ok()?;
    let high = u128::from_str_radix(&format!("{digits:f<32}"), 16).ok()?;
    Some((low.to_be_bytes(), high.to_be_bytes()))
}

pub(super) fn ambiguous(what: &str) -> ApiError {
    ApiError::new(Code::AmbiguousName, format!("More than one {what} is meant by this. Use its id."))
}

impl Core {
    /// A conversation by id, prefix or exact title: the one in which its messages are shown.
    pub(crate) fn find_conversation(&self, text: &str) -> Result<DocId, ApiError> {
        let id = self.find_written(text)?;
        Ok(merging::shown_in(&self.db()?, &id)?.unwrap_or(id))
    }

    /// The same by itself, wherever it goes on.
    pub(crate) fn find_written(&self, text: &str) -> Result<DocId, ApiError> {
        let db = self.db()?;
        if let Ok(id) = text.parse::<DocId>() {
            return match conversations::get(&db, &id)? {
                Some(row) if row.deleted => Err(ApiError::new(
                    Code::NotFound,
                    "This conversation was deleted for everyone who was in it.",
                )),
                Some(_) => Ok(id),
                None => Err(not_found("conversation").into()),
            };
        }
        if let Some((low, high)) = id_range(text) {
            match conversations::ids_between(&db, &low, &high, 2)?.as_slice() {
                [one] => return Ok(*one),
                [_, _, ..] => return Err(ambiguous("conversation")),
                [] => {}
            }
        }
        match conversations::by_subject(&db, text, 2)?.as_slice() {
            [one] => return Ok(*one),
            [_, _, ..] => return Err(ambiguous("conversation")),
            [] => {}
        }
        // Titles without a subject are made of names; there are few conversations with one person.
        let all = conversations::list(&db, conversations::Filter::All, None, 5_000)?;
        let ids: Vec<DocId> = all.iter().map(|row| row.id).collect();
        let titles = self.titles(&ids)?;
        let mut found = ids.iter().filter(|id| titles.get(id).is_some_and(|title| title == text));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(*one),
            (Some(_), Some(_)) => Err(ambiguous("conversation")),
            _ => Err(not_found("conversation").into()),
        }
    }

    /// A message by id or prefix.
    pub(crate) fn find_message(&self, text: &str) -> Result<DocId, ApiError> {
        let db = self.db()?;
        if let Ok(id) = text.parse::<DocId>() {
            return match messages::order_of(&db, &id)? {
                Some(_) => Ok(id),
                None => Err(not_found("message").into()),
            };
        }
        let Some((low, high)) = id_range(text) else { return Err(not_found("message").into()) };
        match messages::ids_between(&db, &low, &high, 2)?.as_slice() {
            [one] => Ok(*one),
            [] => Err(not_found("message").into()),
            _ => Err(ambiguous("message")),
        }
    }

    /// A person by id, prefix or exact name.
    pub(crate) fn find_person(&self, text: &str) -> Result<PersonId, ApiError> {
        let all = people::list(&self.db()?)?;
        if let Ok(id) = text.parse::<PersonId>() {
            return match all.iter().any(|row| row.person == id) {
                true => Ok(id),
                false => Err(not_found("person").into()),
            };
        }
        let by_prefix =
            |row: &&people::PersonRow| text.len() >= PREFIX && row.person.to_string().starts_with(text);
        let by_name = |row: &&people::PersonRow| row.shown() == text;
        let mut found: Vec<PersonId> = all.iter().filter(by_name).map(|row| row.person).collect();
        if found.is_empty() {
            found = all.iter().filter(by_prefix).map(|row| row.person).collect();
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(not_found("person").into()),
            _ => Err(ambiguous("person")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::id_range;

    #[test]
    fn a_prefix_is_a_range_of_ids() {
        let (low, high) = id_range("a1b2c3").unwrap();
        assert_eq!((low[0], low[3], high[3]), (0xa1, 0x00, 0xff));
        assert!(id_range("a1b2c").is_none());
        assert!(id_range("not hex at all").is_none());
    }
}

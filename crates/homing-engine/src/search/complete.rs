//! How the last word of a query can go on: keys, then what stands behind them.

use std::collections::BTreeSet;

use homing_store::search;

use super::records::LOOKED_AT;
use super::words::{HAS, IS};
use crate::api::{ApiError, Completion, SearchComplete, SearchKey};
use crate::core::Core;
use crate::text::visible;

/// Completions offered at once.
const OFFERED: usize = 8;
const DAYS: [&str; 5] = ["today", "yesterday", "1w", "1m", "1y"];

impl Core {
    pub(crate) fn search_complete(&mut self, args: SearchComplete) -> Result<Vec<Completion>, ApiError> {
        let query = args.query.as_str();
        let start = last_word(query);
        let (before, word) = query.split_at(start);
        let Some((name, value)) = word.split_once(':') else {
            let keys = SearchKey::ALL
                .iter()
                .filter(|(_, key)| !word.is_empty() && key.starts_with(&word.to_ascii_lowercase()));
            return Ok(keys
                .map(|(_, key)| Completion {
                    query: format!("{before}{key}:"),
                    text: format!("{key}:"),
                    key: None,
                })
                .collect());
        };
        let Some((key, name)) = SearchKey::ALL.iter().find(|(_, key)| key.eq_ignore_ascii_case(name)) else {
            return Ok(Vec::new());
        };
        let typed = value.trim_start_matches('"');
        // A name in quotes that are closed is complete.
        if value.len() > 1 && value.starts_with('"') && value.ends_with('"') {
            return Ok(Vec::new());
        }
        let values = self.values(*key, typed)?;
        Ok(values
            .into_iter()
            .map(|value| {
                let text = if value.contains(char::is_whitespace) {
                    format!("{name}:\"{value}\"")
                } else {
                    format!("{name}:{value}")
                };
                Completion { query: format!("{before}{text} "), text, key: Some(*key) }
            })
            .collect())
    }

    fn values(&mut self, key: SearchKey, typed: &str) -> Result<Vec<String>, ApiError> {
        let begins = |all: &[&str]| {
            let typed = typed.to_ascii_lowercase();
            all.iter().filter(|word| word.starts_with(&typed)).map(|word| (*word).to_owned()).collect()
        };
        let said = search::said(typed);
        let fits =
            |name: &str| !name.is_empty() && !name.contains('"') && (typed.is_empty() || said.name(name));
        match key {
            SearchKey::Has => Ok(begins(&HAS)),
            SearchKey::Is => Ok(begins(&IS)),
            SearchKey::Before | SearchKey::After | SearchKey::On => Ok(begins(&DAYS)),
            SearchKey::From => {
                let mut names: Vec<String> = begins(&["me"]);
                let me = self.replica()?.person();
                let mut known = BTreeSet::new();
                for row in self.known_people()? {
                    let name = visible(row.shown());
                    if row.person != me && fits(&name) && known.insert(name.clone()) && names.len() < OFFERED
                    {
                        names.push(name);
                    }
                }
                Ok(names)
            }
            SearchKey::Record => {
                let mut known = BTreeSet::new();
                let titles = self.properties("", LOOKED_AT)?.into_iter().map(|row| visible(&row.title));
                Ok(titles.filter(|title| fits(title) && known.insert(title.clone())).take(OFFERED).collect())
            }
            SearchKey::In | SearchKey::Client => {
                self.title_all()?;
                let of_client = key == SearchKey::Client;
                let mut talks: Vec<(u64, &str)> = self
                    .titles
                    .all()
                    .filter(|talk| talk.listed)
                    .map(|talk| {
                        (talk.last_at_ms, if of_client { talk.client.as_str() } else { talk.title.as_str() })
                    })
                    .filter(|(_, name)| !name.is_empty() && fits(name))
                    .collect();
                talks.sort_unstable_by(|a, b| b.cmp(a));
                let mut known = BTreeSet::new();
                talks.retain(|(_, name)| known.insert(*name));
                Ok(talks.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect())
            }
        }
    }
}

/// Where the last word begins; quotes hold words together.
fn last_word(query: &str) -> usize {
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in query.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_the_last_word_together() {
        assert_eq!(last_word("a from:be"), 2);
        assert_eq!(last_word("a from:\"ben ok"), 2);
        assert_eq!(last_word("from:ben "), 9);
        assert_eq!(last_word(""), 0);
    }
}

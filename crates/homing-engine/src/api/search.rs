//! Searching: what is asked, what is found, and what a query's words were taken for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

wire_types! {
/// `best`: of the newest 500 hits, those that fit best first.
#[derive(Copy, Eq, Default)]
pub enum SearchOrder { #[default] Newest, Best }

/// `query` may hold filters: `from:ben has:file before:2026-11-01`. `before` is the `next` of the page before.
#[derive(Default)]
pub struct Search {
    pub query: String,
    #[serde(default)] pub conversation: Option<String>,
    #[serde(default)] pub order: SearchOrder,
    #[serde(default)] pub before: Option<String>,
    pub limit: u32,
}

/// What a word of a query narrows it by.
#[derive(Copy, Eq)]
pub enum SearchKey { From, In, Client, Record, Has, Is, Before, After, On }

/// A filter of a query.
pub struct SearchChip {
    pub key: SearchKey,
    /// As it stands in the query: taking it out of there takes the filter away.
    pub text: String,
    /// What it was taken for: a name, a day.
    pub label: String,
    /// Nothing of that name is known, or it is no day.
    pub unknown: bool,
}

pub struct SnippetPart { pub text: String, pub hit: bool }

pub struct SearchHit {
    pub conversation: String,
    pub title: String,
    pub message: String,
    pub author_name: String,
    pub at: String,
    pub snippet: Vec<SnippetPart>,
    /// The file whose name fits, if it was found by that.
    pub file: Option<Vec<SnippetPart>>,
    /// Its conversation is archived.
    pub archived: bool,
}

/// A conversation whose name fits, or that fits by who is in it: `people` are those by whose names it was found.
pub struct FoundConversation { pub id: String, pub title: Vec<SnippetPart>, pub people: Vec<String>, pub last_at: String, pub archived: bool }

/// A person whose name fits.
pub struct FoundPerson { pub id: String, pub name: Vec<SnippetPart> }

/// A property whose title, place or other words fit.
pub struct FoundRecord { pub id: String, pub title: Vec<SnippetPart> }

/// `conversations`, `people` and `records` come with the first page of a search everywhere.
pub struct SearchPage {
    pub hits: Vec<SearchHit>,
    pub next: Option<String>,
    pub chips: Vec<SearchChip>,
    pub conversations: Vec<FoundConversation>,
    pub people: Vec<FoundPerson>,
    pub records: Vec<FoundRecord>,
}

/// How the last word of a query can go on.
pub struct SearchComplete { pub query: String }

pub struct Completion {
    /// The whole query then.
    pub query: String,
    /// What is added or replaced, as it will stand there.
    pub text: String,
    /// The key it is of; absent if a key itself is completed.
    pub key: Option<SearchKey>,
}

/// Queries used last, newest first. They stay on this device. `keep` adds one, `forget` removes one, `clear` all.
#[derive(Default)]
pub struct RecentSearches {
    #[serde(default)] pub keep: Option<String>,
    #[serde(default)] pub forget: Option<String>,
    #[serde(default)] pub clear: bool,
}
}

impl SearchKey {
    /// All keys with the word they are typed as.
    pub const ALL: &[(Self, &str)] = &[
        (Self::From, "from"),
        (Self::In, "in"),
        (Self::Client, "client"),
        (Self::Record, "record"),
        (Self::Has, "has"),
        (Self::Is, "is"),
        (Self::Before, "before"),
        (Self::After, "after"),
        (Self::On, "on"),
    ];

    /// The word it is typed as.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(key, _)| *key == self).map_or("", |(_, word)| word)
    }
}

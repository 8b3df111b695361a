//! Search over the whole local history: messages, names of files, conversations and people.

mod complete;
mod pick;
mod recent;
mod records;
mod titles;
mod words;

use homing_store::people;
use homing_store::search::{self, Cursor, FileKind, Order, Part, Query};
use homing_wire::{DocId, PersonId};

use titles::Titled;
pub(crate) use titles::Titles;

use crate::api::{
    ApiError, FoundConversation, FoundPerson, Search, SearchChip, SearchHit, SearchKey, SearchOrder,
    SearchPage, SnippetPart,
};
use crate::core::Core;
use crate::fail::invalid;
use crate::text::{rfc3339, visible};
use words::{Filter, here, parse, span};

const PAGE: u32 = 100;
/// Conversations and people shown above the hits.
const NAMES: usize = 5;
/// Conversations one filter can stand for; a word that fits more is too short to narrow anything.
const MEANT: usize = 500;

impl Core {
    pub(crate) fn search(&mut self, args: Search) -> Result<SearchPage, ApiError> {
        let parsed = parse(&args.query);
        let after = args
            .before
            .as_deref()
            .map(|text| {
                text.parse::<Cursor>()
                    .map_err(|_| ApiError::from(invalid("This is not a place in the results.")))
            })
            .transpose()?;
        let mut query = Query {
            text: parsed.text.clone(),
            order: match args.order {
                SearchOrder::Newest => Order::Newest,
                SearchOrder::Best => Order::Best,
            },
            without: self.blocked()?,
            after,
            limit: args.limit.clamp(1, PAGE),
            ..Query::default()
        };
        if let Some(conversation) = args.conversation.as_deref() {
            query.conversations = Some(vec![self.find_conversation(conversation)?]);
        }
        let mut chips = Vec::with_capacity(parsed.filters.len());
        for filter in &parsed.filters {
            let label = self.narrow(&mut query, filter)?;
            let unknown = label.is_none();
            let label = label.unwrap_or_else(|| visible(&filter.value));
            chips.push(SearchChip { key: filter.key, text: filter.text.clone(), label, unknown });
        }
        let unknown = chips.iter().any(|chip| chip.unknown);
        let (hits, next) = match unknown {
            true => (Vec::new(), None),
            false => search::find(&self.db()?, &query)?,
        };
        self.title_hits(&hits)?;
        let hits = hits.into_iter().filter_map(|hit| self.hit(hit)).collect();
        let names = args.conversation.is_none() && after.is_none() && parsed.filters.is_empty();
        let (conversations, people) = match names {
            true => self.names_like(&parsed.text)?,
            false => (Vec::new(), Vec::new()),
        };
        let records = if names { self.records_like(&parsed.text)? } else { Vec::new() };
        let next = next.map(|cursor| cursor.to_string());
        Ok(SearchPage { hits, next, chips, conversations, people, records })
    }

    /// Whose messages are not shown.
    fn blocked(&mut self) -> Result<Vec<PersonId>, ApiError> {
        Ok(self.known_people()?.iter().filter(|row| row.blocked).map(|row| row.person).collect())
    }

    /// None: it stands in a conversation that is not shown any more.
    fn hit(&self, hit: search::Hit) -> Option<SearchHit> {
        let talk = self.titles.talk(hit.talk).filter(|talk| talk.listed)?;
        Some(SearchHit {
            conversation: talk.id.to_string(),
            title: talk.title.clone(),
            message: hit.message.to_string(),
            author_name: self.titles.author(hit.author, hit.space).to_owned(),
            at: rfc3339(hit.at_ms),
            snippet: parts(hit.snippet),
            file: hit.file.map(parts),
            archived: talk.archived,
        })
    }

    /// Narrows a query by a filter; answers what that was taken for, or nothing if nobody can know.
    fn narrow(&mut self, query: &mut Query, filter: &Filter) -> Result<Option<String>, ApiError> {
        let value = filter.value.as_str();
        match filter.key {
            SearchKey::From => {
                let people = self.meant_people(value)?;
                let label = joined(people.iter().map(|(_, name)| name.as_str()));
                both(&mut query.people, people.into_iter().map(|(person, _)| person).collect());
                Ok(label)
            }
            SearchKey::In | SearchKey::Client => {
                let talks = self.meant_talks(filter.key, value)?;
                let label = joined(talks.iter().map(|(_, title)| title.as_str()));
                both(&mut query.conversations, talks.into_iter().map(|(id, _)| id).collect());
                Ok(label)
            }
            SearchKey::Record => {
                let records = self.meant_records(value)?;
                let label = joined(records.iter().map(|(_, title)| title.as_str()));
                both(&mut query.conversations, self.talks_about(&records)?);
                Ok(label)
            }
            SearchKey::Has => {
                let kind = match value.to_ascii_lowercase().as_str() {
                    "file" | "files" | "attachment" => None,
                    "image" | "picture" | "photo" => Some(FileKind::Image),
                    "video" => Some(FileKind::Video),
                    "audio" | "voice" => Some(FileKind::Audio),
                    "document" => Some(FileKind::Document),
                    "link" => {
                        query.with_link = true;
                        return Ok(Some(value.to_ascii_lowercase()));
                    }
                    _ => return Ok(None),
                };
                query.with_file = true;
                query.file_kind = kind.or(query.file_kind);
                Ok(Some(value.to_ascii_lowercase()))
            }
            SearchKey::Is => {
                match value.to_ascii_lowercase().as_str() {
                    "unread" => query.unread = true,
                    "mine" => both(&mut query.people, vec![self.replica()?.person()]),
                    _ => return Ok(None),
                }
                Ok(Some(value.to_ascii_lowercase()))
            }
            SearchKey::Before | SearchKey::After | SearchKey::On => {
                let now = here(self.env.now_ms());
                let Some((first, behind)) = span(value, &now) else { return Ok(None) };
                if filter.key != SearchKey::After {
                    let until = if filter.key == SearchKey::On { behind } else { first };
                    query.until_ms = Some(query.until_ms.map_or(until, |held| held.min(until)));
                }
                if filter.key != SearchKey::Before {
                    query.since_ms = Some(query.since_ms.map_or(first, |held| held.max(first)));
                }
                let day = i64::try_from(first).ok().and_then(chrono::DateTime::from_timestamp_millis);
                Ok(day.map(|day| day.with_timezone(&now.timezone()).format("%Y-%m-%d").to_string()))
            }
        }
    }

    /// People meant by a name, a beginning of it, an id, or `me`.
    fn meant_people(&mut self, value: &str) -> Result<Vec<(PersonId, String)>, ApiError> {
        let me = self.replica()?.person();
        if value.eq_ignore_ascii_case("me") {
            return Ok(vec![(me, self.replica()?.me.name.clone())]);
        }
        let said = search::said(value);
        let meant = |row: &people::PersonRow| {
            row.person.to_string() == value || (!said.is_empty() && said.name(row.shown()))
        };
        let rows = self.known_people()?.iter();
        Ok(rows.filter(|row| meant(row)).map(|row| (row.person, visible(row.shown()))).collect())
    }

    /// Conversations meant by a name, a beginning of it, an id, or the client they are with.
    fn meant_talks(&mut self, key: SearchKey, value: &str) -> Result<Vec<(DocId, String)>, ApiError> {
        self.title_all()?;
        let said = search::said(value);
        let meant = |name: &str, id: &DocId| {
            (!said.is_empty() && !name.is_empty() && said.name(name)) || id.to_string() == value
        };
        let of_client = key == SearchKey::Client;
        let mut talks: Vec<_> = self
            .titles
            .all()
            .filter(|talk| talk.listed && meant(if of_client { &talk.client } else { &talk.title }, &talk.id))
            .map(|talk| (talk.last_at_ms, talk.id, if of_client { &talk.client } else { &talk.title }))
            .collect();
        talks.sort_unstable_by(|a, b| b.cmp(a));
        talks.truncate(MEANT);
        Ok(talks.into_iter().map(|(_, id, title)| (id, title.clone())).collect())
    }

    /// Conversations and people whose names fit, the last active first; behind them conversations with people whose names do.
    fn names_like(&mut self, text: &str) -> Result<(Vec<FoundConversation>, Vec<FoundPerson>), ApiError> {
        let said = search::said(text);
        if said.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        self.title_all()?;
        let found = |talk: &Titled, people: Vec<String>| FoundConversation {
            id: talk.id.to_string(),
            title: parts(said.marked(&talk.title)),
            people,
            last_at: rfc3339(talk.last_at_ms),
            archived: talk.archived,
        };
        let mut conversations: Vec<_> =
            self.titles.like(&said).take(NAMES).map(|talk| found(talk, Vec::new())).collect();
        let left = NAMES - conversations.len();
        let with = self.titles.with(&said).filter(|talk| !said.name(&talk.title)).take(left);
        conversations.extend(with.map(|talk| found(talk, talk.meant(&said))));
        let me = self.replica()?.person();
        let people = self
            .known_people()?
            .iter()
            .filter(|row| row.person != me && said.name(row.shown()))
            .take(NAMES)
            .map(|row| FoundPerson {
                id: row.person.to_string(),
                name: parts(said.marked(&visible(row.shown()))),
            });
        Ok((conversations, people.collect()))
    }
}

/// What a filter stands for, if anything: up to three names.
fn joined<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len() > 3;
    names.truncate(3);
    let said = names.join(", ");
    (!names.is_empty()).then(|| if more { format!("{said}…") } else { said })
}

/// What two filters of one key leave.
fn both<T: PartialEq>(held: &mut Option<Vec<T>>, wanted: Vec<T>) {
    *held = Some(match held.take() {
        Some(held) => held.into_iter().filter(|one| wanted.contains(one)).collect(),
        None => wanted,
    });
}

fn parts(parts: Vec<Part>) -> Vec<SnippetPart> {
    parts.into_iter().map(|part| SnippetPart { text: part.text, hit: part.hit }).collect()
}

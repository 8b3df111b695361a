//! Search over the whole local history.

use homing_store::search::{self, Cursor, Hit, Query};

use crate::api::{ApiError, Search, SearchHit, SearchPage, SnippetPart};
use crate::core::Core;
use crate::fail::invalid;
use crate::rows::{members_of, shown_name, title_of};
use crate::text::rfc3339;

const PAGE: u32 = 100;

impl Core {
    pub(crate) fn search(&mut self, args: Search) -> Result<SearchPage, ApiError> {
        let conversation =
            args.conversation.as_deref().map(|text| self.find_conversation(text)).transpose()?;
        let before = args
            .before
            .map(|text| {
                text.parse::<Cursor>()
                    .map_err(|_| ApiError::from(invalid("This is not a place in the results.")))
            })
            .transpose()?;
        let limit = args.limit.clamp(1, PAGE);
        let query = Query { text: args.query, conversation, person: None, with_file: false, before, limit };
        let (hits, next) = search::find(&self.db()?, &query)?;
        let nameless = hits.iter().filter(|hit| hit.client.is_empty()).filter_map(|hit| hit.space);
        let members = members_of(&self.db()?, nameless)?;
        let me = self.replica()?.person();
        let title = |hit: &Hit| {
            let members = hit.space.and_then(|space| members.get(&space)).map_or(&[][..], Vec::as_slice);
            title_of(&me, &hit.subject, &hit.client, members)
        };
        let hits = hits
            .into_iter()
            .map(|hit| SearchHit {
                conversation: hit.conversation.to_string(),
                title: title(&hit),
                message: hit.message.to_string(),
                author_name: shown_name(&hit.author_name),
                at: rfc3339(hit.at_ms),
                snippet: hit
                    .snippet
                    .into_iter()
                    .map(|part| SnippetPart { text: part.text, hit: part.hit })
                    .collect(),
            })
            .collect();
        Ok(SearchPage { hits, next: next.map(|cursor| cursor.to_string()) })
    }
}

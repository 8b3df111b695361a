//! Searching with the filters that the window has as words.

use homing_engine::api::{self, ApiError, Call, Code, Search, SearchPage};

use super::Run;
use crate::args::{self, SearchOrder};
use crate::shapes;

/// Hits asked for at once.
const PAGE: u32 = 100;

impl Run<'_> {
    pub async fn search(&self, search: args::Search) -> Result<(), ApiError> {
        let query = query(&search);
        let order = match search.order {
            SearchOrder::Newest => api::SearchOrder::Newest,
            SearchOrder::Best => api::SearchOrder::Best,
        };
        let mut left = search.limit;
        let mut before = None;
        while left > 0 {
            let args = Search {
                query: query.clone(),
                conversation: search.r#in.clone(),
                order,
                before,
                limit: left.min(PAGE),
            };
            let page: SearchPage = self.call(Call::Search(args)).await?;
            if let Some(chip) = page.chips.iter().find(|chip| chip.unknown) {
                let message = format!("Nobody and nothing is known as {:?}.", chip.text);
                return Err(ApiError::new(Code::NotFound, message));
            }
            left = left.saturating_sub(u32::try_from(page.hits.len()).unwrap_or(u32::MAX));
            for hit in page.hits {
                self.out.print(&shapes::Hit::from(hit));
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// The query with its flags as words.
fn query(search: &args::Search) -> String {
    let mut query = String::new();
    let mut add = |key: &str, value: &str| {
        query.push_str(&format!("{key}:\"{}\" ", value.replace('"', " ")));
    };
    let values = [
        ("from", &search.from),
        ("client", &search.client),
        ("record", &search.record),
        ("before", &search.before),
        ("after", &search.after),
        ("on", &search.on),
    ];
    values.iter().for_each(|(key, value)| value.iter().for_each(|value| add(key, value)));
    search.has.iter().for_each(|value| add("has", value));
    if search.unread {
        add("is", "unread");
    }
    if search.mine {
        add("is", "mine");
    }
    query.push_str(&search.query);
    query
}

//! Queries used last: on this device only, in its encrypted file.

use homing_store::{Durability, meta};

use crate::api::{ApiError, RecentSearches};
use crate::core::Core;

const RECENT: &str = "search/recent";
const KEPT: usize = 10;
const LONGEST: usize = 200;

impl Core {
    pub(crate) fn recent_searches(&mut self, args: RecentSearches) -> Result<Vec<String>, ApiError> {
        let held = meta::get(&self.db()?, RECENT)?;
        let before: Vec<String> =
            held.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let mut recent = before.clone();
        if args.clear {
            recent.clear();
        }
        if let Some(gone) = &args.forget {
            recent.retain(|query| query != gone);
        }
        if let Some(kept) = args.keep.map(|query| query.trim().to_owned())
            && !kept.is_empty()
            && kept.chars().count() <= LONGEST
        {
            // What was typed on the way to it is no search of its own.
            recent.retain(|query| !kept.starts_with(query.as_str()));
            recent.insert(0, kept);
            recent.truncate(KEPT);
        }
        if recent != before {
            let bytes = serde_json::to_vec(&recent).map_err(|_| crate::fail::internal("recent searches"))?;
            self.write(Durability::Normal, |tx, _, _| Ok(meta::set(tx, RECENT, &bytes)?))?;
        }
        Ok(recent)
    }
}

//! Previews of links, made by the sender: what a page says of itself travels inside the message, and nobody who gets it
//! asks the page.
//!
//! Off until somebody wants it, for the page learns the sender's address. A page is asked by a host on a thread of its own
//! ([`PageJob`]); the core keeps what was seen for a while, and a message takes it along by naming its link. Whatever goes
//! wrong, the message goes without.

mod fetch;
mod head;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use homing_model::LinkPreview;
use homing_model::limits;

use crate::api::{ApiError, LinkPreviewed, LinkToPreview, Preview};
use crate::core::Core;
use crate::port::Output;
use crate::reach::Reach;
use crate::reply::Reply;
use crate::text::visible;

/// Pages that were seen lately.
const KEPT: usize = 16;
/// Pages that are asked at the same time.
const AT_ONCE: usize = 4;

/// A page to ask.
pub struct PageJob {
    /// Ties the outcome to it.
    pub id: u64,
    address: String,
    reach: Reach,
}

/// What a page said of itself.
#[derive(Default)]
pub struct PageOutcome(Option<LinkPreview>);

impl PageJob {
    /// The page's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks the page; takes as long as the network does.
    pub fn carry_out(&self) -> PageOutcome {
        PageOutcome(fetch::preview(&self.reach, &self.address))
    }

    /// The outcome of a page that says this of itself, where there is no network to ask it on.
    pub fn says(&self, title: &str, description: &str) -> PageOutcome {
        let (title, description) = (title.to_owned(), description.to_owned());
        PageOutcome(Some(LinkPreview { url: self.address.clone(), title, description, image: None }))
    }
}

/// Pages that are asked, and those that were.
#[derive(Default)]
pub(crate) struct Pages {
    last: u64,
    waiting: BTreeMap<u64, Reply<LinkPreviewed>>,
    seen: VecDeque<LinkPreview>,
}

impl Pages {
    fn seen(&self, address: &str) -> Option<&LinkPreview> {
        self.seen.iter().find(|one| one.url == address)
    }

    pub fn forget(&mut self) {
        self.seen.clear();
    }

    fn keep(&mut self, preview: LinkPreview) {
        self.seen.retain(|one| one.url != preview.url);
        self.seen.push_back(preview);
        if self.seen.len() > KEPT {
            self.seen.pop_front();
        }
    }
}

impl Core {
    /// What the page a link goes to says of itself. Nothing if previews are off, and if the page can't be asked.
    pub(crate) fn link_preview(&mut self, args: LinkToPreview, reply: Reply<LinkPreviewed>) {
        let off = match self.stored_settings() {
            Ok(settings) => !settings.link_previews || self.demo,
            Err(error) => return self.settle(reply, Err(error)),
        };
        let known = self.pages.seen(&args.url);
        if off || known.is_some() || self.pages.waiting.len() >= AT_ONCE || args.url.len() > limits::URL {
            let preview = known.filter(|_| !off).map(shown);
            return self.settle(reply, Ok(LinkPreviewed { preview }));
        }
        self.pages.last += 1;
        let id = self.pages.last;
        self.pages.waiting.insert(id, reply);
        self.push(Output::Page(PageJob { id, address: args.url, reach: Reach::open() }));
    }

    pub(crate) fn page_seen(&mut self, id: u64, outcome: PageOutcome) {
        let Some(reply) = self.pages.waiting.remove(&id) else { return };
        let preview = outcome.0.as_ref().map(shown);
        if let Some(seen) = outcome.0 {
            self.pages.keep(seen);
        }
        self.settle(reply, Ok(LinkPreviewed { preview }));
    }

    /// What a message with these words takes along of the pages it names. Files have their own pictures.
    pub(crate) fn previews_of(
        &self,
        addresses: &[String],
        text: &str,
        files: usize,
    ) -> Result<Vec<LinkPreview>, ApiError> {
        if addresses.is_empty() || files > 0 || !self.stored_settings()?.link_previews {
            return Ok(Vec::new());
        }
        let seen = addresses.iter().filter_map(|address| self.pages.seen(address).cloned());
        Ok(named_in(&seen.take(limits::PREVIEWS).collect::<Vec<_>>(), text))
    }
}

/// Those whose links still stand in the words that are sent.
pub(crate) fn named_in(previews: &[LinkPreview], text: &str) -> Vec<LinkPreview> {
    previews.iter().filter(|one| text.contains(&one.url)).cloned().collect()
}

/// The same for screens. A picture is shown if it is what it seems.
pub(crate) fn shown(preview: &LinkPreview) -> Preview {
    Preview {
        image: preview.image.as_ref().and_then(|bytes| crate::files::thumbnail_url(bytes)),
        title: visible(&preview.title),
        description: visible(&preview.description),
        url: preview.url.clone(),
    }
}

//! Feeds: which spaces and accounts moved, and how far that is safely applied.
//!
//! What a feed says may be forgotten only when the space it spoke of is stored up to there. So the persisted cursor
//! of a feed is the sequence before its oldest line that is still unsettled; after a restart those lines come again.

use std::collections::BTreeMap;

use homing_wire::{AccountOpId, FeedCursor, Member, PersonId, SpaceId};

/// What a line is about. Per feed only the newest line of a thing counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Thing {
    Space(SpaceId),
    Account(PersonId),
}

/// What has to be applied before the line is settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Until {
    Log { sequence: u64, slots: u64 },
    Account(AccountOpId),
}

#[derive(Debug, Default)]
struct Feed {
    received: u64,
    by_sequence: BTreeMap<u64, Thing>,
    by_thing: BTreeMap<Thing, (u64, Until)>,
}

impl Feed {
    fn settled(&self) -> u64 {
        self.by_sequence.first_key_value().map_or(self.received, |(first, _)| first.saturating_sub(1))
    }

    fn remove(&mut self, thing: &Thing) -> bool {
        let Some((sequence, _)) = self.by_thing.remove(thing) else { return false };
        self.by_sequence.remove(&sequence);
        true
    }
}

/// All followed feeds.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    feeds: BTreeMap<Member, Feed>,
    moved: bool,
    told: Vec<FeedCursor>,
}

impl Feeds {
    pub(crate) fn new(cursors: &[FeedCursor]) -> Self {
        let feeds =
            cursors.iter().map(|c| (c.feed, Feed { received: c.sequence, ..Feed::default() })).collect();
        Self { feeds, moved: false, told: cursors.to_vec() }
    }

    /// True if the feed was not followed before.
    pub(crate) fn follow(&mut self, feed: Member) -> bool {
        let new = !self.feeds.contains_key(&feed);
        self.feeds.entry(feed).or_default();
        self.moved |= new;
        new
    }

    pub(crate) fn follows(&self, feed: &Member) -> bool {
        self.feeds.contains_key(feed)
    }

    pub(crate) fn unfollow(&mut self, feed: &Member) {
        self.moved |= self.feeds.remove(feed).is_some();
    }

    /// All cursors begin anew: another generation.
    pub(crate) fn restart(&mut self) {
        for feed in self.feeds.values_mut() {
            *feed = Feed::default();
        }
        self.moved = true;
    }

    /// Notes a line. False: not followed, or seen already.
    pub(crate) fn note(&mut self, feed: &Member, sequence: u64, what: Option<(Thing, Until)>) -> bool {
        let Some(state) = self.feeds.get_mut(feed) else { return false };
        if sequence <= state.received {
            return false;
        }
        state.received = sequence;
        self.moved = true;
        if let Some((thing, until)) = what {
            state.remove(&thing);
            state.by_sequence.insert(sequence, thing);
            state.by_thing.insert(thing, (sequence, until));
        }
        true
    }

    /// A line without anything to apply takes the older one about the same thing with it.
    pub(crate) fn drop_thing(&mut self, feed: &Member, thing: &Thing) {
        if let Some(state) = self.feeds.get_mut(feed) {
            self.moved |= state.remove(thing);
        }
    }

    /// Settles what is applied; `done` decides.
    pub(crate) fn settle(&mut self, thing: &Thing, done: impl Fn(&Until) -> bool) {
        for feed in self.feeds.values_mut() {
            if feed.by_thing.get(thing).is_some_and(|(_, until)| done(until)) {
                self.moved |= feed.remove(thing);
            }
        }
    }

    /// Where to go on asking in this process.
    pub(crate) fn received(&self) -> Vec<FeedCursor> {
        self.feeds.iter().map(|(feed, state)| FeedCursor { feed: *feed, sequence: state.received }).collect()
    }

    /// What may be persisted, if it changed since the last call.
    pub(crate) fn take_moved(&mut self) -> Option<Vec<FeedCursor>> {
        if !std::mem::take(&mut self.moved) {
            return None;
        }
        let now: Vec<_> = self
            .feeds
            .iter()
            .map(|(feed, state)| FeedCursor { feed: *feed, sequence: state.settled() })
            .collect();
        (now != self.told).then(|| {
            self.told.clone_from(&now);
            now
        })
    }

    /// Lines that wait to be applied, over all feeds.
    pub(crate) fn unsettled(&self) -> usize {
        self.feeds.values().map(|feed| feed.by_thing.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_waits_for_the_oldest_unsettled_line() {
        let me = Member::Person(PersonId([1; 32]));
        let (a, b) = (Thing::Space(SpaceId([1; 32])), Thing::Space(SpaceId([2; 32])));
        let until = Until::Log { sequence: 1, slots: 0 };
        let mut feeds = Feeds::new(&[FeedCursor { feed: me, sequence: 3 }]);
        assert!(feeds.note(&me, 5, Some((a, until))));
        assert!(feeds.note(&me, 6, Some((b, until))));
        assert!(!feeds.note(&me, 6, Some((b, until))), "seen");
        feeds.settle(&b, |_| true);
        assert_eq!(feeds.take_moved().unwrap()[0].sequence, 4);
        assert_eq!(feeds.take_moved(), None);
        assert!(feeds.note(&me, 9, Some((a, until))), "a newer line of the same thing replaces the older");
        assert_eq!(feeds.take_moved().unwrap()[0].sequence, 8);
        feeds.settle(&a, |_| true);
        assert_eq!(feeds.take_moved().unwrap()[0].sequence, 9);
    }
}

//! What a transaction touched, as the events that tell of it.

use std::collections::{BTreeMap, BTreeSet};

use homing_store::messages::{self, MessageRow as StoredMessage};
use homing_store::{conversations, drafts, merging};
use homing_wire::DocId;

use crate::api::{ApiError, Event};
use crate::core::Core;
use crate::rows::{is_listed, is_shown};
use crate::touched::Touched;

impl Core {
    /// Rows of messages that a transaction touched, by conversation.
    pub(crate) fn message_events(
        &mut self,
        touched: &BTreeMap<DocId, BTreeSet<DocId>>,
    ) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        if self.store.is_none() || self.replica.is_none() {
            return Ok(events);
        }
        for (written, ids) in touched {
            let ids: Vec<DocId> = ids.iter().copied().collect();
            let mut stored = messages::of(&self.db()?, &ids)?;
            stored.sort_by_key(StoredMessage::order);
            let present: BTreeSet<DocId> = stored.iter().map(|row| row.id).collect();
            let conversation = merging::shown_in(&self.db()?, written)?.unwrap_or(*written);
            let remove = ids.iter().filter(|id| !present.contains(id)).map(ToString::to_string).collect();
            let upsert = self.message_rows(stored)?;
            let (previous, revision) = self.next_revision();
            events.push(Event::Messages {
                conversation: conversation.to_string(),
                revision,
                previous,
                upsert,
                remove,
            });
        }
        Ok(events)
    }

    /// Events for everything else that a transaction touched.
    pub(crate) fn events(&mut self, touched: &Touched) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        if self.store.is_none() || self.replica.is_none() {
            return Ok(events);
        }
        if !touched.conversations.is_empty() {
            let mut ids: Vec<DocId> = touched.conversations.iter().copied().collect();
            for id in &touched.conversations {
                ids.extend(merging::shown_in(&self.db()?, id)?);
            }
            ids.sort_unstable();
            ids.dedup();
            let stored = conversations::of(&self.db()?, &ids)?;
            let listed: Vec<_> = stored.into_iter().filter(|row| is_listed(row) && is_shown(row)).collect();
            let present: BTreeSet<DocId> = listed.iter().map(|row| row.id).collect();
            let remove = ids.iter().filter(|id| !present.contains(id)).map(ToString::to_string).collect();
            let upsert = self.conversation_rows(listed)?;
            let (previous, revision) = self.next_revision();
            events.push(Event::Conversations { revision, previous, upsert, remove });
        }
        for conversation in &touched.reshaped {
            events.push(Event::Reshaped { conversation: conversation.to_string() });
        }
        for place in &touched.drafts {
            events.push(match drafts::comment_beside(&self.db()?, place)? {
                Some(conversation) => Event::CommentDraft { draft: self.comment_draft_of(&conversation)? },
                None => Event::Draft { draft: self.draft_of(place)? },
            });
        }
        events.extend(self.record_events(&touched.records)?);
        if touched.outbox {
            events.push(Event::Outbox { waiting: self.waiting()?, refused: self.refused_changes()? });
        }
        if !touched.scheduled.is_empty() {
            let conversations = touched.scheduled.iter().map(ToString::to_string).collect();
            events.push(Event::Scheduled { conversations });
        }
        if touched.people {
            events.push(Event::People {});
        }
        if touched.settings {
            events.push(Event::Settings { settings: self.stored_settings()? });
        }
        for conversation in &touched.read {
            events.push(Event::Unnotify { conversation: conversation.to_string() });
        }
        if touched.notices || !touched.arrived.is_empty() || !touched.read.is_empty() {
            let read = touched.notices_read.iter().map(crate::commands::notice_id).collect();
            events.push(Event::Notices { unread: self.notices_unread()?, read });
        }
        events.extend(self.announcements(touched)?);
        Ok(events)
    }
}

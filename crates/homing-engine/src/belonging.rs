//! Which messages belong to which conversation, and what its row takes from other documents.
//!
//! A message names its conversation inside its content, where nothing vouches for it. Only those of the conversation's own
//! space count, and remarks among colleagues beside a client's. Which space that is says the conversation's document: what
//! comes before it is shown as long as the log has a gap in which it may stand, and looked at again when it is here.

use std::collections::BTreeMap;

use homing_model::{ChangeInfo, ConversationProjection, ConversationStateProjection, Edit, Preimage, rules};
use homing_store::conversations::{ConversationDoc, PersonalState};
use homing_store::{
    Read, Tx, changes, cleared, conversations, entries, merging, messages, people, relations, strays,
};
use homing_wire::{DocId, Hash, PersonId, SpaceId};

use crate::fail::Fail;
use crate::replica::Replica;

impl Replica {
    pub(crate) fn project_conversation(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        row: ConversationProjection,
    ) -> Result<(), Fail> {
        let space = row.space;
        let before = conversations::get(tx, doc)?;
        let new = ConversationDoc {
            id: *doc,
            space,
            // Nothing of it is to be read any more.
            subject: if row.deleted { String::new() } else { row.subject },
            creator: Some(row.creator),
            created_ms: row.created_ms,
            deleted: row.deleted,
            merged_into: row.merged_into,
        };
        let done = conversations::put(tx, &new)?;
        let records = if new.deleted { &[] } else { row.records.as_slice() };
        homing_store::records::set_links(tx, doc, records)?;
        self.touched.conversations.insert(*doc);
        self.touched.conversations.extend(merging::shown_in(tx, doc)?);
        if done.moved {
            self.take_out(tx, doc)?;
        }
        let deleted = before.is_some_and(|before| before.deleted);
        if !deleted && new.deleted {
            // With what goes on in it, of which nothing is moved first.
            self.deleted_for_everyone(tx, doc)?;
        }
        if done.relinked || deleted != new.deleted {
            self.show_where_it_goes_on(tx, doc)?;
        }
        if deleted && !new.deleted {
            self.not_deleted(tx, doc)?;
        }
        if done.began {
            let me = self.person();
            relations::relate(tx, doc, &me)?;
            relations::refresh_blocked(tx, &space, &me)?;
            // What a person set for it, and messages that wait for it, may have come before it.
            let state = Preimage::conversation_state(self.personal(), doc).doc_id();
            if changes::has_doc(tx, &state)? {
                self.project(tx, &state)?;
            }
            for message in strays::take(tx, doc)? {
                self.project(tx, &message)?;
            }
        }
        Ok(())
    }

    /// Everything written in a conversation belongs elsewhere.
    fn take_out(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let (ids, paths) = messages::remove_all(tx, conversation)?;
        self.files_to_remove.extend(paths.into_iter().map(Into::into));
        for id in ids {
            strays::note(tx, &id, conversation, 0)?;
            self.touched.message(*conversation, id);
        }
        Ok(())
    }

    /// The whole log of a space is here: conversations that are not in it are not the space's.
    pub(crate) fn settle_unknown(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        for conversation in conversations::unknown_in(tx, space)? {
            self.take_out(tx, &conversation)?;
            conversations::remove(tx, &conversation)?;
            self.touched.status = true;
        }
        Ok(())
    }

    fn show_where_it_goes_on(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        for changed in merging::refresh(tx, conversation)? {
            self.touched.conversations.insert(changed);
            self.touched.reshaped.insert(changed);
            self.touched.drafts.insert(changed);
        }
        Ok(())
    }

    pub(crate) fn project_state(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        row: ConversationStateProjection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        let conversation = row.conversation;
        let archived_at = carried_at(tx, doc, all, rules::key::ARCHIVED)?;
        conversations::set_archived(tx, &conversation, row.archived, archived_at)?;
        if row.hidden || cleared::get(tx, &conversation)?.is_some() {
            self.refresh_cleared(tx, &conversation)?;
        }
        conversations::set_marked_unread(tx, &conversation, row.marked_unread)?;
        let own = PersonalState {
            pinned: row.pinned,
            muted_until_ms: row.muted_until_ms,
            snoozed_until_ms: row.snoozed_until_ms,
            announce: row.announce,
            keep_files: row.keep_files,
        };
        let away = row.snoozed_until_ms > self.now_ms;
        let at_ms = carried_at(tx, doc, all, rules::key::SNOOZED_UNTIL)?;
        if archived_at == 0 || at_ms == 0 {
            // Decided here just now, over what has come so far.
            self.news.retain(|(news, _)| *news != conversation);
        }
        let kept = conversations::get(tx, &conversation)?.is_some_and(|row| row.own.keep_files);
        conversations::set_personal(tx, &conversation, &own, away, at_ms)?;
        if own.keep_files && !kept {
            self.want_files_of(tx, &conversation)?;
        }
        self.touched.conversations.insert(conversation);
        self.touched.snoozes = true;
        self.touched.status = true;
        Ok(())
    }

    /// Something new in a conversation that was put away brings it back: on this device, and by what it writes on all.
    pub(crate) fn bring_back_by_news(&mut self, tx: &Tx<'_>, now_ms: u64) -> Result<(), Fail> {
        let mut newest: BTreeMap<DocId, u64> = BTreeMap::new();
        for (conversation, received_ms) in std::mem::take(&mut self.news) {
            let known = newest.entry(conversation).or_default();
            *known = received_ms.max(*known);
        }
        for (written, received_ms) in newest {
            let conversation = merging::shown_in(tx, &written)?.unwrap_or(written);
            let Some(away) = conversations::put_away(tx, &conversation, now_ms)? else { continue };
            let later = |since: Option<u64>| since.is_some_and(|since| received_ms > since);
            if later(away.snoozed_at) {
                self.set_state(tx, now_ms, &conversation, &Edit::SetSnoozedUntil(0))?;
            }
            if later(away.archived_at) {
                self.set_state(tx, now_ms, &conversation, &Edit::SetArchived(false))?;
            }
        }
        Ok(())
    }

    pub(crate) fn project_handling(
        &mut self,
        tx: &Tx<'_>,
        team: &SpaceId,
        conversation: &DocId,
        assignee: Option<PersonId>,
    ) -> Result<(), Fail> {
        let me = self.person();
        relations::set_handling(tx, team, conversation, assignee.as_ref(), &me)?;
        self.touched.conversations.insert(*conversation);
        Ok(())
    }

    pub(crate) fn project_person_state(
        &mut self,
        tx: &Tx<'_>,
        person: &PersonId,
        blocked: bool,
        local_name: &str,
    ) -> Result<(), Fail> {
        let me = self.person();
        let name = crate::text::visible(local_name);
        let before = people::get(tx, person)?;
        let same = before.as_ref().is_some_and(|row| row.blocked == blocked && row.local_name == name);
        people::set_own(tx, person, blocked, &name)?;
        if before.is_some_and(|row| row.blocked) != blocked {
            self.touched.conversations.extend(messages::hear_anew(tx, person)?);
            self.touched.notices = true;
        }
        for (space, _) in homing_store::members::spaces_of(tx, &homing_wire::Member::Person(*person))? {
            relations::refresh_blocked(tx, &space, &me)?;
            self.touch_conversations_of(tx, &space)?;
            if same {
                continue;
            }
            // Their messages are folded, or not any more, and bear another name.
            for row in conversations::of_space(tx, &space)? {
                self.touched.reshaped.insert(merging::shown_in(tx, &row.id)?.unwrap_or(row.id));
            }
        }
        self.touched.people = true;
        self.touched.status = true;
        Ok(())
    }
}

/// When the value that counts was written, by the relay's clock; 0 while it is on its way.
pub(crate) fn carried_at(db: &Read<'_>, doc: &DocId, all: &[ChangeInfo], key: &str) -> Result<u64, Fail> {
    let mut at_ms = 0;
    for change in all.iter().filter(|change| change.put(key).is_some()) {
        let entry = changes::get(db, doc, &Hash(change.hash.0))?.and_then(|row| row.entry);
        let Some(id) = entry else { return Ok(0) };
        let place = entries::get(db, &id)?.and_then(|entry| entry.place);
        at_ms = at_ms.max(place.map_or(0, |place| place.received_ms));
    }
    Ok(at_ms)
}

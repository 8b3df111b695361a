//! Messages as a conversation shows them.

use std::collections::{BTreeMap, BTreeSet};

use homing_store::Read;
use homing_store::messages::{MessageRow as StoredMessage, MessageState};
use homing_store::receipts::{self, AdvanceKind};
use homing_wire::{DocId, Member, PersonId, SpaceId};

use super::reached::{Reached, Surroundings, state_of};
use super::{Rights, attachment, files_said, member_id};
use crate::api::{ApiError, Code, MessageRow, Quote, Receipt, State};
use crate::core::Core;
use crate::holds::FilesHeld;
use crate::marks::{self, Names};
use crate::text::{rfc3339, visible};

impl Core {
    /// Messages as the conversation shows them, in the order given.
    pub(crate) fn message_rows(&mut self, stored: Vec<StoredMessage>) -> Result<Vec<MessageRow>, ApiError> {
        // Remarks among colleagues stand in the team's space beside a client's messages.
        let spaces: BTreeSet<SpaceId> = stored.iter().map(|row| row.space).collect();
        let mut all_rights: BTreeMap<SpaceId, Rights> = BTreeMap::new();
        for space in spaces {
            all_rights.insert(space, self.rights(&space)?);
        }
        let db = self.db()?;
        let around = Surroundings::of(&db, stored.iter().map(|row| row.space))?;
        let me = self.replica()?.person();
        let mut names = Names::new(&db, me);
        let quoted: Vec<DocId> = stored.iter().filter_map(quoted_without_words).collect();
        let files = files_said(&db, &quoted)?;
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            let rights = all_rights.get(&row.space).copied().unwrap_or_default();
            let colleague = rights.as_team
                && !around
                    .members(&row.space)
                    .iter()
                    .any(|member| member.member == Member::Person(row.author));
            let reached = match row.mine && row.state == MessageState::Sent {
                true => around.reached(&me, rights.as_team, &row.space, &row.device, row.dseq),
                false => Vec::new(),
            };
            let receipts = self.receipts_of(&db, &row, &reached)?;
            let state = if row.mine { state_of(row.state, &reached) } else { State::Sent };
            let held = (state == State::Pending).then(|| self.held_in(&row.space)).flatten();
            let marks = marks::shown(&row, &mut names)?;
            let mut row = message_row(row, marks, state, receipts, &rights, &self.files_held);
            row.colleague = !row.mine && (row.internal || colleague);
            row.error = row.error.or(held);
            if let Some(quote) = row.reply_to.as_mut() {
                quote.files = quote.id.parse().ok().and_then(|id: DocId| files.get(&id)).cloned();
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Times of the receipts of one own message.
    fn receipts_of(
        &self,
        db: &Read<'_>,
        row: &StoredMessage,
        reached: &[Reached],
    ) -> Result<Vec<Receipt>, ApiError> {
        if reached.is_empty() {
            return Ok(Vec::new());
        }
        let steps = receipts::advances(db, &row.space, &row.device, row.dseq, row.dseq)?;
        let persons: BTreeSet<PersonId> = reached
            .iter()
            .filter_map(|one| match one.member.member {
                Member::Person(person) => Some(person),
                Member::Team(_) => None,
            })
            .collect();
        Ok(reached
            .iter()
            .map(|one| {
                let at = |kind: AdvanceKind| {
                    steps
                        .iter()
                        .filter(|step| {
                            step.kind == kind
                                && match one.member.member {
                                    Member::Person(person) => step.person == person,
                                    Member::Team(_) => !persons.contains(&step.person),
                                }
                        })
                        .map(|step| step.at_ms)
                        .min()
                        .map(rfc3339)
                };
                Receipt {
                    person: member_id(&one.member.member),
                    name: visible(&one.member.name),
                    delivered: one.delivered,
                    read: one.read,
                    delivered_at: at(AdvanceKind::Delivered),
                    read_at: if one.read { at(AdvanceKind::Read) } else { None },
                }
            })
            .collect())
    }
}

/// What a message answers, if that has no words of its own.
fn quoted_without_words(row: &StoredMessage) -> Option<DocId> {
    let quote = row.reply_to.as_ref().filter(|quote| !quote.deleted && quote.preview.is_empty());
    quote.map(|quote| quote.id)
}

fn message_row(
    row: StoredMessage,
    marks: marks::Shown,
    state: State,
    receipts: Vec<Receipt>,
    rights: &Rights,
    files_held: &FilesHeld,
) -> MessageRow {
    let error = (!row.error.is_empty()).then(|| ApiError::new(Code::RelayRefused, row.error_message.clone()));
    MessageRow {
        order: row.order().to_string(),
        id: row.id.to_string(),
        conversation: row.conversation.to_string(),
        author: row.author.to_string(),
        author_name: visible(&row.author_name),
        mine: row.mine,
        at: rfc3339(row.at_ms),
        body: row.body,
        state,
        error,
        receipts,
        attachments: row.attachments.iter().map(|file| attachment(file, files_held)).collect(),
        reply_to: row.reply_to.map(|quote| Quote {
            id: quote.id.to_string(),
            author_name: visible(&quote.author_name),
            preview: if quote.deleted { String::new() } else { quote.preview },
            files: None,
            deleted: quote.deleted,
        }),
        unread: row.unread,
        late: row.late,
        deleted: row.deleted,
        internal: row.internal,
        colleague: false,
        blocked: row.blocked && !row.mine,
        can_delete: !row.deleted && rights.write && (row.mine || rights.manage),
        can_edit: !row.deleted && rights.write && row.mine,
        edited_at: marks.edited_at,
        reactions: marks.reactions,
        mentions: marks.mentions,
        mentions_me: row.marks.mentions_me,
        previews: marks.previews,
        forwarded: marks.extras.forwarded,
        template: marks.template,
        about: marks.extras.about.map(|id| id.to_string()),
        replies: row.replies,
        changing: marks.changing,
        undo_until: marks.undo_until,
    }
}

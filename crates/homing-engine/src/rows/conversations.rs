//! The list of conversations, and what a conversation is called.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_store::conversations::{self, ConversationRow as StoredConversation, Cursor};
use homing_store::members::MemberRow;
use homing_wire::{DocId, Member, PersonId, SpaceKind as WireSpaceKind};

use super::reached::{Surroundings, state_of};
use super::{Rights, files_said, member_id, members_of, role_name, space_kind};
use crate::api::{ApiError, Assignee, ConversationRow, FilesSaid, Participant, SpaceKind, UNNAMED};
use crate::core::Core;
use crate::files::in_words;
use crate::text::{rfc3339, visible};

impl Core {
    /// Rows of the conversation list for stored rows, in the same order.
    pub(crate) fn conversation_rows(
        &mut self,
        stored: Vec<StoredConversation>,
    ) -> Result<Vec<ConversationRow>, ApiError> {
        let mut chips = self.record_chips(&stored.iter().map(|row| row.id).collect::<Vec<_>>())?;
        let spaces =
            stored.iter().flat_map(|row| [Some(row.space), row.last.as_ref().map(|last| last.space)]);
        let around = Surroundings::of(&self.db()?, spaces.flatten())?;
        let now_ms = self.env.now_ms();
        let mut rows = Vec::with_capacity(stored.len());
        let wordless = stored.iter().filter_map(wordless).collect::<Vec<DocId>>();
        let mut files = files_said(&self.db()?, &wordless)?;
        for row in stored {
            let rights = self.rights(&row.space)?;
            let me = self.replica()?.person();
            let records = chips.remove(&row.id).unwrap_or_default();
            let preview_files = wordless_files(&row, &mut files);
            let shown = conversation_row(&me, row, &around, &rights, now_ms);
            let preview = preview_files.as_ref().map_or(shown.preview, in_words);
            rows.push(ConversationRow { records, preview, preview_files, ..shown });
        }
        Ok(rows)
    }

    /// What lists call these conversations.
    pub(crate) fn titles(&self, ids: &[DocId]) -> Result<HashMap<DocId, String>, ApiError> {
        let db = self.db()?;
        let me = self.replica()?.person();
        // Hits of a search are often of one conversation.
        let ids: BTreeSet<DocId> = ids.iter().copied().collect();
        let stored = conversations::of(&db, &ids.into_iter().collect::<Vec<_>>())?;
        let nameless = stored.iter().filter(|row| row.subject.is_empty() && client_of(row).is_empty());
        let members = members_of(&db, nameless.map(|row| row.space))?;
        let title = |row: &StoredConversation| {
            let members = members.get(&row.space).map_or(&[][..], Vec::as_slice);
            title_of(&me, &row.subject, client_of(row), members)
        };
        Ok(stored.iter().map(|row| (row.id, title(row))).collect())
    }
}

/// Whether any list shows it.
pub(crate) fn is_listed(row: &StoredConversation) -> bool {
    !row.hidden && !row.deleted && !row.shown_elsewhere
}

/// A conversation whose document is not here yet is not shown, unless a message of it is.
pub(crate) fn is_shown(row: &StoredConversation) -> bool {
    row.creator.is_some() || row.last.is_some()
}

fn participants(me: &PersonId, members: &[MemberRow]) -> Vec<Participant> {
    members
        .iter()
        .map(|row| Participant {
            person: member_id(&row.member),
            name: visible(&row.name),
            role: role_name(row.role),
            me: row.member == Member::Person(*me),
            team: matches!(row.member, Member::Team(_)),
        })
        .collect()
}

/// Whose conversation it is, if it is a client's.
fn client_of(row: &StoredConversation) -> &str {
    if row.space_kind == Some(WireSpaceKind::Client) { &row.space_name } else { "" }
}

/// What lists call a conversation: by its subject, else its client, else who else is in it; nothing if nobody is.
pub(crate) fn title_of(me: &PersonId, subject: &str, client: &str, members: &[MemberRow]) -> String {
    if let Some(name) = [subject, client].into_iter().find(|name| !name.is_empty()) {
        return visible(name);
    }
    let others: Vec<String> = members
        .iter()
        .filter(|member| member.member != Member::Person(*me))
        .map(|member| if member.name.is_empty() { UNNAMED.to_owned() } else { visible(&member.name) })
        .collect();
    others.join(", ")
}

/// The last message, if it has files and no words.
pub(crate) fn wordless(row: &StoredConversation) -> Option<DocId> {
    let last = row.last.as_ref().filter(|last| !last.deleted && last.files > 0);
    last.filter(|_| row.preview.is_empty()).map(|last| last.id)
}

fn wordless_files(row: &StoredConversation, files: &mut BTreeMap<DocId, FilesSaid>) -> Option<FilesSaid> {
    wordless(row).and_then(|id| files.remove(&id))
}

fn conversation_row(
    me: &PersonId,
    row: StoredConversation,
    around: &Surroundings,
    rights: &Rights,
    now_ms: u64,
) -> ConversationRow {
    let members = around.members(&row.space);
    let last_state = row.last.as_ref().filter(|last| last.mine).map(|last| {
        let as_team = rights.as_team && last.space == row.space;
        let reached = around.reached(me, as_team, &last.space, &last.device, last.dseq);
        state_of(last.state, &reached)
    });
    let preview_deleted = row.last.as_ref().is_some_and(|last| last.deleted);
    let preview = if preview_deleted { String::new() } else { row.preview.clone() };
    ConversationRow {
        id: row.id.to_string(),
        space: row.space.to_string(),
        space_kind: row.space_kind.map_or(SpaceKind::Talk, space_kind),
        subject: visible(&row.subject),
        title: title_of(me, &row.subject, client_of(&row), members),
        participants: participants(me, members),
        unread: row.unread,
        marked_unread: row.marked_unread,
        named: row.mentions > 0,
        preview,
        preview_files: None,
        preview_deleted,
        preview_author: row.last.as_ref().filter(|last| !last.mine).map(|last| visible(&last.author_name)),
        last_at: rfc3339(row.last_at_ms),
        last_state,
        archived: row.archived,
        has_draft: row.has_draft,
        draft_preview: row.draft_preview,
        waiting: row.waiting,
        can_write: rights.write,
        can_manage: rights.manage,
        records: Vec::new(),
        order: Cursor { rank: row.rank, id: row.id }.to_string(),
        space_name: match row.space_kind {
            Some(WireSpaceKind::Client | WireSpaceKind::Team) => visible(&row.space_name),
            _ => String::new(),
        },
        preview_internal: row.last.as_ref().is_some_and(|last| last.space != row.space),
        pinned: row.own.pinned,
        keep_files: row.own.keep_files,
        muted_until: (row.own.muted_until_ms > now_ms).then(|| rfc3339(row.own.muted_until_ms)),
        snoozed_until: (row.own.snoozed_until_ms > 0).then(|| rfc3339(row.own.snoozed_until_ms)),
        snoozed: row.away,
        blocked: row.blocked,
        staffed: row.team.is_some(),
        assignee: row.assignee.map(|person| Assignee {
            person: person.to_string(),
            name: visible(&row.assignee_name),
            me: person == *me,
        }),
    }
}

//! A whole list of conversations: what all of it has in common, and the headings it stands under.

use std::collections::{BTreeSet, HashMap};

use homing_store::conversations::{self, Entry, Filter as StoredFilter};
use homing_store::spaces;
use homing_wire::{DocId, SpaceId};

use crate::api::{
    ApiError, ConversationGroup, ConversationGroups, ConversationMark, ConversationMarks, ConversationRow,
    ConversationsById, GroupedConversations, Heading,
};
use crate::core::Core;
use crate::fail::invalid;
use crate::rows::{is_listed, is_shown};
use crate::text::{rfc3339, visible};

/// Rows answered at once.
const ROWS: usize = 200;

/// What a conversation stands under: key and name, both empty for nothing.
type Under = (String, String);

impl Core {
    pub(crate) fn conversation_marks(
        &mut self,
        args: ConversationMarks,
    ) -> Result<Vec<ConversationMark>, ApiError> {
        let entries = conversations::overview(&self.db()?, StoredFilter::from(args.filter))?;
        let mut titles = self.titles_by_id(entries.iter().map(|entry| entry.id))?;
        let now_ms = self.env.now_ms();
        Ok(entries
            .into_iter()
            .map(|entry| ConversationMark {
                id: entry.id.to_string(),
                title: titles.remove(&entry.id).unwrap_or_default(),
                archived: entry.archived,
                pinned: entry.pinned,
                snoozed: entry.away,
                muted_until: (entry.muted_until_ms > now_ms).then(|| rfc3339(entry.muted_until_ms)),
                unread: entry.unread,
                marked_unread: entry.marked_unread,
                staffed: entry.staffed,
            })
            .collect())
    }

    pub(crate) fn conversation_groups(
        &mut self,
        args: ConversationGroups,
    ) -> Result<GroupedConversations, ApiError> {
        let entries = conversations::overview(&self.db()?, StoredFilter::from(args.filter))?;
        let under = match args.by {
            Heading::Client => self.under_clients(&entries)?,
            Heading::Record => self.under_records(&entries)?,
        };
        let groups = grouped(&entries, under);
        let mut first = Vec::new();
        let mut known = BTreeSet::new();
        let limit = (args.limit as usize).clamp(1, ROWS);
        for id in groups.iter().flat_map(|(_, ids)| ids) {
            if known.insert(*id) {
                first.push(*id);
            }
            if first.len() == limit {
                break;
            }
        }
        let rows = self.listed_rows(&first)?;
        let groups = groups
            .into_iter()
            .map(|((key, name), ids)| ConversationGroup {
                key,
                name,
                conversations: ids.iter().map(ToString::to_string).collect(),
            })
            .collect();
        Ok(GroupedConversations { groups, rows, revision: self.revision() })
    }

    pub(crate) fn conversations_by_id(
        &mut self,
        args: ConversationsById,
    ) -> Result<Vec<ConversationRow>, ApiError> {
        if args.conversations.len() > ROWS {
            return Err(invalid("Ask for at most 200 conversations at once.").into());
        }
        // One that was deleted meanwhile is left out.
        let ids: Vec<DocId> = args.conversations.iter().filter_map(|id| id.parse().ok()).collect();
        self.listed_rows(&ids)
    }

    fn listed_rows(&mut self, ids: &[DocId]) -> Result<Vec<ConversationRow>, ApiError> {
        let mut stored = conversations::of(&self.db()?, ids)?;
        stored.retain(|row| is_listed(row) && is_shown(row));
        self.conversation_rows(stored)
    }

    fn under_clients(&self, entries: &[Entry]) -> Result<HashMap<DocId, Vec<Under>>, ApiError> {
        let names: HashMap<SpaceId, String> =
            spaces::list(&self.db()?)?.into_iter().map(|row| (row.space, visible(&row.name))).collect();
        let name = |space: &SpaceId| names.get(space).cloned().unwrap_or_default();
        let of =
            |entry: &Entry| entry.client.map(|space| (entry.id, vec![(space.to_string(), name(&space))]));
        Ok(entries.iter().filter_map(of).collect())
    }

    /// What is deleted, or not shared with this person, is no heading.
    fn under_records(&self, entries: &[Entry]) -> Result<HashMap<DocId, Vec<Under>>, ApiError> {
        let ids: Vec<DocId> = entries.iter().map(|entry| entry.id).collect();
        let chips = self.record_chips(&ids)?;
        let under = |(id, chips): (DocId, Vec<crate::api::RecordChip>)| {
            let live = chips.into_iter().filter(|chip| !chip.deleted);
            (id, live.map(|chip| (chip.id, chip.title)).collect())
        };
        Ok(chips.into_iter().map(under).collect())
    }
}

/// Headings in the order their first conversation has in the list; what stands under none comes last.
fn grouped(entries: &[Entry], mut under: HashMap<DocId, Vec<Under>>) -> Vec<(Under, Vec<DocId>)> {
    let mut groups: Vec<(Under, Vec<DocId>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rest = Vec::new();
    for entry in entries {
        let of = under.remove(&entry.id).unwrap_or_default();
        if of.is_empty() {
            rest.push(entry.id);
        }
        for one in of {
            let place = *places.entry(one.0.clone()).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, ids)) => ids.push(entry.id),
                None => groups.push((one, vec![entry.id])),
            }
        }
    }
    if !rest.is_empty() {
        groups.push((Under::default(), rest));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8) -> Entry {
        Entry {
            id: DocId::from_hash(&[n; 32]),
            client: None,
            archived: false,
            pinned: false,
            away: false,
            muted_until_ms: 0,
            unread: 0,
            marked_unread: false,
            staffed: false,
        }
    }

    #[test]
    fn headings_stand_where_their_first_is_and_one_may_stand_under_several() {
        let entries: Vec<Entry> = (1..=4).map(entry).collect();
        let id = |n: u8| DocId::from_hash(&[n; 32]);
        let head = |key: &str| (key.to_owned(), format!("Villa {key}"));
        let under = HashMap::from([
            (id(2), vec![head("x"), head("y")]),
            (id(3), vec![head("y")]),
            (id(4), vec![head("x")]),
        ]);
        let expected = vec![
            (head("x"), vec![id(2), id(4)]),
            (head("y"), vec![id(2), id(3)]),
            (Under::default(), vec![id(1)]),
        ];
        assert_eq!(grouped(&entries, under), expected);
        assert_eq!(grouped(&[], HashMap::new()), Vec::new());
    }
}

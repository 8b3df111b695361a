//! Which of a conversation's drafts the composer of this device shows.
//!
//! Drafts begun apart, on two devices or one after another, are all kept. The composer stays with the one its person
//! types into: what comes from elsewhere never takes its place. Those that were there at that moment are aside until they
//! are chosen; one that comes later is shown where the composer has nothing of its own. The choice is each device's.
//!
//! A conversation that goes on in another has its composer there. Its drafts stay where they stand, come into that composer
//! when they are chosen, and are its own again once the two are apart.

use homing_model::DraftId;
use homing_store::drafts::{self, DraftRow};
use homing_store::scheduled::{self, ScheduledState};
use homing_store::{Read, Tx, merging, meta};
use homing_wire::codec::{decode, encode};
use homing_wire::{DocId, limits};
use minicbor::{CborLen, Decode, Encode};

use super::{comment_place, draft_id, row_id};
use crate::fail::{Fail, not_found};
use crate::replica::Replica;

/// The choice, by conversation.
const HERE: &str = "draft_here/";
/// The draft that goes on where a finished one stopped, by the finished one.
const AFTER: &str = "draft_after/";

/// The draft somebody means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one the composer shows.
    Current,
    /// None of those that are there.
    New,
    Known(DraftId),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
struct Here {
    #[n(0)]
    current: Option<DraftId>,
    #[n(1)]
    aside: Vec<DraftId>,
}

fn here(db: &Read<'_>, conversation: &DocId) -> Result<Here, Fail> {
    let stored = meta::get(db, &format!("{HERE}{conversation}"))?;
    Ok(stored.and_then(|bytes| decode("chosen draft", &bytes, limits::PLAINTEXT).ok()).unwrap_or_default())
}

/// The conversation in which what stands at a place is typed, and whether it is typed of a comment beside it.
pub(super) fn typed_in(db: &Read<'_>, place: &DocId) -> Result<(DocId, bool), Fail> {
    let beside = drafts::comment_beside(db, place)?;
    let conversation = beside.unwrap_or(*place);
    Ok((merging::shown_in(db, &conversation)?.unwrap_or(conversation), beside.is_some()))
}

/// Where what stands at a place is typed.
pub(crate) fn typed_at(db: &Read<'_>, place: &DocId) -> Result<DocId, Fail> {
    let (conversation, comment) = typed_in(db, place)?;
    Ok(if comment { comment_place(&conversation) } else { conversation })
}

/// The places whose drafts are typed at this one.
pub(super) fn places_at(db: &Read<'_>, place: &DocId) -> Result<Vec<DocId>, Fail> {
    let beside = drafts::comment_beside(db, place)?;
    let parts = merging::parts(db, beside.as_ref().unwrap_or(place))?;
    let place_of = |part: DocId| if beside.is_some() { comment_place(&part) } else { part };
    Ok(std::iter::once(*place).chain(parts.into_iter().map(place_of)).collect())
}

fn is_typed_at(db: &Read<'_>, row: &DraftRow, place: &DocId) -> Result<bool, Fail> {
    Ok(row.conversation == *place || typed_at(db, &row.conversation)? == *place)
}

fn says_something(row: &DraftRow) -> bool {
    !row.text.is_empty() || row.reply_to.is_some() || row.files > 0
}

impl Replica {
    /// The draft a conversation's composer shows. One that this device is sending is shown as its message.
    pub fn current_draft(&self, db: &Read<'_>, conversation: &DocId) -> Result<Option<DraftRow>, Fail> {
        let me = self.device();
        let Here { current, aside } = here(db, conversation)?;
        let mut rows = drafts::of_conversation(db, conversation)?;
        if let Some(row) = current.map(|id| drafts::get(db, &row_id(&id))).transpose()?.flatten()
            && row.conversation != *conversation
            && is_typed_at(db, &row, conversation)?
        {
            rows.push(row);
        }
        rows.retain(|row| row.sending_device != Some(me));
        let mut typable = Vec::with_capacity(rows.len());
        for row in rows {
            if !self.waits_for_its_time(db, &row)? {
                typable.push(row);
            }
        }
        let mut rows = typable;
        let chosen = rows.iter().position(|row| current == Some(draft_id(&row.id)));
        let chosen = chosen.map(|at| rows.remove(at));
        if chosen.as_ref().is_some_and(says_something) {
            return Ok(chosen);
        }
        rows.retain(|row| !aside.contains(&draft_id(&row.id)));
        let other = rows.iter().position(says_something).map(|at| rows.swap_remove(at));
        Ok(other.or(chosen).or_else(|| rows.into_iter().next()))
    }

    /// All that a draft says is to be sent at its time: it stands among what is scheduled, not in the composer.
    fn waits_for_its_time(&self, db: &Read<'_>, row: &DraftRow) -> Result<bool, Fail> {
        if !row.text.is_empty() {
            return Ok(false);
        }
        let planned = scheduled::of_draft(db, &row.id)?;
        Ok(planned.is_some_and(|row| matches!(row.state, ScheduledState::Planned | ScheduledState::Lost)))
    }

    /// The draft that is meant, unless one has to be begun.
    pub fn draft_meant(
        &self,
        db: &Read<'_>,
        conversation: &DocId,
        which: Which,
    ) -> Result<Option<DraftRow>, Fail> {
        let id = match which {
            Which::Current => return self.current_draft(db, conversation),
            Which::New => return Ok(None),
            Which::Known(id) => id,
        };
        let me = self.device();
        let typable = |row: &DraftRow| -> Result<bool, Fail> {
            Ok(row.sending_device != Some(me) && is_typed_at(db, row, conversation)?)
        };
        let known = drafts::get(db, &row_id(&id))?;
        if let Some(row) = known {
            // Words of a comment never go on in what is written to the client, nor the other way round.
            let beside = |place| drafts::comment_beside(db, place);
            if beside(&row.conversation)?.is_some() != beside(conversation)?.is_some() {
                return Err(not_found("draft"));
            }
            let goes_on = typable(&row)? && !self.waits_for_its_time(db, &row)?;
            return Ok(goes_on.then_some(row));
        }
        // It was finished a moment ago: what goes on is its rest.
        let next = meta::get(db, &format!("{AFTER}{}", row_id(&id)))?;
        let next = next.and_then(|bytes| DraftId::from_slice(&bytes));
        let next = next.map(|next| drafts::get(db, &row_id(&next))).transpose()?.flatten();
        Ok(match next {
            Some(row) if typable(&row)? => Some(row),
            _ => None,
        })
    }

    /// Makes one draft the composer's; none makes it begin with nothing. The others are put aside.
    pub fn choose_draft(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        draft: Option<DraftId>,
    ) -> Result<(), Fail> {
        let known = drafts::of_conversation(tx, conversation)?.into_iter().map(|row| draft_id(&row.id));
        let aside = known.filter(|id| Some(*id) != draft).collect();
        self.set_here(tx, conversation, &Here { current: draft, aside })
    }

    /// The same for one that is there.
    pub fn choose_known_draft(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        draft: DraftId,
    ) -> Result<(), Fail> {
        match drafts::get(tx, &row_id(&draft))? {
            Some(row) if is_typed_at(tx, &row, conversation)? => {
                self.choose_draft(tx, conversation, Some(draft))
            }
            _ => Err(not_found("draft")),
        }
    }

    /// A draft that stood at a place is finished; `after` goes on with what was typed beyond it.
    pub fn draft_gone(
        &mut self,
        tx: &Tx<'_>,
        place: &DocId,
        draft: &DraftId,
        after: Option<DraftId>,
    ) -> Result<(), Fail> {
        for (key, next) in meta::with_prefix(tx, AFTER)? {
            if DraftId::from_slice(&next).as_ref() == Some(draft) {
                meta::delete(tx, &key)?;
            }
        }
        if let Some(after) = &after {
            meta::set(tx, &format!("{AFTER}{}", row_id(draft)), &after.0)?;
        }
        let composer = typed_at(tx, place)?;
        let mut here = here(tx, &composer)?;
        if here.current == Some(*draft) {
            return self.choose_draft(tx, &composer, after);
        }
        here.aside.retain(|id| id != draft);
        self.set_here(tx, &composer, &here)
    }

    fn set_here(&mut self, tx: &Tx<'_>, conversation: &DocId, new: &Here) -> Result<(), Fail> {
        if here(tx, conversation)? == *new {
            return Ok(());
        }
        let key = format!("{HERE}{conversation}");
        if *new == Here::default() {
            meta::delete(tx, &key)?;
        } else {
            meta::set(tx, &key, &encode(new))?;
        }
        self.touched.drafts.insert(*conversation);
        Ok(())
    }
}

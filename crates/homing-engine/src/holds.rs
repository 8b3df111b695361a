//! What the relay takes nothing new of for now, and how that is said. Nothing is lost by it: what it did not take waits
//! here and is sent by itself. But a person who waits is told what for.

use std::collections::BTreeMap;

use homing_store::{Read, meta, outbox};
use homing_sync::Hold;
use homing_wire::{BlobId, SpaceId};

use crate::api::{ApiError, Code};
use crate::core::Core;
use crate::fail::Fail;
use crate::port::Shortage;

/// Waiting changes of one space whose rows are told anew.
const ROWS: u32 = 1_000;

fn told(hold: Hold) -> ApiError {
    match hold {
        Hold::Full => ApiError::new(
            Code::RelayFull,
            "The relay has no room left and takes nothing new for now. Nothing is lost: what you write is kept here and sent by itself once there is room. Tell whoever runs the relay.",
        ),
        Hold::Quota => ApiError::new(
            Code::RelayQuota,
            "Your share of the relay's storage is used up. Nothing is lost: what you write is kept here and sent by itself once there is room. Ask whoever runs the relay for more.",
        ),
        Hold::Refill => ApiError::new(
            Code::RelayRefilling,
            "The relay lost what it had, and a conversation waits until a device of another member brings its part back. Nothing is lost: what you write is kept here and sent by itself then.",
        ),
        Hold::Owner => ApiError::new(
            Code::RelayRefilling,
            "The relay lost what it had. Changes of who is a member are kept here until a device of the owner was online, for three days at most, and made by themselves then.",
        ),
    }
}

impl From<Shortage> for Hold {
    fn from(shortage: Shortage) -> Self {
        match shortage {
            Shortage::Disk => Self::Full,
            Shortage::Quota => Self::Quota,
        }
    }
}

/// Why a file waits for room, by its name: a command that only looks says so too, without asking the relay.
const FILE_HELD: &str = "file_held/";

/// Files that the relay has no room for.
#[derive(Default)]
pub(crate) struct FilesHeld(BTreeMap<BlobId, Held>);

struct Held {
    shortage: Shortage,
    /// The relay said so in this session.
    now: bool,
}

impl FilesHeld {
    /// What was said before this start.
    pub fn kept(db: &Read<'_>) -> Result<Self, Fail> {
        let kept = meta::with_prefix(db, FILE_HELD)?.into_iter().filter_map(|(key, value)| {
            let shortage = match value.as_slice() {
                [0] => Shortage::Disk,
                [1] => Shortage::Quota,
                _ => return None,
            };
            Some((key.strip_prefix(FILE_HELD)?.parse().ok()?, Held { shortage, now: false }))
        });
        Ok(Self(kept.collect()))
    }

    /// Why a file waits, if it waits for room.
    pub fn why(&self, blob: &BlobId) -> Option<ApiError> {
        self.0.get(blob).map(|held| told(held.shortage.into()))
    }

    /// What the relay said in this session, if it has no room for some file.
    pub fn any(&self) -> Option<Hold> {
        self.0.values().find(|held| held.now).map(|held| held.shortage.into())
    }

    /// Another session begins, and every file is asked for anew.
    pub fn ask_again(&mut self) {
        self.0.values_mut().for_each(|held| held.now = false);
    }
}

impl Core {
    /// The relay takes nothing new for now, of one space or at all; or takes it again.
    pub(crate) fn holding(&mut self, space: Option<SpaceId>, hold: Option<Hold>) {
        let Some(link) = self.link.as_mut() else { return };
        match hold {
            Some(hold) => link.holds.insert(space, hold),
            None => link.holds.remove(&space),
        };
        self.touched.status = true;
        self.touched.outbox = true;
        let Some(space) = space else { return };
        let waiting = self.db().and_then(|db| {
            let queued = outbox::in_state(&db, &space, outbox::OutboxState::Queued, ROWS)?;
            let sealed = outbox::in_state(&db, &space, outbox::OutboxState::Sealed, ROWS)?;
            Ok(queued.into_iter().chain(sealed).collect::<Vec<_>>())
        });
        for row in waiting.unwrap_or_default() {
            if let (Some(conversation), Some(doc)) = (row.conversation, row.doc) {
                self.touched.message(conversation, doc);
            }
        }
    }

    /// The relay has no room for a file, or takes it, or nobody brings it any more.
    pub(crate) fn file_held(&mut self, blob: BlobId, shortage: Option<Shortage>) {
        let before = match shortage {
            Some(shortage) => self.files_held.0.insert(blob, Held { shortage, now: true }),
            None => self.files_held.0.remove(&blob),
        };
        if before.as_ref().filter(|held| held.now).map(|held| held.shortage) != shortage {
            self.touched.status = true;
        }
        if before.map(|held| held.shortage) != shortage {
            let key = format!("{FILE_HELD}{blob}");
            self.try_write("held file", |tx, _, _| match shortage {
                Some(shortage) => Ok(meta::set(tx, &key, &[u8::from(shortage == Shortage::Quota)])?),
                None => Ok(meta::delete(tx, &key).map(drop)?),
            });
        }
    }

    /// Why what is written in a space waits, if it does.
    pub(crate) fn held_in(&self, space: &SpaceId) -> Option<ApiError> {
        let holds = &self.link.as_ref()?.holds;
        holds.get(&None).or_else(|| holds.get(&Some(*space))).copied().map(told)
    }

    /// Nothing at all is taken.
    pub(crate) fn all_held(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.holds.contains_key(&None))
    }

    /// Why anything waits, if it does: what concerns everything first.
    pub(crate) fn held(&self) -> Option<ApiError> {
        let link = self.link.as_ref()?;
        link.holds.values().next().copied().or(self.files_held.any()).map(told)
    }

    /// What is wrong with the relay, as the screens show it: what is held back counts once something waits for it.
    pub(crate) fn relay_problem(&self) -> Option<ApiError> {
        let link = self.link.as_ref()?;
        if link.problem.is_some() {
            return link.problem.clone();
        }
        if let Some(all) = link.holds.get(&None) {
            return Some(told(*all));
        }
        if let Some(files) = self.files_held.any() {
            return Some(told(files));
        }
        if link.holds.is_empty() {
            return None;
        }
        let waiting = self.db().ok().and_then(|db| outbox::spaces(&db).ok()).unwrap_or_default();
        waiting.iter().find_map(|space| self.held_in(space))
    }
}

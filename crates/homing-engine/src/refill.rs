//! Filling a relay again that was restored from an older copy, or wiped: accounts, proofs, entries, slots.
//!
//! The relay compares; this device gives what it holds and the relay lacks, its own and others', ops first. A device
//! never goes back behind its own op head: what it accepted stays accepted here, whatever the relay says.

use std::collections::{BTreeSet, VecDeque};

use homing_store::entries;
use homing_store::{accounts, spaces};
use homing_sync::Event;
use homing_wire::codec::decode;
use homing_wire::{ChainProof, EntryId, EntryKind, Head, Repush, Role, SignedHead, SpaceId, Stored};

use crate::api::ApiError;
use crate::core::Core;

/// Entries read at once.
const PAGE: u32 = 2_000;
/// Bytes of entries in one frame; well under the frame's limit.
const FRAME: usize = 512 * 1024;

/// The refill of one space.
#[derive(Default)]
pub(crate) struct Refill {
    has: BTreeSet<EntryId>,
    queue: VecDeque<EntryId>,
}

impl Core {
    pub(crate) fn generation_raised(&mut self, old: u64, new: u64) {
        tracing::warn!(old, new, "the relay was restored or wiped; it is filled again");
        self.schedule_forgotten();
        let accounts = self.db().and_then(|db| {
            let mut all = Vec::new();
            for person in accounts::people(&db)? {
                all.push(accounts::list(&db, &person)?.into_iter().map(|op| op.bytes).collect());
            }
            Ok(all)
        });
        self.protocol(Event::RepushAccounts(accounts.unwrap_or_default()));
    }

    pub(crate) fn compare_ids(
        &mut self,
        space: SpaceId,
        _from: u64,
        ids: &[EntryId],
        more: bool,
        held: bool,
    ) {
        let Some(link) = self.link.as_mut() else { return };
        let refill = link.missing.entry(space).or_default();
        refill.has.extend(ids.iter().copied());
        if more {
            return;
        }
        let has = std::mem::take(&mut refill.has);
        let answer = self.lacking(&space, &has);
        let (queue, proof) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(code = ?error.code, "what the relay lacks could not be read");
                (VecDeque::new(), None)
            }
        };
        if let Some(refill) = self.link.as_mut().and_then(|link| link.missing.get_mut(&space)) {
            refill.queue = queue;
        }
        let confirm = if held { self.confirmable(&space) } else { None };
        self.protocol(Event::Missing { space, proof, confirm });
    }

    /// What the relay lacks, ops first; and the proof that it once had it.
    #[allow(clippy::type_complexity, reason = "a queue and a proof")]
    fn lacking(
        &self,
        space: &SpaceId,
        has: &BTreeSet<EntryId>,
    ) -> Result<(VecDeque<EntryId>, Option<ChainProof>), ApiError> {
        let db = self.db()?;
        let (mut ops, mut data) = (VecDeque::new(), VecDeque::new());
        let mut after = 0;
        loop {
            let page = entries::after(&db, space, after, PAGE)?;
            let Some(last) = page.last().and_then(|row| row.place) else { break };
            after = last.sequence;
            for row in page.into_iter().filter(|row| !has.contains(&row.id)) {
                match row.kind {
                    EntryKind::Op => ops.push_back(row.id),
                    EntryKind::Data => data.push_back(row.id),
                }
            }
        }
        ops.append(&mut data);
        Ok((ops, self.proof(space)?))
    }

    fn proof(&self, space: &SpaceId) -> Result<Option<ChainProof>, ApiError> {
        let db = self.db()?;
        let Some(row) = spaces::get(&db, space)? else { return Ok(None) };
        let Some(signed) = row.signed_head.as_deref() else { return Ok(None) };
        let Ok(until) = decode::<SignedHead>("signed head", signed, 1024) else { return Ok(None) };
        if row.bottom < until.head.sequence {
            // Older history is still missing here; who has all of it proves it.
            return Ok(None);
        }
        let mut items = Vec::new();
        let mut after = 0;
        while after < until.head.sequence {
            let page = entries::chain_after(&db, space, after, PAGE)?;
            let Some((last, ..)) = page.last() else { return Ok(None) };
            after = *last;
            let within = page.into_iter().filter(|(sequence, ..)| *sequence <= until.head.sequence);
            items.extend(within.map(|(_, id, received_ms, generation)| (id, received_ms, generation)));
        }
        let first = items.first().map_or(until.head.generation, |(_, _, generation)| *generation);
        Ok(Some(ChainProof { from: Head::empty(first), items, until: Some(until) }))
    }

    /// The op head an owner's device vouches for.
    fn confirmable(&mut self, space: &SpaceId) -> Option<EntryId> {
        let store = self.store.as_ref()?;
        let replica = self.replica.as_mut()?;
        if !replica.load_space(&store.read(), space).unwrap_or(false) {
            return None;
        }
        let (_, role) = replica.writes_as(space)?;
        (role == Role::Owner)
            .then(|| replica.known.spaces.get(space).map(homing_access::SpaceState::head))
            .flatten()
    }

    pub(crate) fn want_repush(&mut self, space: SpaceId) {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < FRAME {
            let next = self
                .link
                .as_mut()
                .and_then(|link| link.missing.get_mut(&space))
                .and_then(|refill| refill.queue.pop_front());
            let Some(id) = next else { break };
            let row = self.db().ok().and_then(|db| entries::get(&db, &id).ok().flatten());
            let Some((row, place)) = row.and_then(|row| row.place.map(|place| (row, place))) else {
                continue;
            };
            bytes += row.bytes.len();
            batch.push(Repush {
                stored: Stored {
                    sequence: place.sequence,
                    received_ms: place.received_ms,
                    generation: place.generation,
                    entry: row.bytes,
                },
            });
        }
        let more = self
            .link
            .as_ref()
            .and_then(|link| link.missing.get(&space))
            .is_some_and(|refill| !refill.queue.is_empty());
        if !more && let Some(link) = self.link.as_mut() {
            link.missing.remove(&space);
        }
        self.protocol(Event::Repush { space, entries: batch, more });
    }
}

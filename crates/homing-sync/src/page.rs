//! Pages of a log: do they answer what was asked, do they follow what is held, and does the chain lead to the head?

use homing_wire::{Head, Lane, SignedHead, SpaceId, Stored};

use crate::chain::{Link, same};
use crate::client::Client;
use crate::requests::Part;
use crate::space::LogWork;
use crate::{Divergence, Effect, Fault, Gap, LogCursor};

/// Highest sequence that is believed. A log that long can't exist, and sums stay far from overflow.
pub(crate) const MAX_SEQUENCE: u64 = 1 << 53;

/// What a good page means.
struct Step {
    links: Vec<Link>,
    cursor: LogCursor,
    lane: Lane,
}

/// Why a page is not taken.
enum Bad {
    Fault(Fault),
    Diverged(Divergence),
}

impl From<Fault> for Bad {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Divergence> for Bad {
    fn from(what: Divergence) -> Self {
        Self::Diverged(what)
    }
}

impl Client {
    pub(crate) fn page(
        &mut self,
        (id, req, part, floor): (SpaceId, u64, Part, u64),
        entries: Vec<Stored>,
        head: SignedHead,
        more: bool,
    ) -> Result<(), Fault> {
        let Some(space) = self.spaces.get_mut(&id).filter(|space| space.log == LogWork::Asked { req }) else {
            return Ok(());
        };
        space.log = LogWork::Idle;
        check_head(&id, &head)?;
        let known = space.cursor.log;
        match judge(&id, known, part, floor, entries, &head.head, more) {
            Err(Bad::Fault(fault)) => Err(fault),
            Err(Bad::Diverged(what)) => {
                self.diverged(id, what, Some(head));
                Ok(())
            }
            Ok(step) => {
                space.target = space.target.max(head.head.sequence);
                if matches!(part, Part::Forward { .. } | Part::Newest) {
                    space.check = false;
                }
                if step.cursor != known || !step.links.is_empty() {
                    self.deliver(id, step.links, head, step.lane, false, step.cursor);
                }
                self.touch(id);
                Ok(())
            }
        }
    }

    /// Hands entries to the store.
    pub(crate) fn deliver(
        &mut self,
        id: SpaceId,
        links: Vec<Link>,
        head: SignedHead,
        lane: Lane,
        live: bool,
        cursor: LogCursor,
    ) {
        let ticket = self.ticket(id);
        if let Some(space) = self.spaces.get_mut(&id) {
            space.log = LogWork::Delivered { ticket, cursor };
        }
        let entries = links.into_iter().map(|link| link.stored).collect();
        self.out.push(Effect::Entries { space: id, ticket, entries, head, lane, live, cursor });
    }
}

/// A head about the right space, with a sequence that can be.
pub(crate) fn check_head(id: &SpaceId, head: &SignedHead) -> Result<(), Fault> {
    if head.space != *id {
        return Err(Fault::WrongSubject);
    }
    if head.head.sequence > MAX_SEQUENCE {
        return Err(Fault::TooMuch);
    }
    Ok(())
}

fn judge(
    id: &SpaceId,
    known: LogCursor,
    part: Part,
    floor: u64,
    entries: Vec<Stored>,
    head: &Head,
    more: bool,
) -> Result<Step, Bad> {
    let tip = known.tip();
    if head.sequence < floor {
        return Err(Divergence::Rollback.into());
    }
    if head.sequence == tip.sequence && !same(head, &tip) {
        return Err(Divergence::Fork.into());
    }
    let ops_only = matches!(part, Part::Ops { .. });
    let mut links = Vec::with_capacity(entries.len());
    for stored in entries {
        if stored.sequence == 0 || stored.sequence > head.sequence {
            return Err(Fault::OutOfOrder.into());
        }
        links.push(Link::check(id, stored, ops_only)?);
    }
    match part {
        Part::Ops { from } => ops(known, from, links, head, more),
        Part::Forward { .. } => {
            if links.is_empty() && head.sequence > tip.sequence {
                return Err(Divergence::Withheld.into());
            }
            let end = follow(&tip, &links, head)?;
            let cursor = match known.gap {
                Some(gap) => LogCursor { gap: Some(Gap { tip: end, ..gap }), ..known },
                None => LogCursor { head: end, ..known },
            };
            Ok(Step { links, cursor, lane: Lane::All })
        }
        Part::Newest => {
            let links = descending(links, head.sequence, &known)?;
            match links.first().map(|link| link.stored.sequence) {
                None => Ok(Step { links, cursor: known, lane: Lane::All }),
                Some(low) if low == known.head.sequence + 1 => {
                    let end = follow(&known.head, &links, head)?;
                    Ok(Step { links, cursor: LogCursor { head: end, ..known }, lane: Lane::All })
                }
                Some(low) => {
                    let gap = Some(Gap { low, tip: *head });
                    Ok(Step { links, cursor: LogCursor { gap, ..known }, lane: Lane::All })
                }
            }
        }
        Part::Older { from } => {
            let links = descending(links, from.saturating_sub(1), &known)?;
            let low = links.first().map_or(from, |link| link.stored.sequence);
            let gap = known.gap.map(|gap| Gap { low, ..gap });
            Ok(Step { links, cursor: LogCursor { gap, ..known }, lane: Lane::All })
        }
    }
}

fn ops(known: LogCursor, from: u64, links: Vec<Link>, head: &Head, more: bool) -> Result<Step, Bad> {
    let mut last = from;
    for link in &links {
        if link.stored.sequence <= last {
            return Err(Fault::OutOfOrder.into());
        }
        last = link.stored.sequence;
    }
    if more && links.is_empty() {
        return Err(Divergence::Withheld.into());
    }
    let ops = if more { last } else { head.sequence };
    Ok(Step { links, cursor: LogCursor { ops, ..known }, lane: Lane::Ops })
}

/// Walks rising entries from `at`; where they reach the signed head, the chain must be the same.
fn follow(at: &Head, links: &[Link], head: &Head) -> Result<Head, Bad> {
    let mut end = *at;
    for link in links {
        if link.stored.sequence != end.sequence + 1 {
            return Err(Divergence::Withheld.into());
        }
        end = link.after(&end);
    }
    if end.sequence == head.sequence && !same(&end, head) {
        return Err(Divergence::Fork.into());
    }
    Ok(end)
}

/// Falling entries from `first` on, without holes; those above the verified head, turned to rise.
fn descending(links: Vec<Link>, first: u64, known: &LogCursor) -> Result<Vec<Link>, Bad> {
    if links.is_empty() && first > known.head.sequence {
        return Err(Divergence::Withheld.into());
    }
    let mut expected = first;
    let mut kept = Vec::with_capacity(links.len());
    for link in links {
        if link.stored.sequence != expected {
            return Err(Divergence::Withheld.into());
        }
        expected = expected.saturating_sub(1);
        if link.stored.sequence > known.head.sequence {
            kept.push(link);
        }
    }
    kept.reverse();
    Ok(kept)
}

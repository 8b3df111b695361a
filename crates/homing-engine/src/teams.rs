//! A team before its clients' spaces.
//!
//! A client's space is sealed to the team's key. When somebody who knew that key has left the team, or a colleague
//! revoked a device, the space could rotate at once, but only to the key they know. So whoever can make the team's next
//! key does that first, and what is written to clients waits for it.

use homing_store::Tx;
use homing_wire::{Member, SpaceId};

use crate::fail::Fail;
use crate::replica::Replica;

impl Replica {
    /// Whether the team this person writes as in a space must get a new key first; then the space is held.
    pub fn held_for_team(&mut self, tx: &Tx<'_>, now_ms: u64, space: &SpaceId) -> Result<bool, Fail> {
        let Some((Member::Team(team), _)) = self.writes_as(space) else { return Ok(false) };
        if !self.load_space(tx, &team)? || self.rotation_reasons(tx, &team, now_ms)?.is_empty() {
            return Ok(false);
        }
        self.held.insert(*space);
        self.touched.work.insert(team);
        Ok(true)
    }

    /// A space's ops moved: what was held for a team is looked at again.
    pub fn release_held(&mut self) {
        self.touched.work.append(&mut self.held);
    }
}

//! Leaving, as the person's other devices see it. The relay tells them no more than that the person is not in a space any more;
//! whether they left or were taken out, they learn from a setting that follows the person: which of their times there they
//! ended themselves. Who comes back and is taken out then is told so.

use homing_model::{Edit, Preimage};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Read, Tx, meta};
use homing_wire::codec::{decode, encode};
use homing_wire::{Member, SpaceId};

use crate::api::NoticeKind;
use crate::author::Label;
use crate::fail::Fail;
use crate::notices::SETTING;
use crate::replica::Replica;

/// Before the first half of a space's id, which names it as well as all of it.
const LEFT: &str = "left/";
const NAME: usize = 32;
const BYTES: usize = 16;

fn name_of(space: &SpaceId) -> String {
    LEFT.chars().chain(space.to_string().chars().take(NAME)).collect()
}

/// Whether a setting says that this person left somewhere.
pub(crate) fn tells_of_leaving(setting: &str) -> bool {
    setting.starts_with(LEFT)
}

impl Replica {
    /// Since which op this person is, or was last, a member of a space.
    fn member_since(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<Option<u64>, Fail> {
        if !self.load_space(db, space)? {
            return Ok(None);
        }
        let me = Member::Person(self.person());
        Ok(self.space(space)?.member_since(&me).and_then(|place| u64::try_from(place).ok()))
    }

    /// Tells this person's other devices that they leave, or that they stay after all.
    pub(crate) fn say_left(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        space: &SpaceId,
        leaves: bool,
    ) -> Result<(), Fail> {
        let since = self.member_since(tx, space)?.filter(|_| leaves);
        let preimage = Preimage::setting(self.personal(), &name_of(space));
        self.author(tx, now_ms, &preimage, &Edit::SetSetting { value: encode(&since) }, Label::OTHER)?;
        Ok(())
    }

    /// Whether this person ended their (last) time in a space themselves.
    pub(crate) fn left_by_self(&mut self, db: &Read<'_>, space: &SpaceId) -> Result<bool, Fail> {
        let stored = meta::get(db, &format!("{SETTING}{}", name_of(space)))?;
        let left = stored.and_then(|bytes| decode::<Option<u64>>("left", &bytes, BYTES).ok()).flatten();
        Ok(left.is_some() && left == self.member_since(db, space)?)
    }

    /// Another of this person's devices said that it left: what was told of being taken out was wrong.
    pub(crate) fn leaving_came(&mut self, tx: &Tx<'_>, setting: &str) -> Result<(), Fail> {
        for row in spaces::list(tx)?.into_iter().filter(|row| name_of(&row.space) == setting) {
            if row.state == SpaceState::Gone && self.left_by_self(tx, &row.space)? {
                let subject = self.gone_subject(&row.space)?;
                self.notice_settled(tx, NoticeKind::Left, &subject)?;
            }
            self.touch_conversations_of(tx, &row.space)?;
        }
        Ok(())
    }
}

//! Settings of how somebody reads, writes and is seen: the same on all their devices.
//!
//! Each is a setting of its own in the personal space, so that devices which were changed apart merge, and a version that
//! does not know one leaves it alone. Before they followed the person they were each device's own: what was chosen then
//! holds there until it is chosen anew, on whichever device.

use homing_model::{Edit, Preimage};
use homing_store::{Read, Tx, meta};
use homing_wire::codec::{decode, encode};

use crate::api::{Settings, SettingsSet};
use crate::author::Label;
use crate::fail::Fail;
use crate::notices::SETTING;
use crate::replica::Replica;

const PRESENCE: &str = "presence";
const ENTER: &str = "write/enter";
const UNDO: &str = "write/undo";
const PREVIEWS: &str = "write/previews";
const PHOTOS: &str = "write/clean_photos";
/// Bytes of a number.
const NUMBER: usize = 16;

/// For how long sending can be undone.
pub(super) const UNDO_SECONDS: [u32; 3] = [0, 5, 10];

fn key(name: &str) -> String {
    format!("{SETTING}{name}")
}

/// Lays what was chosen on whichever device over what is this device's own.
pub(super) fn overlay(db: &Read<'_>, settings: &mut Settings) -> Result<(), Fail> {
    // Another device may be of another version.
    let number = |name: &str| -> Result<Option<u32>, Fail> {
        Ok(meta::get(db, &key(name))?.and_then(|bytes| decode("setting", &bytes, NUMBER).ok()))
    };
    let switch = |name: &str, own: bool| -> Result<bool, Fail> {
        Ok(match number(name)? {
            Some(0) => false,
            Some(1) => true,
            _ => own,
        })
    };
    settings.presence = switch(PRESENCE, settings.presence)?;
    settings.enter_sends = switch(ENTER, settings.enter_sends)?;
    settings.link_previews = switch(PREVIEWS, settings.link_previews)?;
    settings.clean_photos = switch(PHOTOS, settings.clean_photos)?;
    if let Some(seconds) = number(UNDO)?.filter(|seconds| UNDO_SECONDS.contains(seconds)) {
        settings.undo_send_seconds = seconds;
    }
    Ok(())
}

impl Replica {
    /// Hands what was chosen to the other devices.
    pub(super) fn follow_settings(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        chosen: &SettingsSet,
    ) -> Result<(), Fail> {
        let chosen = [
            (PRESENCE, chosen.presence.map(u32::from)),
            (ENTER, chosen.enter_sends.map(u32::from)),
            (UNDO, chosen.undo_send_seconds),
            (PREVIEWS, chosen.link_previews.map(u32::from)),
            (PHOTOS, chosen.clean_photos.map(u32::from)),
        ];
        for (name, value) in chosen {
            let Some(value) = value.map(|value| encode(&value)) else { continue };
            if meta::get(tx, &key(name))?.is_some_and(|known| *known == value) {
                continue;
            }
            let preimage = Preimage::setting(self.personal(), name);
            self.author(tx, now_ms, &preimage, &Edit::SetSetting { value }, Label::OTHER)?;
        }
        Ok(())
    }
}

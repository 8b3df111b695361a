//! Settings of this profile. Those that concern other people, or how somebody reads and writes, follow the person to all
//! devices: read receipts by a slot, the others as `following` has it.

use homing_store::{Durability, Read, Tx, meta, slots};

use super::{following, video};
use crate::api::{ApiError, Nothing, Settings, SettingsSet, Theme};
use crate::core::Core;
use crate::fail::{Fail, invalid};
use crate::replica::Replica;
use crate::slot_content::{SharedSettings, SlotContent, settings_slot};
use crate::translate;

/// Where the settings lie in the store.
pub(crate) const SETTINGS: &str = "settings";
const SHARED_MS: &str = "settings/shared_ms";

fn defaults() -> Settings {
    Settings {
        theme: Theme::System,
        notifications: true,
        notification_content: true,
        read_receipts: true,
        enter_sends: true,
        zoom: 100,
        close_to_tray: true,
        lock_after_minutes: 0,
        compact_list: false,
        undo_send_seconds: 0,
        presence: true,
        link_previews: false,
        clean_photos: true,
        video_call: String::new(),
        translate_at: String::new(),
        translate_to: String::new(),
        welcome_done: false,
        recovery_reminder_at: None,
    }
}

fn stored(bytes: Option<&[u8]>) -> Settings {
    bytes.and_then(|bytes| over_defaults(bytes).ok()).unwrap_or_else(defaults)
}

/// What an older version stored lacks what came since: that is as it is for everybody who never chose.
fn over_defaults(bytes: &[u8]) -> serde_json::Result<Settings> {
    let chosen: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes)?;
    let mut all = serde_json::to_value(defaults())?;
    if let Some(all) = all.as_object_mut() {
        all.extend(chosen);
    }
    serde_json::from_value(all)
}

fn encoded(settings: &Settings) -> Result<Vec<u8>, Fail> {
    // What follows the person lies where it follows the person.
    let here = Settings { video_call: String::new(), ..settings.clone() };
    serde_json::to_vec(&here).map_err(|_| Fail::Internal("settings"))
}

/// Whether others are told what this person has read, and this person what they have read.
pub(crate) fn tells_read(db: &Read<'_>) -> Result<bool, Fail> {
    let bytes = meta::get(db, SETTINGS)?;
    Ok(stored(bytes.as_deref().map(Vec::as_slice)).read_receipts)
}

/// The recovery words changed: what put off their reminder was said of others.
pub(crate) fn remind_now(tx: &Tx<'_>) -> Result<(), Fail> {
    let bytes = meta::get(tx, SETTINGS)?;
    let mut settings = stored(bytes.as_deref().map(Vec::as_slice));
    if settings.recovery_reminder_at.take().is_some() {
        meta::set(tx, SETTINGS, &encoded(&settings)?)?;
    }
    Ok(())
}

impl Core {
    pub(crate) fn stored_settings(&self) -> Result<Settings, ApiError> {
        let db = self.db()?;
        let bytes = meta::get(&db, SETTINGS)?;
        let mut settings = stored(bytes.as_deref().map(Vec::as_slice));
        settings.video_call = video::address(&db)?;
        following::overlay(&db, &mut settings)?;
        Ok(settings)
    }

    pub(crate) fn settings(&mut self, _: Nothing) -> Result<Settings, ApiError> {
        self.stored_settings()
    }

    pub(crate) fn settings_set(&mut self, args: SettingsSet) -> Result<Settings, ApiError> {
        let before = self.stored_settings()?;
        let mut settings = before.clone();
        macro_rules! take {
            ($($field:ident),*) => { $(if let Some(value) = args.$field { settings.$field = value; })* };
        }
        take!(theme, notifications, notification_content, read_receipts, enter_sends, zoom, close_to_tray);
        take!(lock_after_minutes, compact_list, welcome_done, undo_send_seconds, presence);
        take!(link_previews, clean_photos);
        if let Some(at) = &args.recovery_reminder_at {
            settings.recovery_reminder_at = (!at.is_empty()).then(|| at.clone());
        }
        if !(50..=200).contains(&settings.zoom) {
            return Err(invalid("Zoom goes from 50 to 200 percent.").into());
        }
        if !following::UNDO_SECONDS.contains(&settings.undo_send_seconds) {
            return Err(invalid("Sending can be undone for 0, 5 or 10 seconds.").into());
        }
        if let Some(address) = &args.video_call {
            settings.video_call = video::checked(address)?;
        }
        if let Some(address) = &args.translate_at {
            settings.translate_at = translate::checked(address)?;
        }
        if let Some(language) = &args.translate_to {
            settings.translate_to = translate::checked_language(language)?;
        }
        self.write(Durability::Full, |tx, replica, env| {
            meta::set(tx, SETTINGS, &encoded(&settings)?)?;
            if settings.video_call != before.video_call {
                replica.set_video_call(tx, env.now_ms(), &settings.video_call)?;
            }
            replica.follow_settings(tx, env.now_ms(), &args)?;
            replica.touched.settings = true;
            if settings.read_receipts != before.read_receipts {
                let now_ms = env.now_ms();
                meta::set(tx, SHARED_MS, &now_ms.to_be_bytes())?;
                replica.share_settings(tx, settings.read_receipts, now_ms)?;
                for row in replica.joined(tx)? {
                    replica.owe_receipts(tx, &row.space)?;
                }
            }
            Ok(())
        })?;
        Ok(settings)
    }
}

impl Replica {
    fn share_settings(&mut self, tx: &Tx<'_>, read_receipts: bool, changed_ms: u64) -> Result<(), Fail> {
        let content = SharedSettings { read_receipts, changed_ms };
        slots::set(tx, &self.personal(), &settings_slot(), &SlotContent::Settings(content).encode())?;
        Ok(())
    }

    /// Another of this person's devices changed what all follow; the newest wins.
    pub fn settings_came(&mut self, tx: &Tx<'_>, came: &SharedSettings) -> Result<(), Fail> {
        let known = meta::get(tx, SHARED_MS)?
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .map_or(0, u64::from_be_bytes);
        if came.changed_ms <= known {
            return Ok(());
        }
        let bytes = meta::get(tx, SETTINGS)?;
        let mut settings = stored(bytes.as_deref().map(Vec::as_slice));
        settings.read_receipts = came.read_receipts;
        meta::set(tx, SETTINGS, &encoded(&settings)?)?;
        meta::set(tx, SHARED_MS, &came.changed_ms.to_be_bytes())?;
        self.touched.settings = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_stored_is_kept_and_the_rest_as_by_default() {
        let read = stored(Some(br#"{"theme":"dark","zoom":125}"#));
        assert_eq!(read, Settings { theme: Theme::Dark, zoom: 125, ..defaults() });
        let own = stored(Some(
            br#"{"presence":false,"enter_sends":false,"undo_send_seconds":5,"link_previews":true}"#,
        ));
        let chosen = (own.presence, own.enter_sends, own.undo_send_seconds, own.link_previews);
        assert_eq!(
            chosen,
            (false, false, 5, true),
            "what was each device's own holds until it is chosen anew"
        );
        assert_eq!(stored(Some(b"junk")), defaults());
    }
}

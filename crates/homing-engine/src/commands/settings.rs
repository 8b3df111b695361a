//! Settings of this profile. Those that concern other people (read receipts) follow the person to all devices.

use homing_store::{Durability, Tx, meta, slots};

use crate::api::{ApiError, Nothing, Settings, SettingsSet, Theme};
use crate::core::Core;
use crate::fail::{Fail, invalid};
use crate::replica::Replica;
use crate::slot_content::{SharedSettings, SlotContent, settings_slot};

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
        welcome_done: false,
        recovery_reminder_at: None,
    }
}

fn stored(bytes: Option<&[u8]>) -> Settings {
    bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_else(defaults)
}

fn encoded(settings: &Settings) -> Result<Vec<u8>, Fail> {
    serde_json::to_vec(settings).map_err(|_| Fail::Internal("settings"))
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
        let bytes = meta::get(&self.db()?, SETTINGS)?;
        Ok(stored(bytes.as_deref().map(Vec::as_slice)))
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
        take!(lock_after_minutes, compact_list, welcome_done);
        if let Some(at) = args.recovery_reminder_at {
            settings.recovery_reminder_at = (!at.is_empty()).then_some(at);
        }
        if !(50..=200).contains(&settings.zoom) {
            return Err(invalid("Zoom goes from 50 to 200 percent.").into());
        }
        self.write(Durability::Full, |tx, replica, env| {
            meta::set(tx, SETTINGS, &encoded(&settings)?)?;
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

//! The person's own devices.

use homing_model::{Edit, Preimage};
use homing_store::Durability;
use homing_wire::DeviceId;

use super::unreachable;
use crate::api::{ApiError, Code, DeviceRename, DeviceRow, ItemRef, Nothing};
use crate::author::Label;
use crate::commands::checked_name;
use crate::core::Core;
use crate::fail::not_found;
use crate::reply::Reply;
use crate::rows::device_name;

/// Characters of an id that are enough to name a device.
const PREFIX: usize = 6;

impl Core {
    pub(crate) fn devices(&mut self, _: Nothing) -> Result<Vec<DeviceRow>, ApiError> {
        self.write(Durability::Normal, |tx, replica, _| {
            let me = replica.person();
            replica.load_account(tx, &me)?;
            let Some(account) = replica.known.accounts.get(&me) else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            for (id, device) in account.devices() {
                rows.push(DeviceRow {
                    id: id.to_string(),
                    name: device_name(tx, id)?,
                    current: *id == replica.device(),
                    // The account log holds no times: they would be a device's own word.
                    added_at: None,
                    revoked: device.revoked_by.is_some(),
                });
            }
            rows.sort_by_key(|row| (row.revoked, !row.current, row.name.clone()));
            Ok(rows)
        })
    }

    /// A device by id, prefix or exact name.
    fn find_device(&mut self, text: &str) -> Result<(DeviceId, DeviceRow), ApiError> {
        let rows = self.devices(Nothing {})?;
        let fits = |row: &&DeviceRow| {
            row.id == text
                || (row.name == text && !text.is_empty())
                || (text.len() >= PREFIX && row.id.starts_with(text))
        };
        let mut found = rows.iter().filter(fits).filter(|row| !row.revoked || row.id == text);
        let row = match (found.next(), found.next()) {
            (Some(row), None) => row.clone(),
            (Some(_), Some(_)) => {
                return Err(ApiError::new(
                    Code::AmbiguousName,
                    "More than one device is meant by this. Use its id.",
                ));
            }
            _ => return Err(not_found("device").into()),
        };
        let id = row.id.parse().map_err(|_| ApiError::from(not_found("device")))?;
        Ok((id, row))
    }

    pub(crate) fn device_rename(&mut self, args: DeviceRename) -> Result<Vec<DeviceRow>, ApiError> {
        let name = checked_name(&args.name)?;
        let (id, _) = self.find_device(&args.device)?;
        self.write(Durability::Full, |tx, replica, env| {
            let personal = replica.personal();
            replica.load_space(tx, &personal)?;
            let edit = Edit::SetDeviceName { name: name.clone() };
            replica.author(tx, env.now_ms(), &Preimage::device_name(personal, &id), &edit, Label::OTHER)?;
            if id == replica.device() {
                replica.me.device_name.clone_from(&name);
                replica.save_identity(tx)?;
            }
            Ok(())
        })?;
        self.devices(Nothing {})
    }

    pub(crate) fn device_revoke(&mut self, args: ItemRef, reply: Reply<Vec<DeviceRow>>) {
        match self.begin_revoke(&args.id) {
            Ok(device) => self.revoke(device, reply),
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn begin_revoke(&mut self, text: &str) -> Result<DeviceId, ApiError> {
        let (id, row) = self.find_device(text)?;
        if row.current {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "A device can't revoke itself. Do it from another of your devices.",
            ));
        }
        if row.revoked {
            return Err(ApiError::new(Code::DeviceRevoked, "This device was revoked before."));
        }
        if self.relay_address()?.is_none() {
            return Err(self.no_relay());
        }
        if self.link.is_none() {
            return Err(unreachable());
        }
        // What was typed there lives on here: copies of its drafts were merged as they came.
        Ok(id)
    }
}

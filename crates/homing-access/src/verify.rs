//! Signatures of entries and slots.

use homing_crypto::{Domain, verify};
use homing_wire::{Entry, EntryBody, EntryId, Slot};

use crate::AccessError;

/// Checks an entry's signature and gives its id.
pub fn verify_entry(entry: &Entry) -> Result<EntryId, AccessError> {
    let signed = entry.signed_bytes();
    verify(Domain::Entry, &entry.header().device.0, &signed, &entry.signature.0)
        .map_err(|_| AccessError::BadSignature)?;
    Ok(EntryBody::id_of(&signed))
}

/// Checks a slot's signature.
pub fn verify_slot(slot: &Slot) -> Result<(), AccessError> {
    verify(Domain::Slot, &slot.header().device.0, &slot.signed_bytes(), &slot.signature.0)
        .map_err(|_| AccessError::BadSignature)
}

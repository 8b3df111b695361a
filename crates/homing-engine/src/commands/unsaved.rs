//! What is typed outside of drafts and not saved yet: on this device only, in its encrypted file.
//!
//! A field that others see is saved when it is left, so half a price never gets to a client. Until then a crash must not
//! take what was typed.

use homing_store::{Durability, meta};

use crate::api::{ApiError, Code, Done, Nothing, Unsaved};
use crate::core::Core;
use crate::fail::invalid;

const UNSAVED: &str = "unsaved/";
/// Bytes of the name of a place.
const PLACE: usize = 200;
/// Bytes of a text: a form with the longest text a record takes, written as JSON.
const TEXT: usize = 128 * 1024;

impl Core {
    pub(crate) fn unsaved(&mut self, _: Nothing) -> Result<Vec<Unsaved>, ApiError> {
        let held = meta::with_prefix(&self.db()?, UNSAVED)?;
        let of = |(key, text): (String, zeroize::Zeroizing<Vec<u8>>)| {
            let place = key.strip_prefix(UNSAVED)?.to_owned();
            Some(Unsaved { place, text: String::from_utf8(text.to_vec()).ok()? })
        };
        Ok(held.into_iter().filter_map(of).collect())
    }

    pub(crate) fn unsaved_set(&mut self, args: Unsaved) -> Result<Done, ApiError> {
        if args.place.is_empty() || args.place.len() > PLACE {
            return Err(invalid("A place has a name of at most 200 bytes.").into());
        }
        if args.text.len() > TEXT {
            return Err(ApiError::new(Code::TooLarge, "The text is longer than what is kept."));
        }
        let key = format!("{UNSAVED}{}", args.place);
        self.write(Durability::Full, |tx, _, _| {
            if args.text.is_empty() {
                meta::delete(tx, &key)?;
            } else {
                meta::set(tx, &key, args.text.as_bytes())?;
            }
            Ok(())
        })?;
        Ok(Done { done: true })
    }
}

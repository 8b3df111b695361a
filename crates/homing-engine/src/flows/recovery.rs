//! The recovery words: shown, proved to be written down, used.

use homing_crypto::{RECOVERY_WORDS, recovery_from_words, recovery_words};
use homing_store::Durability;

use super::begin::DEVICE;
use crate::api::{ApiError, Code, Nothing, RecoveryConfirm, RecoveryUse, RecoveryWords, Status};
use crate::commands::checked_name;
use crate::core::Core;
use crate::fail::Fail;
use crate::reply::Reply;
use crate::text::relay_address;

/// Fewer words prove nothing.
const PROOF: usize = 3;

fn wrong_words() -> ApiError {
    ApiError::new(
        Code::RecoveryInvalid,
        "These are not the recovery words: there are 24 of them, in their order.",
    )
}

impl Core {
    pub(crate) fn recovery_show(&mut self, _: Nothing) -> Result<RecoveryWords, ApiError> {
        let me = &self.replica()?.me;
        let words = self.own_words()?;
        Ok(RecoveryWords { words, confirmed: me.recovery_confirmed })
    }

    fn own_words(&self) -> Result<Vec<String>, ApiError> {
        let seed = self.replica()?.me.recovery_seed.as_ref().ok_or_else(|| {
            ApiError::new(
                Code::RecoveryInvalid,
                "The recovery words are not on this device. Look for them on another one.",
            )
        })?;
        let phrase = recovery_words(seed).map_err(Fail::from)?;
        Ok(phrase.split(' ').map(str::to_owned).collect())
    }

    pub(crate) fn recovery_confirm(&mut self, args: RecoveryConfirm) -> Result<Status, ApiError> {
        let words = self.own_words()?;
        let right = args.words.iter().all(|(place, typed)| {
            usize::try_from(*place)
                .ok()
                .and_then(|place| words.get(place))
                .is_some_and(|word| typed.trim().eq_ignore_ascii_case(word))
        });
        let mut places: Vec<u32> = args.words.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.dedup();
        if !right || places.len() < PROOF || words.len() != RECOVERY_WORDS {
            return Err(ApiError::new(
                Code::RecoveryInvalid,
                "Not all of these words are right. Compare them with what you wrote down.",
            ));
        }
        self.write(Durability::Full, |tx, replica, _| {
            replica.me.recovery_confirmed = true;
            replica.touched.status = true;
            replica.save_identity(tx)
        })?;
        self.status(Nothing {})
    }

    /// Lets this device into the account of whoever holds the words.
    pub(crate) fn recovery_use(&mut self, args: RecoveryUse, reply: Reply<Status>) {
        let read = || -> Result<_, ApiError> {
            if self.replica.is_some() {
                return Err(ApiError::new(
                    Code::AlreadyInitialised,
                    "This profile belongs to somebody already. Use the words in a profile of its own.",
                ));
            }
            let words = recovery_from_words(&args.words).map_err(|_| wrong_words())?;
            let relay = relay_address(&args.relay)
                .ok_or_else(|| ApiError::new(Code::InvalidArgument, "This is not the address of a relay."))?;
            let device_name = args.name.as_deref().map(checked_name).transpose()?;
            Ok((words, relay, device_name.unwrap_or_else(|| DEVICE.to_owned())))
        };
        match read() {
            Ok((words, relay, device_name)) => self.recover(relay, words, device_name, reply),
            Err(error) => self.settle(reply, Err(error)),
        }
    }
}

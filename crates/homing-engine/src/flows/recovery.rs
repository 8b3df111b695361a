//! The recovery words: shown, proved to be written down, used, and made anew when a device that may know them is shut out.

use homing_crypto::{RECOVERY_WORDS, RecoverySecret, Seed32, recovery_from_words, recovery_words};
use homing_store::{Durability, Tx, meta};

use super::begin::device_called;
use crate::api::{ApiError, Code, Nothing, RecoveryConfirm, RecoveryUse, RecoveryWords, Status};
use crate::core::Core;
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::text::relay_address;

/// Fewer words prove nothing.
const PROOF: usize = 3;
/// New words, until the account names them.
const NEXT_WORDS: &str = "next_words";

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
            Ok((words, relay, device_called(args.name.as_deref())?))
        };
        match read() {
            Ok((words, relay, device_name)) => self.recover(relay, words, device_name, reply),
            Err(error) => self.settle(reply, Err(error)),
        }
    }
}

/// The words the account is to have next. The same ones until it has them, so that whichever attempt reaches the relay,
/// this device holds what the account is sealed to.
pub(super) fn next_words(tx: &Tx<'_>, env: &mut Env) -> Result<Seed32, Fail> {
    if let Some(words) = meta::get(tx, NEXT_WORDS)?.and_then(|bytes| Seed32::from_slice(&bytes)) {
        return Ok(words);
    }
    let words = Seed32::random(&mut env.rng);
    meta::set(tx, NEXT_WORDS, words.expose())?;
    Ok(words)
}

impl Replica {
    /// Keeps the recovery words in step with the own account: those made here once the account names them; none when
    /// another device made new ones, which only that device can show.
    pub(crate) fn settle_words(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        let Some(account) = self.known.accounts.get(&self.person()) else { return Ok(()) };
        let named = account.recovery().verify.0;
        let names = |words: &Seed32| RecoverySecret::from_seed(words).signing().public() == named;
        if self.me.recovery_seed.as_ref().is_some_and(names) {
            return Ok(());
        }
        let next = meta::get(tx, NEXT_WORDS)?.and_then(|bytes| Seed32::from_slice(&bytes)).filter(names);
        if next.is_none() && self.me.recovery_seed.is_none() {
            return Ok(());
        }
        self.me.recovery_seed = next;
        self.me.recovery_confirmed = false;
        meta::delete(tx, NEXT_WORDS)?;
        self.touched.status = true;
        self.save_identity(tx)
    }
}

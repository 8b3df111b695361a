//! The recovery words: shown, proved to be written down, used, and made anew when a device that may know them is shut out.

use data_encoding::HEXLOWER;
use homing_crypto::{RECOVERY_WORDS, RecoverySecret, Seed32, recovery_from_words, recovery_words};
use homing_store::{Durability, Read, Tx, meta, slots};
use homing_wire::VerifyKey;

use super::begin::device_called;
use crate::api::{ApiError, Code, Nothing, RecoveryConfirm, RecoveryUse, RecoveryWords, Status};
use crate::core::Core;
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::slot_content::{SlotContent, WordsKept, words_slot};
use crate::text::relay_address;

/// Fewer words prove nothing.
const PROOF: usize = 3;
/// New words, until the account names them.
const NEXT_WORDS: &str = "next_words";
/// Public halves of words that were written down.
const KEPT: &str = "words_kept/";

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
            replica.say_words_kept(tx)?;
            replica.save_identity(tx)
        })?;
        self.status(Nothing {})
    }

    /// At start: tells the other devices that the words were written down, if that was not said yet.
    pub(crate) fn say_words_kept(&mut self) -> Result<(), ApiError> {
        let Some(me) = self.replica.as_ref().map(|replica| &replica.me) else { return Ok(()) };
        let Some(words) = me.recovery_seed.as_ref().filter(|_| me.recovery_confirmed) else { return Ok(()) };
        if !are_kept(&self.db()?, &public(words))? {
            self.write(Durability::Full, |tx, replica, _| replica.say_words_kept(tx))?;
        }
        Ok(())
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

fn public(words: &Seed32) -> VerifyKey {
    VerifyKey(RecoverySecret::from_seed(words).signing().public())
}

fn kept(words: &VerifyKey) -> String {
    format!("{KEPT}{}", HEXLOWER.encode(&words.0))
}

fn are_kept(db: &Read<'_>, words: &VerifyKey) -> Result<bool, Fail> {
    Ok(meta::get(db, &kept(words))?.is_some())
}

impl Replica {
    /// Keeps the recovery words in step with the own account: those made here once the account names them; none when
    /// another device made new ones, which only that device can show. Whether the present ones were written down, some
    /// device of the person says.
    pub(crate) fn settle_words(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        let Some(account) = self.known.accounts.get(&self.person()) else { return Ok(()) };
        let named = account.recovery().verify;
        let names = |words: &Seed32| public(words) == named;
        if self.me.recovery_seed.as_ref().is_some_and(names) {
            return Ok(());
        }
        let next = meta::get(tx, NEXT_WORDS)?.and_then(|bytes| Seed32::from_slice(&bytes)).filter(names);
        if next.is_some() || self.me.recovery_seed.is_some() {
            meta::delete(tx, NEXT_WORDS)?;
            crate::commands::remind_now(tx)?;
            self.touched.settings = true;
        }
        self.me.recovery_seed = next;
        self.me.recovery_confirmed = are_kept(tx, &named)?;
        self.touched.status = true;
        self.save_identity(tx)
    }

    fn say_words_kept(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        let Some(verify) = self.me.recovery_seed.as_ref().map(public) else { return Ok(()) };
        meta::set(tx, &kept(&verify), &[])?;
        slots::set(
            tx,
            &self.personal(),
            &words_slot(),
            &SlotContent::WordsKept(WordsKept { verify }).encode(),
        )?;
        Ok(())
    }

    /// Words were written down at another device of this person; perhaps not the present ones.
    pub(crate) fn words_kept_came(&mut self, tx: &Tx<'_>, came: &WordsKept) -> Result<(), Fail> {
        meta::set(tx, &kept(&came.verify), &[])?;
        let me = self.person();
        self.load_account(tx, &me)?;
        let named = self.known.accounts.get(&me).map(|account| account.recovery().verify);
        if named != Some(came.verify) || self.me.recovery_confirmed {
            return Ok(());
        }
        self.me.recovery_confirmed = true;
        self.touched.status = true;
        self.save_identity(tx)
    }
}

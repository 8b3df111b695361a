//! Typing and being there: sealed, not stored, shown only while it is fresh.

use homing_crypto::{NONCE_LEN, random_nonce};
use homing_store::Tx;
use homing_wire::codec::{decode, encode};
use homing_wire::{DeviceId, DocId, EpochId, PersonId, SpaceId, limits};
use minicbor::bytes::ByteVec;

use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;

/// (epoch, nonce and ciphertext).
type Sealed = (EpochId, ByteVec);

/// What a frame is about is part of its seal: the one can't pass for the other.
const TYPING: &str = "typing v1";
const PRESENCE: &str = "presence v1";

/// What a member's device says.
pub(crate) enum Said {
    /// Its person types in this conversation.
    Typing(DocId),
    /// Its person is there, or has gone.
    Here(bool),
}

impl Replica {
    /// "This person is typing in this conversation", for the members who have it open.
    pub fn seal_typing(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        space: &SpaceId,
        conversation: &DocId,
    ) -> Result<Option<Vec<u8>>, Fail> {
        let plain = encode(&(TYPING, self.person(), *conversation));
        self.seal_ephemeral(tx, env, space, TYPING, &plain)
    }

    /// "This person is there", for the members who have a conversation of this space open.
    pub fn seal_presence(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        space: &SpaceId,
        here: bool,
    ) -> Result<Option<Vec<u8>>, Fail> {
        let plain = encode(&(PRESENCE, self.person(), here));
        self.seal_ephemeral(tx, env, space, PRESENCE, &plain)
    }

    fn seal_ephemeral(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        space: &SpaceId,
        about: &str,
        plain: &[u8],
    ) -> Result<Option<Vec<u8>>, Fail> {
        if !self.load_space(tx, space)? || self.writes_as(space).is_none() {
            return Ok(None);
        }
        let epoch = self.space(space)?.epoch();
        let Some(key) = self.key(tx, space, &epoch)? else { return Ok(None) };
        let nonce = random_nonce(&mut env.rng);
        let bound = bound_to(about, space, &self.device());
        let sealed = homing_crypto::seal(key.ephemeral_key(), nonce, &bound, plain)?;
        let sealed: Sealed = (epoch, ByteVec::from([nonce.as_slice(), &sealed].concat()));
        Ok(Some(encode(&sealed)))
    }

    /// Who says what, if the frame is genuine and the device is that person's.
    pub fn open_ephemeral(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        device: &DeviceId,
        content: &[u8],
    ) -> Result<Option<(PersonId, Said)>, Fail> {
        let Ok((epoch, sealed)) = decode::<Sealed>("ephemeral", content, limits::EPHEMERAL) else {
            return Ok(None);
        };
        let Some(key) = self.key(tx, space, &epoch)? else { return Ok(None) };
        let Some((nonce, sealed)) = sealed.split_at_checked(NONCE_LEN) else { return Ok(None) };
        let Ok(nonce) = <[u8; NONCE_LEN]>::try_from(nonce) else { return Ok(None) };
        let open = |about: &str| {
            homing_crypto::open(key.ephemeral_key(), nonce, &bound_to(about, space, device), sealed).ok()
        };
        let (person, said) = if let Some(plain) = open(TYPING) {
            let read = decode::<(String, PersonId, DocId)>("typing", &plain, limits::EPHEMERAL);
            let Ok((_, person, conversation)) = read else { return Ok(None) };
            (person, Said::Typing(conversation))
        } else if let Some(plain) = open(PRESENCE) {
            let read = decode::<(String, PersonId, bool)>("presence", &plain, limits::EPHEMERAL);
            let Ok((_, person, here)) = read else { return Ok(None) };
            (person, Said::Here(here))
        } else {
            return Ok(None);
        };
        self.load_account(tx, &person)?;
        let theirs = self.known.accounts.get(&person).is_some_and(|account| account.is_active(device));
        Ok((theirs && person != self.person()).then_some((person, said)))
    }
}

fn bound_to(about: &str, space: &SpaceId, device: &DeviceId) -> Vec<u8> {
    encode(&(about, *space, *device))
}

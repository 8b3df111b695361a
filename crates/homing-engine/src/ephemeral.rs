//! Typing: sealed, not stored, shown only while it is fresh.

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

impl Replica {
    /// "This person is typing in this conversation", for the members who have it open.
    pub fn seal_typing(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        space: &SpaceId,
        conversation: &DocId,
    ) -> Result<Option<Vec<u8>>, Fail> {
        if !self.load_space(tx, space)? || self.writes_as(space).is_none() {
            return Ok(None);
        }
        let epoch = self.space(space)?.epoch();
        let Some(key) = self.key(tx, space, &epoch)? else { return Ok(None) };
        let nonce = random_nonce(&mut env.rng);
        let plain = encode(&("typing v1", self.person(), *conversation));
        let sealed =
            homing_crypto::seal(key.ephemeral_key(), nonce, &bound_to(space, &self.device()), &plain)?;
        let sealed: Sealed = (epoch, ByteVec::from([nonce.as_slice(), &sealed].concat()));
        Ok(Some(encode(&sealed)))
    }

    /// Who types where, if the frame is genuine and the device is that person's.
    pub fn open_typing(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        device: &DeviceId,
        content: &[u8],
    ) -> Result<Option<(DocId, PersonId)>, Fail> {
        let Ok((epoch, sealed)) = decode::<Sealed>("typing", content, limits::EPHEMERAL) else {
            return Ok(None);
        };
        let Some(key) = self.key(tx, space, &epoch)? else { return Ok(None) };
        let Some((nonce, sealed)) = sealed.split_at_checked(NONCE_LEN) else { return Ok(None) };
        let Ok(nonce) = <[u8; NONCE_LEN]>::try_from(nonce) else { return Ok(None) };
        let Ok(plain) = homing_crypto::open(key.ephemeral_key(), nonce, &bound_to(space, device), sealed)
        else {
            return Ok(None);
        };
        let Ok((_, person, conversation)) =
            decode::<(String, PersonId, DocId)>("typing", &plain, limits::EPHEMERAL)
        else {
            return Ok(None);
        };
        self.load_account(tx, &person)?;
        let theirs = self.known.accounts.get(&person).is_some_and(|account| account.is_active(device));
        Ok((theirs && person != self.person()).then_some((conversation, person)))
    }
}

fn bound_to(space: &SpaceId, device: &DeviceId) -> Vec<u8> {
    encode(&("typing v1", *space, *device))
}

//! Account logs: which devices a person has, and the person's current keys.
//!
//! Append-only, compare-and-set on the previous op, checked by `homing-access` on relay and devices alike.

use minicbor::{CborLen, Decode, Encode};

use crate::codec::{CodecError, decode, encode};
use crate::{AccountOpId, DeviceId, KemPublic, PersonId, Signature, VerifyKey, limits};

/// The public half of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct DeviceKeys {
    /// Ed25519 public key; also the device's id.
    #[n(0)]
    pub device: DeviceId,
    /// X25519 public key.
    #[n(1)]
    pub kem: KemPublic,
}

/// A person seed sealed to one device.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SealedToDevice {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// HPKE, leading suite byte.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A generation of the person key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PersonKey {
    /// Rises by one, from 1.
    #[n(0)]
    pub generation: u32,
    /// May sign the addition of a device.
    #[n(1)]
    pub enrol: VerifyKey,
    /// Space seeds are sealed to it.
    #[n(2)]
    pub kem: KemPublic,
    /// The seed, sealed to every device that is not revoked.
    #[n(3)]
    pub devices: Vec<SealedToDevice>,
    /// The seed, sealed to the recovery key.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub recovery: Vec<u8>,
    /// The previous generation's seed under this one's chain key (nonce, then ciphertext); empty in the first.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub previous: Vec<u8>,
}

/// The public half of the recovery words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct RecoveryKeys {
    /// Ed25519 public key.
    #[n(0)]
    pub verify: VerifyKey,
    /// X25519 public key.
    #[n(1)]
    pub kem: KemPublic,
}

/// Who signed an account op.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum AccountSigner {
    /// A device of the account that is not revoked.
    #[n(0)]
    Device(#[n(0)] DeviceId),
    /// The recovery key.
    #[n(1)]
    Recovery,
    /// The enrolment key of the current person key generation; additions only.
    #[n(2)]
    PersonKey(#[n(0)] u32),
}

/// What an account op does.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum AccountAction {
    /// The first op: its id is the person's id.
    #[n(0)]
    Genesis {
        /// First device.
        #[n(0)]
        device: DeviceKeys,
        /// Generation 1.
        #[n(1)]
        person_key: PersonKey,
        /// The recovery words' public half.
        #[n(2)]
        recovery: RecoveryKeys,
        /// Random.
        #[cbor(n(3), with = "minicbor::bytes")]
        nonce: [u8; 16],
    },
    /// A device joins.
    #[n(1)]
    AddDevice {
        /// The new device.
        #[n(0)]
        device: DeviceKeys,
        /// The current person seed, HPKE-sealed to it.
        #[cbor(n(1), with = "minicbor::bytes")]
        sealed: Vec<u8>,
        /// The new device's own signature over [`AccountOp::consent_bytes`] (domain `AccountOp`).
        #[n(2)]
        consent: Signature,
    },
    /// A device is shut out; the person key rotates with it.
    #[n(2)]
    RevokeDevice {
        /// The device.
        #[n(0)]
        device: DeviceId,
        /// The next generation.
        #[n(1)]
        person_key: PersonKey,
    },
    /// The person key rotates for another reason.
    #[n(3)]
    RotateKey {
        /// The next generation.
        #[n(0)]
        person_key: PersonKey,
    },
    /// New recovery words.
    #[n(4)]
    SetRecovery {
        /// The new public half.
        #[n(0)]
        recovery: RecoveryKeys,
        /// The next generation, sealed to the new recovery key.
        #[n(1)]
        person_key: PersonKey,
    },
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct AccountOpBody {
    /// Format version.
    #[n(0)]
    pub version: u32,
    /// The account; absent in the genesis.
    #[n(1)]
    pub person: Option<PersonId>,
    /// The previous op; absent in the genesis.
    #[n(2)]
    pub prev: Option<AccountOpId>,
    /// Who signs. In the genesis: its own device.
    #[n(3)]
    pub signer: AccountSigner,
    /// What it does.
    #[n(4)]
    pub action: AccountAction,
}

/// An op of an account log.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct AccountOp {
    /// What is signed.
    #[n(0)]
    pub body: AccountOpBody,
    /// Ed25519 (domain `AccountOp`).
    #[n(1)]
    pub signature: Signature,
}

impl AccountOp {
    /// The bytes that are signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        encode(&self.body)
    }

    /// BLAKE3 of the signed bytes.
    pub fn id(&self) -> AccountOpId {
        AccountOpId(*blake3::hash(&self.signed_bytes()).as_bytes())
    }

    /// What a new device signs to say that it wants to belong to `person`.
    pub fn consent_bytes(person: &PersonId, device: &DeviceKeys) -> Vec<u8> {
        encode(&("device consent v1", *person, *device))
    }

    /// Checks size, form and version; not the signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let op: Self = decode("account op", bytes, limits::ACCOUNT_OP)?;
        match op.body.version {
            limits::VERSION => Ok(op),
            other => Err(CodecError::UnknownVersion(other)),
        }
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

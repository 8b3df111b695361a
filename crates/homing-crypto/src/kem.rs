//! Sealing to a public key: HPKE (RFC 9180) in base mode.
//!
//! Base mode doesn't say who sealed. That is the signature's task: every seal travels inside a signed op or
//! entry, and what is opened is checked against a commitment or a public key in the log.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{CryptoError, Seed32};

/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. Another suite (X-Wing) gets another number.
pub const SUITE_X25519: u8 = 1;

/// How much longer a sealed value is than what is inside: suite, encapsulated key, tag.
pub const HPKE_OVERHEAD: usize = 1 + ENCAPPED_LEN + 16;

const ENCAPPED_LEN: usize = 32;

type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapped = <X25519HkdfSha256 as Kem>::EncappedKey;

/// An X25519 key pair for opening what others sealed. The library wipes its secret half when dropped.
#[derive(Clone)]
pub struct KemSecret {
    private: Private,
    public: [u8; 32],
}

impl KemSecret {
    /// The key pair of this seed (RFC 9180 `DeriveKeyPair`).
    pub fn from_seed(seed: &Seed32) -> Self {
        let (private, public) = X25519HkdfSha256::derive_keypair(seed.expose());
        Self { private, public: public.to_bytes().into() }
    }

    /// The public half, to which others seal.
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }
}

impl std::fmt::Debug for KemSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KemSecret(..)")
    }
}

/// Seals to a public key. `info` names the use, `aad` what the seal belongs to; opening needs both again.
///
/// Fails with [`CryptoError::BadPublicKey`] for a key of small order: such a key is a member's attempt to make the
/// secret readable to everybody.
pub fn hpke_seal(
    rng: &mut impl CryptoRng,
    to: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let to = Public::from_bytes(to).map_err(|_| CryptoError::BadPublicKey)?;
    let (encapped, ciphertext) = hpke::single_shot_seal_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
    >(&OpModeS::Base, &to, info, plain, aad, rng)
    .map_err(|error| match error {
        hpke::HpkeError::SealError => CryptoError::TooLarge,
        _ => CryptoError::BadPublicKey,
    })?;
    Ok([&[SUITE_X25519][..], &encapped.to_bytes(), &ciphertext].concat())
}

/// Opens what [`hpke_seal`] made.
pub fn hpke_open(
    secret: &KemSecret,
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (suite, rest) = sealed.split_first().ok_or(CryptoError::OpenFailed)?;
    if *suite != SUITE_X25519 {
        return Err(CryptoError::UnknownSuite(*suite));
    }
    let (encapped, ciphertext) = rest.split_at_checked(ENCAPPED_LEN).ok_or(CryptoError::OpenFailed)?;
    let encapped = Encapped::from_bytes(encapped).map_err(|_| CryptoError::OpenFailed)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret.private,
        &encapped,
        info,
        ciphertext,
        aad,
    )
    .map(Zeroizing::new)
    .map_err(|_| CryptoError::OpenFailed)
}

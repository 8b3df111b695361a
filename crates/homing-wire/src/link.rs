//! Invitation links: `homing://join/1/<base64url of the canonical form>#<base64url of the 16-byte secret>`.
//!
//! The fragment never reaches a server, also not as part of the relay's web address `/i/`.

use data_encoding::BASE64URL_NOPAD;
use minicbor::{CborLen, Decode, Encode};

use crate::codec::{decode, encode};
use crate::{InviteId, PersonId, Role, SpaceId, SpaceKind, VerifyKey};

/// What an invitation link says besides its secret.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct InviteLink {
    /// Address of the relay (`http://` or `https://`).
    #[n(0)]
    pub relay: String,
    /// The relay's key, pinned.
    #[n(1)]
    pub relay_key: VerifyKey,
    /// The space.
    #[n(2)]
    pub space: SpaceId,
    /// What kind of space.
    #[n(3)]
    pub kind: SpaceKind,
    /// The invitation.
    #[n(4)]
    pub invite: InviteId,
    /// Who invited, pinned.
    #[n(5)]
    pub inviter: PersonId,
    /// The inviter's name, to show before anything is fetched.
    #[n(6)]
    pub inviter_name: String,
    /// Role the joiner gets.
    #[n(7)]
    pub role: Role,
    /// Unix ms.
    #[n(8)]
    pub expires_ms: u64,
    /// True: no approval needed.
    #[n(9)]
    pub instant: bool,
}

/// Not an invitation link of a version this app knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an invitation link")]
pub struct BadLink;

const PREFIX: &str = "homing://join/1/";
const LINK_BYTES: usize = 2048;

impl InviteLink {
    /// The link's text.
    pub fn to_text(&self, secret: &[u8; 16]) -> String {
        format!("{PREFIX}{}#{}", BASE64URL_NOPAD.encode(&encode(self)), BASE64URL_NOPAD.encode(secret))
    }

    /// Reads a link: the parts and the secret.
    pub fn parse(text: &str) -> Result<(Self, [u8; 16]), BadLink> {
        let rest = text.trim().strip_prefix(PREFIX).ok_or(BadLink)?;
        let (payload, secret) = rest.split_once('#').ok_or(BadLink)?;
        let bytes = BASE64URL_NOPAD.decode(payload.trim_end_matches('/').as_bytes()).map_err(|_| BadLink)?;
        let link: Self = decode("invitation link", &bytes, LINK_BYTES).map_err(|_| BadLink)?;
        let secret = BASE64URL_NOPAD.decode(secret.as_bytes()).map_err(|_| BadLink)?;
        Ok((link, secret.try_into().map_err(|_| BadLink)?))
    }
}

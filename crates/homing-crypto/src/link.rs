//! Linking a new device: the code one screen shows, and the digits both show.
//!
//! The code gives both devices a shared key and a place to meet that the relay can't guess. The six digits then show
//! the person that no third device sits between the two, even one whose owner read the code over a shoulder.
//! Six digits alone could be matched by trying a million keys; so the new device first sends a
//! [`link_commitment`] to its key and nonce, learns the other's key and nonce, and only then opens its own. The
//! transcript for [`link_digits`] holds both public keys and both nonces. Whoever sits between must commit
//! before knowing what to match, and is left with one guess in a million that the person can see. (This is the
//! usual short-authentication-string exchange with a hash commitment.)

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::seed::derive;
use crate::stretch::argon2id;
use crate::{CryptoError, Seed32, context};

/// Crockford's base 32: no I, L, O, U, so nothing is mistaken when read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const CODE_BYTES: usize = 10;
const CODE_CHARS: usize = 16;
const GROUP: usize = 4;

/// Argon2id for the typed code: 64 MiB, three passes, one lane. Below a second on a small laptop; with 80 random
/// bits, trying codes against a recorded exchange is out of reach for anybody.
const CODE_MEMORY_KIB: u32 = 64 * 1024;
const CODE_PASSES: u32 = 3;
const CODE_LANES: u32 = 1;

/// The same on both devices before they have spoken, so it can't be random. A code is drawn for one use, which is
/// what a salt would have ensured.
const CODE_SALT: &[u8] = b"homing 2026 link code v1";

/// The code a person types on the new device: 80 random bits, used once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LinkCode([u8; CODE_BYTES]);

impl LinkCode {
    /// A new code.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut code = Self([0; CODE_BYTES]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// The code as it was drawn, for tests and fixtures of other layers.
    pub const fn from_bytes(bytes: [u8; CODE_BYTES]) -> Self {
        Self(bytes)
    }

    /// The code as the screen shows it: four groups of four, `XXXX-XXXX-XXXX-XXXX`.
    pub fn display(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP));
        for (place, symbol) in symbols(&self.0).enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(symbol);
        }
        text
    }

    /// Reads what a person typed: any case, any spaces or hyphens, O for 0, I or L for 1.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut code = Self([0; CODE_BYTES]);
        parse_into(text, &mut code.0)?;
        Ok(code)
    }

    /// The key both devices get from the code. Takes a moment on purpose.
    pub fn stretch(&self) -> Result<Seed32, CryptoError> {
        argon2id(&self.0, CODE_SALT, CODE_MEMORY_KIB, CODE_PASSES, CODE_LANES)
    }
}

impl std::fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkCode(..)")
    }
}

/// The code a camera reads: 128 random bits, used once, too many to need stretching.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LinkQr([u8; 16]);

impl LinkQr {
    /// A new code.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut code = Self([0; 16]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// The code as it was drawn.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The text inside the QR picture: 26 characters of its compact alphabet.
    pub fn display(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(26));
        text.extend(symbols(&self.0));
        text
    }

    /// Reads the text of a QR picture.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut code = Self([0; 16]);
        parse_into(text, &mut code.0)?;
        Ok(code)
    }

    /// The key both devices get from the code.
    pub fn key(&self) -> Seed32 {
        derive(context::LINK_QR, &self.0)
    }
}

impl std::fmt::Debug for LinkQr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkQr(..)")
    }
}

/// What the new device sends before it learns the other's key: a promise about its own key and nonce.
pub fn link_commitment(public: &[u8; 32], nonce: &[u8; 32]) -> [u8; 32] {
    *derive(context::LINK_COMMITMENT, &[*public, *nonce].concat()).expose()
}

/// The six digits both screens show for one exchange.
pub fn link_digits(shared: &Seed32, transcript: &[u8]) -> String {
    let key = shared.derive(context::LINK_DIGITS);
    let mut first = [0; 8];
    blake3::Hasher::new_keyed(key.expose()).update(transcript).finalize_xof().fill(&mut first);
    format!("{:06}", u64::from_le_bytes(first) % 1_000_000)
}

/// Five bits to a character, most significant first; the last is filled up with zero bits.
fn symbols(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    (0..(bytes.len() * 8).div_ceil(5)).map(move |place| {
        let value = (place * 5..place * 5 + 5).fold(0u8, |value, bit| {
            let byte = bytes.get(bit / 8).copied().unwrap_or(0);
            value << 1 | (byte >> (7 - bit % 8) & 1)
        });
        ALPHABET.get(usize::from(value)).map_or('0', |symbol| char::from(*symbol))
    })
}

fn parse_into(text: &str, bytes: &mut [u8]) -> Result<(), CryptoError> {
    let mut bit = 0;
    for typed in text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c)) {
        let value = symbol_value(typed).ok_or(CryptoError::BadLinkCode)?;
        for shift in (0..5).rev() {
            let set = value >> shift & 1;
            match bytes.get_mut(bit / 8) {
                Some(byte) => *byte |= set << (7 - bit % 8),
                // Filling bits behind the end are zero and belong to the last character.
                None if set == 0 && bit % 5 != 0 => {}
                None => return Err(CryptoError::BadLinkCode),
            }
            bit += 1;
        }
    }
    if bit == (bytes.len() * 8).next_multiple_of(5) { Ok(()) } else { Err(CryptoError::BadLinkCode) }
}

/// Keyboards and chat programs turn a hyphen into several kinds of dash.
const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn symbol_value(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == symbol)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_typed() {
        let code = LinkCode::from_bytes([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]);
        assert_eq!(*code.display(), "0123-4567-89AB-CDEF");
        for typed in ["o l23 4567\n89ab cdef", "0I23\u{2013}4567\u{2013}89AB\u{2013}CDEF", "OL23456789ABCDEF"]
        {
            assert_eq!(LinkCode::parse(typed).unwrap().0, code.0, "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in
            ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123-4567-89AB-CDEU", "é123-4567-89AB-CDEF"]
        {
            assert_eq!(LinkCode::parse(typed).unwrap_err(), CryptoError::BadLinkCode, "{typed}");
        }
    }

    #[test]
    fn a_qr_text_has_one_form() {
        let code = LinkQr::from_bytes([0xff; 16]);
        let text = code.display();
        assert_eq!(*text, "ZZZZZZZZZZZZZZZZZZZZZZZZZW");
        assert_eq!(LinkQr::parse(&text).unwrap().0, code.0);
        // The last two bits fill up and must be zero, else one secret would have four texts.
        for last in ['X', 'Y', 'Z'] {
            let other = text.replace('W', &last.to_string());
            assert_eq!(LinkQr::parse(&other).unwrap_err(), CryptoError::BadLinkCode);
        }
        assert!(LinkQr::parse(&format!("{}0", *text)).is_err());
    }
}

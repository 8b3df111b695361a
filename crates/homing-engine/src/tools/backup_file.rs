//! The backup file.
//!
//! ```text
//! 8 bytes   magic
//! u32       length of the envelope (big-endian, like all numbers here)
//! envelope  CBOR: version, how it is protected, nonce, sealed contents (the database's key and the person)
//! u64       length of the database
//! database  SQLCipher under the key in the envelope
//! files     0x01, blob id (32), index (u32), length (u32), sealed chunk; ...; 0x00
//! ```
//!
//! The envelope is sealed under a key stretched from the passphrase or derived from the recovery seed, with its clear
//! part as associated data. Chunks are sealed under keys that stand in the database. So everything is authenticated,
//! and a wrong passphrase is told apart from a damaged file.

use std::io::{self, Read, Write};

use homing_crypto::{PassphraseParams, Seed32, context, random_nonce, stretch_passphrase};
use homing_wire::BlobId;
use homing_wire::codec::{decode, encode};
use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::api::{ApiError, Code};
use crate::fail::Fail;

const MAGIC: &[u8; 8] = b"homingBK";
const VERSION: u32 = 1;
const ENVELOPE_BYTES: u32 = 256 * 1024;
/// A sealed chunk is at most so long.
const CHUNK_BYTES: u32 = 4 * 1024 * 1024;
const FILE: u8 = 1;
const END: u8 = 0;

/// How the envelope's key is had.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
enum Protection {
    /// Argon2id over a passphrase.
    #[n(0)]
    Passphrase {
        #[cbor(n(0), with = "minicbor::bytes")]
        salt: [u8; 16],
        #[n(1)]
        memory_kib: u32,
        #[n(2)]
        passes: u32,
        #[n(3)]
        lanes: u32,
    },
    /// The recovery words.
    #[n(1)]
    Recovery,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
struct Clear {
    #[n(0)]
    version: u32,
    #[n(1)]
    protection: Protection,
    #[cbor(n(2), with = "minicbor::bytes")]
    nonce: [u8; 24],
}

#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Envelope {
    #[n(0)]
    clear: Clear,
    #[n(1)]
    sealed: ByteVec,
}

#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Contents {
    #[cbor(n(0), with = "minicbor::bytes")]
    database_key: [u8; 32],
    #[n(1)]
    identity: ByteVec,
}

/// What protects a backup, in the hands of its owner.
pub(super) enum Secret<'a> {
    /// A passphrase chosen for it.
    Passphrase(&'a str),
    /// The seed behind the recovery words.
    Recovery(&'a Seed32),
}

/// What the envelope holds.
pub(super) struct Opened {
    /// Key of the database that follows.
    pub database_key: Zeroizing<[u8; 32]>,
    /// The person, see `Identity::from_portable`.
    pub identity: Zeroizing<Vec<u8>>,
}

/// A chunk of a file.
pub(super) struct Chunk {
    pub blob: BlobId,
    pub index: u32,
    pub bytes: Vec<u8>,
}

pub(super) fn file_failed(_: io::Error) -> ApiError {
    ApiError::new(
        Code::FileFailed,
        "The backup file can't be read or written. Check the folder's permissions and free space.",
    )
}

fn no_backup() -> ApiError {
    ApiError::new(
        Code::Corrupt,
        "This is not a Homing backup, or it is damaged. Use another copy; nothing was changed.",
    )
}

/// A passphrase's key; the parameters may come from a stranger's file and were checked.
fn stretched(passphrase: &str, salt: &[u8; 16], params: &PassphraseParams) -> Result<Seed32, ApiError> {
    let seed = stretch_passphrase(passphrase, salt, params).map_err(|_| {
        ApiError::new(
            Code::InvalidArgument,
            "The passphrase is empty. Choose one of at least eight characters.",
        )
    })?;
    Ok(seed.derive(context::BACKUP_FILE))
}

/// Writes everything before the database.
pub(super) fn write_envelope(
    out: &mut impl Write,
    rng: &mut impl CryptoRng,
    secret: &Secret<'_>,
    opened: &Opened,
) -> Result<(), ApiError> {
    let (protection, key) = match secret {
        Secret::Passphrase(passphrase) => {
            let mut salt = [0u8; 16];
            rng.fill_bytes(&mut salt);
            let params = PassphraseParams::DEFAULT;
            let key = stretched(passphrase, &salt, &params)?;
            let (memory_kib, passes, lanes) = (params.memory_kib(), params.passes(), params.lanes());
            (Protection::Passphrase { salt, memory_kib, passes, lanes }, key)
        }
        Secret::Recovery(seed) => (Protection::Recovery, seed.derive(context::BACKUP_FILE)),
    };
    let clear = Clear { version: VERSION, protection, nonce: random_nonce(rng) };
    let contents =
        Contents { database_key: *opened.database_key, identity: ByteVec::from(opened.identity.to_vec()) };
    let plain = Zeroizing::new(encode(&contents));
    let sealed = homing_crypto::seal(&key, clear.nonce, &encode(&clear), &plain).map_err(Fail::from)?;
    let envelope = encode(&Envelope { clear, sealed: ByteVec::from(sealed) });
    let length = u32::try_from(envelope.len()).map_err(|_| ApiError::from(Fail::Internal("envelope")))?;
    let parts: [&[u8]; 3] = [MAGIC, &length.to_be_bytes(), &envelope];
    parts.iter().try_for_each(|part| out.write_all(part)).map_err(file_failed)
}

/// Reads everything before the database. What is asked for first says which secret it takes.
pub(super) fn read_envelope(
    from: &mut impl Read,
    passphrase: Option<&str>,
    recovery: Option<&Seed32>,
) -> Result<Opened, ApiError> {
    let magic: [u8; 8] = read_array(from)?;
    if magic != *MAGIC {
        return Err(no_backup());
    }
    let length = u32::from_be_bytes(read_array(from)?);
    if length > ENVELOPE_BYTES {
        return Err(no_backup());
    }
    let bytes = read_bytes(from, length)?;
    let envelope: Envelope =
        decode("backup envelope", &bytes, ENVELOPE_BYTES as usize).map_err(|_| no_backup())?;
    let clear = &envelope.clear;
    if clear.version != VERSION {
        return Err(ApiError::new(
            Code::VersionTooNew,
            "This backup was written by a newer version of Homing. Update the app to restore it.",
        ));
    }
    let key = match (&clear.protection, passphrase, recovery) {
        (Protection::Passphrase { salt, memory_kib, passes, lanes }, Some(passphrase), _) => {
            let params = PassphraseParams::new(*memory_kib, *passes, *lanes).map_err(|_| no_backup())?;
            stretched(passphrase, salt, &params)?
        }
        (Protection::Recovery, _, Some(seed)) => seed.derive(context::BACKUP_FILE),
        (Protection::Passphrase { .. }, None, _) => {
            return Err(ApiError::new(
                Code::WrongPassphrase,
                "This backup is protected by a passphrase. Give it.",
            ));
        }
        (Protection::Recovery, _, None) => {
            return Err(ApiError::new(
                Code::RecoveryInvalid,
                "This backup is protected by the recovery words. Give them.",
            ));
        }
    };
    let plain =
        homing_crypto::open(&key, clear.nonce, &encode(clear), &envelope.sealed).map_err(|_| match clear
            .protection
        {
            Protection::Passphrase { .. } => ApiError::new(
                Code::WrongPassphrase,
                "This passphrase doesn't open the backup. Nothing was changed.",
            ),
            Protection::Recovery => ApiError::new(
                Code::RecoveryInvalid,
                "These recovery words don't open the backup. Nothing was changed.",
            ),
        })?;
    let contents: Contents =
        decode("backup contents", &plain, ENVELOPE_BYTES as usize).map_err(|_| no_backup())?;
    Ok(Opened {
        database_key: Zeroizing::new(contents.database_key),
        identity: Zeroizing::new(contents.identity.to_vec()),
    })
}

/// Copies the database in.
pub(super) fn write_database(
    out: &mut impl Write,
    from: &mut impl Read,
    length: u64,
) -> Result<(), ApiError> {
    out.write_all(&length.to_be_bytes()).map_err(file_failed)?;
    copy_exactly(from, out, length)
}

/// Copies the database out.
pub(super) fn read_database(from: &mut impl Read, out: &mut impl Write) -> Result<(), ApiError> {
    let length = u64::from_be_bytes(read_array(from)?);
    copy_exactly(from, out, length)
}

/// Adds a chunk of a file.
pub(super) fn write_chunk(out: &mut impl Write, chunk: &Chunk) -> Result<(), ApiError> {
    let length = u32::try_from(chunk.bytes.len())
        .ok()
        .filter(|length| *length <= CHUNK_BYTES)
        .ok_or_else(|| ApiError::from(Fail::Internal("chunk")))?;
    let parts: [&[u8]; 5] =
        [&[FILE], &chunk.blob.0, &chunk.index.to_be_bytes(), &length.to_be_bytes(), &chunk.bytes];
    parts.iter().try_for_each(|part| out.write_all(part)).map_err(file_failed)
}

/// Ends the file.
pub(super) fn write_end(out: &mut impl Write) -> Result<(), ApiError> {
    out.write_all(&[END]).map_err(file_failed)
}

/// The next chunk; none at the end.
pub(super) fn read_chunk(from: &mut impl Read) -> Result<Option<Chunk>, ApiError> {
    let [tag] = read_array(from)?;
    match tag {
        END => return Ok(None),
        FILE => {}
        _ => return Err(no_backup()),
    }
    let blob = BlobId(read_array(from)?);
    let index = u32::from_be_bytes(read_array(from)?);
    let length = u32::from_be_bytes(read_array(from)?);
    if length > CHUNK_BYTES {
        return Err(no_backup());
    }
    Ok(Some(Chunk { blob, index, bytes: read_bytes(from, length)? }))
}

fn copy_exactly(from: &mut impl Read, out: &mut impl Write, length: u64) -> Result<(), ApiError> {
    let copied = io::copy(&mut from.take(length), out).map_err(file_failed)?;
    if copied == length { Ok(()) } else { Err(no_backup()) }
}

fn read_array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], ApiError> {
    let mut bytes = [0u8; N];
    from.read_exact(&mut bytes).map_err(ended)?;
    Ok(bytes)
}

fn read_bytes(from: &mut impl Read, length: u32) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes).map_err(file_failed)?;
    if bytes.len() == length as usize { Ok(bytes) } else { Err(no_backup()) }
}

/// A file that ends too early is no backup; anything else is the disk's trouble.
fn ended(error: io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::UnexpectedEof { no_backup() } else { file_failed(error) }
}

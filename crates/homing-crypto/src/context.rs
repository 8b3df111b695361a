//! The contexts of BLAKE3 `derive_key`, one per use, all in one place so that no two can ever be equal.
//!
//! A context names the product, the year it was fixed, the use and a version. Changing one orphans every key
//! derived under it: a new use gets a new constant, a changed use a new version beside the old one.

/// Device seed to Ed25519 key.
pub const DEVICE_SIGNING: &str = "homing 2026 device signing key v1";
/// Device seed to X25519 key.
pub const DEVICE_KEM: &str = "homing 2026 device kem key v1";

/// Person seed (one generation) to the Ed25519 key that may enrol devices.
pub const PERSON_ENROL: &str = "homing 2026 person enrol key v1";
/// Person seed to X25519 key.
pub const PERSON_KEM: &str = "homing 2026 person kem key v1";
/// Person seed to the key that seals the previous generation's seed.
pub const PERSON_CHAIN: &str = "homing 2026 person chain key v1";

/// Recovery seed to Ed25519 key.
pub const RECOVERY_SIGNING: &str = "homing 2026 recovery signing key v1";
/// Recovery seed to X25519 key.
pub const RECOVERY_KEM: &str = "homing 2026 recovery kem key v1";

/// Epoch seed to its public commitment.
pub const EPOCH_COMMITMENT: &str = "homing 2026 epoch commitment v1";
/// Epoch seed to the key that seals entries.
pub const EPOCH_DATA: &str = "homing 2026 epoch data key v1";
/// Epoch seed to the key that seals slots.
pub const EPOCH_SLOT: &str = "homing 2026 epoch slot key v1";
/// Epoch seed to the key that seals frames nobody stores.
pub const EPOCH_EPHEMERAL: &str = "homing 2026 epoch ephemeral key v1";
/// Epoch seed to the key that seals the previous epoch's seed.
pub const EPOCH_CHAIN: &str = "homing 2026 epoch chain key v1";
/// Epoch seed of a team space to the team's X25519 key.
pub const TEAM_KEM: &str = "homing 2026 team kem key v1";

/// Invitation secret to Ed25519 key.
pub const INVITE_SIGNING: &str = "homing 2026 invite signing key v1";
/// Invitation secret to X25519 key.
pub const INVITE_KEM: &str = "homing 2026 invite kem key v1";

/// File seed to the key that seals its chunks.
pub const BLOB_CHUNK: &str = "homing 2026 blob chunk key v1";

/// The QR secret to the shared link key; it has entropy enough to need no stretching.
pub const LINK_QR: &str = "homing 2026 link qr key v1";
/// Shared link key to the place where the two devices meet. The result is shown to the relay.
pub const LINK_MEETING: &str = "homing 2026 link meeting place v1";
/// Shared link key to the key that seals what the two devices tell each other.
pub const LINK_SEAL: &str = "homing 2026 link seal key v1";
/// Shared link key to the six digits on both screens.
pub const LINK_DIGITS: &str = "homing 2026 link digits v1";
/// A device's public key and nonce to the promise it makes before it sees the other's.
pub const LINK_COMMITMENT: &str = "homing 2026 link commitment v1";

/// A person's id and key to their half of a safety number.
pub const SAFETY_NUMBER: &str = "homing 2026 safety number v1";

/// Stretched passphrase or recovery seed to the key of a backup file.
pub const BACKUP_FILE: &str = "homing 2026 backup file key v1";
/// Stretched passphrase to the key that wraps a profile's database key.
pub const PROFILE_LOCK: &str = "homing 2026 profile lock key v1";

/// Every context, so that a test can prove them distinct.
pub const ALL: &[&str] = &[
    DEVICE_SIGNING,
    DEVICE_KEM,
    PERSON_ENROL,
    PERSON_KEM,
    PERSON_CHAIN,
    RECOVERY_SIGNING,
    RECOVERY_KEM,
    EPOCH_COMMITMENT,
    EPOCH_DATA,
    EPOCH_SLOT,
    EPOCH_EPHEMERAL,
    EPOCH_CHAIN,
    TEAM_KEM,
    INVITE_SIGNING,
    INVITE_KEM,
    BLOB_CHUNK,
    LINK_QR,
    LINK_MEETING,
    LINK_SEAL,
    LINK_DIGITS,
    LINK_COMMITMENT,
    SAFETY_NUMBER,
    BACKUP_FILE,
    PROFILE_LOCK,
];

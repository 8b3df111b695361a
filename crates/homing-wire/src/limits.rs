//! Sizes and counts that every side checks before it looks further.

/// Version of entries, slots and ops.
pub const VERSION: u32 = 1;
/// Versions of a session: 1, and 2, which keeps entries until their time.
pub const SESSIONS: [u32; 2] = [1, 2];
/// The session version from which a relay keeps entries until their time.
pub const SCHEDULING: u32 = 2;
/// Bytes of one entry, signed and sealed.
pub const ENTRY: usize = 256 * 1024;
/// Bytes of one frame.
pub const FRAME: usize = 1024 * 1024;
/// Bytes of one slot, signed and sealed.
pub const SLOT: usize = 64 * 1024;
/// Bytes of one account op.
pub const ACCOUNT_OP: usize = 64 * 1024;
/// Bytes of account ops in one answer, each with [`ACCOUNT_LINE`] more; what is left of a log is asked for next.
pub const ACCOUNT_PAGE: usize = FRAME / 2;
/// What an account op takes in an answer besides its bytes.
pub const ACCOUNT_LINE: usize = 8;
/// Bytes of an entry's plaintext once decompressed.
pub const PLAINTEXT: usize = 4 * 1024 * 1024;
/// Changes in one entry.
pub const CHANGES: usize = 512;
/// Members of one space.
pub const MEMBERS: usize = 500;
/// Devices of one person, revoked ones included.
pub const DEVICES: usize = 100;
/// Open invitations of one space.
pub const INVITES: usize = 100;
/// Bytes of one encrypted chunk of a file.
pub const CHUNK: usize = 4 * 1024 * 1024;
/// Chunks of one file (512 MiB of ciphertext). Devices and relays of before take 16.
pub const CHUNKS: usize = 128;
/// Bytes of one sealed ephemeral frame.
pub const EPHEMERAL: usize = 4 * 1024;
/// Bytes of one message in a linking mailbox.
pub const MAILBOX: usize = 16 * 1024;
/// Milliseconds an invitation is good for.
pub const INVITE_MS: u64 = 72 * 3600 * 1000;
/// Milliseconds after which a new generation takes fresh ops without an owner's confirmation.
pub const GENERATION_HOLD_MS: u64 = 72 * 3600 * 1000;
/// Entries that one device may have scheduled in one space; they go together in one frame.
pub const SCHEDULED_LANE: usize = 50;
/// Bytes of them.
pub const SCHEDULED_BYTES: usize = FRAME - 64 * 1024;
/// Entries that one person may have scheduled in all.
pub const SCHEDULED: usize = 500;
/// Milliseconds something may be scheduled ahead.
pub const SCHEDULED_AHEAD_MS: u64 = 400 * 24 * 3600 * 1000;

//! The Homing protocol, version 1: ids, entries, slots, ops, account logs and the frames that carry them.
//! This page is its specification; the types below are its only implementation.
//!
//! # Forms
//!
//! Everything is canonical CBOR (RFC 8949, 4.2.1; [`codec`]): structures are maps with integer keys, absent
//! options are left out, enumerations are `[variant, fields]` or, without fields, a plain integer. A value
//! that is not in its one canonical form is refused, so bytes can be signed and hashed. Sizes and counts are
//! in [`limits`] and are checked before anything else. Times are Unix milliseconds. Hashes are BLAKE3;
//! derived ids use its `derive_key` mode with the context strings given at each function. Signatures are
//! Ed25519 (strict verification) over a domain prefix (`homing-crypto`) and the canonical form.
//!
//! # Objects
//!
//! * An **account log** ([`AccountOp`]) per person names devices and person keys.
//! * A **space** has one **log** of [`Entry`]s: ops ([`SpaceOp`], in the clear) and data (sealed
//!   [`Changes`]). The relay gives each entry a gapless sequence and a receive time, and chains them
//!   ([`Head::next`]). Ops form their own chain through `op_head`; each device's entries form one through `prev`.
//! * **Slots** ([`Slot`]) hold the newest value only.
//! * **Feeds** tell a member which spaces moved, so a reconnect costs what changed, not what exists.
//!
//! The plaintext of a data entry is [`Changes`], compressed with zstd, framed and padded
//! (`homing-crypto::padding`), sealed with XChaCha20-Poly1305 under the epoch's data key, with the canonical
//! [`EntryHeader`] as associated data. A slot is sealed in the same way under the slot key.
//!
//! # A session
//!
//! WebSocket `/v1/sync`, binary messages, one frame each.
//!
//! 1. `Hello` -> `Challenge`. A new person first registers: `AccountPush` (genesis) -> `Ack`. A device that comes in
//!    by recovery words finds its account with `Recover` and adds itself with `AccountPush`.
//! 2. `Auth` -> `Welcome`; a revoked or unknown device gets `GoAway`.
//! 3. `Feed` with cursors -> `Feed` frames with what moved, the last one `caught_up`, then live ones. If the
//!    generation differs from the device's, its cursors mean nothing: it refills the relay (below) and starts anew.
//! 4. `Pull` / `Page`, `PullSlots` / `Slots`, `PullAccount` / `Account` fetch what moved. `Sub` makes a space live:
//!    `Event`, `Slots` with `req` 0, `Ephemeral`. Every `Page`, `Event` and `Ack` carries a signed head: the
//!    device checks that the chain it computes leads there.
//! 5. `Push` -> `Ack` after fsync, or `Nack`. One device's pushes to one space are taken in the order of
//!    their `dseq`. A known id is acknowledged again. A fresh push must be of the session's device, continue
//!    its `prev`, be written under the current op head and (data) the current epoch.
//! 6. `Mail` lets two devices that share a one-time code meet; it works before `Auth`.
//!
//! # Entries with a time
//!
//! A relay keeps entries until their time and then takes them in for their author, whose devices may all be off. Nothing
//! about such an entry is special: it is **the push its device would make next**. It names the device's last entry in the
//! space as `prev` and the next `dseq`; a second one names the first, in the order of release. When its time has come the
//! relay takes it in as a fresh push and it becomes, at that moment, the device's last entry. So readers, pins, receipts,
//! refills and devices of before know nothing of scheduling, and all they check holds.
//!
//! What the device writes in between overtakes it: it continues the same entry. So a device that writes in a space where
//! it has something scheduled seals that anew behind what it wrote and hands it in on the same way, behind its pushes
//! (`Schedule` names all the device has scheduled in the space; the relay keeps all or none, and until then what it had).
//!
//! * **Handed in**: as a fresh push, but `op_head` may be an older op, as long as the epoch is the current one and the members are
//!   those of now; the first one's `prev` is the device's last entry; all by the session's device, data only,
//!   within [`limits`]. A tag names one thing over all devices of its author: an entry takes the place of exactly the one it
//!   says it is `over`, so what one device took back no other brings back unknowingly. Durable before `Ack`.
//! * **Released** by the relay's clock, in its commit, in the order of release times; what came due while it was stopped, when
//!   it starts. The receive time is the release time, unless the space has a later one. All is checked again: who lost access,
//!   or a space that must rotate, or has other members than its author saw, or a device that wrote on without its
//!   schedule: then it is stuck, with the code, and so is what is scheduled behind it. Its author's devices are told; any of
//!   them may seal it anew as its own entry (`over` the stuck one), or take it back.
//! * **Taken back** (`Unschedule`) by any device of its author; what the same device has scheduled behind it is stuck then.
//! * A device whose push was overtaken by the release of its own entry is told `StaleOps`, not `Cloned`: it catches up and
//!   seals anew. A device takes an entry of its own that it did not push for its last one only if it had scheduled it.
//! * A new generation forgets everything scheduled: a relay that was put back to an older copy might release what was taken
//!   back since. The devices that scheduled it hand it in again.
//! * A relay can release early (the receive time shows it), late, or never, as it can withhold everything else. Twice it
//!   can't: the id is the same, and what is sealed anew brings the same document. Behind a pin it can't: `prev` leads
//!   to the last entry the pin knew, not from it.
//!
//! # Refilling a relay
//!
//! The relay's key and generation live outside its database; a restore or wipe raises the generation. A
//! device that sees a newer generation sends, per space it is a member of: the accounts (`RepushAccount`), a
//! `Prove` of the chain it holds under the last head the old generation signed, the entries the relay
//! misses (`Ids`, `Repush`; ops first), then its own slots. Receive times are honoured only for proven
//! entries; unproven data entries get a new receive time, unproven ops are refused. Until an owner's device
//! sends `ConfirmGeneration`, or [`limits::GENERATION_HOLD_MS`] passed, the space takes no fresh op.
//!
//! # Blobs
//!
//! HTTP beside the socket, `Authorization: Bearer <blob_token>`, body and ids as in [`BlobId`]:
//! `POST /v1/blobs/{id}?space={space}` declares the chunk hashes (32 bytes each, concatenated, at most 128; relays of
//! before take 16 and answer 400, and `Welcome` says how large a file may be) and grants the space;
//! `PUT /v1/blobs/{id}/{index}` stores one chunk, checked against its hash; `HEAD /v1/blobs/{id}` answers
//! `x-homing-chunks` (a string of `0` and `1`); `GET /v1/blobs/{id}/{index}` reads one. All answer 404 to
//! who has no grant, and 507 when there is no room: `x-homing-short` says of what, `disk` or `quota` (bytes, or uploads that
//! were begun). A chunk says its length ahead (411); what is refused is refused before its body comes to who sends
//! `Expect: 100-continue`, and one that is here already is 204.
//!
//! # Versions
//!
//! Entries, slots and account ops carry [`limits::VERSION`]; frames the version of the session, the highest of
//! [`limits::SESSIONS`] that both sides know. Version 2 adds `Schedule`, `Unschedule`, `PullScheduled` and `Scheduled`. A device
//! that meets an entry of an unknown version keeps it unjudged (parked) until it is upgraded.

pub mod account;
pub mod codec;
pub mod entry;
pub mod frame;
mod ids;
pub mod limits;
pub mod link;
pub mod op;
mod page;
mod role;
mod schedule;
pub mod slot;

pub use account::{
    AccountAction, AccountOp, AccountOpBody, AccountSigner, DeviceKeys, PersonKey, RecoveryKeys,
    SealedToDevice,
};
pub use codec::CodecError;
pub use entry::{Changes, DocChange, Entry, EntryBody, EntryHeader, EntryKind, Head, SignedHead, Stored};
pub use frame::{
    ChainProof, ClientFrame, FeedCursor, FeedItem, Lane, Moved, NackCode, Placed, RelayFrame, RelayLimits,
    Repush, auth_bytes, recover_bytes,
};
pub use ids::{
    AccountOpId, BadId, BlobId, DeviceId, DocId, EntryId, EpochId, Hash, InviteId, KemPublic, MailboxId,
    Member, PersonId, Salt, ScheduleTag, Signature, SlotId, SpaceId, SpaceKind, SpaceOrigin, VerifyKey,
};
pub use link::{BadLink, InviteLink};
pub use op::{
    AccountAnchor, Epoch, Grant, Pin, PreviousSeed, Recipient, SealedSeed, SpaceOp, TeamAnchor, peek_bytes,
    proof_bytes, seal_info,
};
pub use page::{PageWriter, entry_of, line};
pub use role::Role;
pub use schedule::{ScheduleState, Scheduled, Timed};
pub use slot::{Slot, SlotBody, SlotHeader};

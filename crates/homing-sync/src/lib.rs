//! The client of the relay protocol, without I/O: events in, effects out.
//!
//! [`Client::handle`] takes one [`Event`] and the time and returns the [`Effect`]s to carry out, in order. The
//! client owns no socket, no store, no key, no clock and no randomness, so a test or a simulation can drive years
//! of bad network in milliseconds, and every run can be repeated. It decides *what* is asked, sent and sent again,
//! and *when*; the engine signs, stores, and judges content.
//!
//! # What holds always
//!
//! * A cursor moves only after the engine said [`Event::Applied`]: what the store did not keep is asked again.
//! * Per space one delivery at a time waits for the store, so a failed one can't be overtaken by a later one.
//! * A pushed entry is sent, with the same bytes, over any number of sessions until `Ack` or `Nack`.
//! * The relay's chain is checked here (sequences, hashes, no way back); its signature under a head and everything
//!   inside an entry is checked by the engine, before it says `Applied`.
//! * Nothing a relay sends makes this panic or grow without bound; what is out of order ends the session or, if only
//!   one space is concerned, leaves that space alone and says so ([`Effect::Diverged`]).
//!
//! # How a space is followed
//!
//! A feed tells which spaces moved. A space that lacks little is paged forward from its head; one that lacks much
//! gets its ops first (nothing can be judged without), then the newest page, then it is usable; older history fills the
//! [`Gap`] from its upper end. When the hole has closed, the chain is walked once through the held lines
//! ([`Effect::ReadChain`]) up to the head the relay signed. A space on the screen is also live.

mod account;
mod ask;
mod backoff;
mod chain;
mod client;
mod config;
mod effect;
mod event;
mod fault;
mod feeds;
mod live;
mod page;
mod pull;
mod push;
mod refill;
mod requests;
mod schedule;
mod session;
mod slots;
mod space;

pub use chain::entry_id;
pub use client::{Client, Connection};
pub use config::{Config, Gap, Identity, LogCursor, SpaceCursor, Start};
pub use effect::{Divergence, Effect, Hold, Ticket};
pub use event::{ChainItem, Event};
pub use fault::Fault;

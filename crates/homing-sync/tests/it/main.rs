//! The client against a model relay that speaks real frames, over a network that fails in every way.

mod handshake;
mod hostile;
mod refill;
mod relay;
mod schedules;
mod spaces;
mod world;

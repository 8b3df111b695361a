//! The client against a model relay that speaks real frames, over a network that fails in every way.

#[cfg(test)]
mod asks;
#[cfg(test)]
mod handshake;
// A failed helper is a failed test: the attribute tells clippy.
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod refill;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod schedules;
mod scheduling;
#[cfg(test)]
mod spaces;
#[cfg(test)]
mod world;

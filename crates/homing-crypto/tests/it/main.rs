//! Tests of homing-crypto through its public interface.

mod chains;
mod fixtures;
mod known_answers;
mod padding;
mod people;
mod sealing;
mod signing;
// The attribute tells clippy that a failed helper is a failed test.
#[cfg(test)]
mod support;

//! The protocol's forms, from outside: what is canonical, what is refused, and bytes that must never change.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forms;
#[cfg(test)]
pub mod hostile;

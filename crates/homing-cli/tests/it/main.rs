//! The command line as scripts meet it: real `homing` processes and a real relay.

// The attributes tell clippy that a failed helper is a failed test.
mod begin;
mod changed;
mod content;
mod deleting;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod large_file;
#[cfg(test)]
mod main_job;
mod network;
mod owner;
#[cfg(test)]
mod planned;
mod quick;
mod records;
#[cfg(test)]
mod scanner;
#[cfg(test)]
mod support;
mod talk;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
mod wire;

//! Everything of the engine that depends on the operating system: where profiles live, where the key of
//! a profile's database is kept, what the computer is called. The rest of the crate knows no `cfg(target_os)`.

pub(crate) mod computer;
pub mod folders;
pub mod keychain;
pub(crate) mod local_socket;

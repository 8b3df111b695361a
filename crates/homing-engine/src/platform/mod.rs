//! Everything of the engine that depends on the operating system: where profiles live and where the key of
//! a profile's database is kept. The rest of the crate knows no `cfg(target_os)`.

pub mod folders;
pub mod keychain;
pub(crate) mod local_socket;

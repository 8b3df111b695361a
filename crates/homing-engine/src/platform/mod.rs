//! Everything of the engine that depends on the operating system: where profiles live, where the key of
//! a profile's database is kept, what the computer is called, what a written file needs. The rest of the crate knows no `cfg(target_os)`.

pub(crate) mod computer;
pub(crate) mod disk;
pub mod folders;
pub mod keychain;
pub(crate) mod local_socket;

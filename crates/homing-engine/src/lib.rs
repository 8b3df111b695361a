//! TODO-doc
pub mod platform;

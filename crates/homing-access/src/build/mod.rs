//! Makes ops that pass.

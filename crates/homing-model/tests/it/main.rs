//! Tests of the model through its public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers"
)]

mod convergence;
mod drafts;
mod formats;
mod hostile;
mod judging;
mod records;
mod support;
mod version2;

//! Tests of the model through its public interface.

mod convergence;
mod drafts;
mod formats;
mod hostile;
mod judging;
mod support;

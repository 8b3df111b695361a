//! Tests of the model through its public interface.

mod convergence;
mod hostile;
mod support;

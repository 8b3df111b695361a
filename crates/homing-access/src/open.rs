//! Gets the seeds back out of account logs and epochs.

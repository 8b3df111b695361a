//! Writes the TypeScript types of the calls and events into a folder: `cargo xtask bindings`.

use homing_engine::api::{ApiError, Calls, Event};
use ts_rs::{Config, ExportError, TS};

fn main() -> Result<(), ExportError> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| "bindings".into());
    let config = Config::default().with_out_dir(folder);
    Calls::export_all(&config)?;
    Event::export_all(&config)?;
    ApiError::export_all(&config)
}

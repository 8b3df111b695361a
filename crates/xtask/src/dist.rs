//! `cargo xtask dist`: the packages of this system.

use anyhow::Result;

use crate::setup::{self, For};
use crate::{place, shell};

/// What can be built without downloading anything; the hosted workflow adds AppImage.
const BUNDLES: &str = if cfg!(target_os = "linux") {
    "deb,rpm"
} else if cfg!(target_os = "macos") {
    "app,dmg"
} else {
    "nsis"
};

/// Builds the packages and says where they are.
pub fn dist(yes: bool) -> Result<()> {
    setup::system(For::Build, yes)?;
    setup::node_modules()?;
    let target = place::target()?;
    let mut command = shell::npm(["exec", "--", "tauri", "build", "--bundles", BUNDLES])?;
    command.env("CARGO_TARGET_DIR", &target).env("TAURI_APP_PATH", place::root()?.join("src-tauri"));
    shell::run(&mut command)?;
    println!("The packages are in {}", target.join("release").join("bundle").display());
    Ok(())
}

//! The demo: a profile of its own with the relay off.

use std::path::Path;

/// A file of this name makes a profile the demo.
pub(crate) const MARK: &str = "demo";

/// Whether a profile is the demo.
pub(crate) fn is_demo(folder: &Path) -> bool {
    folder.join(MARK).exists()
}

//! One running app per profile.
//!
//! The single-instance plugin names its lock after the app's identifier, and the window-state plugin its
//! folder, so an identifier of its own for each profile makes both of them per profile on every system.

use std::path::Path;

const IDENTIFIER: &str = "app.homing.desktop";

/// The identifier of the app while it runs on `profile` (a canonical path).
pub fn identifier(profile: &Path) -> String {
    let digest = blake3::hash(profile.as_os_str().as_encoded_bytes());
    let short: String = digest.to_hex().chars().take(16).collect();
    // A part of a D-Bus name may not begin with a digit.
    format!("{IDENTIFIER}.p{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_keeps_its_identifier_and_shares_it_with_no_other() {
        let first = identifier(Path::new("/home/ada/.local/share/homing/default"));
        assert_eq!(first, identifier(Path::new("/home/ada/.local/share/homing/default")));
        assert_ne!(first, identifier(Path::new("/home/ada/.local/share/homing/demo")));
        assert!(first.starts_with("app.homing.desktop.p"));
    }
}

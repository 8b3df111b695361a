//! The floors of the house: which crate may use which.
//!
//! `cargo-deny` bans a few crates from most of the tree; this knows the rest of the table in
//! ARCHITECTURE.md and reads it from `cargo metadata`, so a wrong edge fails before anything is built.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

/// Each crate with the crates of this workspace it may use, tests aside.
const FLOORS: &[(&str, &[&str])] = &[
    ("homing-wire", &[]),
    ("homing-crypto", &[]),
    ("homing-voice", &[]),
    ("homing-model", &["homing-wire"]),
    ("homing-access", &["homing-wire", "homing-crypto"]),
    ("homing-sync", &["homing-wire"]),
    ("homing-store", &["homing-model", "homing-wire"]),
    (
        "homing-engine",
        &[
            "homing-wire",
            "homing-crypto",
            "homing-model",
            "homing-voice",
            "homing-access",
            "homing-sync",
            "homing-store",
        ],
    ),
    ("homing-app", &["homing-engine", "homing-voice"]),
    ("homing-cli", &["homing-engine"]),
    ("homing-relay", &["homing-wire", "homing-crypto", "homing-access"]),
    (
        "homing-sim",
        &[
            "homing-engine",
            "homing-relay",
            "homing-store",
            "homing-access",
            "homing-model",
            "homing-wire",
            "homing-crypto",
        ],
    ),
    ("xtask", &[]),
];

/// Crates from outside that only some may use. A name that ends with `*` stands for all that begin so.
const OWNED: &[(&str, &[&str])] = &[
    ("automerge", &["homing-model"]),
    // The simulator measures the engine against plain SQLite.
    ("rusqlite", &["homing-store", "homing-relay", "homing-sim"]),
    ("tauri*", &["homing-app"]),
    ("notify-rust", &["homing-app"]),
    ("cpal", &["homing-app"]),
    ("alsa", &["homing-app"]),
    ("opusic-c", &["homing-voice"]),
    ("axum", &["homing-relay"]),
    ("keyring-core", &["homing-engine"]),
    ("ed25519-dalek", &["homing-crypto"]),
    ("chacha20poly1305", &["homing-crypto"]),
    ("hpke", &["homing-crypto"]),
    // Floors 0 and 1 have no runtime, no clock and no randomness: time and generators are passed in.
    ("tokio*", &["homing-engine", "homing-app", "homing-cli", "homing-relay", "homing-sim"]),
    ("chrono", &["homing-engine", "homing-cli", "homing-relay", "homing-sim"]),
    ("getrandom", &["homing-engine", "homing-relay", "homing-sim"]),
    ("rand", &["homing-engine", "homing-relay", "homing-sim"]),
];

/// The crates of this workspace, lowest floor first.
pub fn packages() -> impl Iterator<Item = &'static str> {
    FLOORS.iter().map(|(name, _)| *name)
}

/// What was looked at, and what was found.
pub struct Report {
    /// Rules that were checked.
    pub checked: usize,
    /// Each violated rule, in words.
    pub violations: Vec<String>,
}

/// Checks this workspace.
pub fn check() -> Result<Report> {
    let (_, text) =
        shell::output(&mut shell::cargo(["metadata", "--locked", "--format-version=1", "--no-deps"])?)?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata gave no JSON")?;
    let mut violations = violations(&metadata)?;
    for manifest in list(&metadata, "packages").iter().filter_map(|package| text_of(package, "manifest_path"))
    {
        let text = fs::read_to_string(manifest)?;
        if !text.contains("[lints]\nworkspace = true") {
            violations.push(format!("{manifest} does not take the lints of the workspace"));
        }
    }
    Ok(Report { checked: FLOORS.len() + OWNED.len(), violations })
}

fn violations(metadata: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in list(metadata, "packages") {
        let name = text_of(package, "name").context("a package without a name")?;
        let Some((_, may_use)) = FLOORS.iter().find(|(crate_name, _)| *crate_name == name) else {
            found.push(format!("{name} stands on no floor: add it to the table"));
            continue;
        };
        for dependency in list(package, "dependencies") {
            // Tests may use what they like; the table is about what is shipped.
            if dependency.get("kind").and_then(Value::as_str) == Some("dev") {
                continue;
            }
            let used = text_of(dependency, "name").context("a dependency without a name")?;
            if FLOORS.iter().any(|(crate_name, _)| *crate_name == used) && !may_use.contains(&used) {
                found.push(format!("{name} may not use {used}"));
            }
            for (_, owners) in OWNED.iter().filter(|(pattern, _)| matches(pattern, used)) {
                if !owners.contains(&name) {
                    found.push(format!("{name} may not use {used}; only {} may", owners.join(", ")));
                }
            }
        }
    }
    for (name, _) in FLOORS {
        if !list(metadata, "packages").iter().any(|package| text_of(package, "name") == Some(name)) {
            found.push(format!("{name} is in the table and not in the workspace"));
        }
    }
    Ok(found)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The workspace as the table wants it, with `extra` as dependencies of `of`.
    fn house(of: &str, extra: Value) -> Value {
        let packages: Vec<Value> = FLOORS
            .iter()
            .map(|(name, may_use)| {
                let mut dependencies: Vec<Value> =
                    may_use.iter().map(|used| json!({ "name": used, "kind": null })).collect();
                if *name == of {
                    dependencies.extend(extra.as_array().unwrap().iter().cloned());
                }
                json!({ "name": name, "dependencies": dependencies })
            })
            .collect();
        json!({ "packages": packages })
    }

    #[test]
    fn the_table_itself_is_no_violation() {
        assert_eq!(violations(&house("", json!([]))).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn each_forbidden_edge_is_named() {
        for (of, used) in [
            ("homing-wire", "homing-crypto"),
            ("homing-model", "homing-store"),
            ("homing-app", "homing-store"),
            ("homing-engine", "rusqlite"),
            ("homing-store", "automerge"),
            ("homing-engine", "tauri-plugin-dialog"),
            ("homing-sync", "tokio"),
            ("homing-access", "getrandom"),
        ] {
            let found = violations(&house(of, json!([{ "name": used, "kind": null }]))).unwrap();
            assert_eq!(found.len(), 1, "{of} -> {used}: {found:?}");
            assert!(found[0].contains(of) && found[0].contains(used));
        }
    }

    #[test]
    fn tests_may_use_what_they_like() {
        let found = violations(&house("homing-wire", json!([{ "name": "tokio", "kind": "dev" }]))).unwrap();
        assert!(found.is_empty());
    }

    #[test]
    fn a_crate_on_no_floor_and_a_floor_without_its_crate_are_named() {
        let found =
            violations(&json!({ "packages": [{ "name": "homing-misc", "dependencies": [] }] })).unwrap();
        assert_eq!(found.len(), 1 + FLOORS.len());
    }
}

//! Which files of this computer the page may name: those the person chose in the desktop's own dialogs.
//!
//! The page shows what others wrote. Should any of it ever run, it could still ask the engine for anything the person can
//! do in the window, but not for a file nobody picked: no call with a path gets through that is not one of these, to be
//! read or to be written as it was picked. The check looks at the call as it came, by the names of its fields, so that a
//! call that is new is closed until somebody picks for it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{ApiError, Code};
use serde_json::Value;
use tauri_plugin_dialog::FilePath;

/// What fields of calls are called that hold a path.
const FIELDS: [&str; 4] = ["path", "file", "folder", "paths"];
/// Calls that write to the path they name; all others read it.
const WRITES: [&str; 4] = ["attachment_save", "backup", "quick_export", "spam_report"];
/// Choices that are remembered, of each kind; the oldest are forgotten.
const MOST: usize = 64;
/// A name proposed for a file: longer ones no file system takes.
const LONGEST_NAME: usize = 120;

/// What a path was chosen for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Reading,
    Writing,
}

/// What was chosen since the app started.
#[derive(Default)]
pub struct Picked(Mutex<VecDeque<(For, PathBuf)>>);

impl Picked {
    /// Remembers a file that was chosen to be read, and gives its path as the page gets it.
    pub fn to_read(&self, file: FilePath) -> Option<String> {
        self.remember(For::Reading, file)
    }

    /// Remembers a place that was chosen to be written to.
    pub fn to_write(&self, file: FilePath) -> Option<String> {
        self.remember(For::Writing, file)
    }

    fn remember(&self, purpose: For, file: FilePath) -> Option<String> {
        let path = file.into_path().ok()?;
        // The page names it as text: one that is none could not be told from another.
        let shown = path.to_str()?.to_owned();
        let mut picked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        picked.retain(|one| *one != (purpose, path.clone()));
        picked.push_back((purpose, path));
        let of_kind = picked.iter().filter(|(other, _)| *other == purpose).count();
        if of_kind > MOST
            && let Some(oldest) = picked.iter().position(|(other, _)| *other == purpose)
        {
            picked.remove(oldest);
        }
        Some(shown)
    }

    /// Refuses a call that names a file nobody picked for what it does.
    pub fn check(&self, call: &Value) -> Result<(), ApiError> {
        let name = call.get("call").and_then(Value::as_str).unwrap_or_default();
        let purpose = if WRITES.contains(&name) { For::Writing } else { For::Reading };
        let picked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = call.get("args").map(paths).unwrap_or_default();
        if named.iter().all(|path| picked.iter().any(|one| one.0 == purpose && one.1.to_str() == Some(path)))
        {
            return Ok(());
        }
        tracing::warn!(call = name, "refused a path that nobody picked");
        Err(ApiError::new(
            Code::FileFailed,
            "Homing only reads and writes files you choose. Choose the file again; nothing was touched.",
        ))
    }
}

/// Every text that stands where a path would, however deep.
fn paths(args: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![(false, args)];
    while let Some((is_path, value)) = left.pop() {
        match value {
            Value::Object(fields) => {
                // `path` also names a kind of source, with the path inside.
                left.extend(fields.iter().map(|(name, value)| (FIELDS.contains(&name.as_str()), value)));
            }
            Value::Array(items) => left.extend(items.iter().map(|item| (is_path, item))),
            Value::String(text) if is_path => found.push(text.as_str()),
            _ => {}
        }
    }
    found
}

/// A name that others gave a file, as a dialog may propose it: one name, without what hides or turns text around, and
/// not one that starts hidden.
pub fn proposed(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|letter| !letter.is_control() && !turns(*letter)).collect();
    let plain = plain.trim().trim_start_matches('.');
    if plain.is_empty() {
        return "file".to_owned();
    }
    let over = plain.chars().count().saturating_sub(LONGEST_NAME);
    match plain.rsplit_once('.') {
        // What kind of file it is stays.
        Some((stem, kind)) if over > 0 && stem.chars().count() > over => {
            let kept: String = stem.chars().take(stem.chars().count() - over).collect();
            format!("{kept}.{kind}")
        }
        _ => plain.chars().take(LONGEST_NAME).collect(),
    }
}

fn turns(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(path: &str) -> FilePath {
        FilePath::Path(path.into())
    }

    #[test]
    fn a_call_names_only_files_that_were_picked_for_what_it_does() {
        let picked = Picked::default();
        let send = |path: &str| json!({ "call": "send", "args": { "conversation": "c", "attachments": [{ "path": { "path": path } }] } });
        let save =
            |path: &str| json!({ "call": "attachment_save", "args": { "attachment": "a", "path": path } });
        assert_eq!(picked.check(&send("/home/ada/plan.pdf")).unwrap_err().code, Code::FileFailed);
        assert_eq!(picked.to_read(chosen("/home/ada/plan.pdf")).as_deref(), Some("/home/ada/plan.pdf"));
        assert!(picked.check(&send("/home/ada/plan.pdf")).is_ok());
        for other in ["/home/ada/plan.pdf/..", "/home/ada/./plan.pdf", "/etc/passwd", ""] {
            assert!(picked.check(&send(other)).is_err(), "{other}");
        }
        assert!(
            picked.check(&save("/home/ada/plan.pdf")).is_err(),
            "what was picked to be read is not written to"
        );
        picked.to_write(chosen("/home/ada/copy.pdf"));
        assert!(picked.check(&save("/home/ada/copy.pdf")).is_ok());
        assert!(picked.check(&send("/home/ada/copy.pdf")).is_err());
        for call in ["backup", "quick_export", "spam_report"] {
            let write = |path: &str| json!({ "call": call, "args": { "file": path } });
            assert!(picked.check(&write("/home/ada/copy.pdf")).is_ok(), "{call}");
            assert!(picked.check(&write("/home/ada/plan.pdf")).is_err(), "{call}");
        }
    }

    #[test]
    fn a_call_that_is_new_is_closed_too() {
        let picked = Picked::default();
        let deep = json!({ "call": "import", "args": { "from": [{ "source": { "file": "/etc/passwd" } }] } });
        assert!(picked.check(&deep).is_err());
        let many = json!({ "call": "import", "args": { "paths": ["/etc/passwd"] } });
        assert!(picked.check(&many).is_err());
        let none = json!({ "call": "draft_set", "args": { "text": "/etc/passwd", "path": null } });
        assert!(picked.check(&none).is_ok());
    }

    #[test]
    fn the_oldest_choices_are_forgotten_and_one_made_again_is_not() {
        let picked = Picked::default();
        let read = |n: usize| json!({ "call": "restore", "args": { "file": format!("/f{n}") } });
        picked.to_write(chosen("/w"));
        for n in 0..MOST {
            picked.to_read(chosen(&format!("/f{n}")));
        }
        picked.to_read(chosen("/f0"));
        picked.to_read(chosen("/another"));
        assert!(picked.check(&read(0)).is_ok());
        assert!(picked.check(&read(1)).is_err());
        assert!(picked.check(&json!({ "call": "backup", "args": { "file": "/w" } })).is_ok());
    }

    #[test]
    fn a_proposed_name_is_one_plain_name() {
        assert_eq!(proposed("plan.pdf"), "plan.pdf");
        assert_eq!(proposed("../../.bashrc"), "bashrc");
        assert_eq!(proposed("C:\\Windows\\evil\u{202e}fdp.exe"), "evilfdp.exe");
        assert_eq!(proposed("\n/.."), "file");
        assert_eq!(proposed(&"x".repeat(300)).len(), LONGEST_NAME);
        let long = proposed(&format!("{}.pdf", "x".repeat(300)));
        assert!(long.len() == LONGEST_NAME && long.ends_with("x.pdf"));
    }

    /// Every argument of a call that is a path is called so that the check sees it.
    #[test]
    fn the_calls_name_their_paths_as_this_expects() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/homing-engine/src/api");
        let mut sources = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            sources += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
        }
        assert!(sources.contains("pub struct FileSave { pub attachment: String, pub path: String }"));
        for taken in
            ["PathBuf", "OsString", "pub target: String", "pub directory: String", "pub destination: String"]
        {
            assert!(!sources.contains(taken), "{taken}: call it `path` or `file`, as `picked.rs` checks it");
        }
    }
}

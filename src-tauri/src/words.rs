//! What the app says outside its window: on the tray, and in notifications of the desktop.
//!
//! The words are the catalogue's, and the page hands them over when it comes up and when another language is chosen. They
//! are kept beside the profile, so that the next start speaks that language before its page is there. English stands in
//! one file that the catalogue is tested against.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use homing_engine::api::{FilesKind, FilesSaid, NoticeKind, NoticeRow, UNNAMED};
use serde::{Deserialize, Serialize};

const ENGLISH: &str = include_str!("words.json");
/// Beside the profile, as where the window stood is.
const FILE: &str = "words.json";
/// Bytes of all words: there are about a hundred short ones.
const MOST: usize = 64 * 1024;
/// What is said of joining and leaving besides the kinds themselves.
const CAME_IN: &str = "came_in";
const YOU_JOINED: &str = "you_joined";
const YOU_LEFT: &str = "you_left";
/// An invitation to nothing that has a name.
const INVITE_ENDS: &str = "an_invite_ends";

/// The words of one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The app itself.
    pub app: String,
    /// On the tray: brings the window back.
    pub show: String,
    /// On the tray: ends the app.
    pub quit: String,
    /// On a notification.
    pub open: String,
    /// On a notification of a conversation.
    pub reply: String,
    /// On a notification of a conversation.
    pub read: String,
    /// A message came, and nothing of it is shown.
    hidden_message: String,
    /// Something else happened, and nothing of it is shown.
    hidden: String,
    /// A conversation nobody else is in.
    alone: String,
    /// Who has no name here yet.
    somebody: String,
    /// An own device that has no name here.
    device: String,
    /// What happened, by kind: `{name}` did it, `{title}` is what it is about.
    says: BTreeMap<String, String>,
    /// A message without words, by what it holds and how many of it, from one on.
    files: BTreeMap<String, Vec<String>>,
    /// One voice message that is `{length}` long.
    voice: String,
}

/// A notification in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Text, not markup.
    pub title: String,
    /// Text, not markup.
    pub body: String,
}

impl Words {
    /// Until a page has said otherwise.
    fn english() -> Self {
        serde_json::from_str(ENGLISH).unwrap_or_default()
    }

    /// Whether there is a word for everything this version tells of.
    fn is_whole(&self) -> bool {
        let kinds = NoticeKind::ALL.iter().map(|kind| kind.name());
        kinds.chain([CAME_IN, YOU_JOINED, YOU_LEFT, INVITE_ENDS]).all(|kind| self.says.contains_key(kind))
    }

    /// A notice in words.
    pub fn say(&self, notice: &NoticeRow, hidden: bool) -> Said {
        let message = matches!(notice.kind, NoticeKind::Message | NoticeKind::Mention | NoticeKind::Late);
        if hidden {
            let body = if message { &self.hidden_message } else { &self.hidden };
            return Said { title: self.app.clone(), body: body.clone() };
        }
        let title = match notice.title.as_str() {
            "" if notice.conversation.is_some() => &self.alone,
            UNNAMED => &self.somebody,
            _ => &notice.title,
        };
        let name = match (notice.name.is_empty(), notice.kind) {
            (true, NoticeKind::Device) => &self.device,
            (true, _) => &self.somebody,
            _ => &notice.name,
        };
        let says = match notice.kind {
            NoticeKind::Joined if notice.me => YOU_JOINED,
            NoticeKind::Joined if name == title => CAME_IN,
            NoticeKind::Left if notice.me => YOU_LEFT,
            NoticeKind::InviteEnds if title.is_empty() => INVITE_ENDS,
            kind => kind.name(),
        };
        let says = self.says.get(says).map(|says| fill(says, &[("name", name), ("title", title)]));
        let body = match &notice.files {
            Some(files) if notice.text.is_empty() => self.holds(files),
            _ => notice.text.clone(),
        };
        Said { title: says.filter(|says| !says.is_empty()).unwrap_or_else(|| self.app.clone()), body }
    }

    /// What a message without words holds.
    fn holds(&self, files: &FilesSaid) -> String {
        let kind = match files.kind {
            FilesKind::Voice => "voice",
            FilesKind::Photo => "photo",
            FilesKind::Video => "video",
            FilesKind::File => "file",
        };
        match (files.kind, files.count, files.duration_ms) {
            (FilesKind::Voice, 1, Some(ms)) => fill(&self.voice, &[("length", &clock(ms))]),
            (FilesKind::File, 1, _) if !files.name.is_empty() => files.name.clone(),
            (_, count, _) => {
                let words = self.files.get(kind).map(Vec::as_slice).unwrap_or_default();
                let index = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(1);
                words.get(index).or(words.last()).cloned().unwrap_or_default()
            }
        }
    }
}

/// Puts what is named in braces in its place; braces in what is put in are somebody's own.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let named = after.split_once('}').and_then(|(name, behind)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, behind))
        });
        match named {
            Some((value, behind)) => {
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length in seconds")]
fn clock(ms: f64) -> String {
    let seconds = (ms / 1_000.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The words spoken now.
pub struct Spoken {
    words: Mutex<Words>,
    file: PathBuf,
}

impl Spoken {
    /// As the last page spoke.
    pub fn new(profile: &std::path::Path) -> Self {
        let file = profile.join(FILE);
        let kept = std::fs::read(&file).ok().filter(|bytes| bytes.len() <= MOST);
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Words>(&bytes).ok());
        Self { words: Mutex::new(kept.filter(Words::is_whole).unwrap_or_else(Words::english)), file }
    }

    /// The words spoken now.
    pub fn now(&self) -> Words {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The page speaks these; false if they are none, or were spoken already.
    pub fn speak(&self, words: Words) -> bool {
        let mut now = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = serde_json::to_vec(&words).unwrap_or_default();
        if !words.is_whole() || bytes.len() > MOST || *now == words {
            return false;
        }
        *now = words;
        // Then the next start speaks English until its page is there.
        if let Err(error) = std::fs::write(&self.file, bytes) {
            tracing::debug!("the language could not be kept: {error}");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: NoticeKind, name: &str, title: &str, text: &str) -> NoticeRow {
        NoticeRow {
            id: "n".into(),
            kind,
            at: String::new(),
            unread: true,
            person: None,
            me: false,
            name: name.into(),
            title: title.into(),
            text: text.into(),
            files: None,
            count: 0,
            conversation: Some("c".into()),
            message: None,
            record: None,
        }
    }

    fn said(title: &str, body: &str) -> Said {
        Said { title: title.into(), body: body.into() }
    }

    #[test]
    fn english_has_a_word_for_everything() {
        let words = Words::english();
        assert!(words.is_whole());
        for word in [&words.app, &words.show, &words.quit, &words.open, &words.reply, &words.read] {
            assert!(!word.is_empty());
        }
    }

    #[test]
    fn a_notice_is_told_by_its_kind_and_hides_what_is_to_be_hidden() {
        let words = Words::english();
        let wrote = notice(NoticeKind::Message, "Ben", "Renovation", "The keys {title} are here");
        assert_eq!(words.say(&wrote, false), said("Ben", "The keys {title} are here"));
        let named = notice(NoticeKind::Mention, "{title}", "Renovation", "look");
        assert_eq!(words.say(&named, false), said("{title} mentioned you in Renovation", "look"));
        assert_eq!(words.say(&named, true), said("Homing", "New message"));
        let came = notice(NoticeKind::Joined, "Ben", "Ben", "");
        assert_eq!(words.say(&came, false), said("Ben came in", ""));
        assert_eq!(words.say(&came, true), said("Homing", "Something new"));
        let added = NoticeRow { me: true, ..notice(NoticeKind::Joined, "", "Group", "") };
        assert_eq!(words.say(&added, false), said("You were added to Group", ""));
        let back = notice(NoticeKind::Back, "", "", "");
        assert_eq!(words.say(&back, false), said("Just you is back from its snooze", ""));
    }

    #[test]
    fn who_has_no_name_yet_is_somebody_in_the_language_of_the_window() {
        let german = Words { somebody: "Jemand".into(), device: "Ein Gerät".into(), ..Words::english() };
        let told = |kind, title: &str| german.say(&notice(kind, "", title, ""), false).title;
        assert_eq!(told(NoticeKind::Message, "Renovation"), "Jemand");
        assert_eq!(told(NoticeKind::Mention, UNNAMED), "Jemand mentioned you in Jemand");
        assert_eq!(told(NoticeKind::Joined, UNNAMED), "Jemand came in");
        assert_eq!(told(NoticeKind::Device, ""), "Ein Gerät is a new device of yours");
    }

    #[test]
    fn a_message_without_words_is_told_by_what_it_holds() {
        let words = Words::english();
        let told = |kind, count, duration_ms, name: &str| {
            words.holds(&FilesSaid { kind, count, duration_ms, name: name.into() })
        };
        assert_eq!(told(FilesKind::Voice, 1, Some(65_000.0), "v.ogg"), "Voice message, 1:05");
        assert_eq!(told(FilesKind::Photo, 3, None, ""), "3 photos");
        assert_eq!(told(FilesKind::File, 1, None, "plan.pdf"), "plan.pdf");
        assert_eq!(told(FilesKind::File, 1, None, ""), "File");
    }

    #[test]
    fn the_language_is_kept_and_what_is_no_language_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let spoken = Spoken::new(folder.path());
        assert_eq!(spoken.now(), Words::english());
        assert!(!spoken.speak(Words { show: "Öffnen".into(), ..Words::default() }), "it lacks the kinds");
        let german = Words { show: "Homing öffnen".into(), ..Words::english() };
        assert!(spoken.speak(german.clone()) && !spoken.speak(german.clone()));
        assert_eq!(Spoken::new(folder.path()).now(), german);
        let endless = Words { show: "x".repeat(MOST), ..Words::english() };
        assert!(!spoken.speak(endless));
        std::fs::write(folder.path().join(FILE), b"junk").unwrap();
        assert_eq!(Spoken::new(folder.path()).now(), Words::english());
    }
}

//! What a person is told of.

use std::fmt::{self, Display, Formatter};

use homing_engine::api;
use serde::Serialize;

use super::{called, called_device, clock, titled, word};

/// A line of the centre.
#[derive(Serialize)]
pub struct Notice {
    pub id: String,
    pub kind: &'static str,
    pub at: String,
    pub unread: bool,
    pub name: String,
    pub title: String,
    pub text: String,
    pub count: u32,
    pub conversation: Option<String>,
    pub message: Option<String>,
    pub record: Option<String>,
}

fn name(row: &api::NoticeRow) -> String {
    match (row.kind, &row.person) {
        _ if row.me => "You".to_owned(),
        (api::NoticeKind::Device, _) => called_device(row.name.clone()),
        (_, Some(_)) => called(row.name.clone()),
        (_, None) => row.name.clone(),
    }
}

fn title(row: &api::NoticeRow) -> String {
    match row.conversation {
        Some(_) => titled(row.title.clone()),
        None => row.title.clone(),
    }
}

/// Its words, or what it holds instead.
fn text(row: &api::NoticeRow) -> String {
    match &row.files {
        Some(files) if row.text.is_empty() => files.to_string(),
        _ => row.text.clone(),
    }
}

/// What is said of it while it happens.
pub fn told(row: &api::NoticeRow) -> String {
    use api::NoticeKind as Kind;
    let (name, title, text) = (name(row), title(row), text(row));
    let what = match row.kind {
        Kind::Message | Kind::Mention | Kind::Late => return format!("{name}: {text}"),
        kind => kind.name().replace('_', " "),
    };
    let parts = [name.as_str(), title.as_str(), text.as_str()];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{what}: {}", known.join(", "))
}

impl From<api::NoticeRow> for Notice {
    fn from(row: api::NoticeRow) -> Self {
        let (name, title, text) = (name(&row), title(&row), text(&row));
        Self {
            id: row.id,
            kind: row.kind.name(),
            at: row.at,
            unread: row.unread,
            name,
            title,
            text,
            count: row.count,
            conversation: row.conversation,
            message: row.message,
            record: row.record,
        }
    }
}

impl Display for Notice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = self;
        let mark = if row.unread { "*" } else { " " };
        let (at, kind, text) = (clock(&row.at), row.kind.replace('_', " "), row.text.replace('\n', " "));
        write!(f, "{mark} {}  {at}  {kind}: {}", row.id, row.name)?;
        if !row.title.is_empty() && row.title != row.name {
            write!(f, " in {}", row.title)?;
        }
        if row.count > 1 {
            write!(f, " ({} unread)", row.count)?;
        }
        if text.is_empty() { Ok(()) } else { write!(f, ": {text}") }
    }
}

/// What a person wants to be told of.
#[derive(Serialize)]
pub struct Notify {
    pub kinds: Vec<Channels>,
    pub quiet: Quiet,
    pub quiet_now: bool,
}

/// Where one kind may tell of itself.
#[derive(Serialize)]
pub struct Channels {
    pub kind: &'static str,
    pub in_app: bool,
    pub desktop: bool,
    pub sound: bool,
}

/// When it is quiet.
#[derive(Serialize)]
pub struct Quiet {
    pub on: bool,
    pub days: Vec<u8>,
    pub from: String,
    pub to: String,
    pub mentions: bool,
}

impl From<api::NotifySettings> for Notify {
    fn from(settings: api::NotifySettings) -> Self {
        let kinds = settings.kinds.into_iter().map(|one| Channels {
            kind: one.kind.name(),
            in_app: one.in_app,
            desktop: one.desktop,
            sound: one.sound,
        });
        let api::QuietHours { on, days, from, to, mentions } = settings.quiet;
        let quiet = Quiet { on, days, from, to, mentions };
        Self { kinds: kinds.collect(), quiet, quiet_now: settings.quiet_now }
    }
}

impl Display for Notify {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let on = |on: bool| if on { "on" } else { "off" };
        for one in &self.kinds {
            let (in_app, desktop, sound) = (on(one.in_app), on(one.desktop), on(one.sound));
            writeln!(f, "{:<12} in app {in_app}, desktop {desktop}, sound {sound}", one.kind)?;
        }
        let quiet = &self.quiet;
        let days: Vec<String> = quiet.days.iter().map(u8::to_string).collect();
        write!(
            f,
            "quiet hours  {}, {} to {}, days {}, mentions {}",
            on(quiet.on),
            quiet.from,
            quiet.to,
            days.join(","),
            on(quiet.mentions)
        )?;
        if self.quiet_now { f.write_str("; it is quiet now") } else { Ok(()) }
    }
}

/// What of a conversation is announced.
#[derive(Serialize)]
pub struct Announced {
    pub announce: String,
    pub muted_until: Option<String>,
}

impl From<api::AnnounceState> for Announced {
    fn from(state: api::AnnounceState) -> Self {
        Self { announce: word(&state.announce), muted_until: state.muted_until }
    }
}

impl Display for Announced {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.announce)?;
        match &self.muted_until {
            Some(until) => write!(f, ", muted until {}", clock(until)),
            None => Ok(()),
        }
    }
}

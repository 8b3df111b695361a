//! What is told at once: decided when the device has caught up, for a notice may come before the news that it was read
//! elsewhere; each once per device.

use homing_store::notices::{self as stored, NoticeKey};
use homing_store::{Durability, conversations, merging, messages, notified};
use homing_sync::Connection;
use homing_wire::DocId;

use super::RETAIN_MS;
use super::prefs::{Around, Prefs, announce_of};
use crate::api::{ApiError, Channels, Event, NoticeKind, Settings};
use crate::core::Core;
use crate::files::{in_words, said};
use crate::rows::{is_listed, shown_name};
use crate::touched::Touched;

const PREVIEW: usize = 100;

/// A message or another notice that may be told.
struct Candidate {
    id: String,
    kind: NoticeKind,
    conversation: Option<DocId>,
    message: Option<DocId>,
    name: String,
    about: String,
    channels: Channels,
}

impl Core {
    /// What is worth being told of now: unread, not on the screen, not put away.
    pub(crate) fn announcements(&mut self, touched: &Touched) -> Result<Vec<Event>, ApiError> {
        if self.synced_once {
            self.unannounced.extend_from_slice(&touched.arrived);
            self.untold.extend_from_slice(&touched.told);
        }
        let catching_up = self
            .link
            .as_ref()
            .is_some_and(|link| link.client.status() == Connection::Online { caught_up: false });
        if (self.unannounced.is_empty() && self.untold.is_empty()) || catching_up {
            return Ok(Vec::new());
        }
        let arrived = std::mem::take(&mut self.unannounced);
        let told = std::mem::take(&mut self.untold);
        let settings = self.stored_settings()?;
        let prefs = Prefs::load(&self.db()?).map_err(ApiError::from)?;
        let around = Around {
            attended: self.attended,
            quiet: prefs.is_quiet(self.env.now_ms()),
            desktop: settings.notifications,
            ..Around::default()
        };
        let mut events = Vec::new();
        for (conversation, message) in &arrived {
            if let Some(found) = self.of_message(&prefs, around, conversation, message)?
                && self.first_time(message)?
            {
                events.extend(event(found, &settings));
            }
        }
        for key in &told {
            if let Some(found) = self.of_notice(&prefs, around, key)? {
                events.extend(event(found, &settings));
            }
        }
        Ok(events)
    }

    fn first_time(&mut self, message: &DocId) -> Result<bool, ApiError> {
        let now_ms = self.env.now_ms();
        self.write(Durability::Normal, |tx, _, _| {
            notified::forget_before(tx, now_ms.saturating_sub(RETAIN_MS))?;
            Ok(notified::mark(tx, message, now_ms)?)
        })
    }

    fn of_message(
        &self,
        prefs: &Prefs,
        around: Around,
        conversation: &DocId,
        message: &DocId,
    ) -> Result<Option<Candidate>, ApiError> {
        let db = self.db()?;
        // It may go on in another one, which is what is shown.
        let conversation = &merging::shown_in(&db, conversation)?.unwrap_or(*conversation);
        let Some(row) = messages::get(&db, message)? else { return Ok(None) };
        let Some(talk) = conversations::get(&db, conversation)? else { return Ok(None) };
        if !row.unread || row.deleted || !is_listed(&talk) {
            return Ok(None);
        }
        let around = Around {
            on_screen: self.focus == Some(*conversation),
            announce: announce_of(&talk.own.announce),
            muted: talk.blocked || row.blocked || talk.own.muted_until_ms > self.env.now_ms(),
            put_away: talk.archived || talk.away,
            ..around
        };
        let named = super::key_of(NoticeKind::Mention, message.as_bytes());
        let kind = match (stored::get(&db, &named)?.is_some(), row.late) {
            (true, _) => NoticeKind::Mention,
            (_, true) => NoticeKind::Late,
            _ => NoticeKind::Message,
        };
        let about = match row.body.is_empty() {
            true => said(&row.attachments).as_ref().map(in_words).unwrap_or_default(),
            false => homing_model::preview(&row.body, PREVIEW),
        };
        Ok(Some(Candidate {
            id: row.id.to_string(),
            kind,
            conversation: Some(*conversation),
            message: Some(*message),
            name: shown_name(&row.author_name),
            about,
            channels: prefs.decide(kind, &around),
        }))
    }

    fn of_notice(
        &self,
        prefs: &Prefs,
        around: Around,
        key: &NoticeKey,
    ) -> Result<Option<Candidate>, ApiError> {
        let Some(row) = stored::get(&self.db()?, key)?.filter(|row| row.unread) else { return Ok(None) };
        let Some(kind) = NoticeKind::from_number(row.kind) else { return Ok(None) };
        let old = row.at_ms.saturating_add(RETAIN_MS) < self.env.now_ms();
        if old || self.is_blocked(row.person)? {
            return Ok(None);
        }
        let conversation = row.conversation;
        let on_screen = conversation.is_some() && conversation == self.focus && row.message.is_some();
        let shown = self.notice_row(row)?;
        Ok(Some(Candidate {
            id: shown.id,
            kind,
            conversation,
            message: shown.message.and_then(|id| id.parse().ok()),
            name: shown.name,
            about: match (shown.text.is_empty(), &shown.files) {
                (false, _) => shown.text,
                (true, Some(files)) => in_words(files),
                (true, None) => shown.title,
            },
            channels: prefs.decide(kind, &Around { on_screen, ..around }),
        }))
    }
}

fn event(found: Candidate, settings: &Settings) -> Option<Event> {
    let Candidate { id, kind, conversation, message, name, about, channels } = found;
    let Channels { in_app, desktop, sound } = channels;
    if !in_app && !desktop {
        return None;
    }
    // In the window it is as private as everything else there.
    let (title, body) = match (in_app || settings.notification_content, kind) {
        (true, _) => {
            let title = if name.is_empty() { "Homing".to_owned() } else { name };
            (title, kind.says().replace("{}", &about))
        }
        (false, NoticeKind::Message | NoticeKind::Mention | NoticeKind::Late) => {
            ("Homing".to_owned(), "New message".to_owned())
        }
        (false, _) => ("Homing".to_owned(), "Something new".to_owned()),
    };
    Some(Event::Notify {
        id,
        kind,
        conversation: conversation.map(|id| id.to_string()),
        message: message.map(|id| id.to_string()),
        title,
        body,
        in_app,
        desktop,
        sound,
    })
}

//! What is told at once: decided when the device has caught up, for a notice may come before the news that it was read
//! elsewhere; each once per device.

use homing_store::conversations::ConversationRow;
use homing_store::notices::{self as stored, NoticeKey};
use homing_store::{Durability, conversations, merging, messages, notified};
use homing_sync::Connection;
use homing_wire::DocId;

use super::RETAIN_MS;
use super::prefs::{Around, Prefs, announce_of};
use crate::api::{ApiError, Channels, Event, NoticeKind, NoticeRow, Settings};
use crate::commands::words_of;
use crate::core::Core;
use crate::rows::is_listed;
use crate::text::{rfc3339, visible};
use crate::touched::Touched;

/// A message or another notice that may be told, and where.
struct Candidate {
    notice: NoticeRow,
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
        let around = self.around_in(&talk, around);
        let around = Around { muted: around.muted || row.blocked, ..around };
        let named = super::key_of(NoticeKind::Mention, message.as_bytes());
        let kind = match (stored::get(&db, &named)?.is_some(), row.late) {
            (true, _) => NoticeKind::Mention,
            (_, true) => NoticeKind::Late,
            _ => NoticeKind::Message,
        };
        let title = self.titles(&[talk.id])?.remove(&talk.id).unwrap_or_default();
        let (text, files) = words_of(&row);
        let notice = NoticeRow {
            id: row.id.to_string(),
            kind,
            at: rfc3339(row.at_ms),
            unread: true,
            person: Some(row.author.to_string()),
            me: false,
            name: visible(&row.author_name),
            title,
            text,
            files,
            count: 0,
            conversation: Some(conversation.to_string()),
            message: Some(row.id.to_string()),
            record: None,
        };
        Ok(Some(Candidate { notice, channels: prefs.decide(kind, &around) }))
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
        let around = match row.conversation {
            Some(conversation) => self.around_notice(&conversation, row.message.is_some(), around)?,
            None => around,
        };
        Ok(Some(Candidate { notice: self.notice_row(row)?, channels: prefs.decide(kind, &around) }))
    }

    /// What leads to a conversation is told as its person wants to hear of it. On the screen is only what stands in it.
    fn around_notice(&self, conversation: &DocId, in_it: bool, around: Around) -> Result<Around, ApiError> {
        let db = self.db()?;
        let shown = merging::shown_in(&db, conversation)?.unwrap_or(*conversation);
        // It may come behind what tells of it.
        let Some(talk) = conversations::get(&db, &shown)? else { return Ok(around) };
        let around = self.around_in(&talk, around);
        Ok(Around { on_screen: around.on_screen && in_it, ..around })
    }

    fn around_in(&self, talk: &ConversationRow, around: Around) -> Around {
        Around {
            on_screen: self.focus == Some(talk.id),
            announce: announce_of(&talk.own.announce),
            muted: talk.blocked || talk.own.muted_until_ms > self.env.now_ms(),
            put_away: talk.archived || talk.away,
            ..around
        }
    }
}

fn event(found: Candidate, settings: &Settings) -> Option<Event> {
    let Candidate { notice, channels: Channels { in_app, desktop, sound } } = found;
    if !in_app && !desktop {
        return None;
    }
    // In the window it is as private as everything else there.
    let hidden = !in_app && !settings.notification_content;
    let notice = match hidden {
        true => NoticeRow {
            person: None,
            name: String::new(),
            title: String::new(),
            text: String::new(),
            files: None,
            ..notice
        },
        false => notice,
    };
    Some(Event::Notify { notice, hidden, in_app, desktop, sound })
}

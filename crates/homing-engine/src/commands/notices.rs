//! The notification centre, and what a person wants to be told of.

use std::collections::{BTreeMap, BTreeSet};

use homing_model::{Edit, Preimage};
use homing_store::conversations::{self, Filter};
use homing_store::messages::{self, MessageRow};
use homing_store::notices::{self as stored, NoticeKey, NoticeRow as Stored, ReadMark};
use homing_store::{Durability, Read, people, spaces};
use homing_wire::{DocId, PersonId};

use crate::api::{
    Announce, AnnounceState, ApiError, ConversationAnnounce, ConversationRef, Done, FilesSaid, Nothing,
    NoticeKind, NoticePage, NoticeRow, Notices, NoticesRead, NotifySet, NotifySettings,
};
use crate::author::Label;
use crate::core::Core;
use crate::fail::{invalid, not_found};
use crate::files::said;
use crate::notices::{Prefs, QUIET, Quiet, RETAIN_MS, announce_of, channels_setting};
use crate::records::title_of;
use crate::rows::{device_name, files_said, is_shown, wordless};
use crate::text::{rfc3339, visible};

const PAGE: u32 = 100;
/// Conversations looked at for the centre: beyond these the inbox is the better list.
const CONVERSATIONS: u32 = 100;
/// Marks the id of a line that stands for a conversation's unread messages.
const CONVERSATION: &str = "c:";

impl Core {
    /// The centre: conversations with unread messages, and everything else a person was told of, newest first.
    pub(crate) fn notices(&mut self, args: Notices) -> Result<NoticePage, ApiError> {
        let limit = args.limit.clamp(1, PAGE);
        let after = args
            .after
            .map(|text| {
                place(&text).ok_or_else(|| ApiError::from(invalid("This is not a place in the list.")))
            })
            .transpose()?;
        let prefs = Prefs::load(&self.db()?).map_err(ApiError::from)?;
        let mut rows = Vec::new();
        let mut next = None;
        let since = self.told_since();
        let page = stored::list(&self.db()?, since, &prefs.hidden(), after, limit)?;
        let full = page.len() == limit as usize;
        for (row, at) in page {
            next = full.then(|| format!("{:x}-{:x}", at.0, at.1));
            if args.unread && !row.unread {
                continue;
            }
            rows.push(self.notice_row(row)?);
        }
        if after.is_none() && prefs.channels(NoticeKind::Message).in_app {
            rows.extend(self.unread_conversations(&prefs)?);
            rows.sort_by(|a, b| b.at.cmp(&a.at));
        }
        Ok(NoticePage { rows, next, unread: self.notices_unread()? })
    }

    /// What stands at the bell: conversations with unread messages, and everything else that is unread.
    pub(crate) fn notices_unread(&self) -> Result<u32, ApiError> {
        let db = self.db()?;
        let prefs = Prefs::load(&db).map_err(ApiError::from)?;
        let mut unread = stored::unread(&db, self.told_since(), &prefs.hidden())?;
        if prefs.channels(NoticeKind::Message).in_app {
            let now_ms = self.env.now_ms();
            unread += conversations::announced(&db, now_ms)?.conversations;
            // All that is unread of these stands in the list by itself.
            for (conversation, told) in self.told_by_themselves(&prefs)? {
                let row = conversations::get(&db, &conversation)?;
                if row.is_some_and(|row| usize::try_from(row.unread).is_ok_and(|unread| unread <= told.len()))
                    && conversations::is_announced(&db, &conversation, now_ms)?
                {
                    unread = unread.saturating_sub(1);
                }
            }
        }
        Ok(u32::try_from(unread).unwrap_or(u32::MAX))
    }

    /// Unread messages with a line of their own, mentions above all, by the conversation that shows them: they are told
    /// of once.
    fn told_by_themselves(&self, prefs: &Prefs) -> Result<BTreeMap<DocId, BTreeSet<DocId>>, ApiError> {
        let mut told: BTreeMap<DocId, BTreeSet<DocId>> = BTreeMap::new();
        for (conversation, message) in stored::told(&self.db()?, self.told_since(), &prefs.hidden())? {
            told.entry(conversation).or_default().insert(message);
        }
        Ok(told)
    }

    fn told_since(&self) -> u64 {
        self.env.now_ms().saturating_sub(RETAIN_MS)
    }

    pub(crate) fn is_blocked(&self, person: Option<PersonId>) -> Result<bool, ApiError> {
        let Some(person) = person else { return Ok(false) };
        Ok(people::is_blocked(&self.db()?, &person)?)
    }

    /// One line for each conversation with unread messages, besides those that have a line of their own.
    fn unread_conversations(&self, prefs: &Prefs) -> Result<Vec<NoticeRow>, ApiError> {
        let db = self.db()?;
        // What somebody muted, or wants to hear nothing of, says nothing here either.
        let now_ms = self.env.now_ms();
        let announced = |row: &conversations::ConversationRow| {
            row.own.muted_until_ms <= now_ms && announce_of(&row.own.announce) == Announce::All
        };
        let told = self.told_by_themselves(prefs)?;
        let page = conversations::list(&db, Filter::Unread, None, CONVERSATIONS)?;
        let page: Vec<_> =
            page.into_iter().filter(|row| is_shown(row) && row.unread > 0 && announced(row)).collect();
        let titles = self.titles(&page.iter().map(|row| row.id).collect::<Vec<_>>())?;
        let mut files = files_said(&db, &page.iter().filter_map(wordless).collect::<Vec<_>>())?;
        let mut rows = Vec::new();
        for row in page {
            let own = told.get(&row.id);
            let count = row.unread.saturating_sub(u32::try_from(own.map_or(0, BTreeSet::len)).unwrap_or(0));
            if count == 0 {
                continue;
            }
            let by = row.last.as_ref().filter(|last| !last.mine);
            let mut line = NoticeRow {
                id: format!("{CONVERSATION}{}", row.id),
                kind: NoticeKind::Message,
                at: rfc3339(row.last_at_ms),
                unread: true,
                person: by.map(|last| last.author.to_string()),
                me: false,
                name: by.map(|last| visible(&last.author_name)).unwrap_or_default(),
                title: titles.get(&row.id).cloned().unwrap_or_default(),
                text: row.preview.clone(),
                files: wordless(&row).and_then(|id| files.remove(&id)),
                count,
                conversation: Some(row.id.to_string()),
                message: messages::first_unread(&db, &row.id)?.map(|id| id.to_string()),
                record: None,
            };
            if let Some(own) = own {
                let [first, last] = [false, true].map(|newest| other_unread(&db, &row.id, own, newest));
                line.message = first?.map(|id| id.to_string());
                if let Some(last) = last?.map(|id| messages::get(&db, &id)).transpose()?.flatten() {
                    (line.text, line.files) = words_of(&last);
                    line.at = rfc3339(last.at_ms);
                    line.person = Some(last.author.to_string());
                    line.name = visible(&last.author_name);
                }
            }
            rows.push(line);
        }
        Ok(rows)
    }

    pub(crate) fn notice_row(&self, row: Stored) -> Result<NoticeRow, ApiError> {
        let db = self.db()?;
        let device = row.kind == NoticeKind::Device.number();
        let me = row.person == Some(self.replica()?.person());
        let name = match (row.person, row.space) {
            _ if device => device_name(&db, &row.text.parse().unwrap_or(self.replica()?.device()))?,
            (Some(_), _) if me => String::new(),
            (Some(person), Some(space)) => visible(&people::name_in(&db, &space, &person)?),
            (Some(person), None) => {
                visible(&people::get(&db, &person)?.map(|row| row.name).unwrap_or_default())
            }
            (None, _) => String::new(),
        };
        let title = match (row.record, row.conversation, row.space) {
            (Some(record), _, _) => title_of(&db, &record).map_err(ApiError::from)?,
            (None, Some(id), _) => self.titles(&[id])?.remove(&id).unwrap_or_default(),
            (None, None, Some(space)) => spaces::get(&db, &space)?.map(|row| row.name).unwrap_or_default(),
            _ => String::new(),
        };
        let (text, files) = match row.message.filter(|_| row.text.is_empty()) {
            Some(message) => messages::get(&db, &message)?.map(|row| words_of(&row)).unwrap_or_default(),
            // A device is known by its name.
            None if device => Default::default(),
            None => (row.text, None),
        };
        Ok(NoticeRow {
            id: notice_id(&row.key),
            kind: NoticeKind::from_number(row.kind).unwrap_or(NoticeKind::Portal),
            at: rfc3339(row.at_ms),
            unread: row.unread,
            person: row.person.map(|person| person.to_string()),
            me,
            name,
            title: crate::text::visible(&title),
            text,
            files,
            count: 0,
            conversation: row.conversation.map(|id| id.to_string()),
            message: row.message.map(|id| id.to_string()),
            record: row.record.map(|id| id.to_string()),
        })
    }

    /// Marks as read: messages by their read position, everything else by its key; both follow the person.
    pub(crate) fn notices_read(&mut self, args: NoticesRead) -> Result<Done, ApiError> {
        let mut marks = Vec::new();
        let mut talks: Vec<DocId> = Vec::new();
        let mut shown: Vec<DocId> = Vec::new();
        let mut take = |row: &Stored| {
            marks.push(ReadMark { key: row.key, at_ms: row.at_ms });
            shown.extend(row.message.filter(|_| row.follows));
        };
        if args.all {
            let page = stored::list(&self.db()?, 0, &[], None, stored::KEPT)?;
            page.iter().filter(|(row, _)| row.unread).for_each(|(row, _)| take(row));
            talks.extend(
                conversations::list(&self.db()?, Filter::Unread, None, u32::MAX)?.iter().map(|row| row.id),
            );
        } else {
            for id in &args.ids {
                if let Some(conversation) = id.strip_prefix(CONVERSATION) {
                    talks.push(self.find_conversation(conversation)?);
                    continue;
                }
                let key = unhex(id).ok_or_else(|| ApiError::from(not_found("notification")))?;
                // One that is gone was dealt with.
                if let Some(row) = stored::get(&self.db()?, &key)? {
                    take(&row);
                }
            }
        }
        self.write(Durability::Full, |tx, replica, env| {
            let mut seen = messages::mark_read(tx, &shown)?;
            for talk in &talks {
                seen.extend(messages::mark_conversation_read(tx, talk)?);
                if conversations::get(tx, talk)?.is_some_and(|row| row.marked_unread) {
                    let preimage = Preimage::conversation_state(replica.personal(), talk);
                    replica.author(
                        tx,
                        env.now_ms(),
                        &preimage,
                        &Edit::SetMarkedUnread(false),
                        Label::OTHER,
                    )?;
                }
            }
            replica.note_read(tx, env.now_ms(), &seen)?;
            replica.touched.notices = true;
            replica.notices_were_read(tx, &marks)
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn notify_settings(&mut self, _: Nothing) -> Result<NotifySettings, ApiError> {
        let prefs = Prefs::load(&self.db()?).map_err(ApiError::from)?;
        Ok(prefs.shown(self.env.now_ms()))
    }

    pub(crate) fn notify_set(&mut self, args: NotifySet) -> Result<NotifySettings, ApiError> {
        let mut edits = Vec::new();
        edits.extend(args.kind.as_ref().map(channels_setting));
        if let Some(quiet) = &args.quiet {
            edits.push((QUIET.to_owned(), Quiet::chosen(quiet).map_err(ApiError::from)?.encode()));
        }
        self.write(Durability::Full, |tx, replica, env| {
            for (name, value) in &edits {
                let preimage = Preimage::setting(replica.personal(), name);
                let edit = Edit::SetSetting { value: value.clone() };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::OTHER)?;
            }
            Ok(())
        })?;
        self.notify_settings(Nothing {})
    }

    pub(crate) fn announce_state(&mut self, args: ConversationRef) -> Result<AnnounceState, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let row =
            conversations::get(&self.db()?, &id)?.ok_or_else(|| ApiError::from(not_found("conversation")))?;
        let until = row.own.muted_until_ms;
        let muted_until = (until > self.env.now_ms()).then(|| rfc3339(until));
        Ok(AnnounceState { announce: announce_of(&row.own.announce), muted_until })
    }

    pub(crate) fn announce_set(&mut self, args: ConversationAnnounce) -> Result<AnnounceState, ApiError> {
        let what = match args.announce {
            Announce::All => "all",
            Announce::Mentions => "mentions",
            Announce::None => "none",
        };
        self.state_edit(&args.conversation, &Edit::SetAnnounce(what.to_owned()))?;
        self.announce_state(ConversationRef { conversation: args.conversation })
    }
}

/// The first unread message of a conversation, or the newest, that has no line of its own.
fn other_unread(
    db: &Read<'_>,
    conversation: &DocId,
    own: &BTreeSet<DocId>,
    newest: bool,
) -> Result<Option<DocId>, ApiError> {
    let enough = u32::try_from(own.len()).unwrap_or(u32::MAX).saturating_add(1);
    let unread = messages::unread_of(db, conversation, newest, enough)?;
    Ok(unread.into_iter().find(|id| !own.contains(id)))
}

/// A few words of a message, or what it holds instead.
pub(crate) fn words_of(row: &MessageRow) -> (String, Option<FilesSaid>) {
    let files = said(&row.attachments).filter(|_| row.body.is_empty());
    (homing_model::preview(&row.body, 100), files)
}

fn place(text: &str) -> Option<stored::Cursor> {
    let (at, n) = text.split_once('-')?;
    Some((u64::from_str_radix(at, 16).ok()?, i64::from_str_radix(n, 16).ok()?))
}

/// The id of a notice as screens know it.
pub(crate) fn notice_id(key: &NoticeKey) -> String {
    key.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<NoticeKey> {
    let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32)?;
    Some(NoticeKey(number.to_be_bytes()))
}

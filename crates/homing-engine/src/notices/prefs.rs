//! What a person wants to be told of, and the decision about one notice.
//!
//! Each kind's channels and the quiet hours are settings of their own in the personal space, so that two devices that
//! were changed apart merge. Days and times are read by the clock on the wall of the device that announces.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Local, NaiveTime, TimeZone, Timelike};
use homing_store::{Read, meta};
use homing_wire::codec::{decode, encode};
use minicbor::{CborLen, Decode, Encode};

use crate::api::{Announce, Channels, KindChannels, NoticeKind, NotifySettings, QuietHours};
use crate::fail::{Fail, invalid};

/// Where settings that follow the person lie in the store, by name.
pub(crate) const SETTING: &str = "setting/";
/// Name of a kind's channels; the kind's follows.
const KIND: &str = "notify/kind/";
/// Name of the quiet hours.
pub(crate) const QUIET: &str = "notify/quiet";
const SETTING_BYTES: usize = 16 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
struct StoredChannels {
    #[n(0)]
    in_app: bool,
    #[n(1)]
    desktop: bool,
    #[n(2)]
    sound: bool,
}

/// When it is quiet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Quiet {
    #[n(0)]
    pub on: bool,
    /// Bit 0 is Monday.
    #[n(1)]
    pub days: u8,
    /// Minutes after midnight.
    #[n(2)]
    pub from: u16,
    /// Not after `from`: on the next day.
    #[n(3)]
    pub to: u16,
    #[n(4)]
    pub mentions: bool,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { on: false, days: 0x7f, from: 22 * 60, to: 7 * 60, mentions: true }
    }
}

impl Quiet {
    /// Whether it is quiet at a moment.
    pub fn at<Tz: TimeZone>(&self, moment: &DateTime<Tz>) -> bool {
        let minute = moment.hour() * 60 + moment.minute();
        let (from, to) = (u32::from(self.from), u32::from(self.to));
        let begins = |day: u32| self.days & (1 << (day % 7)) != 0;
        let today = moment.weekday().num_days_from_monday();
        let quiet = match from < to {
            true => begins(today) && (from..to).contains(&minute),
            // Over midnight: the morning belongs to the day before.
            false => (begins(today) && minute >= from) || (begins(today + 6) && minute < to),
        };
        self.on && quiet
    }

    fn shown(&self) -> QuietHours {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        QuietHours {
            on: self.on,
            days: (1..=7).filter(|day| self.days & (1 << (day - 1)) != 0).collect(),
            from: time(self.from),
            to: time(self.to),
            mentions: self.mentions,
        }
    }

    /// What somebody chose.
    pub fn chosen(hours: &QuietHours) -> Result<Self, Fail> {
        let time = |text: &str| {
            let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
            u16::try_from(time.num_seconds_from_midnight() / 60).ok()
        };
        let wrong = || invalid("Quiet hours go from HH:MM to HH:MM, on days from 1 (Monday) to 7 (Sunday).");
        let days = hours
            .days
            .iter()
            .try_fold(0u8, |days, day| (1..=7).contains(day).then(|| days | (1 << (day - 1))));
        Ok(Self {
            on: hours.on,
            days: days.ok_or_else(wrong)?,
            from: time(&hours.from).ok_or_else(wrong)?,
            to: time(&hours.to).ok_or_else(wrong)?,
            mentions: hours.mentions,
        })
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// A kind's channels as a setting: its name and value.
pub(crate) fn channels_setting(chosen: &KindChannels) -> (String, Vec<u8>) {
    let KindChannels { kind, in_app, desktop, sound } = *chosen;
    (format!("{KIND}{}", kind.name()), encode(&StoredChannels { in_app, desktop, sound }))
}

/// What a person wants to be told of.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Prefs {
    chosen: BTreeMap<NoticeKind, Channels>,
    pub quiet: Quiet,
}

impl Prefs {
    pub fn load(db: &Read<'_>) -> Result<Self, Fail> {
        let mut prefs = Self::default();
        let kinds = format!("{SETTING}{KIND}");
        for (name, value) in meta::with_prefix(db, &kinds)? {
            let kind = NoticeKind::ALL.iter().find(|kind| name.strip_prefix(&kinds) == Some(kind.name()));
            let stored: Option<StoredChannels> = decode("channels", &value, SETTING_BYTES).ok();
            if let (Some(kind), Some(StoredChannels { in_app, desktop, sound })) = (kind, stored) {
                prefs.chosen.insert(*kind, Channels { in_app, desktop, sound });
            }
        }
        if let Some(value) = meta::get(db, &format!("{SETTING}{QUIET}"))? {
            prefs.quiet = decode("quiet hours", &value, SETTING_BYTES).unwrap_or_default();
        }
        Ok(prefs)
    }

    pub fn channels(&self, kind: NoticeKind) -> Channels {
        self.chosen.get(&kind).copied().unwrap_or_else(|| kind.by_default())
    }

    /// Kinds that don't show in the centre.
    pub fn hidden(&self) -> Vec<u8> {
        let hidden = |kind: &&NoticeKind| !self.channels(**kind).in_app;
        NoticeKind::ALL.iter().filter(hidden).map(|kind| kind.number()).collect()
    }

    pub fn shown(&self, now_ms: u64) -> NotifySettings {
        let kinds = NoticeKind::ALL.iter().map(|kind| {
            let Channels { in_app, desktop, sound } = self.channels(*kind);
            KindChannels { kind: *kind, in_app, desktop, sound }
        });
        NotifySettings { kinds: kinds.collect(), quiet: self.quiet.shown(), quiet_now: self.is_quiet(now_ms) }
    }

    pub fn is_quiet(&self, now_ms: u64) -> bool {
        let now = i64::try_from(now_ms).ok().and_then(DateTime::from_timestamp_millis);
        now.is_some_and(|now| self.quiet.at(&now.with_timezone(&Local)))
    }

    /// Where a notice is told.
    pub fn decide(&self, kind: NoticeKind, around: &Around) -> Channels {
        const NOWHERE: Channels = Channels { in_app: false, desktop: false, sound: false };
        let mention = kind == NoticeKind::Mention;
        // Meant for this person, not for whoever is in it.
        let personal = mention || kind == NoticeKind::Assignment;
        // What they did or asked for themselves, and nobody else looks after: a conversation is muted against others.
        let own = matches!(kind, NoticeKind::NotSent | NoticeKind::Planned | NoticeKind::Back);
        let wanted = match around.announce {
            Announce::All => true,
            Announce::Mentions => personal,
            Announce::None => false,
        };
        let unwanted = around.muted || !wanted || (around.put_away && !personal);
        let silent = around.on_screen || (unwanted && !own);
        if silent || (around.quiet && !(mention && self.quiet.mentions)) {
            return NOWHERE;
        }
        let channels = self.channels(kind);
        let in_app = around.attended && channels.in_app;
        let desktop = !around.attended && channels.desktop && around.desktop;
        Channels { in_app, desktop, sound: channels.sound && desktop }
    }
}

/// What is so while it is decided where a notice is told.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Around {
    /// Somebody looks at the window.
    pub attended: bool,
    /// The window shows what the notice leads to.
    pub on_screen: bool,
    /// It is quiet now.
    pub quiet: bool,
    /// This device shows notifications on its desktop.
    pub desktop: bool,
    /// What of the conversation is announced.
    pub announce: Announce,
    /// The conversation is muted now.
    pub muted: bool,
    /// The conversation is archived or snoozed.
    pub put_away: bool,
}

/// What a conversation's state says of announcing.
pub(crate) fn announce_of(announce: &str) -> Announce {
    match announce {
        "mentions" => Announce::Mentions,
        "none" => Announce::None,
        _ => Announce::All,
    }
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn only_times_of_a_day_are_taken() {
        let chosen = |from: &str| {
            let hours = QuietHours {
                on: true,
                days: vec![1],
                from: from.into(),
                to: "07:00".into(),
                mentions: false,
            };
            Quiet::chosen(&hours).map(|quiet| quiet.from).ok()
        };
        assert_eq!(chosen("22:30"), Some(22 * 60 + 30));
        for wrong in ["24:00", "12:60", "1093:00", "-1:00", "12", "12:00:00", ""] {
            assert_eq!(chosen(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        // 2026-11-20 is a Friday.
        let quiet = Quiet { on: true, days: 0b001_0000, ..Quiet::default() };
        assert!(!quiet.at(&at("2026-11-20T21:59:00+01:00")));
        assert!(quiet.at(&at("2026-11-20T22:00:00+01:00")));
        assert!(quiet.at(&at("2026-11-21T06:59:00+01:00")));
        assert!(!quiet.at(&at("2026-11-21T07:00:00+01:00")));
        assert!(!quiet.at(&at("2026-11-21T23:00:00+01:00")));
        assert!(!quiet.at(&at("2026-11-20T03:00:00+01:00")));
        let off = Quiet { on: false, ..quiet };
        assert!(!off.at(&at("2026-11-20T23:00:00+01:00")));
    }

    #[test]
    fn hours_of_one_day_end_before_they_begin_again() {
        let quiet = Quiet { on: true, days: 0x7f, from: 12 * 60, to: 13 * 60, mentions: false };
        assert!(quiet.at(&at("2026-11-20T12:30:00-05:00")));
        assert!(!quiet.at(&at("2026-11-20T13:00:00-05:00")));
        assert!(!quiet.at(&at("2026-11-20T02:30:00-05:00")));
    }

    #[test]
    fn what_somebody_chose_is_checked_and_shown_as_chosen() {
        let hours = QuietHours {
            on: true,
            days: vec![1, 7],
            from: "20:15".into(),
            to: "08:00".into(),
            mentions: true,
        };
        assert_eq!(Quiet::chosen(&hours).unwrap().shown(), hours);
        for (from, to, day) in
            [("24:00", "08:00", 1), ("20:60", "08:00", 1), ("x", "08:00", 1), ("1:00", "2:00", 8)]
        {
            let wrong = QuietHours { from: from.into(), to: to.into(), days: vec![day], ..hours.clone() };
            assert!(Quiet::chosen(&wrong).is_err(), "{from} {to} {day}");
        }
    }

    #[test]
    fn it_is_told_where_somebody_is() {
        let prefs = Prefs::default();
        let away = Around { desktop: true, ..Around::default() };
        let told = prefs.decide(NoticeKind::Message, &away);
        assert_eq!(told, Channels { in_app: false, desktop: true, sound: true });
        let here = Around { attended: true, ..away };
        let told = prefs.decide(NoticeKind::Message, &here);
        assert_eq!(told, Channels { in_app: true, desktop: false, sound: false });
        for silent in [
            Around { on_screen: true, ..here },
            Around { muted: true, ..away },
            Around { announce: Announce::None, ..away },
            Around { announce: Announce::Mentions, ..away },
            Around { put_away: true, ..away },
            Around { quiet: true, ..away },
            Around { desktop: false, ..away },
        ] {
            assert!(!prefs.decide(NoticeKind::Message, &silent).desktop, "{silent:?}");
            assert!(!prefs.decide(NoticeKind::Message, &silent).in_app, "{silent:?}");
        }
    }

    #[test]
    fn what_is_one_s_own_is_told_whatever_was_said_of_the_conversation() {
        let prefs = Prefs::default();
        let away = Around { desktop: true, ..Around::default() };
        let (muted, none) = (Around { muted: true, ..away }, Around { announce: Announce::None, ..away });
        let put_away = Around { put_away: true, ..away };
        for around in [muted, none, put_away] {
            for own in [NoticeKind::NotSent, NoticeKind::Planned, NoticeKind::Back] {
                assert!(prefs.decide(own, &around).desktop, "{own:?} {around:?}");
                assert!(!prefs.decide(own, &Around { quiet: true, ..around }).desktop, "{own:?} {around:?}");
            }
            assert!(!prefs.decide(NoticeKind::Joined, &around).desktop, "{around:?}");
        }
        assert!(prefs.decide(NoticeKind::Assignment, &put_away).desktop);
        assert!(!prefs.decide(NoticeKind::Assignment, &muted).desktop);
    }

    #[test]
    fn a_mention_passes_what_is_meant_for_the_rest() {
        let prefs = Prefs::default();
        let away = Around { desktop: true, ..Around::default() };
        for passes in [
            Around { announce: Announce::Mentions, ..away },
            Around { put_away: true, ..away },
            Around { quiet: true, ..away },
        ] {
            assert!(prefs.decide(NoticeKind::Mention, &passes).desktop, "{passes:?}");
        }
        assert!(!prefs.decide(NoticeKind::Mention, &Around { muted: true, ..away }).desktop);
        let mut strict = prefs;
        strict.quiet.mentions = false;
        assert!(!strict.decide(NoticeKind::Mention, &Around { quiet: true, ..away }).desktop);
    }
}

//! Filters among the words of a query: `from:ben has:file "so that" before:2026-11-01`.

use chrono::{DateTime, Datelike, Days, Local, Months, NaiveDate, TimeZone};

use crate::api::SearchKey;

/// A query, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Parsed {
    /// Everything that is no filter, as typed.
    pub text: String,
    pub filters: Vec<Filter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub key: SearchKey,
    /// Without its quotes.
    pub value: String,
    /// As it stands in the query.
    pub text: String,
}

/// What can stand behind `has:`.
pub(crate) const HAS: [&str; 6] = ["file", "image", "video", "audio", "document", "link"];
/// What can stand behind `is:`.
pub(crate) const IS: [&str; 2] = ["unread", "mine"];

/// Takes the filters out of a query. Inside quotes everything is text, and so is a word with a colon whose first part is no
/// key.
pub(crate) fn parse(query: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = query;
    let mut after_filter = false;
    while !rest.is_empty() {
        if let Some((key, value, length)) = filter(rest) {
            let (text, behind) = rest.split_at(length);
            // A word before a filter is as open as the last one is.
            parsed.text.truncate(parsed.text.trim_end().len());
            if !value.is_empty() {
                parsed.filters.push(Filter { key, value: value.to_owned(), text: text.to_owned() });
            }
            rest = behind;
            after_filter = true;
            continue;
        }
        let space = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let (space, behind) = rest.split_at(space);
        // Behind a filter that ends the query it says nothing.
        if !(behind.is_empty() && after_filter) {
            parsed.text.push_str(space);
        }
        rest = behind;
        if space.is_empty() {
            let (word, behind) = rest.split_at(word_end(rest));
            parsed.text.push_str(word);
            rest = behind;
            after_filter = false;
        }
    }
    parsed
}

/// The filter at the beginning of a text: its key, its value and how long it is.
fn filter(text: &str) -> Option<(SearchKey, &str, usize)> {
    let (word, value) = text.split_once(':')?;
    let key = SearchKey::ALL.iter().find(|(_, name)| word.eq_ignore_ascii_case(name))?.0;
    let start = word.len() + 1;
    match value.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.find('"').unwrap_or(quoted.len());
            let closed = usize::from(end < quoted.len());
            Some((key, quoted.get(..end)?.trim(), start + 1 + end + closed))
        }
        None => {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            Some((key, value.get(..end)?, start + end))
        }
    }
}

/// Where the first word ends, or the text in quotes that it begins.
fn word_end(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// A span of days: its first moment and the first one behind it, Unix ms.
pub(crate) type Span = (u64, u64);

/// A day, month, year or a word for one, on this device's calendar.
pub(crate) fn span<Tz: TimeZone>(text: &str, now: &DateTime<Tz>) -> Option<Span> {
    let today = now.date_naive();
    let lower = text.to_ascii_lowercase();
    let (first, behind) = match lower.as_str() {
        "today" => (today, today.succ_opt()?),
        "yesterday" => (today.pred_opt()?, today),
        _ => match lower.split('-').map(str::parse::<i32>).collect::<Result<Vec<_>, _>>() {
            Ok(numbers) => dated(&numbers)?,
            Err(_) => ago(&lower, today)?,
        },
    };
    let moment = |day: NaiveDate| {
        let midnight = day.and_hms_opt(0, 0, 0)?;
        let zone = now.timezone();
        // Where midnight is left out (a clock set forward), the day begins an hour later.
        let begins = zone
            .from_local_datetime(&midnight)
            .earliest()
            .or_else(|| zone.from_local_datetime(&(midnight + chrono::TimeDelta::hours(1))).earliest())?;
        u64::try_from(begins.timestamp_millis()).ok()
    };
    Some((moment(first)?, moment(behind)?))
}

fn dated(numbers: &[i32]) -> Option<(NaiveDate, NaiveDate)> {
    let part = |at: usize| numbers.get(at).and_then(|number| u32::try_from(*number).ok());
    let year = *numbers.first().filter(|year| (1970..=9998).contains(*year))?;
    match numbers.len() {
        1 => Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year + 1, 1, 1)?)),
        2 => {
            let first = NaiveDate::from_ymd_opt(year, part(1)?, 1)?;
            Some((first, first.checked_add_months(Months::new(1))?))
        }
        3 => {
            let day = NaiveDate::from_ymd_opt(year, part(1)?, part(2)?)?;
            Some((day, day.succ_opt()?))
        }
        _ => None,
    }
}

/// `7d`, `2w`, `3m`, `1y`: so long ago.
fn ago(text: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let unit = text.chars().last()?;
    let number: u32 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number <= 10_000)?;
    let day = match unit {
        'd' => today.checked_sub_days(Days::new(number.into()))?,
        'w' => today.checked_sub_days(Days::new(u64::from(number) * 7))?,
        'm' => today.checked_sub_months(Months::new(number))?,
        'y' => today.checked_sub_months(Months::new(number.checked_mul(12)?))?,
        _ => return None,
    };
    (day.year() >= 1970).then_some((day, day.succ_opt()?))
}

/// The moment it is on the clock of this device's wall.
pub(crate) fn here(now_ms: u64) -> DateTime<Local> {
    let now = i64::try_from(now_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    now.with_timezone(&Local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(query: &str) -> (String, Vec<(SearchKey, String)>) {
        let parsed = parse(query);
        (parsed.text, parsed.filters.into_iter().map(|filter| (filter.key, filter.value)).collect())
    }

    #[test]
    fn filters_are_taken_out_and_words_stay() {
        let (text, filters) = taken("boiler from:ben \"from:x y\" in:\"Villa Rosa\" Before:2026-11-01 prei");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["boiler", "\"from:x", "y\"", "prei"]);
        let expected = [
            (SearchKey::From, "ben".to_owned()),
            (SearchKey::In, "Villa Rosa".to_owned()),
            (SearchKey::Before, "2026-11-01".to_owned()),
        ];
        assert_eq!(filters, expected);
    }

    #[test]
    fn what_is_no_filter_is_text() {
        for text in ["at 10:30", "http://example.org", "note: from", "x:from:y", "from :ben"] {
            assert_eq!(taken(text), (text.to_owned(), Vec::new()), "{text}");
        }
        assert_eq!(taken("from:"), (String::new(), Vec::new()), "still being typed");
        assert_eq!(taken("from:\"be").1, [(SearchKey::From, "be".to_owned())]);
        for open in ["prei", "prei from:ben", "prei from:ben ", "from:ben prei"] {
            assert!(parse(open).text.ends_with("prei"), "the last word stays open: {open}");
        }
        assert_eq!(parse("prei ").text, "prei ");
    }

    #[test]
    fn days_are_this_devices() {
        let now = DateTime::parse_from_rfc3339("2026-11-21T00:30:00+02:00").unwrap();
        let ms = |text: &str| {
            u64::try_from(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()).unwrap()
        };
        let day = (ms("2026-11-21T00:00:00+02:00"), ms("2026-11-22T00:00:00+02:00"));
        assert_eq!(span("today", &now), Some(day));
        assert_eq!(span("2026-11-21", &now), Some(day));
        assert_eq!(span("0d", &now), Some(day));
        assert_eq!(span("Yesterday", &now).unwrap().1, day.0);
        assert_eq!(span("2026-12", &now).unwrap().1, ms("2027-01-01T00:00:00+02:00"));
        assert_eq!(span("2026", &now).unwrap().0, ms("2026-01-01T00:00:00+02:00"));
        assert_eq!(span("1w", &now).unwrap().0, ms("2026-11-14T00:00:00+02:00"));
        for text in ["", "soon", "2026-13", "2026-02-30", "99999", "-5", "1x", "2026-1-1-1", "4000000000y"] {
            assert_eq!(span(text, &now), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_panics(query in any::<String>()) {
            let parsed = parse(&query);
            for filter in &parsed.filters {
                prop_assert!(query.contains(&filter.text));
            }
            if parsed.filters.is_empty() && !query.contains(':') {
                prop_assert_eq!(parsed.text, query);
            }
        }

        #[test]
        fn any_text_may_stand_for_a_day(text in any::<String>()) {
            let now = DateTime::parse_from_rfc3339("2026-11-21T00:30:00+02:00").unwrap();
            span(&text, &now);
        }
    }
}

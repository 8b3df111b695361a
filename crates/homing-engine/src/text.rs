//! Small conversions between the engine's values and what screens and scripts see.

use chrono::{DateTime, SecondsFormat, Utc};

/// Unix milliseconds as RFC 3339 UTC with milliseconds.
pub(crate) fn rfc3339(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time in RFC 3339 as Unix milliseconds.
pub(crate) fn parse_rfc3339(text: &str) -> Option<u64> {
    let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    u64::try_from(time.timestamp_millis()).ok()
}

/// The host (with port) of a relay's address, as the device signs it.
pub(crate) fn relay_host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let host = rest.split('/').next().unwrap_or(rest);
    (!host.is_empty()).then_some(host)
}

/// Brings what a person typed into the form `http(s)://host[:port]`; a bare host gets `https`, a loopback one `http`.
pub(crate) fn relay_address(typed: &str) -> Option<String> {
    let typed = typed.trim().trim_end_matches('/');
    if typed.is_empty() || typed.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let address = if typed.contains("://") {
        typed.to_owned()
    } else if is_loopback_host(typed) {
        format!("http://{typed}")
    } else {
        format!("https://{typed}")
    };
    let host = relay_host(&address)?;
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'));
    (plain && address.ends_with(host)).then_some(address)
}

/// The relay works on this computer only.
pub(crate) fn is_loopback(address: &str) -> bool {
    relay_host(address).is_some_and(is_loopback_host)
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost" || name == "::1" || name.starts_with("127.")
}

/// A name that others gave, as what it is: characters that reorder, hide or fill are shown by their numbers (Unicode TR 36,
/// section 2.10), joiners are kept where scripts and emoji need them, and marks do not tower over other lines.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut marks = 0;
    for c in text.chars() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        let joins = matches!(c, '\u{200C}' | '\u{200D}') && before.is_some_and(takes_joiner);
        if (hides(c) && !joins) || c.is_control() {
            shown.push_str(&format!("\u{27E8}U+{:04X}\u{27E9}", u32::from(c)));
        } else if marks <= MARKS {
            shown.push(c);
        }
        before = Some(c);
    }
    shown
}

/// As many marks on one letter as any script stacks.
const MARKS: usize = 4;

fn hides(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Combining marks of no script of its own, which is what towers are made of.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Arabic, Syriac and the scripts of India join letters; emoji join to families and professions.
const fn takes_joiner(before: char) -> bool {
    matches!(before,
        '\u{600}'..='\u{8FF}' | '\u{900}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{2190}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{FE0F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed() {
        assert_eq!(relay_address("127.0.0.1:8787").as_deref(), Some("http://127.0.0.1:8787"));
        assert_eq!(relay_address("relay.example.org/").as_deref(), Some("https://relay.example.org"));
        assert_eq!(relay_address("http://[::1]:80").as_deref(), Some("http://[::1]:80"));
        assert_eq!(relay_address("ftp://x"), None);
        assert_eq!(relay_address("a b"), None);
        assert_eq!(relay_address(""), None);
    }

    #[test]
    fn names_are_shown_as_what_they_are() {
        assert_eq!(visible("photo\u{202E}gnp.exe"), "photo\u{27E8}U+202E\u{27E9}gnp.exe");
        assert_eq!(visible("Ada\u{200B}\n"), "Ada\u{27E8}U+200B\u{27E9}\u{27E8}U+000A\u{27E9}");
        assert_eq!(visible("\u{3164}"), "\u{27E8}U+3164\u{27E9}", "a name of nothing but filling");
        assert_eq!(visible("a\u{200D}b"), "a\u{27E8}U+200D\u{27E9}b");
        assert_eq!(visible(&format!("Z{}o", "\u{301}".repeat(90))), "Z\u{301}\u{301}\u{301}\u{301}o");
        for name in [
            "Tomás Herrera",
            "ليلى حداد",
            "محمد\u{200C}رضا",
            "👨\u{200D}👩\u{200D}👧",
            "👩🏽\u{200D}💻",
            "กี่",
            "क्\u{200D}ष",
            "Tiê\u{0323}n",
        ] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(1_763_683_200_123), "2025-11-21T00:00:00.123Z");
    }
}

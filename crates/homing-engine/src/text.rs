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

/// Characters that reorder or hide others are shown as what they are (Unicode TR 36, section 2.10).
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => {
                '\u{FFFD}'
            }
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
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
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(1_763_683_200_123), "2025-11-21T00:00:00.123Z");
    }
}

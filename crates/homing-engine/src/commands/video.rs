//! The service a person makes video calls with: an address, and nothing more. Homing makes no calls itself.
//!
//! It is a setting of its own in the personal space, so that it follows the person. The window makes a link of it that
//! somebody sends like any other words; nothing here asks the service for anything.

use homing_model::{Edit, Preimage};
use homing_store::{Read, Tx, meta};
use url::Url;

use crate::author::Label;
use crate::fail::{Fail, invalid};
use crate::notices::SETTING;
use crate::replica::Replica;
use crate::text::visible;

/// Name of the setting.
const NAME: &str = "video/call";
/// Stands in the address where a room's name goes.
const ROOM: &str = "{room}";
/// What a room's name looks like, to try an address with.
const A_ROOM: &str = "0123456789abcdef0123456789abcdef";
/// In bytes, before a room is put in.
const MOST: usize = 500;

/// The address of the service; empty: none.
pub(super) fn address(db: &Read<'_>) -> Result<String, Fail> {
    let stored = meta::get(db, &format!("{SETTING}{NAME}"))?;
    // Another device may be of another version.
    let text = stored.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    Ok(text.and_then(|text| checked(&text).ok()).unwrap_or_default())
}

/// The address as it is kept.
pub(super) fn checked(text: &str) -> Result<String, Fail> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.len() > MOST {
        return Err(invalid("The address of a video service is at most 500 characters long."));
    }
    let plain = !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '\\'))
        && visible(text) == text;
    let url = Url::parse(&text.replace(ROOM, A_ROOM)).ok().filter(|_| plain && text.starts_with("https://"));
    let Some(url) = url.filter(|url| url.host_str().is_some_and(|host| !host.is_empty())) else {
        return Err(invalid(
            "This is not the address of a video service: it begins with https:// and a name, such as https://meet.example.org/{room}.",
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "There is a name or a password in this address: everybody who gets a link would have it.",
        ));
    }
    Ok(text.to_owned())
}

impl Replica {
    pub(super) fn set_video_call(&mut self, tx: &Tx<'_>, now_ms: u64, address: &str) -> Result<(), Fail> {
        let preimage = Preimage::setting(self.personal(), NAME);
        let edit = Edit::SetSetting { value: address.as_bytes().to_vec() };
        self.author(tx, now_ms, &preimage, &edit, Label::OTHER)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_a_link_can_be_made_of() {
        for good in [
            "https://meet.example.org/{room}",
            "https://{room}.meet.example.org/",
            "https://example.org/me?pwd=a%20b#c",
            "https://meet.example.org:8443/a/{room}/b",
            "https://bücher.example/{room}",
        ] {
            assert_eq!(checked(&format!(" {good}\n")).unwrap(), good);
        }
        assert_eq!(checked("  ").unwrap(), "");
        let long = format!("https://example.org/{}", "a".repeat(MOST));
        for bad in [
            "http://meet.example.org/{room}",
            "HTTPS:/meet.example.org",
            "javascript:alert(1)",
            "meet.example.org",
            "https://",
            "https:///",
            "https://me:secret@example.org/{room}",
            "https://me@example.org/",
            "https://example.org/a b",
            "https://example.org/\"onclick",
            "https://example.org/\u{202e}moc",
            "https://example.org/\u{200b}",
            &long,
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}

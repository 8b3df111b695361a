//! A page is asked for: once, as nobody in particular, with little patience and less room.

use std::io::Read;
use std::time::{Duration, Instant};

use homing_model::LinkPreview;
use ureq::http::{Response, header};
use ureq::{Agent, Body, Proxy};
use url::Url;

use super::head;
use crate::reach::Reach;

/// For the page and its picture together.
const WITHIN: Duration = Duration::from_secs(10);
/// For taking a head apart.
const READ_WITHIN: Duration = Duration::from_secs(2);
const REDIRECTS: usize = 4;
/// Bytes of a page that are looked at.
const PAGE: u64 = 512 * 1024;
/// Bytes of a picture.
const PICTURE: u64 = 4 * 1024 * 1024;
/// Some pages tell only programs of messengers what they are about.
const CALLED: &str = "Mozilla/5.0 (compatible; HomingLinkPreview/1.0)";

/// What a page says of itself, seen from here; nothing if it says nothing, or can't or may not be asked.
pub(super) fn preview(reach: &Reach, address: &str) -> Option<LinkPreview> {
    // Whoever goes through a proxy would show themselves to the page without it, and through it the page's address
    // could not be looked at.
    if Proxy::try_from_env().is_some() {
        return None;
    }
    let until = Instant::now() + WITHIN;
    let agent = reach.agent(CALLED);
    let (url, response) =
        follow(&agent, reach, reach.admitted(address)?, "text/html,application/xhtml+xml", until)?;
    let kind = content_type(&response)?;
    if !matches!(kind.essence.as_str(), "text/html" | "application/xhtml+xml") {
        return None;
    }
    let html = decode(&read(response, PAGE)?, kind.charset.as_deref())?;
    let head = head::read(&html, until.min(Instant::now() + READ_WITHIN));
    if head.title.is_empty() {
        return None;
    }
    let image = head
        .image
        .and_then(|image| reach.beside(&url, &image))
        .and_then(|image| picture(&agent, reach, image, until));
    Some(LinkPreview {
        url: address.to_owned(),
        title: head.title,
        description: head.description,
        image: image.map(Into::into),
    })
}

/// The page at the end of a few redirects, each looked at like the first address.
fn follow(
    agent: &Agent,
    reach: &Reach,
    mut url: Url,
    accept: &str,
    until: Instant,
) -> Option<(Url, Response<Body>)> {
    url.set_fragment(None);
    for _ in 0..=REDIRECTS {
        let left = until.checked_duration_since(Instant::now())?;
        let request = agent.get(url.as_str()).header(header::ACCEPT, accept);
        let response = request.config().timeout_global(Some(left)).build().call().ok()?;
        if response.status().is_redirection() {
            let to = response.headers().get(header::LOCATION)?.to_str().ok()?;
            url = reach.beside(&url, to)?;
            url.set_fragment(None);
        } else {
            return response.status().is_success().then_some((url, response));
        }
    }
    None
}

struct Kind {
    essence: String,
    charset: Option<String>,
}

fn content_type(response: &Response<Body>) -> Option<Kind> {
    let plain = response.headers().get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity");
    let value = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next()?.to_owned();
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    let charset = charset.map(|name| name.trim_matches(['"', '\'']).to_owned());
    plain.then_some(Kind { essence, charset })
}

/// The first bytes of an answer.
fn read(response: Response<Body>, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    response.into_body().into_reader().take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A small picture of a picture.
fn picture(agent: &Agent, reach: &Reach, url: Url, until: Instant) -> Option<Vec<u8>> {
    let (_, response) = follow(agent, reach, url, "image/jpeg,image/png,image/webp", until)?;
    if !content_type(&response)?.essence.starts_with("image/") {
        return None;
    }
    let bytes = read(response, PICTURE + 1)?;
    if bytes.len() as u64 > PICTURE { None } else { crate::files::small_picture(&bytes) }
}

/// The letters of a page: UTF-8, or Latin where it says so. With wrong letters it would say something else.
fn decode(bytes: &[u8], charset: Option<&str>) -> Option<String> {
    let begin = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_ascii_lowercase();
    let named = |name: &str| match charset {
        Some(charset) => charset == name,
        None => begin.contains(&format!("charset={name}")) || begin.contains(&format!("charset=\"{name}")),
    };
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        // The last letter was cut in two.
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
        }
        Err(_) => None,
    };
    match valid {
        Some(text) if charset.is_none_or(|name| matches!(name, "utf-8" | "utf8")) || text.is_ascii() => {
            Some(text.to_owned())
        }
        _ if ["iso-8859-1", "windows-1252", "latin1"].into_iter().any(named) => {
            Some(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        _ => None,
    }
}

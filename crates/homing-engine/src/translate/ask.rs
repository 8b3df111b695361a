//! The service is asked: one request as LibreTranslate takes it, with a limit to everything that comes back.
//!
//! The API is that of <https://docs.libretranslate.com/guides/api_usage/>: `POST /translate` with `q`, `source`, `target`
//! and `format` as JSON, answered by `translatedText` and, for the source `auto`, `detectedLanguage`.

use std::io::Read;
use std::time::Duration;

use homing_model::limits;
use serde::{Deserialize, Serialize};
use ureq::http::header;
use url::Url;

use super::is_language;
use crate::api::Translation;
use crate::reach::{Elsewhere, Reach};

/// For all of it: a service on a small computer takes its time for a long text.
const WITHIN: Duration = Duration::from_secs(20);
/// Bytes of an answer.
const ANSWER: u64 = 1024 * 1024;
const CALLED: &str = "Homing";

/// Why there is no translation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// The address is not one of the own network.
    Elsewhere,
    Unreachable,
    Redirect,
    Status(u16),
    TooLong,
    Unreadable,
}

#[derive(Serialize)]
struct Question<'a> {
    q: &'a str,
    source: &'static str,
    target: &'a str,
    format: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    translated_text: String,
    #[serde(default)]
    detected_language: Option<Detected>,
}

#[derive(Deserialize)]
struct Detected {
    #[serde(default)]
    language: String,
}

pub(super) fn translation(
    reach: &Reach,
    service: &Url,
    text: &str,
    to: &str,
) -> Result<Translation, Trouble> {
    let question = Question { q: text, source: "auto", target: to, format: "text" };
    let question = serde_json::to_vec(&question).map_err(|_| Trouble::Unreadable)?;
    let response = reach
        .agent(CALLED)
        .post(service.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .config()
        .timeout_global(Some(WITHIN))
        .build()
        .send(&question[..])
        .map_err(trouble)?;
    if response.status().is_redirection() {
        return Err(Trouble::Redirect);
    }
    if !response.status().is_success() {
        return Err(Trouble::Status(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    let read = response.into_body().into_reader().take(ANSWER + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > ANSWER {
        return Err(Trouble::TooLong);
    }
    read.map_err(|_| Trouble::Unreachable)?;
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| Trouble::Unreadable)?;
    if answer.translated_text.len() > limits::BODY {
        return Err(Trouble::TooLong);
    }
    let from = answer.detected_language.map(|detected| detected.language).filter(|tag| is_language(tag));
    Ok(Translation { text: answer.translated_text, to: to.to_owned(), from })
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Other(inner) if inner.is::<Elsewhere>() => Trouble::Elsewhere,
        ureq::Error::Http(_) | ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            Trouble::Unreadable
        }
        _ => Trouble::Unreachable,
    }
}

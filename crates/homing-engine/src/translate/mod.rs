//! Translation of messages by a service of a person's own, on this computer or in its own network.
//!
//! Messages are encrypted from end to end: a stranger's service would read what nobody else can. So nothing else is asked
//! than what is near, which is judged where the connection is made ([`crate::reach`]). Where the service is differs from
//! device to device, and so does the setting. A host asks on a thread of its own ([`TranslationJob`]), with or without a
//! relay. What comes back answers the call that asked: it is not stored, not sent and not logged.

mod ask;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use homing_store::messages;
use url::Url;

use crate::api::{ApiError, Code, Translate, Translation};
use crate::core::Core;
use crate::fail::{Fail, invalid, not_found};
use crate::port::Output;
use crate::reach::Reach;
use crate::reply::Reply;
use ask::Trouble;

/// Translations under way at the same time.
const AT_ONCE: usize = 8;
/// Bytes of an address.
const MOST: usize = 500;
/// Letters of a language's tag (RFC 5646).
const TAG: usize = 35;

/// A text to have translated.
pub struct TranslationJob {
    /// Ties the outcome to it.
    pub id: u64,
    service: Url,
    text: String,
    to: String,
    reach: Reach,
}

/// What the service answered.
pub struct TranslationOutcome(Result<Translation, Trouble>);

impl Default for TranslationOutcome {
    fn default() -> Self {
        Self(Err(Trouble::Unreachable))
    }
}

impl TranslationJob {
    /// Asks the service; takes as long as it does.
    pub fn carry_out(&self) -> TranslationOutcome {
        TranslationOutcome(ask::translation(&self.reach, &self.service, &self.text, &self.to))
    }
}

/// Texts that are being translated.
#[derive(Default)]
pub(crate) struct Translations {
    last: u64,
    waiting: BTreeMap<u64, Reply<Translation>>,
}

impl Core {
    /// A message in another language, by the service of this device's settings.
    pub(crate) fn translate(&mut self, args: Translate, reply: Reply<Translation>) {
        match self.translation_job(args) {
            Ok(job) => {
                self.translations.waiting.insert(job.id, reply);
                self.push(Output::Translate(job));
            }
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    fn translation_job(&mut self, args: Translate) -> Result<TranslationJob, ApiError> {
        let settings = self.stored_settings()?;
        if settings.translate_at.is_empty() {
            return Err(ApiError::new(
                Code::TranslationOff,
                "No translation service is named. Name one of your own in the settings: it runs on this computer or in its network.",
            ));
        }
        let service = Url::parse(&format!("{}/translate", checked(&settings.translate_at)?))
            .map_err(|_| ApiError::from(Fail::Internal("translation service")))?;
        let to = args.to.unwrap_or(settings.translate_to);
        if !is_language(&to) {
            return Err(invalid("Say which language to translate to by its tag, such as de or pt-BR.").into());
        }
        let message = self.find_message(&args.message)?;
        let row =
            messages::get(&self.db()?, &message)?.ok_or_else(|| ApiError::from(not_found("message")))?;
        if row.body.trim().is_empty() {
            return Err(invalid("There are no words in this message to translate.").into());
        }
        if self.translations.waiting.len() >= AT_ONCE {
            return Err(ApiError::new(
                Code::TranslationFailed,
                "Many translations are under way. Try again when they are done.",
            ));
        }
        self.translations.last += 1;
        Ok(TranslationJob { id: self.translations.last, service, text: row.body, to, reach: Reach::own() })
    }

    pub(crate) fn translated(&mut self, id: u64, outcome: TranslationOutcome) {
        let Some(reply) = self.translations.waiting.remove(&id) else { return };
        // Who locked the profile meanwhile wants to see nothing of it.
        let answer = self.db().map(drop).and_then(|()| outcome.0.map_err(ApiError::from));
        self.settle(reply, answer);
    }
}

/// The address of a service as it is kept: without what follows its place.
pub(crate) fn checked(text: &str) -> Result<String, Fail> {
    let text = text.trim().trim_end_matches('/');
    if text.is_empty() {
        return Ok(String::new());
    }
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let Some(url) = url.filter(|_| text.len() <= MOST) else {
        return Err(invalid(
            "This is not the address of a translation service, such as http://localhost:5000: http or https, a name, and at most 500 characters.",
        ));
    };
    // A name is judged by what it stands for, when the connection is made.
    if !Reach::own().admits_url(&url) {
        return Err(Fail::Api(Trouble::Elsewhere.into()));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The language as it is kept; empty: the one the window speaks.
pub(crate) fn checked_language(text: &str) -> Result<String, Fail> {
    let text = text.trim();
    if text.is_empty() || is_language(text) {
        return Ok(text.to_owned());
    }
    Err(invalid("Say which language to translate to by its tag, such as de or pt-BR."))
}

fn is_language(text: &str) -> bool {
    (2..=TAG).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        let (code, message) = match trouble {
            Trouble::Elsewhere => (
                Code::TranslationElsewhere,
                "This translation service is neither on this computer nor in its own network. Messages are encrypted from end to end, and a service elsewhere would read them: it is not asked.".to_owned(),
            ),
            Trouble::Unreachable => (
                Code::TranslationFailed,
                "The translation service does not answer. Start it, or put its address right in the settings.".to_owned(),
            ),
            Trouble::Status(status) => (
                Code::TranslationFailed,
                format!("The translation service refused (HTTP {status}). It may not know the language: look at its settings, or choose another one."),
            ),
            Trouble::Redirect => (
                Code::TranslationFailed,
                "The translation service leads to another address, which is not followed. Put the right address into the settings.".to_owned(),
            ),
            Trouble::TooLong => (
                Code::TranslationFailed,
                "The translation service answered with more than a message can hold. Nothing of it is shown.".to_owned(),
            ),
            Trouble::Unreadable => (
                Code::TranslationFailed,
                "What answers at this address is no translation service that Homing understands: it takes one that works like LibreTranslate.".to_owned(),
            ),
        };
        Self::new(code, message)
    }
}

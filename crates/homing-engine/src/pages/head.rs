//! What a page says of itself: its title, its first words, a picture. Only its head is read, and nothing of it runs.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult,
    Tokenizer, TokenizerOpts,
};

/// Bytes of the title and the first words each.
const WORDS: usize = homing_model::limits::SUBJECT;
/// A page is read in parts, so that one made to be slow can be left.
const PART: usize = 4 * 1024;

/// What a page says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub title: String,
    pub description: String,
    pub image: Option<String>,
}

/// Reads a page's head; what is not read by `until` is not in it.
pub(super) fn read(html: &str, until: Instant) -> Head {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() && !tokenizer.sink.done.get() && Instant::now() < until {
        let end = (PART..rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        queue.push_back(StrTendril::from_slice(part));
        while matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Script(())) {}
        rest = behind;
    }
    let found = tokenizer.sink.found.take();
    let first = |places: &[&Option<String>]| {
        places.iter().filter_map(|place| place.as_deref().map(words)).find(|text| !text.is_empty())
    };
    Head {
        title: first(&[&found.og_title, &found.twitter_title, &found.title]).unwrap_or_default(),
        description: first(&[&found.og_description, &found.description, &found.twitter_description])
            .unwrap_or_default(),
        image: found.og_image.or(found.twitter_image).map(|image| image.trim().to_owned()),
    }
}

/// One line of readable letters, not too long.
fn words(text: &str) -> String {
    let plain = text.replace(|c: char| c.is_control() && !c.is_whitespace(), "");
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= WORDS {
        return line;
    }
    let room = WORDS - '…'.len_utf8();
    let end = (0..=room).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", line.get(..end).unwrap_or_default().trim_end())
}

#[derive(Default)]
struct Found {
    title: Option<String>,
    description: Option<String>,
    og_title: Option<String>,
    og_description: Option<String>,
    og_image: Option<String>,
    twitter_title: Option<String>,
    twitter_description: Option<String>,
    twitter_image: Option<String>,
}

#[derive(Default)]
struct Sink {
    found: RefCell<Found>,
    in_title: Cell<bool>,
    done: Cell<bool>,
}

impl Sink {
    fn meta(&self, tag: &Tag) {
        let value = |wanted: &str| {
            tag.attrs.iter().find(|one| &*one.name.local == wanted).map(|one| one.value.to_string())
        };
        let Some(content) = value("content") else { return };
        let Some(name) = value("property").or_else(|| value("name")) else { return };
        let mut found = self.found.borrow_mut();
        let place = match name.to_ascii_lowercase().as_str() {
            "description" => &mut found.description,
            "og:title" => &mut found.og_title,
            "og:description" => &mut found.og_description,
            "og:image" | "og:image:url" | "og:image:secure_url" => &mut found.og_image,
            "twitter:title" => &mut found.twitter_title,
            "twitter:description" => &mut found.twitter_description,
            "twitter:image" | "twitter:image:src" => &mut found.twitter_image,
            _ => return,
        };
        place.get_or_insert(content);
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if self.done.get() {
            return TokenSinkResult::Continue;
        }
        match token {
            TagToken(tag) => match (tag.kind, &*tag.name) {
                (StartTag, "title") => {
                    self.in_title.set(self.found.borrow().title.is_none());
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
                (StartTag, "script") => return TokenSinkResult::RawData(RawKind::ScriptData),
                (StartTag, "style" | "noframes" | "iframe" | "xmp") => {
                    return TokenSinkResult::RawData(RawKind::Rawtext);
                }
                (StartTag, "meta") => self.meta(&tag),
                (EndTag, "title") => self.in_title.set(false),
                (StartTag, "body") | (EndTag, "head") => self.done.set(true),
                _ => {}
            },
            CharacterTokens(text) if self.in_title.get() => {
                let mut found = self.found.borrow_mut();
                let title = found.title.get_or_insert_default();
                if title.len() < WORDS * 4 {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn head(html: &str) -> Head {
        read(html, Instant::now() + Duration::from_secs(30))
    }

    #[test]
    fn a_page_is_called_as_it_wants_to_be() {
        let page = "<!doctype html><html><head><title> Villa &amp; Garten\n </title>
            <meta name=Description content='Plain words'><meta property=\"og:title\" content=\"Villa Rosa\">
            <meta property='og:image' content='/villa.jpg'></head><body><meta property='og:title' content='no'>";
        let read = head(page);
        assert_eq!((read.title.as_str(), read.description.as_str()), ("Villa Rosa", "Plain words"));
        assert_eq!(read.image.as_deref(), Some("/villa.jpg"));
        assert_eq!(head("<title>A &lt;b&gt; &euro;</title>").title, "A <b> €");
        assert_eq!(head("<meta property='og:title' content='  '><title>T</title>").title, "T");
        assert_eq!(head("<title>One</title><title>Two</title>").title, "One");
    }

    #[test]
    fn what_stands_in_scripts_comments_and_bodies_is_not_the_page_s_word() {
        let page = "<script>'<title>a</title>'</script><style><title>b</title></style>
            <!-- <title>c</title> --><noframes><title>d</title></noframes><title>The title</title><body><title>e";
        assert_eq!(head(page).title, "The title");
        assert_eq!(head("<body><title>late</title>"), Head::default());
        assert_eq!(head("just words"), Head::default());
    }

    #[test]
    fn hostile_heads_end_in_one_short_line() {
        let long = head(&format!("<title>{}</title>", "ä".repeat(100_000)));
        assert!(long.title.len() <= WORDS && long.title.ends_with('…'), "{}", long.title.len());
        assert_eq!(head("<title>a\u{0}\u{1b}[31m\r\nb\u{7f}</title>").title, "a\u{fffd}[31m b");
        // Kept as it is: whoever shows it marks it, as any other name.
        assert_eq!(head("<title>a\u{202e}b</title>").title, "a\u{202e}b");
        for open in
            ["<title>", "<script>", "<!--", "<meta property='og:title' content='", "&", "<", "<![CDATA["]
        {
            head(&format!("{open}{}", "<".repeat(50_000)));
        }
    }

    #[test]
    fn a_page_made_to_be_slow_is_left() {
        let attributes: String = (0..60_000).map(|n| format!(" a{n}")).collect();
        let begun = Instant::now();
        read(&format!("<meta{attributes}><title>x</title>"), begun + Duration::from_millis(200));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

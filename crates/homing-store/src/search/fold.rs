//! Words as the index knows them.
//!
//! Done here and not by a tokenizer of the database: `remove_diacritics` leaves letters like the Polish ł or
//! the Danish ø alone, and scripts without spaces would be one endless word. Letters are decomposed, stripped
//! of accents, lower-cased and mapped to their plain form; runs of scripts without spaces become pairs of
//! letters (and the last letter alone), so any part of two letters can be found as a phrase.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word<'a> {
    /// Its folded form; most words are in it already.
    pub folded: Cow<'a, str>,
    /// Where it stands in the text, in bytes.
    pub start: usize,
    /// End, exclusive.
    pub end: usize,
    /// A pair of a script without spaces; neighbours overlap.
    pub pair: bool,
}

/// Folded words longer than this are cut: nobody looks for the end of a word of a hundred letters, and
/// hostile ones would fill the index.
const LONGEST: usize = 64;

/// The folded words of a text, one after the other.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, run: false, spaceless: is_spaceless }
}

/// See [`words`].
pub struct Words<'a> {
    text: &'a str,
    at: usize,
    /// Inside a run of letters of scripts without spaces.
    run: bool,
    spaceless: fn(char) -> bool,
}

impl Words<'_> {
    /// Whether a run of letters of scripts without spaces goes on with this one. A mark belongs to what it stands on,
    /// whatever the script.
    fn goes_on(&self, c: char) -> bool {
        !c.is_ascii() && (is_combining_mark(c) || ((self.spaceless)(c) && c.is_alphanumeric()))
    }

    /// Whether a word of any other script ends before this.
    fn ends(&self, c: char) -> bool {
        !is_word(c) || ((self.spaceless)(c) && !is_combining_mark(c))
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        loop {
            let start = self.at;
            let mut chars = self.text.get(start..)?.chars();
            let first = chars.next()?;
            let after = start + first.len_utf8();
            self.run = self.goes_on(first) && (self.run || (self.spaceless)(first));
            let end = if self.run {
                self.at = after;
                chars.next().filter(|next| self.goes_on(*next)).map_or(after, |next| after + next.len_utf8())
            } else if is_word(first) {
                let rest = chars.as_str();
                self.at = after + rest.find(|c| self.ends(c)).unwrap_or(rest.len());
                self.at
            } else {
                self.at = after;
                continue;
            };
            let folded = fold(self.text.get(start..end)?);
            if !folded.is_empty() {
                return Some(Word { folded, start, end, pair: self.run });
            }
        }
    }
}

/// The folded words of a text, separated by spaces: what the index stores.
pub fn indexed(text: &str) -> String {
    joined(words(text), text.len())
}

/// The same as indexes of the first schemas stored it: Korean, which writes spaces, as whole words.
pub fn indexed_before(text: &str) -> String {
    joined(Words { text, at: 0, run: false, spaceless: |c| is_spaceless(c) && !is_korean(c) }, text.len())
}

fn joined(words: Words<'_>, length: usize) -> String {
    let mut out = String::with_capacity(length + 8);
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.folded);
    }
    out
}

/// The folded form of a word.
fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        let word = word.get(..LONGEST).unwrap_or(word);
        return match word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(word.to_ascii_lowercase()),
            false => Cow::Borrowed(word),
        };
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase).nfkd() {
        if is_accent(c) {
            continue;
        }
        match plain_form(c) {
            Some(letters) => plain.push_str(letters),
            None if c.is_alphanumeric() || is_combining_mark(c) => plain.push(c),
            None => {}
        }
    }
    Cow::Owned(plain.nfc().take(LONGEST).collect())
}

/// Letters that decomposition leaves whole.
fn plain_form(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        // Greek final sigma, and Arabic forms people type interchangeably.
        'ς' => "σ",
        'ى' => "ي",
        'ة' => "ه",
        'ـ' => "",
        _ => return None,
    })
}

/// Marks that people leave out when they search. Vowel signs of Indic scripts are not among them.
fn is_accent(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036f | 0x0483..=0x0489 | 0x0591..=0x05c7 | 0x0610..=0x061a | 0x064b..=0x065f | 0x0670
        | 0x06d6..=0x06ed | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
}

/// Korean syllables. Spaces stand between phrases only: particles and parts of compounds are glued on.
pub fn is_korean(c: char) -> bool {
    matches!(u32::from(c), 0xac00..=0xd7a3)
}

/// Scripts written without spaces between words, or with fewer than there are words.
fn is_spaceless(c: char) -> bool {
    is_korean(c)
        || matches!(u32::from(c),
        0x0e00..=0x0eff // Thai, Lao
        | 0x1000..=0x109f // Myanmar
        | 0x1780..=0x17ff // Khmer
        | 0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f // kana
        | 0x3005..=0x3007 | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af) // ideographs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_people_type_plainly() {
        assert_eq!(indexed("Łódź, Ångström & Cafe\u{301}!"), "lodz angstrom cafe");
        assert_eq!(indexed("STRASSE Straße ΟΔΟΣ İstanbul Đorđe"), "strasse strasse οδοσ istanbul dorde");
        assert_eq!(indexed("ﬁx ＡＢＣ १२ किताब"), "fix abc १२ किताब");
    }

    #[test]
    fn scripts_without_spaces_become_pairs() {
        assert_eq!(indexed("東京都 ok"), "東京 京都 都 ok");
        assert_eq!(indexed("a東b"), "a 東 b");
        let thai = "\u{e17}\u{e35}\u{e48}";
        let pairs = "\u{e17}\u{e35} \u{e35}\u{e48} \u{e48}";
        assert_eq!(indexed(&format!("東\u{300}京 \u{e3f}5 {thai}")), format!("東 京 京 5 {pairs}"));
    }

    #[test]
    fn korean_is_found_within_its_words() {
        assert_eq!(indexed("부동산 중개인"), "부동 동산 산 중개 개인 인");
        assert_eq!(indexed_before("부동산 중개인 東京"), "부동산 중개인 東京 京");
    }

    #[test]
    fn words_are_cut() {
        assert_eq!(indexed(&"x".repeat(500)).len(), LONGEST);
    }

    proptest! {
        #[test]
        fn ranges_are_real_and_words_are_plain(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(text.get(word.start..word.end).is_some());
                prop_assert!(word.folded.chars().all(is_word));
                prop_assert!(!word.folded.contains(['"', ' ', '\0']));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "[a-zA-ZäöüßłŁøÅéñ ]{0,40}") {
            let once = indexed(&text);
            prop_assert_eq!(indexed(&once), once);
        }
    }
}

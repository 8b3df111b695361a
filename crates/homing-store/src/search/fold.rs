//! Words as the index knows them.
//!
//! Done here and not by a tokenizer of the database: `remove_diacritics` leaves letters like the Polish ł or
//! the Danish ø alone, and scripts without spaces would be one endless word. Letters are decomposed, stripped
//! of accents, lower-cased and mapped to their plain form; runs of scripts without spaces become pairs of
//! letters (and the last letter alone), so any part of two letters can be found as a phrase.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// Its folded form.
    pub folded: String,
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

/// Splits a text into folded words.
pub fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, first)) = chars.peek() {
        if !is_word(first) {
            chars.next();
            continue;
        }
        let spaceless = is_spaceless(first);
        let mut run: Vec<(usize, char)> = Vec::new();
        while let Some(&(at, c)) = chars.peek() {
            // A mark belongs to what it stands on, whatever the script.
            if !is_word(c) || (is_spaceless(c) != spaceless && !is_combining_mark(c)) {
                break;
            }
            run.push((at, c));
            chars.next();
        }
        let end = chars.peek().map_or(text.len(), |next| next.0);
        if spaceless {
            pairs(&run, end, &mut out);
        } else {
            push(text.get(start..end).unwrap_or_default(), start, end, false, &mut out);
        }
    }
    out
}

/// The folded words of a text, separated by spaces: what the index stores.
pub fn indexed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for word in words(text) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.folded);
    }
    out
}

fn pairs(run: &[(usize, char)], end: usize, out: &mut Vec<Word>) {
    for (i, (start, c)) in run.iter().enumerate() {
        let mut text = String::from(*c);
        let stop = match run.get(i + 1) {
            Some((_, next)) => {
                text.push(*next);
                run.get(i + 2).map_or(end, |after| after.0)
            }
            None => end,
        };
        push(&text, *start, stop, true, out);
    }
}

fn push(text: &str, start: usize, end: usize, pair: bool, out: &mut Vec<Word>) {
    let folded = fold(text);
    if !folded.is_empty() {
        out.push(Word { folded, start, end, pair });
    }
}

/// The folded form of a word.
fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()).collect();
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
    plain.nfc().take(LONGEST).collect()
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
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Scripts written without spaces between words.
fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c),
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

//! Texts cut for lists.

use unicode_segmentation::UnicodeSegmentation;

/// The beginning of a text on one line: at most `limit` characters as people count them (grapheme clusters),
/// with an ellipsis if something was cut.
pub fn preview(body: &str, limit: usize) -> String {
    // A grapheme may be arbitrarily long, and the words of a long text need not all be looked at.
    let byte_limit = limit.saturating_mul(32);
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for grapheme in body.trim().graphemes(true) {
        if grapheme.chars().all(char::is_whitespace) {
            gap = true;
            continue;
        }
        let needed = usize::from(gap) + 1;
        if count + needed > limit || out.len() + grapheme.len() > byte_limit {
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
        }
        out.push_str(grapheme);
        count += needed;
        gap = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_stay_whole() {
        assert_eq!(preview("Hello", 5), "Hello");
        assert_eq!(preview("", 5), "");
        assert_eq!(preview("  a\n\n b\t ", 10), "a b");
    }

    #[test]
    fn long_texts_are_cut_between_graphemes() {
        assert_eq!(preview("Hello there", 5), "Hello…");
        assert_eq!(preview("👩‍👩‍👧‍👦🇵🇱e\u{301}x", 3), "👩‍👩‍👧‍👦🇵🇱e\u{301}…");
        assert_eq!(preview("a b c", 3), "a b…");
    }

    #[test]
    fn a_monstrous_grapheme_is_not_copied() {
        let zalgo = format!("a{}", "\u{301}".repeat(100_000));
        assert!(preview(&zalgo, 100).len() < 10);
    }
}

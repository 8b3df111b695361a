//! Two texts beside each other: what they share, and where they differ, word by word.

use similar::{ChangeTag, TextDiff};

use crate::api::ComparedPart;

/// Words of both texts up to which they are compared word by word; longer ones line by line, which is always quick.
const WORDS: usize = 6_000;

/// The texts in parts. The left sides of all parts are the left text, and the right sides the right one.
pub(crate) fn compare(left: &str, right: &str) -> Vec<ComparedPart> {
    let long = left.split_whitespace().count() + right.split_whitespace().count() > WORDS;
    let diff =
        if long { TextDiff::from_lines(left, right) } else { TextDiff::from_unicode_words(left, right) };
    let mut parts: Vec<ComparedPart> = Vec::new();
    for change in diff.iter_all_changes() {
        let (tag, text) = (change.tag(), change.value());
        let same = tag == ChangeTag::Equal;
        match parts.last_mut() {
            Some(last) if last.same == same => push(last, tag, text),
            _ => {
                let mut part = ComparedPart { same, left: String::new(), right: String::new() };
                push(&mut part, tag, text);
                parts.push(part);
            }
        }
    }
    bridged(parts)
}

/// The blank between two words that both differ belongs to one difference.
fn bridged(parts: Vec<ComparedPart>) -> Vec<ComparedPart> {
    let mut joined: Vec<ComparedPart> = Vec::with_capacity(parts.len());
    let mut blank: Option<ComparedPart> = None;
    for part in parts {
        let is_blank = part.same && part.left.trim().is_empty() && !part.left.contains('\n');
        match joined.last_mut() {
            Some(last) if !part.same && !last.same => {
                for next in blank.take().into_iter().chain([part]) {
                    last.left.push_str(&next.left);
                    last.right.push_str(&next.right);
                }
            }
            Some(last) if is_blank && !last.same => blank = Some(part),
            _ => joined.push(part),
        }
    }
    joined.extend(blank);
    joined
}

fn push(part: &mut ComparedPart, tag: ChangeTag, text: &str) {
    if tag != ChangeTag::Insert {
        part.left.push_str(text);
    }
    if tag != ChangeTag::Delete {
        part.right.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(parts: &[ComparedPart]) -> (String, String) {
        let side = |of: fn(&ComparedPart) -> &str| parts.iter().map(of).collect::<String>();
        (side(|part| &part.left), side(|part| &part.right))
    }

    #[test]
    fn what_both_say_is_one_part_and_what_differs_another() {
        let parts = compare("We meet on Friday at the villa.", "We meet on Tuesday at the villa.");
        let shown: Vec<_> =
            parts.iter().map(|part| (part.same, part.left.as_str(), part.right.as_str())).collect();
        assert_eq!(
            shown,
            [
                (true, "We meet on ", "We meet on "),
                (false, "Friday", "Tuesday"),
                (true, " at the villa.", " at the villa."),
            ]
        );
    }

    #[test]
    fn no_letter_is_lost_whatever_differs() {
        let texts = [
            "",
            "\n\n",
            "Dear Ben,\r\n\r\nhere are the keys.",
            "Dear Maria,\nhere is the key.\n",
            "来週の金曜日に会いましょう。",
            "来週の火曜日に会いましょう。",
            "e\u{301}\u{200d}🏳️‍🌈 \u{202e}evil",
        ];
        for left in texts {
            for right in texts {
                let parts = compare(left, right);
                assert_eq!(whole(&parts), (left.to_owned(), right.to_owned()));
                assert!(parts.iter().all(|part| !part.same || part.left == part.right), "{parts:?}");
            }
        }
    }

    #[test]
    fn long_texts_are_compared_by_lines() {
        let line = |n: usize| format!("line {n} of a long text\n");
        let left: String = (0..2_000).map(line).collect();
        let right = left.replace("line 1000 of", "the 1000th line of");
        let parts = compare(&left, &right);
        assert_eq!(parts.len(), 3);
        assert_eq!(whole(&parts), (left, right));
    }
}

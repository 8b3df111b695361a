//! The part of a text that shows why it was found.

use super::fold::{self, Word};
use super::query::Term;

/// A piece of a snippet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Text as it was written.
    pub text: String,
    /// It is what was looked for.
    pub hit: bool,
}

/// Characters shown before the first hit.
const BEFORE: usize = 40;
/// Characters shown in all.
const LENGTH: usize = 160;

/// Cuts a snippet around the first hit.
pub fn of(body: &str, terms: &[Term]) -> Vec<Part> {
    let words = fold::words(body);
    let mut hits: Vec<(usize, usize)> = Vec::new();
    for term in terms {
        find(&words, term, &mut hits);
    }
    hits.sort_unstable();
    let first = hits.first().map_or(0, |hit| hit.0);
    let start = body
        .get(..first)
        .and_then(|head| head.char_indices().rev().nth(BEFORE - 1))
        .map_or(0, |(at, _)| word_start(body, at, first));
    let end = body
        .get(start..)
        .and_then(|tail| tail.char_indices().nth(LENGTH))
        .map_or(body.len(), |(at, _)| start + at);
    let mut parts = Vec::new();
    let mut at = start;
    for (from, to) in hits {
        let (from, to) = (from.max(at), to.min(end));
        if from >= to {
            continue;
        }
        push(body, at, from, false, &mut parts);
        push(body, from, to, true, &mut parts);
        at = to;
    }
    push(body, at, end, false, &mut parts);
    if let Some(part) = parts.first_mut().filter(|_| start > 0) {
        part.text.insert(0, '…');
    }
    if let Some(part) = parts.last_mut().filter(|_| end < body.len()) {
        part.text.push('…');
    }
    parts
}

/// Moves on to the next word if the cut falls into one.
fn word_start(body: &str, at: usize, before: usize) -> usize {
    body.get(at..before)
        .and_then(|text| text.char_indices().find(|(_, c)| c.is_whitespace()))
        .map_or(at, |(space, c)| at + space + c.len_utf8())
}

fn find(words: &[Word], term: &Term, hits: &mut Vec<(usize, usize)>) {
    let Some((last, row)) = term.words.split_last() else { return };
    for found in words.windows(term.words.len()) {
        let Some((tail, head)) = found.split_last() else { continue };
        let same = head.iter().zip(row).all(|(word, wanted)| word.folded == *wanted);
        let ends = if term.prefix { tail.folded.starts_with(last.as_str()) } else { tail.folded == *last };
        if same && ends {
            let start = head.first().map_or(tail.start, |word| word.start);
            // Of a pair only the letter looked for is a hit.
            let single = term.prefix && tail.pair && last.chars().count() == 1;
            hits.push((start, if single { tail.start + last.len() } else { tail.end }));
        }
    }
}

fn push(body: &str, from: usize, to: usize, hit: bool, parts: &mut Vec<Part>) {
    let Some(text) = body.get(from..to).filter(|text| !text.is_empty()) else { return };
    parts.push(Part { text: text.to_owned(), hit });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query::parse;
    use super::*;

    fn shown(body: &str, query: &str) -> String {
        of(body, &parse(query))
            .iter()
            .map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() })
            .collect()
    }

    #[test]
    fn hits_are_marked_as_written() {
        assert_eq!(shown("Die Straße in Łódź", "strasse lodz"), "Die [Straße] in [Łódź]");
        assert_eq!(shown("Preisliste", "prei"), "[Preisliste]");
        assert_eq!(shown("我在東京都住", "東京都"), "我在[東京都]住");
        assert_eq!(shown("nothing", "else"), "nothing");
    }

    #[test]
    fn long_texts_are_cut_around_the_first_hit() {
        let body = format!("{} needle {}", "before ".repeat(50), "after ".repeat(80));
        let text = shown(&body, "needle");
        assert!(text.starts_with('…') && text.ends_with('…') && text.contains("[needle]"), "{text}");
        assert!(text.chars().count() <= LENGTH + 4);
    }

    proptest! {
        #[test]
        fn never_invents_text(body in any::<String>(), query in any::<String>()) {
            let parts = of(&body, &parse(&query));
            let text: String = parts.iter().map(|part| part.text.as_str()).collect();
            prop_assert!(body.contains(text.trim_start_matches('…').trim_end_matches('…')) || body.contains('…'));
        }
    }
}

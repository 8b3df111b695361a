//! The part of a text that shows why it was found.

use super::fold::{self, Word};
use super::query::Term;
use super::rank;

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
    let hits = hits(body, terms);
    let first = hits.first().map_or(0, |hit| hit.0);
    let start = body
        .get(..first)
        .and_then(|head| head.char_indices().rev().nth(BEFORE - 1))
        .map_or(0, |(at, _)| word_start(body, at, first));
    let end = body
        .get(start..)
        .and_then(|tail| tail.char_indices().nth(LENGTH))
        .map_or(body.len(), |(at, _)| start + at);
    let mut parts = Vec::with_capacity(2 * hits.len().min(LENGTH) + 1);
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

/// Where the terms stand, in order; those that no snippet around the first can hold may be missing.
fn hits(body: &str, terms: &[Term]) -> Vec<(usize, usize)> {
    let longest = terms.iter().map(|term| term.words.len()).max().unwrap_or_default();
    let mut hits: Vec<(usize, usize)> = Vec::new();
    let mut far = usize::MAX;
    let mut words: Vec<Word<'_>> = Vec::with_capacity(body.len().min(LENGTH) / 4);
    for word in fold::words(body) {
        words.push(word);
        for term in terms {
            let found = words.len().checked_sub(term.words.len()).and_then(|from| words.get(from..));
            let Some(hit) = found.and_then(|found| hit(found, term)) else { continue };
            hits.push(hit);
            far = far.min(hit.0.saturating_add(LENGTH * char::MAX.len_utf8()));
        }
        let oldest = words.len().checked_sub(longest).and_then(|from| words.get(from));
        if oldest.is_some_and(|word| word.start >= far) {
            break;
        }
    }
    hits.sort_unstable();
    hits
}

/// Whether every term stands in a text.
pub fn holds(text: &str, terms: &[Term]) -> bool {
    let words: Vec<Word<'_>> = fold::words(text).collect();
    let stands = |term: &Term| words.windows(term.words.len().max(1)).any(|row| rank::fits(row, term));
    terms.iter().all(stands)
}

/// Where a term stands, if it is these words.
fn hit(found: &[Word<'_>], term: &Term) -> Option<(usize, usize)> {
    if !rank::fits(found, term) {
        return None;
    }
    let (tail, head) = found.split_last()?;
    let last = term.words.last()?;
    let start = head.first().map_or(tail.start, |word| word.start);
    // Of a pair only the letter looked for is a hit.
    let single = term.prefix && tail.pair && last.chars().count() == 1;
    Some((start, if single { tail.start + last.len() } else { tail.end }))
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

    /// Every term at every word.
    fn everywhere(body: &str, terms: &[Term]) -> Vec<(usize, usize)> {
        let words: Vec<Word<'_>> = fold::words(body).collect();
        let of_term = |term: &Term| {
            words.windows(term.words.len()).filter_map(|row| hit(row, term)).collect::<Vec<_>>()
        };
        let mut hits: Vec<(usize, usize)> = terms.iter().flat_map(of_term).collect();
        hits.sort_unstable();
        hits
    }

    proptest! {
        #[test]
        fn only_what_is_too_far_to_be_shown_is_not_looked_for(
            body in "([a-c]{1,3}[ .]|京|東){0,300}",
            query in r#"[a-c]{1,3} "[a-c]{1,2} [a-c]{1,2} [a-c]" [a-c東]{1,4}"#,
        ) {
            let terms = parse(&query);
            let (found, all) = (hits(&body, &terms), everywhere(&body, &terms));
            let near = |hits: &[(usize, usize)]| -> Vec<(usize, usize)> {
                let end = hits.first().map_or(0, |first| first.0 + LENGTH * 4);
                hits.iter().copied().filter(|hit| hit.0 < end).collect()
            };
            prop_assert_eq!(near(&found), near(&all));
        }

        #[test]
        fn never_invents_text(body in any::<String>(), query in any::<String>()) {
            let parts = of(&body, &parse(&query));
            let text: String = parts.iter().map(|part| part.text.as_str()).collect();
            prop_assert!(body.contains(text.trim_start_matches('…').trim_end_matches('…')) || body.contains('…'));
        }
    }
}

//! How well a message fits, among hits that all hold every word.
//!
//! BM25 with the constants FTS5 takes (k1 = 1.2, b = 0.75) over the candidates' own average length. Its weight of rare
//! words is left out: every candidate holds all words, so it would move all alike. What a person means by "best" beyond that: the
//! word itself before words that begin so, and the words in a row before the words apart.

use super::fold::{self, Word};
use super::query::Term;

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A word that only begins as wanted counts for so much.
const BEGUN: f64 = 0.6;
/// All words in a row, as typed.
const IN_A_ROW: f64 = 1.5;

/// What a candidate's text says of how well it fits.
pub struct Fit {
    frequencies: Vec<f64>,
    length: f64,
    in_a_row: bool,
}

impl Fit {
    pub fn of(text: &str, terms: &[Term]) -> Self {
        let words: Vec<Word<'_>> = fold::words(text).collect();
        let frequencies = terms.iter().map(|term| frequency(&words, term)).collect();
        let in_a_row = terms.len() > 1 && (0..words.len()).any(|from| row_at(&words, from, terms));
        #[expect(clippy::cast_precision_loss, reason = "a message has few thousand words")]
        let length = words.len() as f64;
        Self { frequencies, length, in_a_row }
    }

    pub fn length(&self) -> f64 {
        self.length
    }

    /// Higher is better; `average` is the average length of the candidates.
    pub fn score(&self, average: f64) -> f64 {
        let norm = K1 * (1.0 - B + B * self.length / average.max(1.0));
        let terms: f64 = self.frequencies.iter().map(|tf| tf * (K1 + 1.0) / (tf + norm)).sum();
        if self.in_a_row { terms * IN_A_ROW } else { terms }
    }
}

/// How often a term stands in a text.
fn frequency(words: &[Word<'_>], term: &Term) -> f64 {
    let Some((last, _)) = term.words.split_last() else { return 0.0 };
    let rows = words.windows(term.words.len()).filter(|row| fits(row, term));
    rows.map(|row| if row.last().is_some_and(|word| word.folded == *last) { 1.0 } else { BEGUN }).sum()
}

/// Whether these words are a term.
pub fn fits(found: &[Word<'_>], term: &Term) -> bool {
    let (Some((tail, head)), Some((last, row))) = (found.split_last(), term.words.split_last()) else {
        return false;
    };
    let ends = if term.prefix { tail.folded.starts_with(last.as_str()) } else { tail.folded == *last };
    ends && head.len() == row.len() && head.iter().zip(row).all(|(word, wanted)| word.folded == *wanted)
}

fn row_at(words: &[Word<'_>], from: usize, terms: &[Term]) -> bool {
    let mut at = from;
    terms.iter().all(|term| {
        let found = words.get(at..at + term.words.len()).is_some_and(|row| fits(row, term));
        at += term.words.len();
        found
    })
}

#[cfg(test)]
mod tests {
    use super::super::query::parse;
    use super::*;

    fn score(text: &str, query: &str) -> f64 {
        Fit::of(text, &parse(query)).score(10.0)
    }

    #[test]
    fn short_and_often_is_better_than_long_and_once() {
        assert!(score("boiler boiler", "boiler ") > score("boiler", "boiler "));
        assert!(score("boiler", "boiler ") > score(&format!("boiler{}", " word".repeat(50)), "boiler "));
    }

    #[test]
    fn the_word_and_words_in_a_row_come_first() {
        assert!(score("the heat", "hea heat") > score("the heating", "hea heat"));
        assert!(
            score("warm water is here now", "warm water ") > score("water is here now warm", "warm water ")
        );
    }
}

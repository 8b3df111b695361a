//! What a person typed, as something the index can't misunderstand.

use super::fold::{self, Word};

/// A part of a query: one word, or words in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Folded words in a row.
    pub words: Vec<String>,
    /// The last word may go on.
    pub prefix: bool,
}

impl Term {
    /// A word still being typed that could be whole already. A single letter of a pair never is.
    pub fn open_word(&self) -> bool {
        self.prefix && self.words.last().is_some_and(|word| word.chars().count() >= PREFIX)
    }
}

/// Letters from which on a word that is still being typed finds longer ones.
const PREFIX: usize = 3;
/// Terms and words taken into account: a pasted page is no query.
const TERMS: usize = 16;

/// Reads a query. Text in double quotes is looked for as it stands; the last word, unless followed by a
/// space or quoted, is taken as the beginning of one from three letters on.
pub fn parse(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    for (i, part) in text.split('"').enumerate() {
        let quoted = i % 2 == 1;
        if quoted {
            let words: Vec<String> =
                unpaired(fold::words(part)).map(|word| word.folded.into_owned()).collect();
            if !words.is_empty() {
                terms.push(Term { words, prefix: false });
            }
        } else {
            plain(part, &mut terms);
        }
    }
    let typing = !text.ends_with('"') && !text.ends_with(char::is_whitespace);
    if let Some(last) = terms.last_mut() {
        let letters = last.words.last().map_or(0, |word| word.chars().count());
        let single = last.words.len() == 1;
        // A single letter of a script without spaces is the beginning of the pairs it stands in.
        last.prefix = last.prefix || (typing && single && letters >= PREFIX);
    }
    terms.truncate(TERMS);
    for term in &mut terms {
        term.words.truncate(TERMS);
    }
    terms
}

fn plain(text: &str, terms: &mut Vec<Term>) {
    // Pairs that overlap belong to one run of letters and must stand in a row.
    let mut run: Vec<Word<'_>> = Vec::new();
    let flush = |run: &mut Vec<Word<'_>>, terms: &mut Vec<Term>| {
        if run.is_empty() {
            return;
        }
        let single = run.len() == 1;
        let words = unpaired(std::mem::take(run)).map(|word| word.folded.into_owned()).collect();
        terms.push(Term { words, prefix: single });
    };
    for word in fold::words(text) {
        if !word.pair {
            flush(&mut run, terms);
            terms.push(Term { words: vec![word.folded.into_owned()], prefix: false });
            continue;
        }
        if run.last().is_some_and(|last| last.end <= word.start) {
            flush(&mut run, terms);
        }
        run.push(word);
    }
    flush(&mut run, terms);
}

/// Drops the single letter that ends each run of pairs: in a longer text the letter goes on.
fn unpaired<'a>(words: impl IntoIterator<Item = Word<'a>>) -> impl Iterator<Item = Word<'a>> {
    let mut before: Option<usize> = None;
    words.into_iter().filter(move |word| {
        let ends_run = word.pair && before == Some(word.end);
        if !ends_run {
            before = word.pair.then_some(word.end);
        }
        !ends_run
    })
}

/// The terms in the index's own language; of each list of tags one has to be there. Words hold letters and digits only,
/// so quoting is all there is to do.
pub fn matching(terms: &[Term], tags: &[Vec<String>]) -> String {
    let mut out = String::new();
    for any in tags {
        if !out.is_empty() {
            out.push_str(" AND ");
        }
        out.push('(');
        for (n, tag) in any.iter().enumerate() {
            if n > 0 {
                out.push_str(" OR ");
            }
            out.push_str("tags : \"");
            out.push_str(tag);
            out.push('"');
        }
        out.push(')');
    }
    for term in terms {
        if !out.is_empty() {
            out.push_str(" AND ");
        }
        out.push_str("body : \"");
        out.push_str(&term.words.join(" "));
        out.push('"');
        if term.prefix {
            out.push('*');
        }
    }
    out
}

/// The words of a query, to be found in a name: each may be the beginning of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words(Vec<Term>);

/// Reads what somebody types to find a name. There are few names: one letter is enough.
pub fn said(text: &str) -> Words {
    let mut terms = parse(text);
    for term in &mut terms {
        term.prefix = true;
    }
    Words(terms)
}

impl Words {
    /// Nothing was typed that could be looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all words begin one of a name's, in any order.
    pub fn name(&self, name: &str) -> bool {
        super::snippet::holds(name, &self.0)
    }

    /// Whether one of the words begins one of a name's.
    pub fn any(&self, name: &str) -> bool {
        self.0.iter().any(|term| super::snippet::holds(name, std::slice::from_ref(term)))
    }

    /// The longest of the words: the one that fewest names hold.
    pub(super) fn longest(&self) -> Option<&str> {
        self.0.iter().flat_map(|term| &term.words).map(String::as_str).max_by_key(|word| word.len())
    }

    /// A name with what fits marked.
    pub fn marked(&self, name: &str) -> Vec<super::Part> {
        super::snippet::of(name, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(term: &Term) -> Vec<&str> {
        term.words.iter().map(String::as_str).collect()
    }

    #[test]
    fn the_word_being_typed_is_a_beginning() {
        let terms = parse("Kauf Prei");
        assert_eq!((words(&terms[0]), terms[0].prefix), (vec!["kauf"], false));
        assert_eq!((words(&terms[1]), terms[1].prefix), (vec!["prei"], true));
        assert!(!parse("prei ")[0].prefix);
        assert!(!parse("pr")[0].prefix);
    }

    #[test]
    fn quotes_keep_words_together() {
        let terms = parse("a \"two words\" \"open");
        assert_eq!(words(&terms[1]), ["two", "words"]);
        assert_eq!(words(&terms[2]), ["open"]);
    }

    #[test]
    fn pairs_are_looked_for_in_a_row() {
        assert_eq!(words(&parse("東京都")[0]), ["東京", "京都"]);
        let single = parse("京");
        assert_eq!((words(&single[0]), single[0].prefix), (vec!["京"], true));
    }

    #[test]
    fn nothing_typed_reaches_the_index_as_syntax() {
        for text in ["\"", "a\"b", "NEAR(", "a AND", "-x", "body:y", "*", "col : \"", "^", "\0", "' OR 1=1"] {
            let query = matching(&parse(text), &[vec!["km".into()]]);
            assert!(query.starts_with("(tags : \"km\")"));
            assert_eq!(query.matches('"').count() % 2, 0, "{query}");
        }
    }
}

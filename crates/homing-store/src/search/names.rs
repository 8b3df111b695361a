//! Many names in one text: what is typed is looked for in all of them at once, while it is typed.

use memchr::memmem;

use super::Words;
use super::fold;

/// Names that are searched together.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The folded words of one name after the other, each word behind a space.
    text: String,
    /// Where each of them ends in it.
    ends: Vec<usize>,
}

impl Names {
    /// Puts a name behind the others.
    pub fn push(&mut self, name: &str) {
        for word in fold::words(name) {
            self.text.push(' ');
            self.text.push_str(&word.folded);
        }
        // No word goes on in the next name.
        self.text.push('\n');
        self.ends.push(self.text.len());
    }

    /// The places of the names that hold one of the words that were typed, in their order: all that fit are among
    /// them, and [`Words::name`] says which of them do. Looked for one after the other, so whoever wants a few stops.
    pub fn likely(&self, said: &Words) -> impl Iterator<Item = usize> {
        let finder = said.longest().map(|word| memmem::Finder::new(&format!(" {word}")).into_owned());
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + finder.as_ref()?.find(self.text.as_bytes().get(from..)?)?;
            let place = self.ends.partition_point(|end| *end <= at);
            from = *self.ends.get(place)?;
            Some(place)
        })
    }
}

/// Whether all letters that were typed stand in a name in their order, with others between them.
pub fn loosely(typed: &str, name: &str) -> bool {
    let held: String = fold::words(name).map(|word| word.folded).collect();
    let mut letters = held.chars();
    fold::words(typed).all(|word| word.folded.chars().all(|wanted| letters.any(|letter| letter == wanted)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::said;
    use super::*;

    fn names(all: &[&str]) -> Names {
        let mut names = Names::default();
        for name in all {
            names.push(name);
        }
        names
    }

    #[test]
    fn beginnings_of_words_are_found_in_each_name_once() {
        let names = names(&["Villa Rosa", "", "Rosa and Rosalind", "東京都の家", "Łódź Rossa"]);
        let likely = |typed: &str| names.likely(&said(typed)).collect::<Vec<_>>();
        assert_eq!(likely("ros"), [0, 2, 4]);
        assert_eq!(likely("osa"), Vec::<usize>::new());
        assert_eq!(likely("lodz"), [4]);
        assert_eq!(likely("京都"), [3]);
        assert_eq!(likely("rosa villa"), [0]);
        assert!(likely("").is_empty());
    }

    #[test]
    fn letters_in_their_order_find_a_name_too() {
        assert!(loosely("vlrosa", "Villa Rosa"));
        assert!(loosely("lz", "Łódź"));
        assert!(!loosely("rosavl", "Villa Rosa"));
        assert!(loosely("", "Villa Rosa"));
    }

    proptest! {
        #[test]
        fn whatever_fits_is_among_them(
            all in prop::collection::vec("[aAbBéß東京 ]{0,8}", 0..8),
            typed in "[aAbBéß東京 ]{0,4}",
        ) {
            let said = said(&typed);
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let names = names(&all);
            let likely: Vec<usize> = names.likely(&said).collect();
            for (place, name) in all.iter().enumerate() {
                if !said.is_empty() && said.name(name) {
                    prop_assert!(likely.contains(&place), "{typed:?} in {name:?}");
                }
            }
        }
    }
}

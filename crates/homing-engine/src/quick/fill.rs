//! Variables of quick replies: `{{client.first_name}}` and the like.
//!
//! A variable that has nothing to say here, or that nobody knows, stays in the text as it was written and is named: what
//! would be sent with a hole in it must be seen before it is sent.

use std::collections::BTreeMap;

/// Every variable there is. Those of reservations are known and stay empty until there are reservations.
pub const VARIABLES: &[&str] = &[
    "client.first_name",
    "client.name",
    "me.first_name",
    "me.name",
    "team.name",
    "property.title",
    "property.address",
    "today",
    "reservation.check_in",
    "reservation.check_out",
    "reservation.code",
    "reservation.guests",
];

/// Longest name of a variable; what is longer between braces is none.
const NAME: usize = 64;

/// A variable that could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub name: String,
    /// False: there is no such variable.
    pub known: bool,
}

/// The text with its variables, and which of them are left in it, each once.
pub(crate) fn fill(text: &str, values: &BTreeMap<&str, String>) -> (String, Vec<Gap>) {
    let mut filled = String::with_capacity(text.len());
    let mut gaps: Vec<Gap> = Vec::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = variable(from) else {
            filled.push_str("{{");
            rest = from;
            continue;
        };
        match values.get(name.as_str()).filter(|value| !value.trim().is_empty()) {
            Some(value) => filled.push_str(value),
            None => {
                filled.push_str("{{");
                filled.push_str(&name);
                filled.push_str("}}");
                let known = VARIABLES.contains(&name.as_str());
                if gaps.iter().all(|gap| gap.name != name) {
                    gaps.push(Gap { name, known });
                }
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    (filled, gaps)
}

/// The name that ends at the next braces, in one spelling, and what comes behind them.
fn variable(from: &str) -> Option<(String, &str)> {
    let (name, after) = from.split_once("}}")?;
    let name = name.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    (!name.is_empty() && name.len() <= NAME && name.chars().all(fits)).then_some((name, after))
}

/// What somebody is called when one is familiar: the first of their names.
pub(crate) fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("client.name", "Maria {{today}} Bellini".to_owned()),
            ("client.first_name", "Maria".to_owned()),
            ("property.title", "  ".to_owned()),
        ])
    }

    fn filled(text: &str) -> (String, Vec<(String, bool)>) {
        let (text, gaps) = fill(text, &values());
        (text, gaps.into_iter().map(|gap| (gap.name, gap.known)).collect())
    }

    #[test]
    fn what_is_known_is_put_in_however_it_is_spelt() {
        assert_eq!(
            filled("Dear {{client.first_name}} ({{ Client.Name }}),").0,
            "Dear Maria (Maria {{today}} Bellini),",
            "a value is nobody's template"
        );
    }

    #[test]
    fn what_is_empty_or_unknown_stays_and_is_named_once() {
        let (text, gaps) =
            filled("{{property.title}} {{ property.title }} {{reservation.check_in}} {{client.shoes}}");
        assert_eq!(text, "{{property.title}} {{property.title}} {{reservation.check_in}} {{client.shoes}}");
        let named = |name: &str, known| (name.to_owned(), known);
        assert_eq!(
            gaps,
            [
                named("property.title", true),
                named("reservation.check_in", true),
                named("client.shoes", false)
            ]
        );
    }

    #[test]
    fn braces_that_are_no_variable_are_left_alone() {
        let long = format!("{{{{{}}}}}", "x".repeat(NAME + 1));
        for text in ["", "{{", "}}", "{{}}", "{{ a b }}", "{{{", "{{<b>}}", "{ {client.name} }", &long] {
            assert_eq!(filled(text), (text.to_owned(), Vec::new()));
        }
        assert_eq!(filled("{{{client.first_name}}}").0, "{{{client.first_name}}}");
        assert_eq!(filled("{{ open {{client.first_name}}").0, "{{ open Maria");
    }
}

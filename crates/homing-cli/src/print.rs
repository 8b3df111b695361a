//! Printing: one JSON object per line for scripts, or text for people.

use std::fmt::Display;
use std::io::{self, Write as _};

use homing_engine::api::ApiError;
use serde::Serialize;

/// Prints in the form that was asked for.
pub struct Printer {
    json: bool,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a ApiError,
}

impl Printer {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints one answer. Whoever reads may have gone; that is no failure of the command.
    pub fn print<T: Serialize + Display>(&self, answer: &T) {
        let line = if self.json { to_json(answer) } else { harmless(&answer.to_string()) };
        if !line.is_empty() {
            let mut out = io::stdout().lock();
            drop(writeln!(out, "{line}").and_then(|()| out.flush()));
        }
    }

    /// Prints a line of a table, which is neither JSON nor for people.
    pub fn table(&self, line: &impl Display) {
        let mut out = io::stdout().lock();
        drop(writeln!(out, "{}", harmless(&line.to_string())).and_then(|()| out.flush()));
    }

    /// Tells a person what to do next; scripts don't hear it.
    pub fn hint(&self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    /// Prints why the command failed.
    pub fn fail(&self, error: &ApiError) {
        if self.json {
            eprintln!("{}", to_json(&Failure { error }));
        } else {
            let code = serde_json::to_value(error.code).ok();
            let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or("internal");
            eprintln!("homing: {} ({code})", harmless(&error.message));
        }
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What others wrote must not steer the terminal: control characters become visible.
fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\n\tc\u{9b}d\r"), "a\u{fffd}[2Jb\n\tc\u{fffd}d\u{fffd}");
    }
}

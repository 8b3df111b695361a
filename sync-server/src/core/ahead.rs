//! The next page, read before it is asked for.
//!
//! Who catches up asks for page after page, and is busy with one when the relay is not. A page with more behind it never
//! changes, because logs only grow, so it can wait for its question; the right to read it is checked then.

use std::collections::VecDeque;

use homing_wire::PageWriter;

use super::session::SessionId;
use crate::store::Span;

/// Pages that are read ahead, or wait for that, in all. What was asked for longest ago gives way.
const PAGES: usize = 8;

/// What is expected to be asked for next, and what was read of it.
#[derive(Debug, Default)]
pub struct Ahead {
    pages: VecDeque<(SessionId, Span, Option<PageWriter>)>,
}

impl Ahead {
    /// Expects a session to ask for a page.
    pub fn expect(&mut self, session: SessionId, span: Span) {
        self.leave(session);
        if self.pages.len() >= PAGES {
            self.pages.pop_front();
        }
        self.pages.push_back((session, span, None));
    }

    /// A page that is expected and was not read yet.
    pub fn next(&self) -> Option<(SessionId, Span)> {
        self.pages.iter().find(|(_, _, page)| page.is_none()).map(|(session, span, _)| (*session, *span))
    }

    /// Keeps an expected page; none: it is read when it is asked for.
    pub fn keep(&mut self, session: SessionId, page: Option<PageWriter>) {
        match (page, self.pages.iter_mut().find(|(of, _, _)| *of == session)) {
            (Some(page), Some((_, _, kept))) => *kept = Some(page),
            _ => self.leave(session),
        }
    }

    /// The page a session asks for, if it was read.
    pub fn take(&mut self, session: SessionId, span: &Span) -> Option<PageWriter> {
        let at = self.pages.iter().position(|(of, _, _)| *of == session)?;
        let (_, expected, page) = self.pages.remove(at)?;
        page.filter(|_| expected == *span)
    }

    /// Forgets what is expected of a session.
    pub fn leave(&mut self, session: SessionId) {
        self.pages.retain(|(of, _, _)| *of != session);
    }

    /// Forgets the pages of a space whose log is written anew.
    pub fn forget(&mut self, space: i64) {
        self.pages.retain(|(_, span, _)| span.space != space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(space: i64, from: u64) -> Span {
        Span { space, from, backwards: false, ops: false, budget: 1000 }
    }

    fn page(last: u64) -> Option<PageWriter> {
        let mut page = PageWriter::new(1000);
        page.push(last, b"entry");
        Some(page)
    }

    #[test]
    fn only_what_was_read_for_this_very_question_is_given() {
        let mut ahead = Ahead::default();
        ahead.expect(1, span(7, 10));
        assert_eq!(ahead.next(), Some((1, span(7, 10))));
        assert!(ahead.take(1, &span(7, 10)).is_none(), "not read yet");
        ahead.expect(1, span(7, 10));
        ahead.keep(1, page(20));
        assert_eq!(ahead.next(), None);
        assert!(ahead.take(2, &span(7, 10)).is_none(), "another session's");
        assert_eq!(ahead.take(1, &span(7, 10)).unwrap().last(), 20);
        assert!(ahead.take(1, &span(7, 10)).is_none(), "given once");
        ahead.expect(1, span(7, 20));
        ahead.keep(1, page(30));
        assert!(ahead.take(1, &span(7, 15)).is_none(), "another question");
    }

    #[test]
    fn bounded_and_forgotten_with_its_session_and_its_log() {
        let mut ahead = Ahead::default();
        for session in 0..20 {
            ahead.expect(session, span(i64::try_from(session).unwrap(), 1));
        }
        assert_eq!(ahead.pages.len(), PAGES);
        ahead.leave(19);
        ahead.forget(18);
        assert_eq!(ahead.pages.len(), PAGES - 2);
        ahead.keep(17, None);
        assert_eq!(ahead.pages.len(), PAGES - 3);
        ahead.keep(19, page(5));
        assert_eq!(ahead.pages.len(), PAGES - 3, "nobody is there to ask for it");
    }
}

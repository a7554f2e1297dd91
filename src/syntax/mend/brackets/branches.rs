//! Reads `<` and `|`, and opens branches whose `<` was forgotten.

use crate::syntax::token::TokenKind;

use super::{Open, Problem, Reader};

impl Reader<'_> {
    /// Reads a `|`, which may show that the `<` before it was forgotten.
    pub(super) fn bar(&mut self, at: usize) {
        if self.top().symbol != '<' && !self.open_forgotten_branches(at) {
            self.problems.push(Problem::Misplaced { token: at as u32 });
            return;
        }
        let top = self.top();
        top.statement = at + 1;
        top.form = None;
    }

    /// Opens the branches of a form in the statements at hand whose `<` is missing.
    pub(super) fn open_forgotten_branches(&mut self, at: usize) -> bool {
        let Some(word) = self.top().form.take() else { return false };
        let mut depth = 0_usize;
        let mut before = (word + 1..at).find(|&next| {
            match self.tokens[next].kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0 && self.tokens[next].leads
        });
        if before.is_none() {
            // On one line, the first statement can only be what follows the word of the form and its number.
            before = (word + 1..=at).find(|&next| self.tokens[next].kind != TokenKind::Number);
        }
        let before = before.unwrap_or(at);
        self.problems.push(Problem::Unopened { symbol: '<', word: word as u32, before: before as u32 });
        self.excess[1] += 1;
        let indent = self.indents[word];
        self.open.push(Open { symbol: '<', at: word, indent, statement: before, form: None, foreign: false });
        true
    }

    /// Reads a `<`: it opens branches behind a word, and is needless elsewhere if there are too many.
    pub(super) fn branches(&mut self, at: usize) {
        let behind_word = at > self.start
            && match self.tokens[at - 1].kind {
                TokenKind::Word | TokenKind::Number => true,
                TokenKind::Symbol(symbol) => symbol == ')',
                _ => false,
            };
        if !behind_word && self.excess[1] > 0 {
            self.excess[1] -= 1;
            self.problems.push(Problem::Misplaced { token: at as u32 });
            return;
        }
        self.push('<', at);
    }
}

//! Closes brackets by indentation, for the second reading of a piece.

use crate::syntax::token::TokenKind;

use super::{Reader, closing};

impl Reader<'_> {
    /// Closes the brackets to which a line cannot belong, because it is indented no more than the line of the opening
    /// bracket.
    pub(super) fn close_by_indentation(&mut self, at: usize) {
        let column = self.indents[at];
        let symbol = match self.tokens[at].kind {
            TokenKind::Symbol(symbol) => symbol,
            _ => ' ',
        };
        loop {
            let top = self.top();
            let closes = closing(top.symbol) == symbol;
            let (top_symbol, indent) = (top.symbol, top.indent);
            if !matches!(top_symbol, '<' | '[') || (symbol == '|' && top_symbol == '<') {
                break;
            }
            let outer_partner = || {
                let outer = &self.open[..self.open.len() - 1];
                outer.iter().rev().any(|open| closing(open.symbol) == symbol && open.indent == column)
            };
            if (closes && column < indent && outer_partner()) || (!closes && column <= indent) {
                self.unclosed(at);
            } else {
                break;
            }
        }
        let top = self.top();
        let form_here = top.form.is_some_and(|_| top.indent != column);
        if symbol == '>' && form_here {
            let form = self.top().form.expect("a form was seen");
            if self.indents[form] == column && self.tokens[form].leads {
                self.open_forgotten_branches(at);
            }
        }
    }
}

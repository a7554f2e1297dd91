//! Finds headers of items without their `{`: `block name(…) {`, `table name n -> m {`, `network name(…) {`.

use crate::syntax::token::TokenKind;

use super::pieces::text;
use super::{LONGEST_LOOK, Open, Problem, Reader};

impl Reader<'_> {
    /// Returns whether a name and what may follow it stand behind the keyword of an item.
    pub(super) fn looks_like_header(&self, keyword: usize) -> bool {
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        kind(keyword + 1) == Some(TokenKind::Word)
            && matches!(kind(keyword + 2), Some(TokenKind::Number | TokenKind::Symbol('{' | '(' | '=')))
    }

    /// Inserts the `{` that a header lacks.
    pub(super) fn header(&mut self, keyword: usize) {
        let symbol = |at: usize| self.tokens.get(at).filter(|_| at < self.end).map(|token| token.kind);
        let mut at = keyword + 1;
        if symbol(at) != Some(TokenKind::Word) {
            return;
        }
        at += 1;
        if symbol(at) == Some(TokenKind::Symbol('(')) {
            // Defaults are expressions, which may contain parentheses.
            let mut depth = 0_usize;
            let closes = |at: &usize| match symbol(*at) {
                None | Some(TokenKind::Symbol('{' | '}' | '[' | ']' | '<' | '>' | '|')) => true,
                Some(TokenKind::Symbol('(')) => {
                    depth += 1;
                    false
                }
                Some(TokenKind::Symbol(')')) => {
                    depth -= 1;
                    depth == 0
                }
                Some(TokenKind::Symbol(';')) => !self.closes_on_this_line(*at),
                _ => false,
            };
            at = (at..).find(closes).expect("the text ends");
            at += usize::from(symbol(at) == Some(TokenKind::Symbol(')')));
        } else if let (Some(TokenKind::Number), Some(TokenKind::Symbol('→')), Some(TokenKind::Number)) =
            (symbol(at), symbol(at + 1), symbol(at + 2))
        {
            at += 3;
        }
        let before = at.min(self.end);
        if matches!(symbol(at), Some(TokenKind::Symbol('{' | '=' | '('))) {
            return;
        }
        let needless = symbol(at) == Some(TokenKind::Symbol(';'));
        if needless && matches!(symbol(at + 1), Some(TokenKind::Symbol('{' | '=' | '('))) {
            return;
        }
        // The rest of the line shows whether the header is only malformed.
        let rest = (before..self.end).take(LONGEST_LOOK);
        let rest = rest.take_while(|&at| !self.tokens[at].leads && !self.tokens[at].is('}'));
        let mut statement_end = None;
        for at in rest {
            match self.tokens[at].kind {
                TokenKind::Symbol('{') => return,
                TokenKind::Symbol('=') if statement_end.is_none() => return,
                TokenKind::Symbol(';') if statement_end.is_none() => statement_end = Some(at),
                _ => {}
            }
        }
        // `network a resnet(3);` lacks its `=`.
        if let Some(end) = statement_end
            && (before + 1 < end && self.tokens[before + 1].is('(') && self.tokens[end - 1].is(')'))
            && (end + 1 >= self.end || self.tokens[end + 1].leads)
            && self.excess[2] >= 0
        {
            return;
        }
        self.header_end = Some((keyword, before));
    }

    /// Opens the body of an item whose `{` is missing, when the end of its header is reached.
    pub(super) fn open_body(&mut self, at: usize) {
        let Some((keyword, before)) = self.header_end.filter(|&(_, before)| before == at) else { return };
        self.header_end = None;
        while self.top().symbol == '(' {
            self.unclosed(before);
        }
        self.problems.push(Problem::Unopened { symbol: '{', word: keyword as u32, before: before as u32 });
        self.excess[2] += 1;
        self.top().form = None;
        let (indent, foreign) = (self.indents[keyword], false);
        self.open.push(Open { symbol: '{', at: keyword, indent, statement: before, form: None, foreign });
    }

    /// Returns whether this `;` stands between the keyword of an item and its `{`.
    pub(super) fn splits_header(&mut self, at: usize) -> bool {
        let statement = self.top().statement;
        let in_header = statement < at && self.is_item_keyword(statement);
        let rest = self.tokens[at + 1..self.end].iter().take_while(|token| !token.leads && !token.is(';'));
        in_header && rest.into_iter().any(|token| token.is('{'))
    }

    pub(super) fn is_item_keyword(&self, at: usize) -> bool {
        let word = |at: usize| self.tokens.get(at).map_or("", |token| text(self.source, token));
        match word(at) {
            "block" | "network" | "table" => true,
            "inline" => word(at + 1) == "block",
            _ => false,
        }
    }
}

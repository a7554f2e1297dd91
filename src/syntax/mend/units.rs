//! Groups the tokens of a statement into units: a size is one unit, and so is everything between two brackets.
//!
//! Units need no grammar. They serve only to find forgotten and needless `;`.

use crate::syntax::token::{Token, TokenKind};

/// The kind of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A word or keyword.
    Word,
    /// A number without a suffix for a size.
    Number,
    /// A token with `x`, `/` or `?` in it.
    Size,
    /// `( … )`; `named` where it is empty or holds a `name=`.
    Parenthesis {
        /// Whether it can only contain the arguments of a block call.
        named: bool,
    },
    /// `[ … ]`
    Group,
    /// `< … >`
    Branches,
    /// `{ … }`
    Braces,
    /// A string.
    Text,
    /// A path behind `as`, `@` or `expect`.
    Path,
    /// Any other punctuation.
    Symbol(char),
}

/// A unit of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// Its kind.
    pub(crate) sort: Sort,
    /// Its first token.
    pub(crate) first: usize,
    /// Its last token.
    pub(crate) last: usize,
    /// Whether it begins a line.
    pub(crate) leads: bool,
    /// Whether it follows the unit before without white space.
    pub(crate) glued: bool,
}

/// Reads units from balanced tokens.
pub(crate) struct Units<'a> {
    /// The text.
    pub(crate) source: &'a str,
    /// The tokens, every bracket in a pair.
    pub(crate) tokens: &'a [Token],
    /// The partner of each bracket, by the index of its token.
    partners: Vec<usize>,
}

impl<'a> Units<'a> {
    /// Pairs the brackets of the tokens.
    pub(crate) fn new(source: &'a str, tokens: &'a [Token]) -> Units<'a> {
        let mut partners = vec![usize::MAX; tokens.len()];
        let mut open = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Symbol('(' | '[' | '<' | '{') => open.push(at),
                TokenKind::Symbol(')' | ']' | '>' | '}') => {
                    if let Some(partner) = open.pop() {
                        partners[partner] = at;
                        partners[at] = partner;
                    }
                }
                _ => {}
            }
        }
        // A bracket without a partner reaches to the end of the text.
        for at in open {
            partners[at] = tokens.len().saturating_sub(1);
        }
        Units { source, tokens, partners }
    }

    /// The text of a token.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        let token = self.tokens[at];
        &self.source[token.start as usize..token.end as usize]
    }

    /// The text of a unit that is a word; empty for every other kind.
    pub(crate) fn word(&self, unit: Unit) -> &'a str {
        if unit.sort == Sort::Word { self.text(unit.first) } else { "" }
    }

    /// The unit that begins at a token.
    pub(crate) fn unit(&self, first: usize) -> Unit {
        let token = self.tokens[first];
        let (sort, last) = match token.kind {
            TokenKind::Word => (Sort::Word, first),
            TokenKind::Text => (Sort::Text, first),
            TokenKind::Path => (Sort::Path, first),
            TokenKind::Number | TokenKind::Symbol('(' | '?') => self.measure(first),
            TokenKind::Symbol('[') => (Sort::Group, self.partners[first]),
            TokenKind::Symbol('<') => (Sort::Branches, self.partners[first]),
            TokenKind::Symbol('{') => (Sort::Braces, self.partners[first]),
            TokenKind::Symbol(symbol) => (Sort::Symbol(symbol), first),
        };
        let glued = first > 0 && self.tokens[first - 1].end == token.start;
        Unit { sort, first, last: last.max(first), leads: token.leads, glued }
    }

    /// The kind and the last token of a number, a parenthesis or a size.
    fn measure(&self, first: usize) -> (Sort, usize) {
        let mut at = first;
        let mut is_size = false;
        loop {
            let token = self.tokens[at];
            is_size |= match token.kind {
                TokenKind::Number => self.text(at).contains('x'),
                TokenKind::Symbol('(') => {
                    at = self.partners[at].max(at);
                    false
                }
                _ => true,
            };
            let next = at + 1;
            let goes_on = self.tokens.get(next).is_some_and(|token| {
                let part = match token.kind {
                    TokenKind::Number | TokenKind::Symbol('(' | '/' | '?') => true,
                    TokenKind::Word => self.text(next).starts_with('x'),
                    _ => false,
                };
                part && token.start == self.tokens[at].end
            });
            if !goes_on {
                break;
            }
            at = next;
        }
        let sort = match self.tokens[first].kind {
            _ if is_size => Sort::Size,
            TokenKind::Number => Sort::Number,
            _ => Sort::Parenthesis { named: self.is_named(first) },
        };
        (sort, at)
    }

    /// Returns whether a parenthesis is empty or holds a `name=` of its own.
    fn is_named(&self, open: usize) -> bool {
        let close = self.partners[open];
        let mut at = open + 1;
        if at == close {
            return true;
        }
        while at < close {
            match self.tokens[at].kind {
                TokenKind::Symbol('=') => return true,
                TokenKind::Symbol('(') => at = self.partners[at],
                _ => {}
            }
            at += 1;
        }
        false
    }
}

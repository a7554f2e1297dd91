//! Scans a text into tokens and comments, without knowledge of the grammar.
//!
//! The grammar reads the text itself. The tokens serve everything that must work on broken text: balancing brackets,
//! finding a missing `;`, finding where a word ends. A malformed token is reported here; its place becomes unreliable, so
//! that no later stage reports it again.

mod characters;
mod comments;
mod number;
mod path;

use crate::diag::Code;

use crate::syntax::mend::Repairs;
use crate::syntax::session::Session;
use crate::syntax::token::{Comment, Token, TokenKind};

/// The longest identifier and the longest part of a path, in bytes.
const LONGEST_NAME: usize = 255;

/// A scanned text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// The tokens in source order.
    pub(crate) tokens: Vec<Token>,
    /// The comments in source order.
    pub(crate) comments: Vec<Comment>,
}

/// Scans the text of a session.
pub(crate) fn lex(session: &mut Session<'_>, repairs: &mut Repairs) -> Lexed {
    let mut lexer = Lexer {
        source: session.source,
        at: 0,
        leads: true,
        unclosed: false,
        lexed: Lexed::default(),
        session,
        repairs,
    };
    if lexer.source.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
        lexer.repairs.blank(0, lexer.at);
    }
    while lexer.at < lexer.source.len() {
        lexer.step();
    }
    lexer.lexed
}

struct Lexer<'a, 's, 'r> {
    source: &'a str,
    at: usize,
    leads: bool,
    /// Whether a `/*` without its `*/` was met: none follows.
    unclosed: bool,
    lexed: Lexed,
    session: &'s mut Session<'a>,
    repairs: &'r mut Repairs,
}

impl Lexer<'_, '_, '_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        if let Some(names) = self.path_follows() {
            return self.path(names);
        }
        match self.peek(0) {
            b'\n' => {
                self.at += 1;
                self.leads = true;
            }
            b' ' | b'\t' => self.at += 1,
            b'\r' if self.peek(1) == b'\n' => self.at += 1,
            b'#' => self.comment(),
            b'/' if self.peek(1) == b'*' => self.bracketed_comment(),
            b'/' if self.peek(1) == b'/' && !self.in_expression() => self.foreign_line_comment(b'/'),
            b'-' if self.peek(1) == b'-' && self.begins_statement(0) => self.foreign_line_comment(b'-'),
            b'"' => {
                let start = self.at;
                self.string();
                self.push(TokenKind::Text, start);
            }
            byte if byte.is_ascii_digit() => self.number(),
            byte if byte.is_ascii_alphabetic() || byte == b'_' => self.word(),
            _ => self.symbol(),
        }
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        let token = Token { kind, start: start as u32, end: self.at as u32, leads: self.leads };
        self.lexed.tokens.push(token);
        self.leads = false;
    }

    fn comment(&mut self) {
        let start = self.at;
        let rest = &self.source[start..];
        self.at += rest.find('\n').unwrap_or(rest.len());
        if self.source[start..self.at].ends_with('\r') {
            self.at -= 1;
        }
        self.check_characters(start, self.at);
        let tokens_before = self.lexed.tokens.len();
        let comment =
            Comment { start: start as u32, end: self.at as u32, own_line: self.leads, tokens_before };
        self.lexed.comments.push(comment);
    }

    /// Moves behind a string. A string that does not end on its line is closed before a final `;`.
    fn string(&mut self) {
        let start = self.at;
        let rest = &self.source[start + 1..];
        let length = rest.find(['"', '\n']).unwrap_or(rest.len());
        if rest[length..].starts_with('"') {
            self.at = start + 1 + length + 1;
        } else {
            let line = &rest[..length];
            let content = line.trim_end().trim_end_matches(';').trim_end();
            self.at = start + 1 + content.len();
            let span = self.session.span(start, self.at);
            self.session
                .error(Code::E0005, span, "this string does not end on its line")
                .here("starts here")
                .emit();
            self.repairs.insert(self.at, "\"");
            self.repairs.mark_unreliable(start);
        }
        self.check_characters(start, self.at);
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_word();
        self.check_length(start);
        let is_as = &self.source[start..self.at] == "as";
        if self.source[self.at..].starts_with("[]") {
            // Only a path goes on like this, so the `as` before it is missing.
            self.at += 2;
            self.push(TokenKind::Path, start);
            return;
        }
        self.push(TokenKind::Word, start);
        if is_as {
            self.second_as();
        }
    }

    fn skip_word(&mut self) {
        while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == b'_' {
            self.at += 1;
        }
    }

    fn check_length(&mut self, start: usize) {
        let length = self.at - start;
        if length > LONGEST_NAME {
            let span = self.session.span(start, self.at);
            let message = format!("a name of {length} bytes; the limit is {LONGEST_NAME}");
            self.session.error(Code::E0013, span, message).emit();
            self.repairs.mark_unreliable(start);
        }
    }

    fn number(&mut self) {
        let start = self.at;
        loop {
            self.skip_word();
            let digits = &self.source[start..self.at];
            let exponent = digits.ends_with(['e', 'E']) && number::is_decimal(&digits[..digits.len() - 1]);
            let signed = matches!(self.peek(0), b'+' | b'-') && self.peek(1).is_ascii_digit();
            if (self.peek(0) == b'.' && self.peek(1).is_ascii_alphanumeric()) || (exponent && signed) {
                self.at += 1;
            } else {
                break;
            }
        }
        let before = self.lexed.tokens.last().map(|token| token.kind);
        let after_comparison = matches!(before, Some(TokenKind::Symbol('≡' | '≤' | '≥')));
        let checked = number::check(&self.source[start..self.at], self.peek(0), after_comparison);
        if let Err(complaint) = checked {
            self.at += usize::from(self.peek(0) == b'.');
            let span = self.session.span(start, self.at);
            let shown = number::shorten(&self.source[start..self.at]);
            let error = self.session.error(Code::E0007, span, format!("`{shown}` is no number and no size"));
            error.here(complaint).emit();
            self.repairs.mark_unreliable(start);
        }
        self.push(TokenKind::Number, start);
    }

    fn symbol(&mut self) {
        let start = self.at;
        let (symbol, length) = match (self.peek(0), self.peek(1)) {
            (b'-', b'>') => ('→', 2),
            (b'=', b'=') => ('≡', 2),
            (b'<', b'=') => ('≤', 2),
            (b'>', b'=') => ('≥', 2),
            (byte, _) if b";|<>[]{}(),=*/+-%^@?.".contains(&byte) => (char::from(byte), 1),
            _ => return self.foreign(),
        };
        if symbol == '[' && self.peek(1) == b']' {
            return self.empty_brackets();
        }
        self.at += length;
        if symbol != '@' {
            self.push(TokenKind::Symbol(symbol), start);
        } else if self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'_' | b'"') {
            self.push(TokenKind::Symbol(symbol), start);
            self.path(false);
        } else {
            let span = self.session.span(start, self.at);
            let error = self.session.error(Code::E0001, span, "no path behind `@`");
            error.help("`@path` makes an earlier named value current").emit();
            self.repairs.blank(start, self.at);
            self.repairs.mark_unreliable(start);
            // White space may stand before the path. Another `@` looks for its own path, so that a long row of them is
            // read once.
            let rest = &self.source[self.at..];
            self.repairs.mark_unreliable(self.at + rest.len() - rest.trim_start_matches(' ').len());
        }
    }
}

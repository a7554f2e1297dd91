//! Tokens and comments, by a scan over the bytes that knows no grammar.
//!
//! The grammar reads the text itself; the tokens serve everything that must work on broken text: balancing
//! brackets, finding a missing `;`, telling where a word ends. A malformed token is reported here, once, and
//! its place is noted as doubtful, so that nobody complains about it again.

use crate::base::{is_hidden, visible};
use crate::diag::Code;

use super::number;
use super::repair::Repairs;
use super::session::Session;

/// The longest identifier and the longest part of a path, in bytes.
const LONGEST_NAME: usize = 255;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword.
    Word,
    /// Everything that starts with a digit: `5x5x16`, `0.5`, `4.1G`.
    Number,
    /// A string, quotes included.
    Text,
    /// What stands behind `as`, `@` and `expect`, with its `[]`.
    Path,
    /// A punctuation character; `→` is `->`, `≡` is `==`, `≤` is `<=`, `≥` is `>=`.
    Symbol(char),
}

/// A token, by its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// First byte.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// Whether it is the first token on its line.
    pub(super) leads: bool,
}

impl Token {
    /// Whether it is this punctuation.
    pub(super) fn is(self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }
}

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    /// The `#`.
    pub(super) start: u32,
    /// The end of the line.
    pub(super) end: u32,
    /// Whether no token stands before it on its line.
    pub(super) own_line: bool,
    /// How many tokens stand before it.
    pub(super) tokens_before: usize,
}

/// A scanned text.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    /// In source order.
    pub(super) tokens: Vec<Token>,
    /// In source order.
    pub(super) comments: Vec<Comment>,
}

/// Scans the text of a session.
pub(super) fn lex(session: &mut Session<'_>, repairs: &mut Repairs) -> Lexed {
    let mut lexer =
        Lexer { source: session.source, at: 0, leads: true, lexed: Lexed::default(), session, repairs };
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
    lexed: Lexed,
    session: &'s mut Session<'a>,
    repairs: &'r mut Repairs,
}

impl Lexer<'_, '_, '_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        match self.peek(0) {
            b'\n' => {
                self.at += 1;
                self.leads = true;
            }
            b' ' | b'\t' => self.at += 1,
            b'\r' if self.peek(1) == b'\n' => self.at += 1,
            b'#' => self.comment(),
            b'"' => {
                let start = self.at;
                self.string();
                self.push(Kind::Text, start);
            }
            byte if byte.is_ascii_digit() => self.number(),
            byte if byte.is_ascii_alphabetic() || byte == b'_' => self.word(),
            _ => self.symbol(),
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
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

    /// Moves behind a string; one that does not end on its line is closed before a final `;`.
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
            self.repairs.doubt(start);
        }
        self.check_characters(start, self.at);
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_word();
        self.check_length(start);
        let word = &self.source[start..self.at];
        if self.source[self.at..].starts_with("[]") {
            // Only a path goes on like this; its `as` is missing.
            self.at += 2;
            self.push(Kind::Path, start);
            return;
        }
        self.push(Kind::Word, start);
        match word {
            "as" => {
                self.second_as();
                self.path_after_blanks(true);
            }
            "expect" => self.path_after_blanks(false),
            _ => {}
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
            self.repairs.doubt(start);
        }
    }

    /// A second `as` could be a path, but one that a path follows is written twice.
    fn second_as(&mut self) {
        let rest = &self.source[self.at..];
        let second = rest.trim_start_matches([' ', '\t']);
        let Some(behind) = second.strip_prefix("as") else { return };
        let path = behind.trim_start_matches([' ', '\t']);
        let is_path =
            path.starts_with(|one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '"' | '['));
        if behind.len() > path.len() && is_path {
            let start = self.source.len() - second.len();
            self.at = start + 2;
            let span = self.session.span(start, self.at);
            self.session.error(Code::E0202, span, "`as` is given twice").fix("remove one", span, "").emit();
            self.repairs.blank(start, self.at);
            self.repairs.doubt(start);
        }
    }

    /// The path behind `as` or `expect`, which white space may precede.
    fn path_after_blanks(&mut self, names: bool) {
        let blanks = self.source[self.at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let next = self.peek(blanks);
        if next.is_ascii_alphanumeric() || matches!(next, b'_' | b'"') || (names && next == b'[') {
            self.at += blanks;
            self.path(names);
        }
    }

    fn path(&mut self, names: bool) {
        let start = self.at;
        loop {
            let part = self.at;
            if self.peek(0) == b'"' {
                self.string();
            } else {
                self.skip_word();
            }
            self.check_length(part);
            if self.peek(0) != b'.'
                || !(self.peek(1).is_ascii_alphanumeric() || matches!(self.peek(1), b'_' | b'"'))
            {
                break;
            }
            self.at += 1;
        }
        if names && self.peek(0) == b'[' {
            self.sequence();
        } else if names && self.source[self.at..].trim_start_matches(' ').starts_with("[]") {
            let blank = self.at;
            self.at += self.source[blank..].find(']').map_or(0, |length| length + 1);
            let span = self.session.span(blank, self.at);
            let error = self.session.error(Code::E0001, span, "a path is one token, without white space");
            error.fix("write `[]` directly behind the name", span, "[]").emit();
            self.repairs.blank(blank, self.at);
            self.repairs.insert(blank, "[]");
        }
        self.push(Kind::Path, start);
    }

    /// The `[]` of a path, mended where something stands in it or the `]` is missing.
    fn sequence(&mut self) {
        let start = self.at;
        let rest = &self.source[start..];
        if rest.starts_with("[]") {
            self.at += 2;
            return;
        }
        let content =
            rest[1..].find(|one: char| one.is_ascii_alphanumeric() || matches!(one, ';' | '\n' | ']'));
        let closed = content.filter(|&length| rest[1 + length..].starts_with(']'));
        self.at += closed.map_or(1, |length| length + 2);
        let span = self.session.span(start, self.at);
        self.session
            .error(Code::E0001, span, "a sequence is named with `[]`")
            .fix("write `[]`", span, "[]")
            .emit();
        self.repairs.blank(start, self.at);
        self.repairs.insert(start, "[]");
        self.repairs.doubt(start);
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
        self.push(Kind::Number, start);
        let text = &self.source[start..self.at];
        let after_comparison = self
            .lexed
            .tokens
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|before| matches!(before.kind, Kind::Symbol('≡' | '≤' | '≥')));
        if let Err(complaint) = number::check(text, self.peek(0), after_comparison) {
            let span = self.session.span(start, self.at);
            let shown = number::shorten(text);
            let error = self.session.error(Code::E0007, span, format!("`{shown}` is no number and no size"));
            error.here(complaint).emit();
            self.repairs.doubt(start);
        }
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
            self.push(Kind::Symbol(symbol), start);
        } else if self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'_' | b'"') {
            self.push(Kind::Symbol(symbol), start);
            self.path(false);
        } else {
            let span = self.session.span(start, self.at);
            let error = self.session.error(Code::E0001, span, "no path behind `@`");
            error.help("`@path` makes an earlier named value current").emit();
            self.repairs.blank(start, self.at);
            self.repairs.doubt(start);
        }
    }

    /// `[]` where no path is.
    fn empty_brackets(&mut self) {
        let start = self.at;
        self.at += 2;
        let span = self.session.span(start, self.at);
        let error = self.session.error(Code::E0009, span, "an empty group");
        error
            .help("`identity` passes the value on unchanged; `as name[]` names the members of a sequence")
            .emit();
        self.repairs.blank(start, self.at);
        self.repairs.doubt(start);
    }

    /// A run of characters that no token holds is blanked out.
    fn foreign(&mut self) {
        let start = self.at;
        let run = self.source[start..].chars().take_while(|&one| is_foreign(one));
        self.at += run.map(char::len_utf8).sum::<usize>().max(1);
        let text = &self.source[start..self.at];
        let span = self.session.span(start, self.at);
        let shown: String = text.chars().take(8).collect();
        let shown = visible(&shown);
        let error = self.session.error(Code::E0006, span, format!("the language does not use `{shown}`"));
        match ascii_twin(text) {
            Some(twin) => error.fix(format!("write `{twin}`"), span, twin).emit(),
            None => error.emit(),
        };
        self.repairs.blank(start, self.at);
        self.repairs.doubt(start);
    }

    /// Control characters, and those that change the direction of the text, may not even stand in strings and
    /// comments: the text would read differently from what it says.
    fn check_characters(&mut self, start: usize, end: usize) {
        let text = &self.source[start..end];
        if let Some((at, character)) = text.char_indices().find(|&(_, one)| is_hidden(one)) {
            let span = self.session.span(start + at, start + at + character.len_utf8());
            let message =
                format!("the invisible character U+{:04X} may not stand here", u32::from(character));
            self.session.error(Code::E0006, span, message).emit();
        }
    }
}

fn is_foreign(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || " \t\r\n#\"_;|<>[]{}(),=*/+-%^@?.".contains(character))
}

/// What was meant by a character that looks like one of the language.
fn ascii_twin(text: &str) -> Option<&'static str> {
    Some(match text {
        "×" => "x",
        "→" => "->",
        "−" | "–" | "—" => "-",
        "·" => "*",
        "÷" => "/",
        "≤" => "<=",
        "≥" => ">=",
        "“" | "”" | "'" | "‘" | "’" => "\"",
        _ => return None,
    })
}

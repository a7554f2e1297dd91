//! Scans paths behind `as`, `@`, `shared` and `expect`. A path is one token, without white space.

use crate::diag::Code;

use super::Lexer;
use crate::syntax::token::TokenKind;

impl Lexer<'_, '_, '_> {
    /// Returns whether `as` was written twice: the second could be a path named `as`, but not where a path follows it.
    pub(super) fn second_as(&mut self) {
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
            self.repairs.mark_unreliable(start);
        }
    }

    /// Returns whether a path of the `as`, `expect` or `shared` before it begins here. For `as` the value says whether
    /// the path may name a sequence.
    pub(super) fn path_follows(&self) -> Option<bool> {
        let last = self.lexed.tokens.last().filter(|last| last.kind == TokenKind::Word)?;
        let names = match &self.source[last.start as usize..last.end as usize] {
            "as" => true,
            "expect" => false,
            // Elsewhere `shared` is a flag.
            "shared" if self.begins_statement(1) => false,
            _ => return None,
        };
        let next = self.peek(0);
        // On another line `[` begins a group, and the path is missing.
        let sequence = next == b'[' && names && (!self.leads || self.peek(1) == b']');
        let begins = next.is_ascii_alphanumeric() || matches!(next, b'_' | b'"') || sequence;
        begins.then_some(names)
    }

    /// Returns whether a statement begins with the last `length` tokens; with 0, whether one begins here.
    pub(super) fn begins_statement(&self, length: usize) -> bool {
        let tokens = &self.lexed.tokens;
        let before = tokens.len().checked_sub(length + 1).map(|before| tokens[before].kind);
        matches!(before, None | Some(TokenKind::Symbol(';' | '|' | '<' | '[' | '{' | '}')))
    }

    pub(super) fn path(&mut self, names: bool) {
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
        self.push(TokenKind::Path, start);
    }

    /// Reads the `[]` of a path, and repairs it where something stands in it or the `]` is missing.
    pub(super) fn sequence(&mut self) {
        let start = self.at;
        let rest = &self.source[start..];
        if rest.starts_with("[]") {
            self.at += 2;
            return;
        }
        let content = rest[1..].find(|one: char| one.is_ascii_alphanumeric() || matches!(one, '\n' | ']'));
        let closed = content.filter(|&length| rest[1 + length..].starts_with(']'));
        self.at += closed.map_or(1, |length| length + 2);
        let span = self.session.span(start, self.at);
        self.session
            .error(Code::E0001, span, "a sequence is named with `[]`")
            .fix("write `[]`", span, "[]")
            .emit();
        self.repairs.blank(start, self.at);
        self.repairs.insert(start, "[]");
        self.repairs.mark_unreliable(start);
    }

    /// Reports `[]` where no path is.
    pub(super) fn empty_brackets(&mut self) {
        let start = self.at;
        self.at += 2;
        let span = self.session.span(start, self.at);
        let error = self.session.error(Code::E0009, span, "an empty group");
        error
            .help("`identity` passes the value on unchanged; `as name[]` names the members of a sequence")
            .emit();
        self.repairs.blank(start, self.at);
        self.repairs.mark_unreliable(start);
    }
}

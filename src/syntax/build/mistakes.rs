//! Explains why the grammar did not understand a part of the text: reads the part again by a strict rule, and reports
//! the place where that rule fails, with the words and symbols that could have followed.

mod phrases;
mod values;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

use crate::base::Span;
use crate::diag::Code;

use super::TreeBuilder;
use crate::syntax::grammar::{CnnParser, Rule};
use crate::syntax::token::{Token, TokenKind};
use phrases::{listed, phrases};

/// Longer tokens are not shown in messages.
const LONGEST_SHOWN: usize = 40;

/// A message lists at most this number of possibilities; more would not help.
const MOST_PHRASES: usize = 4;

impl<'a> TreeBuilder<'a, '_> {
    /// Reports what is wrong with the bytes `start..end` of the repaired text, which should be a `rule`. The grammar
    /// stopped at the byte `known` or later. A mistake that was reported before is not reported again.
    pub(crate) fn explain(&mut self, rule: Rule, start: usize, end: usize, known: usize) {
        self.has_error = true;
        self.tree.broken = true;
        let whole = self.original(start, end);
        if self.is_unreliable(whole) {
            return;
        }
        let repaired = self.repaired;
        let slice = repaired.text[start..end].trim_end();
        // Without a limit, nested parts that are all wrong would be read once for each level.
        let Some(explain_budget) = self.explain_budget.checked_sub(slice.len()) else {
            return self.complain(whole, repaired.original(known), &[]);
        };
        self.explain_budget = explain_budget;
        let (at, wanted) = match CnnParser::parse(rule, slice) {
            Ok(_) => (start, Vec::new()),
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => start + at,
                };
                match error.variant {
                    ErrorVariant::ParsingError { positives, .. } => (at, positives),
                    ErrorVariant::CustomError { .. } => (at, Vec::new()),
                }
            }
        };
        self.complain(whole, repaired.original(at), &wanted);
    }

    /// Reports a mistake at the byte `at` of the original, where one of the `wanted` rules could have gone on.
    fn complain(&mut self, whole: Span, at: usize, wanted: &[Rule]) {
        let index = self.tokens.partition_point(|token| (token.end as usize) <= at);
        let found = self.tokens.get(index).copied();
        let before =
            index.checked_sub(1).map(|index| self.tokens[index]).filter(|token| token.start >= whole.start);
        let place = Mismatch { whole, found, before };
        if before.is_none() {
            // If text was taken out before this token, the token is only the rest of a word.
            let end = index.checked_sub(1).map_or(0, |last| self.tokens[last].end);
            if !self.is_unreliable(Span { start: end.min(whole.start), end: whole.start, ..whole }) {
                self.no_statement(place);
            }
            return;
        }
        if self.misplaced_suffix(place) || self.bad_value(place, wanted) {
            return;
        }
        let shown = self.shown(found);
        let wanted = phrases(wanted);
        let message = match wanted.len() {
            1..=MOST_PHRASES => format!("expected {}, found {shown}", listed(&wanted)),
            _ => format!("unexpected {shown}"),
        };
        self.error_at(place, Code::E0001, message);
    }

    /// Reports a mistake. If a line lacks something at its beginning, the place is the end of the line before.
    fn error_at(&mut self, place: Mismatch, code: Code, message: String) {
        let (span, text) = match (place.before, place.found) {
            (_, Some(found)) if !found.leads => (self.token_span(found), ""),
            (Some(before), _) => (self.token_span(before), "behind this"),
            (None, Some(found)) => (self.token_span(found), ""),
            (None, None) => (place.whole, ""),
        };
        self.error(code, span, message).here(text).emit();
    }

    /// Reports a statement whose first token no statement can begin with.
    fn no_statement(&mut self, place: Mismatch) {
        let shown = self.shown(place.found);
        let word = place.found.map_or("", |token| self.text(token));
        let span = place.found.map_or(place.whole, |token| self.token_span(token));
        match word {
            "if" | "else" | "for" | "match" | "fn" | "with" | "import" => {
                let error =
                    self.error(Code::E0008, span, format!("{shown} is reserved and begins no statement"));
                match word {
                    "if" | "else" => error.help("`[ … ] * (n)` writes a group only if n is 1"),
                    "for" => error.help("`[ … ] * n` repeats a group"),
                    "fn" => error.help("`block name(…) { … }` gives statements a name"),
                    "import" => error.help("`use \"file.cnn\";` makes the blocks of a file usable"),
                    _ => error,
                }
                .emit();
            }
            _ => {
                let error = self.error(Code::E0001, span, format!("expected a statement, found {shown}"));
                error
                    .help(match place.found.map(|found| found.kind) {
                        Some(TokenKind::Number) => {
                            "repetition stands behind a statement: `conv 3x3x8 same * 3`"
                        }
                        Some(TokenKind::Symbol('(')) => {
                            "a group is written `[ … ]`: `[ conv 3x3x8 same; relu ] * 3`"
                        }
                        _ => "a statement begins with an operator, a block, a branch form, `[` or `@`",
                    })
                    .emit();
            }
        }
    }

    /// Reports `* n`, `->`, `as` or trailing words behind a statement that takes none. Returns whether it did.
    fn misplaced_suffix(&mut self, place: Mismatch) -> bool {
        let Some(found) = place.found else { return false };
        let first = self.tokens.partition_point(|token| token.start < place.whole.start);
        let head = self.text(self.tokens[first]);
        let span = self.token_span(found);
        let suffix = match found.kind {
            TokenKind::Symbol('→') => "-> shape",
            TokenKind::Symbol('*') => "* n",
            TokenKind::Word if self.text(found) == "as" => "as path",
            TokenKind::Word
                if head == "shared" && place.before.is_some_and(|before| before.kind == TokenKind::Path) =>
            {
                let error = self.error(Code::E0211, span, "`shared path` takes no trailing words");
                error.help("it repeats those of the statement that it names; more stand behind `;`").emit();
                return true;
            }
            TokenKind::Word => {
                let index = self.tokens.partition_point(|token| token.start < found.start);
                if !self.ends_suffix(first, index) {
                    return false;
                }
                let message = format!("{} stands too late", self.shown(Some(found)));
                let error = self.error(Code::E0211, span, message);
                error
                    .help("words stand before `* n`, `-> shape` and `as path`; a `;` begins a new statement")
                    .emit();
                return true;
            }
            _ => return false,
        };
        if !matches!(head, "input" | "labels" | "expect" | "let" | "use" | "cnn") {
            return false;
        }
        let message = if head == "input" && suffix == "as path" {
            "`as path` is given twice".to_owned()
        } else {
            format!("`{head}` takes no `{suffix}`")
        };
        self.error(Code::E0211, span, message).emit();
        true
    }

    /// Returns whether the tokens `first..index` end with `* n`, `-> shape` or `as path`.
    fn ends_suffix(&self, first: usize, index: usize) -> bool {
        let tokens = &self.tokens[first..index];
        let is_start = |token: &Token| token.is('→') || token.is('*') || token.kind == TokenKind::Path;
        let Some(start) = tokens.iter().rposition(is_start) else { return false };
        let value = &tokens[start + 1..];
        let mut depth = 0_usize;
        let is_part = |token: &Token| match token.kind {
            TokenKind::Symbol('(') => {
                depth += 1;
                true
            }
            TokenKind::Symbol(')') => {
                depth = depth.saturating_sub(1);
                true
            }
            _ => depth > 0 || token.kind == TokenKind::Number || token.is('?') || self.text(*token) == "x",
        };
        value.iter().all(is_part) && value.is_empty() == (tokens[start].kind == TokenKind::Path)
    }

    fn text(&self, token: Token) -> &'a str {
        &self.session.source[token.start as usize..token.end as usize]
    }

    fn token_span(&self, token: Token) -> Span {
        self.session.span(token.start as usize, token.end as usize)
    }

    /// The text of a token for messages.
    fn shown(&self, token: Option<Token>) -> String {
        let Some(token) = token else { return "the end of the text".to_owned() };
        let text = self.text(token);
        match token.kind {
            TokenKind::Text => "a string".to_owned(),
            _ if text.len() > LONGEST_SHOWN => "a long word".to_owned(),
            _ => format!("`{text}`"),
        }
    }
}

/// A part of the text that its rule does not fit, and the token where it fails.
#[derive(Clone, Copy)]
struct Mismatch {
    /// The part.
    whole: Span,
    /// The first token that does not fit; `None` at the end of the text.
    found: Option<Token>,
    /// The token of the part before it.
    before: Option<Token>,
}

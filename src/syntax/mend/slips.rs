//! Finds statements that are written as in another language: `x = conv …`, `n = 3`, `input 32, 32, 3`, `conv(3x3x8)`,
//! `conv 3x3x8, relu`, `add @x`, `residual ( … )`.
//!
//! Each is reported together with the same statement in this language. Its place is then unreliable, so that nothing else
//! is reported about it.

use crate::diag::Code;
use crate::syntax::token::TokenKind;

use super::FORM_WORDS;
use super::separate::Separator;
use super::units::{Sort, Unit};

/// Forms for which one branch may be the current value.
const COMBINING: [&str; 6] = ["add", "concat", "inception", "max", "min", "mul"];

/// Words that begin statements and items, which no value or constant is called.
const KEYWORDS: [&str; 10] =
    ["let", "block", "network", "table", "inline", "expect", "input", "labels", "use", "shared"];

impl Separator<'_, '_, '_> {
    /// Returns whether `x = conv …` or `n = 3` stands here. A number without spaces or a lone word behind `=` is an
    /// attribute cut off by a `;`.
    pub(super) fn is_assignment(&self, units: [Option<Unit>; 4]) -> bool {
        let [Some(name), Some(equals), Some(value), after] = units else { return false };
        let begins = match value.sort {
            Sort::Word => {
                let measured = after.is_some_and(|after| {
                    matches!(
                        after.sort,
                        Sort::Number | Sort::Size | Sort::Parenthesis { .. } | Sort::Branches
                    )
                });
                measured || !equals.glued
            }
            Sort::Group | Sort::Symbol('@') => true,
            Sort::Number => !equals.glued && after.is_none_or(|after| after.sort == Sort::Symbol(';')),
            _ => false,
        };
        name.sort == Sort::Word && equals.sort == Sort::Symbol('=') && begins
    }

    /// Reports a statement that is written as in another language.
    pub(super) fn slip(&mut self, statement: &[Unit]) {
        let _ = self.constant(statement)
            || self.assignment(statement)
            || self.commas(statement)
            || self.parenthesised_branches(statement)
            || self.parenthesised_size(statement)
            || self.split_size(statement)
            || self.joined_words(statement);
    }

    /// The text from one unit to another, both included.
    fn written(&self, first: Unit, last: Unit) -> &str {
        let start = self.units.tokens[first.first].start as usize;
        let end = self.units.tokens[last.last].end as usize;
        &self.units.source[start..end]
    }

    fn report(&mut self, first: Unit, last: Unit, message: &str, here: &str, fix: (String, Option<String>)) {
        let start = self.units.tokens[first.first].start as usize;
        let end = self.units.tokens[last.last].end as usize;
        let span = self.session.span(start, end);
        let error = self.session.error(Code::E0001, span, message).here(here);
        let (help, replacement) = fix;
        match replacement {
            Some(replacement) => error.fix(help, span, replacement).emit(),
            None => error.help(help).emit(),
        };
        self.repairs.mark_unreliable(start);
    }

    /// Reports `n = 3`. Returns whether it did.
    fn constant(&mut self, statement: &[Unit]) -> bool {
        let [name, equals, value] = statement[..] else { return false };
        let is_constant =
            name.sort == Sort::Word && equals.sort == Sort::Symbol('=') && value.sort == Sort::Number;
        if !is_constant || KEYWORDS.contains(&self.units.word(name)) {
            return false;
        }
        let written = format!("let {}", self.written(name, value));
        let fix = (format!("write `{written}`"), Some(written));
        self.report(name, value, "constants are declared with `let`", "written like an assignment", fix);
        true
    }

    /// Reports `conv(3x3x8)`. Returns whether it did.
    fn parenthesised_size(&mut self, statement: &[Unit]) -> bool {
        let [word, parenthesis, ..] = statement[..] else { return false };
        let is_size = |at: usize| {
            let text = self.units.text(at);
            self.units.tokens[at].kind == TokenKind::Number && text.contains('x')
        };
        let inside = parenthesis.first + 1;
        if word.sort != Sort::Word
            || !matches!(parenthesis.sort, Sort::Parenthesis { .. })
            || !is_size(inside)
        {
            return false;
        }
        let word = self.units.word(word);
        let written =
            self.written(parenthesis, parenthesis).trim_start_matches('(').trim_end_matches(')').trim();
        let fix = if written.contains(['(', ',', '=', '#']) {
            (format!("write `{word} {}`", self.units.text(inside)), None)
        } else {
            (format!("write `{word} {written}`"), Some(format!(" {written}")))
        };
        self.report(parenthesis, parenthesis, "a size stands without parentheses", "in parentheses", fix);
        true
    }

    /// Reports `conv 3x3, 8`. Returns whether it did.
    fn split_size(&mut self, statement: &[Unit]) -> bool {
        let [head, size, comma, number, ..] = statement[..] else { return false };
        let is_split = head.sort == Sort::Word
            && size.sort == Sort::Size
            && comma.sort == Sort::Symbol(',')
            && number.sort == Sort::Number;
        let (begun, end) = (self.written(size, size), self.written(number, number));
        if !is_split || begun.contains(['/', '?', '(']) {
            return false;
        }
        let written = format!("{begun}x{end}");
        let fix = (format!("write `{written}`"), Some(written));
        self.report(size, number, "the numbers of a size are joined by `x`", "written as a list", fix);
        true
    }

    /// Reports `conv 3x3x8, relu` and `conv 3x3x8 + relu`. Returns whether it did.
    fn joined_words(&mut self, statement: &[Unit]) -> bool {
        let head = statement.first().map_or("", |unit| self.units.word(*unit));
        if head.is_empty() || matches!(head, "let" | "block" | "network" | "table" | "inline" | "expect") {
            return false;
        }
        let joins =
            |pair: &[Unit]| matches!(pair[0].sort, Sort::Symbol(',' | '+')) && pair[1].sort == Sort::Word;
        let Some(at) = statement.windows(2).position(joins) else { return false };
        let (sign, word) = (statement[at], self.units.word(statement[at + 1]));
        let message = format!("words are not joined by `{}`", self.units.text(sign.first));
        let fix = if FORM_WORDS.contains(&head) || at == 1 {
            let form = if FORM_WORDS.contains(&head) { head } else { "add" };
            (format!("values meet in a branch form: `{form} < @a | @{word} >`"), None)
        } else {
            ("leave it out".to_owned(), Some(String::new()))
        };
        self.report(sign, sign, &message, "", fix);
        true
    }

    /// Reports `x = conv 3x3x8`. Returns whether it did.
    fn assignment(&mut self, statement: &[Unit]) -> bool {
        let unit_at = |at: usize| statement.get(at).copied();
        let name = statement.first().map_or("", |unit| self.units.word(*unit));
        if KEYWORDS.contains(&name) || !self.is_assignment([unit_at(0), unit_at(1), unit_at(2), unit_at(3)]) {
            return false;
        }
        let last = statement[statement.len() - 1];
        let value = &statement[2..];
        let is_named = value.iter().any(|unit| self.units.word(*unit) == "as");
        let text = self.written(value[0], last);
        let one_line = !text.contains(['\n', '#']);
        let written = format!("{text} as {name}");
        let certain = one_line && !is_named;
        let fix = if certain {
            (format!("write `{written}`"), Some(written))
        } else {
            (format!("names stand at the end of a statement: `conv 3x3x8 as {name}`"), None)
        };
        // The label shows the `=`; the edit replaces the whole statement.
        self.report(statement[0], last, "a value gets its name with `as`", "written like an assignment", fix);
        true
    }

    /// Reports `input 32, 32, 3`, `conv 3, 3, 8` and `input (32, 32, 3)`. Returns whether it did.
    fn commas(&mut self, statement: &[Unit]) -> bool {
        let Some(&head) = statement.first().filter(|unit| unit.sort == Sort::Word) else { return false };
        let is_input = self.units.word(head) == "input";
        let mut numbers: Vec<&str> = Vec::new();
        let mut last = None;
        match statement.get(1) {
            Some(unit) if unit.sort == Sort::Number => {
                let mut at = 1;
                while statement.get(at).is_some_and(|unit| unit.sort == Sort::Number) {
                    numbers.push(self.units.text(statement[at].first));
                    last = Some(statement[at]);
                    if statement.get(at + 1).is_none_or(|unit| unit.sort != Sort::Symbol(',')) {
                        break;
                    }
                    at += 2;
                }
            }
            Some(unit) if is_input && matches!(unit.sort, Sort::Parenthesis { .. }) => {
                for at in unit.first + 1..unit.last {
                    match self.units.tokens[at].kind {
                        TokenKind::Number => numbers.push(self.units.text(at)),
                        TokenKind::Symbol(',') => {}
                        _ => return false,
                    }
                }
                last = Some(*unit);
            }
            _ => return false,
        }
        let Some(last) = last.filter(|_| numbers.len() > 1) else { return false };
        if numbers.iter().any(|number| !number.bytes().all(|byte| byte.is_ascii_digit())) {
            return false;
        }
        let size = numbers.join("x");
        let fix = if numbers.len() <= 3 {
            (format!("write `{size}`: height x width x channels"), Some(size))
        } else {
            ("a size is that of one picture: `32x32x3`".to_owned(), None)
        };
        let fix = match fix {
            (_, Some(size)) if !is_input => (format!("write `{size}`"), Some(size)),
            fix => fix,
        };
        self.report(statement[1], last, "the numbers of a size are joined by `x`", "written as a list", fix);
        true
    }

    /// Reports `add @x`, where the branches are not written. Gives the index behind the paths.
    pub(super) fn bare_reference(&mut self, statement: &[Unit]) -> Option<usize> {
        let word = statement.first().map_or("", |unit| self.units.word(*unit));
        if !COMBINING.contains(&word) {
            return None;
        }
        let mut paths = Vec::new();
        let mut at = 1;
        while let [reference, path, ..] = statement[at.min(statement.len())..]
            && reference.sort == Sort::Symbol('@')
            && path.sort == Sort::Path
        {
            paths.push((reference, path));
            at += 2;
            at += usize::from(statement.get(at).is_some_and(|unit| unit.sort == Sort::Symbol(',')));
        }
        let (Some(&(first, _)), Some(&(_, last))) = (paths.first(), paths.last()) else { return None };
        let mut branches: Vec<&str> = paths.iter().map(|&(first, last)| self.written(first, last)).collect();
        if branches.len() == 1 {
            branches.insert(0, "identity");
        }
        let written = format!("< {} >", branches.join(" | "));
        let fix = (format!("write `{word} {written}`"), Some(written));
        self.report(first, last, "branches stand between `<` and `>`", "no branches", fix);
        Some(at)
    }

    /// Reports `residual ( conv 3x3x8 )`. Returns whether it did.
    fn parenthesised_branches(&mut self, statement: &[Unit]) -> bool {
        let word = statement.first().map_or("", |unit| self.units.word(*unit));
        let has_branches = statement.iter().any(|unit| unit.sort == Sort::Branches);
        if !FORM_WORDS.contains(&word) || has_branches {
            return false;
        }
        let is_parenthesis = |unit: &&Unit| matches!(unit.sort, Sort::Parenthesis { .. });
        let Some(&parenthesis) = statement.iter().find(is_parenthesis) else { return false };
        // An expression has neither two operands in a row nor other brackets inside.
        let inside = parenthesis.first + 1..parenthesis.last;
        let mut operands = inside.clone().zip(inside.start + 1..inside.end);
        let is_statement = operands.any(|(at, next)| {
            let [kind, following] = [at, next].map(|at| self.units.tokens[at].kind);
            kind == TokenKind::Word && matches!(following, TokenKind::Word | TokenKind::Number)
                || matches!(following, TokenKind::Symbol(';' | '<' | '['))
        });
        if !is_statement {
            return false;
        }
        let (open, close) = (self.units.tokens[parenthesis.first], self.units.tokens[parenthesis.last]);
        let body = self.units.source[open.end as usize..close.start as usize].trim().trim_end_matches(';');
        let fix = if body.contains('#') {
            (format!("write `{word} < … >`"), None)
        } else {
            (format!("write `{word} < … >`"), Some(format!("< {body} >")))
        };
        self.report(parenthesis, parenthesis, "branches stand between `<` and `>`", "parentheses", fix);
        true
    }
}

//! Finds statements that are written as in another language: `x = conv …`, `input 32, 32, 3`, `add @x`, `residual ( …
//! )`.
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

impl Separator<'_, '_, '_> {
    /// Returns whether `x = conv …` stands here. A number or a lone word behind `=` is an attribute cut off by a `;`.
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
            _ => false,
        };
        name.sort == Sort::Word && equals.sort == Sort::Symbol('=') && begins
    }

    /// Reports a statement that is written as in another language.
    pub(super) fn slip(&mut self, statement: &[Unit]) {
        let _ =
            self.assignment(statement) || self.commas(statement) || self.parenthesised_branches(statement);
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

    /// Reports `x = conv 3x3x8`. Returns whether it did.
    fn assignment(&mut self, statement: &[Unit]) -> bool {
        let unit_at = |at: usize| statement.get(at).copied();
        let name = statement.first().map_or("", |unit| self.units.word(*unit));
        let keywords =
            ["let", "block", "network", "table", "inline", "expect", "input", "labels", "use", "shared"];
        if keywords.contains(&name) || !self.is_assignment([unit_at(0), unit_at(1), unit_at(2), unit_at(3)]) {
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

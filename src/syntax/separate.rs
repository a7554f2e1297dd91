//! Finds `;` that were forgotten and `;` that separate nothing, and mends both.
//!
//! A statement that holds what can only be the beginning of another one lacks a `;` there: a word before a size where
//! the statement has one already, a keyword, a group, anything behind `as path` or `-> shape`. Trailing words may
//! begin a line, so that the end of a line alone proves nothing; it only decides between several places.

use std::collections::BTreeSet;

use crate::diag::Code;

use super::brackets::FORM_WORDS;
use super::lex::{Kind, Token};
use super::repair::Repairs;
use super::session::Session;
use super::units::{Sort, Unit, Units};

/// How many units before a `;` are looked at.
const LONGEST_LOOK: usize = 64;

/// Mends the separators between statements.
pub(super) fn separate(session: &mut Session<'_>, repairs: &mut Repairs, tokens: &[Token]) {
    let units = Units::new(session.source, tokens);
    let blocks =
        (1..tokens.len()).filter(|&at| tokens[at].kind == Kind::Word && units.text(at - 1) == "block");
    let blocks = blocks.map(|at| units.text(at)).collect();
    let mut separator =
        Separator { session, repairs, units: &units, blocks, bodies: vec![(0, tokens.len())] };
    while let Some((start, end)) = separator.bodies.pop() {
        separator.body(start, end);
    }
}

struct Separator<'a, 's, 'u> {
    session: &'s mut Session<'a>,
    repairs: &'s mut Repairs,
    units: &'u Units<'u>,
    /// The blocks of the file, whose names only begin statements.
    blocks: BTreeSet<&'u str>,
    /// Token ranges between brackets that are still to be looked at.
    bodies: Vec<(usize, usize)>,
}

impl Separator<'_, '_, '_> {
    fn body(&mut self, start: usize, end: usize) {
        let mut statement: Vec<Unit> = Vec::new();
        let mut at = start;
        while at < end {
            let unit = self.units.unit(at);
            at = unit.last + 1;
            match unit.sort {
                Sort::Symbol('|') => self.finish(&mut statement),
                Sort::Symbol(';') => {
                    let unit_at = |at: usize| (at < end).then(|| self.units.unit(at));
                    let next = unit_at(at);
                    let after = next.and_then(|next| unit_at(next.last + 1));
                    if self.is_needless(&statement, next, after) {
                        self.needless(&statement, unit);
                    } else {
                        self.finish(&mut statement);
                    }
                }
                Sort::Braces => {
                    let is_table = statement.iter().any(|unit| self.word(*unit) == "table");
                    if is_table {
                        self.rows(unit);
                    } else {
                        self.bodies.push((unit.first + 1, unit.last));
                    }
                    // What stands before the keyword of the item.
                    self.finish(&mut statement);
                }
                _ => {
                    if matches!(unit.sort, Sort::Group | Sort::Branches) {
                        self.bodies.push((unit.first + 1, unit.last));
                    }
                    statement.push(unit);
                }
            }
        }
        self.finish(&mut statement);
    }

    /// The rows of a table need one `;` between them.
    fn rows(&mut self, table: Unit) {
        for at in table.first + 1..table.last {
            let semicolon = self.units.unit(at);
            if semicolon.sort == Sort::Symbol(';')
                && matches!(self.units.tokens[at - 1].kind, Kind::Symbol(';' | '{'))
            {
                self.needless(&[], semicolon);
            }
        }
    }

    fn word(&self, unit: Unit) -> &str {
        if unit.sort == Sort::Word { self.units.text(unit.first) } else { "" }
    }

    /// Whether a `;` ends nothing or cuts a statement in two.
    fn is_needless(&self, statement: &[Unit], next: Option<Unit>, after: Option<Unit>) -> bool {
        let Some(last) = statement.last() else { return true };
        let Some(next) = next else { return false };
        // More units than a statement has need not be looked at.
        let statement = &statement[statement.len().saturating_sub(LONGEST_LOOK)..];
        let head = self.word(statement[0]);
        let has = |sort: Sort| statement.iter().any(|unit| unit.sort == sort);
        let cannot_begin = match next.sort {
            Sort::Number | Sort::Size | Sort::Parenthesis { .. } => {
                matches!(head, "let" | "network" | "block" | "table") || !self.has_size(statement)
            }
            Sort::Symbol('→') => !has(Sort::Symbol('→')),
            Sort::Symbol(symbol) => "*=,/≡≤≥.+-%^".contains(symbol),
            Sort::Text | Sort::Braces => true,
            Sort::Branches => !has(Sort::Branches),
            Sort::Word if self.word(next) == "as" => !statement.iter().any(|unit| self.word(*unit) == "as"),
            Sort::Word => match after.map(|after| after.sort) {
                Some(Sort::Symbol('=')) => !next.leads && !is_keyword(self.word(next)),
                Some(Sort::Symbol('≡' | '≤' | '≥')) => statement.len() == 1 && head == "expect",
                Some(Sort::Braces) => !is_keyword(self.word(next)),
                _ => false,
            },
            _ => false,
        };
        let last_token = self.units.tokens[last.last];
        let goes_on = match last.sort {
            Sort::Symbol(symbol) => "=→,*+/%^≡≤≥@-.".contains(symbol),
            // `3x3x` and `3/` are not at their end.
            Sort::Size | Sort::Number => {
                let open = last_token.is('/') || self.units.text(last.last).ends_with('x');
                open && matches!(next.sort, Sort::Size | Sort::Number | Sort::Parenthesis { .. })
            }
            Sort::Word if self.word(*last) == "as" => true,
            Sort::Word if statement.len() == 1 => {
                matches!(self.word(*last), "let" | "block" | "network" | "table" | "expect")
            }
            _ => false,
        };
        cannot_begin || (goes_on && !next.leads)
    }

    fn has_size(&self, statement: &[Unit]) -> bool {
        statement.iter().any(|unit| matches!(unit.sort, Sort::Size | Sort::Number | Sort::Parenthesis { .. }))
    }

    fn needless(&mut self, statement: &[Unit], semicolon: Unit) {
        let token = self.units.tokens[semicolon.first];
        let (start, end) = (token.start as usize, token.end as usize);
        let before =
            semicolon.first.checked_sub(1).map_or(0, |before| self.units.tokens[before].end as usize);
        if statement.is_empty() && self.repairs.is_doubtful(before, start) {
            // Something was taken out before it.
            self.repairs.blank(start, end);
            return;
        }
        let span = self.session.span(start, end);
        let message =
            if statement.is_empty() { "this `;` ends nothing" } else { "this `;` cuts a statement in two" };
        self.session.error(Code::E0001, span, message).fix("remove it", span, "").emit();
        self.repairs.blank(start, end);
        if !statement.is_empty() {
            self.repairs.doubt(start);
        }
    }

    /// Looks through a statement for the beginnings of others.
    fn finish(&mut self, statement: &mut Vec<Unit>) {
        let mut rest: &[Unit] = statement;
        while let Some(cut) = self.next_beginning(rest) {
            self.missing(rest[cut - 1], rest[cut]);
            rest = &rest[cut..];
        }
        statement.clear();
    }

    fn missing(&mut self, before: Unit, next: Unit) {
        let at = self.units.tokens[before.last].end as usize;
        if matches!(self.word(next), "block" | "network" | "table") {
            let token = self.units.tokens[before.first];
            let span = self.session.span(token.start as usize, at);
            let message = format!("unexpected text before `{}`", self.word(next));
            self.session.error(Code::E0001, span, message).emit();
            self.repairs.doubt(token.start as usize);
            self.repairs.insert(at, ";");
            return;
        }
        let gap = self.session.span(at, at);
        let shown = match next.sort {
            Sort::Group => "[".to_owned(),
            Sort::Symbol(symbol) => symbol.to_string(),
            _ => self.units.text(next.first).to_owned(),
        };
        let token = self.units.tokens[next.first];
        let next = self.session.span(token.start as usize, token.end as usize);
        let error = self.session.error(Code::E0002, gap, "a `;` is missing");
        let error =
            error.here("must stand here").label(next, format!("`{shown}` begins a statement of its own"));
        error.fix("put in `;`", gap, ";").emit();
        self.repairs.insert(at, ";");
    }

    /// The index of the first unit behind the beginning that begins another statement.
    fn next_beginning(&self, units: &[Unit]) -> Option<usize> {
        let first = *units.first()?;
        let word = self.word(first);
        let behind = |from: usize| (from..units.len()).next().filter(|&at| self.can_begin(units[at]));
        match word {
            "let" => self.behind_constant(units),
            "expect" => {
                let is_whole = units.len() > 4
                    && units[1].sort == Sort::Path
                    && matches!(units[2].sort, Sort::Symbol('≡' | '≤' | '≥'))
                    && matches!(units[3].sort, Sort::Number | Sort::Size | Sort::Parenthesis { .. });
                is_whole.then(|| behind(4)).flatten()
            }
            "labels" | "use" => units.get(1).filter(|unit| unit.sort == Sort::Text).and_then(|_| behind(2)),
            "cnn" => units.get(1).filter(|unit| unit.sort == Sort::Number).and_then(|_| behind(2)),
            "network" => {
                let equals = units.iter().position(|unit| unit.sort == Sort::Symbol('='))?;
                let called =
                    units.get(equals + 2).is_some_and(|unit| matches!(unit.sort, Sort::Parenthesis { .. }));
                called.then(|| behind(equals + 3)).flatten()
            }
            "block" | "table" => None,
            "input" => self.behind_input(units),
            _ => match first.sort {
                Sort::Symbol('@') if units.get(1).is_some_and(|unit| unit.sort == Sort::Path) => {
                    self.behind_suffixes(units, 2)
                }
                Sort::Group => self.behind_suffixes(units, 1),
                Sort::Word => self.behind_flow(units),
                _ => None,
            },
        }
    }

    fn can_begin(&self, unit: Unit) -> bool {
        match unit.sort {
            Sort::Word => !matches!(self.word(unit), "as" | "in"),
            Sort::Group | Sort::Symbol('@') => true,
            _ => false,
        }
    }

    /// `let name = expression`, where an operand follows an operand.
    fn behind_constant(&self, units: &[Unit]) -> Option<usize> {
        if units.len() < 4 || units[1].sort != Sort::Word || units[2].sort != Sort::Symbol('=') {
            return None;
        }
        let mut complete = false;
        for at in 3..units.len() {
            match units[at].sort {
                Sort::Symbol('@') => return complete.then_some(at),
                Sort::Symbol(_) => complete = false,
                // The arguments of a function.
                Sort::Parenthesis { .. } if complete && units[at - 1].sort == Sort::Word => {}
                _ if complete => {
                    let operator =
                        |unit: &Unit| matches!(unit.sort, Sort::Symbol(symbol) if "+-*/%^".contains(symbol));
                    let goes_on = units.get(at + 1).is_some_and(operator);
                    return (self.can_begin(units[at]) && !goes_on).then_some(at);
                }
                Sort::Group => return None,
                _ => complete = true,
            }
        }
        None
    }

    fn behind_input(&self, units: &[Unit]) -> Option<usize> {
        let measured = units.get(1).is_some_and(|unit| matches!(unit.sort, Sort::Size | Sort::Number));
        if !measured {
            return None;
        }
        let mut at = 2;
        while at < units.len() {
            let next = units.get(at + 1).map(|unit| unit.sort);
            match units[at].sort {
                Sort::Word if self.word(units[at]) == "as" => return self.behind_suffixes(units, at),
                Sort::Word if next == Some(Sort::Symbol('=')) => at += 2,
                Sort::Word | Sort::Group | Sort::Symbol('@') => {
                    let alone = next.is_none_or(|next| next == Sort::Word) && units[at].sort == Sort::Word;
                    return (!alone || units[at].leads).then_some(at);
                }
                Sort::Symbol('→') => return None,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// From `at` on, only `* n`, `-> shape` and `as path` may follow.
    fn behind_suffixes(&self, units: &[Unit], mut at: usize) -> Option<usize> {
        while at < units.len() {
            let next = units.get(at + 1).map(|unit| unit.sort);
            match (units[at].sort, next) {
                (Sort::Symbol('→'), Some(Sort::Size | Sort::Number | Sort::Parenthesis { .. })) => at += 2,
                (Sort::Symbol('*'), Some(Sort::Number | Sort::Parenthesis { .. })) => at += 2,
                (Sort::Word, Some(Sort::Path)) if self.word(units[at]) == "as" => at += 2,
                _ => break,
            }
        }
        let first = *units.get(at)?;
        if !self.can_begin(first) {
            return None;
        }
        // Lone words on the same line are trailing words that stand too late; the grammar says so.
        let lone = units[at..].iter().all(|unit| unit.sort == Sort::Word && self.word(*unit) != "as");
        let takes_words = !matches!(units[0].sort, Sort::Group | Sort::Symbol('@'));
        (!lone || first.leads || !takes_words).then_some(at)
    }

    /// An operator, block call or branch form.
    fn behind_flow(&self, units: &[Unit]) -> Option<usize> {
        let is_call = |at: usize| matches!(units[at].sort, Sort::Parenthesis { .. }) && units[at].glued;
        // Whether another size can only belong to another statement, and the first unit that may begin it.
        let mut measured = units.len() > 1 && is_call(1);
        let mut earliest = 1;
        let mut branched = false;
        let mut at = 1;
        while at < units.len() {
            let unit = units[at];
            let is_value = units[at - 1].sort == Sort::Symbol('=');
            match unit.sort {
                Sort::Symbol('→' | '*') => return self.behind_suffixes(units, at),
                Sort::Word if self.word(unit) == "as" => return self.behind_suffixes(units, at),
                // `residual [ … ]` has the wrong brackets.
                Sort::Group if at == 1 && FORM_WORDS.contains(&self.word(units[0])) => return None,
                Sort::Group | Sort::Symbol('@') => return Some(at),
                Sort::Branches => {
                    if let Some(beginning) = self.form_beginning(units, earliest, at, measured || branched) {
                        return Some(beginning);
                    }
                    branched = true;
                    measured = true;
                    earliest = at + 1;
                }
                Sort::Size => {
                    let is_word = units[at - 1].sort == Sort::Word
                        && units[at.saturating_sub(2)].sort != Sort::Symbol('=');
                    if measured && is_word {
                        return Some(self.size_beginning(units, earliest, at));
                    }
                    measured = true;
                    earliest = at + 1;
                }
                Sort::Word if !is_value && self.is_head(units, at) => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Whether a word in the middle of a statement is a keyword in use, or calls a block.
    fn is_head(&self, units: &[Unit], at: usize) -> bool {
        let Some(next) = units.get(at + 1) else { return false };
        let word = self.word(units[at]);
        match word {
            "let" => next.sort == Sort::Word,
            "expect" => next.sort == Sort::Path,
            "labels" | "use" => next.sort == Sort::Text,
            "input" => matches!(next.sort, Sort::Size | Sort::Number),
            "block" | "network" | "table" => {
                let after = units.get(at + 2).map(|unit| unit.sort);
                let header =
                    matches!(after, None | Some(Sort::Parenthesis { .. } | Sort::Number | Sort::Symbol('=')));
                next.sort == Sort::Word && header
            }
            _ => match next.sort {
                Sort::Parenthesis { named: true } => true,
                Sort::Parenthesis { .. } => {
                    self.blocks.contains(word) || (next.glued && word == self.word(units[0]))
                }
                _ => false,
            },
        }
    }

    /// Where the statement begins whose size is `size`: at the last word from `earliest` on that leads a line, else
    /// at the word before the size. The `to` of `avgpool to 7x7` is not that word.
    fn size_beginning(&self, units: &[Unit], earliest: usize, size: usize) -> usize {
        let leading = (earliest..size).rev().find(|&at| units[at].sort == Sort::Word && units[at].leads);
        leading.unwrap_or_else(|| {
            let follows_word = size - 1 > earliest && units[size - 2].sort == Sort::Word;
            if self.word(units[size - 1]) == "to" && follows_word { size - 2 } else { size - 1 }
        })
    }

    /// Where the statement begins whose branches are `branches`, if not at the beginning.
    fn form_beginning(
        &self,
        units: &[Unit],
        earliest: usize,
        branches: usize,
        certain: bool,
    ) -> Option<usize> {
        let is_word = |at: &usize| units[*at].sort == Sort::Word && units[*at - 1].sort != Sort::Symbol('=');
        let form =
            (earliest..branches).rev().filter(is_word).find(|&at| FORM_WORDS.contains(&self.word(units[at])));
        form.or_else(|| {
            let leading = (earliest..branches).rev().filter(is_word).find(|&at| units[at].leads);
            leading.filter(|_| certain)
        })
    }
}

/// Whether a word begins a statement or item of its own.
fn is_keyword(word: &str) -> bool {
    matches!(word, "block" | "network" | "table" | "let" | "expect" | "input" | "labels" | "use")
}

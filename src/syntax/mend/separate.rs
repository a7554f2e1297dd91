//! Finds forgotten and needless `;`, reports them, and inserts or removes them.

use crate::base::Span;
use crate::diag::{Builder, Code, Sink};
use crate::syntax::session::Session;
use crate::syntax::token::{Token, TokenKind};

use super::Repairs;
use super::beginnings::{Beginnings, is_item_word};
use super::units::{Sort, Unit, Units};

/// The number of units before a `;` that are examined.
const LONGEST_LOOK: usize = 64;

/// The most tokens of a statement, without those of its bodies.
const MOST_TOKENS: usize = 65_536;

/// The most rows of a table.
const MOST_ROWS: usize = 65_536;

/// Repairs the separators between the statements of a text.
pub(crate) fn separate(session: &mut Session<'_>, repairs: &mut Repairs, tokens: &[Token]) {
    let units = Units::new(session.source, tokens);
    let blocks =
        (1..tokens.len()).filter(|&at| tokens[at].kind == TokenKind::Word && units.text(at - 1) == "block");
    let blocks = blocks.map(|at| units.text(at)).collect();
    // A network has more than one statement, so that in a text without any `;` every line is a statement.
    let is_input = |at: usize| tokens[at].leads && units.text(at) == "input";
    let lines = !tokens.iter().any(|token| token.is(';')) && (0..tokens.len()).any(is_input);
    let beginnings = Beginnings { units: &units, blocks, lines };
    let bodies = vec![(0, tokens.len())];
    let mut separator = Separator { session, repairs, units: &units, beginnings, bodies };
    while let Some((start, end)) = separator.bodies.pop() {
        separator.body(start, end);
    }
}

pub(super) struct Separator<'a, 's, 'u> {
    pub(super) session: &'s mut Session<'a>,
    pub(super) repairs: &'s mut Repairs,
    pub(super) units: &'u Units<'u>,
    pub(super) beginnings: Beginnings<'u>,
    /// Ranges of tokens between brackets that are still to be examined.
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
                    let value = after.and_then(|after| unit_at(after.last + 1));
                    let measure = value.and_then(|value| unit_at(value.last + 1));
                    let assigns = !statement.is_empty() && self.is_assignment([next, after, value, measure]);
                    if !assigns && self.is_needless(&statement, next, after) {
                        self.needless(&statement, unit);
                    } else {
                        self.finish(&mut statement);
                    }
                }
                Sort::Braces => {
                    let is_table = statement.iter().any(|unit| self.units.word(*unit) == "table");
                    if is_table {
                        self.rows(&statement, unit);
                    } else {
                        self.bodies.push((unit.first + 1, unit.last));
                    }
                    // The statement before the keyword of the item ends here.
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

    /// Removes needless `;` between the rows of a table, and refuses a table of too many rows. `head` is what stands
    /// before the rows.
    fn rows(&mut self, head: &[Unit], table: Unit) {
        let tokens = &self.units.tokens[table.first..=table.last];
        let count = tokens.iter().filter(|token| token.is(';')).count();
        if count > MOST_ROWS {
            let (open, close) = (tokens[0], tokens[tokens.len() - 1]);
            let span = self.session.span(open.start as usize, open.end as usize);
            let message = format!("{count} rows; the limit is {MOST_ROWS}");
            self.session.error(Code::E0012, span, message).emit();
            self.repairs.blank(open.end as usize, close.start as usize);
            self.repairs.mark_unreliable(self.units.tokens[head[0].first].start as usize);
            return;
        }
        for at in table.first + 1..table.last {
            let semicolon = self.units.unit(at);
            if semicolon.sort == Sort::Symbol(';')
                && matches!(self.units.tokens[at - 1].kind, TokenKind::Symbol(';' | '{'))
            {
                self.needless(&[], semicolon);
            }
        }
    }

    /// Returns whether a `;` ends nothing, or cuts a statement in two.
    fn is_needless(&self, statement: &[Unit], next: Option<Unit>, after: Option<Unit>) -> bool {
        let Some(last) = statement.last() else { return true };
        let Some(next) = next else { return false };
        // A statement has fewer units than this, so that the ones before need not be examined.
        let statement = &statement[statement.len().saturating_sub(LONGEST_LOOK)..];
        let head = self.units.word(statement[0]);
        let has = |sort: Sort| statement.iter().any(|unit| unit.sort == sort);
        let cannot_begin = match next.sort {
            Sort::Number | Sort::Size | Sort::Parenthesis { .. } => {
                matches!(head, "let" | "network" | "block" | "table") || !self.has_size(statement)
            }
            Sort::Symbol('→') => !has(Sort::Symbol('→')),
            Sort::Symbol(symbol) => "*=,/≡≤≥.+-%^".contains(symbol),
            Sort::Text | Sort::Braces => true,
            Sort::Branches => !has(Sort::Branches),
            Sort::Word if self.units.word(next) == "as" => {
                !statement.iter().any(|unit| self.units.word(*unit) == "as")
            }
            Sort::Word => match after.map(|after| after.sort) {
                Some(Sort::Symbol('=')) => !next.leads && !is_keyword(self.units.word(next)),
                Some(Sort::Symbol('≡' | '≤' | '≥')) => statement.len() == 1 && head == "expect",
                Some(Sort::Braces) => is_item_word(head) && !is_keyword(self.units.word(next)),
                _ => false,
            },
            _ => false,
        };
        let is_measure = matches!(next.sort, Sort::Size | Sort::Number | Sort::Parenthesis { .. });
        let last_token = self.units.tokens[last.last];
        let goes_on = match last.sort {
            Sort::Symbol('→' | '*' | '=' | '≡' | '≤' | '≥') if head != "let" && head != "network" => {
                is_measure
            }
            Sort::Symbol(symbol) => "=→,*+/%^≡≤≥@-.".contains(symbol),
            // Text such as `3x3x` and `3/` is not complete.
            Sort::Size | Sort::Number => {
                is_measure && (last_token.is('/') || self.units.text(last.last).ends_with('x'))
            }
            Sort::Word if self.units.word(*last) == "as" => true,
            Sort::Word if statement.len() == 1 => {
                matches!(self.units.word(*last), "let" | "block" | "network" | "table" | "expect")
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
        if statement.is_empty() && self.repairs.is_unreliable(before, start) {
            // Some text was taken out before it.
            self.repairs.blank(start, end);
            return;
        }
        let span = self.session.span(start, end);
        let message =
            if statement.is_empty() { "this `;` ends nothing" } else { "this `;` cuts a statement in two" };
        self.session.error(Code::E0001, span, message).fix("remove it", span, "").emit();
        self.repairs.blank(start, end);
        if !statement.is_empty() {
            self.repairs.mark_unreliable(start);
        }
    }

    /// Finds further statements that begin inside one, and inserts the `;` between them.
    fn finish(&mut self, statement: &mut Vec<Unit>) {
        if let (Some(first), Some(last)) = (statement.first(), statement.last()) {
            let (start, end) = (self.units.tokens[first.first].start, self.units.tokens[last.last].end);
            // Text that is unreliable already is only divided where a line begins.
            let unreliable = self.repairs.is_unreliable(start as usize, end as usize);
            let mut rest: &[Unit] = statement;
            loop {
                let next = match self.bare_reference(rest) {
                    Some(end) => {
                        (end..rest.len()).find(|&at| rest[at].leads && self.beginnings.can_begin(rest[at]))
                    }
                    None => self.beginnings.next(rest).filter(|&cut| rest[cut].leads || !unreliable),
                };
                let (piece, behind) = rest.split_at(next.unwrap_or(rest.len()));
                self.slip(piece);
                self.refuse_long(piece);
                let Some(&beginning) = behind.first() else { break };
                self.missing(piece, beginning);
                if !self.beginnings.lines {
                    self.doubt_lone_word(piece);
                }
                rest = behind;
                if !beginning.leads {
                    self.doubt_lone_word(rest);
                }
            }
        }
        statement.clear();
    }

    /// Reports a statement that is too long to be read, and leaves nothing of it but its bodies: the generated parser
    /// keeps each part of a statement in memory until it has read the whole of it.
    fn refuse_long(&mut self, piece: &[Unit]) {
        let read = piece.iter().filter(|unit| !matches!(unit.sort, Sort::Group | Sort::Branches));
        let count: usize = read.clone().map(|unit| unit.last - unit.first + 1).sum();
        if count <= MOST_TOKENS {
            return;
        }
        let first = self.units.tokens[piece[0].first];
        let span = self.session.span(first.start as usize, first.end as usize);
        let message =
            format!("{count} words, numbers and signs in one statement; the limit is {MOST_TOKENS}");
        self.session.error(Code::E0012, span, message).emit();
        for unit in read {
            let (start, end) = (self.units.tokens[unit.first].start, self.units.tokens[unit.last].end);
            self.repairs.blank(start as usize, end as usize);
        }
        self.repairs.insert(first.start as usize, "_");
        self.repairs.mark_unreliable(first.start as usize);
    }

    /// Marks a word as unreliable that an inserted `;` has left alone: it may be no statement.
    fn doubt_lone_word(&mut self, piece: &[Unit]) {
        let alone = match piece {
            [_] => true,
            [_, next, ..] => matches!(next.sort, Sort::Symbol('→' | '*')) || self.units.word(*next) == "as",
            [] => false,
        };
        if alone && piece[0].sort == Sort::Word {
            self.repairs.mark_unreliable(self.units.tokens[piece[0].first].start as usize);
        }
    }

    /// Returns whether a statement is the beginning of an item without what must follow.
    fn is_unfinished_item(&self, statement: &[Unit]) -> bool {
        let last = statement[statement.len() - 1];
        match self.units.word(statement[0]) {
            "use" => statement.len() == 1,
            "let" => {
                statement.len() < 4
                    || matches!(last.sort, Sort::Symbol(symbol) if "=+-*/%^,".contains(symbol))
            }
            "network" => {
                last.sort == Sort::Symbol('=') || !statement.iter().any(|unit| unit.sort == Sort::Symbol('='))
            }
            "block" | "inline" | "table" => true,
            _ => false,
        }
    }

    fn missing(&mut self, statement: &[Unit], next: Unit) {
        let before = statement[statement.len() - 1];
        let at = self.units.tokens[before.last].end as usize;
        if next.leads && self.is_unfinished_item(statement) {
            let start = self.units.tokens[statement[0].first].start as usize;
            let (item, begun) = (self.session.span(start, at), self.units.word(statement[0]));
            let token = self.units.tokens[next.first];
            let following = self.session.span(token.start as usize, token.end as usize);
            let error = self.session.error(Code::E0001, item, format!("this `{begun}` is not finished"));
            let label = format!("`{}` begins an item of its own", self.units.word(next));
            error.here("something is missing behind it").label(following, label).emit();
            self.repairs.mark_unreliable(start);
            self.repairs.insert(at, ";");
            return;
        }
        // Items that end with `;` are complete, whatever follows them.
        let is_whole = matches!(self.units.word(statement[0]), "let" | "use" | "cnn" | "network");
        if !is_whole && matches!(self.units.word(next), "block" | "inline" | "network" | "table") {
            let token = self.units.tokens[before.first];
            let span = self.session.span(token.start as usize, at);
            let message = format!("unexpected text before `{}`", self.units.word(next));
            self.session.error(Code::E0001, span, message).emit();
            self.repairs.mark_unreliable(token.start as usize);
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
        self.session.failed = true;
        missing_semicolon(self.session.sink, gap, next, &shown).emit();
        self.repairs.insert(at, ";");
    }
}

/// Starts the error that a `;` is missing at `gap`, before a statement that begins with `shown` at `next`.
pub(crate) fn missing_semicolon<'s>(sink: &'s mut Sink, gap: Span, next: Span, shown: &str) -> Builder<'s> {
    let error = sink.error(Code::E0002, gap, "a `;` is missing").here("must stand here");
    error.label(next, format!("`{shown}` begins a statement of its own")).fix("put in `;`", gap, ";")
}

/// Returns whether a word begins a statement or item of its own.
fn is_keyword(word: &str) -> bool {
    matches!(word, "block" | "network" | "table" | "let" | "expect" | "input" | "labels" | "use")
}

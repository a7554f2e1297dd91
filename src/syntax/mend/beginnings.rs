//! Finds where a second statement begins within text that was written as one.
//!
//! A statement that holds what can only be the beginning of another one lacks a `;` there: a word before a size where
//! the statement has one already, a keyword, a group, anything behind `as path` or `-> shape`. Trailing words may
//! begin a line, so that the end of a line alone proves nothing; it only decides between several places.

use std::collections::BTreeSet;

use super::FORM_WORDS;
use super::units::{Sort, Unit, Units};

/// The text, its units, and what is known about the file.
pub(crate) struct Beginnings<'a> {
    /// The text in units.
    pub(crate) units: &'a Units<'a>,
    /// The blocks of the file, whose names only begin statements.
    pub(crate) blocks: BTreeSet<&'a str>,
    /// Whether no `;` stands in the text, so that every line is a statement.
    pub(crate) lines: bool,
}

impl Beginnings<'_> {
    /// The index of the first unit behind the beginning that begins another statement.
    pub(crate) fn next(&self, units: &[Unit]) -> Option<usize> {
        if self.lines {
            let line = (1..units.len()).find(|&at| units[at].leads && self.can_begin(units[at]));
            return self.next_on_line(&units[..line.unwrap_or(units.len())]).or(line);
        }
        self.next_on_line(units)
    }

    fn next_on_line(&self, units: &[Unit]) -> Option<usize> {
        let first = *units.first()?;
        let word = self.units.word(first);
        let behind = |from: usize| (from..units.len()).next().filter(|&at| self.can_begin(units[at]));
        let behind_whole = match word {
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
            "inline" if units.get(1).is_some_and(|unit| self.units.word(*unit) == "block") => None,
            "shared" if units.get(1).is_some_and(|unit| unit.sort == Sort::Path) => {
                self.behind_suffixes(units, 2)
            }
            "input" => self.behind_input(units),
            _ => match first.sort {
                Sort::Symbol('@') if units.get(1).is_some_and(|unit| unit.sort == Sort::Path) => {
                    self.behind_suffixes(units, 2)
                }
                Sort::Group => self.behind_suffixes(units, 1),
                Sort::Word => self.behind_flow(units),
                _ => None,
            },
        };
        behind_whole.or_else(|| if is_item_word(word) { self.next_item(units) } else { None })
    }

    /// For an item that is not finished: the first unit that begins a line and another item.
    fn next_item(&self, units: &[Unit]) -> Option<usize> {
        (1..units.len()).find(|&at| self.begins_item(units, at))
    }

    /// Returns whether a line begins with the head of an item.
    fn begins_item(&self, units: &[Unit], at: usize) -> bool {
        units[at].leads && is_item_word(self.units.word(units[at])) && self.is_head(units, at)
    }

    /// Returns whether a unit may be the first of a statement.
    pub(super) fn can_begin(&self, unit: Unit) -> bool {
        match unit.sort {
            Sort::Word => !matches!(self.units.word(unit), "as" | "in"),
            Sort::Group | Sort::Symbol('@') => true,
            _ => false,
        }
    }

    /// Finds the end of `let name = expression`: where an operand follows an operand.
    fn behind_constant(&self, units: &[Unit]) -> Option<usize> {
        if units.len() < 4 || units[1].sort != Sort::Word || units[2].sort != Sort::Symbol('=') {
            return None;
        }
        let mut complete = false;
        for at in 3..units.len() {
            if self.begins_item(units, at) {
                return Some(at);
            }
            match units[at].sort {
                Sort::Symbol('@') => return complete.then_some(at),
                Sort::Symbol(_) => complete = false,
                // The parenthesis holds the arguments of a function.
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
                Sort::Word if self.units.word(units[at]) == "as" => return self.behind_suffixes(units, at),
                Sort::Word if next == Some(Sort::Symbol('=')) => at += 2,
                Sort::Word | Sort::Group | Sort::Symbol('@') => {
                    let alone = next.is_none_or(|next| next == Sort::Word) && units[at].sort == Sort::Word;
                    // A lone word on the line of `input` is a flag, such as `letterbox`.
                    if !alone || units[at].leads {
                        return Some(at);
                    }
                }
                Sort::Symbol('→') => return None,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Finds the end of the suffixes that begin at `at`: only `* n`, `-> shape` and `as path` may stand there.
    fn behind_suffixes(&self, units: &[Unit], mut at: usize) -> Option<usize> {
        while at < units.len() {
            let next = units.get(at + 1).map(|unit| unit.sort);
            match (units[at].sort, next) {
                (Sort::Symbol('→'), Some(Sort::Size | Sort::Number | Sort::Parenthesis { .. })) => at += 2,
                (Sort::Symbol('*'), Some(Sort::Number | Sort::Parenthesis { .. })) => at += 2,
                (Sort::Word, Some(Sort::Path)) if self.units.word(units[at]) == "as" => at += 2,
                (Sort::Word, Some(Sort::Number | Sort::Parenthesis { .. }))
                    if self.units.word(units[at]) == "from" && units[at - 1].sort == Sort::Path =>
                {
                    at += 2;
                }
                _ => break,
            }
        }
        let first = *units.get(at)?;
        if !self.can_begin(first) {
            return None;
        }
        // Lone words on the same line are trailing words that come too late; the grammar reports them.
        let lone = units[at..].iter().all(|unit| unit.sort == Sort::Word && self.units.word(*unit) != "as");
        let takes_words = !matches!(units[0].sort, Sort::Group | Sort::Symbol('@'));
        (!lone || first.leads || !takes_words).then_some(at)
    }

    /// Finds the end of an operator, block call or branch form.
    fn behind_flow(&self, units: &[Unit]) -> Option<usize> {
        let is_call = |at: usize| matches!(units[at].sort, Sort::Parenthesis { .. }) && units[at].glued;
        // If another size can only belong to another statement, this is set, and the first unit that may begin that
        // statement.
        let mut measured = units.len() > 1 && is_call(1);
        let mut earliest = 1;
        let mut branched = false;
        let mut at = 1;
        while at < units.len() {
            let unit = units[at];
            let is_value = units[at - 1].sort == Sort::Symbol('=');
            match unit.sort {
                Sort::Symbol('→' | '*') => return self.behind_suffixes(units, at),
                Sort::Word if self.units.word(unit) == "as" => return self.behind_suffixes(units, at),
                // In `residual [ … ]` only the kind of brackets is wrong.
                Sort::Group if at == 1 && FORM_WORDS.contains(&self.units.word(units[0])) => return None,
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

    /// Returns whether a word in the middle of a statement is a keyword in use, or calls a block.
    fn is_head(&self, units: &[Unit], at: usize) -> bool {
        let Some(next) = units.get(at + 1) else { return false };
        let word = self.units.word(units[at]);
        match word {
            "let" => next.sort == Sort::Word,
            "expect" => next.sort == Sort::Path,
            "labels" | "use" => next.sort == Sort::Text,
            "input" => matches!(next.sort, Sort::Size | Sort::Number),
            "inline" => self.units.word(*next) == "block",
            "shared" => units[at].leads && next.sort == Sort::Word && !next.leads,
            "block" | "network" | "table" => {
                let after = units.get(at + 2).map(|unit| unit.sort);
                let header =
                    matches!(after, None | Some(Sort::Parenthesis { .. } | Sort::Number | Sort::Symbol('=')));
                next.sort == Sort::Word && header
            }
            _ => match next.sort {
                Sort::Parenthesis { named: true } => true,
                Sort::Parenthesis { .. } => {
                    self.blocks.contains(word) || (next.glued && word == self.units.word(units[0]))
                }
                _ => false,
            },
        }
    }

    /// The beginning of the statement with the size `size`: the last word from `earliest` on that begins a line, or
    /// else the word before the size. The `to` of `avgpool to 7x7` is not that word.
    fn size_beginning(&self, units: &[Unit], earliest: usize, size: usize) -> usize {
        let leading = (earliest..size).rev().find(|&at| units[at].sort == Sort::Word && units[at].leads);
        leading.unwrap_or_else(|| {
            let follows_word = size - 1 > earliest && units[size - 2].sort == Sort::Word;
            if self.units.word(units[size - 1]) == "to" && follows_word { size - 2 } else { size - 1 }
        })
    }

    /// The beginning of the statement with the branches `branches`, unless it is the first unit.
    fn form_beginning(
        &self,
        units: &[Unit],
        earliest: usize,
        branches: usize,
        certain: bool,
    ) -> Option<usize> {
        let is_word = |at: &usize| units[*at].sort == Sort::Word && units[*at - 1].sort != Sort::Symbol('=');
        let form = (earliest..branches)
            .rev()
            .filter(is_word)
            .find(|&at| FORM_WORDS.contains(&self.units.word(units[at])));
        form.or_else(|| {
            let leading = (earliest..branches).rev().filter(is_word).find(|&at| units[at].leads);
            leading.filter(|_| certain)
        })
    }
}

/// Returns whether a word begins an item.
pub(super) fn is_item_word(word: &str) -> bool {
    matches!(word, "use" | "let" | "block" | "inline" | "table" | "network")
}

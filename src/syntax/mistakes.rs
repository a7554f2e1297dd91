//! What is wrong with a part that the grammar did not understand: it is read again without the net, up to the
//! place where it stops being right.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

use crate::base::Span;
use crate::diag::Code;

use super::build::TreeBuilder;
use super::grammar::{CnnParser, Rule};
use super::lex::{Kind, Token};

impl TreeBuilder<'_, '_> {
    /// Reports what is wrong with the bytes `start..end` of the repaired text, which should be a `rule`. What was
    /// reported before the grammar read the text is not reported again.
    pub(super) fn explain(&mut self, rule: Rule, start: usize, end: usize) {
        self.spoiled = true;
        self.tree.broken = true;
        let whole = self.original(start, end);
        if self.is_doubtful(whole) {
            return;
        }
        let repaired = self.repaired;
        let slice = repaired.text[start..end].trim_end();
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

    fn complain(&mut self, whole: Span, at: usize, wanted: &[Rule]) {
        let index = self.tokens.partition_point(|token| (token.end as usize) <= at);
        let found = self.tokens.get(index).copied();
        let before =
            index.checked_sub(1).map(|index| self.tokens[index]).filter(|token| token.start >= whole.start);
        let shown = found.map_or_else(|| "the end of the text".to_owned(), |token| self.shown(token));
        // What is missing at the end of a line is not found at the beginning of the next one.
        let span = match (before, found) {
            (Some(before), Some(found)) if !found.leads => {
                let _ = before;
                self.session.span(found.start as usize, found.end as usize)
            }
            (Some(before), _) => self.session.span(before.start as usize, before.end as usize),
            (None, Some(found)) => self.session.span(found.start as usize, found.end as usize),
            (None, None) => whole,
        };
        let wanted = phrases(wanted);
        let message = if wanted.is_empty() {
            format!("unexpected {shown}")
        } else {
            format!("expected {}, found {shown}", listed(&wanted))
        };
        self.error(Code::E0001, span, message).emit();
    }

    /// A token as messages show it.
    fn shown(&self, token: Token) -> String {
        let text = &self.session.source[token.start as usize..token.end as usize];
        match token.kind {
            Kind::Text => "a string".to_owned(),
            _ if text.len() > 40 => "a long word".to_owned(),
            _ => format!("`{text}`"),
        }
    }
}

/// What rules are called in messages, without repetitions, in a fixed order.
fn phrases(rules: &[Rule]) -> Vec<&'static str> {
    let mut phrases: Vec<&'static str> = rules.iter().filter_map(|&rule| phrase(rule)).collect();
    phrases.sort_unstable();
    phrases.dedup();
    phrases
}

fn phrase(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::identifier | Rule::mention => "a name",
        Rule::integer | Rule::digits | Rule::real | Rule::signed => "a number",
        Rule::size => "a size",
        Rule::shape => "a shape",
        Rule::string => "a string",
        Rule::path | Rule::new_path | Rule::plain_part => "a path",
        Rule::comparison => "`==`, `<=` or `>=`",
        Rule::quantity => "a number",
        Rule::equals => "`=`",
        Rule::arrow => "`->`",
        Rule::comma => "`,`",
        Rule::binary => "an operator",
        Rule::parenthesised | Rule::parameters | Rule::nested => "`(`",
        Rule::expression | Rule::entry => "an expression",
        Rule::operator | Rule::word => "a word",
        _ => return None,
    })
}

fn listed(phrases: &[&str]) -> String {
    match phrases {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

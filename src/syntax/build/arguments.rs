//! Builds arguments, sizes, parentheses and names of the tree from the pairs of the grammar.

use pest::iterators::Pair;

use crate::base::{Span, Spanned};
use crate::diag::Code;

use super::{TreeBuilder, exactly, next};
use crate::syntax::ast::{Arg, ArgValue, CallArg, Expr, ExprKind, Ident, Name, PathPart, Sequence, Size};
use crate::syntax::grammar::Rule;

/// The greatest number of arguments of one operator, call or tuple.
pub(super) const MOST_ARGUMENTS: usize = 256;

impl TreeBuilder<'_, '_> {
    /// Builds one argument of an operator: a word, a size, a value or an attribute.
    pub(crate) fn argument(&mut self, pair: Pair<'_, Rule>) -> Arg {
        match pair.as_rule() {
            Rule::attribute => {
                let mut inner = pair.into_inner();
                let name = self.ident(next(&mut inner));
                let value = inner.last().expect("an attribute has a value");
                Arg::Attribute { name, value: self.attribute_value(value) }
            }
            Rule::word => Arg::Word(self.ident(pair)),
            Rule::real => {
                let span = self.span(&pair);
                Arg::Value(ArgValue::Expr(Expr { kind: ExprKind::Real(self.real(&pair)), span }))
            }
            _ => self.size(pair),
        }
    }

    fn attribute_value(&mut self, pair: Pair<'_, Rule>) -> ArgValue {
        match pair.as_rule() {
            Rule::word => ArgValue::Word(self.ident(pair)),
            Rule::signed => ArgValue::Expr(self.signed(pair)),
            _ => self.value(pair),
        }
    }

    fn signed(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        let (negative, number) = match first.as_rule() {
            Rule::minus => (true, next(&mut inner)),
            _ => (false, first),
        };
        let number_span = self.span(&number);
        let kind = match number.as_rule() {
            Rule::real => ExprKind::Real(self.real(&number)),
            _ => ExprKind::Int(self.integer(&number)),
        };
        let number = Expr { kind, span: number_span };
        if negative { Expr { kind: ExprKind::Negate(Box::new(number)), span } } else { number }
    }

    /// Builds a size; one dimension without a stride becomes a value.
    fn size(&mut self, pair: Pair<'_, Rule>) -> Arg {
        let span = self.span(&pair);
        let parts: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
        if let [only] = &parts[..] {
            return Arg::Value(self.value(only.clone()));
        }
        let mut halves = parts.split(|part| part.as_rule() == Rule::stride);
        let mut half = || {
            let dims = halves.next().unwrap_or_default();
            dims.iter().map(|part| self.dimension(part.clone())).collect()
        };
        Arg::Size(Size { dims: half(), stride: half(), span })
    }

    /// Builds a value from a number, or from one or several expressions in parentheses.
    fn value(&mut self, pair: Pair<'_, Rule>) -> ArgValue {
        let span = self.span(&pair);
        if pair.as_rule() != Rule::parenthesised {
            return ArgValue::Expr(Expr { kind: ExprKind::Int(self.integer(&pair)), span });
        }
        let mut values = self.unnamed_entries(pair);
        match values.pop() {
            Some(only) if values.is_empty() => {
                ArgValue::Expr(Expr { kind: ExprKind::Paren(Box::new(only)), span })
            }
            last => {
                values.extend(last);
                ArgValue::Tuple(values.into(), span)
            }
        }
    }

    /// Builds a dimension from one whole number, or from one expression in parentheses.
    pub(crate) fn dimension(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        match self.value(pair) {
            ArgValue::Expr(expression) => expression,
            _ => {
                self.error(Code::E0001, span, "one expression must stand in these parentheses").emit();
                Expr { kind: ExprKind::Int(0), span }
            }
        }
    }

    fn unnamed_entries(&mut self, pair: Pair<'_, Rule>) -> Vec<Expr> {
        let span = self.span(&pair);
        let entries = self.call_arguments(pair);
        if entries.is_empty() {
            self.error(Code::E0001, span, "nothing stands in these parentheses").emit();
        }
        let unnamed = entries.into_iter().map(|entry| {
            if let Some(name) = &entry.name {
                let message = format!("`{}=` may not stand in the parentheses of a value", name.value);
                self.error(Code::E0001, name.span, message)
                    .help("only a block takes named arguments there")
                    .emit();
            }
            entry.value
        });
        unnamed.collect()
    }

    /// Builds the entries of a parenthesis, with or without names.
    pub(crate) fn call_arguments(&mut self, pair: Pair<'_, Rule>) -> Vec<CallArg> {
        let span = self.span(&pair);
        let entries = pair.into_inner().filter(|part| part.as_rule() == Rule::entry);
        let count = entries.clone().count();
        self.check_argument_count(count, span);
        let mut kept = Vec::with_capacity(count.min(MOST_ARGUMENTS));
        kept.extend(entries.take(MOST_ARGUMENTS).map(|entry| self.entry(entry)));
        kept
    }

    fn entry(&mut self, pair: Pair<'_, Rule>) -> CallArg {
        let mut name: Option<Ident> = None;
        let mut inner = pair.into_inner();
        let mut part = next(&mut inner);
        if part.as_rule() == Rule::identifier {
            name = Some(self.ident(part));
            part = inner.last().expect("a value follows the `=`");
        }
        CallArg { name, value: self.expression(part) }
    }

    /// Reports a statement with more arguments than the limit; a list of that length is a slip or an attack.
    pub(crate) fn check_argument_count(&mut self, count: usize, span: Span) {
        if count > MOST_ARGUMENTS {
            let span = self.first_word(span);
            self.error(Code::E0012, span, format!("{count} arguments; the limit is {MOST_ARGUMENTS}")).emit();
        }
    }

    /// Builds the name behind `as`.
    pub(crate) fn new_path(&mut self, pair: Pair<'_, Rule>) -> Name {
        let span = self.span(&pair);
        let mut parts = Vec::new();
        let mut sequence = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::path => parts = exactly(part.into_inner(), |part| self.part(part)).into_vec(),
                _ => sequence = Some(Sequence::Brackets),
            }
        }
        self.member_pattern(&mut parts, &mut sequence);
        Name { parts: parts.into(), sequence, first: None, span }
    }

    /// Removes a pattern such as `"block1-*"` from the end of the parts, and stores it in `sequence`.
    fn member_pattern(&mut self, parts: &mut Vec<PathPart>, sequence: &mut Option<Sequence>) {
        let is_pattern = |part: &PathPart| part.value.contains('*');
        let count = parts.len();
        if let Some(early) = parts.iter().take(count.saturating_sub(1)).find(|part| is_pattern(part)) {
            let span = early.span;
            self.error(Code::E0214, span, "a `*` stands only in the last part of a name").emit();
        }
        let Some(last) = parts.pop_if(|last| is_pattern(last)) else { return };
        let (before, after) = last.value.split_once('*').expect("the part has a `*`");
        if sequence.is_some() || after.contains('*') {
            let error = self.error(Code::E0214, last.span, "a member's number stands in a name once");
            error.help("`s[]` is short for `s.\"*\"`").emit();
        }
        *sequence = Some(match (before, after) {
            ("", "") => Sequence::Brackets,
            _ => Sequence::Pattern(before.to_owned(), after.to_owned()),
        });
    }

    /// Builds one part of a path, without its quotes.
    pub(crate) fn part(&mut self, pair: Pair<'_, Rule>) -> PathPart {
        let quoted = pair.as_rule() == Rule::string;
        let Spanned { value, span } = self.string(&pair);
        let part = PathPart { value: value.into(), span, quoted };
        if part.value.contains('.') {
            let error = self.error(Code::E0001, part.span, "a quoted part of a path holds no `.`");
            error.help("the point joins parts: write them beside each other").emit();
        } else if part.value.is_empty() {
            self.error(Code::E0001, part.span, "a part of a path is empty").emit();
        }
        part
    }
}

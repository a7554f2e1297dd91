//! Evaluates the words behind an operator, call or form: expressions become numbers, `word` parameters become words.

use crate::base::{Span, Spanned};
use crate::diag::Code;
use crate::ops::{self, RawArgument, RawValue};
use crate::syntax::ast;

use super::context::Context;
use super::environment::Setting;
use super::expander::Expander;
use super::number::Scalar;
use super::uses::Definition;
use super::{Evaluated, Unavailable};

impl Expander<'_> {
    /// Evaluates arguments.
    pub(super) fn raw_arguments(&mut self, args: &[ast::Arg], cx: &Context<'_>) -> Vec<RawArgument> {
        args.iter().filter_map(|arg| self.raw_argument(arg, cx)).collect()
    }

    /// Evaluates an argument; `None` for a `word` parameter that stands for `identity`.
    fn raw_argument(&mut self, arg: &ast::Arg, cx: &Context<'_>) -> Option<RawArgument> {
        Some(match arg {
            ast::Arg::Word(word) => return self.raw_word(word, cx),
            ast::Arg::Size(size) => {
                let mut counts = |dims: &[ast::Expr], what| -> Evaluated<Vec<u64>> {
                    let counts: Vec<_> =
                        dims.iter().map(|dim| self.count(dim, 0, what, cx.env, cx.arriving)).collect();
                    counts.into_iter().collect()
                };
                match (counts(&size.dims, "a dimension"), counts(&size.stride, "a stride")) {
                    (Ok(dims), Ok(stride)) => RawArgument::Size { dims, stride, span: size.span },
                    _ => RawArgument::Unknown,
                }
            }
            ast::Arg::Value(value) => match self.raw_value(value, cx) {
                Ok(raw) => RawArgument::Value(Spanned::new(raw, value.span())),
                Err(Unavailable) => RawArgument::Unknown,
            },
            ast::Arg::Attribute { name, value } => match self.raw_value(value, cx) {
                Ok(raw) => {
                    RawArgument::Attribute { name: name.clone(), value: Spanned::new(raw, value.span()) }
                }
                Err(Unavailable) => RawArgument::Unknown,
            },
        })
    }

    fn raw_word(&mut self, word: &ast::Ident, cx: &Context<'_>) -> Option<RawArgument> {
        let kept = || Some(RawArgument::Word(word.clone()));
        let Some(variable) = cx.env.get(&word.value) else {
            let is_constant =
                self.request.program.sources[cx.env.file].names.lets.contains_key(word.value.as_str());
            if is_constant && !is_known_word(&word.value) {
                return self.word_for_number(word);
            }
            return kept();
        };
        let declared = variable.declared;
        match variable.value {
            Ok(Setting::Word(stands_for)) => {
                self.uses.word(word.span, || Definition::Parameter(declared));
                stands_for.map(|name| RawArgument::Word(Spanned::new(name.into(), word.span)))
            }
            _ if is_known_word(&word.value) => kept(),
            Ok(Setting::Scalar(_)) => self.word_for_number(word),
            Err(Unavailable) => Some(RawArgument::Unknown),
        }
    }

    /// The value of a constant or parameter that is written like a word, as in `dense n`.
    fn word_for_number(&mut self, word: &ast::Ident) -> Option<RawArgument> {
        let parenthesised = format!("({})", word.value);
        self.error(
            Code::E0201,
            word.span,
            format!("`{}` is a number, and numbers of a name stand in parentheses", word.value),
        )
        .here("read as a word")
        .fix(format!("write `{parenthesised}`"), word.span, parenthesised)
        .emit();
        Some(RawArgument::Unknown)
    }

    fn raw_value(&mut self, value: &ast::ArgValue, cx: &Context<'_>) -> Evaluated<RawValue> {
        let raw = |number| match number {
            Scalar::Int(int) => RawValue::Int(int),
            Scalar::Real(real) => RawValue::Real(real),
        };
        match value {
            ast::ArgValue::Expr(expr) => self.evaluate(expr, cx.env, cx.arriving).map(raw),
            ast::ArgValue::Tuple(exprs, _) => {
                let values: Vec<_> =
                    exprs.iter().map(|expr| self.evaluate(expr, cx.env, cx.arriving)).collect();
                let values = values.into_iter().map(|value| value.map(raw));
                values.collect::<Evaluated<Vec<_>>>().map(RawValue::Tuple)
            }
            ast::ArgValue::Word(word) => self.named_value(word, cx),
        }
    }

    /// The meaning of a word behind `name=`: a connection table, or a word that the operator may know.
    fn named_value(&mut self, word: &ast::Ident, cx: &Context<'_>) -> Evaluated<RawValue> {
        let program = self.request.program;
        let source = &program.sources[cx.env.file];
        if let Some(id) = source.names.tables.get(word.value.as_str()) {
            let named = program.name_span(*id);
            self.uses.word(word.span, || Definition::Table(named));
            // A table with a mistake was reported.
            let table = program.sources[id.file].tables.get(&id.item).ok_or(Unavailable)?;
            // Shapes and costs depend on the number of its rows.
            self.spend(table.rows.len() as u64 / 16, word.span);
            return Ok(RawValue::Table(table.clone()));
        }
        if program.is_salvaged(cx.env.file, &word.value) {
            return Err(Unavailable);
        }
        let is_number = matches!(cx.env.get(&word.value).map(|one| one.value), Some(Ok(Setting::Scalar(_))))
            || source.names.lets.contains_key(word.value.as_str());
        if is_number {
            self.word_for_number(word);
            return Err(Unavailable);
        }
        Ok(RawValue::Word(word.value.clone()))
    }

    /// Records for editors what the words of an operator or form mean.
    pub(super) fn note_words(&mut self, spec: &'static ops::Spec, arguments: &[RawArgument]) {
        let mut note = |span: Span, written: &str| {
            let flags = spec.flags.iter().map(|flag| flag.name);
            let mut names = flags.chain(spec.attributes.iter().map(|attribute| attribute.name));
            if let Some(name) = names.find(|name| *name == written) {
                self.uses.word(span, || Definition::Argument { of: spec.name, name });
            }
        };
        for argument in arguments {
            match argument {
                RawArgument::Word(word) => note(word.span, &word.value),
                RawArgument::Attribute { name, .. } => note(name.span, &name.value),
                _ => {}
            }
        }
    }
}

/// Returns whether some operator or form knows the word, so that the author probably means it as a word.
fn is_known_word(word: &str) -> bool {
    let knows = |spec: &ops::Spec| spec.name == word || spec.has_flag(word) || spec.has_attribute(word);
    word == "to" || word == ops::IDENTITY || ops::catalogue().any(knows) || ops::forms().any(knows)
}

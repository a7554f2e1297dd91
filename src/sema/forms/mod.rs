//! The branch forms: residual, concat and inception, add, mul, sub, max, min, split, aux.

mod auxiliary;
mod cause;
mod combine;
mod residual;
mod split;

use crate::base::{Span, perhaps_newer};
use crate::diag::{Code, Suggested};
use crate::ops::{self, Bound};
use crate::syntax::ast;

use super::context::Context;
use super::expander::Expander;
use super::incoming::Incoming;
use super::scope::OwnPath;
use super::uses::Definition;

/// A form whose flags and values were checked.
struct Form<'a> {
    word: &'a ast::Ident,
    branches: &'a [ast::Body],
    bound: Bound,
    /// The path of its layer.
    path: Vec<String>,
    /// The place of the statement.
    span: Span,
    /// The value that arrives at each branch.
    arriving: Incoming,
}

impl<'a> Expander<'a> {
    /// Expands a form such as `residual project < … >`, without its trailing words.
    pub(super) fn form(
        &mut self,
        word: &'a ast::Ident,
        args: &'a [ast::Arg],
        branches: &'a [ast::Body],
        own: OwnPath,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let written = own.is_some();
        let opens_scope = written || cx.scope.is_sequence();
        let spec = ops::form(&word.value);
        match spec {
            None => self.unknown_form(word, cx),
            Some(spec) => self.uses.word(word.span, || Definition::Form(spec.name)),
        }
        if spec.is_some() && word.value == "aux" && !written {
            self.error(Code::E0203, word.span, "an auxiliary branch needs a name")
                .here("no plain `as` behind it")
                .help("write `aux < … > as name`")
                .emit();
        }
        let path = self.name_head(&word.value, own, word.span, cx.scope);
        let raw = self.raw_arguments(args, cx);
        let bound = spec.and_then(|spec| {
            self.note_words(spec, &raw);
            ops::bind(spec, word.span, &raw, &self.around.trace, self.sink)
        });
        let mut inner = opens_scope.then(|| cx.scope.inner(path.clone(), written));
        let mut cx = match &mut inner {
            Some(inner) => cx.writing_into(inner),
            None => cx.receiving(cx.arriving),
        };
        let Some(bound) = bound else {
            for branch in branches {
                self.branch(branch, cx.receiving(Incoming::Unavailable));
            }
            return Incoming::Unavailable;
        };
        let form = Form { word, branches, bound, path, span: cx.span, arriving: cx.arriving };
        match form.word.value.as_str() {
            "aux" => self.auxiliary(&form, &mut cx),
            "split" => self.split(&form, &mut cx),
            word => match ops::combining_form(word) {
                Some(combination) => self.combination(combination, &form, &mut cx),
                None => self.residual(&form, &mut cx),
            },
        }
    }

    fn unknown_form(&mut self, word: &ast::Ident, cx: &Context<'_>) {
        if self.request.program.is_salvaged(cx.env.file, &word.value) {
            return;
        }
        let names: Vec<&str> = ops::forms().map(|spec| spec.name).collect();
        let builder = self
            .error(Code::E0101, word.span, format!("`{}` takes no branches", word.value))
            .here("not known as a form");
        match builder.suggest(&word.value, word.span, names.iter().copied()) {
            Suggested::Near(builder) => builder,
            Suggested::Nothing(builder) => {
                builder.help(format!("the forms are {}", names.join(", "))).help(perhaps_newer())
            }
        }
        .emit();
    }

    fn branch(&mut self, body: &'a ast::Body, cx: Context<'_>) -> Incoming {
        self.around.nesting += 1;
        let end = self.body(body, cx);
        self.around.nesting -= 1;
        end
    }

    /// Expands all branches and gives their ends. The value that arrives at the form arrives at each branch.
    fn branch_ends(&mut self, form: &Form<'a>, cx: &mut Context<'_>) -> Vec<Incoming> {
        form.branches.iter().map(|branch| self.branch(branch, cx.receiving(cx.arriving))).collect()
    }

    fn wrong_branches(&mut self, form: &Form<'_>, wanted: &str) -> Incoming {
        let count = form.branches.len();
        let plural = if count == 1 { "" } else { "es" };
        self.error(Code::E0215, form.word.span, format!("`{}` has {count} branch{plural}", form.word.value))
            .here(format!("wants {wanted}"))
            .emit();
        Incoming::Unavailable
    }
}

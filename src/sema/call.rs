//! Calls of blocks: arguments, depth, and the wall around a body.

use crate::base::{Span, did_you_mean};
use crate::diag::{Code, Expansion};
use crate::syntax::ast;

use super::evaluate::Environment;
use super::expand::{Expander, Flow};
use super::number::Number;
use super::program::suggest_statement;
use super::scope::Scope;
use super::statement::Own;
use super::{Known, Unknown, limits};

impl<'a> Expander<'a> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn call(
        &mut self,
        statement: Span,
        name: &'a ast::Ident,
        args: &'a [ast::CallArg],
        args_span: Span,
        own: Own,
        copy: Option<(u64, u64)>,
        env: &mut Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        let written = own.is_some();
        let path = self.name_head(&name.value, own, name.span, scope);
        let program = self.program;
        let Some(&id) = program.sources[env.file].names.blocks.get(&name.value) else {
            self.unknown_block(name, args_span, env);
            return Flow::Unknown;
        };
        let block = program.block(id);
        if self.open_blocks.contains(&id) {
            let chain: Vec<&str> =
                self.open_blocks.iter().map(|&open| program.block(open).name.value.as_str()).collect();
            self.sink
                .error(Code::E0107, name.span, format!("the block `{}` contains itself", name.value))
                .here("is being expanded already")
                .note(format!("{} → {}", chain.join(" → "), name.value))
                .emit();
            return Flow::Unknown;
        }
        if self.open_blocks.len() >= limits::DEPTH {
            self.sink
                .error(Code::E0315, name.span, "blocks are nested too deeply")
                .here(format!("the {}th block inside of another", limits::DEPTH + 1))
                .origin(&self.origin)
                .emit();
            return Flow::Unknown;
        }
        let mut inner =
            self.arguments_of_call(&name.value, args_span, &block.params, args, env, id.file, &flow);
        let outer = self.origin.clone();
        self.origin = outer.within(Expansion {
            block: Some(name.value.as_str().into()),
            call: statement,
            copy: copy.filter(|&(_, count)| count > 1),
        });
        self.open_blocks.push(id);
        self.expanded.insert(id);
        self.nesting += 1;
        let mut body_scope = scope.inner(path, written).behind_wall();
        let flow = self.body(&block.body, &mut inner, &mut body_scope, flow);
        self.nesting -= 1;
        self.open_blocks.pop();
        self.origin = outer;
        flow
    }

    fn unknown_block(&mut self, name: &ast::Ident, args_span: Span, env: &Environment) {
        if self.program.is_salvaged(env.file, &name.value) {
            return;
        }
        let blocks = &self.program.sources[env.file].names.blocks;
        let near = suggest_statement(&name.value, blocks.keys().map(String::as_str)).map(str::to_owned);
        let builder = self
            .sink
            .error(Code::E0101, name.span, format!("unknown block `{}`", name.value))
            .origin(&self.origin);
        let builder = if super::program::is_word_of_the_language(&name.value) {
            builder
                .here("an operator, which takes no parentheses")
                .label(args_span, "write its arguments without them")
        } else {
            match near {
                Some(near) => {
                    builder.here("not known").fix(format!("did you mean `{near}`?"), name.span, near)
                }
                None => builder.here("no block of this name"),
            }
        };
        builder.emit();
    }

    /// The environment of a body: its parameters with their arguments. Arguments are evaluated where they
    /// stand, defaults where they are declared.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn arguments_of_call(
        &mut self,
        callee: &str,
        args_span: Span,
        params: &'a [ast::Param],
        args: &'a [ast::CallArg],
        env: &Environment,
        file: usize,
        flow: &Flow,
    ) -> Environment {
        let mut given: Vec<Option<(Known<Number>, Span)>> = vec![None; params.len()];
        let mut next = 0;
        let mut named = false;
        for arg in args {
            let value = self.evaluate(&arg.value, env, flow);
            let index = match &arg.name {
                Some(name) => {
                    named = true;
                    self.spend(params.len() as u64, name.span);
                    match params.iter().position(|param| param.name.value == name.value) {
                        Some(index) => index,
                        None => {
                            self.unknown_parameter(callee, name, params);
                            continue;
                        }
                    }
                }
                None if named => {
                    self.sink
                        .error(Code::E0204, arg.value.span, "a positional argument behind a named one")
                        .here("has no name")
                        .help("positional arguments come first")
                        .origin(&self.origin)
                        .emit();
                    continue;
                }
                None => {
                    next += 1;
                    next - 1
                }
            };
            if index >= params.len() {
                self.sink
                    .error(
                        Code::E0204,
                        arg.value.span,
                        format!(
                            "`{callee}` takes {} argument{}",
                            params.len(),
                            if params.len() == 1 { "" } else { "s" }
                        ),
                    )
                    .here("one too many")
                    .origin(&self.origin)
                    .emit();
                break;
            }
            let span = arg.name.as_ref().map_or(arg.value.span, |name| name.span.to(arg.value.span));
            if let Some((_, first)) = given[index] {
                self.sink
                    .error(Code::E0202, span, format!("`{}` is given twice", params[index].name.value))
                    .here("given again")
                    .label(first, "first given here")
                    .origin(&self.origin)
                    .emit();
                continue;
            }
            given[index] = Some((value, span));
        }
        let mut inner = Environment::of_file(file);
        for (param, given) in params.iter().zip(given) {
            let value = match (given, &param.default) {
                (Some((value, _)), _) => value,
                (None, Some(default)) => self.evaluate(default, &inner, &Flow::Nowhere),
                (None, None) => {
                    self.sink
                        .error(
                            Code::E0203,
                            args_span,
                            format!("`{callee}` needs its argument `{}`", param.name.value),
                        )
                        .here("not given")
                        .label(param.name.span, "declared here, without a default")
                        .origin(&self.origin)
                        .emit();
                    Err(Unknown)
                }
            };
            self.declare(&param.name, value, &mut inner);
        }
        inner
    }

    fn unknown_parameter(&mut self, callee: &str, name: &ast::Ident, params: &[ast::Param]) {
        let names: Vec<&str> = params.iter().map(|param| param.name.value.as_str()).collect();
        let builder = self
            .sink
            .error(Code::E0201, name.span, format!("`{callee}` has no parameter `{}`", name.value))
            .origin(&self.origin);
        let builder = match did_you_mean(&name.value, names.iter().copied()) {
            Some(near) => builder.here("not known").fix(format!("did you mean `{near}`?"), name.span, near),
            None if names.is_empty() => builder.here("it has no parameters"),
            None => builder.here(format!("its parameters are {}", names.join(", "))),
        };
        builder.emit();
    }
}

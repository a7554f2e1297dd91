//! Expands calls of blocks: binds arguments to parameters, limits the nesting, and names what the body makes.

use crate::base::{Span, perhaps_newer};
use crate::diag::{Code, Expansion, Suggested};
use crate::ops;
use crate::syntax::ast;

use super::context::Context;
use super::environment::{Environment, Setting, Variable};
use super::expander::Expander;
use super::incoming::Incoming;
use super::namespace::words_of_statements;
use super::scope::{OwnPath, PathScope};
use super::source::ItemId;
use super::uses::Definition;
use super::{Evaluated, Unavailable, limits};

/// A block, or a network that another one is an instance of.
pub(super) struct Callee<'a> {
    pub name: &'a str,
    pub params: &'a [ast::Param],
    /// The file that defines it, by its index in the program.
    pub file: usize,
    /// The place of the call's parentheses.
    pub args_span: Span,
}

/// An argument of a call, evaluated at the call.
#[derive(Clone, Copy)]
struct Argument {
    value: Evaluated<Setting>,
    span: Span,
}

impl<'a> Expander<'a> {
    /// Expands a call such as `bottleneck(128, s=2)`, without its trailing words.
    pub(super) fn call(
        &mut self,
        name: &'a ast::Ident,
        args: &'a [ast::CallArg],
        args_span: Span,
        own: OwnPath,
        copy: Option<(u64, u64)>,
        cx: &mut Context<'_>,
    ) -> Incoming {
        let program = self.request.program;
        let Some(&id) = program.sources[cx.env.file].names.blocks.get(name.value.as_str()) else {
            self.name_head(&name.value, own, name.span, cx.scope);
            self.unknown_block(name, args, args_span, cx);
            return Incoming::Unavailable;
        };
        let block = program.block(id);
        self.uses.word(name.span, || Definition::Block(block.name.span));
        let mut scope = match self.scope_of_call(name, block.inline, own, cx) {
            Ok(scope) => scope,
            Err(Unavailable) => return Incoming::Unavailable,
        };
        if !self.may_enter(id, name) {
            return Incoming::Unavailable;
        }
        let callee = Callee { name: &name.value, params: &block.params, file: id.file, args_span };
        let mut inner = self.arguments_of_call(&callee, args, cx.env, cx.arriving);
        let outer = self.around.trace.clone();
        self.around.trace = outer.within(Expansion {
            block: Some(name.value.as_str().into()),
            call: cx.span,
            copy: copy.filter(|&(_, count)| count > 1),
        });
        self.around.blocks.push(id);
        self.coverage.blocks.insert(id);
        self.around.nesting += 1;
        let (span, arriving) = (cx.span, cx.arriving);
        let leaving = match &mut scope {
            Some(scope) => self.body(&block.body, Context { span, env: &mut inner, scope, arriving }),
            None => {
                let number = self.take_number();
                let outside = cx.scope.inline.replace(number);
                let leaving =
                    self.body(&block.body, Context { span, env: &mut inner, scope: cx.scope, arriving });
                cx.scope.inline = outside;
                leaving
            }
        };
        self.around.nesting -= 1;
        self.around.blocks.pop();
        self.around.trace = outer;
        leaving
    }

    /// The scope of a call. `None` for an inline block, whose statements write into the scope of the call.
    fn scope_of_call(
        &mut self,
        name: &ast::Ident,
        inline: bool,
        own: OwnPath,
        cx: &mut Context<'_>,
    ) -> Evaluated<Option<PathScope>> {
        if !inline {
            let written = own.is_some();
            let path = self.name_head(&name.value, own, name.span, cx.scope);
            return Ok(Some(cx.scope.inner(path, written).of_block()));
        }
        if own.is_some() {
            self.error(Code::E0211, name.span, format!("the inline block `{}` takes no name", name.value))
                .here("its statements stand as if they were written here")
                .help(format!("put it into a group: `[{}(…)] as name`", name.value))
                .emit();
            return Err(Unavailable);
        }
        Ok(None)
    }

    /// Returns whether a block may be expanded here. Reports a block that contains itself, and blocks that nest too
    /// deeply.
    fn may_enter(&mut self, id: ItemId, name: &ast::Ident) -> bool {
        let program = self.request.program;
        if self.around.blocks.contains(&id) {
            let chain: Vec<&str> =
                self.around.blocks.iter().map(|&open| program.block(open).name.value.as_str()).collect();
            self.error(Code::E0107, name.span, format!("the block `{}` contains itself", name.value))
                .here("is being expanded already")
                .note(format!("{} → {}", chain.join(" → "), name.value))
                .emit();
            return false;
        }
        if self.around.blocks.len() >= limits::DEPTH {
            self.error(Code::E0315, name.span, "blocks are nested too deeply")
                .here(format!("the {}th block inside of another", limits::DEPTH + 1))
                .emit();
            return false;
        }
        true
    }

    fn unknown_block(&mut self, name: &ast::Ident, args: &[ast::CallArg], args_span: Span, cx: &Context<'_>) {
        if self.request.program.is_salvaged(cx.env.file, &name.value)
            || self.answer_call(name, args, args_span)
        {
            return;
        }
        let program = self.request.program;
        let blocks = program.sources[cx.env.file].names.blocks.keys().map(String::as_str);
        let builder = self.error(Code::E0101, name.span, format!("unknown block `{}`", name.value));
        match builder.suggest(&name.value, name.span, words_of_statements().chain(blocks)) {
            Suggested::Near(builder) => builder.here("not known"),
            Suggested::Nothing(builder) => builder.here("no block of this name").help(perhaps_newer()),
        }
        .emit();
    }

    /// The environment of a body: its parameters with their arguments. Arguments are evaluated at the call, defaults
    /// where they are declared.
    pub(super) fn arguments_of_call(
        &mut self,
        callee: &Callee<'a>,
        args: &'a [ast::CallArg],
        env: &Environment,
        arriving: Incoming,
    ) -> Environment {
        let given = self.given_arguments(callee, args, env, arriving);
        let is_misspelt =
            |name: &ast::Ident| callee.params.iter().all(|param| param.name.value != name.value);
        let has_misspelt = args.iter().filter_map(|arg| arg.name.as_ref()).any(is_misspelt);
        let mut inner = Environment::of_file(callee.file);
        for (param, given) in callee.params.iter().zip(given) {
            let value = match (given, &param.default) {
                (Some(argument), _) => argument.value,
                (None, Some(default)) => self.setting(param, default, &inner, Incoming::Nowhere),
                // A misspelt name, which was reported, was meant for this parameter.
                (None, None) if has_misspelt => Err(Unavailable),
                (None, None) => {
                    let message = format!("`{}` needs its argument `{}`", callee.name, param.name.value);
                    self.error(Code::E0203, callee.args_span, message)
                        .here("not given")
                        .label(param.name.span, "declared here, without a default")
                        .emit();
                    Err(Unavailable)
                }
            };
            self.declare_parameter(param, value, &mut inner);
        }
        inner
    }

    /// Declares a parameter. A `word` parameter may not have the name of an operator.
    pub(super) fn declare_parameter(
        &mut self,
        param: &ast::Param,
        value: Evaluated<Setting>,
        env: &mut Environment,
    ) {
        let name = &param.name;
        if param.word && ops::is_word(&name.value) {
            let message = format!("a parameter for a word may not be called `{}`", name.value);
            self.error(Code::E0111, name.span, message).here("the name of an operator").emit();
        }
        self.declare(name, Variable { value, declared: name.span, is_parameter: true }, env);
    }

    /// Assigns the arguments of a call to the parameters.
    fn given_arguments(
        &mut self,
        callee: &Callee<'a>,
        args: &'a [ast::CallArg],
        env: &Environment,
        arriving: Incoming,
    ) -> Vec<Option<Argument>> {
        let params = callee.params;
        let mut given: Vec<Option<Argument>> = vec![None; params.len()];
        let mut next = 0;
        let mut named = false;
        for arg in args {
            let index = match &arg.name {
                Some(name) => {
                    named = true;
                    self.spend(params.len() as u64, name.span);
                    params.iter().position(|param| param.name.value == name.value)
                }
                None if named => {
                    self.error(Code::E0204, arg.value.span, "a positional argument behind a named one")
                        .here("has no name")
                        .help("positional arguments come first")
                        .emit();
                    None
                }
                None => {
                    next += 1;
                    Some(next - 1)
                }
            };
            let param = index.and_then(|index| params.get(index));
            let value = match param {
                Some(param) => self.setting(param, &arg.value, env, arriving),
                None => self.evaluate(&arg.value, env, arriving).map(Setting::Scalar),
            };
            let (Some(index), Some(param)) = (index, param) else {
                match &arg.name {
                    Some(name) => self.unknown_parameter(callee.name, name, params),
                    None if index.is_some() => {
                        self.too_many_arguments(callee, arg);
                        break;
                    }
                    None => {}
                }
                continue;
            };
            if let Some(name) = &arg.name {
                self.uses.word(name.span, || Definition::Parameter(param.name.span));
            }
            let span = arg.span();
            if let Some(first) = given[index] {
                self.error(Code::E0202, span, format!("`{}` is given twice", param.name.value))
                    .here("given again")
                    .label(first.span, "first given here")
                    .emit();
                continue;
            }
            given[index] = Some(Argument { value, span });
        }
        given
    }

    fn too_many_arguments(&mut self, callee: &Callee<'_>, arg: &ast::CallArg) {
        let takes = crate::base::counted(callee.params.len() as u64, "argument");
        self.error(Code::E0204, arg.value.span, format!("`{}` takes {takes}", callee.name))
            .here("one too many")
            .emit();
    }

    /// The value of an argument or default: a number, or the word that it passes to a `word` parameter.
    pub(super) fn setting(
        &mut self,
        param: &ast::Param,
        value: &ast::Expr,
        env: &Environment,
        arriving: Incoming,
    ) -> Evaluated<Setting> {
        if !param.word {
            return self.evaluate(value, env, arriving).map(Setting::Scalar);
        }
        let word = match &value.bare().kind {
            ast::ExprKind::Name(word) => word.as_str(),
            _ => {
                let message = format!("`{}` wants a trailing word", param.name.value);
                self.error(Code::E0205, value.span, message)
                    .here("a number")
                    .label(param.name.span, "declared here with `word`")
                    .help("give an activation or normalisation such as `relu`, or `identity` for none")
                    .emit();
                return Err(Unavailable);
            }
        };
        if let Some(variable) = env.get(word) {
            let declared = variable.declared;
            self.uses.word(value.span, || Definition::Parameter(declared));
            if matches!(variable.value, Ok(Setting::Word(_)) | Err(Unavailable)) {
                return variable.value;
            }
        }
        if word == ops::IDENTITY {
            return Ok(Setting::Word(None));
        }
        let trailing = |spec: &&ops::Spec| spec.trailing;
        match ops::find(word).filter(trailing) {
            Some(spec) if needs_arguments(spec) => {
                let message = format!("`{word}` needs arguments, which a word for a parameter has not");
                self.error(Code::E0205, value.span, message)
                    .here("does not stand alone")
                    .help("write it into the block, with its arguments")
                    .emit();
                Err(Unavailable)
            }
            Some(spec) => {
                self.uses.word(value.span, || Definition::Operator(spec.name));
                Ok(Setting::Word(Some(spec.name)))
            }
            None => {
                let message = format!("`{word}` is no trailing word");
                let builder = self
                    .error(Code::E0205, value.span, message)
                    .here("neither an activation nor a normalisation");
                let known = ops::catalogue().filter(trailing).map(|spec| spec.name).chain([ops::IDENTITY]);
                match builder.suggest(word, value.span, known) {
                    Suggested::Near(builder) => builder,
                    Suggested::Nothing(builder) => builder.help("`identity` stands for none"),
                }
                .emit();
                Err(Unavailable)
            }
        }
    }

    fn unknown_parameter(&mut self, callee: &str, name: &ast::Ident, params: &[ast::Param]) {
        let names: Vec<&str> = params.iter().map(|param| param.name.value.as_str()).collect();
        let message = format!("`{callee}` has no parameter `{}`", name.value);
        let builder = self.error(Code::E0201, name.span, message);
        match builder.suggest(&name.value, name.span, names.iter().copied()) {
            Suggested::Near(builder) => builder.here("not known"),
            Suggested::Nothing(builder) if names.is_empty() => builder.here("it has no parameters"),
            Suggested::Nothing(builder) => builder.here(format!("its parameters are {}", names.join(", "))),
        }
        .emit();
    }
}

/// Returns whether an operator needs a size or value.
fn needs_arguments(spec: &ops::Spec) -> bool {
    let required = |default: ops::Default| default == ops::Default::Required;
    spec.sizes != ops::Sizes::None
        || spec.value.as_ref().is_some_and(|value| required(value.default))
        || spec.attributes.iter().any(|attribute| required(attribute.default))
}

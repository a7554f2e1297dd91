//! The branch forms: residual, concat and inception, add, mul, split, aux.

use crate::base::{Span, Spanned, grouped};
use crate::diag::Code;
use crate::ir::{Output, Site};
use crate::ops::{self, Add, Bound, Concat, Mul, Op, RawArgument, Slice};
use crate::syntax::ast;
use crate::tensor::Shape;

use super::Unknown;
use super::evaluate::Environment;
use super::expand::{Current, Expander, Flow};
use super::program::suggest_statement;
use super::scope::Scope;
use super::statement::Own;

/// A form and its places.
struct Form<'a> {
    statement: Span,
    word: &'a ast::Ident,
    branches: &'a [ast::Body],
    bound: Bound,
    path: Vec<String>,
}

impl<'a> Expander<'a> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn form(
        &mut self,
        statement: Span,
        word: &'a ast::Ident,
        args: &'a [ast::Arg],
        branches: &'a [ast::Body],
        own: Own,
        env: &mut Environment,
        scope: &mut Scope,
        flow: Flow,
    ) -> Flow {
        let written = own.is_some();
        let opens_scope = written || scope.is_sequence();
        let spec = ops::form(&word.value);
        if spec.is_none() {
            self.unknown_form(word, env);
        }
        if spec.is_some() && word.value == "aux" && !written {
            self.sink
                .error(Code::E0203, word.span, "an auxiliary branch needs a name")
                .here("no plain `as` behind it")
                .help("write `aux < … > as name`")
                .emit();
        }
        let path = self.name_head(&word.value, own, word.span, scope);
        let raw = self.raw_arguments(args, env, &flow);
        let bound = spec.and_then(|spec| ops::bind(spec, word.span, &raw, &self.origin, self.sink));
        let mut inner = opens_scope.then(|| scope.inner(path.clone(), written));
        let scope = inner.as_mut().unwrap_or(scope);
        let Some(bound) = bound else {
            for branch in branches {
                self.branch(branch, env, scope, Flow::Unknown);
            }
            return Flow::Unknown;
        };
        let form = Form { statement, word, branches, bound, path };
        match form.word.value.as_str() {
            "residual" => self.residual(form, env, scope, flow),
            "aux" => self.auxiliary(form, env, scope, flow),
            "split" => self.split(form, env, scope, flow),
            _ => self.combination(form, env, scope, flow),
        }
    }

    fn unknown_form(&mut self, word: &ast::Ident, env: &Environment) {
        if self.program.is_salvaged(env.file, &word.value) {
            return;
        }
        let builder = self
            .sink
            .error(Code::E0101, word.span, format!("`{}` takes no branches", word.value))
            .origin(&self.origin);
        let builder = match suggest_statement(&word.value, std::iter::empty())
            .filter(|near| ops::form(near).is_some())
        {
            Some(near) => {
                builder.here("not known as a form").fix(format!("did you mean `{near}`?"), word.span, near)
            }
            None => builder
                .here("not known as a form")
                .help("the forms are residual, inception, concat, add, mul, split and aux"),
        };
        builder.emit();
    }

    fn branch(&mut self, body: &'a ast::Body, env: &mut Environment, scope: &mut Scope, flow: Flow) -> Flow {
        self.nesting += 1;
        let flow = self.body(body, env, scope, flow);
        self.nesting -= 1;
        flow
    }

    fn wrong_branches(&mut self, form: &Form<'_>, wanted: &str) -> Flow {
        let count = form.branches.len();
        self.sink
            .error(
                Code::E0215,
                form.word.span,
                format!("`{}` has {count} branch{}", form.word.value, if count == 1 { "" } else { "es" }),
            )
            .here(format!("wants {wanted}"))
            .origin(&self.origin)
            .emit();
        Flow::Unknown
    }

    /// `concat`, `inception`, `add`, `mul`.
    fn combination(&mut self, form: Form<'a>, env: &mut Environment, scope: &mut Scope, flow: Flow) -> Flow {
        let flows: Vec<Flow> =
            form.branches.iter().map(|branch| self.branch(branch, env, scope, flow.clone())).collect();
        let elementwise = matches!(form.word.value.as_str(), "add" | "mul");
        if elementwise && flows.len() < 2 {
            return self.wrong_branches(&form, "two or more");
        }
        let Some(operands) = self.operands(&form, &flows) else { return Flow::Unknown };
        let op: Op = match form.word.value.as_str() {
            "add" => Add { scale: None, zeropad: None }.into(),
            "mul" => Mul.into(),
            _ => Concat.into(),
        };
        self.combine(op, &form, &operands)
    }

    /// The values of all branches, where all are known.
    fn operands(&mut self, form: &Form<'_>, flows: &[Flow]) -> Option<Vec<Current>> {
        if flows.iter().any(|flow| matches!(flow, Flow::Nothing | Flow::Nowhere)) {
            self.nothing_arrives(&form.word.value, form.word.span);
            return None;
        }
        flows.iter().map(|flow| flow.value().ok()).collect()
    }

    /// Adds the node of a form; shape errors name the ends of all branches.
    fn combine(&mut self, op: Op, form: &Form<'_>, operands: &[Current]) -> Flow {
        let nodes: Vec<_> = operands.iter().map(|operand| operand.node).collect();
        if operands.len() > super::limits::OPERANDS || self.builder.len() >= super::limits::NODES {
            let site = self.site(form.path.clone(), &form.word.value, form.word.span);
            return self.add(op, operands, &form.bound, form.statement, site);
        }
        let site = self.site(form.path.clone(), &form.word.value, form.word.span);
        match self.builder.add(op, &nodes, site) {
            Ok(node) => Flow::Value(Current { node, span: form.statement }),
            Err(error) => {
                let mut builder = self
                    .sink
                    .error(error.code, form.word.span, error.message)
                    .here(error.here)
                    .origin(&self.origin);
                for (index, operand) in operands.iter().enumerate() {
                    builder = builder.label(
                        operand.span,
                        format!("branch {} ends here as {}", index + 1, self.builder.shape(operand.node)),
                    );
                }
                for note in error.notes {
                    builder = builder.note(note);
                }
                for help in error.helps {
                    builder = builder.help(help);
                }
                builder.emit();
                Flow::Unknown
            }
        }
    }

    fn split(&mut self, form: Form<'a>, env: &mut Environment, scope: &mut Scope, flow: Flow) -> Flow {
        let parts = form.bound.count("value").unwrap_or(1);
        let mut slices = vec![Flow::Unknown; form.branches.len()];
        let counted = parts == form.branches.len() as u64;
        if !counted {
            self.wrong_branches(&form, &format!("{parts}, one for each part"));
        } else if let Flow::Value(current) = flow {
            let channels = self.builder.shape(current.node).channels();
            if channels.is_multiple_of(parts) {
                for (index, slice) in slices.iter_mut().enumerate() {
                    let count = channels / parts;
                    let op = Slice { first: index as u64 * count, count };
                    let path = [form.path.clone(), vec![format!("part{index}")]].concat();
                    let site = Site { row: false, ..self.site(path, "slice", form.word.span) };
                    *slice = match self.add(op.into(), &[current], &form.bound, current.span, site) {
                        Flow::Value(value) => Flow::Value(Current { span: form.word.span, ..value }),
                        other => other,
                    };
                }
            } else {
                let at = form.bound.span("value").unwrap_or(form.word.span);
                self.sink
                    .error(
                        Code::E0308,
                        at,
                        format!("{channels} channels cannot be split into {parts} equal parts"),
                    )
                    .here(format!("{channels} is not a multiple of {parts}"))
                    .label(current.span, format!("{} comes from here", self.builder.shape(current.node)))
                    .origin(&self.origin)
                    .emit();
            }
        } else if flow == Flow::Nothing {
            self.nothing_arrives("split", form.word.span);
        }
        let ends: Vec<Flow> = form
            .branches
            .iter()
            .zip(slices)
            .map(|(branch, slice)| self.branch(branch, env, scope, slice))
            .collect();
        match ends.iter().map(Flow::value).collect::<Result<Vec<Current>, Unknown>>() {
            Ok(operands) if counted => self.combine(Concat.into(), &form, &operands),
            _ => Flow::Unknown,
        }
    }

    fn auxiliary(&mut self, form: Form<'a>, env: &mut Environment, scope: &mut Scope, flow: Flow) -> Flow {
        let [body] = form.branches else {
            self.wrong_branches(&form, "one");
            return flow;
        };
        let train = form.bound.flag("train");
        let outer = self.train;
        if train && outer.is_none() {
            self.trains += 1;
            self.train = Some(self.trains);
        }
        let nodes = self.builder.len();
        let end = self.branch(body, env, scope, flow.clone());
        let name = form.path.join(".");
        if matches!(end, Flow::Value(_)) && self.builder.len() == nodes {
            self.sink
                .warning(
                    Code::W0105,
                    form.word.span,
                    format!("the auxiliary branch `{name}` computes nothing"),
                )
                .here("holds no operator")
                .help("put the operators of the branch between `<` and `>`")
                .origin(&self.origin)
                .warn();
        }
        if name == "out" {
            self.sink
                .error(Code::E0111, form.word.span, "an auxiliary output may not be called `out`")
                .here("`out` is the network's own output")
                .emit();
        }
        if let Flow::Value(current) = end {
            self.aux.push(Output {
                name: name.clone(),
                node: current.node,
                train_only: self.train.is_some(),
            });
        }
        // The name of the branch belongs to its value, wherever the branch may be named from.
        self.define_path(&form.path, &end, scope);
        self.train = outer;
        flow
    }

    fn residual(&mut self, form: Form<'a>, env: &mut Environment, scope: &mut Scope, flow: Flow) -> Flow {
        let policies: Vec<&'static str> =
            ["project", "zeropad", "ifsame"].into_iter().filter(|policy| form.bound.flag(policy)).collect();
        let mut conflict = None;
        if let [first, second, ..] = policies[..] {
            conflict = Some((second, format!("`{first}` and `{second}` exclude each other")));
        } else if let ([policy], 2) = (&policies[..], form.branches.len()) {
            conflict = Some((*policy, format!("`{policy}` and a written shortcut exclude each other")));
        } else if policies != ["project"] {
            for word in ["bn", "nobias"] {
                if form.bound.flag(word) {
                    conflict = Some((word, format!("`{word}` belongs to `project`")));
                }
            }
        }
        if form.bound.real("eps").is_some() && !form.bound.flag("bn") {
            conflict = conflict.or(Some(("eps", "`eps` belongs to `project bn`".to_owned())));
        }
        if let Some((word, message)) = conflict {
            let at = form.bound.span(word).unwrap_or(form.word.span);
            self.sink.error(Code::E0206, at, message).here("decide for one").origin(&self.origin).emit();
        }
        let ends: Vec<Flow> =
            form.branches.iter().map(|branch| self.branch(branch, env, scope, flow.clone())).collect();
        let (body, shortcut) = match ends.as_slice() {
            [body] => (body.clone(), flow),
            [body, shortcut] => (body.clone(), shortcut.clone()),
            _ => return self.wrong_branches(&form, "a body and perhaps a shortcut"),
        };
        let Some(operands) = self.operands(&form, &[body.clone(), shortcut]) else { return Flow::Unknown };
        if conflict_reported(&policies, &form) {
            return Flow::Unknown;
        }
        let (body, shortcut) = (operands[0], operands[1]);
        let (to, from) = (self.builder.shape(body.node), self.builder.shape(shortcut.node));
        let scale = form.bound.real("scale");
        let add = |zeropad| Op::from(Add { scale, zeropad });
        if to == from {
            return self.combine(add(None), &form, &[body, shortcut]);
        }
        match policies.first() {
            Some(&"ifsame") => Flow::Value(body),
            Some(&"project") => match self.projection(&form, scope, body, shortcut) {
                Flow::Value(projected) => self.combine(add(None), &form, &[body, projected]),
                _ => Flow::Unknown,
            },
            Some(&"zeropad") => match self.zero_padding(&form, body, shortcut) {
                Some(strides) => self.combine(add(Some(strides)), &form, &[body, shortcut]),
                None => Flow::Unknown,
            },
            _ => {
                self.residual_differs(&form, body, shortcut);
                // What follows was written for the end of the body.
                Flow::Value(body)
            }
        }
    }

    fn residual_differs(&mut self, form: &Form<'_>, body: Current, shortcut: Current) {
        let (to, from) = (self.builder.shape(body.node), self.builder.shape(shortcut.node));
        let mut builder = self
            .sink
            .error(Code::E0304, form.word.span, "residual paths differ")
            .label(shortcut.span, format!("the shortcut carries {from} from here"))
            .label(body.span, format!("the body ends here as {to}"))
            .here(format!("{to} cannot be added to {from}"))
            .origin(&self.origin);
        if form.branches.len() == 1
            && let Some(strides) = strides(from, to)
        {
            let channels = to.channels();
            let weights = u128::from(from.channels()) * u128::from(channels);
            let stride = match strides {
                (1, 1) => String::new(),
                (a, b) if a == b => format!("/{a}"),
                (a, b) => format!("/{a}x{b}"),
            };
            let end = form.word.span.after();
            builder = builder.fix(
                format!(
                    "`residual project bn` adds a 1x1x{channels}{stride} convolution ({} weights + bn)",
                    grouped(weights)
                ),
                end,
                " project bn",
            );
            if channels >= from.channels() {
                builder = builder.fix("`residual zeropad` pads with zeros (no weights)", end, " zeropad");
            }
        }
        builder.emit();
    }

    /// He et al.'s option B: a 1×1 convolution to the shape of the body.
    fn projection(&mut self, form: &Form<'_>, scope: &mut Scope, body: Current, shortcut: Current) -> Flow {
        let (to, from) = (self.builder.shape(body.node), self.builder.shape(shortcut.node));
        let channels = to.channels();
        let Some((rows, columns)) = strides(from, to) else {
            return self.cannot_project(
                form,
                body,
                shortcut,
                Code::E0312,
                "a projection cannot make these shapes equal",
            );
        };
        let base = scope.take_projection();
        let child = |index: &str| [base.clone(), vec![index.to_owned()]].concat();
        let span = form.word.span;
        let with_bn = form.bound.flag("bn");
        let mut arguments =
            vec![RawArgument::Size { dims: vec![1, 1, channels], stride: vec![rows, columns], span }];
        if with_bn || form.bound.flag("nobias") {
            arguments.push(RawArgument::Word(Spanned::new("nobias".to_owned(), span)));
        }
        let projected = self.project_step("conv", arguments, child("0"), form, shortcut);
        match projected {
            Flow::Value(current) if with_bn => {
                let mut arguments = Vec::new();
                if let Some(eps) = form.bound.real("eps") {
                    let name = Spanned::new("eps".to_owned(), span);
                    arguments.push(RawArgument::Attribute {
                        name,
                        value: Spanned::new(ops::RawValue::Real(eps), span),
                    });
                }
                self.project_step("bn", arguments, child("1"), form, current)
            }
            other => other,
        }
    }

    fn project_step(
        &mut self,
        word: &str,
        arguments: Vec<RawArgument>,
        path: Vec<String>,
        form: &Form<'_>,
        operand: Current,
    ) -> Flow {
        let span = form.word.span;
        self.take_path(&path, span);
        let Some(bound) =
            ops::find(word).and_then(|spec| ops::bind(spec, span, &arguments, &self.origin, self.sink))
        else {
            return Flow::Unknown;
        };
        match (bound.spec().construct)(&bound) {
            Ok(op) => {
                let site = Site { shortcut: true, ..self.site(path, word, span) };
                self.add(op, &[operand], &bound, form.statement, site)
            }
            Err(error) => {
                self.report(error, &bound, Some(operand));
                Flow::Unknown
            }
        }
    }

    /// He et al.'s option A: the strides of the shortcut.
    fn zero_padding(&mut self, form: &Form<'_>, body: Current, shortcut: Current) -> Option<(u64, u64)> {
        let (to, from) = (self.builder.shape(body.node), self.builder.shape(shortcut.node));
        if to.channels() < from.channels() {
            self.cannot_project(
                form,
                body,
                shortcut,
                Code::E0318,
                "a zero-padded shortcut would lose channels",
            );
            return None;
        }
        match strides(from, to) {
            Some(strides) => Some(strides),
            None => {
                self.cannot_project(form, body, shortcut, Code::E0312, "no stride makes the shortcut fit");
                None
            }
        }
    }

    fn cannot_project(
        &mut self,
        form: &Form<'_>,
        body: Current,
        shortcut: Current,
        code: Code,
        message: &str,
    ) -> Flow {
        let (to, from) = (self.builder.shape(body.node), self.builder.shape(shortcut.node));
        let mut builder = self
            .sink
            .error(code, form.word.span, message)
            .label(shortcut.span, format!("the shortcut carries {from} from here"))
            .label(body.span, format!("the body ends here as {to}"))
            .here(format!("{from} cannot become {to}"))
            .origin(&self.origin);
        if let (Shape::Map { height, width, .. }, Shape::Map { height: out_height, width: out_width, .. }) =
            (from, to)
        {
            for (axis, input, output) in [("height", height, out_height), ("width", width, out_width)] {
                let stride = input.div_ceil(output);
                if input.div_ceil(stride) != output {
                    builder = builder.note(format!("{axis}: stride ceil({input}/{output}) = {stride} gives ceil({input}/{stride}) = {}, not {output}", input.div_ceil(stride)));
                }
            }
        } else if code == Code::E0312 {
            builder = builder.note("the shortcut can be fitted between maps only");
        }
        builder.emit();
        Flow::Unknown
    }
}

fn conflict_reported(policies: &[&str], form: &Form<'_>) -> bool {
    policies.len() > 1
        || policies.len() == 1 && form.branches.len() == 2
        || policies != ["project"] && (form.bound.flag("bn") || form.bound.flag("nobias"))
}

/// The strides `ceil(in/out)` of a shortcut; `None` where they do not reach it.
fn strides(from: Shape, to: Shape) -> Option<(u64, u64)> {
    let (Shape::Map { height, width, .. }, Shape::Map { height: out_height, width: out_width, .. }) =
        (from, to)
    else {
        return None;
    };
    let stride = |input: u64, output: u64| {
        let stride = input.div_ceil(output);
        (input.div_ceil(stride) == output).then_some(stride)
    };
    Some((stride(height, out_height)?, stride(width, out_width)?))
}

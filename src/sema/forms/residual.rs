//! `residual`: the end of a body plus a shortcut, and the policies for paths of different shapes.

use crate::base::{Spanned, grouped};
use crate::diag::Code;
use crate::ir::NodeInfo;
use crate::ops::{self, Add, Op, RawArgument};
use crate::tensor::Shape;

use super::{Context, Expander, Form, Incoming};
use crate::sema::incoming::Current;

/// The policy by which the shortcut gets the shape of the body's end where the shapes differ.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shortcut {
    /// None: different shapes are an error.
    Same,
    /// A 1×1 convolution (He et al.'s option B).
    Project,
    /// Every stride-th pixel, zero channels appended (option A).
    ZeroPad,
    /// The shortcut is left out where the shapes differ.
    IfSame,
    /// The shortcut is a branch that the author wrote.
    Written,
}

/// The ends of a body and of its shortcut.
#[derive(Clone, Copy)]
struct Paths {
    body: Current,
    shortcut: Current,
    to: Shape,
    from: Shape,
}

impl<'a> Expander<'a> {
    pub(super) fn residual(&mut self, form: &Form<'a>, cx: &mut Context<'_>) -> Incoming {
        let policy = self.policy(form);
        let ends = self.branch_ends(form, cx);
        let (body, shortcut) = match ends[..] {
            [body] => (body, cx.arriving),
            [body, shortcut] => (body, shortcut),
            _ => return self.wrong_branches(form, "a body and perhaps a shortcut"),
        };
        let (Some(operands), Some(policy)) = (self.operands(form, &[body, shortcut]), policy) else {
            return Incoming::Unavailable;
        };
        let (body, shortcut) = (operands[0], operands[1]);
        let (to, from) = (self.draft.graph.shape(body.node), self.draft.graph.shape(shortcut.node));
        let paths = Paths { body, shortcut, to, from };
        let scale = form.bound.real("scale");
        let add = |zeropad| Op::from(Add { scale, zeropad });
        if to == from {
            return self.combine(add(None), form, &[body, shortcut]);
        }
        match policy {
            Shortcut::IfSame => Incoming::Value(body),
            Shortcut::Project => match self.projection(form, cx, paths) {
                Incoming::Value(projected) => self.combine(add(None), form, &[body, projected]),
                _ => Incoming::Unavailable,
            },
            Shortcut::ZeroPad => match self.zero_padding(form, paths) {
                Some(strides) => self.combine(add(Some(strides)), form, &[body, shortcut]),
                None => Incoming::Unavailable,
            },
            Shortcut::Same | Shortcut::Written => {
                self.paths_differ(form, paths);
                // The statements behind it were written for the shape of the body's end.
                Incoming::Value(body)
            }
        }
    }

    /// The policy that the flags declare; `None` where they contradict each other, which was reported.
    fn policy(&mut self, form: &Form<'_>) -> Option<Shortcut> {
        let bound = &form.bound;
        let policies =
            [("project", Shortcut::Project), ("zeropad", Shortcut::ZeroPad), ("ifsame", Shortcut::IfSame)];
        let given: Vec<_> = policies.into_iter().filter(|(name, _)| bound.flag(name)).collect();
        let (policy, mut conflict) = match (&given[..], form.branches.len()) {
            ([], 2) => (Shortcut::Written, None),
            ([], _) => (Shortcut::Same, None),
            ([(first, _), (second, _), ..], _) => {
                (Shortcut::Same, Some((*second, format!("`{first}` and `{second}` exclude each other"))))
            }
            ([(name, policy)], 2) => {
                (*policy, Some((*name, format!("`{name}` and a written shortcut exclude each other"))))
            }
            ([(_, policy)], _) => (*policy, None),
        };
        if policy != Shortcut::Project && conflict.is_none() {
            let word = ["bn", "nobias"].into_iter().find(|word| bound.flag(word));
            conflict = word.map(|word| (word, format!("`{word}` belongs to `project`")));
        }
        if conflict.is_none() && bound.real("eps").is_some() && !bound.flag("bn") {
            conflict = Some(("eps", "`eps` belongs to `project bn`".to_owned()));
        }
        let Some((word, message)) = conflict else { return Some(policy) };
        let at = bound.span(word).unwrap_or(form.word.span);
        self.error(Code::E0206, at, message)
            .here("conflicts with the rest of the form")
            .help("remove one of them")
            .emit();
        None
    }

    fn paths_differ(&mut self, form: &Form<'_>, paths: Paths) {
        let Paths { body, shortcut, to, from } = paths;
        let cause = self.shrinking_statement(form, &[body, shortcut]);
        let mut builder = self
            .error(Code::E0304, form.word.span, "residual paths differ")
            .label(shortcut.span, format!("the shortcut carries {from} from here"))
            .label(body.span, format!("the body ends here as {to}"))
            .here(format!("{to} cannot be added to {from}"));
        // A projection would hide the missing padding.
        let has_cause = cause.is_some();
        if let Some(cause) = cause {
            builder = cause.attach(builder);
        }
        if form.branches.len() == 1
            && !has_cause
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
    fn projection(&mut self, form: &Form<'_>, cx: &mut Context<'_>, paths: Paths) -> Incoming {
        let channels = paths.to.channels();
        let Some((rows, columns)) = strides(paths.from, paths.to) else {
            self.cannot_fit(form, paths, Code::E0312, "a projection cannot make these shapes equal");
            return Incoming::Unavailable;
        };
        let base = cx.scope.take_projection();
        let child = |index: &str| [base.as_slice(), &[index.to_owned()]].concat();
        let span = form.word.span;
        let with_bn = form.bound.flag("bn");
        let mut arguments =
            vec![RawArgument::Size { dims: vec![1, 1, channels], stride: vec![rows, columns], span }];
        if with_bn || form.bound.flag("nobias") {
            arguments.push(RawArgument::Word(Spanned::new("nobias".into(), span)));
        }
        let projected = self.projection_step("conv", &arguments, child("0"), form, paths.shortcut);
        match projected {
            Incoming::Value(current) if with_bn => {
                let eps = form.bound.real("eps").map(|eps| RawArgument::Attribute {
                    name: Spanned::new("eps".into(), span),
                    value: Spanned::new(ops::RawValue::Real(eps), span),
                });
                let arguments: Vec<RawArgument> = eps.into_iter().collect();
                self.projection_step("bn", &arguments, child("1"), form, current)
            }
            other => other,
        }
    }

    fn projection_step(
        &mut self,
        word: &'static str,
        arguments: &[RawArgument],
        path: Vec<String>,
        form: &Form<'_>,
        operand: Current,
    ) -> Incoming {
        let span = form.word.span;
        self.take_path(&path, span);
        let Some(bound) =
            ops::find(word).and_then(|spec| ops::bind(spec, span, arguments, &self.around.trace, self.sink))
        else {
            return Incoming::Unavailable;
        };
        match bound.operator() {
            Ok(op) => {
                let info = NodeInfo { shortcut: true, ..self.node_info(path, word, span) };
                self.add(op, &[operand], &bound, form.span, info)
            }
            Err(error) => {
                self.report(error, &bound, Some(operand));
                Incoming::Unavailable
            }
        }
    }

    /// He et al.'s option A: the strides of the shortcut.
    fn zero_padding(&mut self, form: &Form<'_>, paths: Paths) -> Option<(u64, u64)> {
        if paths.to.channels() < paths.from.channels() {
            self.cannot_fit(form, paths, Code::E0318, "a zero-padded shortcut would lose channels");
            return None;
        }
        let strides = strides(paths.from, paths.to);
        if strides.is_none() {
            self.cannot_fit(form, paths, Code::E0312, "no stride makes the shortcut fit");
        }
        strides
    }

    fn cannot_fit(&mut self, form: &Form<'_>, paths: Paths, code: Code, message: &str) {
        let Paths { body, shortcut, to, from } = paths;
        let cause = self.shrinking_statement(form, &[body, shortcut]);
        let mut builder = self
            .error(code, form.word.span, message)
            .label(shortcut.span, format!("the shortcut carries {from} from here"))
            .label(body.span, format!("the body ends here as {to}"))
            .here(format!("{from} cannot become {to}"));
        if code == Code::E0312
            && let Some(cause) = cause
        {
            builder = cause.attach(builder);
        }
        if let (Shape::Map { height, width, .. }, Shape::Map { height: out_height, width: out_width, .. }) =
            (from, to)
        {
            for (axis, input, output) in [("height", height, out_height), ("width", width, out_width)] {
                let stride = input.div_ceil(output);
                let gives = input.div_ceil(stride);
                if gives != output {
                    builder = builder.note(format!(
                        "{axis}: stride ceil({input}/{output}) = {stride} gives ceil({input}/{stride}) = {gives}, not {output}"
                    ));
                }
            }
        } else if code == Code::E0312 {
            builder = builder.note("the shortcut can be fitted between maps only");
        }
        builder.emit();
    }
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

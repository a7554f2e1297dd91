//! Canonical operators: words of the language with arguments, over values of known shape.

use std::sync::Arc;

use crate::base::{SourceMap, Span, Spanned};
use crate::diag::{ExpansionTrace, Sink};
use crate::ops::{self, ConnectionTable, Operator, Parameter, RawArgument, RawValue};
use crate::tensor::{MAX_DIMENSION, MAX_ELEMENTS, Shape};

use super::tensor::Tensor;

/// A value: an input of the network, or the result of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ValueId(pub(super) usize);

/// An argument behind an operator's word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    /// `3x3x64/2`: dimensions and the stride along height and width.
    Window { dims: Vec<u64>, stride: (u64, u64) },
    /// `1x1x64`, or the size behind `to`.
    Size(Vec<u64>),
    /// A flag.
    Flag(&'static str),
    /// A lone whole number.
    Count(u64),
    /// A lone number.
    Real(f64),
    /// `name=n`; not written if `n` is the last number, its default.
    Number(&'static str, u64, u64),
    /// `name=x`.
    Named(&'static str, f64),
    /// `name=n` or `name=(h, w)`; not written if both are the last number.
    Pair(&'static str, (u64, u64), u64),
    /// `pad=…`, or a lone value if the name is empty: top, bottom, left, right; not written if all are 0.
    Pads(&'static str, [u64; 4]),
    /// `table=`: the index in [`super::network::Network::tables`], and the table.
    Table(usize, Arc<ConnectionTable>),
}

/// An operator.
#[derive(Clone, Debug)]
pub(super) struct Op {
    /// A word of the language, or an internal one that a peephole rule replaces; one that is left is refused.
    pub(super) word: &'static str,
    pub(super) arguments: Vec<Argument>,
    pub(super) inputs: Vec<ValueId>,
    pub(super) output: ValueId,
    /// Its path in the model.
    pub(super) key: Option<String>,
    /// The module of the author's code that made the node.
    pub(super) hint: Option<String>,
    /// Its tensors, by the last part of their keys.
    pub(super) tensors: Vec<(&'static str, Tensor)>,
    /// The index of the node in the model.
    pub(super) node: usize,
}

/// Words whose result has the shape of the first operand.
const POINTWISE: &[&str] = &[
    "times",
    "plus",
    "clip",
    "square",
    "sqrt",
    "abs",
    "exp",
    "log",
    "neg",
    "softplus",
    "erf",
    "reciprocal",
    "pow",
    "bias",
];
/// Forms: operators with several operands, which all have the first one's shape or broadcast to it. `zeropad` is the form
/// `residual zeropad` over the end of its body and the value that its shortcut begins with.
pub(super) const JOINS: &[&str] = &["add", "mul", "concat", "sub", "max", "min", "div", "zeropad"];
/// Operators with tensors, which therefore have a key.
const KEYED: &[&str] = &[
    "conv",
    "dwconv",
    "deconv",
    "dense",
    "bn",
    "layernorm",
    "groupnorm",
    "instancenorm",
    "rmsnorm",
    "scale",
    "prelu",
    "bias",
    "rbf",
    "subsample",
];

impl Op {
    /// The tensor with this last part of its key.
    pub(super) fn tensor(&self, suffix: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|(known, _)| *known == suffix).map(|(_, tensor)| tensor)
    }

    /// Returns whether the operator has tensors.
    pub(super) fn is_keyed(&self) -> bool {
        KEYED.contains(&self.word) && !(self.word == "instancenorm" && self.tensors.is_empty())
    }

    /// Returns whether it has several operands.
    pub(super) fn is_join(&self) -> bool {
        JOINS.contains(&self.word) && !self.has_flag("channels")
    }

    /// Returns whether it takes the flags `bias` and `nobias`.
    pub(super) fn takes_bias(&self) -> bool {
        matches!(self.word, "conv" | "dwconv" | "deconv" | "dense")
    }

    /// Returns whether a flag is given.
    pub(super) fn has_flag(&self, name: &str) -> bool {
        self.arguments.iter().any(|argument| matches!(argument, Argument::Flag(flag) if *flag == name))
    }

    /// The lone number behind the word.
    pub(super) fn real(&self) -> Option<f64> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Real(value) => Some(*value),
            _ => None,
        })
    }

    /// The shape of its result and its parameters, by the rules of the language.
    ///
    /// # Errors
    /// The violated rule.
    pub(super) fn infer(&self, inputs: &[Shape]) -> Result<(Shape, Vec<Parameter>), String> {
        let operator = self.operator()?;
        let shape = operator.infer(inputs).map_err(|error| explain(&error))?;
        if too_large(shape) {
            return Err("the output is too large".to_owned());
        }
        Ok((shape, operator.parameters(inputs)))
    }

    /// The operator of the language.
    pub(super) fn operator(&self) -> Result<ops::Op, String> {
        let spec = ops::find(self.word).ok_or_else(|| match self.word {
            "zeros" => "channels of zeros behind a value that is no shortcut of a sum".to_owned(),
            "differences" => {
                "a constant of several rows, from which no squared distances are made".to_owned()
            }
            word => format!("the language has no operator `{word}`"),
        })?;
        let mut sink = Sink::default();
        let span = nowhere();
        let bound = ops::bind(spec, span, &self.raw_arguments(), &ExpansionTrace::default(), &mut sink);
        let bound = bound.ok_or_else(|| {
            let first = sink.into_sorted().into_iter().next();
            first.map_or_else(|| format!("`{}` is malformed", self.word), |first| first.message)
        })?;
        bound.operator().map_err(|error| explain(&error))
    }

    /// The shape of the result of a word that needs no rule of the language.
    pub(super) fn simple_shape(&self, inputs: &[Shape]) -> Option<Shape> {
        if POINTWISE.contains(&self.word) {
            return inputs.first().copied();
        }
        if self.has_flag("channels") {
            return Some(inputs.first()?.with_channels(1));
        }
        if matches!(self.word, "slice" | "zeros" | "differences") {
            let count = self.arguments.iter().find_map(|argument| match argument {
                Argument::Count(count) => Some(*count),
                _ => None,
            });
            let first = inputs.first()?;
            if self.word == "differences" {
                return count.map(Shape::Vector);
            }
            let before = if self.word == "zeros" { first.channels() } else { 0 };
            return Some(first.with_channels(before.checked_add(count?)?));
        }
        join_shape(self.word, inputs)
    }

    fn raw_arguments(&self) -> Vec<RawArgument> {
        let span = nowhere();
        let word = |word: &str| RawArgument::Word(Spanned::new(word.into(), span));
        let int = |value: u64| RawValue::Int(i128::from(value));
        let lone = |value| RawArgument::Value(Spanned::new(value, span));
        let attribute = |name: &str, value| RawArgument::Attribute {
            name: Spanned::new(name.into(), span),
            value: Spanned::new(value, span),
        };
        let mut raw = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::Window { dims, stride } => {
                    raw.push(RawArgument::Size { dims: dims.clone(), stride: vec![stride.0, stride.1], span })
                }
                Argument::Size(dims) if dims.len() == 1 => raw.push(lone(int(dims[0]))),
                Argument::Size(dims) => {
                    raw.push(RawArgument::Size { dims: dims.clone(), stride: Vec::new(), span });
                }
                Argument::Flag(flag) => raw.push(word(flag)),
                Argument::Count(count) => raw.push(lone(int(*count))),
                Argument::Real(value) => raw.push(lone(RawValue::Real(*value))),
                Argument::Number(name, value, default) if value != default => {
                    raw.push(attribute(name, int(*value)));
                }
                Argument::Named(name, value) => raw.push(attribute(name, RawValue::Real(*value))),
                Argument::Pair(name, (h, w), default) if (h, w) != (default, default) => {
                    raw.push(attribute(name, RawValue::Tuple(vec![int(*h), int(*w)])));
                }
                Argument::Pads(name, pads) if *pads != [0; 4] => {
                    let pads = RawValue::Tuple(pads.iter().map(|&pad| int(pad)).collect());
                    raw.push(if name.is_empty() { lone(pads) } else { attribute(name, pads) });
                }
                Argument::Table(_, table) => {
                    raw.push(attribute("table", RawValue::Table(Arc::clone(table))));
                }
                _ => {}
            }
        }
        if self.takes_bias() && self.tensor("bias").is_none() {
            raw.push(word("nobias"));
        }
        raw
    }
}

/// The shape of a form's result: concatenation adds the channels, the others have the shape of the largest operand.
/// Exporters write normalisations with `sub` and `div` of a value and its mean or sum over the channels, for which the
/// language has no form; [`is_form`] distinguishes them.
pub(super) fn join_shape(word: &str, inputs: &[Shape]) -> Option<Shape> {
    let first = *inputs.first()?;
    match word {
        "concat" => {
            let channels = inputs.iter().map(Shape::channels).try_fold(0, u64::checked_add)?;
            let even = inputs.iter().all(|input| input.extent() == first.extent());
            (even && inputs.iter().all(|input| input.is_map() == first.is_map()))
                .then(|| first.with_channels(channels))
        }
        "zeropad" => Some(first),
        "add" | "max" | "min" => inputs.iter().all(|&input| input == first).then_some(first),
        "sub" | "mul" | "div" => {
            let whole = inputs.iter().copied().max_by_key(Shape::elements)?;
            let fits = |input: &Shape| {
                let ((h, w), c) = (whole.extent(), whole.channels());
                let broadcast = [whole.with_channels(1), Shape::map(1, 1, c), Shape::map(h, w, 1)];
                *input == whole || broadcast.contains(input)
            };
            inputs.iter().all(fits).then_some(whole)
        }
        _ => None,
    }
}

/// Returns whether the language has a form for a word over operands of these shapes.
pub(super) fn is_form(word: &str, inputs: &[Shape]) -> bool {
    let equal = inputs.windows(2).all(|two| two[0] == two[1]);
    let broadcasts = word == "mul" && inputs.iter().all(Shape::is_map);
    word == "zeropad" || ops::form(word).is_some() && (word == "concat" || broadcasts || equal)
}

/// The span of all text that an import makes.
fn nowhere() -> Span {
    Span::new(SourceMap::default().add("", ""), 0, 0)
}

/// Returns whether a value has more elements than the language allows.
pub(super) fn too_large(shape: Shape) -> bool {
    shape.dims().iter().any(|&dim| dim == 0 || dim > MAX_DIMENSION) || shape.elements() > MAX_ELEMENTS
}

fn explain(error: &ops::OpError) -> String {
    match error.notes.first() {
        Some(note) => format!("{}: {note}", error.message),
        None => error.message.clone(),
    }
}

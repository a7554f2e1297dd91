//! The PyTorch forms of operators: a module with its arguments, or an expression over tensors.
//!
//! A module of torch is preferred. For what torch lacks there is a [`Helper`], a few lines of Python that an exported
//! file contains only if it uses them. Modules name their parameters as the operator does, so that weights can be
//! exchanged in both directions.

use crate::tensor::{Shape, Window};

/// A Python class or function for what torch lacks.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Helper {
    /// Its name.
    pub name: &'static str,
    /// Its definition in the layout of black, without a trailing line break.
    pub source: &'static str,
}

/// An argument of a module or expression.
#[derive(Clone, Debug, PartialEq)]
pub struct TorchArgument {
    /// Its name.
    pub name: &'static str,
    /// Its value as Python source.
    pub value: String,
    /// The default, at which it is omitted; `None` for an argument that is always written.
    pub default: Option<String>,
    /// Whether it is written without its name.
    pub positional: bool,
}

/// An operator in PyTorch.
#[derive(Clone, Debug, PartialEq)]
pub struct Torch {
    /// The class of a module (`nn.Conv2d`), or an expression, in which `{0}` stands for the first operand, `{*}` for
    /// all operands separated by commas, and `{name}` for an argument.
    pub text: String,
    /// Whether it is a module, which is called with its operand.
    pub module: bool,
    /// The arguments in order.
    pub arguments: Vec<TorchArgument>,
    /// The helper that the text uses.
    pub helper: Option<&'static Helper>,
}

impl Torch {
    /// A module of torch.
    pub fn module(class: &str) -> Torch {
        Torch { text: class.to_owned(), module: true, arguments: Vec::new(), helper: None }
    }

    /// A module that the file defines.
    pub fn helper(helper: &'static Helper) -> Torch {
        Torch { helper: Some(helper), ..Torch::module(helper.name) }
    }

    /// An expression over the operands.
    pub fn expression(text: &str) -> Torch {
        Torch { module: false, ..Torch::module(text) }
    }

    /// Adds a positional argument.
    pub fn positional(self, name: &'static str, value: impl ToPython) -> Torch {
        self.with(TorchArgument { name, value: value.to_python(), default: None, positional: true })
    }

    /// Adds an argument by name.
    pub fn named(self, name: &'static str, value: impl ToPython) -> Torch {
        self.with(TorchArgument { name, value: value.to_python(), default: None, positional: false })
    }

    /// Adds an argument by name, omitted at its default.
    pub fn optional(self, name: &'static str, value: impl ToPython, default: impl ToPython) -> Torch {
        let default = Some(default.to_python());
        self.with(TorchArgument { name, value: value.to_python(), default, positional: false })
    }

    fn with(mut self, argument: TorchArgument) -> Torch {
        self.arguments.push(argument);
        self
    }
}

/// The PyTorch form of an operator.
pub(crate) trait ToTorch {
    /// The module or expression that computes it in training and evaluation; shapes are per picture.
    fn to_torch(&self, inputs: &[Shape], output: Shape) -> Torch;
}

/// A value that can be written in Python.
pub trait ToPython {
    /// The Python source.
    fn to_python(&self) -> String;
}

impl ToPython for u64 {
    fn to_python(&self) -> String {
        self.to_string()
    }
}

impl ToPython for bool {
    fn to_python(&self) -> String {
        (if *self { "True" } else { "False" }).to_owned()
    }
}

impl ToPython for f64 {
    /// The shortest decimal that reads back as the same number; `1e-05` for small ones, as Python prints them.
    fn to_python(&self) -> String {
        if self.is_nan() {
            return "float(\"nan\")".to_owned();
        }
        if self.is_infinite() {
            return (if *self > 0.0 { "float(\"inf\")" } else { "float(\"-inf\")" }).to_owned();
        }
        let magnitude = self.abs();
        if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
            let text = format!("{self:e}");
            return match text.split_once("e-") {
                Some((digits, exponent)) if exponent.len() == 1 => format!("{digits}e-0{exponent}"),
                _ => text,
            };
        }
        format!("{self:?}")
    }
}

/// Text, as a string of Python.
impl ToPython for &str {
    fn to_python(&self) -> String {
        format!("\"{}\"", self.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Height and width: one number if both are equal.
impl ToPython for (u64, u64) {
    fn to_python(&self) -> String {
        if self.0 == self.1 { self.0.to_string() } else { format!("({}, {})", self.0, self.1) }
    }
}

/// Height and width, always as a pair.
pub(crate) struct Both(pub(crate) u64, pub(crate) u64);

impl ToPython for Both {
    fn to_python(&self) -> String {
        format!("({}, {})", self.0, self.1)
    }
}

impl ToPython for [u64; 3] {
    fn to_python(&self) -> String {
        format!("({}, {}, {})", self[0], self[1], self[2])
    }
}

impl ToPython for [i64; 4] {
    fn to_python(&self) -> String {
        format!("({}, {}, {}, {})", self[0], self[1], self[2], self[3])
    }
}

/// Lists of lists, such as a connection table.
impl ToPython for Vec<Vec<u64>> {
    fn to_python(&self) -> String {
        let rows = self.iter().map(|row| {
            let entries: Vec<String> = row.iter().map(u64::to_string).collect();
            format!("[{}]", entries.join(", "))
        });
        format!("[{}]", rows.collect::<Vec<_>>().join(", "))
    }
}

/// The padding of two windows as torch's modules take it; `None` if it differs between the sides of an axis.
pub(crate) fn even_padding((rows, columns): (Window, Window)) -> Option<(u64, u64)> {
    let even = rows.pad_before == rows.pad_after && columns.pad_before == columns.pad_after;
    even.then_some((rows.pad_before, columns.pad_before))
}

/// The padding of two windows in the order of `F.pad`: left, right, top, bottom.
pub(crate) fn uneven_padding((rows, columns): (Window, Window)) -> [i64; 4] {
    [columns.pad_before, columns.pad_after, rows.pad_before, rows.pad_after]
        .map(|pad| i64::try_from(pad).unwrap_or(i64::MAX))
}

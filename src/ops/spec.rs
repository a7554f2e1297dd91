//! How an operator is written, as data: the binder, the reference pages and suggestions read the same.

use super::{Bound, Op, OpError};

/// How an operator is written and what its reference page says.
#[derive(Debug)]
pub struct Spec {
    /// The word.
    pub name: &'static str,
    /// Whether it may stand as a trailing word.
    pub trailing: bool,
    /// One sentence: what it computes.
    pub summary: &'static str,
    /// A complete program that uses it.
    pub example: &'static str,
    /// The size behind the word.
    pub sizes: Sizes,
    /// The value behind the word.
    pub value: Option<Value>,
    /// Its flags.
    pub flags: &'static [Flag],
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// What is counted, as formulas for the reference page.
    pub cost: &'static str,
    /// The nearest ONNX operator.
    pub onnx: &'static str,
    /// The nearest PyTorch module or function.
    pub torch: &'static str,
    /// Makes the operator of its bound arguments.
    pub construct: fn(&Bound) -> Result<Op, OpError>,
}

/// The form of the size behind an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// None.
    None,
    /// `KxKxN/S`: kernel height, kernel width, filters, and perhaps a stride (1).
    KernelFilters,
    /// `KxK/S`: kernel height and width, and perhaps a stride (1).
    Kernel,
    /// `K/S` or `KxK/S`: a window, and perhaps a stride (the window).
    Window,
    /// Like [`Sizes::Window`], or left out for the words `global` or `to HxW`.
    WindowOrWord,
    /// `HxWxC`.
    Map,
    /// `HxWxC`, or a lone value instead.
    MapOrValue,
    /// `n` or `hxw`.
    Factor,
}

/// The value behind an operator.
#[derive(Debug)]
pub struct Value {
    /// What it is called in messages.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its value where none is given.
    pub default: Default,
    /// What it does.
    pub doc: &'static str,
}

/// A word that switches something on.
#[derive(Debug)]
pub struct Flag {
    /// The word.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// `name=value`.
#[derive(Debug)]
pub struct Attribute {
    /// The name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its value where none is given.
    pub default: Default,
    /// What it does.
    pub doc: &'static str,
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number of at least `min`.
    Count {
        /// The least.
        min: u64,
    },
    /// One whole number or a tuple of them, each of at least `min`.
    Counts {
        /// The least.
        min: u64,
    },
    /// A finite number.
    Real,
    /// `n` or `(h, w)`, each at least `min`.
    Pair {
        /// The least.
        min: u64,
    },
    /// `n`, `(h, w)` or `(top, bottom, left, right)`.
    Pads,
    /// `n` or `(top, bottom, left, right)`.
    FourPads,
    /// One number or a tuple of them.
    Reals,
    /// The name of a connection table.
    Table,
}

/// What holds where nothing is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// It is absent.
    Absent,
    /// This count (a pair of it, for [`Kind::Pair`]).
    Count(u64),
    /// This number.
    Real(f64),
}

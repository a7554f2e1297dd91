//! How an operator is written, as data: the binder, the reference pages and suggestions read the same.

use super::bound::Literal;

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
    pub value: Option<&'static Value>,
    /// Its flags.
    pub flags: &'static [Flag],
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// What is counted, as formulas for the reference page.
    pub cost: &'static str,
    /// The first version of the compiler that knows the word, such as `0.2`. A block of the same name in an older
    /// file wins over a word that is younger than [`FIRST`].
    pub since: &'static str,
    /// Whether it subtracts the mean of each channel, so that a bias in front of it has no effect. An operator that
    /// [takes a bias](Spec::takes_bias) has none where such a word is the first behind it, unless `bias` asks for it.
    pub absorbs_bias: bool,
}

/// The version whose words every file may rely on: no block may be named like one of them.
pub const FIRST: &str = "0.1";

impl Spec {
    /// A spec that says nothing; the start of the others.
    pub(super) const EMPTY: Spec = Spec {
        name: "",
        trailing: false,
        summary: "",
        example: "",
        sizes: Sizes::None,
        value: None,
        flags: &[],
        attributes: &[],
        cost: "",
        since: FIRST,
        absorbs_bias: false,
    };

    /// Whether it has a flag of this name.
    pub fn has_flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }

    /// Whether it has a bias that `nobias` takes away and `bias` keeps.
    pub fn takes_bias(&self) -> bool {
        self.has_flag("bias") && self.has_flag("nobias")
    }

    /// The declared default of `"lone value"` or an attribute.
    pub(super) fn default(&self, name: &str) -> Option<Literal> {
        let attribute = self.attributes.iter().find(|attribute| attribute.name == name);
        let (kind, default) = match (name, self.value, attribute) {
            ("lone value", Some(value), _) => (value.kind, value.default),
            (_, _, Some(attribute)) => (attribute.kind, attribute.default),
            _ => return None,
        };
        match default {
            Default::Required | Default::Absent => None,
            Default::Count(count) if matches!(kind, Kind::Pair { .. }) => Some(Literal::Pair((count, count))),
            Default::Count(count) => Some(Literal::Count(count)),
            Default::Real(real) => Some(Literal::Real(real)),
        }
    }
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
    /// Like [`Sizes::Window`], or left out for `to HxW` or one of the flags that stand alone.
    WindowOrWord,
    /// `HxWxC`.
    Map,
    /// `HxWxC`, or a lone value instead.
    MapOrValue,
    /// `n` or `hxw`, or left out for `to HxW`.
    FactorOrTo,
    /// Left out, but for `to HxW` in place of the value.
    To,
}

impl Sizes {
    /// Whether `to HxW` may stand in its place.
    pub fn has_to(self) -> bool {
        matches!(self, Sizes::WindowOrWord | Sizes::FactorOrTo | Sizes::To)
    }
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
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The word.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
}

impl Flag {
    /// No flag.
    pub(super) const NONE: Flag = Flag { name: "", doc: "" };
}

/// `name=value`.
#[derive(Clone, Copy, Debug)]
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

impl Attribute {
    /// No attribute.
    pub(super) const NONE: Attribute =
        Attribute { name: "", kind: Kind::Real, default: Default::Absent, doc: "" };
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
    /// One of these words.
    Choice(&'static [&'static str]),
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

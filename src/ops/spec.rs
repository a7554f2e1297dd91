//! Specs: how an operator is written, as data for the binder, the reference pages and suggestions.

use super::bound::Literal;

/// The syntax of an operator or form, and the text of its reference page.
#[derive(Debug)]
pub struct Spec {
    /// The word.
    pub name: &'static str,
    /// Whether it can be a trailing word.
    pub trailing: bool,
    /// Its function, in one sentence.
    pub summary: &'static str,
    /// A complete program that uses it.
    pub example: &'static str,
    /// The form of the size behind the word.
    pub sizes: Sizes,
    /// The lone value behind the word.
    pub value: Option<&'static Value>,
    /// Its flags.
    pub flags: &'static [Flag],
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// The cost as formulas, for the reference page.
    pub cost: &'static str,
    /// The shapes that it takes, and what it refuses beyond its arguments, as sentences for the reference page; may be
    /// empty.
    pub rules: &'static str,
    /// The first version of the compiler that knows the word, such as `0.2`. A block of the same name in an older
    /// file wins over a word that is younger than [`FIRST`].
    pub since: &'static str,
    /// Whether it subtracts the mean of each channel, so that a bias before it has no effect. If such a word is the
    /// first one behind an operator that [takes a bias](Spec::takes_bias), that operator has no bias unless `bias` is
    /// given.
    pub absorbs_bias: bool,
    /// The operation by which a form joins the features of its branches: equal positions of the branches should then
    /// show the same place. `None` for forms whose branches may be gates or masks, and for all other words.
    pub joins: Option<Join>,
}

/// The operation by which a form joins the features of its branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Elements at the same place are added.
    Sum,
    /// Channels are put behind each other.
    Channels,
}

/// The version whose words are reserved in every file: no block may have such a name.
pub const FIRST: &str = "0.1";

impl Spec {
    /// An empty spec; a base for the others.
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
        rules: "",
        since: FIRST,
        absorbs_bias: false,
        joins: None,
    };

    /// Returns whether it has a flag of this name.
    pub fn has_flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }

    /// Returns whether it has an attribute of this name.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.name == name)
    }

    /// Returns whether it has a bias that `nobias` removes and `bias` keeps.
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

/// The form of the size behind a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// None.
    None,
    /// `KxKxN/S`: kernel height, kernel width, filters, and optionally a stride (1).
    KernelFilters,
    /// `KxK/S`: kernel height and width, and optionally a stride (1).
    Kernel,
    /// `K/S` or `KxK/S`: a window, and optionally a stride (the window).
    Window,
    /// As [`Sizes::Window`], or omitted for `to HxW` or a flag that replaces it.
    WindowOrWord,
    /// `HxWxC`.
    Map,
    /// `HxWxC`, or a lone value instead.
    MapOrValue,
    /// `n` or `hxw`, or omitted for `to HxW`.
    FactorOrTo,
    /// Omitted; the lone value may be replaced by `to HxW`.
    To,
}

impl Sizes {
    /// Returns whether `to HxW` may replace the size.
    pub fn has_to(self) -> bool {
        matches!(self, Sizes::WindowOrWord | Sizes::FactorOrTo | Sizes::To)
    }
}

/// The lone value behind a word.
#[derive(Debug)]
pub struct Value {
    /// Its name in messages.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its default.
    pub default: Default,
    /// Its effect.
    pub doc: &'static str,
}

/// A word without a value.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The word.
    pub name: &'static str,
    /// Its effect.
    pub doc: &'static str,
}

impl Flag {
    /// A placeholder in lists of fixed length.
    pub(super) const NONE: Flag = Flag { name: "", doc: "" };
}

/// `name=value`.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// The name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its default.
    pub default: Default,
    /// Its effect.
    pub doc: &'static str,
}

impl Attribute {
    /// A placeholder in lists of fixed length.
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
    /// One of the listed words.
    Choice(&'static [&'static str]),
}

/// The default of an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// None: the argument is optional.
    Absent,
    /// This count (a pair of it, for [`Kind::Pair`]).
    Count(u64),
    /// This number.
    Real(f64),
}

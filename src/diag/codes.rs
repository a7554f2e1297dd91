//! The one table of diagnostic codes: what each means, by phase.
//!
//! `E00` syntax, `E01` names, `E02` arguments, `E03` shapes and limits of the expansion, `E04` expectations and
//! budgets, `E06` files, weights and execution, `E07` projects, revisions and baselines, `E08` imports, `W` lints. A
//! code is never reused for another meaning.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The model is wrong.
    Error,
    /// Legal, but probably not what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Code {
    /// The severity of all diagnostics with this code, which its letter tells.
    pub fn severity(self) -> Severity {
        if self.id().starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// Returns whether it is a warning that a comment or a project may allow.
    pub fn is_lint(self) -> bool {
        self.severity() == Severity::Warning
    }

    /// Returns whether a text with this error could not be read wholly, so that names in it may be unknown.
    pub fn is_of_syntax(self) -> bool {
        self.id().starts_with("E00")
    }
}

macro_rules! codes {
    ($($(#[$attr:meta])* $name:ident $title:literal,)*) => {
        /// The code of a diagnostic; `cnnc explain CODE` prints its page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The code as it is printed, such as `E0304`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => stringify!($name)),* }
            }

            /// The page that explains the code, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("../../docs/errors/", stringify!($name), ".md"))),* }
            }

            /// The meaning of the code, in one line.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }
        }
    };
}

codes! {
    E0001 "unexpected text",
    E0002 "a `;` is missing",
    E0003 "a bracket is not closed",
    E0004 "a closing bracket without its opening one",
    E0005 "a string does not end on its line",
    E0006 "a character that the language does not use",
    E0007 "a malformed number or size",
    E0008 "a reserved word where a name must stand",
    E0009 "an empty group, branch or body",
    E0010 "the source is too large",
    E0011 "brackets are nested too deeply",
    E0012 "too many terms in an expression or arguments in a call",
    E0013 "a name is too long",
    E0014 "the source is not UTF-8",
    E0015 "an edition that this compiler does not know",
    E0016 "an item at a place where it may not stand",
    E0017 "a file of another kind",

    E0101 "unknown operator or block",
    E0102 "unknown name in an expression",
    E0103 "unknown value after `@`",
    E0104 "defined twice",
    E0105 "two equal paths",
    E0106 "unknown network",
    E0107 "a block that contains itself",
    E0108 "constants that depend on each other",
    E0109 "a used file cannot be read",
    E0110 "files that use each other",
    E0111 "a name that may not be used here",
    E0112 "unknown connection table",
    E0113 "unknown part of the network",
    E0114 "a network must be chosen",
    E0115 "a setting that the network does not have",

    E0201 "unknown word, flag or attribute",
    E0202 "given twice",
    E0203 "a missing argument",
    E0204 "an argument too many",
    E0205 "a value of the wrong kind or out of range",
    E0206 "arguments that exclude each other",
    E0207 "not a whole number",
    E0208 "division by zero",
    E0209 "arithmetic overflow",
    E0210 "a size of the wrong form",
    E0211 "a part of a statement that may not stand here",
    E0212 "a repetition that is no count",
    E0213 "a malformed connection table",
    E0214 "a member pattern outside a sequence",
    E0215 "the wrong number of branches",

    E0301 "the stated shape is not the actual one",
    E0302 "a map where a vector is needed, or the reverse",
    E0303 "channels that do not divide",
    E0304 "residual paths differ",
    E0305 "a window that does not fit its input",
    E0306 "branches of different height or width",
    E0307 "shapes that cannot be combined element by element",
    E0308 "channels that cannot be split",
    E0309 "no current value",
    E0310 "a connection table for other channels",
    E0311 "padding that reaches beyond the window",
    E0312 "a projection that does not fit",
    E0313 "a dimension that is too large",
    E0314 "the expansion is too large",
    E0315 "blocks are nested too deeply",
    E0316 "too many operands",
    E0318 "a zero-padded shortcut that would lose channels",
    E0319 "an output without rows or columns",
    E0320 "a size of the arriving shape that does not exist",
    E0321 "a network without input or output",
    E0322 "weights that cannot be shared",

    E0401 "a broken expectation",
    E0402 "unknown metric",
    E0403 "an expectation of the wrong kind",
    E0404 "a broken budget",
    E0405 "a figure that is not that of the baseline",
    E0406 "a change beyond its gate",

    E0601 "weights that do not fit the network",
    E0602 "a weights file that cannot be read",
    E0603 "a tensor type that is not supported",
    E0604 "an array file that cannot be read",
    E0605 "a picture that cannot be read",
    E0606 "an input that does not fit the network",
    E0607 "not enough memory",
    E0608 "labels that do not fit the network",
    E0609 "a file that cannot be read or written",
    E0610 "weights are needed",
    E0611 "an unknown input, output or value",

    E0701 "a project file that is wrong",
    E0702 "a part of a project file that matches nothing",
    E0703 "a revision that cannot be read",
    E0704 "a baseline that is wrong",

    E0801 "a model that cannot be imported",
    E0802 "a model file that cannot be read",
    E0803 "a model without weights",
    E0804 "an import that is not its model",
    E0805 "a model whose input has open extents",

    W0001 "a doc comment that documents nothing",
    W0101 "an unused parameter",
    W0102 "an unused constant",
    W0103 "an unused connection table",
    W0104 "an unused name",
    W0105 "an auxiliary branch that computes nothing",
    W0106 "a block that is named like an operator",
    W0107 "a file without a network",
    W0108 "a value that nothing reads",
    W0201 "a window that drops pixels",
    W0202 "a bias just before batch normalisation",
    W0203 "asymmetric padding",
    W0204 "an even kernel with `same`",
    W0205 "a 1x1 window that skips pixels",
    W0206 "a trailing word at the beginning of a line",
    W0207 "outputs that see only padding",
    W0208 "an input that looks channels first",
    W0209 "misaligned paths",
    W0210 "a mean above 1",
    W0211 "a crop beside the centre",
}

impl Code {
    /// The code of a printed id, in any letter case.
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

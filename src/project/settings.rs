//! The settings of a project file, checked when it was read.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::analysis::Metric;
use crate::analysis::budget::Budget;
use crate::diag::{Code, Diagnostic, Severity};
use crate::driver::Scalar;
use crate::report::Column;

/// A path, or a glob over paths, from the folder of the project file: `*` within a folder, `**` across folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As it is written.
    pub text: String,
    /// Its place in the project file, in bytes.
    pub place: Range<usize>,
}

impl Pattern {
    /// Returns whether the pattern matches a path with `/` between its parts.
    pub fn matches(&self, path: &str) -> bool {
        fast_glob::glob_match(self.text.strip_prefix("./").unwrap_or(&self.text), path)
    }
}

/// The level at which a lint is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not reported.
    Allow,
    /// It is a warning.
    Warn,
    /// It is an error.
    Deny,
}

/// The levels of lints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lints {
    /// The level of all that have none of their own.
    pub all: Option<Level>,
    /// The level of each.
    pub each: BTreeMap<Code, Level>,
}

impl Lints {
    /// The level of a lint.
    pub fn level(&self, code: Code) -> Option<Level> {
        self.each.get(&code).copied().or(self.all)
    }
}

/// Values of parameters and constants, with which networks are checked once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// In the order of the names.
    pub settings: Vec<(String, Scalar)>,
}

impl Variant {
    /// `classes=10, growth=16`
    pub fn name(&self) -> String {
        let settings = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        settings.collect::<Vec<_>>().join(", ")
    }
}

/// A budget and its place in the project file; the place becomes a span once the text has a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) budget: Budget,
    pub(super) place: Range<usize>,
}

/// Networks with the same rules: a `[[networks]]` of the project file.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The files.
    pub files: Vec<Pattern>,
    /// The network of these files; `None` is each.
    pub network: Option<String>,
    /// The place of the network's name.
    pub network_place: Range<usize>,
    /// The variants that are checked besides the networks as they stand.
    pub variants: Vec<Variant>,
    /// Levels of lints, before those of the project.
    pub lints: Lints,
    pub(super) budgets: Vec<Placed>,
}

impl Group {
    /// Returns whether a pattern of the group matches a file.
    pub fn matches(&self, path: &str) -> bool {
        self.files.iter().any(|pattern| pattern.matches(path))
    }

    /// Returns whether the rules of the group apply to a network of its files.
    pub fn matches_network(&self, name: &str) -> bool {
        self.network.as_deref().is_none_or(|network| network == name)
    }

    /// The budgets.
    pub fn limits(&self) -> impl Iterator<Item = &Budget> {
        self.budgets.iter().map(|one| &one.budget)
    }

    /// The budgets, with their places as spans of the project file.
    pub fn budgets(&self, span: impl Fn(Range<usize>) -> crate::base::Span) -> Vec<Budget> {
        let placed = self.budgets.iter();
        placed.map(|one| Budget { span: Some(span(one.place.clone())), ..one.budget.clone() }).collect()
    }
}

/// The look of reports, where the command line does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The columns; empty for the usual ones.
    pub columns: Vec<Column>,
    /// The metric that orders the rows.
    pub sort: Option<Metric>,
    /// At most so many rows.
    pub top: Option<usize>,
    /// Folds rows whose path has more parts.
    pub depth: Option<usize>,
    /// Exact figures.
    pub exact: bool,
}

/// A project file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// The files that belong to it; empty means every `.cnn` file.
    pub files: Vec<Pattern>,
    /// The files that do not.
    pub except: Vec<Pattern>,
    /// The baseline whose figures the whole project must have.
    pub baseline: Option<Pattern>,
    /// Levels of lints.
    pub lints: Lints,
    /// Default options of reports.
    pub report: Defaults,
    /// Networks with rules of their own.
    pub groups: Vec<Group>,
}

impl Project {
    /// Returns whether a file belongs to the project; `path` is relative to the folder of the project file.
    pub fn has(&self, path: &str) -> bool {
        let listed = if self.files.is_empty() {
            path.ends_with(".cnn")
        } else {
            self.files.iter().any(|pattern| pattern.matches(path))
        };
        listed && !self.except.iter().any(|pattern| pattern.matches(path))
    }

    /// The groups whose patterns match a file.
    pub fn groups_of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Group> {
        self.groups.iter().filter(move |group| group.matches(path))
    }

    /// Applies the levels of lints to the diagnostics of a file.
    pub fn level(&self, path: &str, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let groups: Vec<&Group> = self.groups_of(path).collect();
        let level = |one: &Diagnostic| {
            let network = one.subject.network.as_deref();
            let applies = |group: &&&Group| network.is_none_or(|name| group.matches_network(name));
            let own = groups.iter().filter(applies).find_map(|group| group.lints.level(one.code));
            own.or_else(|| self.lints.level(one.code))
        };
        let levelled = diagnostics.into_iter().filter_map(|mut one| {
            if one.severity != Severity::Warning {
                return Some(one);
            }
            match level(&one) {
                Some(Level::Allow) => return None,
                Some(Level::Deny) => {
                    one.severity = Severity::Error;
                    one.notes.push(format!("`{}` is denied in {}", one.code, super::FILE_NAME));
                }
                Some(Level::Warn) | None => {}
            }
            Some(one)
        });
        levelled.collect()
    }
}

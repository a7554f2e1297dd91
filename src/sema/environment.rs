//! The names that the expressions of a statement can use.

use std::collections::BTreeMap;

use crate::base::Span;

use super::Evaluated;
use super::number::Scalar;

/// The value of a parameter or constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Setting {
    /// A number.
    Scalar(Scalar),
    /// The trailing word that a `word` parameter stands for; `None` is `identity`, for which no word is inserted.
    Word(Option<&'static str>),
}

/// A parameter or constant.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub value: Evaluated<Setting>,
    /// The place of its declaration.
    pub declared: Span,
    /// True for a parameter, false for a constant.
    pub is_parameter: bool,
}

/// The parameters and constants of a block or network, and the file of its text.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    /// The file, by its index in the program.
    pub file: usize,
    /// The variables in the order of their declarations.
    variables: Vec<(String, Variable)>,
    /// The index of each name in `variables`.
    places: BTreeMap<String, usize>,
}

impl Environment {
    /// An environment without variables.
    pub(super) fn of_file(file: usize) -> Environment {
        Environment { file, variables: Vec::new(), places: BTreeMap::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.places.get(name).map(|&place| &self.variables[place].1)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    /// Adds a variable. Fails with the place where the name was declared before, which keeps its value.
    pub(super) fn declare(&mut self, name: &str, variable: Variable) -> Result<(), Span> {
        if let Some(&place) = self.places.get(name) {
            return Err(self.variables[place].1.declared);
        }
        self.places.insert(name.to_owned(), self.variables.len());
        self.variables.push((name.to_owned(), variable));
        Ok(())
    }

    /// The number of variables.
    pub(super) fn len(&self) -> usize {
        self.variables.len()
    }

    /// Removes all variables but the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        for (name, _) in self.variables.drain(count..) {
            self.places.remove(&name);
        }
    }
}

//! The values of a network that `@name` can reference, and all paths that are taken.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::base::{MOST_SEARCHED, Span};

use super::incoming::Incoming;
use super::scope::PathScope;
use super::sharing::Shareable;

/// A value with a written name.
#[derive(Clone, Debug)]
pub(super) struct NamedValue {
    pub value: Incoming,
    /// The place of its name.
    pub written: Span,
    /// Its path.
    pub path: String,
    /// The length of the shortest path from which it can be referenced.
    reachable_from: usize,
    /// The expansion of an inline block that wrote it.
    inline: Option<u32>,
    /// The number of the `aux train` branch that it lies in.
    train: Option<u32>,
}

/// The result of a lookup of `@path`.
#[derive(Debug)]
pub(super) enum Lookup<'v> {
    Found(&'v NamedValue),
    /// The value lies in an `aux train` branch, and the reference does not.
    InTraining,
    Nothing,
}

/// All paths of a network, the values with names, and the statements that `shared` can run again.
#[derive(Default)]
pub(super) struct ValueTable<'a> {
    taken: BTreeMap<String, Span>,
    /// Paths that two parts of the network have.
    clashes: Vec<String>,
    values: BTreeMap<String, NamedValue>,
    /// The statements with a plain name, by path, which `shared` can run once more.
    shareable: BTreeMap<String, Shareable<'a>>,
}

impl<'a> ValueTable<'a> {
    /// Reserves the path of a layer or a named statement. If it is taken, the error is the place of the part that has
    /// it; no place for a part inside of two parts with one path, whose clash was reported.
    pub(super) fn take(&mut self, path: &[String], span: Span) -> Result<(), Option<Span>> {
        let path = path.join(".");
        let first = match self.taken.entry(path.clone()) {
            Entry::Occupied(first) => *first.get(),
            Entry::Vacant(free) => {
                free.insert(span);
                return Ok(());
            }
        };
        let is_inside =
            |outer: &String| path.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('.'));
        if self.clashes.iter().any(is_inside) {
            return Err(None);
        }
        self.clashes.push(path);
        Err(Some(first))
    }

    /// Records the name of a value that is written in `scope`.
    pub(super) fn define(
        &mut self,
        path: String,
        value: Incoming,
        written: Span,
        scope: &PathScope,
        train: Option<u32>,
    ) {
        let (reachable_from, inline) = (scope.reachable_from, scope.inline);
        let named = NamedValue { value, written, path: path.clone(), reachable_from, inline, train };
        self.values.insert(path, named);
    }

    /// Records the statement of this path for `shared`.
    pub(super) fn make_shareable(&mut self, path: &[String], statement: Shareable<'a>) {
        self.shareable.insert(path.join("."), statement);
    }

    /// The statement of exactly this path that `shared` can run once more; `None` for an input.
    pub(super) fn shareable(&self, path: &str) -> Option<&Shareable<'a>> {
        self.shareable.get(path)
    }

    /// Looks a path up from the inside out, up to the enclosing block call.
    pub(super) fn find(&self, parts: &[String], scope: &PathScope, train: Option<u32>) -> Lookup<'_> {
        for depth in (scope.block_depth..=scope.path.len()).rev() {
            let path = [&scope.path[..depth], parts].concat().join(".");
            match self.values.get(&path) {
                Some(named) if named.reachable_from > depth || named.inline != scope.inline => {}
                Some(named) if named.train.is_some() && named.train != train => return Lookup::InTraining,
                Some(named) => return Lookup::Found(named),
                None => {}
            }
        }
        Lookup::Nothing
    }

    /// The paths that can be written in `scope`, a bounded number of them.
    pub(super) fn reachable(&self, scope: &PathScope) -> Vec<String> {
        let seen = (scope.block_depth..=scope.path.len()).flat_map(|depth| {
            let prefix =
                if depth == 0 { String::new() } else { format!("{}.", scope.path[..depth].join(".")) };
            let reachable =
                move |named: &&NamedValue| named.reachable_from <= depth && named.inline == scope.inline;
            let values = self.values.values().filter(reachable);
            values.filter_map(move |named| named.path.strip_prefix(&prefix).map(str::to_owned))
        });
        seen.take(MOST_SEARCHED).collect()
    }

    /// The place of the layer with this path as seen from `scope`, looked up from the inside out.
    pub(super) fn row(&self, parts: &[String], scope: &PathScope) -> Option<Span> {
        let depths = (scope.block_depth..=scope.path.len()).rev();
        let mut paths = depths.map(|depth| [&scope.path[..depth], parts].concat().join("."));
        paths.find_map(|path| self.taken.get(&path).copied())
    }

    /// The value of exactly this path, wherever it can be referenced from.
    pub(super) fn named(&self, path: &[String]) -> Option<&NamedValue> {
        self.values.get(&path.join("."))
    }

    /// Returns whether a layer or name has this path, or a path below it.
    pub(super) fn has_part(&self, path: &str) -> bool {
        let below = format!("{path}.");
        self.taken.contains_key(path)
            || self.taken.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below))
    }

    /// All paths that are taken.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.taken.keys().map(String::as_str)
    }
}

//! The values that have a written name, and every path that is taken.

use std::collections::BTreeMap;

use crate::base::{MOST_SEARCHED, Span, did_you_mean};

use super::expand::Flow;
use super::scope::Scope;

/// A named value.
#[derive(Clone, Debug)]
struct Named {
    flow: Flow,
    /// The length of the path from which it can be reached.
    visible: usize,
    /// The `aux train` that it lies in.
    train: Option<u32>,
}

/// What `@path` leads to.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Value(Flow),
    /// It lies in an `aux train` that this place is not in.
    Train,
    Nothing,
}

/// All paths of a network.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeMap<String, Span>,
    values: BTreeMap<String, Named>,
}

impl Names {
    /// Takes a path for a row or a named statement; the place that has it already, where there is one.
    pub(super) fn take(&mut self, path: &[String], span: Span) -> Result<(), Span> {
        match self.taken.entry(path.join(".")) {
            std::collections::btree_map::Entry::Occupied(first) => Err(*first.get()),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(span);
                Ok(())
            }
        }
    }

    /// Names a value that was written in `scope`.
    pub(super) fn define(&mut self, path: &[String], flow: Flow, scope: &Scope, train: Option<u32>) {
        self.values.insert(path.join("."), Named { flow, visible: scope.visible, train });
    }

    /// Looks a path up from the inside out, to the wall of the block around.
    pub(super) fn find(&self, parts: &[String], scope: &Scope, train: Option<u32>) -> Found {
        for depth in (scope.wall..=scope.path.len()).rev() {
            let path = [&scope.path[..depth], parts].concat().join(".");
            match self.values.get(&path) {
                Some(named) if named.visible > depth => {}
                Some(named) if named.train.is_some() && named.train != train => return Found::Train,
                Some(named) => return Found::Value(named.flow.clone()),
                None => {}
            }
        }
        Found::Nothing
    }

    /// A path that can be seen from `scope` and is near to `path`.
    pub(super) fn suggest(&self, path: &str, scope: &Scope) -> Option<String> {
        let seen = (scope.wall..=scope.path.len()).flat_map(|depth| {
            let prefix =
                if depth == 0 { String::new() } else { format!("{}.", scope.path[..depth].join(".")) };
            let visible = self.values.iter().filter(move |(_, named)| named.visible <= depth);
            visible.filter_map(move |(name, _)| name.strip_prefix(&prefix).map(str::to_owned))
        });
        let names: Vec<String> = seen.take(MOST_SEARCHED).collect();
        did_you_mean(path, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// Whether some row or name is `path` or lies below it.
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

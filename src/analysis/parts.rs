//! Named parts of a network. The part `p` consists of every row whose path is `p` or begins with `p.`.

use std::collections::BTreeSet;

use crate::base::did_you_mean;
use crate::ir::{Graph, NodeId};

/// Returns whether a path is that of a part, or lies below it.
pub fn lies_in(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The rows of a part in source order, those that only serve training included; `None` where neither a row
/// nor a named value has this path.
pub fn rows(graph: &Graph, part: &str) -> Option<Vec<NodeId>> {
    let rows = graph.layers().filter(|(_, node)| lies_in(&node.path, part));
    let rows: Vec<NodeId> = rows.map(|(id, _)| id).collect();
    (!rows.is_empty() || graph.values().contains_key(part)).then_some(rows)
}

/// The paths of all parts: rows, the scopes around them, and named values.
pub fn names(graph: &Graph) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = graph.values().keys().map(String::as_str).collect();
    for (_, node) in graph.layers() {
        names.insert(&node.path);
        names.extend(node.path.match_indices('.').map(|(dot, _)| &node.path[..dot]));
    }
    names
}

/// The part whose path is nearest to a misspelt one.
pub fn suggestion<'a>(graph: &'a Graph, part: &str) -> Option<&'a str> {
    did_you_mean(part, names(graph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_at_a_dot() {
        assert!(lies_in("layer1.0.conv1", "layer1"));
        assert!(lies_in("layer1", "layer1"));
        assert!(!lies_in("layer10.conv1", "layer1"));
        assert!(!lies_in("layer", "layer1"));
    }
}

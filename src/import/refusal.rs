//! The refusal of a model: every node that cannot be converted, and values at which the model could end instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::diag::{Advice, Code, Failure};

use super::values::Unavailable;

/// The number of nodes of one kind that are listed.
const MOST_LISTED: usize = 8;
/// The number of names that are offered for `--output`.
const MOST_OFFERED: usize = 3;

/// The reason why a node is not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A message about this node.
    Said(String),
    /// It depends on a node that has a message.
    Follows,
    /// Its bytes in the model's file, or in one beside it, cannot be read.
    Unreadable(String),
}

impl From<String> for Reason {
    fn from(text: String) -> Reason {
        Reason::Said(text)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Reason {
        Reason::Said(text.to_owned())
    }
}

impl From<Unavailable> for Reason {
    fn from(unavailable: Unavailable) -> Reason {
        match unavailable {
            Unavailable::Absent => Reason::Said("the model holds no values for a constant".to_owned()),
            Unavailable::Unreadable(text) => Reason::Unreadable(text),
            Unavailable::Unsupported(text) => Reason::Said(text),
        }
    }
}

/// A node that cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The kind of the node, such as `MatMul`.
    pub(super) kind: String,
    /// The name of the node, or else of its output.
    pub(super) node: String,
    pub(super) reason: String,
}

/// Everything that prevents an import.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    pub(super) all: Vec<Refusal>,
    /// The number of nodes in the model.
    pub(super) nodes: usize,
    /// Values up to which the model can be converted, with the number of nodes that lead to each, the most first.
    pub(super) cuts: Vec<(String, usize)>,
}

impl Refusals {
    /// The failure that lists the refusals.
    pub(super) fn failure(&self, name: &str) -> Failure {
        let kinds: BTreeSet<&str> = self.all.iter().map(|one| one.kind.as_str()).collect();
        let (one, many) = (self.all.len() == 1, kinds.len() == 1);
        let message = format!(
            "`{name}` cannot be imported: {} of its {} nodes cannot be written",
            self.all.len(),
            self.nodes
        );
        let mut failure = Failure::new(Code::E0801, message);
        let mut by_reason: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for refusal in &self.all {
            by_reason.entry((&refusal.kind, &refusal.reason)).or_default().push(&refusal.node);
        }
        let mut groups: Vec<_> = by_reason.into_iter().collect();
        groups.sort_by_key(|((kind, reason), nodes)| {
            (usize::MAX - nodes.len(), kind.to_owned(), reason.to_owned())
        });
        for ((kind, reason), nodes) in groups {
            let mut line = format!("{kind} ");
            for (index, node) in nodes.iter().take(MOST_LISTED).enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(line, "{comma}`{}`", shown(node));
            }
            if nodes.len() > MOST_LISTED {
                let _ = write!(line, " and {} more", nodes.len() - MOST_LISTED);
            }
            failure = failure.note(format!("{line}: {reason}"));
        }
        if !one {
            let plural = if many { "kind" } else { "kinds" };
            failure = failure.note(format!("{} nodes of {} {plural}", self.all.len(), kinds.len()));
        }
        for (name, nodes) in self.cuts.iter().take(MOST_OFFERED) {
            failure = failure.advise(Advice::ImportUpTo { output: shown(name), nodes: *nodes });
        }
        failure
    }
}

/// A name of the model, made safe for messages.
pub(super) fn shown(name: &str) -> String {
    let visible = crate::base::visible(name);
    let mut text: String = visible.chars().take(120).collect();
    if visible.chars().count() > 120 {
        text.push('…');
    }
    text
}

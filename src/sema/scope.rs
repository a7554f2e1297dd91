//! How rows are named: automatic names by ordinal, members of sequences by number.
//!
//! A scope is opened by the network, by every block call, by everything with `as` and by every member of a
//! sequence. Unnamed groups and forms and calls of inline blocks are transparent and write into the scope around them.

use std::collections::BTreeMap;

use crate::syntax::ast::Sequence;

/// A path that was written for a statement, or for one copy of it.
pub(super) type OwnPath = Option<Vec<String>>;

/// Gives paths to what is written at one level of a network.
#[derive(Clone, Debug)]
pub(super) struct PathScope {
    /// The path of everything inside.
    pub path: Vec<String>,
    /// The length of the path of the block call around: lookups stop there.
    pub block_depth: usize,
    /// The length of the shortest path from which a name written here can be referenced: further out, some part of
    /// the path is an automatic name.
    pub reachable_from: usize,
    /// The expansion of an inline block that writes here, by number; `None` outside of one. A name is seen from within
    /// the same expansion only.
    pub inline: Option<u32>,
    ordinals: BTreeMap<String, u32>,
    projections: u32,
    sequence: Option<Members>,
}

/// How the members of a sequence are called, and the next number.
#[derive(Clone, Debug)]
struct Members {
    before: String,
    after: String,
    next: u64,
}

impl PathScope {
    /// The scope of a network.
    pub(super) fn root() -> PathScope {
        PathScope {
            path: Vec::new(),
            block_depth: 0,
            reachable_from: 0,
            inline: None,
            ordinals: BTreeMap::new(),
            projections: 0,
            sequence: None,
        }
    }

    /// The scope of something in this scope with the path `path`; `written` where the text gives its name.
    pub(super) fn inner(&self, path: Vec<String>, written: bool) -> PathScope {
        let reachable_from = if written { self.reachable_from } else { path.len() };
        let (block_depth, inline) = (self.block_depth, self.inline);
        PathScope { path, block_depth, reachable_from, inline, ..PathScope::root() }
    }

    /// The scope of a block's body.
    pub(super) fn of_block(mut self) -> PathScope {
        self.block_depth = self.path.len();
        self
    }

    /// The scope of a sequence with the path `path`; its members are numbered from `first`.
    pub(super) fn sequence(
        &self,
        path: Vec<String>,
        written: bool,
        members: &Sequence,
        first: u64,
    ) -> PathScope {
        let (before, after) = match members {
            Sequence::Brackets => (String::new(), String::new()),
            Sequence::Pattern(before, after) => (before.clone(), after.clone()),
        };
        let mut scope = self.inner(path, written);
        scope.sequence = Some(Members { before, after, next: first });
        scope
    }

    /// Returns whether the statements of this scope are members of a sequence.
    pub(super) fn is_sequence(&self) -> bool {
        self.sequence.is_some()
    }

    /// The path of a part of this scope.
    pub(super) fn join(&self, parts: &[String]) -> Vec<String> {
        [self.path.as_slice(), parts].concat()
    }

    /// Takes the next number or ordinal and gives the automatic path of an operator, call or form.
    pub(super) fn take(&mut self, kind: &str) -> Vec<String> {
        let name = match &mut self.sequence {
            Some(members) => {
                let number = members.next;
                members.next += 1;
                format!("{}{number}{}", members.before, members.after)
            }
            None => {
                let ordinal = match self.ordinals.get_mut(kind) {
                    Some(ordinal) => ordinal,
                    None => self.ordinals.entry(kind.to_owned()).or_insert(0),
                };
                *ordinal += 1;
                format!("{kind}{ordinal}")
            }
        };
        self.join(&[name])
    }

    /// Takes the next number for a member with a name of its own; nothing outside of a sequence.
    pub(super) fn take_member(&mut self) {
        if let Some(members) = &mut self.sequence {
            members.next += 1;
        }
    }

    /// The path of the next projection of a shortcut: `downsample`, then `downsample2` ….
    pub(super) fn take_projection(&mut self) -> Vec<String> {
        self.projections += 1;
        let name = if self.projections == 1 {
            "downsample".to_owned()
        } else {
            format!("downsample{}", self.projections)
        };
        self.join(&[name])
    }
}

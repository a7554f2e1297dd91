//! Names layers: automatic names by ordinal, members of sequences by number.
//!
//! The network, each block call, each statement with `as` and each member of a sequence open a scope. Groups and forms
//! without a name, and calls of inline blocks, write into the scope around them.

use std::collections::BTreeMap;

use crate::syntax::ast::Sequence;

/// A path that was written for a statement, or for one copy of it.
pub(super) type OwnPath = Option<Vec<String>>;

/// Gives paths to the statements of one level of a network.
#[derive(Clone, Debug)]
pub(super) struct PathScope {
    /// The path of the scope, with which all paths in it begin.
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

/// The names of the members of a sequence, and the next number.
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

    /// The scope of a statement within this one, with the path `path`; `written` says whether the text gives its name.
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

    /// Uses up the next number or ordinal, and gives the automatic path of an operator, call or form.
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

    /// Uses up the next number of a sequence for a member with a name of its own.
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

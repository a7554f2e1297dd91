//! Scopes of names: automatic names by ordinal, members of sequences by number.
//!
//! A scope is opened by the network, by every block call, by everything with `as` and by every member of a
//! sequence. Unnamed groups and forms are transparent and write into the scope around them.

use std::collections::BTreeMap;

use crate::syntax::ast::Sequence;

/// One scope.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The path of everything inside.
    pub path: Vec<String>,
    /// The length of the path up to the wall of the block around: a name beyond it is not seen.
    pub wall: usize,
    /// The length of the path from which names written here can be reached: further out, some part of the
    /// path is an automatic name.
    pub visible: usize,
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

impl Scope {
    /// The scope of a network.
    pub(super) fn root() -> Scope {
        Scope {
            path: Vec::new(),
            wall: 0,
            visible: 0,
            ordinals: BTreeMap::new(),
            projections: 0,
            sequence: None,
        }
    }

    /// The scope of something in this scope with the path `path`; `written` where its name was.
    pub(super) fn inner(&self, path: Vec<String>, written: bool) -> Scope {
        let visible = if written { self.visible } else { path.len() };
        Scope { path, wall: self.wall, visible, ..Scope::root() }
    }

    /// The scope of a block's body.
    pub(super) fn behind_wall(mut self) -> Scope {
        self.wall = self.path.len();
        self
    }

    /// The scope of a sequence with the path `path`.
    pub(super) fn sequence(&self, path: Vec<String>, written: bool, members: &Sequence) -> Scope {
        let (before, after) = match members {
            Sequence::Brackets => (String::new(), String::new()),
            Sequence::Pattern(before, after) => (before.clone(), after.clone()),
        };
        let mut scope = self.inner(path, written);
        scope.sequence = Some(Members { before, after, next: 0 });
        scope
    }

    /// Whether what is written here are members of a sequence.
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
                let ordinal = self.ordinals.entry(kind.to_owned()).or_insert(0);
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

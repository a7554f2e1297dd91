//! Turns syntax trees into the graph of a network: resolves files and names, evaluates constants, and expands blocks,
//! repetitions and branches.
//!
//! [`Program`] holds the files of a compilation and what their names mean; [`expand`] runs one network of it
//! through the graph builder. A value that is wrong or not known is unavailable and silences whatever meets it.
//!
//! ```text
//! Program ─ network ─▶ body ─▶ statement ─┬─▶ operator, trailing     values:  Context   where a statement stands
//!                        ▲                ├─▶ call ──▶ body                   Incoming  what arrives at it
//!                        └────────────────┴─▶ form ──▶ body                   Expander  what was made so far
//! ```
//!
//! The values stand in files that know nothing of the expansion (`context`, `environment`, `incoming`, `scope`,
//! `values`, `uses`, …); `expander` holds them together; the other files each add one part of the expansion to it.

mod argument_order;
mod call;
mod context;
mod environment;
mod evaluate;
mod excerpt;
mod expand;
mod expander;
mod expect;
mod files;
mod foreign;
mod forms;
mod incoming;
mod input;
mod input_size;
mod mistakes;
mod namespace;
mod naming;
mod network;
mod number;
mod operator;
mod pending;
mod preparation;
mod program;
mod reading;
mod repeat;
mod scope;
mod share;
mod sharing;
mod source;
mod stated;
mod statement;
mod steps;
mod table;
mod trailing;
mod unfinished;
mod unseparated;
mod unused;
mod uses;
mod values;
mod words;

#[cfg(test)]
mod tests;

pub use argument_order::{CatalogueOrder, canonical};
pub use expand::{ExpandOptions, Expanded, check_uncalled_blocks, expand, settable};
pub use files::Files;
pub use input_size::InputSize;
pub use number::Scalar;
pub use program::{EntryPoint, Program};
pub use reading::Loader;
pub use source::ItemId;
pub use steps::Steps;
pub use unused::check as check_unused;
pub use uses::{Definition, Passage, Uses};

/// The limits of an expansion.
pub mod limits {
    /// The number of nodes of one network.
    pub const NODES: usize = 100_000;
    /// Steps that the expansion of all networks of a file may take: statements, each copy of `* n`, the terms of
    /// expressions, and what else takes time.
    pub const STEPS: u64 = 5_000_000;
    /// The steps that a node counts for, because analysing a node takes longer than expanding it.
    pub const STEPS_OF_NODE: u64 = 10;
    /// The depth of blocks within blocks.
    pub const DEPTH: usize = 64;
    /// The number of operands of one node.
    pub const OPERANDS: usize = 1024;
    /// The length of a chain of networks that are instances of each other.
    pub const INSTANCES: usize = 64;
    /// The depth of nested terms, constants included.
    pub const TERMS: usize = 1100;
    /// The number of bytes of a path.
    pub const PATH: usize = 1000;
    /// The number of files of one compilation.
    pub const FILES: usize = 256;
}

/// Marks a value as unknown: an error about it was reported, or it depends on an argument that is not given. Code that
/// meets an unknown value reports nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unavailable;

/// A value that may be unknown.
type Evaluated<T> = Result<T, Unavailable>;

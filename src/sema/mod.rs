//! From syntax trees to the graph: files and names, constants, and the expansion of blocks, repetitions and
//! branches.
//!
//! [`Program`] holds the files of a compilation and what their names mean; [`expand`] runs one network of it
//! through the graph builder. A value that is wrong or not known is [`Unknown`] and silences whatever
//! meets it.

mod arguments;
mod call;
mod evaluate;
mod expand;
mod expect;
mod forms;
mod names;
mod number;
mod program;
mod scope;
mod statement;
mod unused;

#[cfg(test)]
mod tests;

pub use expand::{Expanded, Options, expand};
pub use number::Number;
pub use program::{Entry, Loader, Program};
pub use unused::check as check_unused;

/// The limits of an expansion.
pub mod limits {
    /// Nodes of one network.
    pub const NODES: usize = 100_000;
    /// Statements that one expansion may run, written copies of `* n` included.
    pub const STATEMENTS: u64 = 4_000_000;
    /// Blocks in blocks.
    pub const DEPTH: usize = 64;
    /// Operands of one node.
    pub const OPERANDS: usize = 1024;
    /// Files of one compilation.
    pub const FILES: usize = 256;
}

/// The value is not known: it is wrong, which was reported, or it depends on an argument that is not given.
/// Whoever meets it stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// A value, unless it is not known.
pub type Known<T> = Result<T, Unknown>;

//! The network as a graph of operators: ordered ports, typed ids, immutable once built.
//!
//! A node has exactly one value, and its shape is part of the graph: the builder infers it when it wires the
//! node, so no later pass infers or patches shapes. Nodes are numbered in the order of the source, which is a
//! topological order: a node's operands always have lower numbers.

mod build;
mod dump;
mod expectation;
mod graph;
mod input;

pub(crate) use build::{GraphBuilder, NodeInfo};
pub use expectation::{Comparison, Expectation, Target};
pub use graph::{Graph, Node, NodeId, NodeKind, Output};
pub use input::{InputNode, Resize};

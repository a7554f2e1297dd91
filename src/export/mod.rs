//! Pictures of a network: the graph as DOT, Mermaid or SVG.
//!
//! All three draw the same [`Drawing`]: operators as nodes, scopes as boxes, shapes on the edges. Nothing
//! here computes a figure or changes the graph, and equal graphs give equal text.

mod dot;
mod drawing;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use drawing::{Drawing, Edge, Frame, Style, Vertex};
pub use mermaid::mermaid;
pub use svg::svg;

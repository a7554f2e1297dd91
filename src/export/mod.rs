//! A network in other forms: pictures as DOT, Mermaid or SVG, a module of PyTorch, and an ONNX model ([`onnx`]).
//!
//! All three pictures draw the same [`Drawing`]: operators as nodes, scopes as boxes, shapes on the edges. Nothing
//! here computes a figure or changes the graph, and equal graphs give equal text.

mod dot;
mod drawing;
mod layout;
mod mermaid;
pub mod onnx;
mod pytorch;
mod svg;

pub use dot::dot;
pub use drawing::{Drawing, DrawingStyle, Edge, Frame, Vertex};
pub use mermaid::mermaid;
pub use pytorch::{PytorchOptions, is_class_name, pytorch};
pub use svg::svg;

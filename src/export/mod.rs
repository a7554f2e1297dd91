//! A network in other forms: pictures as DOT, Mermaid or SVG, a PyTorch module, and an ONNX model ([`onnx`]).
//!
//! All three pictures show the same [`Drawing`]: operators as nodes, scopes as boxes, shapes on the edges. The
//! exporters compute no figures and never change the graph; equal graphs give equal text.

mod dot;
mod drawing;
mod layout;
mod mermaid;
mod nested;
pub mod onnx;
mod pytorch;
mod svg;

pub use dot::dot;
pub use drawing::{Drawing, DrawingStyle, Edge, Frame, Vertex};
pub use mermaid::mermaid;
pub use pytorch::{PytorchOptions, is_class_name, pytorch};
pub use svg::svg;

//! Writes a drawing as DOT, for Graphviz.

use super::drawing::{Drawing, DrawingStyle, Vertex};
use super::nested::{self, Nesting, put};
use crate::ir::Graph;

/// The graph as DOT; `depth` folds as in [`Drawing::of`].
pub fn dot(graph: &Graph, depth: Option<usize>) -> String {
    let drawing = Drawing::of(graph, depth);
    let mut text = format!("digraph {} {{\n", quoted(&drawing.title));
    text.push_str(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n",
    );
    text.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    nested::write(&mut text, &drawing, &Dot);
    for edge in &drawing.edges {
        put(&mut text, 1, &format!("n{} -> n{} [label=\"{}\"];", edge.from, edge.to, edge.shape));
    }
    text.push_str("}\n");
    text
}

struct Dot;

impl Nesting for Dot {
    const CLOSE: &'static str = "}";

    fn vertex(&self, drawing: &Drawing, vertex: usize) -> String {
        format!("n{vertex} [{}];", attributes(&drawing.vertices[vertex]))
    }

    fn open(&self, drawing: &Drawing, frame: usize) -> (String, Vec<String>) {
        let label = format!("label={};", quoted(&drawing.frames[frame].name));
        let style = "style=rounded; color=gray60; fontname=\"sans-serif\";".to_owned();
        (format!("subgraph cluster{frame} {{"), vec![label, style])
    }
}

fn attributes(vertex: &Vertex) -> String {
    let label = format!("label={}", quoted(&format!("{}\n{}", vertex.name, vertex.detail)));
    let look = match vertex.style {
        DrawingStyle::Port => ", shape=ellipse",
        DrawingStyle::Operator => "",
        DrawingStyle::Folded => ", peripheries=2",
    };
    let train = if vertex.dashed { ", style=\"rounded,dashed\"" } else { "" };
    format!("{label}{look}{train}")
}

/// Quotes a string for DOT, where a backslash begins an escape and a line break is written `\n`.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::graph;
    use super::*;

    #[test]
    fn a_small_network_is_drawn_whole() {
        let text = dot(&graph("input 4x4x1; [conv 3x3x2 relu] as body; flatten"), None);
        let wanted = r#"digraph "test" {
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  n0 [label="input\ninput", shape=ellipse];
  n3 [label="flatten1\nflatten"];
  n4 [label="out\noutput", shape=ellipse];
  subgraph cluster0 {
    label="body";
    style=rounded; color=gray60; fontname="sans-serif";
    n1 [label="conv1\nconv 3x3"];
    n2 [label="relu1\nrelu"];
  }
  n0 -> n1 [label="4x4x1"];
  n1 -> n2 [label="2x2x2"];
  n2 -> n3 [label="2x2x2"];
  n3 -> n4 [label="8"];
}
"#;
        assert_eq!(text, wanted);
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
    }
}

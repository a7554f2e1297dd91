//! Writes a drawing as DOT, for Graphviz.

use std::fmt::Write;

use super::drawing::{Content, Drawing, DrawingStyle, Vertex};
use crate::ir::Graph;

/// The graph as DOT; `depth` folds as in [`Drawing::of`].
pub fn dot(graph: &Graph, depth: Option<usize>) -> String {
    let drawing = Drawing::of(graph, depth);
    let contents = drawing.contents();
    let mut text = format!("digraph {} {{\n", quoted(&drawing.title));
    text.push_str(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n",
    );
    text.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    write_content(&mut text, &drawing, &contents, &contents[drawing.frames.len()], 1);
    for edge in &drawing.edges {
        put(&mut text, 1, &format!("n{} -> n{} [label=\"{}\"];", edge.from, edge.to, edge.shape));
    }
    text.push_str("}\n");
    text
}

fn write_content(
    text: &mut String,
    drawing: &Drawing,
    contents: &[Content],
    content: &Content,
    indent: usize,
) {
    for &vertex in &content.vertices {
        put(text, indent, &format!("n{vertex} [{}];", attributes(&drawing.vertices[vertex])));
    }
    for &frame in &content.frames {
        put(text, indent, &format!("subgraph cluster{frame} {{"));
        put(text, indent + 1, &format!("label={};", quoted(&drawing.frames[frame].name)));
        put(text, indent + 1, "style=rounded; color=gray60; fontname=\"sans-serif\";");
        write_content(text, drawing, contents, &contents[frame], indent + 1);
        put(text, indent, "}");
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

fn put(text: &mut String, indent: usize, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:width$}{line}", "", width = 2 * indent);
}

/// Quotes a string for DOT, where a backslash begins an escape and a line break is `\
/// `.
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

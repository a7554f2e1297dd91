//! Writes a drawing as Mermaid, for Markdown pages that render it.

use std::fmt::Write;

use super::drawing::{Drawing, DrawingStyle, Vertex};
use super::nested::{self, Nesting, put};
use crate::ir::Graph;

/// The graph as a Mermaid flowchart; `depth` folds as in [`Drawing::of`].
pub fn mermaid(graph: &Graph, depth: Option<usize>) -> String {
    let drawing = Drawing::of(graph, depth);
    let mut text = String::from("flowchart TB\n");
    nested::write(&mut text, &drawing, &Mermaid);
    for edge in &drawing.edges {
        put(&mut text, 1, &format!("n{} -->|{}| n{}", edge.from, edge.shape, edge.to));
    }
    let train: Vec<String> = (0..drawing.vertices.len())
        .filter(|&vertex| drawing.vertices[vertex].dashed)
        .map(|vertex| format!("n{vertex}"))
        .collect();
    if !train.is_empty() {
        put(&mut text, 1, "classDef train stroke-dasharray: 4 3");
        put(&mut text, 1, &format!("class {} train", train.join(",")));
    }
    text
}

struct Mermaid;

impl Nesting for Mermaid {
    const CLOSE: &'static str = "end";

    fn vertex(&self, drawing: &Drawing, vertex: usize) -> String {
        format!("n{vertex}{}", shaped(&drawing.vertices[vertex]))
    }

    fn open(&self, drawing: &Drawing, frame: usize) -> (String, Vec<String>) {
        (format!("subgraph s{frame}[\"{}\"]", escaped(&drawing.frames[frame].name)), Vec::new())
    }
}

fn shaped(vertex: &Vertex) -> String {
    let label = format!("\"{}<br>{}\"", escaped(&vertex.name), escaped(&vertex.detail));
    match vertex.style {
        DrawingStyle::Port => format!("([{label}])"),
        DrawingStyle::Operator => format!("[{label}]"),
        DrawingStyle::Folded => format!("[[{label}]]"),
    }
}

/// Escapes text inside a label's quotes: punctuation that has a meaning in Mermaid, Markdown or HTML becomes a numeric
/// entity.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '*' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            _ => escaped.push(character),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::graph;
    use super::*;

    #[test]
    fn a_small_network_is_drawn_whole() {
        let text = mermaid(
            &graph("input 4x4x1; [conv 3x3x2] as body; aux train < flatten as f > as side; flatten as g"),
            None,
        );
        let wanted = r#"flowchart TB
  n0(["input<br>input"])
  n3["g<br>flatten"]
  n4(["out<br>output"])
  n5(["side<br>output"])
  subgraph s0["body"]
    n1["conv1<br>conv 3x3"]
  end
  subgraph s1["side"]
    n2["f<br>flatten"]
  end
  n0 -->|4x4x1| n1
  n1 -->|2x2x2| n2
  n1 -->|2x2x2| n3
  n3 -->|8| n4
  n2 -->|8| n5
  classDef train stroke-dasharray: 4 3
  class n2,n5 train
"#;
        assert_eq!(text, wanted);
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(escaped("block1-*"), "block1-#42;");
        assert_eq!(escaped("a\"]<b>"), "a#34;]#60;b#62;");
    }
}

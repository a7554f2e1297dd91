//! Writes the vertices and frames of a drawing in a language of nested blocks.

use std::fmt::Write;

use super::drawing::{Content, Drawing};

/// The syntax in which a language writes vertices and frames.
pub(super) trait Nesting {
    /// The line that declares a vertex.
    fn vertex(&self, drawing: &Drawing, vertex: usize) -> String;
    /// The line that opens a frame, and lines that follow inside of it.
    fn open(&self, drawing: &Drawing, frame: usize) -> (String, Vec<String>);
    /// The line that closes a frame.
    const CLOSE: &'static str;
}

/// Writes all vertices and frames, indented by one level.
pub(super) fn write(text: &mut String, drawing: &Drawing, nesting: &impl Nesting) {
    let contents = drawing.contents();
    content(text, drawing, nesting, &contents, drawing.frames.len(), 1);
}

fn content<N: Nesting>(
    text: &mut String,
    drawing: &Drawing,
    nesting: &N,
    contents: &[Content],
    index: usize,
    indent: usize,
) {
    for &vertex in &contents[index].vertices {
        put(text, indent, &nesting.vertex(drawing, vertex));
    }
    for &frame in &contents[index].frames {
        let (first, further) = nesting.open(drawing, frame);
        put(text, indent, &first);
        further.iter().for_each(|line| put(text, indent + 1, line));
        content(text, drawing, nesting, contents, frame, indent + 1);
        put(text, indent, N::CLOSE);
    }
}

/// Writes an indented line.
pub(super) fn put(text: &mut String, indent: usize, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:width$}{line}", "", width = 2 * indent);
}

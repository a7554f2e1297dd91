//! Any text is parsed without a panic, every mistake points into the text, and a mistake is seen.

use cnnc::base::SourceMap;
use cnnc::diag::{RenderStyle, Sink, render, render_short};
use cnnc::syntax::parse;

/// Reads the text.
pub fn run(text: &str) {
    let mut map = SourceMap::default();
    let file = map.add("fuzz.cnn", text);
    let mut sink = Sink::default();
    let parsed = parse(&map, file, &mut sink);
    let diagnostics = sink.into_sorted();
    assert!(!parsed.tree.broken || !diagnostics.is_empty(), "a broken tree without a mistake");
    for diagnostic in &diagnostics {
        let span = diagnostic.primary.span;
        assert!(span.start <= span.end && span.end as usize <= text.len(), "a span outside of the text");
    }
    render(&diagnostics, &map, RenderStyle { color: true, width: 60 });
    render_short(&diagnostics, &map);
}

//! Any text is parsed without a panic, every mistake points into the text, and a mistake is seen.
#![no_main]

use cnnc::base::SourceMap;
use cnnc::diag::{RenderStyle, Sink, render, render_short};
use cnnc::syntax::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut map = SourceMap::default();
    let file = map.add("fuzz.cnn", text);
    let mut sink = Sink::default();
    let tree = parse(&map, file, &mut sink);
    let diagnostics = sink.into_sorted();
    assert!(!tree.broken || !diagnostics.is_empty(), "a broken tree without a mistake");
    for diagnostic in &diagnostics {
        let span = diagnostic.primary.span;
        assert!(span.start <= span.end && span.end as usize <= text.len(), "a span outside of the text");
    }
    render(&diagnostics, &map, RenderStyle { color: true, width: 60 });
    render_short(&diagnostics, &map);
});

//! A diagnostic as data: places, numbers and proposed edits, without any layout.

use std::fmt;
use std::sync::Arc;

use crate::base::Span;

use super::{Code, Severity};

/// A place and what this place has to do with the matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The text of the label; empty to mark the place only.
    pub text: String,
}

/// Replaces the text of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The text that is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

/// An action that would mend the matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Help {
    /// The action in words.
    pub text: String,
    /// The edit that does it, where it is certain.
    pub edit: Option<Edit>,
}

/// One step of the expansion that led to a place: a call of a block, or a copy of a repetition.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// The block that was called; `None` for a repeated statement that is no call.
    pub block: Option<Arc<str>>,
    /// The statement that calls or repeats.
    pub call: Span,
    /// The copy and the number of copies (counted from 1), for a repeated statement.
    pub copy: Option<(u64, u64)>,
}

/// The chain of expansions around a place, outermost first; shared between all that came from it.
#[derive(Clone, Default)]
pub struct ExpansionTrace(Option<Arc<Frame>>);

struct Frame {
    outer: ExpansionTrace,
    expansion: Expansion,
}

impl ExpansionTrace {
    /// The chain with one more expansion inside.
    pub fn within(&self, expansion: Expansion) -> ExpansionTrace {
        ExpansionTrace(Some(Arc::new(Frame { outer: self.clone(), expansion })))
    }

    /// The expansions from the innermost to the outermost.
    pub fn innermost_first(&self) -> impl Iterator<Item = &Expansion> {
        let mut next = self.0.as_deref();
        std::iter::from_fn(move || {
            let frame = next?;
            next = frame.outer.0.as_deref();
            Some(&frame.expansion)
        })
    }
}

/// Link by link: a chain may be as long as blocks and repetitions nest.
impl PartialEq for ExpansionTrace {
    fn eq(&self, other: &ExpansionTrace) -> bool {
        self.innermost_first().eq(other.innermost_first())
    }
}

impl fmt::Debug for ExpansionTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.innermost_first()).finish()
    }
}

/// A long chain is taken apart link by link: each would otherwise drop the next from within.
impl Drop for ExpansionTrace {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut frame) = next.and_then(Arc::into_inner) {
            next = frame.outer.0.take();
        }
    }
}

/// The subject of a diagnostic, in names that stay the same while lines and figures change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The network that was expanded.
    pub network: Option<Arc<str>>,
    /// The path of the row or part.
    pub layer: Option<String>,
    /// The metric.
    pub metric: Option<String>,
}

/// Something to say about the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The code, which names the page that explains it.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// The headline: lower case, at most about 70 characters.
    pub message: String,
    /// The place that is wrong.
    pub primary: Label,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// The rule, with the numbers in it.
    pub notes: Vec<String>,
    /// Steps to take.
    pub helps: Vec<Help>,
    /// The expansions that led here.
    pub trace: ExpansionTrace,
    /// The network, layer and metric that it is about.
    pub subject: Subject,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;

    #[test]
    fn a_long_chain_of_expansions_is_compared_and_dropped_without_recursion() {
        let call = Span::new(SourceMap::default().add("a.cnn", ""), 0, 0);
        let chain = || {
            let step = |outer: ExpansionTrace, _| outer.within(Expansion { block: None, call, copy: None });
            (0..200_000).fold(ExpansionTrace::default(), step)
        };
        assert!(chain() == chain());
        assert_ne!(chain(), ExpansionTrace::default());
    }
}

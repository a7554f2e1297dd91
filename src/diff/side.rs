//! One side of the comparison: a network as a list of its nodes, with everything that the comparison needs.

use std::sync::Arc;

use crate::analysis::{Checked, Dtype, Metric};
use crate::base::{SourceMap, Span};
use crate::ir::NodeKind;

/// A network and its sources.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The network with its figures.
    pub checked: &'a Checked,
    /// The sources.
    pub sources: &'a SourceMap,
}

/// Lines of a file, from 1, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineRange {
    /// The index of the source text in the source map.
    pub(super) file: usize,
    /// The name of the file.
    pub(super) name: String,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// The metrics that nodes are compared by.
pub(super) const NODE_METRICS: [Metric; 3] = [Metric::Params, Metric::Macs, Metric::ActivationBytes];

/// The figures of a node by [`NODE_METRICS`], for f32 and one picture.
pub(super) type Figures = [u128; NODE_METRICS.len()];

/// A node.
#[derive(Clone, Debug)]
pub(super) struct DiffNode {
    pub(super) name: String,
    pub(super) word: String,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) shape: Vec<u64>,
    pub(super) figures: Figures,
    pub(super) receptive: u128,
    /// Positions of the operands.
    pub(super) operands: Vec<usize>,
    /// Whether reports show it.
    pub(super) is_layer: bool,
    /// The word, then the calls and repetitions around it, from the inside out.
    pub(super) places: Vec<LineRange>,
}

impl DiffNode {
    /// Returns whether the last part of its path is automatic: the word and an ordinal, or an ordinal.
    pub(super) fn is_numbered(&self) -> bool {
        let last = self.name.rsplit('.').next().unwrap_or("");
        let digits = last.strip_prefix(self.word.as_str()).unwrap_or(last);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The same operator with the same attributes.
    pub(super) fn is_like(&self, other: &DiffNode) -> bool {
        self.word == other.word && self.attributes == other.attributes
    }
}

impl Side<'_> {
    /// The nodes in source order.
    pub(super) fn items(&self) -> Vec<DiffNode> {
        let graph = self.checked.graph();
        graph
            .nodes()
            .map(|(id, node)| {
                let totals = self.checked.layer_totals(id);
                let attributes = match &node.kind {
                    NodeKind::Input(_) => vec![("shape", node.shape.to_string())],
                    NodeKind::Op(op) => op.bound().named(),
                };
                let calls = node.trace.innermost_first().map(|expansion| self.place(expansion.call));
                DiffNode {
                    name: node.path.clone(),
                    word: node.word.to_owned(),
                    attributes,
                    shape: node.shape.dims(),
                    figures: NODE_METRICS.map(|metric| metric.of_totals(totals, Dtype::F32).unwrap_or(0)),
                    receptive: self.checked.receptive(id).size(),
                    operands: graph.operands(id).into_iter().map(|operand| operand.index()).collect(),
                    is_layer: node.is_layer,
                    places: std::iter::once(self.place(node.span)).chain(calls).collect(),
                }
            })
            .collect()
    }

    fn place(&self, span: Span) -> LineRange {
        let file = self.sources.files().position(|file| file == span.file).unwrap_or(0);
        let (first, last) = (self.sources.location(span), self.sources.location(span.after()));
        let name = self.sources.name(span.file).replace('\\', "/");
        LineRange { file, name, first: first.line, last: last.line.max(first.line) }
    }

    /// The texts of the sources, in their order.
    pub(super) fn texts(&self) -> Vec<Arc<str>> {
        self.sources.files().map(|file| self.sources.text(file).clone()).collect()
    }

    /// The names of the sources.
    pub(super) fn full_names(&self) -> Vec<String> {
        self.sources.files().map(|file| self.sources.name(file).replace('\\', "/")).collect()
    }

    /// The names of the sources from the folder of the first.
    pub(super) fn names(&self) -> Vec<String> {
        let names: Vec<&str> = self.sources.files().map(|file| self.sources.name(file)).collect();
        let folder = names.first().and_then(|name| name.rfind('/')).map_or(0, |slash| slash + 1);
        names.iter().map(|name| name.get(folder..).unwrap_or(name).to_owned()).collect()
    }
}

//! Small networks for the tests of the analyses.

use crate::base::{SourceMap, Span};
use crate::diag::Origin;
use crate::ir::{Graph, GraphBuilder, InputNode, NodeId, Output, Site};
use crate::ops::{Activation, Border, Conv, Function, Op, OpError, Padding, Sliding};
use crate::tensor::Shape;

/// Builds a network node by node. The path of a node is its word and its number; each node has a span of its own.
pub(super) struct Network {
    builder: GraphBuilder,
}

impl Default for Network {
    fn default() -> Network {
        Network { builder: GraphBuilder::new("test") }
    }
}

pub(super) fn span(at: usize) -> Span {
    let file = SourceMap::default().add("test.cnn", "");
    Span::new(file, at * 10, at * 10 + 5)
}

impl Network {
    fn site(&self, word: &'static str, row: bool) -> Site {
        let at = self.builder.len();
        Site {
            path: format!("{word}{at}"),
            word,
            span: span(at),
            origin: Origin::default(),
            train_only: false,
            shortcut: false,
            row,
        }
    }

    pub(super) fn input(&mut self, height: u64, width: u64, channels: u64) -> NodeId {
        let site = self.site("input", false);
        let shape = Shape::map(height, width, channels);
        self.builder.input(shape, InputNode::default(), site).expect("the input is small")
    }

    pub(super) fn try_add(
        &mut self,
        word: &'static str,
        op: impl Into<Op>,
        operands: &[NodeId],
    ) -> Result<NodeId, OpError> {
        let site = self.site(word, true);
        self.builder.add(op.into(), operands, site)
    }

    pub(super) fn add(&mut self, word: &'static str, op: impl Into<Op>, operands: &[NodeId]) -> NodeId {
        self.try_add(word, op, operands).expect("the operator fits")
    }

    /// Adds an operator that only serves training.
    pub(super) fn add_train_only(
        &mut self,
        word: &'static str,
        op: impl Into<Op>,
        operand: NodeId,
    ) -> NodeId {
        let site = Site { train_only: true, ..self.site(word, true) };
        self.builder.add(op.into(), &[operand], site).expect("the operator fits")
    }

    /// Adds an operator as the projection of a residual's shortcut.
    pub(super) fn add_shortcut(&mut self, word: &'static str, op: impl Into<Op>, operand: NodeId) -> NodeId {
        let site = Site { shortcut: true, ..self.site(word, true) };
        self.builder.add(op.into(), &[operand], site).expect("the operator fits")
    }

    pub(super) fn conv(&mut self, operand: NodeId, conv: Conv) -> NodeId {
        self.add("conv", conv, &[operand])
    }

    pub(super) fn relu(&mut self, operand: NodeId) -> NodeId {
        self.add("relu", Activation { function: Function::Relu }, &[operand])
    }

    pub(super) fn builder(&mut self) -> &mut GraphBuilder {
        &mut self.builder
    }

    pub(super) fn finish(mut self, output: NodeId) -> Graph {
        self.builder.output(Output { name: "out".to_owned(), node: output, train_only: false });
        self.builder.finish()
    }
}

/// A square window with the same padding on all sides.
pub(super) fn sliding(kernel: u64, stride: u64, pad: u64) -> Sliding {
    Sliding {
        kernel: (kernel, kernel),
        stride: (stride, stride),
        dilation: (1, 1),
        padding: Padding::Explicit([pad; 4]),
        ceil: false,
    }
}

/// A convolution with a bias.
pub(super) fn conv(kernel: u64, stride: u64, pad: u64, filters: u64) -> Conv {
    Conv {
        sliding: sliding(kernel, stride, pad),
        filters,
        groups: 1,
        border: Border::Zeros,
        bias: true,
        table: None,
    }
}

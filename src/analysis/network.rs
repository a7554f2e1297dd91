//! Small networks for the tests of the analyses.

use crate::base::{SourceMap, Span};
use crate::diag::ExpansionTrace;
use crate::ir::{Graph, GraphBuilder, InputNode, NodeId, NodeInfo, Output};
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
    fn node_info(&self, word: &'static str, is_layer: bool) -> NodeInfo {
        let at = self.builder.len();
        NodeInfo {
            path: format!("{word}{at}"),
            word,
            span: span(at),
            trace: ExpansionTrace::default(),
            train_only: false,
            shortcut: false,
            is_layer,
        }
    }

    pub(super) fn input(&mut self, height: u64, width: u64, channels: u64) -> NodeId {
        let info = self.node_info("input", false);
        let shape = Shape::map(height, width, channels);
        self.builder.input(shape, InputNode::default(), info).expect("the input is small")
    }

    pub(super) fn try_add(
        &mut self,
        word: &'static str,
        op: impl Into<Op>,
        operands: &[NodeId],
    ) -> Result<NodeId, OpError> {
        let info = self.node_info(word, true);
        self.builder.add(op.into(), operands, info)
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
        let info = NodeInfo { train_only: true, ..self.node_info(word, true) };
        self.builder.add(op.into(), &[operand], info).expect("the operator fits")
    }

    /// Adds an operator as the projection of a residual's shortcut.
    pub(super) fn add_shortcut(&mut self, word: &'static str, op: impl Into<Op>, operand: NodeId) -> NodeId {
        let info = NodeInfo { shortcut: true, ..self.node_info(word, true) };
        self.builder.add(op.into(), &[operand], info).expect("the operator fits")
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

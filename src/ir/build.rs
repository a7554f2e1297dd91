//! Builds a graph node by node; infers and checks the shape of each value as it is wired.

use std::collections::BTreeMap;
use std::ops::Range;

use petgraph::stable_graph::StableDiGraph;

use crate::base::Span;
use crate::diag::{Code, ExpansionTrace};
use crate::ops::{Op, OpError, Operator};
use crate::tensor::{MAX_DIMENSION, MAX_ELEMENTS, Shape};

use super::{Expectation, Graph, InputNode, Node, NodeId, NodeKind, Output};

/// The properties of a node that do not depend on its operator: its names, its origin in the text, its use.
#[derive(Clone, Debug)]
pub(crate) struct NodeInfo {
    /// Its path.
    pub(crate) path: String,
    /// The word that it was written with.
    pub(crate) word: &'static str,
    /// The word in the source.
    pub(crate) span: Span,
    /// The expansions that led there.
    pub(crate) trace: ExpansionTrace,
    /// Whether it only serves training.
    pub(crate) train_only: bool,
    /// Whether it belongs to the projection of a residual's shortcut.
    pub(crate) shortcut: bool,
    /// Whether reports show it.
    pub(crate) is_layer: bool,
}

/// Builds a graph.
#[derive(Debug)]
pub(crate) struct GraphBuilder {
    graph: Graph,
}

impl GraphBuilder {
    /// An empty graph.
    pub(crate) fn new(name: impl Into<String>) -> GraphBuilder {
        let graph = Graph {
            name: name.into(),
            dag: StableDiGraph::new(),
            outputs: Vec::new(),
            values: BTreeMap::new(),
            labels: None,
            expectations: Vec::new(),
        };
        GraphBuilder { graph }
    }

    /// The number of nodes so far.
    pub(crate) fn len(&self) -> usize {
        self.graph.len()
    }

    /// A node that was added.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.graph.node(id)
    }

    /// The nodes with these numbers.
    pub(crate) fn ids(&self, numbers: Range<usize>) -> impl Iterator<Item = NodeId> + use<> {
        numbers.map(|number| NodeId(number as u32))
    }

    /// The operands of a node in the order of its ports.
    pub(crate) fn operands(&self, id: NodeId) -> Vec<NodeId> {
        self.graph.operands(id)
    }

    /// The node that holds the parameters which a node computes with.
    pub(crate) fn owner(&self, id: NodeId) -> NodeId {
        self.graph.owner(id)
    }

    /// Makes a node compute with the parameters of an earlier one, which are of the same shapes.
    pub(crate) fn share(&mut self, id: NodeId, with: NodeId) {
        let owner = self.owner(with);
        let node = &mut self.graph.dag[id.petgraph()];
        node.parameters.clear();
        node.shares = Some(owner);
    }

    /// The shape of a value.
    pub(crate) fn shape(&self, id: NodeId) -> Shape {
        self.graph.node(id).shape
    }

    /// Adds an input. Errors where the shape is too large.
    pub(crate) fn input(
        &mut self,
        shape: Shape,
        input: InputNode,
        info: NodeInfo,
    ) -> Result<NodeId, OpError> {
        check_size(|| "the input".to_owned(), &shape.dims())?;
        Ok(self.push(NodeKind::Input(input), shape, Vec::new(), info))
    }

    /// Adds an operator over `operands`. Errors where its shape rule does not hold, or where its value or a
    /// parameter is too large.
    pub(crate) fn add(&mut self, op: Op, operands: &[NodeId], info: NodeInfo) -> Result<NodeId, OpError> {
        check_arity(&op, operands.len())?;
        let shapes: Vec<Shape> = operands.iter().map(|&operand| self.shape(operand)).collect();
        let shape = op.infer(&shapes)?;
        check_size(|| "the output".to_owned(), &shape.dims())?;
        let mut parameters = op.parameters(&shapes);
        parameters.shrink_to_fit();
        for parameter in &parameters {
            check_size(|| format!("the parameter `{}`", parameter.key), &parameter.shape)?;
        }
        let id = self.push(NodeKind::Op(op), shape, parameters, info);
        for (port, operand) in operands.iter().enumerate() {
            self.graph.dag.add_edge(operand.petgraph(), id.petgraph(), port as u32);
        }
        Ok(id)
    }

    fn push(
        &mut self,
        kind: NodeKind,
        shape: Shape,
        parameters: Vec<crate::ops::Parameter>,
        info: NodeInfo,
    ) -> NodeId {
        let NodeInfo { path, word, span, trace, train_only, shortcut, is_layer } = info;
        let node = Node {
            path,
            word,
            kind,
            shape,
            parameters,
            span,
            trace,
            shares: None,
            train_only,
            shortcut,
            is_layer,
            trailing: false,
        };
        NodeId(self.graph.dag.add_node(node).index() as u32)
    }

    /// Records that a node was written as a trailing word.
    pub(crate) fn mark_trailing(&mut self, id: NodeId) {
        self.graph.dag[id.petgraph()].trailing = true;
    }

    /// Names the value of a statement.
    pub(crate) fn name_value(&mut self, path: impl Into<String>, value: NodeId) {
        self.graph.values.insert(path.into(), value);
    }

    /// Adds an output.
    pub(crate) fn output(&mut self, output: Output) {
        self.graph.outputs.push(output);
    }

    /// Sets the file of class labels.
    pub(crate) fn labels(&mut self, path: impl Into<String>) {
        self.graph.labels = Some(path.into());
    }

    /// Adds an expectation.
    pub(crate) fn expect(&mut self, expectation: Expectation) {
        self.graph.expectations.push(expectation);
    }

    /// The graph, immutable from here on.
    pub(crate) fn finish(self) -> Graph {
        self.graph
    }
}

/// Checks how many operands an operator is given, so that no rule or kernel reads one that is not there.
fn check_arity(op: &Op, operands: usize) -> Result<(), OpError> {
    let arity = op.arity();
    if arity.contains(&operands) {
        return Ok(());
    }
    let word = op.bound().spec().name;
    Err(OpError::new(Code::E0215, format!("`{word}` cannot take {operands} operands"))
        .here(format!("takes {}", if *arity.end() == 1 { "one" } else { "at least one" })))
}

/// Checks the size of a tensor; `what` names it where it is too large.
fn check_size(what: impl Fn() -> String, dims: &[u64]) -> Result<(), OpError> {
    let shown = || dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    if let Some(dim) = dims.iter().find(|&&dim| dim > MAX_DIMENSION) {
        return Err(OpError::new(Code::E0313, format!("{} is too large", what()))
            .here(format!("would be {}", shown()))
            .note(format!("a dimension is at most {MAX_DIMENSION}, not {dim}")));
    }
    let elements = dims.iter().map(|&dim| u128::from(dim)).try_fold(1u128, u128::checked_mul);
    if elements.is_none_or(|elements| elements > u128::from(MAX_ELEMENTS)) {
        return Err(OpError::new(Code::E0313, format!("{} is too large", what()))
            .here(format!("would be {}", shown()))
            .note(format!("a tensor has at most 2^48 = {MAX_ELEMENTS} elements")));
    }
    Ok(())
}

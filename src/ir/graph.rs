//! The graph itself; the only user of petgraph.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::stable_graph::StableDiGraph;
use petgraph::visit::EdgeRef;

use crate::base::Span;
use crate::diag::ExpansionTrace;
use crate::ops::{Op, Parameter};
use crate::tensor::Shape;

use super::{Expectation, InputNode};

/// A node, and at the same time its only value. Ids ascend in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The position among all nodes, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn petgraph(self) -> NodeIndex {
        NodeIndex::new(self.index())
    }
}

/// The kind of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// An input of the network.
    Input(InputNode),
    /// An operator over the node's operands.
    Op(Op),
}

/// A node of the graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its path, such as `layer1.0.conv1`: unique, the first part of its weight keys, and the name of its row.
    pub path: String,
    /// The word that it was written with: `conv`, `residual`, `input`.
    pub word: &'static str,
    /// The operator, or the properties of the input.
    pub kind: NodeKind,
    /// The shape of its value, for one picture.
    pub shape: Shape,
    /// Its own parameters; [`Graph::parameters`] gives shared ones too.
    pub parameters: Vec<Parameter>,
    /// The word in the source.
    pub span: Span,
    /// The expansions that led to it.
    pub trace: ExpansionTrace,
    /// The node whose parameters it takes (`shared`); it has none of its own then.
    pub shares: Option<NodeId>,
    /// Whether it only serves training (`aux train`): it has its own totals and is not run.
    pub train_only: bool,
    /// Whether it belongs to the projection of a residual's shortcut, which no depth counts.
    pub shortcut: bool,
    /// Whether reports show it: inputs and the slices of a `split` have no row.
    pub is_layer: bool,
    /// Whether it was written as a trailing word of another operator's statement.
    pub trailing: bool,
}

impl Node {
    /// The operator; `None` for an input.
    pub fn op(&self) -> Option<&Op> {
        match &self.kind {
            NodeKind::Op(op) => Some(op),
            NodeKind::Input(_) => None,
        }
    }
}

/// A named output.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// `out`, or the name of an `aux`.
    pub name: String,
    /// Its value.
    pub node: NodeId,
    /// Whether it only serves training.
    pub train_only: bool,
}

/// A network: nodes in source order, wired by ordered ports.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(super) name: String,
    pub(super) dag: StableDiGraph<Node, u32>,
    pub(super) outputs: Vec<Output>,
    pub(super) values: BTreeMap<String, NodeId>,
    pub(super) labels: Option<String>,
    pub(super) expectations: Vec<Expectation>,
}

impl Graph {
    /// The name of the network.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.dag.node_count()
    }

    /// Returns whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.dag.node_count() == 0
    }

    /// All ids, operands before their users.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.dag.node_count() as u32).map(NodeId)
    }

    /// All nodes, operands before their users.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.ids().map(|id| (id, self.node(id)))
    }

    /// The nodes that reports show, in source order.
    pub fn layers(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().filter(|(_, node)| node.is_layer)
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.dag[id.petgraph()]
    }

    /// The operands of a node in the order of its ports; a value may stand at several ports.
    pub fn operands(&self, id: NodeId) -> Vec<NodeId> {
        let edges = self.dag.edges_directed(id.petgraph(), Direction::Incoming);
        let mut ports: Vec<(u32, NodeId)> =
            edges.map(|edge| (*edge.weight(), NodeId(edge.source().index() as u32))).collect();
        ports.sort_unstable();
        ports.into_iter().map(|(_, operand)| operand).collect()
    }

    /// The node that holds the parameters which a node computes with: itself, or the one that it shares them with.
    pub fn owner(&self, id: NodeId) -> NodeId {
        self.node(id).shares.unwrap_or(id)
    }

    /// The parameters that a node computes with, its own or shared ones.
    pub fn parameters(&self, id: NodeId) -> &[Parameter] {
        &self.node(self.owner(id)).parameters
    }

    /// Returns whether the operator of a node could have a bias of its own, has none, and stands before an operator
    /// that would subtract it again.
    pub(crate) fn lacks_bias_before_norm(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let has_bias = node.parameters.iter().any(|parameter| parameter.key == "bias");
        let takes_bias = node.op().is_some_and(|op| op.spec().takes_bias());
        let is_norm = |user: NodeId| self.node(user).op().is_some_and(|op| op.spec().absorbs_bias);
        takes_bias && !has_bias && node.shares.is_none() && self.users(id).into_iter().any(is_norm)
    }

    /// The shapes of the operands of a node.
    pub fn operand_shapes(&self, id: NodeId) -> Vec<Shape> {
        self.operands(id).into_iter().map(|operand| self.node(operand).shape).collect()
    }

    /// The nodes that take a value, ascending, each once.
    pub fn users(&self, id: NodeId) -> Vec<NodeId> {
        let neighbours = self.dag.neighbors_directed(id.petgraph(), Direction::Outgoing);
        let mut users: Vec<NodeId> = neighbours.map(|user| NodeId(user.index() as u32)).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Puts an operator without parameters between a node and its first operand, and gives the node an operator that
    /// computes the same behind it. The new node has no path and comes behind all others, which keep their ids.
    pub(crate) fn put_before(&mut self, id: NodeId, op: Op, shape: Shape, then: Op) {
        let (node, operand) = (self.node(id), self.operands(id)[0]);
        let between = Node {
            path: String::new(),
            word: "",
            kind: NodeKind::Op(op),
            shape,
            parameters: Vec::new(),
            shares: None,
            is_layer: false,
            trailing: false,
            ..node.clone()
        };
        let between = self.dag.add_node(between);
        let first =
            self.dag.edges_directed(id.petgraph(), Direction::Incoming).find(|edge| *edge.weight() == 0);
        if let Some(edge) = first.map(|edge| edge.id()) {
            self.dag.remove_edge(edge);
        }
        self.dag.add_edge(operand.petgraph(), between, 0);
        self.dag.add_edge(between, id.petgraph(), 0);
        self.dag[id.petgraph()].kind = NodeKind::Op(then);
    }

    /// The inputs in source order.
    pub fn inputs(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Input(_)))
    }

    /// The output `out`, then the `aux` outputs in source order.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The values with a written name, by path: a statement's value after its trailing words.
    pub fn values(&self) -> &BTreeMap<String, NodeId> {
        &self.values
    }

    /// The value of a path: a written name, else the row of this path.
    pub fn value(&self, path: &str) -> Option<NodeId> {
        let row = || self.nodes().find(|(_, node)| node.path == path).map(|(id, _)| id);
        self.values.get(path).copied().or_else(row)
    }

    /// The file of class labels, as written, relative to the source.
    pub fn labels(&self) -> Option<&str> {
        self.labels.as_deref()
    }

    /// The expectations of the source.
    pub fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }
}

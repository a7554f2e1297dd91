//! Groups nodes into drafts of steps: a draft covers a node and what can run with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Graph, Node, NodeId, NodeKind};
use crate::ops::{Activation, Add, BatchNorm, Op};
use crate::tensor::Shape;

use super::choose;
use super::constants::{ParameterId, Recipe, RecipeKind};
use super::layout::{Form, LANES};
use super::plan::{Algorithm, Convolution, Kernel};
use super::sizes::Reach;
use super::{Accuracy, Settings};

/// A step before its memory is known: values instead of tensors.
#[derive(Debug)]
pub(super) struct Draft {
    pub kernel: Kernel,
    pub activation: Option<Activation>,
    /// What it reads, each in a form.
    pub operands: Vec<(NodeId, Form)>,
    /// The node whose value it computes.
    pub value: NodeId,
    /// The form in which it writes.
    pub form: Form,
    pub constants: Vec<Recipe>,
    pub covers: Vec<NodeId>,
    /// The operand that it may overwrite.
    pub overwrites: Option<usize>,
}

impl Draft {
    /// Covers one more node, whose value it now computes.
    fn end_with(&mut self, node: NodeId) {
        self.covers.push(node);
        self.value = node;
    }
}

/// Values that are the same memory as another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alias {
    pub of: NodeId,
    /// Whether it is another shape, which needs the plain form.
    pub reshaped: bool,
}

/// The drafts in order, and the aliases.
pub(super) struct Grouping<'a> {
    graph: &'a Graph,
    settings: &'a Settings,
    needed: BTreeSet<NodeId>,
    kept: BTreeSet<NodeId>,
    pub alias: BTreeMap<NodeId, Alias>,
    /// Nodes that an earlier draft covers.
    covered: BTreeSet<NodeId>,
    pub drafts: Vec<Draft>,
    /// The draft that computes a value.
    made_by: BTreeMap<NodeId, usize>,
}

/// Groups what the outputs need.
pub(super) fn group<'a>(graph: &'a Graph, settings: &'a Settings) -> Grouping<'a> {
    let mut grouping = Grouping {
        graph,
        settings,
        needed: needed(graph, settings),
        kept: settings.outputs.iter().map(|&(_, id)| id).collect(),
        alias: BTreeMap::new(),
        covered: BTreeSet::new(),
        drafts: Vec::new(),
        made_by: BTreeMap::new(),
    };
    let ids: Vec<NodeId> = grouping.needed.iter().copied().collect();
    ids.into_iter().for_each(|id| grouping.node(id));
    grouping
}

/// The nodes that the outputs depend on.
fn needed(graph: &Graph, settings: &Settings) -> BTreeSet<NodeId> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<NodeId> = settings.outputs.iter().map(|&(_, id)| id).collect();
    while let Some(id) = open.pop() {
        if needed.insert(id) {
            open.extend(graph.operands(id));
        }
    }
    needed
}

impl Grouping<'_> {
    fn node(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let NodeKind::Op(op) = &node.kind else { return };
        if self.covered.contains(&id) {
            return;
        }
        let operands = self.graph.operands(id);
        let reshaped = matches!(op, Op::Unflatten(_)) || matches!(op, Op::Flatten(flatten) if !flatten.hwc);
        if reshaped || matches!(op, Op::Dropout(_)) {
            self.alias.insert(id, Alias { of: operands[0], reshaped });
            return;
        }
        if self.add_to_convolution(id, op, &operands) {
            return;
        }
        let (kernel, forms, form) = self.kernel(op, id);
        let mut draft = Draft {
            activation: match op {
                Op::Activation(activation) if matches!(kernel, Kernel::Copy) => Some(*activation),
                _ => None,
            },
            kernel,
            operands: operands.into_iter().zip(forms).collect(),
            value: id,
            form,
            constants: Vec::new(),
            covers: vec![id],
            overwrites: None,
        };
        if self.settings.accuracy != Accuracy::Definitions {
            if let Some((norm, eps)) = self.foldable_norm(&draft.kernel, id) {
                self.fold_norm(&mut draft, node, norm, eps);
            }
            let takes = !matches!(
                draft.kernel,
                Kernel::Pool(_)
                    | Kernel::Lrn(_)
                    | Kernel::Concat { .. }
                    | Kernel::Copy
                    | Kernel::Reference(_)
            );
            if let Some((next, activation)) = self.next_activation(draft.value).filter(|_| takes) {
                draft.activation = Some(activation);
                draft.end_with(next);
            }
        }
        if draft.constants.is_empty() {
            draft.constants = constants(id, op, node, &draft.kernel);
        }
        if matches!(draft.kernel, Kernel::Affine | Kernel::Add | Kernel::Copy) {
            draft.overwrites = Some(0);
        }
        self.push(draft);
    }

    fn push(&mut self, draft: Draft) {
        self.covered.extend(&draft.covers);
        self.made_by.insert(draft.value, self.drafts.len());
        self.drafts.push(draft);
    }

    /// The sum of two branches becomes part of the convolution that computes one of them last.
    fn add_to_convolution(&mut self, id: NodeId, op: &Op, operands: &[NodeId]) -> bool {
        let (Op::Add(Add { scale: None, zeropad: None }), [a, b]) = (op, operands) else { return false };
        let index = |value: &NodeId| self.made_by.get(value).copied();
        let (last, other) = if index(a) > index(b) { (*a, *b) } else { (*b, *a) };
        let Some(made_by) = index(&last).filter(|_| a != b) else { return false };
        let draft = &self.drafts[made_by];
        let takes = draft.activation.is_none()
            && match &draft.kernel {
                Kernel::Conv(one) => !one.addend && self.keeps_groups_apart(draft, one),
                _ => false,
            };
        // The other branch is computed before: aliases of earlier values are left to a step of their own.
        let is_input = matches!(self.graph.node(other).kind, NodeKind::Input(_));
        let is_ready = is_input || index(&other).is_some_and(|other| other < made_by);
        if !takes || !is_ready || self.only_user(last).is_none() {
            return false;
        }
        let activation = self.next_activation(id);
        let draft = &mut self.drafts[made_by];
        if let Kernel::Conv(convolution) = &mut draft.kernel {
            convolution.addend = true;
        }
        draft.operands.push((other, Form::Blocked));
        draft.overwrites = Some(1);
        draft.end_with(id);
        if let Some((next, activation)) = activation {
            draft.activation = Some(activation);
            draft.end_with(next);
        }
        self.covered.extend(&draft.covers);
        self.made_by.insert(draft.value, made_by);
        true
    }

    /// Whether the sums of a convolution are final when they are written.
    fn keeps_groups_apart(&self, draft: &Draft, convolution: &Convolution) -> bool {
        let (operand, form) = draft.operands[0];
        let input = self.graph.node(operand).shape;
        let filters = self.graph.node(draft.value).shape.channels() as usize;
        Reach::new(input.channels() as usize, form.lanes(input), filters, convolution.groups)
            .keeps_groups_apart()
    }

    /// The activation that is the only user of a value.
    fn next_activation(&self, value: NodeId) -> Option<(NodeId, Activation)> {
        match self.only_user(value)? {
            (next, Op::Activation(activation)) => Some((next, *activation)),
            _ => None,
        }
    }

    /// The kernel of an operator, and the forms of what it reads and writes.
    fn kernel(&self, op: &Op, id: NodeId) -> (Kernel, Vec<Form>, Form) {
        let inputs = self.graph.operand_shapes(id);
        let operands = self.graph.operands(id);
        let output = self.graph.node(id).shape;
        let all = |form: Form| vec![form; inputs.len()];
        let reference = || (Kernel::Reference(op.clone()), all(Form::Plain), Form::Plain);
        if self.settings.accuracy == Accuracy::Definitions {
            return reference();
        }
        let any_blocked = operands.iter().any(|&one| self.natural(one) == Form::Blocked);
        let common = if any_blocked && output.is_map() { Form::Blocked } else { Form::Plain };
        match op {
            Op::Conv(conv) if conv.table.is_none() => {
                let (rows, columns) = conv.sliding.windows(inputs[0].extent());
                self.convolution(rows, columns, conv.groups, conv.bias, operands[0], output)
            }
            Op::DwConv(conv) => {
                let (rows, columns) = conv.sliding.windows(inputs[0].extent());
                if conv.multiplier == 1 {
                    let kernel = Kernel::Depthwise { rows, columns, bias: conv.bias };
                    return (kernel, vec![Form::Blocked], Form::Blocked);
                }
                self.convolution(rows, columns, inputs[0].channels(), conv.bias, operands[0], output)
            }
            Op::Dense(dense) if !inputs[0].is_map() => {
                (Kernel::Dense { bias: dense.bias }, vec![Form::Plain], Form::Plain)
            }
            Op::Pool(pool) => (Kernel::Pool(pool.clone()), vec![Form::Blocked], Form::Blocked),
            Op::Lrn(lrn) => (Kernel::Lrn(lrn.clone()), vec![Form::Blocked], Form::Blocked),
            Op::BatchNorm(_) => (Kernel::Affine, all(common), common),
            Op::Add(Add { scale: None, zeropad: None }) => (Kernel::Add, all(common), common),
            Op::Activation(_) => (Kernel::Copy, all(common), common),
            Op::Concat(_) => {
                let mut next = 0;
                let channels: Vec<usize> = inputs
                    .iter()
                    .map(|input| {
                        let first = next;
                        next += input.channels() as usize;
                        first
                    })
                    .collect();
                let aligned = channels.iter().all(|first| first % LANES == 0);
                let form = if aligned { common } else { Form::Plain };
                (Kernel::Concat { channels }, all(form), form)
            }
            _ => reference(),
        }
    }

    fn convolution(
        &self,
        rows: crate::tensor::Window,
        columns: crate::tensor::Window,
        groups: u64,
        bias: bool,
        operand: NodeId,
        output: Shape,
    ) -> (Kernel, Vec<Form>, Form) {
        let input = self.graph.node(operand).shape;
        let few = self.natural(operand) == Form::Plain && input.channels() < LANES as u64;
        let form = if few { Form::Few } else { Form::Blocked };
        let mut convolution = Convolution {
            rows,
            columns,
            groups: groups as usize,
            bias,
            addend: false,
            algorithm: Algorithm::Direct,
        };
        if self.settings.accuracy == Accuracy::Fast && form == Form::Blocked {
            convolution.algorithm = choose::algorithm(&convolution, input, output);
        }
        (Kernel::Conv(convolution), vec![form], Form::Blocked)
    }

    /// The form in which a value is computed.
    pub(super) fn natural(&self, id: NodeId) -> Form {
        match (self.made_by.get(&id), self.alias.get(&id)) {
            (Some(&draft), _) => self.drafts[draft].form,
            (None, Some(Alias { of, reshaped: false })) => self.natural(*of),
            _ => Form::Plain,
        }
    }

    /// The only user of a value, where nobody else needs it and it is run.
    fn only_user(&self, id: NodeId) -> Option<(NodeId, &Op)> {
        if self.kept.contains(&id) {
            return None;
        }
        let users: Vec<NodeId> =
            self.graph.users(id).into_iter().filter(|user| self.needed.contains(user)).collect();
        match users.as_slice() {
            [one] => Some((*one, self.graph.node(*one).op()?)),
            _ => None,
        }
    }

    fn foldable_norm(&self, kernel: &Kernel, id: NodeId) -> Option<(NodeId, f64)> {
        if !matches!(kernel, Kernel::Conv(_) | Kernel::Depthwise { .. } | Kernel::Dense { .. }) {
            return None;
        }
        match self.only_user(id)? {
            (norm, Op::BatchNorm(BatchNorm { eps })) => Some((norm, *eps)),
            _ => None,
        }
    }

    /// Folds a batch normalisation into the weights before it.
    fn fold_norm(&self, draft: &mut Draft, node: &Node, norm: NodeId, eps: f64) {
        let id = draft.value;
        let bias: Option<ParameterId> = (node.parameters.len() > 1).then_some((id, 1));
        let weight = Recipe {
            shape: node.parameters[0].shape.clone(),
            kind: RecipeKind::FoldedWeight { weight: (id, 0), norm, eps },
        };
        let bias =
            Recipe { shape: vec![node.shape.channels()], kind: RecipeKind::FoldedBias { bias, norm, eps } };
        draft.constants = vec![weight, bias];
        match &mut draft.kernel {
            Kernel::Conv(Convolution { bias, .. })
            | Kernel::Depthwise { bias, .. }
            | Kernel::Dense { bias } => *bias = true,
            _ => {}
        }
        draft.end_with(norm);
    }
}

/// The parameters of a node as they are; a batch normalisation that is run becomes factors and summands.
fn constants(id: NodeId, op: &Op, node: &Node, kernel: &Kernel) -> Vec<Recipe> {
    if let (Kernel::Affine, Op::BatchNorm(BatchNorm { eps })) = (kernel, op) {
        let shape = vec![node.shape.channels()];
        return vec![
            Recipe { shape: shape.clone(), kind: RecipeKind::Factor { norm: id, eps: *eps } },
            Recipe { shape, kind: RecipeKind::FoldedBias { bias: None, norm: id, eps: *eps } },
        ];
    }
    let whole = |(index, parameter): (usize, &crate::ops::Parameter)| Recipe {
        shape: parameter.shape.clone(),
        kind: RecipeKind::Parameter((id, index)),
    };
    node.parameters.iter().enumerate().map(whole).collect()
}

//! Fuses nodes into steps: a step covers a node and those behind it that its kernel can compute on the way – a
//! batch normalisation, a factor or a summand folded into weights, a sum added before a convolution's result is stored,
//! an activation.
//!
//! Values that need no computation (`dropout`, `flatten`) become aliases of others and have no step.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Graph, NodeId, NodeKind};
use crate::ops::{Activation, Add, Function, Op, Parameter};

use super::constants::{ConstantExpr, ConstantKind, Linear, Norm, ParameterId};
use super::layout::MemoryFormat;
use super::plan::{Convolution, Kernel, TransposedConvolution};
use super::select::{Operands, Selection, select};
use super::sizes::ChannelRange;
use super::{KernelPolicy, PlanOptions};

/// A step before memory is planned: it names values instead of tensors.
#[derive(Debug)]
pub(super) struct FusedStep {
    pub kernel: Kernel,
    pub activation: Option<Activation>,
    /// The values that the kernel reads, each with the memory format that it wants.
    pub operands: Vec<(NodeId, MemoryFormat)>,
    /// The node whose value the step computes: the last of those it covers.
    pub value: NodeId,
    /// The memory format of the result.
    pub format: MemoryFormat,
    pub constants: Vec<ConstantExpr>,
    pub covers: Vec<NodeId>,
    /// The operand whose memory the result may take over.
    pub overwrites: Option<usize>,
}

impl FusedStep {
    /// Covers one more node, whose value the step computes from now on.
    fn extend_to(&mut self, node: NodeId) {
        self.covers.push(node);
        self.value = node;
    }
}

/// Activations that a step applies as one.
struct Activations {
    joined: Option<Activation>,
    nodes: Vec<NodeId>,
}

impl Activations {
    /// Adds the activations to a step that has none yet.
    fn join(self, step: &mut FusedStep) {
        if self.joined.is_some() {
            step.activation = self.joined;
        }
        self.nodes.into_iter().for_each(|node| step.extend_to(node));
    }
}

/// A value that shares the memory of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alias {
    pub of: NodeId,
    /// Whether the shapes differ. The elements then agree in the stored order only.
    pub reshaped: bool,
}

/// The steps in order, and the aliases.
pub(super) struct Fusion<'a> {
    graph: &'a Graph,
    options: &'a PlanOptions,
    /// The nodes that the outputs depend on.
    needed: BTreeSet<NodeId>,
    /// The nodes whose values are outputs.
    kept: BTreeSet<NodeId>,
    pub alias: BTreeMap<NodeId, Alias>,
    /// Nodes that a step covers already.
    covered: BTreeSet<NodeId>,
    pub steps: Vec<FusedStep>,
    /// The index of the step that computes a value.
    made_by: BTreeMap<NodeId, usize>,
}

/// Fuses the nodes that the outputs need.
pub(super) fn fuse<'a>(graph: &'a Graph, options: &'a PlanOptions) -> Fusion<'a> {
    let mut fusion = Fusion {
        graph,
        options,
        needed: needed(graph, options),
        kept: options.outputs.iter().map(|&(_, id)| id).collect(),
        alias: BTreeMap::new(),
        covered: BTreeSet::new(),
        steps: Vec::new(),
        made_by: BTreeMap::new(),
    };
    // A pad that [`borders`](super::borders) added has a greater id than the convolution that reads it.
    let ids: Vec<NodeId> = fusion.needed.iter().copied().collect();
    for id in ids {
        graph.operands(id).into_iter().filter(|&operand| operand > id).for_each(|pad| fusion.node(pad));
        fusion.node(id);
    }
    fusion
}

/// The nodes that the outputs depend on.
fn needed(graph: &Graph, options: &PlanOptions) -> BTreeSet<NodeId> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<NodeId> = options.outputs.iter().map(|&(_, id)| id).collect();
    while let Some(id) = open.pop() {
        if needed.insert(id) {
            open.extend(graph.operands(id));
        }
    }
    needed
}

impl Fusion<'_> {
    /// Covers a node: by a step of its own, as an alias, or by an earlier step.
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
        let Selection { kernel, operands: formats, output } = self.select(op, id, &operands);
        let mut step = FusedStep {
            activation: match op {
                Op::Activation(activation) if matches!(kernel, Kernel::Copy) => Some(*activation),
                _ => None,
            },
            constants: self.constants(id, op, &kernel),
            kernel,
            operands: operands.into_iter().zip(formats).collect(),
            value: id,
            format: output,
            covers: vec![id],
            overwrites: None,
        };
        if self.options.policy != KernelPolicy::Reference {
            if let Some((next, norm)) = self.foldable_norm(&step.kernel, id) {
                self.fold_norm(&mut step, next, norm);
            }
            while let Some((next, linear)) = self.foldable_linear(&step) {
                self.fold_linear(&mut step, next, linear);
            }
            if step.kernel.has_epilogue() {
                self.activations_behind(step.value).join(&mut step);
            }
        }
        if matches!(step.kernel, Kernel::Affine | Kernel::Add | Kernel::Combine(_) | Kernel::Copy) {
            step.overwrites = Some(0);
        }
        self.covered.extend(&step.covers);
        self.made_by.insert(step.value, self.steps.len());
        self.steps.push(step);
    }

    fn select(&self, op: &Op, id: NodeId, operands: &[NodeId]) -> Selection {
        let formats: Vec<MemoryFormat> = operands.iter().map(|&one| self.computed_format(one)).collect();
        let operands = Operands {
            shapes: &self.graph.operand_shapes(id),
            formats: &formats,
            output: self.graph.node(id).shape,
        };
        select(op, &operands, self.options)
    }

    /// Lets the convolution that computes the later of two summands add the other before it stores its result.
    fn add_to_convolution(&mut self, id: NodeId, op: &Op, operands: &[NodeId]) -> bool {
        let (Op::Add(Add { scale: None, zeropad: None }), [a, b]) = (op, operands) else { return false };
        let index = |value: &NodeId| self.made_by.get(value).copied();
        let (last, other) = if index(a) > index(b) { (*a, *b) } else { (*b, *a) };
        let Some(made_by) = index(&last).filter(|_| a != b) else { return false };
        let step = &self.steps[made_by];
        let can_add = step.activation.is_none()
            && match &step.kernel {
                Kernel::Conv(one) => !one.addend && self.keeps_groups_apart(step, one),
                _ => false,
            };
        // The other summand must exist when the convolution runs. Aliases are left to a step of their own.
        let is_input = matches!(self.graph.node(other).kind, NodeKind::Input(_));
        let is_ready = is_input || index(&other).is_some_and(|other| other < made_by);
        if !can_add || !is_ready || self.only_user(last).is_none() {
            return false;
        }
        let activations = self.activations_behind(id);
        let step = &mut self.steps[made_by];
        if let Kernel::Conv(convolution) = &mut step.kernel {
            convolution.addend = true;
        }
        step.operands.push((other, MemoryFormat::Nchw16c));
        step.overwrites = Some(1);
        step.extend_to(id);
        activations.join(step);
        self.covered.extend(&step.covers);
        self.made_by.insert(step.value, made_by);
        true
    }

    /// Returns whether a convolution's sums are final when it stores them: nothing computes them again afterwards.
    fn keeps_groups_apart(&self, step: &FusedStep, convolution: &Convolution) -> bool {
        let (operand, format) = step.operands[0];
        let input = self.graph.node(operand).shape;
        let filters = self.graph.node(step.value).shape.channels() as usize;
        ChannelRange::new(input.channels() as usize, format.lanes(input), filters, convolution.groups)
            .keeps_groups_apart()
    }

    /// The activation behind a value that a step can apply as it stores the value: one of any kind, or several in a row
    /// that only limit the range.
    fn activations_behind(&self, value: NodeId) -> Activations {
        let mut found = Activations { joined: None, nodes: Vec::new() };
        let mut value = value;
        while let Some((next, Op::Activation(activation))) = self.only_user(value) {
            let joined = match &found.joined {
                None => Some(*activation),
                Some(before) => before.limited_by(activation),
            };
            if joined.is_none() {
                break;
            }
            (found.joined, value) = (joined, next);
            found.nodes.push(next);
        }
        found
    }

    /// The memory format in which a value is computed.
    fn computed_format(&self, id: NodeId) -> MemoryFormat {
        match (self.made_by.get(&id), self.alias.get(&id)) {
            (Some(&step), _) => self.steps[step].format,
            (None, Some(Alias { of, reshaped: false })) => self.computed_format(*of),
            _ => MemoryFormat::Nchw,
        }
    }

    /// The only user of a value; none where the value is an output or has several users that are run.
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

    /// The batch normalisation behind a node that can be folded into the node's weights.
    fn foldable_norm(&self, kernel: &Kernel, id: NodeId) -> Option<(NodeId, Norm)> {
        if !kernel.has_weight() {
            return None;
        }
        match self.only_user(id)? {
            (next, Op::BatchNorm(norm)) => {
                let node = self.graph.owner(next);
                Some((next, Norm { node, eps: norm.eps, scale: norm.scale, bias: norm.bias }))
            }
            _ => None,
        }
    }

    /// Folds a batch normalisation into the weights before it.
    fn fold_norm(&self, step: &mut FusedStep, next: NodeId, norm: Norm) {
        let parameters = self.graph.parameters(step.value);
        let owner = self.graph.owner(step.value);
        let bias: Option<ParameterId> = (parameters.len() > 1).then_some((owner, 1));
        let weight = match step.kernel {
            Kernel::TransposedConv(TransposedConvolution { groups, .. }) => {
                ConstantKind::FoldedTransposedWeight { weight: (owner, 0), groups, norm }
            }
            _ => ConstantKind::FoldedWeight { weight: (owner, 0), norm },
        };
        let channels = vec![self.graph.node(step.value).shape.channels()];
        step.constants = vec![
            ConstantExpr::new(parameters[0].shape.clone(), weight),
            ConstantExpr::new(channels, ConstantKind::FoldedBias { bias, norm }),
        ];
        step.kernel.add_bias();
        step.extend_to(next);
    }

    /// The `times` or `plus` behind a step that can be folded into its weights. Very large and small factors are left
    /// alone, by which weights could leave the range of f32.
    fn foldable_linear(&self, step: &FusedStep) -> Option<(NodeId, Linear)> {
        if !(step.kernel.has_weight() || matches!(step.kernel, Kernel::Affine)) {
            return None;
        }
        match self.only_user(step.value)? {
            (next, Op::Activation(Activation { function: Function::Times { factor } })) => {
                let is_moderate = (1e-6..=1e6).contains(&factor.abs());
                is_moderate.then_some((next, Linear { factor: *factor, summand: 0.0 }))
            }
            (next, Op::Activation(Activation { function: Function::Plus { summand } })) => {
                Some((next, Linear { factor: 1.0, summand: *summand }))
            }
            _ => None,
        }
    }

    /// Folds a factor into the weights before it and a summand into the bias.
    fn fold_linear(&self, step: &mut FusedStep, next: NodeId, linear: Linear) {
        if step.constants.len() == 1 && linear.summand != 0.0 {
            let channels = vec![self.graph.node(step.value).shape.channels()];
            step.constants.push(ConstantExpr::new(channels, ConstantKind::Zeros));
            step.kernel.add_bias();
        }
        let only_factor = Linear { summand: 0.0, ..linear };
        for (constant, linear) in step.constants.iter_mut().zip([only_factor, linear]) {
            constant.then = constant.then.followed_by(linear);
        }
        step.extend_to(next);
    }

    /// The parameters that a node computes with, its own or shared ones, as they are; of a batch normalisation that
    /// is run, its factors and summands.
    fn constants(&self, id: NodeId, op: &Op, kernel: &Kernel) -> Vec<ConstantExpr> {
        let owner = self.graph.owner(id);
        if let (Kernel::Affine, Op::BatchNorm(norm)) = (kernel, op) {
            let norm = Norm { node: owner, eps: norm.eps, scale: norm.scale, bias: norm.bias };
            let kinds = [ConstantKind::NormFactor(norm), ConstantKind::FoldedBias { bias: None, norm }];
            let channels = self.graph.node(id).shape.channels();
            return kinds.map(|kind| ConstantExpr::new(vec![channels], kind)).to_vec();
        }
        let unchanged = |(index, parameter): (usize, &Parameter)| {
            ConstantExpr::new(parameter.shape.clone(), ConstantKind::Parameter((owner, index)))
        };
        self.graph.parameters(id).iter().enumerate().map(unchanged).collect()
    }
}

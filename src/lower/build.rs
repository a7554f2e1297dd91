//! Groups nodes into steps and places their values in the arena.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::placement::{Interval, place};
use crate::ir::{Graph, Node, NodeId, NodeKind};
use crate::ops::{Activation, Add, BatchNorm, Op};
use crate::tensor::Shape;

use super::constants::{ParameterId, Recipe, RecipeKind};
use super::plan::{Buffer, Kernel, Plan, Port, Step};

/// How a graph is lowered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Pictures at once.
    pub batch: usize,
    /// Only the definitions of the operators: nothing is folded, nothing rounds differently.
    pub exact: bool,
    /// The values that are kept: (name, node).
    pub outputs: Vec<(String, NodeId)>,
}

/// The columns that a convolution unfolds at once.
pub(crate) const COLUMNS: usize = 4096;

/// A step before its memory is known: values instead of buffers.
struct Draft {
    kernel: Kernel,
    activation: Option<Activation>,
    operands: Vec<NodeId>,
    value: NodeId,
    constants: Vec<Recipe>,
    covers: Vec<NodeId>,
    in_place: bool,
}

/// Lowers what the outputs need.
pub fn lower(graph: &Graph, settings: &Settings) -> Plan {
    let needed = needed(graph, settings);
    let mut lowering = Lowering {
        graph,
        settings,
        kept: settings.outputs.iter().map(|&(_, id)| id).collect(),
        alias: BTreeMap::new(),
        covered: BTreeSet::new(),
        drafts: Vec::new(),
    };
    for id in graph.ids().filter(|id| needed.contains(id)) {
        lowering.node(id, &needed);
    }
    lowering.place()
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

struct Lowering<'a> {
    graph: &'a Graph,
    settings: &'a Settings,
    kept: BTreeSet<NodeId>,
    /// Values that are the same memory as another.
    alias: BTreeMap<NodeId, NodeId>,
    /// Nodes that an earlier step covers.
    covered: BTreeSet<NodeId>,
    drafts: Vec<Draft>,
}

impl Lowering<'_> {
    fn node(&mut self, id: NodeId, needed: &BTreeSet<NodeId>) {
        let node = self.graph.node(id);
        let NodeKind::Op(op) = &node.kind else { return };
        if self.covered.contains(&id) {
            return;
        }
        let operands = self.graph.operands(id);
        if matches!(op, Op::Dropout(_) | Op::Unflatten(_))
            || matches!(op, Op::Flatten(flatten) if !flatten.hwc)
        {
            self.alias.insert(id, operands[0]);
            return;
        }
        let mut draft = Draft {
            kernel: self.kernel(op, id),
            activation: None,
            operands,
            value: id,
            constants: Vec::new(),
            covers: vec![id],
            in_place: false,
        };
        if !self.settings.exact {
            if let Some((norm, eps)) = self.foldable_norm(&draft.kernel, id, needed) {
                self.fold_norm(&mut draft, node, norm, eps);
            }
            if takes_activation(&draft.kernel)
                && let Some((next, Op::Activation(activation))) = self.only_user(draft.value, needed)
            {
                draft.activation = Some(*activation);
                draft.covers.push(next);
                draft.value = next;
            }
        }
        if draft.constants.is_empty() {
            draft.constants = match &draft.kernel {
                Kernel::Affine => affine(id, op, node.shape.channels()),
                _ => node
                    .parameters
                    .iter()
                    .enumerate()
                    .map(|(index, parameter)| Recipe {
                        shape: parameter.shape.clone(),
                        kind: RecipeKind::Parameter((id, index)),
                    })
                    .collect(),
            };
        }
        draft.in_place = match &draft.kernel {
            Kernel::Affine | Kernel::Add => true,
            Kernel::Copy => draft.activation.is_some(),
            _ => false,
        };
        self.covered.extend(&draft.covers);
        self.drafts.push(draft);
    }

    fn kernel(&self, op: &Op, id: NodeId) -> Kernel {
        let input = self.graph.operand_shapes(id)[0];
        if self.settings.exact {
            return Kernel::Reference(op.clone());
        }
        match op {
            Op::Conv(conv) if conv.table.is_none() => {
                let (rows, columns) = conv.sliding.windows(input.extent());
                Kernel::Conv { rows, columns, groups: conv.groups as usize, bias: conv.bias }
            }
            Op::DwConv(conv) => {
                let (rows, columns) = conv.sliding.windows(input.extent());
                Kernel::Depthwise { rows, columns, multiplier: conv.multiplier as usize, bias: conv.bias }
            }
            Op::Dense(dense) => Kernel::Dense { bias: dense.bias },
            Op::Pool(pool) => Kernel::Pool(pool.clone()),
            Op::BatchNorm(_) => Kernel::Affine,
            Op::Add(Add { scale: None, zeropad: None }) => Kernel::Add,
            Op::Concat(_) => Kernel::Concat,
            Op::Activation(_) => Kernel::Copy,
            other => Kernel::Reference(other.clone()),
        }
    }

    /// The only user of a value, where nobody else needs it and it is run.
    fn only_user(&self, id: NodeId, needed: &BTreeSet<NodeId>) -> Option<(NodeId, &Op)> {
        if self.kept.contains(&id) {
            return None;
        }
        let users: Vec<NodeId> =
            self.graph.users(id).into_iter().filter(|user| needed.contains(user)).collect();
        match users.as_slice() {
            [one] => Some((*one, self.graph.node(*one).op()?)),
            _ => None,
        }
    }

    fn foldable_norm(&self, kernel: &Kernel, id: NodeId, needed: &BTreeSet<NodeId>) -> Option<(NodeId, f64)> {
        if !matches!(kernel, Kernel::Conv { .. } | Kernel::Depthwise { .. } | Kernel::Dense { .. }) {
            return None;
        }
        match self.only_user(id, needed)? {
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
            Kernel::Conv { bias, .. } | Kernel::Depthwise { bias, .. } | Kernel::Dense { bias } => {
                *bias = true
            }
            _ => {}
        }
        draft.covers.push(norm);
        draft.value = norm;
    }

    fn root(&self, mut id: NodeId) -> NodeId {
        while let Some(&of) = self.alias.get(&id) {
            id = of;
        }
        id
    }

    fn place(mut self) -> Plan {
        let inputs: Vec<NodeId> = self.graph.inputs().map(|(id, _)| id).collect();
        let held: BTreeSet<NodeId> = self.kept.iter().map(|&id| self.root(id)).collect();
        let end = self.drafts.len() as u32;
        let mut last_use: BTreeMap<NodeId, u32> = BTreeMap::new();
        for (step, draft) in self.drafts.iter().enumerate() {
            for &operand in &draft.operands {
                last_use.insert(self.root(operand), step as u32);
            }
        }
        held.iter().for_each(|&id| {
            last_use.insert(id, end);
        });
        let bytes = |shape: Shape| u128::from(shape.elements()) * self.settings.batch as u128 * 4;
        let mut intervals: Vec<Interval> = Vec::new();
        let mut storage: BTreeMap<NodeId, usize> = BTreeMap::new();
        for &id in &inputs {
            storage.insert(id, intervals.len());
            intervals.push(Interval {
                size: bytes(self.graph.node(id).shape),
                first: 0,
                last: last_use.get(&id).copied().unwrap_or(0),
            });
        }
        let input_storages = intervals.len();
        for step in 0..self.drafts.len() {
            let value = self.drafts[step].value;
            let last = last_use.get(&value).copied().unwrap_or(step as u32);
            let roots: Vec<NodeId> =
                self.drafts[step].operands.iter().map(|&operand| self.root(operand)).collect();
            let first = storage[&roots[0]];
            let elsewhere = roots[1..].iter().any(|root| storage[root] == first);
            let overwrites = self.drafts[step].in_place
                && first >= input_storages
                && intervals[first].last == step as u32
                && !elsewhere;
            self.drafts[step].in_place = overwrites;
            if overwrites {
                intervals[first].last = last.max(step as u32);
                storage.insert(value, first);
            } else {
                storage.insert(value, intervals.len());
                intervals.push(Interval {
                    size: bytes(self.graph.node(value).shape),
                    first: step as u32,
                    last,
                });
            }
        }
        let (offsets, total) = place(&intervals);
        let buffer = |id: NodeId, shape: Shape| Buffer {
            offset: (offsets[storage[&self.root(id)]] / 4) as usize,
            len: (bytes(shape) / 4) as usize,
        };
        let shape = |id: NodeId| self.graph.node(id).shape;
        let port = |name: &str, id: NodeId| Port {
            name: name.to_owned(),
            shape: shape(id),
            buffer: buffer(id, shape(id)),
        };
        let steps: Vec<Step> = self
            .drafts
            .iter()
            .map(|draft| Step {
                kernel: draft.kernel.clone(),
                activation: match (&draft.kernel, self.graph.node(draft.covers[0]).op()) {
                    (Kernel::Copy, Some(Op::Activation(activation))) => Some(*activation),
                    _ => draft.activation,
                },
                inputs: draft.operands.iter().map(|&operand| buffer(operand, shape(operand))).collect(),
                input_shapes: draft.operands.iter().map(|&operand| shape(operand)).collect(),
                output: buffer(draft.value, shape(draft.value)),
                output_shape: shape(draft.value),
                constants: draft.constants.clone(),
                covers: draft.covers.iter().map(|&id| self.graph.node(id).path.clone()).collect(),
            })
            .collect();
        Plan {
            network: self.graph.name().to_owned(),
            batch: self.settings.batch,
            inputs: inputs.iter().map(|&id| port(&self.graph.node(id).path, id)).collect(),
            outputs: self.settings.outputs.iter().map(|(name, id)| port(name, *id)).collect(),
            scratch: steps.iter().map(scratch).max().unwrap_or(0),
            arena: usize::try_from(total / 4).unwrap_or(usize::MAX),
            steps,
        }
    }
}

/// Whether the kernel can apply an activation as it writes; an activation step is one itself.
fn takes_activation(kernel: &Kernel) -> bool {
    matches!(
        kernel,
        Kernel::Conv { .. } | Kernel::Depthwise { .. } | Kernel::Dense { .. } | Kernel::Affine | Kernel::Add
    )
}

fn affine(id: NodeId, op: &Op, channels: u64) -> Vec<Recipe> {
    let Op::BatchNorm(BatchNorm { eps }) = op else { return Vec::new() };
    let shape = vec![channels];
    vec![
        Recipe { shape: shape.clone(), kind: RecipeKind::Factor { norm: id, eps: *eps } },
        Recipe { shape, kind: RecipeKind::FoldedBias { bias: None, norm: id, eps: *eps } },
    ]
}

/// Elements of the unfolded columns of a convolution; none where the input serves as it is.
fn scratch(step: &Step) -> usize {
    match &step.kernel {
        Kernel::Conv { rows, columns, groups, .. } if !is_pointwise(rows, columns) => {
            let (height, width) = step.output_shape.extent();
            let taps =
                step.input_shapes[0].channels() as usize / groups * (rows.kernel * columns.kernel) as usize;
            taps * COLUMNS.min((height * width) as usize)
        }
        _ => 0,
    }
}

/// Whether a convolution reads every input position once: its input is its own matrix of columns.
pub(crate) fn is_pointwise(rows: &crate::tensor::Window, columns: &crate::tensor::Window) -> bool {
    [rows, columns].iter().all(|window| {
        window.kernel == 1 && window.stride == 1 && window.pad_before == 0 && window.pad_after == 0
    })
}

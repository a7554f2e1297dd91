//! Gives every value its storage: inserts steps that change layouts, lets concatenations be written in place,
//! adds the zeros that convolutions want around their input, and puts all storages into one arena.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::placement::{Interval, place};
use crate::ir::{Graph, NodeId};
use crate::tensor::{Shape, Window};

use super::Settings;
use super::group::{Draft, Grouping};
use super::layout::{Form, Halo, LANES, Layout};
use super::plan::{Algorithm, Convolution, Kernel, Plan, Port, Step, Tensor};
use super::sizes;

/// A value in a form; aliases stand for the value that they share memory with.
type Key = (NodeId, Form);

/// A part of a storage: the first block of channels.
#[derive(Clone, Copy)]
struct Part {
    of: Key,
    first_block: usize,
}

/// Memory of one or several values.
struct Storage {
    shape: Shape,
    form: Form,
    halo: Halo,
    first: u32,
    last: u32,
    /// Whether the caller writes it: it is not overwritten.
    input: bool,
}

struct Arrangement<'a> {
    graph: &'a Graph,
    settings: &'a Settings,
    grouping: Grouping<'a>,
    /// The forms in which values are computed.
    forms: BTreeMap<NodeId, Form>,
    jobs: Vec<Draft>,
    /// Values in forms that exist.
    made: BTreeSet<Key>,
    parts: BTreeMap<Key, Part>,
    last_use: BTreeMap<Key, u32>,
    storages: Vec<Storage>,
    storage_of: BTreeMap<Key, usize>,
}

pub(super) fn arrange<'a>(graph: &'a Graph, settings: &'a Settings, mut grouping: Grouping<'a>) -> Plan {
    let drafts = std::mem::take(&mut grouping.drafts);
    let forms: BTreeMap<NodeId, Form> = drafts.iter().map(|draft| (draft.value, draft.form)).collect();
    let mut arrangement = Arrangement {
        graph,
        settings,
        grouping,
        forms,
        jobs: Vec::with_capacity(drafts.len()),
        made: graph.inputs().map(|(id, _)| (id, Form::Plain)).collect(),
        parts: BTreeMap::new(),
        last_use: BTreeMap::new(),
        storages: Vec::new(),
        storage_of: BTreeMap::new(),
    };
    arrangement.order(drafts);
    arrangement.share_concatenations();
    arrangement.assign();
    arrangement.surround();
    arrangement.plan()
}

impl Arrangement<'_> {
    /// The value whose memory an alias has, for this form.
    fn key(&self, mut id: NodeId, form: Form) -> Key {
        while let Some(alias) = self.grouping.alias.get(&id) {
            if alias.reshaped && form != Form::Plain {
                break;
            }
            id = alias.of;
        }
        (id, form)
    }

    /// The form in which a key's value is computed.
    fn natural(&self, id: NodeId) -> Form {
        self.forms.get(&id).copied().unwrap_or(Form::Plain)
    }

    /// The drafts in order, with steps between them that change layouts.
    fn order(&mut self, drafts: Vec<Draft>) {
        for draft in drafts {
            for &(operand, form) in &draft.operands {
                self.make(operand, form);
            }
            self.made.insert((draft.value, draft.form));
            self.jobs.push(draft);
        }
        let kept: Vec<NodeId> = self.settings.outputs.iter().map(|&(_, id)| id).collect();
        for id in kept {
            let (id, form) = self.output_key(id);
            self.make(id, form);
        }
    }

    /// The key of an output: as it is computed, or plain where it is another shape of a value.
    fn output_key(&self, id: NodeId) -> Key {
        let (root, _) = self.key(id, Form::Blocked);
        let form = if self.grouping.alias.contains_key(&root) { Form::Plain } else { self.natural(root) };
        self.key(root, form)
    }

    /// Makes a value available in a form, from the form in which it is computed.
    fn make(&mut self, id: NodeId, form: Form) {
        let (root, form) = self.key(id, form);
        if self.made.contains(&(root, form)) {
            return;
        }
        // A reshaped alias exists in the plain form only; others in the form of their step.
        let from = if self.grouping.alias.contains_key(&root) { Form::Plain } else { self.natural(root) };
        let source = self.key(root, from);
        if !self.made.contains(&source) {
            let natural = self.natural(source.0);
            self.copy(source.0, natural, from);
        }
        if source != (root, form) {
            self.copy(root, from, form);
        }
    }

    fn copy(&mut self, id: NodeId, from: Form, to: Form) {
        self.made.insert(self.key(id, to));
        self.jobs.push(Draft {
            kernel: Kernel::Copy,
            activation: None,
            operands: vec![(id, from)],
            value: id,
            form: to,
            constants: Vec::new(),
            covers: Vec::new(),
            overwrites: None,
        });
    }

    fn operands(&self, job: &Draft) -> Vec<Key> {
        job.operands.iter().map(|&(id, form)| self.key(id, form)).collect()
    }

    /// Operands of a concatenation are computed where it wants them.
    fn share_concatenations(&mut self) {
        let computed: BTreeSet<Key> = self.jobs.iter().map(|job| (job.value, job.form)).collect();
        for job in &self.jobs {
            let Kernel::Concat { channels } = &job.kernel else { continue };
            if job.form != Form::Blocked {
                continue;
            }
            for (key, first) in self.operands(job).into_iter().zip(channels) {
                if computed.contains(&key) && !self.parts.contains_key(&key) {
                    self.parts
                        .insert(key, Part { of: (job.value, Form::Blocked), first_block: first / LANES });
                }
            }
        }
    }

    /// The storage's value of a key, and the first block in it.
    fn whole(&self, mut key: Key) -> (Key, usize) {
        let mut first_block = 0;
        while let Some(part) = self.parts.get(&key) {
            first_block += part.first_block;
            key = part.of;
        }
        (key, first_block)
    }

    /// One storage for each value, or for several where one overwrites another.
    fn assign(&mut self) {
        let end = self.jobs.len() as u32;
        for (index, job) in self.jobs.iter().enumerate() {
            for key in self.operands(job) {
                let (whole, _) = self.whole(key);
                self.last_use.insert(whole, index as u32);
            }
        }
        for (_, id) in &self.settings.outputs {
            let (whole, _) = self.whole(self.output_key(*id));
            self.last_use.insert(whole, end);
        }
        let inputs: Vec<NodeId> = self.graph.inputs().map(|(id, _)| id).collect();
        for id in inputs {
            self.start((id, Form::Plain), 0, true);
        }
        for index in 0..self.jobs.len() {
            let job = &self.jobs[index];
            let key = (job.value, job.form);
            let (whole, _) = self.whole(self.key(key.0, key.1));
            if self.storage_of.contains_key(&whole) {
                continue;
            }
            let step = index as u32;
            match self.overwritten(job, whole, key, step) {
                Some(storage) => {
                    let last = self.last_use.get(&whole).copied().unwrap_or(step);
                    self.storages[storage].last = last.max(step);
                    self.storage_of.insert(whole, storage);
                }
                None => {
                    self.jobs[index].overwrites = None;
                    self.start(whole, step, false);
                }
            }
        }
    }

    fn start(&mut self, key: Key, first: u32, input: bool) {
        let last = self.last_use.get(&key).copied().unwrap_or(first);
        self.storage_of.insert(key, self.storages.len());
        let shape = self.graph.node(key.0).shape;
        self.storages.push(Storage { shape, form: key.1, halo: Halo::default(), first, last, input });
    }

    /// The storage that a job may write over: that of its operand, used here for the last time, all of it one
    /// value of the same form.
    fn overwritten(&self, job: &Draft, whole: Key, key: Key, step: u32) -> Option<usize> {
        let operand = job.overwrites?;
        let operands = self.operands(job);
        let old = operands[operand];
        let is_alone = |key: &Key| !self.parts.contains_key(key) && self.whole(*key).0 == *key;
        let storage = *self.storage_of.get(&old)?;
        let elsewhere = operands.iter().enumerate().any(|(index, other)| {
            index != operand && self.storage_of.get(&self.whole(*other).0) == Some(&storage)
        });
        let found = &self.storages[storage];
        let fits = is_alone(&old)
            && whole == key
            && !found.input
            && found.last == step
            && found.form == job.form
            && found.shape == self.graph.node(key.0).shape
            && !elsewhere;
        fits.then_some(storage)
    }

    /// The zeros around each storage: what its convolutions want.
    fn surround(&mut self) {
        for job in &self.jobs {
            let (rows, columns) = match &job.kernel {
                Kernel::Conv(Convolution { rows, columns, algorithm: Algorithm::Direct, .. })
                | Kernel::Depthwise { rows, columns, .. } => (rows, columns),
                _ => continue,
            };
            let (id, form) = job.operands[0];
            let (height, width) = self.graph.node(id).shape.extent();
            let (out_height, out_width) = self.graph.node(job.value).shape.extent();
            let (top, bottom) = zeros(rows, height, out_height);
            let (left, right) = zeros(columns, width, out_width);
            let storage = self.storage_of[&self.whole(self.key(id, form)).0];
            let halo = &mut self.storages[storage].halo;
            *halo = halo.union(Halo { top, bottom, left, right });
        }
    }

    fn tensor(&self, id: NodeId, form: Form, offsets: &[u128]) -> Tensor {
        let shape = self.graph.node(id).shape;
        let (whole, first_block) = self.whole(self.key(id, form));
        let index = self.storage_of[&whole];
        let storage = &self.storages[index];
        let mut layout = Layout::new(shape, form, storage.halo);
        if form == Form::Blocked {
            layout.blocks = Layout::new(storage.shape, form, storage.halo).blocks;
            layout.first_block = first_block;
        }
        Tensor { shape, offset: usize::try_from(offsets[index] / 4).unwrap_or(usize::MAX), layout }
    }

    fn plan(self) -> Plan {
        let batch = self.settings.batch;
        let mut intervals: Vec<Interval> = self
            .storages
            .iter()
            .map(|storage| Interval {
                size: Layout::new(storage.shape, storage.form, storage.halo)
                    .elements(batch)
                    .saturating_mul(4),
                first: storage.first,
                last: storage.last,
            })
            .collect();
        let shape = |id: NodeId| self.graph.node(id).shape;
        let scratch: Vec<usize> = self
            .jobs
            .iter()
            .map(|job| match &job.kernel {
                Kernel::Conv(convolution) => {
                    sizes::scratch(convolution, shape(job.operands[0].0), shape(job.value), batch)
                }
                _ => 0,
            })
            .collect();
        let storages = intervals.len();
        for (index, &elements) in scratch.iter().enumerate() {
            let (first, last) = (index as u32, index as u32);
            intervals.push(Interval { size: elements as u128 * 4, first, last });
        }
        let (offsets, total) = place(&intervals);
        let path = |id: &NodeId| self.graph.node(*id).path.clone();
        let steps: Vec<Step> = self
            .jobs
            .iter()
            .enumerate()
            .filter_map(|(index, job)| {
                let mut step = Step {
                    kernel: job.kernel.clone(),
                    activation: job.activation,
                    inputs: job.operands.iter().map(|&(id, form)| self.tensor(id, form, &offsets)).collect(),
                    output: self.tensor(job.value, job.form, &offsets),
                    scratch: ((offsets[storages + index] / 4) as usize, scratch[index]),
                    constants: job.constants.clone(),
                    covers: job.covers.iter().map(path).collect(),
                };
                if let Kernel::Concat { channels } = &mut step.kernel {
                    let there: Vec<bool> = self
                        .operands(job)
                        .iter()
                        .zip(channels.iter())
                        .map(|(key, &first)| {
                            self.parts.get(key).is_some_and(|part| {
                                part.of == (job.value, job.form) && part.first_block == first / LANES
                            })
                        })
                        .collect();
                    let mut rest = there.iter();
                    step.inputs.retain(|_| rest.next() == Some(&false));
                    let mut rest = there.iter();
                    channels.retain(|_| rest.next() == Some(&false));
                    if step.inputs.is_empty() {
                        return None;
                    }
                }
                Some(step)
            })
            .collect();
        let outputs = self.settings.outputs.iter().map(|(name, id)| {
            let (root, form) = self.output_key(*id);
            let mut tensor = self.tensor(root, form, &offsets);
            if form == Form::Plain {
                tensor.shape = shape(*id);
                tensor.layout = Layout::new(tensor.shape, form, Halo::default());
            }
            Port { name: name.clone(), tensor }
        });
        let inputs = self.graph.inputs().map(|(id, node)| Port {
            name: node.path.clone(),
            tensor: self.tensor(id, Form::Plain, &offsets),
        });
        Plan {
            network: self.graph.name().to_owned(),
            batch,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            private: steps.iter().map(|step| sizes::private(step, batch)).max().unwrap_or(0),
            arena: usize::try_from(total / 4).unwrap_or(usize::MAX),
            steps,
        }
    }
}

/// Zeros before and behind an axis: the padding in front, and as far behind as the last window reaches.
fn zeros(window: &Window, input: u64, outputs: u64) -> (usize, usize) {
    let reach = u128::from(outputs - 1) * u128::from(window.stride) + u128::from(window.extent());
    let behind = reach.saturating_sub(u128::from(window.pad_before) + u128::from(input));
    (window.pad_before as usize, usize::try_from(behind).unwrap_or(usize::MAX))
}

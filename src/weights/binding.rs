//! Binds the tensors of a file to the parameters of a network, by name or by order.
//!
//! All missing, unexpected and misshapen tensors are reported together, before any value is read. The time is linear in
//! the size of the network and of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use crate::diag::{Code, Failure};
use crate::ir::{Graph, Node, NodeId};
use crate::ops::Init;

use super::misfit::Misfits;
use super::shape_rule::{Fit, dims, fit};
use super::{Format, StoredDtype, TensorEntry, WeightFile};

pub use super::misfit::Misfit;

/// The way in which names of a file are matched with those of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameMatching {
    /// Stripped from the names of the file; names without it stay as they are.
    pub prefix: Option<String>,
    /// Whether tensors that nothing reads are noted instead of refused.
    pub ignore_unused: bool,
    /// Whether parameters that the file does not have are left to the caller, with a warning, instead of refused.
    pub fill_missing: bool,
}

/// The source of a parameter's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorSource {
    /// The tensor at this index of the file.
    Tensor(usize),
    /// The built-in codes of the digits.
    BuiltIn,
    /// Not in the file: the caller fills it ([`NameMatching::fill_missing`]).
    Missing,
    /// None: the parameter serves training only, and the file leaves it out.
    Absent,
}

/// The parameters of a network and where their values come from.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    sources: BTreeMap<(NodeId, usize), TensorSource>,
    /// Facts that may be of interest, one line each; none of them is a mistake.
    pub notes: Vec<String>,
    /// Deviations that [`NameMatching`] accepted although they change results, one line each.
    pub warnings: Vec<String>,
}

impl Binding {
    /// The source of the values of a node's parameter.
    pub fn source(&self, node: NodeId, parameter: usize) -> TensorSource {
        self.sources.get(&(node, parameter)).copied().unwrap_or(TensorSource::Absent)
    }

    /// Binds a parameter to a tensor, and notes how the shapes or types disagree.
    fn bind(&mut self, wanted: &Wanted<'_>, index: usize, entry: &TensorEntry, misfits: &mut Misfits) {
        let declared = &wanted.node.parameters[wanted.parameter].shape;
        match fit(declared, &entry.shape) {
            Fit::Exact => {}
            Fit::UpToOnes => self.notes.push(format!(
                "`{}` is taken as {}; the file has {}",
                wanted.key,
                dims(declared),
                dims(&entry.shape)
            )),
            Fit::No(hint) => misfits.misshapen(&wanted.key, declared, &entry.shape, hint),
        }
        if !matches!(entry.dtype, StoredDtype::F16 | StoredDtype::BF16 | StoredDtype::F32 | StoredDtype::F64)
        {
            misfits.types.push(format!("`{}` has the type {}", entry.name, entry.dtype));
        }
        self.sources.insert((wanted.id, wanted.parameter), TensorSource::Tensor(index));
    }
}

/// A parameter of a network.
struct Wanted<'a> {
    id: NodeId,
    node: &'a Node,
    parameter: usize,
    key: String,
}

fn wanted(graph: &Graph) -> impl Iterator<Item = Wanted<'_>> {
    graph.nodes().flat_map(|(id, node)| {
        let keys = node.parameters.iter().enumerate();
        keys.map(move |(parameter, declared)| Wanted {
            id,
            node,
            parameter,
            key: format!("{}.{}", node.path, declared.key),
        })
    })
}

/// Returns whether it counts the batches of a batch normalisation, which no network reads.
fn counts_batches(name: &str) -> bool {
    name == "num_batches_tracked" || name.ends_with(".num_batches_tracked")
}

/// Binds by name: keys are a row's path and the parameter's key.
///
/// # Errors
/// E0601 where a tensor is missing, unexpected, misshapen or given twice and `matching` does not accept it, E0603 where
/// one has a type that is not supported; `name` is the file in messages.
pub fn by_name<R: Read + Seek>(
    graph: &Graph,
    file: &WeightFile<R>,
    name: &str,
    matching: &NameMatching,
) -> Result<Binding, Misfit> {
    let entries = file.entries();
    let prefix = matching.prefix.as_deref().unwrap_or_default();
    let index: BTreeMap<&str, usize> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.name.strip_prefix(prefix).unwrap_or(&entry.name), index))
        .collect();
    let mut binding = Binding::default();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut misfits = Misfits::default();
    for wanted in wanted(graph) {
        let declared = &wanted.node.parameters[wanted.parameter];
        let is_only = wanted.node.parameters.len() == 1;
        let bare = index.get(wanted.node.path.as_str()).copied().filter(|_| is_only);
        let full = index.get(wanted.key.as_str()).copied();
        if let (Some(_), Some(second)) = (full, bare) {
            misfits
                .twice
                .push(format!("`{}` and `{}` are both in the file", wanted.key, entries[second].name));
            used.insert(second);
        }
        if let Some(found) = full.or(bare) {
            used.insert(found);
            binding.bind(&wanted, found, &entries[found], &mut misfits);
            continue;
        }
        let source = match declared.init {
            Init::DigitCodes => TensorSource::BuiltIn,
            _ if wanted.node.train_only => TensorSource::Absent,
            _ => {
                misfits.missing.push(wanted.key);
                TensorSource::Missing
            }
        };
        binding.sources.insert((wanted.id, wanted.parameter), source);
    }
    misfits.unexpected = entries
        .iter()
        .enumerate()
        .filter(|(index, entry)| !used.contains(index) && !counts_batches(&entry.name))
        .map(|(_, entry)| entry.name.clone())
        .collect();
    let bias_of = |name: &String| name.strip_suffix(".bias").map(str::to_owned);
    let unexpected: BTreeMap<String, &String> =
        misfits.unexpected.iter().filter_map(|name| Some((bias_of(name)?, name))).collect();
    let without_bias = graph.nodes().filter(|(id, _)| graph.lacks_bias_before_norm(*id));
    misfits.dropped_biases = without_bias
        .filter_map(|(_, node)| unexpected.get(node.path.as_str()).map(|name| (*name).clone()))
        .collect();
    if matching.fill_missing && !misfits.missing.is_empty() {
        binding.warnings.push(misfits.filled(name));
        misfits.missing.clear();
    }
    if matching.ignore_unused && !misfits.unexpected.is_empty() {
        binding.notes.push(misfits.ignored(name));
        misfits.unexpected.clear();
    }
    misfits.result(graph.name(), name).map(|()| binding)
}

/// Binds by order: the tensors of an `.npz` archive in its order to the parameters in the order of the rows.
///
/// # Errors
/// E0601 for a safetensors file, whose order is not the model's, and where number or shapes do not fit.
pub fn by_order<R: Read + Seek>(graph: &Graph, file: &WeightFile<R>, name: &str) -> Result<Binding, Failure> {
    if file.format() == Format::SafeTensors {
        return Err(Failure::new(Code::E0601, format!("`{name}` cannot be bound by order"))
            .note("the order of the tensors of a safetensors file is not the model's")
            .help("bind by name, or save an `.npz` archive in the order of the model"));
    }
    let parameters: Vec<Wanted<'_>> = wanted(graph).filter(|wanted| !wanted.node.train_only).collect();
    let entries: Vec<(usize, &TensorEntry)> =
        file.entries().iter().enumerate().filter(|(_, entry)| !counts_batches(&entry.name)).collect();
    let mut binding = Binding::default();
    let mut misfits = Misfits::default();
    for (wanted, (index, entry)) in parameters.iter().zip(&entries) {
        binding.bind(wanted, *index, entry, &mut misfits);
    }
    if parameters.len() != entries.len() {
        let counts = format!("the network has {} tensors, the file {}", parameters.len(), entries.len());
        let headline = format!("`{name}` does not fit the network `{}` in order", graph.name());
        return Err(misfits.misfit(headline).failure.note(counts));
    }
    misfits.result(graph.name(), name).map(|()| binding).map_err(|misfit| *misfit.failure)
}

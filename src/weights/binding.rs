//! Binds the tensors of a file to the parameters of a network, by name or by order.
//!
//! Everything that is missing, unexpected or misshapen is listed at once, before any value is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use crate::base::did_you_mean;
use crate::diag::{Code, Failure};
use crate::ir::{Graph, Node, NodeId};
use crate::ops::Init;

use super::{Dtype, Entry, Format, WeightFile};

/// How many lines of one kind of misfit are shown.
const MOST_SHOWN: usize = 20;

/// Where the values of a parameter come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The tensor at this index of the file.
    Tensor(usize),
    /// The built-in codes of the digits.
    BuiltIn,
    /// Nowhere: it serves training only and the file leaves it out.
    Absent,
}

/// The parameters of a network and where their values come from.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    origins: BTreeMap<(NodeId, usize), Origin>,
    /// What is worth knowing but no mistake, one line each.
    pub notes: Vec<String>,
}

impl Binding {
    /// Where the values of a node's parameter come from.
    pub fn origin(&self, node: NodeId, parameter: usize) -> Origin {
        self.origins.get(&(node, parameter)).copied().unwrap_or(Origin::Absent)
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

/// Whether shapes agree up to dimensions of size 1.
fn same_but_ones(declared: &[u64], found: &[usize]) -> bool {
    let declared: Vec<u64> = declared.iter().copied().filter(|&dim| dim != 1).collect();
    let found: Vec<u64> = found.iter().map(|&dim| dim as u64).filter(|&dim| dim != 1).collect();
    declared == found
}

fn dims(shape: impl IntoIterator<Item = impl ToString>) -> String {
    let text: Vec<String> = shape.into_iter().map(|dim| dim.to_string()).collect();
    if text.is_empty() { "scalar".to_owned() } else { text.join("x") }
}

fn cropped(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_SHOWN);
    lines.truncate(MOST_SHOWN);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// Binds by name: keys are a row's path and the parameter's key.
///
/// # Errors
/// E0601 where a tensor is missing, unexpected, misshapen or given twice, E0603 where one has a type that is
/// not supported; `name` is the file in messages.
pub fn by_name<R: Read + Seek>(graph: &Graph, file: &WeightFile<R>, name: &str) -> Result<Binding, Failure> {
    let entries = file.entries();
    let index: BTreeMap<&str, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.name.as_str(), index)).collect();
    let mut binding = Binding::default();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let (mut missing, mut misshapen, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    let mut types = Vec::new();
    for want in wanted(graph) {
        let declared = &want.node.parameters[want.parameter];
        let bare =
            (want.node.parameters.len() == 1).then(|| index.get(want.node.path.as_str()).copied()).flatten();
        let full = index.get(want.key.as_str()).copied();
        if let (Some(_), Some(second)) = (full, bare) {
            twice.push(format!("`{}` and `{}` are both in the file", want.key, entries[second].name));
            used.insert(second);
        }
        let Some(found) = full.or(bare) else {
            let origin = match declared.init {
                Init::DigitCodes => Origin::BuiltIn,
                _ if want.node.train_only => Origin::Absent,
                _ => {
                    missing.push(want.key.clone());
                    continue;
                }
            };
            binding.origins.insert((want.id, want.parameter), origin);
            continue;
        };
        used.insert(found);
        check(&want, &entries[found], &mut binding, &mut misshapen, &mut types);
        binding.origins.insert((want.id, want.parameter), Origin::Tensor(found));
    }
    let unexpected: Vec<&str> = entries
        .iter()
        .enumerate()
        .filter(|(index, entry)| {
            !used.contains(index)
                && !entry.name.ends_with(".num_batches_tracked")
                && entry.name != "num_batches_tracked"
        })
        .map(|(_, entry)| entry.name.as_str())
        .collect();
    if let Some(first) = types.first() {
        return Err(Failure::new(
            Code::E0603,
            format!("`{name}` has tensors of a type that is not supported"),
        )
        .note(first.clone())
        .help("save them as F32, F16, BF16 or F64"));
    }
    if missing.is_empty() && misshapen.is_empty() && unexpected.is_empty() && twice.is_empty() {
        return Ok(binding);
    }
    let mut failure =
        Failure::new(Code::E0601, format!("`{name}` does not fit the network `{}`", graph.name()));
    failure = failure.note(format!(
        "{} missing, {} unexpected, {} misshapen",
        missing.len(),
        unexpected.len(),
        misshapen.len()
    ));
    let missing_lines = missing.iter().map(|key| match did_you_mean(key, unexpected.iter().copied()) {
        Some(near) => format!("missing: `{key}` (the file has `{near}`)"),
        None => format!("missing: `{key}`"),
    });
    for line in cropped(missing_lines.collect()) {
        failure = failure.note(line);
    }
    for line in cropped(unexpected.iter().map(|key| format!("unexpected: `{key}`")).collect()) {
        failure = failure.note(line);
    }
    for line in cropped(misshapen).into_iter().chain(cropped(twice)) {
        failure = failure.note(line);
    }
    Err(failure.help(
        "`cnnc weights FILE` lists the tensors that the network wants; `as` gives rows the names of a file",
    ))
}

fn check(
    want: &Wanted<'_>,
    entry: &Entry,
    binding: &mut Binding,
    misshapen: &mut Vec<String>,
    types: &mut Vec<String>,
) {
    let declared = &want.node.parameters[want.parameter];
    let exact = declared.shape.len() == entry.shape.len()
        && declared.shape.iter().zip(&entry.shape).all(|(&want, &found)| want == found as u64);
    if !exact {
        let (declared_dims, found_dims) = (dims(&declared.shape), dims(&entry.shape));
        if same_but_ones(&declared.shape, &entry.shape) {
            binding
                .notes
                .push(format!("`{}` is taken as {declared_dims}; the file has {found_dims}", want.key));
        } else {
            misshapen.push(format!(
                "misshapen: `{}` must be {declared_dims}, the file has {found_dims}",
                want.key
            ));
        }
    }
    if !matches!(entry.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
        types.push(format!("`{}` has the type {}", entry.name, entry.dtype));
    }
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
    let wants: Vec<Wanted<'_>> = wanted(graph).filter(|want| !want.node.train_only).collect();
    let tracked = |entry: &Entry| entry.name.ends_with("num_batches_tracked");
    let entries: Vec<(usize, &Entry)> =
        file.entries().iter().enumerate().filter(|(_, entry)| !tracked(entry)).collect();
    let mut binding = Binding::default();
    let (mut misshapen, mut types) = (Vec::new(), Vec::new());
    for (want, (index, entry)) in wants.iter().zip(&entries) {
        check(want, entry, &mut binding, &mut misshapen, &mut types);
        binding.origins.insert((want.id, want.parameter), Origin::Tensor(*index));
    }
    if wants.len() != entries.len() || !misshapen.is_empty() {
        let mut failure = Failure::new(
            Code::E0601,
            format!("`{name}` does not fit the network `{}` in order", graph.name()),
        )
        .note(format!("the network has {} tensors, the file {}", wants.len(), entries.len()));
        for line in cropped(misshapen) {
            failure = failure.note(line);
        }
        return Err(failure);
    }
    match types.first() {
        Some(first) => {
            Err(Failure::new(Code::E0603, format!("`{name}` has tensors of a type that is not supported"))
                .note(first.clone()))
        }
        None => Ok(binding),
    }
}

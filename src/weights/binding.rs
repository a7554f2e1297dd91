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
    /// Nowhere in the file: it is filled as [`NameMatching::fill_missing`] allows.
    Missing,
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

/// How the names of a file are matched with those of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameMatching {
    /// What is taken away from the beginning of the file's names; names without it stay as they are.
    pub prefix: Option<String>,
    /// Whether the file may have tensors that the network does not want.
    pub ignore_unused: bool,
    /// Whether the file may lack tensors: the caller fills them.
    pub fill_missing: bool,
}

/// A file whose tensors are not those of a network, and what might help.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// What does not fit.
    pub failure: Failure,
    /// A prefix that many names of the file have before the wanted ones.
    pub prefix: Option<String>,
    /// Whether tensors are missing, and nothing else is wrong.
    pub only_missing: bool,
    /// Whether there are tensors that the network does not want, and nothing else is wrong.
    pub only_unexpected: bool,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for Misfit {}

impl From<Failure> for Misfit {
    fn from(failure: Failure) -> Misfit {
        Misfit { failure, prefix: None, only_missing: false, only_unexpected: false }
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

/// The first lines, and how many more there are; no more than the shown ones are made.
fn cropped(lines: impl IntoIterator<Item = String, IntoIter: ExactSizeIterator>) -> Vec<String> {
    let lines = lines.into_iter();
    let more = lines.len().saturating_sub(MOST_SHOWN);
    let more = (more > 0).then(|| format!("… and {more} more"));
    lines.take(MOST_SHOWN).chain(more).collect()
}

/// Binds by name: keys are a row's path and the parameter's key.
///
/// # Errors
/// E0601 where a tensor is missing, unexpected, misshapen or given twice, E0603 where one has a type that is
/// not supported; `name` is the file in messages.
pub fn by_name<R: Read + Seek>(
    graph: &Graph,
    file: &WeightFile<R>,
    name: &str,
    matching: &NameMatching,
) -> Result<Binding, Misfit> {
    let entries = file.entries();
    let prefix = matching.prefix.as_deref().unwrap_or_default();
    let stripped = |entry: &'_ Entry| entry.name.strip_prefix(prefix).unwrap_or(&entry.name).to_owned();
    let names: Vec<String> = entries.iter().map(stripped).collect();
    let index: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
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
                    Origin::Missing
                }
            };
            binding.origins.insert((want.id, want.parameter), origin);
            continue;
        };
        used.insert(found);
        check(&want, &entries[found], &mut binding, &mut misshapen, &mut types);
        binding.origins.insert((want.id, want.parameter), Origin::Tensor(found));
    }
    let tracked = |name: &str| name.ends_with(".num_batches_tracked") || name == "num_batches_tracked";
    let unused = (0..names.len()).filter(|index| !used.contains(index) && !tracked(&names[*index]));
    let unexpected: Vec<&str> = unused.map(|index| names[index].as_str()).collect();
    if let Some(first) = types.first() {
        return Err(Failure::new(
            Code::E0603,
            format!("`{name}` has tensors of a type that is not supported"),
        )
        .note(first.clone())
        .help("save them as F32, F16, BF16 or F64")
        .into());
    }
    let misses = !missing.is_empty() && !matching.fill_missing;
    let surplus = !unexpected.is_empty() && !matching.ignore_unused;
    if !misses && misshapen.is_empty() && !surplus && twice.is_empty() {
        let list = |names: Vec<String>| cropped(names).join(", ");
        let code = |names: &mut dyn Iterator<Item = &str>| names.map(|name| format!("`{name}`")).collect();
        if !unexpected.is_empty() {
            let names = list(code(&mut unexpected.iter().copied()));
            binding.notes.push(format!("{} tensors of the file are not used: {names}", unexpected.len()));
        }
        if !missing.is_empty() {
            let names = list(code(&mut missing.iter().map(String::as_str)));
            binding
                .notes
                .push(format!("{} tensors are not in the file and are filled: {names}", missing.len()));
        }
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
    let missing_line = |key: &String| match did_you_mean(key, unexpected.iter().copied()) {
        Some(near) => format!("missing: `{key}` (the file has `{near}`)"),
        None => format!("missing: `{key}`"),
    };
    for line in cropped(missing.iter().map(missing_line)) {
        failure = failure.note(line);
    }
    for line in cropped(unexpected.iter().map(|key| format!("unexpected: `{key}`"))) {
        failure = failure.note(line);
    }
    let nothing_else = misshapen.is_empty() && twice.is_empty();
    for line in cropped(misshapen).into_iter().chain(cropped(twice)) {
        failure = failure.note(line);
    }
    let prefix = common_prefix(&missing, &unexpected);
    if let Some(prefix) = &prefix {
        failure = failure.note(format!("names of the file begin with `{prefix}`"));
    }
    Err(Misfit {
        failure: failure.help("`as` gives rows the names of a file"),
        prefix,
        only_missing: nothing_else && unexpected.is_empty(),
        only_unexpected: nothing_else && missing.is_empty(),
    })
}

/// What stands before the names of at least half of the missing tensors in the file, such as `module.`.
fn common_prefix(missing: &[String], unexpected: &[&str]) -> Option<String> {
    let there: BTreeSet<&str> = unexpected.iter().copied().collect();
    let first = missing.first()?;
    let before = unexpected.iter().filter_map(|name| name.strip_suffix(first.as_str()));
    let fits = |prefix: &&str| {
        let found = missing.iter().filter(|key| there.contains(format!("{prefix}{key}").as_str())).count();
        prefix.ends_with('.') && 2 * found >= missing.len()
    };
    before.into_iter().find(fits).map(str::to_owned)
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

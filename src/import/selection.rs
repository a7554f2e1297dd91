//! Chooses the part of a model that is imported: the outputs that were asked for, the nodes that lead to them, and the
//! extents of its inputs.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Advice, Code, Failure};

use super::convert;
use super::model::{self, Dim, Model};
use super::network::Network;
use super::refusal::shown;
use super::{ImportOptions, Storage};

/// The oldest version of the standard operators that is read.
const OLDEST_OPSET: i64 = 6;

/// The nodes that lead to the outputs, in the order of the file, and the names of the output values.
fn needed(model: &Model, outputs: &[String]) -> Result<(Vec<usize>, Vec<String>), String> {
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in model.nodes.iter().enumerate() {
        for output in node.outputs.iter().filter(|output| !output.is_empty()) {
            makers.entry(output).or_insert(index);
        }
    }
    let mut wanted = Vec::new();
    for output in outputs {
        let of_node = || model.nodes.iter().find(|node| node.name == *output && !output.is_empty());
        match (makers.contains_key(output.as_str()), of_node()) {
            (true, _) => wanted.push(output.clone()),
            (false, Some(node)) => wanted.extend(node.outputs.first().cloned()),
            (false, None) if model.inputs.iter().any(|input| input.name == *output) => {
                wanted.push(output.clone())
            }
            (false, None) => return Err(output.clone()),
        }
    }
    // An output that is listed twice is one.
    let mut listed = BTreeSet::new();
    wanted.retain(|output: &String| listed.insert(output.clone()));
    let mut seen = vec![false; model.nodes.len()];
    let mut todo: Vec<&str> = wanted.iter().map(String::as_str).collect();
    while let Some(name) = todo.pop() {
        if let Some(&index) = makers.get(name)
            && !seen[index]
        {
            seen[index] = true;
            todo.extend(model.nodes[index].inputs.iter().map(String::as_str));
        }
    }
    Ok(((0..model.nodes.len()).filter(|&index| seen[index]).collect(), wanted))
}

/// Converts the model to a network, or refuses it.
pub(super) fn network_of(
    model: &Model,
    name: &str,
    options: &ImportOptions,
    storage: &dyn Storage,
) -> Result<Network, Failure> {
    let refuse = |message: String| Failure::new(Code::E0801, message);
    match model.opset {
        Some(version) if version < OLDEST_OPSET => {
            return Err(refuse(format!("`{name}` speaks operators of version {version}"))
                .note(format!("versions from {OLDEST_OPSET} on are read"))
                .help("`onnx.version_converter.convert_version` makes a newer one"));
        }
        Some(_) => {}
        None => {
            return Err(refuse(format!("`{name}` does not say which version of ONNX's operators it speaks")));
        }
    }
    let outputs: Vec<String> = match options.outputs.as_slice() {
        [] => model.outputs.iter().map(|output| output.name.clone()).collect(),
        outputs => outputs.to_vec(),
    };
    if outputs.is_empty() {
        return Err(refuse(format!("`{name}` has no output")));
    }
    let (nodes, outputs) = needed(model, &outputs).map_err(|output| {
        let names = model.nodes.iter().flat_map(|node| node.outputs.iter().chain([&node.name]));
        let near = crate::base::did_you_mean(&output, names.map(String::as_str));
        let failure =
            Failure::new(Code::E0611, format!("`{name}` has no value or node `{}`", shown(&output)));
        match near {
            Some(near) => failure.help(crate::base::meant(near)),
            None => failure,
        }
    })?;
    let mut model_inputs = Vec::new();
    for input in inputs_of(model, &nodes, &outputs) {
        let dims = extents(input, options).map_err(|open| {
            let stated: Vec<String> =
                open.iter().map(|dim| if dim.is_empty() { "?".into() } else { shown(dim) }).collect();
            let input = shown(&input.name);
            Failure::new(
                Code::E0805,
                format!("the extents of the input `{input}` are open: {}", stated.join("x")),
            )
            .advise(Advice::StateExtents { input })
        })?;
        model_inputs.push((input.name.clone(), dims));
    }
    let converted = convert::convert(model, &nodes, &model_inputs, &outputs, storage);
    if let Some(why) = converted.unreadable {
        return Err(Failure::new(Code::E0802, format!("`{}` cannot be read: {}", shown(name), shown(&why))));
    }
    if !converted.refusals.all.is_empty() {
        return Err(converted.refusals.failure(name));
    }
    Ok(converted.network)
}

/// The inputs that nodes use and that are not weights.
fn inputs_of<'m>(model: &'m Model, nodes: &[usize], outputs: &[String]) -> Vec<&'m model::Port> {
    let used: BTreeSet<&str> = nodes
        .iter()
        .flat_map(|&index| model.nodes[index].inputs.iter())
        .chain(outputs)
        .map(String::as_str)
        .collect();
    let inputs = model.inputs.iter().filter(|input| !model.initialisers.contains_key(&input.name));
    inputs.filter(|input| used.contains(input.name.as_str())).collect()
}

/// The extents of an input; an open batch is 1.
fn extents(input: &model::Port, options: &ImportOptions) -> Result<Vec<u64>, Vec<String>> {
    if let Some((_, dims)) = options.inputs.iter().find(|(name, _)| *name == input.name) {
        return Ok(dims.clone());
    }
    let dims = input.dims.clone().unwrap_or_default();
    if dims.is_empty() {
        return Err(vec![String::new()]);
    }
    let extent = |(axis, dim): (usize, &Dim)| match dim {
        Dim::Fixed(extent) => Some(*extent),
        Dim::Open(_) if axis == 0 => Some(1),
        Dim::Open(_) => None,
    };
    dims.iter().enumerate().map(extent).collect::<Option<Vec<u64>>>().ok_or_else(|| {
        dims.iter()
            .map(|dim| match dim {
                Dim::Fixed(extent) => extent.to_string(),
                Dim::Open(name) => name.clone(),
            })
            .collect()
    })
}

//! Finds values at which a model that cannot be converted completely could end. A refusal proposes them for `--output`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::Model;
use super::super::view::View;
use super::{Converter, Known};

/// The largest number of proposals.
const MOST_CUTS: usize = 8;

/// Values up to which the model can be converted, with the number of nodes that lead to each: the inputs of refused
/// nodes, or, where such an input is neither a map nor a vector, the values that it is computed from.
pub(super) fn cuts(model: &Model, nodes: &[usize], converter: &Converter<'_>) -> Vec<(String, usize)> {
    let known = &converter.known;
    let lost = |name: &String| matches!(known.get(name.as_str()), Some(Known::Lost));
    let makers: BTreeMap<&str, usize> = nodes
        .iter()
        .flat_map(|&index| model.nodes[index].outputs.iter().map(move |output| (output.as_str(), index)))
        .collect();
    let writable = |view: &View| {
        let shape = converter.network.shape(view.value);
        view.layout(shape).is_some() || view.is_flat(shape)
    };
    let mut frontier: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (position, &index) in nodes.iter().enumerate() {
        let node = &model.nodes[index];
        if !node.outputs.iter().any(lost) {
            continue;
        }
        let mut todo: Vec<&str> = node.inputs.iter().map(String::as_str).collect();
        while let Some(name) = todo.pop() {
            let Some(Known::View(view)) = known.get(name) else { continue };
            if !seen.insert(name) {
                continue;
            }
            match makers.get(name) {
                _ if writable(view) => drop(frontier.insert(name, position)),
                Some(&maker) => todo.extend(model.nodes[maker].inputs.iter().map(String::as_str)),
                None => {}
            }
        }
    }
    // The value with the most nodes before it is among the last values.
    let mut last: Vec<(&str, usize)> = frontier.into_iter().collect();
    last.sort_by_key(|&(_, position)| usize::MAX - position);
    let mut counted: Vec<(String, usize)> = Vec::new();
    for (name, _) in last.into_iter().take(MOST_CUTS) {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![name]);
        while let Some(name) = todo.pop() {
            if let Some(&index) = makers.get(name)
                && seen.insert(index)
            {
                todo.extend(model.nodes[index].inputs.iter().map(String::as_str));
            }
        }
        counted.push((name.to_owned(), seen.len()));
    }
    counted.retain(|(_, nodes)| *nodes > 0);
    counted.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    counted
}

//! Compares two versions of a network: pairs its nodes, attributes what differs, and writes it down.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Checked, Metric, Unit};

use super::cause::{Causes, ComparedSides, EditKind, SourceEdit, causes};
use super::lines::{Changed, changed};
use super::matching::pair;
use super::side::{DiffNode, Figures, NODE_METRICS, Side};
use super::signed::percent;
use super::view::{
    AttributeChange, ChangeView, EditView, FigureChange, LayerChange, NetworkDiff, ShapesView, TogetherView,
};

/// `new − old`
fn difference(old: u128, new: u128) -> i128 {
    i128::try_from(new).unwrap_or(i128::MAX) - i128::try_from(old).unwrap_or(i128::MAX)
}

fn figure(metric: Metric, old: u128, new: u128) -> FigureChange {
    let change = difference(old, new);
    let share = percent(old, new) * if new < old { -1.0 } else { 1.0 };
    FigureChange { metric, old, new, change, percent: (old > 0).then_some(share) }
}

fn shapes(checked: &Checked) -> ShapesView {
    let graph = checked.graph();
    ShapesView {
        inputs: graph.inputs().map(|(_, node)| node.shape.dims()).collect(),
        out: checked.out().map(|out| graph.node(out).shape.dims()),
    }
}

/// The lines that differ, for each file of one side: a file is compared with that of the same name from the
/// folder of the root; the roots are compared whatever their names.
fn files(one: &Side, other: &Side, flipped: bool) -> Vec<Changed> {
    let (texts, names) = (one.texts(), one.names());
    let (other_texts, other_names) = (other.texts(), other.names());
    let compare = |(index, text): (usize, &std::sync::Arc<str>)| {
        let partner =
            if index == 0 { Some(0) } else { other_names.iter().position(|name| *name == names[index]) };
        let partner = partner.and_then(|partner| other_texts.get(partner)).map_or("", |text| text);
        if flipped { changed(text, partner) } else { changed(partner, text) }
    };
    texts.iter().enumerate().map(compare).collect()
}

impl NetworkDiff {
    /// Compares two versions of a network.
    pub fn of(file: &str, old: Side, new: Side) -> NetworkDiff {
        let (old_items, new_items) = (old.items(), new.items());
        let matching = pair(&old_items, &new_items);
        let (new_files, old_files) = (files(&new, &old, false), files(&old, &new, true));
        let (new_names, old_names) = (new.full_names(), old.full_names());
        let comparison = ComparedSides {
            old: &old_items,
            new: &new_items,
            matching: &matching,
            new_files: &new_files,
            old_files: &old_files,
            new_names: &new_names,
            old_names: &old_names,
        };
        let causes = causes(&comparison);
        let metrics = Metric::ALL.into_iter().filter(|metric| metric.unit() != Unit::Shape);
        let totals: Vec<FigureChange> = metrics
            .filter_map(|metric| {
                let (old, new) = (metric.of_network(old.checked)?, metric.of_network(new.checked)?);
                Some(figure(metric, old, new))
            })
            .collect();
        let (layers, renumbered, receptive_only) = layers(&comparison, &causes);
        let (old_shapes, new_shapes) = (shapes(old.checked), shapes(new.checked));
        let (edits, together) = attributed(&comparison, &causes);
        NetworkDiff {
            file: file.to_owned(),
            network: new.checked.graph().name().to_owned(),
            changed: !layers.is_empty()
                || old_shapes != new_shapes
                || totals.iter().any(|figure| figure.change != 0),
            old_shapes,
            new_shapes,
            totals,
            edits,
            together,
            layers,
            renumbered,
            receptive_only,
        }
    }

    /// A figure of the network.
    pub fn total(&self, metric: Metric) -> Option<&FigureChange> {
        self.totals.iter().find(|figure| figure.metric == metric)
    }
}

fn word(kind: EditKind) -> &'static str {
    match kind {
        EditKind::Changed => "changed",
        EditKind::Added => "added",
        EditKind::Removed => "removed",
    }
}

fn layer(
    kind: EditKind,
    old: Option<&DiffNode>,
    new: Option<&DiffNode>,
    edits: &BTreeSet<usize>,
) -> Option<LayerChange> {
    let shown = new.or(old)?;
    let place = shown.places.first();
    let nothing = Figures::default();
    let (a, b) = (old.map_or(nothing, |item| item.figures), new.map_or(nothing, |item| item.figures));
    let receptive = |item: Option<&DiffNode>| item.map_or(0, |item| item.receptive);
    let counts = NODE_METRICS.into_iter().zip(a.into_iter().zip(b));
    let figures = counts.map(|(metric, (old, new))| figure(metric, old, new));
    let figures = figures.chain([figure(Metric::ReceptiveField, receptive(old), receptive(new))]);
    let attributes = match (old, new) {
        (Some(old), Some(new)) => old
            .attributes
            .iter()
            .filter_map(|(name, from)| {
                let (_, to) = new.attributes.iter().find(|(known, _)| known == name)?;
                let change = AttributeChange { name: (*name).to_owned(), old: from.clone(), new: to.clone() };
                (from != to).then_some(change)
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(LayerChange {
        kind: word(kind).to_owned(),
        name: shown.name.clone(),
        old_name: old.filter(|old| old.name != shown.name).map(|old| old.name.clone()),
        op: shown.word.clone(),
        attributes,
        old_shape: old.map(|item| item.shape.clone()),
        new_shape: new.map(|item| item.shape.clone()),
        figures: figures.filter(|figure| figure.change != 0).collect(),
        edits: edits.iter().copied().collect(),
        file: place.map_or(String::new(), |place| place.name.clone()),
        line: place.map_or(1, |place| place.first),
    })
}

fn differs(old: &DiffNode, new: &DiffNode) -> bool {
    !old.is_like(new) || old.shape != new.shape || old.figures != new.figures
}

/// The layers that differ; how many were only renumbered, and how many only have another receptive field.
fn layers(comparison: &ComparedSides, causes: &Causes) -> (Vec<LayerChange>, usize, usize) {
    let ComparedSides { old, new, matching, .. } = comparison;
    let mut changes = Vec::new();
    let (mut renumbered, mut receptive_only) = (0, 0);
    let mut next_old = 0;
    let removed = |upto: usize, next_old: &mut usize, changes: &mut Vec<LayerChange>| {
        while *next_old < upto {
            let index = *next_old;
            if matching.new_of[index].is_none() && old[index].is_layer {
                changes.extend(layer(EditKind::Removed, Some(&old[index]), None, &causes.of_old[index]));
            }
            *next_old += 1;
        }
    };
    for (index, item) in new.iter().enumerate() {
        match matching.old_of[index] {
            None if item.is_layer => {
                changes.extend(layer(EditKind::Added, None, Some(item), &causes.of_new[index]))
            }
            None => {}
            Some(partner) => {
                removed(partner, &mut next_old, &mut changes);
                let before = &old[partner];
                if item.is_layer && differs(before, item) {
                    changes.extend(layer(EditKind::Changed, Some(before), Some(item), &causes.of_new[index]));
                } else if item.is_layer {
                    renumbered += usize::from(before.name != item.name);
                    receptive_only += usize::from(before.receptive != item.receptive);
                }
            }
        }
    }
    removed(old.len(), &mut next_old, &mut changes);
    (changes, renumbered, receptive_only)
}

/// The edits with the differences of the layers that each reaches alone, and what several cause together.
fn attributed(comparison: &ComparedSides, causes: &Causes) -> (Vec<EditView>, Vec<TogetherView>) {
    let ComparedSides { old, new, matching, .. } = comparison;
    let mut sums: BTreeMap<Vec<usize>, ChangeView> = BTreeMap::new();
    let mut add = |edits: &BTreeSet<usize>, old: Option<&DiffNode>, new: Option<&DiffNode>| {
        let (a, b) = (old.map(|item| item.figures), new.map(|item| item.figures));
        if edits.is_empty() || a == b {
            return;
        }
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        let sum = sums.entry(edits.iter().copied().collect()).or_default();
        sum.add_layer(std::array::from_fn(|metric| difference(a[metric], b[metric])));
    };
    for (index, item) in new.iter().enumerate().filter(|(_, item)| item.is_layer) {
        add(&causes.of_new[index], matching.old_of[index].map(|partner| &old[partner]), Some(item));
    }
    for (index, item) in old.iter().enumerate().filter(|(_, item)| item.is_layer) {
        if matching.new_of[index].is_none() {
            add(&causes.of_old[index], Some(item), None);
        }
    }
    let edits = causes.edits.iter().enumerate().map(|(index, edit)| {
        let sum = sums.remove(&vec![index]).unwrap_or_default();
        EditView {
            kind: word(edit.kind).to_owned(),
            file: edit.file.clone(),
            line: edit.line,
            text: text(edit, comparison),
            touched: edit.layers.len(),
            change: sum,
        }
    });
    let edits: Vec<EditView> = edits.collect();
    let together = sums.into_iter().map(|(edits, change)| TogetherView { edits, change });
    (edits, together.collect())
}

/// The number of names or values that a text lists.
const LISTED: usize = 3;

/// `filters 64 → 96`; `added conv2, bn2 and 4 more`
fn text(edit: &SourceEdit, comparison: &ComparedSides) -> String {
    if edit.kind == EditKind::Changed {
        let one = |(name, values): &(&'static str, Vec<(String, String)>)| {
            let shown = values.iter().take(LISTED).map(|(old, new)| format!("{old} → {new}"));
            let more = if values.len() > LISTED { ", …" } else { "" };
            format!("{name} {}{more}", shown.collect::<Vec<_>>().join(", "))
        };
        let values: Vec<String> = edit.values.iter().map(one).collect();
        return if values.is_empty() { "another operand".to_owned() } else { values.join("; ") };
    }
    let items = if edit.kind == EditKind::Added { comparison.new } else { comparison.old };
    let names: Vec<&str> = edit
        .layers
        .iter()
        .map(|&index| &items[index])
        .filter(|item| item.is_layer)
        .map(|item| item.name.as_str())
        .collect();
    let more = names.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names: Vec<&str> = names.into_iter().take(LISTED).collect();
    format!("{} {}{more}", word(edit.kind), names.join(", "))
}

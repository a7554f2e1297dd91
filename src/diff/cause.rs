//! Attributes differences to edits of the source.
//!
//! An edit has a place, a kind, and the attributes that it changes; it touches all layers that were written there, such
//! as the copies of a block. A layer differs because of the edit that touches it and because of those that changed the
//! shapes of its operands, directly or through other layers. A layer that several edits reach belongs to all of them
//! together, because dividing its difference among them would be arbitrary.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Changed, only_run};
use super::matching::Matching;
use super::side::{DiffNode, LineRange};

/// The kind of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EditKind {
    Changed,
    Added,
    Removed,
}

/// A place of the source and what it does to layers.
#[derive(Clone, Debug)]
pub(super) struct SourceEdit {
    pub(super) kind: EditKind,
    pub(super) file: String,
    pub(super) line: u32,
    /// The attributes and their distinct pairs of values, in the order of the layers.
    pub(super) values: Vec<(&'static str, Vec<(String, String)>)>,
    /// The layers that it touches itself: positions in the new list, of removed ones in the old list.
    pub(super) layers: Vec<usize>,
}

/// The edits, and for each node those that reach it.
#[derive(Debug)]
pub(super) struct Causes {
    pub(super) edits: Vec<SourceEdit>,
    pub(super) of_new: Vec<BTreeSet<usize>>,
    pub(super) of_old: Vec<BTreeSet<usize>>,
}

/// The two lists, their pairs, and the lines that differ, by position of the new and of the old file.
pub(super) struct ComparedSides<'a> {
    pub(super) old: &'a [DiffNode],
    pub(super) new: &'a [DiffNode],
    pub(super) matching: &'a Matching,
    pub(super) new_files: &'a [Changed],
    pub(super) old_files: &'a [Changed],
    /// The names of these files.
    pub(super) new_names: &'a [String],
    pub(super) old_names: &'a [String],
}

type Key = (EditKind, String, u32, Vec<&'static str>);

struct SourceEdits {
    by_key: BTreeMap<Key, usize>,
    edits: Vec<SourceEdit>,
}

impl SourceEdits {
    fn at(&mut self, kind: EditKind, place: (String, u32), names: Vec<&'static str>, layer: usize) -> usize {
        let (file, line) = place;
        let edits = &mut self.edits;
        let index = *self.by_key.entry((kind, file.clone(), line, names.clone())).or_insert_with(|| {
            let values = names.iter().map(|&name| (name, Vec::new())).collect();
            edits.push(SourceEdit { kind, file, line, values, layers: Vec::new() });
            edits.len() - 1
        });
        self.edits[index].layers.push(layer);
        index
    }
}

/// Finds the edits, and the layers that each of them reaches.
pub(super) fn causes(comparison: &ComparedSides) -> Causes {
    let ComparedSides { old, new, matching, .. } = comparison;
    let mut edits = SourceEdits { by_key: BTreeMap::new(), edits: Vec::new() };
    let mut of_old: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); old.len()];
    for (index, item) in old.iter().enumerate() {
        if matching.new_of[index].is_none() {
            let place = written_at(
                &item.places,
                EditKind::Removed,
                (comparison.old_files, comparison.old_names),
                |file| &file.old,
            );
            of_old[index].insert(edits.at(EditKind::Removed, place, Vec::new(), index));
        }
    }
    let mut of_new: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); new.len()];
    for (index, item) in new.iter().enumerate() {
        let place = |kind| {
            written_at(&item.places, kind, (comparison.new_files, comparison.new_names), |file| &file.new)
        };
        let Some(partner) = matching.old_of[index] else {
            of_new[index].insert(edits.at(EditKind::Added, place(EditKind::Added), Vec::new(), index));
            continue;
        };
        let before = &old[partner];
        let differing = differing(before, item);
        if !differing.is_empty() {
            let names = differing.iter().map(|(name, _, _)| *name).collect();
            let edit = edits.at(EditKind::Changed, place(EditKind::Changed), names, index);
            for ((_, values), (_, from, to)) in edits.edits[edit].values.iter_mut().zip(differing) {
                if !values.contains(&(from.clone(), to.clone())) {
                    values.push((from, to));
                }
            }
            of_new[index].insert(edit);
        }
        let inherited: BTreeSet<usize> = inherited(comparison, index, before, &of_new, &of_old);
        of_new[index].extend(inherited);
        // Nothing else explains the difference: the node was rewired, so its own line counts as the edit.
        if of_new[index].is_empty() && (item.shape != before.shape || item.figures != before.figures) {
            of_new[index].insert(edits.at(EditKind::Changed, place(EditKind::Changed), Vec::new(), index));
        }
    }
    Causes { edits: edits.edits, of_new, of_old }
}

/// The edits that reach a node through its operands: those of operands of another shape than before.
fn inherited(
    comparison: &ComparedSides,
    index: usize,
    before: &DiffNode,
    of_new: &[BTreeSet<usize>],
    of_old: &[BTreeSet<usize>],
) -> BTreeSet<usize> {
    let ComparedSides { old, new, matching, .. } = comparison;
    let mut found = BTreeSet::new();
    let operands = &new[index].operands;
    for (port, &operand) in operands.iter().enumerate() {
        let was = before.operands.get(port).copied();
        if was.is_some_and(|was| old[was].shape == new[operand].shape) {
            continue;
        }
        found.extend(&of_new[operand]);
        // An operand that was removed changed the shape by its removal.
        let mut gone = was.filter(|&was| matching.new_of[was].is_none());
        while let Some(was) = gone {
            found.extend(&of_old[was]);
            gone = old[was].operands.first().copied().filter(|&was| matching.new_of[was].is_none());
        }
    }
    if before.operands.len() != operands.len() {
        operands.iter().for_each(|&operand| found.extend(&of_new[operand]));
        before.operands.iter().for_each(|&operand| found.extend(&of_old[operand]));
    }
    found
}

/// The attributes that differ: name, old value, new value; `–` where there was none.
fn differing(old: &DiffNode, new: &DiffNode) -> Vec<(&'static str, String, String)> {
    let value = |item: &DiffNode, name: &str| {
        let found = item.attributes.iter().find(|(known, _)| *known == name);
        found.map_or("–".to_owned(), |(_, value)| value.clone())
    };
    let mut names: Vec<&'static str> = old.attributes.iter().map(|(name, _)| *name).collect();
    names.extend(new.attributes.iter().map(|(name, _)| *name).filter(|name| value(old, name) == "–"));
    let pairs = names.into_iter().map(|name| (name, value(old, name), value(new, name)));
    pairs.filter(|(_, from, to)| from != to).collect()
}

/// The line that was edited: the innermost of a node's places with a line that differs; else the only run of lines that
/// differ in all files, such as that of a constant; else, for a layer that is changed, its own line, and for one that
/// came or went, that of the outermost call or repetition.
fn written_at(
    places: &[LineRange],
    kind: EditKind,
    (files, names): (&[Changed], &[String]),
    side: fn(&Changed) -> &Vec<u32>,
) -> (String, u32) {
    for place in places {
        let lines = files.get(place.file).map(side);
        let within = lines.into_iter().flatten().find(|line| (place.first..=place.last).contains(line));
        if let Some(&line) = within {
            return (place.name.clone(), line);
        }
    }
    let own = if kind == EditKind::Changed { places.first() } else { places.last() };
    let own = own.map_or((String::new(), 1), |place| (place.name.clone(), place.first));
    let mut differing = files.iter().zip(names).filter(|(file, _)| !side(file).is_empty());
    let only = match (differing.next(), differing.next()) {
        (Some((file, name)), None) => only_run(side(file)).map(|line| (name.clone(), line)),
        _ => None,
    };
    only.unwrap_or(own)
}

//! Pairs the nodes of two networks: an alignment of the two lists in source order, in which the structure
//! counts more than the name, so that an inserted layer is one insertion although it renumbers all that
//! follow; then, of what is left, equal written names in another order.

use std::collections::BTreeMap;

use super::side::DiffNode;

/// The greatest number of cells of an alignment's table. For larger networks, nodes are paired by name only.
const MOST_CELLS: usize = 16_000_000;

/// The pairs of two lists.
#[derive(Debug)]
pub(super) struct Matching {
    /// For each old node, its new one.
    pub(super) new_of: Vec<Option<usize>>,
    /// For each new node, its old one.
    pub(super) old_of: Vec<Option<usize>>,
}

/// The similarity of two nodes, higher for more equal attributes; `None` for different operators.
fn worth(old: &DiffNode, new: &DiffNode) -> Option<u32> {
    if old.word != new.word {
        return None;
    }
    let structure = if old.attributes == new.attributes { 8 } else { 3 };
    let name = match (old.name == new.name, old.is_numbered()) {
        (true, true) => 2,
        (true, false) => 6,
        (false, _) => 0,
    };
    fn scope(item: &DiffNode) -> &str {
        item.name.rsplit_once('.').map_or("", |(scope, _)| scope)
    }
    let scope = u32::from(scope(old) == scope(new));
    Some(structure + name + scope)
}

/// Pairs two lists.
pub(super) fn pair(old: &[DiffNode], new: &[DiffNode]) -> Matching {
    let mut matching = Matching { new_of: vec![None; old.len()], old_of: vec![None; new.len()] };
    let same = |(a, b): &(&DiffNode, &DiffNode)| a.name == b.name && a.is_like(b);
    let start = old.iter().zip(new).take_while(same).count();
    let rest = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = rest.take_while(same).count();
    for index in 0..start {
        matching.join(index, index);
    }
    for index in 1..=end {
        matching.join(old.len() - index, new.len() - index);
    }
    let (olds, news) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let aligned = olds.len().saturating_mul(news.len()) <= MOST_CELLS;
    if aligned {
        for (a, b) in align(olds, news) {
            matching.join(start + a, start + b);
        }
    }
    // The rest is matched by name, because a node that moved keeps its written name. Automatic names count only if the
    // lists could not be aligned: they are numbered anew.
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, item) in new.iter().enumerate().filter(|(index, _)| matching.old_of[*index].is_none()) {
        by_name.insert(&item.name, index);
    }
    for (index, item) in old.iter().enumerate() {
        if matching.new_of[index].is_none()
            && !(aligned && item.is_numbered())
            && let Some(&other) = by_name.get(item.name.as_str())
            && new[other].word == item.word
        {
            matching.join(index, other);
        }
    }
    matching
}

impl Matching {
    fn join(&mut self, old: usize, new: usize) {
        self.new_of[old] = Some(new);
        self.old_of[new] = Some(old);
    }
}

/// The pairs of an alignment of the greatest worth (Needleman & Wunsch 1970, gaps cost nothing).
fn align(old: &[DiffNode], new: &[DiffNode]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut best = vec![0u32; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            let skip = best[(a + 1) * width + b].max(best[a * width + b + 1]);
            let joined = worth(&old[a], &new[b]).map_or(0, |worth| worth + best[(a + 1) * width + b + 1]);
            best[a * width + b] = skip.max(joined);
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while a < old.len() && b < new.len() {
        let here = best[a * width + b];
        let joined = worth(&old[a], &new[b]).map(|worth| worth + best[(a + 1) * width + b + 1]);
        if joined == Some(here) {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if here == best[(a + 1) * width + b] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::side::Figures;
    use super::*;

    /// `name:word:attribute`
    fn items(texts: &[&str]) -> Vec<DiffNode> {
        let item = |text: &&str| {
            let parts: Vec<&str> = text.split(':').collect();
            DiffNode {
                name: parts[0].to_owned(),
                word: parts[1].to_owned(),
                attributes: vec![("filters", parts[2].to_owned())],
                shape: Vec::new(),
                figures: Figures::default(),
                receptive: 0,
                operands: Vec::new(),
                is_layer: true,
                places: Vec::new(),
            }
        };
        texts.iter().map(item).collect()
    }

    fn pairs(old: &[&str], new: &[&str]) -> Vec<Option<usize>> {
        pair(&items(old), &items(new)).new_of
    }

    #[test]
    fn an_insertion_is_no_renumbering() {
        let old = ["conv1:conv:8", "relu1:relu:", "conv2:conv:16", "relu2:relu:", "conv3:conv:32"];
        let new = [
            "conv1:conv:8",
            "relu1:relu:",
            "conv2:conv:12",
            "relu2:relu:",
            "conv3:conv:16",
            "relu3:relu:",
            "conv4:conv:32",
        ];
        assert_eq!(pairs(&old, &new), [Some(0), Some(1), Some(4), Some(5), Some(6)]);
        assert_eq!(
            pair(&items(&new), &items(&old)).new_of,
            [Some(0), Some(1), None, None, Some(2), Some(3), Some(4)]
        );
    }

    #[test]
    fn a_changed_layer_keeps_its_partner() {
        let old = ["conv1:conv:8", "relu1:relu:", "dense1:dense:10"];
        let new = ["conv1:conv:12", "relu1:relu:", "dense1:dense:10"];
        assert_eq!(pairs(&old, &new), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn a_written_name_is_found_where_it_moved() {
        let old = ["stem:conv:8", "a:maxpool:", "b:avgpool:", "head:dense:3"];
        let new = ["b:avgpool:", "stem:conv:8", "a:maxpool:", "head:dense:3"];
        assert_eq!(pairs(&old, &new), [Some(1), Some(2), Some(0), Some(3)]);
    }

    #[test]
    fn operators_of_another_kind_are_no_pair() {
        assert_eq!(pairs(&["a:conv:8"], &["a:dense:8"]), [None]);
    }

    #[test]
    fn lists_that_are_too_long_to_align_are_paired_by_name() {
        let item = |index: usize, width: usize| format!("conv{index}:conv:{width}");
        let list = |width: usize| (0..4200).map(|index| item(index, width)).collect::<Vec<String>>();
        let (old, new) = (list(8), list(9));
        let texts = |list: &'_ [String]| items(&list.iter().map(String::as_str).collect::<Vec<_>>());
        let found = pair(&texts(&old), &texts(&new));
        assert!(found.new_of.iter().enumerate().all(|(index, new)| *new == Some(index)));
    }
}

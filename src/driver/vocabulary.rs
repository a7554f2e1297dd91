//! Finds what each word of the language is called in other frameworks, from a compilation of the word's example.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Options, Session};
use crate::ops::{self, Spec, Vocabulary};

/// The operator or form of an example in other frameworks; `None` for `input` and `aux`, which compute nothing. The
/// examples of all are compiled once.
pub fn vocabulary(spec: &Spec) -> Option<&'static Vocabulary> {
    static ALL: OnceLock<BTreeMap<&str, Vocabulary>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        ops::catalogue()
            .chain(ops::forms())
            .filter_map(|spec| Some((spec.example, of_example(spec)?)))
            .collect()
    });
    all.get(spec.example)
}

fn of_example(spec: &Spec) -> Option<Vocabulary> {
    let session = Session::load(&(), "example.cnn", spec.example.as_bytes().to_vec(), "example");
    let checked = session.compile(&Options::default()).ok()?.checked?;
    let graph = checked.graph();
    let (id, node) = graph.nodes().find(|(_, node)| node.word == spec.name && node.op().is_some())?;
    Some(node.op()?.vocabulary(&graph.operand_shapes(id), node.shape, graph.parameters(id)))
}

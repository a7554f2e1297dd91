//! Reads the preparation of pictures and the file of labels, as `cnnc export` writes them into the metadata of a model.
//!
//! Metadata of other programs is not read: keys of the same name may mean something else there.

use crate::driver::{Options, Session};
use crate::ir::NodeKind;
use crate::tensor::Shape;

use super::model::Model;
use super::network::Network;

/// The longest text that is read, in bytes.
const MAX_LENGTH: usize = 4096;

/// Reads the metadata of a model of our own exporter. What cannot be read becomes a note.
pub(super) fn read(model: &Model, network: &mut Network) {
    if !model.is_ours() {
        return;
    }
    let said = |key: &str| model.metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value);
    let (mut unreadable, shapes) = (Vec::new(), network.shapes.clone());
    for input in &mut network.inputs {
        let key = format!("{}.preprocessing", input.name);
        let Some(text) = said(&key) else { continue };
        match preprocessing(shapes[input.value.0], text) {
            Some(written) => input.preprocessing = written,
            None => unreadable.push(key),
        }
    }
    if let Some(path) = said("labels") {
        let is_plain = path.len() <= MAX_LENGTH && !path.is_empty() && !path.contains(['"', '\\']);
        match is_plain && !path.chars().any(|c| c.is_control() || crate::base::is_hidden(c)) {
            true => network.labels = Some(path.clone()),
            false => unreadable.push("labels".to_owned()),
        }
    }
    let notes = unreadable.iter().map(|key| {
        format!("the model's metadata `{}` cannot be read and is left out", super::refusal::shown(key))
    });
    network.notes.extend(notes);
}

/// The words behind the shape of an input, read and written by the compiler itself.
fn preprocessing(shape: Shape, text: &str) -> Option<String> {
    let is_one_statement = text.len() <= MAX_LENGTH && !text.contains([';', '{', '}', '"', '\n', '#']);
    if !is_one_statement {
        return None;
    }
    let source = format!("network n {{ input {shape} {text}; identity; }}\n");
    let session = Session::load(&(), "metadata", source.into_bytes(), "metadata");
    let checked = session.compile(&Options::default()).ok()?.checked?;
    checked.graph().nodes().find_map(|(_, node)| match &node.kind {
        NodeKind::Input(input) => Some(input.to_string()),
        NodeKind::Op(_) => None,
    })
}

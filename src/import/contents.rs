//! Reads all that is in an ONNX file, the values of its tensors included, and converts nothing.

use std::io::{Read, Seek};

use crate::diag::Failure;

use super::model::Model;
use super::tensor::Storage;
use super::unreadable;
use super::values::Unavailable;

/// The contents of an ONNX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The number of nodes of its graph.
    pub nodes: usize,
    /// The number of values of its initialisers; of tensors without values, none.
    pub values: u64,
}

/// Reads the model that `reader` reads, and the values of its initialisers; messages call it `name`.
///
/// # Errors
/// E0802 if the file is not an ONNX model, or the values of a tensor cannot be read.
pub fn read_all<R: Read + Seek>(reader: R, name: &str, storage: &dyn Storage) -> Result<Contents, Failure> {
    let model = Model::read(reader).map_err(|error| unreadable(name, &error))?;
    let mut contents = Contents { nodes: model.nodes.len(), values: 0 };
    for tensor in model.initialisers.values() {
        match tensor.reals(storage) {
            Ok(values) => contents.values += values.len() as u64,
            Err(Unavailable::Absent) => {}
            Err(Unavailable::Unreadable(why) | Unavailable::Unsupported(why)) => {
                return Err(unreadable(name, &std::io::Error::other(why)));
            }
        }
    }
    Ok(contents)
}

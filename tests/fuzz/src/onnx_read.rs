//! Arbitrary bytes are read as an ONNX model or refused: no panic, and no memory for sizes that the file does not have.

use std::io::Cursor;

use cnnc::import::read_all;

use super::onnx_import::InMemory;

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    // Refusals are fine; a read model has no more values than bytes.
    if let Ok(contents) = read_all(Cursor::new(bytes), "fuzzed", &InMemory(bytes)) {
        assert!(contents.values <= bytes.len() as u64, "{contents:?} of {} bytes", bytes.len());
    }
}

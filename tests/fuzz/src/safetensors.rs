//! Any bytes are opened as a file of weights or refused; every tensor of an opened file is read or refused.

use std::io::Cursor;

use cnnc::weights::safetensors::SafeTensors;

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    let Ok(mut file) = SafeTensors::open(Cursor::new(bytes), "fuzz.safetensors") else { return };
    for index in 0..file.entries().len() {
        let shape = file.entries()[index].shape.clone();
        if let Ok(array) = file.read(index) {
            assert_eq!(array.shape(), shape);
        }
    }
}

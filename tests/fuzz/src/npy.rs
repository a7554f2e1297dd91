//! Any bytes are read as an array or refused; what is read is written and read again unchanged.

use cnnc::weights::npy;

/// The largest array that is allowed here, in elements.
const MOST: u64 = 1 << 20;

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    let mut reader = bytes;
    let Ok(header) = npy::read_header(&mut reader, "fuzz.npy") else { return };
    let Ok(array) = npy::read_f32(&mut reader, &header, MOST, "fuzz.npy") else { return };
    assert_eq!(array.len() as u64, header.elements());
    let mut written = Vec::new();
    npy::write_f32(&mut written, array.view(), "fuzz.npy").expect("a vector takes every byte");
    let mut reader = &written[..];
    let header = npy::read_header(&mut reader, "fuzz.npy").expect("what was written is an array");
    let again = npy::read_f32(&mut reader, &header, MOST, "fuzz.npy").expect("what was written is an array");
    assert_eq!(array.shape(), again.shape());
    assert!(array.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
}

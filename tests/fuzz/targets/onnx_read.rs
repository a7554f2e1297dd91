//! Arbitrary bytes are read as an ONNX model or refused: no panic, and no memory for sizes that the file does not have.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cnnc_fuzz::onnx_read::run(bytes));

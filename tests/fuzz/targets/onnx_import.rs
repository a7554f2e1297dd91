//! Whole imports of arbitrary bytes: no panic, and every text passes its own check.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cnnc_fuzz::onnx_import::run(bytes));

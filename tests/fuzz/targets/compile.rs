//! Any text is compiled without a panic; a network comes out where nothing is wrong but its figures, and every report of
//! it can be made.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| cnnc_fuzz::compile::run(text));

//! Any text is parsed without a panic, every mistake points into the text, and a mistake is seen.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| cnnc_fuzz::parse::run(text));

//! Any bytes are read as an array or refused; what is read is written and read again unchanged.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cnnc_fuzz::npy::run(bytes));

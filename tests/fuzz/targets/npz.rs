//! Any bytes are opened as a file of weights or refused; every tensor of an opened file is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cnnc_fuzz::npz::run(bytes));

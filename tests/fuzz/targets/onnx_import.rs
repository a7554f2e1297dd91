//! Whole imports of arbitrary bytes: no panic, every text passes its own check, and every weight can be read or is
//! refused.
#![no_main]

use cnnc_fuzz::mutation::mutate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cnnc_fuzz::onnx_import::run(bytes));

// Most changes of single bytes break a length and end in the reader. Three of four inputs are changed as messages instead.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 4 != 0
        && let Some(changed) = mutate(&data[..size], seed)
        && changed.len() <= max_size
    {
        data[..changed.len()].copy_from_slice(&changed);
        changed.len()
    } else {
        libfuzzer_sys::fuzzer_mutate(data, size, max_size)
    }
});

//! What each fuzz target does with its bytes. The tests of the compiler run the same over the corpus, so that no target
//! falls behind the library.

pub mod chance;
pub mod compile;
pub mod mutation;
pub mod npy;
pub mod npz;
pub mod onnx_import;
pub mod onnx_read;
pub mod parse;
pub mod safetensors;

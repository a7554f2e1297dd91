//! Reads and writes array files and weight files, and computes seeded tensors: f32 tensors from bytes and back.
//!
//! Readers trust no file. They check lengths before they allocate for them, read a tensor's values only on demand, and
//! allocate in proportion to the bytes that really arrive. Readers and writers are the caller's; nothing here opens a
//! file, and nothing here knows which tensors a network wants.

mod dtype;
mod elements;
mod file_label;
mod first_failure;
mod misfit;
mod npy_header;
mod safetensors_header;
mod shape_rule;

pub mod binding;
pub mod npy;
pub mod npz;
pub mod safetensors;
pub mod seeded;
pub mod store;

pub use dtype::StoredDtype;
pub use store::{Format, WeightFile};

/// One tensor that a weight file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// Its key, such as `conv1.weight`.
    pub name: String,
    /// The type of its elements in the file.
    pub dtype: StoredDtype,
    /// Its dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

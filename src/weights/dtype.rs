//! The element types of stored arrays.

use std::fmt;

/// The type of the elements of a stored array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredDtype {
    /// Unsigned byte; as an input it is a picture.
    U8,
    /// Unsigned 16-bit integer; as an input it is a picture of 16 bits (`.npy` only).
    U16,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32 (safetensors only).
    BF16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64, rounded to binary32 when read.
    F64,
    /// A type that is listed and not read, by its name.
    Other(Box<str>),
}

impl StoredDtype {
    /// Bytes of an element; `None` for a type that is not read.
    pub fn bytes(&self) -> Option<usize> {
        match self {
            StoredDtype::U8 => Some(1),
            StoredDtype::U16 | StoredDtype::F16 | StoredDtype::BF16 => Some(2),
            StoredDtype::F32 => Some(4),
            StoredDtype::F64 => Some(8),
            StoredDtype::Other(_) => None,
        }
    }
}

impl fmt::Display for StoredDtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoredDtype::U8 => "U8",
            StoredDtype::U16 => "U16",
            StoredDtype::F16 => "F16",
            StoredDtype::BF16 => "BF16",
            StoredDtype::F32 => "F32",
            StoredDtype::F64 => "F64",
            StoredDtype::Other(name) => name,
        })
    }
}

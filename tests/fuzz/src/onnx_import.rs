//! Whole imports of arbitrary bytes: no panic, and every text passes its own check.

use std::io::{Cursor, Error, Result};

use cnnc::import::{ImportOptions, Storage, import};

struct Bytes<'a>(&'a [u8]);

impl Storage for Bytes<'_> {
    fn read(&self, beside: Option<&str>, offset: u64, length: u64) -> Result<Vec<u8>> {
        let end = offset.checked_add(length).filter(|_| beside.is_none());
        let range = end.and_then(|end| self.0.get(offset as usize..usize::try_from(end).ok()?));
        range.map(<[u8]>::to_vec).ok_or_else(|| Error::other("there are no such bytes"))
    }
}

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    let options = ImportOptions { name: "fuzzed".to_owned(), ..ImportOptions::default() };
    if let Err(failure) = import(Cursor::new(bytes), "fuzzed", &options, &Bytes(bytes)) {
        assert_ne!(failure.code.id(), "E0804", "{failure}");
    }
}

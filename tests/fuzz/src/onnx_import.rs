//! Whole imports of arbitrary bytes: no panic, every text passes its own check, and every weight can be read or is
//! refused.

use std::io::{Cursor, Error, Result};

use cnnc::import::{ImportOptions, Storage, import};

/// Files whose bytes are in memory, with nothing beside them.
pub struct InMemory<'a>(pub &'a [u8]);

impl Storage for InMemory<'_> {
    fn read(&self, beside: Option<&str>, offset: u64, length: u64) -> Result<Vec<u8>> {
        let end = offset.checked_add(length).filter(|_| beside.is_none());
        let range = end.and_then(|end| self.0.get(offset as usize..usize::try_from(end).ok()?));
        range.map(<[u8]>::to_vec).ok_or_else(|| Error::other("there are no such bytes"))
    }
}

/// The size up to which the values of a weight are computed, in elements.
const MOST_ELEMENTS: usize = 1 << 16;

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    let options = ImportOptions { name: "fuzzed".to_owned(), ..ImportOptions::default() };
    match import(Cursor::new(bytes), "fuzzed", &options, &InMemory(bytes)) {
        Ok(imported) => {
            for weight in &imported.weights {
                let elements = weight.shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
                if elements.is_some_and(|elements| elements <= MOST_ELEMENTS)
                    && let Ok(values) = weight.values(&InMemory(bytes))
                {
                    assert_eq!(values.shape(), weight.shape, "{}", weight.key);
                }
            }
        }
        Err(failure) => assert_ne!(failure.code.id(), "E0804", "{failure}"),
    }
}

//! The parser that is generated from `grammar/cnn.pest`.
#![allow(missing_docs)]

use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "../grammar/cnn.pest"]
pub(crate) struct CnnParser;

//! From text to the syntax tree. Knows no operators.

pub mod ast;

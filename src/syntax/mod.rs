//! From text to the syntax tree. Knows no operators.
//!
//! ```text
//! text ─lex─▶ tokens, comments ─mend─▶ repaired text ─grammar─▶ pairs ─build─▶ ast::File
//! ```
//!
//! [`parse`] never fails: what is wrong is reported, and the tree says which parts are missing. Only this module
//! sees the generated parser; nothing here knows a word's meaning.

pub mod ast;

mod build;
mod comments;
mod grammar;
mod lex;
mod mend;
mod once;
mod parse;
mod session;

pub use parse::parse;

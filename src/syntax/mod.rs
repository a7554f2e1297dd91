//! Parses texts to syntax trees. This module knows no operators.
//!
//! ```text
//! text ─lex─▶ tokens, comments ─mend─▶ repaired text ─grammar─▶ pairs ─build─▶ tree
//! ```
//!
//! [`parse`] never fails and gives a [`Parsed`] file, which owns its text, tokens, comments and tree. Mistakes are
//! reported, and the tree keeps whatever could be read. Only this module sees the generated parser; nothing here
//! knows a word's meaning.

pub mod ast;
pub mod format;

mod build;
mod comments;
mod deduplicate;
mod extent;
mod grammar;
mod lex;
mod mend;
mod parse;
mod parsed;
mod session;
mod token;
mod write;

pub(crate) use mend::missing_semicolon;
pub use parse::parse;
pub use parsed::Parsed;
pub use token::{Comment, Token, TokenKind};
pub use write::write;

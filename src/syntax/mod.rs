//! From text to the syntax tree. Knows no operators.

pub mod ast;

mod arguments;
#[expect(dead_code, reason = "comments are not read yet")]
mod build;
mod expression;
mod grammar;
mod items;
#[expect(dead_code, reason = "brackets and comments are not read yet")]
mod lex;
mod mistakes;
mod number;
mod parse;
mod repair;
mod session;
mod statements;

pub use parse::parse;

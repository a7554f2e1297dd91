//! From text to the syntax tree. Knows no operators.

pub mod ast;

mod arguments;
mod balance;
mod brackets;
mod build;
mod comments;
mod expression;
mod grammar;
mod items;
mod lex;
mod mistakes;
mod number;
mod once;
mod parse;
mod repair;
mod separate;
mod session;
mod statements;
mod units;

pub use parse::parse;

//! The language server: what the compiler knows of a text, for editors, by the Language Server Protocol 3.17.
//!
//! [`serve`] answers messages one after another, in the order in which they arrive. It has no notion of names, shapes
//! or costs of its own: each feature reads the tree, the tables of the semantic analysis and the figures of the same
//! [`Session`](crate::driver::Session) that the command line uses, with the texts of the editor before the files.
//! A text is analysed once for each version, when somebody asks or when no message waits; a newer edit ends an older
//! analysis. Files and streams come from outside: by [`Host`] and [`Connection`].

mod analysis;
mod capabilities;
mod code_actions;
mod completion;
mod context;
mod diagnostics;
mod document;
mod extract;
mod figures;
mod folders;
mod folding;
mod formatting;
mod hints;
mod hover;
mod inline;
mod lens;
mod markdown;
mod names;
mod navigation;
mod position;
mod preview;
mod refactor;
mod refusal;
mod rename;
mod requests;
mod rewrite;
mod scope;
mod selection;
mod semantic_tokens;
mod server;
mod signature;
mod symbols;
mod templates;
mod text;
mod transport;
mod tree;
mod uri;
mod workbench;

pub use server::{Ending, serve};
pub use transport::{Client, Connection};

use crate::driver::Loader;

/// The files that the server needs, supplied by the program that embeds it. Paths are absolute, with `/` between their
/// parts.
pub trait Host: Loader + Send + Sync {
    /// The `.cnn` files in and below a folder, sorted; none where it cannot be read.
    fn sources_below(&self, folder: &str) -> Vec<String>;

    /// The project file in a folder or the nearest one above: its path and text.
    fn project_above(&self, folder: &str) -> Option<(String, String)>;
}

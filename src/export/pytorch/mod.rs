//! A network as a file of plain PyTorch.
//!
//! The paths of the graph determine the modules: each scope becomes a class with its own `forward`, a numbered chain
//! becomes an `nn.Sequential`, and scopes of one structure become one class whose constructor takes what differs. A
//! scope that cannot be called by itself (its statements are not contiguous, it shares weights with nodes outside, or a
//! part of it serves training only) only holds its modules, and the enclosing scope calls them. So `state_dict()` has
//! the keys of the graph for every text.
//!
//! [`scopes`] finds the scopes, [`build`] makes classes of them, [`unify`] chooses constructor arguments, and [`print`]
//! writes the text in the layout of black.

mod build;
mod forward;
mod layout;
mod module;
mod names;
mod print;
mod scopes;
mod unify;

use std::collections::BTreeMap;

use crate::ir::Graph;

pub use names::is_class_name;

/// The options of the exporter.
#[derive(Clone, Debug, Default)]
pub struct PytorchOptions {
    /// The name of the network's class; derived from the network's name if `None`.
    pub class: Option<String>,
    /// The documentation of each block, and of the network under its name.
    pub docs: BTreeMap<String, String>,
}

/// The network as Python source.
///
/// # Errors
/// A sentence, if a name would have to be both an operator and a scope, which Python's attributes cannot be.
pub fn pytorch(graph: &Graph, options: &PytorchOptions) -> Result<String, String> {
    let scopes = scopes::Scopes::of(graph)?;
    let classes = build::build(graph, &scopes, options);
    Ok(print::print(graph, &unify::unify(classes)))
}

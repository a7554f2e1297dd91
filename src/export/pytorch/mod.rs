//! A network as a file of plain PyTorch.
//!
//! The graph's paths make the modules: each scope becomes a class with its own `forward`, a numbered chain becomes
//! an `nn.Sequential`, and scopes of one structure become one class whose constructor takes what differs. A scope
//! that cannot be called by itself (its statements do not stand together, it shares weights with what lies outside,
//! or part of it only trains) holds its modules, and the scope around it calls them. So `state_dict()` has the keys
//! of the graph whatever the text looks like.
//!
//! [`scopes`] finds the scopes, [`build`] makes classes of them, [`unify`] chooses constructor arguments, and
//! [`print`] writes the text in the layout of black.

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

/// What a file of PyTorch is made with.
#[derive(Clone, Debug, Default)]
pub struct PytorchOptions {
    /// The class of the network; made from the network's name where it is `None`.
    pub class: Option<String>,
    /// The documentation of blocks, and of the network under its name.
    pub docs: BTreeMap<String, String>,
}

/// The network as Python source.
///
/// # Errors
/// A sentence where a module would have to be an operator and a scope at once, which Python's attributes cannot say.
pub fn pytorch(graph: &Graph, options: &PytorchOptions) -> Result<String, String> {
    let scopes = scopes::Scopes::of(graph)?;
    let classes = build::build(graph, &scopes, options);
    Ok(print::print(graph, &unify::unify(classes)))
}

//! Moves outputs besides the last value into the network's own scope: an output has the name that the model gives it,
//! wherever its value is made.

use super::tree::{GroupId, Statement, Tree};

/// Puts each output of a module behind the module.
pub(super) fn lift(tree: &mut Tree<'_>, statements: Vec<Statement>) -> Vec<Statement> {
    let mut lifted = Vec::new();
    for statement in statements {
        let group = if let Statement::Group(id) = statement { Some(id) } else { None };
        lifted.push(statement);
        if let Some(id) = group {
            lifted.extend(taken(tree, id));
        }
    }
    lifted
}

/// Takes the outputs out of a module. Their values get names in the module, unless the value is the module's own
/// result.
fn taken(tree: &mut Tree<'_>, id: GroupId) -> Vec<Statement> {
    let (mut kept, mut outputs): (Vec<Statement>, Vec<Statement>) = (Vec::new(), Vec::new());
    let last = tree.group(id).output;
    for statement in std::mem::take(&mut tree.groups[id.0].statements) {
        match statement {
            Statement::Aux { value, name, .. } => {
                let is_named = kept.iter().any(|one| one.names(value));
                if value != last && !is_named {
                    kept.push(Statement::Identity { value, name: Some(format!("%{}", value.0)) });
                }
                let of = (value != last).then(String::new);
                outputs.push(Statement::Aux { value, of, name });
            }
            Statement::Group(inner) => {
                kept.push(statement);
                for output in taken(tree, inner) {
                    match output {
                        // The value of an inner module is the current one behind it, and is named there.
                        Statement::Aux { value, of: None, name } if value != last => {
                            kept.push(Statement::Identity { value, name: Some(format!("%{}", value.0)) });
                            outputs.push(Statement::Aux { value, of: Some(String::new()), name });
                        }
                        other => outputs.push(other),
                    }
                }
            }
            other => kept.push(other),
        }
    }
    tree.groups[id.0].statements = kept;
    outputs
}

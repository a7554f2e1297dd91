//! Writes a network as text and proves that the text is the network.

use super::network::Network;
use super::tree::Tree;
use super::{
    ImportOptions, blocks, chains, check, counts, naming, optional, order, outputs, own_inputs, params_of,
    policies, print, references, regions, scopes, skips, spell,
};

/// Writes a network as text: with blocks, or without if the self-check fails; with shared weights, or with a copy for
/// each use if the language cannot express the sharing. Notes say which of these failed.
///
/// # Errors
/// The first difference, if every text fails the self-check.
pub(super) fn write_down(network: &mut Network, options: &ImportOptions) -> Result<check::Proven, String> {
    let attempt = |network: &Network, flat: bool| {
        let written = Written::of(network, &options.name, flat, params_of(network));
        check::check(network, &written.order, &written.text)
    };
    let attempts = |network: &mut Network| {
        let why = match attempt(network, options.flat) {
            Ok(proven) => return Ok(proven),
            Err(why) if options.flat => return Err(why),
            Err(why) => why,
        };
        let proven = attempt(network, true)?;
        let note = format!("the text is written plainly, since its blocks differ from the model: {why}");
        network.notes.push(note);
        Ok(proven)
    };
    if !network.shared.is_empty() {
        if let Ok(proven) = attempt(network, options.flat) {
            return Ok(proven);
        }
        // Each operator is a statement of its own with a name: what follows it need not be repeated.
        network.names_owners = true;
        let sharing: Vec<usize> = network.shared.iter().flat_map(|(user, owner)| [*user, *owner]).collect();
        network.trailing.extend(sharing.into_iter().map(|op| (op, 0)));
    }
    let mut outcome = attempts(network);
    if outcome.is_err() && !network.shared.is_empty() {
        let uses = std::mem::take(&mut network.shared).len();
        network.trailing.clear();
        network.notes.push(format!(
            "the model computes {uses} times with the weights of an earlier operator, which the text cannot say: \
             each of these has weights of its own"
        ));
        outcome = attempts(network);
    }
    outcome
}

/// A text, and its operators in the order of the text.
struct Written {
    text: String,
    order: Vec<usize>,
}

impl Written {
    fn of(network: &Network, name: &str, flat: bool, params: Option<u64>) -> Written {
        let mut tree = Tree::new(network);
        let regions = if flat { regions::single(network) } else { regions::reduce(network) };
        let mut statements = order::arrange(&tree, regions);
        if !flat {
            statements = skips::unfold(&tree, statements, None, false);
            regions::shortcuts(&mut statements, network);
            statements = if tree.keys.iter().all(Option::is_none) {
                scopes::nameless(&mut tree, statements)
            } else {
                scopes::group(&mut tree, statements, &[])
            };
            statements = chains::unfold(&mut tree, statements);
            statements = outputs::lift(&mut tree, statements);
            own_inputs::name(&mut tree, &mut statements);
        }
        tree.root = statements;
        if !flat {
            policies::project(&mut tree);
        }
        naming::name(&mut tree);
        references::name(&mut tree);
        let order = check::text_order(&tree);
        spell::spell(&mut tree);
        if !flat {
            blocks::squeezes(&mut tree);
            policies::share(&mut tree);
            counts::find(&mut tree);
            optional::merge(&mut tree);
            blocks::mine(&mut tree);
            blocks::singles(&mut tree);
            blocks::number(&mut tree);
            blocks::automatic_names(&mut tree);
        }
        Written { text: print::print(&tree, &print::network_name(name), params), order }
    }
}

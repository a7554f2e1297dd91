//! Code lenses: the cost of each network, shown above it.

use gen_lsp_types::{CodeLens, Command};
use serde_json::json;

use super::analysis::View;
use super::figures;

/// A lens for each network of a file. `commands` says whether the client can run the extension's commands.
pub(super) fn all(view: View<'_>, uri: &str, commands: bool) -> Vec<CodeLens> {
    let mut lenses = Vec::new();
    for entry in view.analysis.checked.session.entries() {
        let lens = |title: String, command: &str| CodeLens {
            range: view.places().range(entry.span),
            command: Some(Command {
                title,
                tooltip: None,
                command: command.to_owned(),
                arguments: Some(vec![json!({ "uri": uri, "network": entry.name })]),
            }),
            data: None,
        };
        let figures = match view.compiled(&entry.name) {
            Some(network) => figures::headline(network),
            // An incomplete network keeps its lens while somebody types, so that the lines below do not jump.
            None if entry.needs.is_empty() => "no figures: the network has errors".to_owned(),
            None => format!("no figures: needs {}", entry.needs.join(", ")),
        };
        lenses.push(lens(figures, if commands { "cnnc.showReport" } else { "" }));
        if commands {
            lenses.push(lens("show graph".to_owned(), "cnnc.showGraph"));
            lenses.push(lens("run on a picture".to_owned(), "cnnc.run"));
        }
    }
    lenses
}

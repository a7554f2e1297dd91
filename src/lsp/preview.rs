//! Previews: draws the network at a place as a graph or a report, for a panel beside the text.

use gen_lsp_types::{Position, TextDocumentIdentifier};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::export::svg;
use crate::report::html::html;
use crate::report::{Report, Settings};

use super::analysis::View;

/// Which network is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    /// The document.
    pub text_document: TextDocumentIdentifier,
    /// A place in it.
    pub position: Position,
    /// A network of it by name, instead of the one at the place.
    pub network: Option<String>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// Nothing: only the name is asked for.
    Name,
    /// An SVG.
    Graph,
    /// An HTML page.
    Report,
}

/// The name and the content; the content is null for a network with errors, all of it where there is no network.
pub(super) fn content(view: View<'_>, params: &Params, picture: Picture) -> Value {
    let offset = view.places().offset(view.file(), params.position);
    let Some(name) = params.network.clone().or_else(|| view.network_name_at(offset)) else {
        return Value::Null;
    };
    let content = view.compiled(&name).and_then(|network| match picture {
        Picture::Name => None,
        Picture::Graph => Some(svg(network.graph(), None)),
        Picture::Report => {
            let report = Report::of(network, view.analysis.map(), Settings::default());
            Some(html(&report, network))
        }
    });
    json!({ "network": name, "content": content })
}

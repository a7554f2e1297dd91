//! Previews: draws the network at a place as a graph or a report, for a panel beside the text.

use gen_lsp_types::{Position, TextDocumentIdentifier};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::export::svg;
use crate::report::html::html;
use crate::report::{Report, ReportSettings};

use super::analysis::View;

/// The parameters of a preview: a document, and the network in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    /// The document.
    pub text_document: TextDocumentIdentifier,
    /// A position in it.
    pub position: Position,
    /// A network of it by name, instead of the one at the place.
    pub network: Option<String>,
}

/// The kind of preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// No content: only the name of the network.
    Name,
    /// An SVG.
    Graph,
    /// An HTML page.
    Report,
}

/// The name and the content of a preview. The content is null for a network with errors, and the whole result is null
/// where there is no network.
pub(super) fn content(view: View<'_>, params: &Params, picture: Picture) -> Value {
    let offset = view.places().offset(view.file(), params.position);
    let Some(name) = params.network.clone().or_else(|| view.network_name_at(offset)) else {
        return Value::Null;
    };
    let content = view.compiled(&name).and_then(|network| match picture {
        Picture::Name => None,
        Picture::Graph => Some(svg(network.graph(), None)),
        Picture::Report => {
            let report = Report::of(network, view.analysis.map(), ReportSettings::default());
            Some(html(&report, network))
        }
    });
    json!({ "network": name, "content": content })
}

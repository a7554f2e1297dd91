//! Wraps Markdown as the protocol requires.

use gen_lsp_types::{MarkupContent, MarkupKind};

/// Wraps a text in Markdown.
pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

//! Symbols: the outline of a file, and a search for items of all files by a part of their names.

use gen_lsp_types::{BaseSymbolInformation, DocumentSymbol, Location, SymbolKind, Uri, WorkspaceSymbol};

use crate::base::Span;
use crate::driver::Session;
use crate::syntax::ast::{Body, Head, Ident, Item, ItemKind, NetworkKind, Param, Stmt, StmtKind};

use super::analysis::View;
use super::position::{Encoding, Places};
use super::tree::{flow_of, readable};

/// The depth of nested statements in the outline; deeper ones are left out.
const MOST_LEVELS: usize = 32;

/// The items of a file with their parameters and named statements.
pub(super) fn outline(view: View<'_>) -> Vec<DocumentSymbol> {
    let outline = Outline { view, places: view.places() };
    let tree = &view.parsed().tree;
    let mut symbols: Vec<DocumentSymbol> = tree.items.iter().filter_map(|item| outline.item(item)).collect();
    if let Some(body) = &tree.statements {
        symbols.extend(outline.body(body, 0));
    }
    symbols
}

#[derive(Clone, Copy)]
struct Outline<'a> {
    view: View<'a>,
    places: Places<'a>,
}

impl Outline<'_> {
    fn symbol(
        self,
        name: &str,
        kind: SymbolKind,
        span: Span,
        selection: Span,
        children: Vec<DocumentSymbol>,
    ) -> DocumentSymbol {
        #[expect(deprecated, reason = "the field is part of the structure")]
        DocumentSymbol {
            // The protocol forbids empty names.
            name: if name.is_empty() { "?".to_owned() } else { name.to_owned() },
            detail: None,
            kind,
            tags: None,
            deprecated: None,
            range: self.places.range(span.to(selection)),
            selection_range: self.places.range(selection),
            children: (!children.is_empty()).then_some(children),
        }
    }

    fn item(self, item: &Item) -> Option<DocumentSymbol> {
        let name = item.name()?;
        let (params, body) = match &item.kind {
            ItemKind::Block(block) => (block.params.as_slice(), Some(&block.body)),
            ItemKind::Network(network) => match &network.kind {
                NetworkKind::Body(body) => (network.params.as_slice(), Some(body)),
                NetworkKind::Instance { .. } => (network.params.as_slice(), None),
            },
            _ => (&[][..], None),
        };
        let mut children: Vec<DocumentSymbol> = params.iter().map(|param| self.param(param)).collect();
        children.extend(body.into_iter().flat_map(|body| self.body(body, 0)));
        let mut symbol = self.symbol(&name.value, kind_of(item), item.span, name.span, children);
        if let ItemKind::Let(one) = &item.kind {
            symbol.detail = Some(self.view.snippet(one.value.span).to_owned());
        }
        Some(symbol)
    }

    fn param(self, param: &Param) -> DocumentSymbol {
        let span = param.default.as_ref().map_or(param.name.span, |value| param.name.span.to(value.span));
        self.symbol(&param.name.value, SymbolKind::Variable, span, param.name.span, Vec::new())
    }

    /// The constants and named statements of a body; those within unnamed statements are listed at the same level.
    fn body(self, body: &Body, level: usize) -> Vec<DocumentSymbol> {
        if level > MOST_LEVELS {
            return Vec::new();
        }
        body.statements.iter().flat_map(|stmt| self.statement(stmt, level)).collect()
    }

    fn statement(self, stmt: &Stmt, level: usize) -> Vec<DocumentSymbol> {
        match readable(&stmt.kind) {
            Some(StmtKind::Let(one)) => {
                return vec![self.symbol(
                    &one.name.value,
                    SymbolKind::Constant,
                    stmt.span,
                    one.name.span,
                    Vec::new(),
                )];
            }
            Some(StmtKind::Input { name: Some(name), .. }) => {
                let text = self.view.snippet(name.span);
                return vec![self.symbol(text, SymbolKind::Field, stmt.span, name.span, Vec::new())];
            }
            _ => {}
        }
        let Some(flow) = flow_of(stmt) else { return Vec::new() };
        let inside: Vec<DocumentSymbol> = match &flow.head {
            Head::Form(form) => form.branches.iter().flat_map(|body| self.body(body, level + 1)).collect(),
            Head::Group(body) => self.body(body, level + 1),
            Head::Op { .. } | Head::Call(_) | Head::Reference(_) | Head::Shared(_) => Vec::new(),
        };
        match flow.name() {
            Some(name) => {
                let text = self.view.snippet(name.span);
                let mut symbol = self.symbol(text, SymbolKind::Field, stmt.span, name.span, inside);
                symbol.detail = Some(head_word(&flow.head).to_owned());
                vec![symbol]
            }
            None => inside,
        }
    }
}

fn head_word(head: &Head) -> &str {
    match head {
        Head::Op { word, .. } => &word.value,
        Head::Form(form) => &form.word.value,
        Head::Call(call) => &call.block.value,
        Head::Group(_) => "[ … ]",
        Head::Reference(_) => "@",
        Head::Shared(_) => "shared",
    }
}

fn kind_of(item: &Item) -> SymbolKind {
    match &item.kind {
        ItemKind::Network(_) => SymbolKind::Class,
        ItemKind::Block(_) => SymbolKind::Function,
        ItemKind::Table(_) => SymbolKind::Array,
        ItemKind::Let(_) => SymbolKind::Constant,
        ItemKind::Use { .. } | ItemKind::Broken { .. } => SymbolKind::Module,
    }
}

/// The items of a file whose names contain the letters of a query in order, in upper or lower case.
pub(super) fn matching(
    session: &Session,
    encoding: Encoding,
    uri: &Uri,
    query: &str,
) -> Vec<WorkspaceSymbol> {
    let places = Places { map: session.sources(), encoding };
    let items = session.program().root().tree.items.iter();
    let named = items.filter_map(|item| Some((item, item.name()?)));
    let symbol = |(item, name): (&Item, &Ident)| WorkspaceSymbol {
        location: Location::new(uri.clone(), places.range(name.span)).into(),
        data: None,
        base_symbol_information: BaseSymbolInformation {
            name: name.value.to_string(),
            kind: kind_of(item),
            tags: None,
            container_name: None,
        },
    };
    named.filter(|(_, name)| is_match(&name.value, query)).map(symbol).collect()
}

fn is_match(name: &str, query: &str) -> bool {
    let mut letters = name.chars().map(|one| one.to_ascii_lowercase());
    query.chars().all(|wanted| letters.any(|letter| letter == wanted.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn a_query_is_a_part_of_the_letters() {
        assert!(is_match("inception_resnet_v2", "") && is_match("inception_resnet_v2", "IRv2"));
        assert!(!is_match("resnet", "rens"));
    }
}

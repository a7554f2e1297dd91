//! Dispatches each request by its method to the feature that answers it.

use gen_lsp_types::{
    CodeActionKind, CodeActionParams, CompletionParams, DocumentRangeFormattingParams, ErrorCodes,
    InlayHintParams, Location, PrepareRenamePlaceholder, ReferenceParams, RenameParams, SelectionRangeParams,
    TextDocumentIdentifier, TextDocumentPositionParams, WorkspaceSymbolParams,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Interrupt, Span};
use crate::diag::Code;
use crate::driver::{Options, Session};
use crate::tensor::Shape;

use super::analysis::View;
use super::position::Encoding;
use super::preview::{self, Picture};
use super::refusal::{Refusal, parameters};
use super::workbench::Workbench;
use super::{
    code_actions, completion, folding, formatting, hints, hover, lens, navigation, refactor, selection,
    semantic_tokens, signature, symbols,
};

/// The parameters of requests about a document and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentParams {
    text_document: TextDocumentIdentifier,
}

/// A request that is being answered.
struct Request<'a> {
    bench: &'a mut Workbench,
    interrupt: &'a Interrupt,
}

/// The view and the open files, for a request about a document.
struct Around<'a> {
    bench: &'a Workbench,
    uri: &'a str,
    interrupt: &'a Interrupt,
}

impl completion::Surroundings for Around<'_> {
    fn files(&self) -> Vec<String> {
        self.bench.sources_beside(self.uri)
    }

    fn shape_without(&self, statement: u32, end: Span) -> Option<Shape> {
        let session = self.bench.trial_without(self.uri, end)?;
        let options = Options { uses: true, interrupt: self.interrupt.clone(), ..Options::default() };
        let uses = session.check(&options).ok()?.uses;
        let mut passages = uses.passages().iter();
        let (_, passage) =
            passages.find(|(span, _)| span.file == session.root() && span.start == statement)?;
        passage.leaving
    }
}

/// Answers a request; `interrupt` tells whether a newer edit has arrived.
pub(super) fn answer(
    bench: &mut Workbench,
    method: &str,
    params: Value,
    interrupt: &Interrupt,
) -> Result<Value, Refusal> {
    let mut request = Request { bench, interrupt };
    let client = request.bench.client;
    match method {
        "textDocument/hover" => request.at(params, hover::at),
        "textDocument/signatureHelp" => request.at(params, signature::help),
        "textDocument/documentHighlight" => request.at(params, navigation::highlights),
        "textDocument/documentSymbol" => request.of_document(params, |view, _| symbols::outline(view)),
        "textDocument/foldingRange" => request.of_document(params, |view, _| folding::ranges(view)),
        "textDocument/semanticTokens/full" => {
            request.of_document(params, |view, _| semantic_tokens::all(view))
        }
        "textDocument/codeLens" => {
            request.of_document(params, |view, uri| lens::all(view, uri, client.commands))
        }
        "textDocument/selectionRange" => {
            let params = parameters::<SelectionRangeParams>(params)?;
            request.view(&params.text_document.uri.0, |view| selection::ranges(view, &params.positions))
        }
        "textDocument/inlayHint" => {
            let params = parameters::<InlayHintParams>(params)?;
            request.view(&params.text_document.uri.0, |view| hints::all(view, params.range))
        }
        "textDocument/formatting" => {
            let uri = parameters::<DocumentParams>(params)?.text_document.uri.0;
            request.session(&uri, formatting::document)
        }
        "textDocument/rangeFormatting" => {
            let params = parameters::<DocumentRangeFormattingParams>(params)?;
            let uri = params.text_document.uri.0;
            request.session(&uri, |session, encoding| formatting::range(session, encoding, params.range))
        }
        "textDocument/completion" => request.completion(params),
        "textDocument/definition" => request.definition(params),
        "textDocument/references" => request.references(params),
        "textDocument/prepareRename" => request.prepare_rename(params),
        "textDocument/rename" => request.rename(params),
        "textDocument/codeAction" => request.code_actions(params),
        "workspace/symbol" => request.workspace_symbols(params),
        "cnnc/network" => request.preview(params, Picture::Name),
        "cnnc/graph" => request.preview(params, Picture::Graph),
        "cnnc/report" => request.preview(params, Picture::Report),
        "cnnc/page" => {
            let code = params.get("code").and_then(Value::as_str).unwrap_or_default();
            let page = Code::parse(code).map(Code::page);
            page.map(Value::from).ok_or_else(|| Refusal::parameters(format!("there is no code `{code}`")))
        }
        _ => Err(Refusal {
            code: ErrorCodes::MethodNotFound,
            message: format!("the server has no method `{method}`"),
        }),
    }
}

/// Serialises a result.
fn written(result: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(result)
        .map_err(|error| Refusal { code: ErrorCodes::InternalError, message: error.to_string() })
}

impl Request<'_> {
    /// Answers a request from the analysis of its document.
    fn view<R: Serialize>(
        &mut self,
        uri: &str,
        answer: impl FnOnce(View<'_>) -> R,
    ) -> Result<Value, Refusal> {
        let analysis = self.bench.document(uri, self.interrupt)?;
        written(answer(self.bench.view(&analysis)))
    }

    /// Answers a request from the parsed texts, without a check.
    fn session<R: Serialize>(
        &mut self,
        uri: &str,
        answer: impl FnOnce(&Session, Encoding) -> R,
    ) -> Result<Value, Refusal> {
        let encoding = self.bench.encoding;
        let session = self.bench.open_session(uri)?;
        written(answer(&session, encoding))
    }

    fn of_document<R: Serialize>(
        &mut self,
        params: Value,
        answer: impl FnOnce(View<'_>, &str) -> R,
    ) -> Result<Value, Refusal> {
        let uri = parameters::<DocumentParams>(params)?.text_document.uri.0;
        self.view(&uri, |view| answer(view, &uri))
    }

    fn at<R: Serialize>(
        &mut self,
        params: Value,
        answer: impl FnOnce(View<'_>, gen_lsp_types::Position) -> R,
    ) -> Result<Value, Refusal> {
        let params = parameters::<TextDocumentPositionParams>(params)?;
        self.view(&params.text_document.uri.0, |view| answer(view, params.position))
    }

    fn completion(&mut self, params: Value) -> Result<Value, Refusal> {
        let params = parameters::<CompletionParams>(params)?.text_document_position_params;
        let uri = params.text_document.uri.0;
        // Completion proposes the files of the folders behind `use`.
        self.bench.list_folders();
        let analysis = self.bench.document(&uri, self.interrupt)?;
        let snippets = self.bench.client.snippets;
        let around = Around { bench: self.bench, uri: &uri, interrupt: self.interrupt };
        written(completion::items(self.bench.view(&analysis), params.position, snippets, &around))
    }

    fn definition(&mut self, params: Value) -> Result<Value, Refusal> {
        let params = parameters::<TextDocumentPositionParams>(params)?;
        let analysis = self.bench.document(&params.text_document.uri.0, self.interrupt)?;
        let view = self.bench.view(&analysis);
        let place = navigation::definition(view, params.position);
        written(place.map(|span| self.bench.location(view, span)))
    }

    fn references(&mut self, params: Value) -> Result<Value, Refusal> {
        let params = parameters::<ReferenceParams>(params)?;
        let declaration = params.context.include_declaration;
        let at = params.text_document_position_params;
        let found = navigation::everywhere(self.bench, &at.text_document.uri.0, at.position, self.interrupt)?;
        let places = found.into_iter().flat_map(|found| found.locations(self.bench, declaration));
        written(places.collect::<Vec<Location>>())
    }

    fn prepare_rename(&mut self, params: Value) -> Result<Value, Refusal> {
        self.at(params, |view, at| {
            let (_, spelling) = navigation::renamable(view, at)?;
            let range = view.places().range(spelling);
            Some(PrepareRenamePlaceholder { range, placeholder: view.snippet(spelling).to_owned() })
        })
    }

    fn rename(&mut self, params: Value) -> Result<Value, Refusal> {
        let params = parameters::<RenameParams>(params)?;
        let at = params.text_document_position_params;
        let edit = navigation::rename(
            self.bench,
            &at.text_document.uri.0,
            at.position,
            &params.new_name,
            self.interrupt,
        )?;
        written(edit)
    }

    fn code_actions(&mut self, params: Value) -> Result<Value, Refusal> {
        let params = parameters::<CodeActionParams>(params)?;
        let analysis = self.bench.document(&params.text_document.uri.0, self.interrupt)?;
        let view = self.bench.view(&analysis);
        let selection = view.places().span(view.file(), params.range);
        let uri_of = |path: &str| self.bench.uri_of(path);
        let mut actions = code_actions::quick_fixes(view, selection, self.bench.client.pages, &uri_of);
        let rewritten = refactor::proposals(view, selection).into_iter().chain(code_actions::fix_all(view));
        actions.extend(rewritten.map(|proposal| proposal.into_action(view, &uri_of)));
        if let Some(only) = &params.context.only {
            actions.retain(|action| action.kind.as_ref().is_none_or(|kind| is_of(kind, only)));
        }
        written(actions)
    }

    fn workspace_symbols(&mut self, params: Value) -> Result<Value, Refusal> {
        let query = parameters::<WorkspaceSymbolParams>(params)?.query;
        self.bench.read_all(self.interrupt);
        let mut found = Vec::new();
        for path in self.bench.known_files() {
            if self.interrupt.is_over() {
                return Err(Refusal::outdated());
            }
            let uri = self.bench.uri_of(&path);
            // A file that cannot be read any more has no symbols.
            if let Ok(session) = self.bench.session(&path) {
                found.extend(symbols::matching(&session, self.bench.encoding, &uri, &query));
            }
        }
        written(found)
    }

    fn preview(&mut self, params: Value, picture: Picture) -> Result<Value, Refusal> {
        let params = parameters::<preview::Params>(params)?;
        self.view(&params.text_document.uri.0, |view| preview::content(view, &params, picture))
    }
}

/// Returns whether the client asked for a kind of action, or for its parent: `refactor` includes `refactor.extract`.
fn is_of(kind: &CodeActionKind, only: &[CodeActionKind]) -> bool {
    let kind = String::from(kind.clone());
    only.iter()
        .map(|one| String::from(one.clone()))
        .any(|one| kind == one || kind.strip_prefix(&one).is_some_and(|rest| rest.starts_with('.')))
}

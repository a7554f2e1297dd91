//! Navigation between the definition and the uses of a name: definition, references, highlights, rename.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gen_lsp_types::{
    DocumentHighlight, DocumentHighlightKind, Location, Position, TextEdit, Uri, WorkspaceEdit,
};

use crate::base::{Interrupt, Span};

use super::analysis::{Analysis, View};
use super::names::{self, Named};
use super::refusal::Refusal;
use super::rename;
use super::tree::{self, Node};
use super::workbench::Workbench;

/// The definition of the name at a position; for the path of a `use`, the start of that file.
pub(super) fn definition(view: View<'_>, position: Position) -> Option<Span> {
    let offset = view.places().offset(view.file(), position);
    if let Some(named) = names::at(view, offset) {
        return Some(named.definition);
    }
    let used = tree::around(view.parsed(), offset).into_iter().find_map(|node| match node {
        Node::Item(item) => tree::used_path(item),
        _ => None,
    })?;
    let (folder, _) = view.analysis.map().name(view.file()).rsplit_once('/')?;
    let path = format!("{folder}/{}", used.value);
    let file = view.analysis.files().find(|&file| view.analysis.map().name(file) == path)?;
    Some(Span::new(file, 0, 0))
}

/// The places in this file that refer to the same definition as a position.
pub(super) fn highlights(view: View<'_>, position: Position) -> Vec<DocumentHighlight> {
    let offset = view.places().offset(view.file(), position);
    let Some(named) = names::at(view, offset) else { return Vec::new() };
    let places = names::places(view, named.definition).into_iter();
    let here = places.filter(|place| place.file == view.file());
    let highlight = |place: Span| DocumentHighlight {
        range: view.places().range(place),
        kind: Some(match place == named.definition {
            true => DocumentHighlightKind::Write,
            false => DocumentHighlightKind::Read,
        }),
    };
    here.map(highlight).collect()
}

/// The name at a position, and the part of the word that spells it.
pub(super) fn renamable(view: View<'_>, position: Position) -> Option<(Named, Span)> {
    let offset = view.places().offset(view.file(), position);
    let named = names::at(view, offset)?;
    let spelling = names::spelling(view, named.place, named.definition)?;
    Some((named, spelling))
}

/// The places of a name that one analysis has found and no earlier one had.
pub(super) struct Found {
    analysis: Rc<Analysis>,
    definition: Span,
    places: Vec<Span>,
}

impl Found {
    /// Converts the places to locations of the protocol.
    pub(super) fn locations(&self, bench: &Workbench, declaration: bool) -> Vec<Location> {
        let view = bench.view(&self.analysis);
        let places = self.places.iter().filter(|&&place| declaration || place != self.definition);
        places.map(|&place| bench.location(view, place)).collect()
    }
}

/// All places of the name at a position: in this file, and in every known file that uses the defining file.
pub(super) fn everywhere(
    bench: &mut Workbench,
    uri: &str,
    position: Position,
    interrupt: &Interrupt,
) -> Result<Vec<Found>, Refusal> {
    let analysis = bench.document(uri, interrupt)?;
    let view = bench.view(&analysis);
    let offset = view.places().offset(view.file(), position);
    let Some(Named { definition, .. }) = names::at(view, offset) else { return Ok(Vec::new()) };
    let home = view.analysis.map().name(definition.file).to_owned();
    let mut analyses = vec![analysis];
    bench.read_all(interrupt);
    for path in bench.users_of(&home) {
        if interrupt.is_over() {
            return Err(Refusal::outdated());
        }
        // A file that cannot be read any more contributes no places.
        analyses.extend(bench.analysis(&path, interrupt).ok());
    }
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let found = analyses.into_iter().map(|analysis| {
        let mut places = names::places(bench.view(&analysis), definition);
        places.retain(|&place| seen.insert(place));
        Found { analysis, definition, places }
    });
    Ok(found.collect())
}

/// The edits that rename a name in every file. Refused where the new name would cause an error.
pub(super) fn rename(
    bench: &mut Workbench,
    uri: &str,
    position: Position,
    new: &str,
    interrupt: &Interrupt,
) -> Result<WorkspaceEdit, Refusal> {
    let analysis = bench.document(uri, interrupt)?;
    let view = bench.view(&analysis);
    let (named, _) = renamable(view, position).ok_or_else(|| Refusal::parameters("there is no name here"))?;
    rename::check_name(named, new)?;
    let found = everywhere(bench, uri, position, interrupt)?;
    let mut trial = bench.trial();
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (path, (spellings, view)) in spellings(bench, &found, named.definition)? {
        let edit = |&place: &Span| TextEdit { range: view.places().range(place), new_text: new.to_owned() };
        changes.insert(bench.uri_of(path), spellings.iter().map(edit).collect());
        let file = spellings[0].file;
        trial.open(path, rename::respelt(view.analysis.map().text(file), &spellings, new));
    }
    for one in &found {
        let view = bench.view(&one.analysis);
        rename::check_result(view, &mut trial, view.analysis.map().name(view.file()))?;
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// The places to change, by the path of their file, with a view that contains that file.
fn spellings<'a>(
    bench: &Workbench,
    found: &'a [Found],
    definition: Span,
) -> Result<BTreeMap<&'a str, (Vec<Span>, View<'a>)>, Refusal> {
    let mut files: BTreeMap<&str, (Vec<Span>, View<'_>)> = BTreeMap::new();
    for one in found {
        let view = bench.view(&one.analysis);
        rename::check_readable(view)?;
        for &place in &one.places {
            let Some(spelling) = names::spelling(view, place, definition) else { continue };
            let path = one.analysis.map().name(place.file);
            files.entry(path).or_insert_with(|| (Vec::new(), view)).0.push(spelling);
        }
    }
    Ok(files)
}

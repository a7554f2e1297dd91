//! Reads a baseline, reports networks of it that no longer exist, and updates its figures.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::base::{SourceText, Span};
use crate::baseline::{Baseline, BaselineFigures};
use crate::diag::{Code, Sink};
use crate::driver::Session;

use super::CheckedFile;

/// A baseline: its text, into which diagnostics point, and its figures.
#[derive(Clone, Debug)]
pub struct BaselineFile {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: Arc<SourceText>,
    /// Its figures.
    pub baseline: Baseline,
}

impl BaselineFile {
    /// A baseline without networks, before a first one is written.
    pub fn empty(name: &str) -> BaselineFile {
        BaselineFile { name: name.to_owned(), text: SourceText::new(name, ""), baseline: Baseline::default() }
    }

    /// Parses a baseline; messages call it `name`.
    ///
    /// # Errors
    ///
    /// The number of the wrong line, counted from 1, and the reason.
    pub fn parse(name: &str, text: &str) -> Result<BaselineFile, (usize, String)> {
        let baseline = Baseline::parse(text)?;
        Ok(BaselineFile { name: name.to_owned(), text: SourceText::new(name, text), baseline })
    }
}

/// The files that were checked, by name.
struct Files<'a> {
    by_name: HashMap<&'a str, &'a CheckedFile>,
    /// Whether they are all files of the project.
    whole_project: bool,
}

impl<'a> Files<'a> {
    fn new(files: &'a [CheckedFile], whole_project: bool) -> Files<'a> {
        let by_name = files.iter().map(|file| (file.name.as_str(), file)).collect();
        Files { by_name, whole_project }
    }

    /// The file and the network of a key.
    fn find<'k>(&self, key: &'k str) -> (Option<&'a CheckedFile>, &'k str) {
        let (file, network) = key.rsplit_once('#').unwrap_or((key, ""));
        (self.by_name.get(file).copied(), network)
    }

    /// Returns whether the check could have found the network: its file was checked, or all files were.
    fn cover(&self, key: &str) -> bool {
        self.whole_project || self.find(key).0.is_some()
    }

    /// Returns whether the network exists, with or without errors.
    fn have(&self, key: &str) -> bool {
        let (file, network) = self.find(key);
        file.is_some_and(|file| file.networks.iter().any(|name| name == network))
    }
}

/// Reports the networks of a baseline that no longer exist; `None` if all exist. Networks of files that were not
/// checked count as existing, unless `whole_project` is set: then `files` are all files.
pub fn missing_networks(
    baseline: &BaselineFile,
    files: &[CheckedFile],
    whole_project: bool,
) -> Option<CheckedFile> {
    let files = Files::new(files, whole_project);
    let mut session = Session::load(&(), &baseline.name, Vec::new(), "");
    let text = session.add_source(baseline.text.clone());
    let mut sink = Sink::default();
    for key in baseline.baseline.keys().filter(|key| files.cover(key) && !files.have(key)) {
        let place = baseline.baseline.place(key).unwrap_or(0..0);
        sink.error(Code::E0405, Span::new(text, place.start, place.end), format!("`{key}` is gone"))
            .here("has figures here")
            .metric("baseline")
            .emit();
    }
    let diagnostics = sink.into_sorted();
    (!diagnostics.is_empty()).then(|| CheckedFile::of_text(&baseline.name, session, diagnostics))
}

/// The figures of a new baseline: those of the checked networks, and the old ones of networks that were not checked
/// or have errors.
pub fn updated_figures(
    baseline: &Baseline,
    files: &[CheckedFile],
    whole_project: bool,
) -> BTreeMap<String, BaselineFigures> {
    let mut networks = baseline.clone().into_figures();
    let known = Files::new(files, whole_project);
    networks.retain(|key, _| !known.cover(key) || known.have(key));
    networks.extend(files.iter().flat_map(|file| file.figures.clone()));
    networks
}

//! Runs the stages of a compilation in order. A [`Session`] is a program at one moment and compiles its networks; a
//! [`Workspace`] makes sessions of texts that change, such as those of an editor.

mod choice;
mod foreign;
mod vocabulary;
mod workspace;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::{Checked, expectation, lints};
use crate::base::{FileId, Interrupt, SourceMap, SourceText, Span, did_you_mean, safe};
use crate::diag::{Code, Diagnostic, Failure, Severity, Sink};
use crate::sema::{self, Files, Program};

pub use crate::base::MAX_SOURCE_BYTES;
pub use crate::sema::{EntryPoint, InputSize, Loader, Scalar, limits};
pub use choice::OptionsError;
pub use vocabulary::vocabulary;
pub use workspace::Workspace;

/// Errors about shapes, which windows that drop pixels often cause.
const EXPLAINED_BY_LINTS: [Code; 3] = [Code::E0304, Code::E0306, Code::E0307];

/// The network that is compiled, and its settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The network, by name; `None` is the only one that needs no arguments.
    pub network: Option<String>,
    /// Values of the network's parameters and of constants.
    pub settings: Vec<(String, Scalar)>,
    /// Replaces the shape of the only input, or its rows and columns.
    pub input_size: Option<InputSize>,
    /// Whether a check gives [`CheckOutcome::uses`].
    pub uses: bool,
    /// Ends a compilation whose result is no longer needed; its result then has no meaning.
    pub interrupt: Interrupt,
}

/// A program and all that was said about it.
#[derive(Debug)]
pub struct Session {
    map: SourceMap,
    root: FileId,
    program: Program,
    syntax: Vec<Diagnostic>,
    /// Whether the text could not even be read as characters.
    unreadable: bool,
}

/// The state of a file's check, while its networks are compiled one after another.
#[derive(Default)]
struct FileExpansion {
    steps: sema::Steps,
    /// The blocks that a network called.
    called: BTreeSet<sema::ItemId>,
    /// Whether a limit ended the expansion of one.
    exhausted: bool,
    uses: sema::Uses,
}

/// The diagnostics of a compilation, and the network.
#[derive(Debug)]
pub struct Outcome {
    /// Errors and warnings by place; those that a comment allows are left out.
    pub diagnostics: Vec<Diagnostic>,
    /// The network; `None` where it has an error. One whose `expect` fails is here all the same: its figures say
    /// why, and [`Outcome::failed`] that something is wrong.
    pub checked: Option<Checked>,
    /// The number of expectations that were not checked, because the network was given other arguments than it is
    /// written with.
    pub unchecked: usize,
}

/// The result of compiling one network.
struct Compiled {
    checked: Option<Checked>,
    unused_settings: Vec<String>,
    unchecked: usize,
}

impl Outcome {
    /// Returns whether an error was reported.
    pub fn failed(&self) -> bool {
        failed(&self.diagnostics)
    }
}

/// The diagnostics of all networks of a file, and the networks that could be compiled.
#[derive(Debug)]
pub struct CheckOutcome {
    /// Errors and warnings by place; those that a comment allows are left out.
    pub diagnostics: Vec<Diagnostic>,
    /// The networks without errors, in source order; a failing `expect` does not leave one out.
    pub networks: Vec<CheckedNetwork>,
    /// The settings that no network took.
    pub unused_settings: Vec<String>,
    /// The meaning of the words and the shapes at the statements, as far as the expansion came; empty unless
    /// [`Options::uses`] is set.
    pub uses: sema::Uses,
}

/// A compiled network and where it is named.
#[derive(Debug)]
pub struct CheckedNetwork {
    /// Its name and place.
    pub entry: EntryPoint,
    /// The network.
    pub checked: Checked,
}

impl CheckOutcome {
    /// Returns whether an error was reported.
    pub fn failed(&self) -> bool {
        failed(&self.diagnostics)
    }
}

fn failed(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|one| one.severity == Severity::Error)
}

impl Session {
    /// Loads the file `path` and everything that it uses. Fails where the file cannot be read.
    pub fn open(loader: &dyn Loader, path: &str) -> Result<Session, Failure> {
        let bytes = loader
            .read(path)
            .map_err(|error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))?;
        Ok(Session::load(loader, path, bytes, &anonymous_name(path)))
    }

    /// Loads a text under a name; `anonymous` is the name of the network of bare statements.
    pub fn load(loader: &dyn Loader, path: &str, bytes: Vec<u8>, anonymous: &str) -> Session {
        if let Some(foreign) = foreign::recognise(&bytes) {
            return Session::of_another_kind(path, foreign, anonymous);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let mut files = Files::default();
                let root = files.set(path, text);
                Session::of(&mut files, loader, root, anonymous)
            }
            Err(error) => Session::unreadable(path, &error, anonymous),
        }
    }

    /// The program of a file whose text is known.
    fn of(files: &mut Files, loader: &dyn Loader, root: FileId, anonymous: &str) -> Session {
        let mut sink = Sink::default();
        let program = Program::load(files, loader, root, anonymous, &mut sink);
        let map = files.map().clone();
        Session { map, root, program, syntax: sink.into_sorted(), unreadable: false }
    }

    /// A session without networks for bytes that are not UTF-8; they are shown up to the first wrong one.
    fn unreadable(path: &str, error: &std::string::FromUtf8Error, anonymous: &str) -> Session {
        let at = error.utf8_error().valid_up_to();
        let mut map = SourceMap::default();
        let root = map.add(path, String::from_utf8_lossy(&error.as_bytes()[..at]));
        let mut sink = Sink::default();
        sink.error(Code::E0014, Span::new(root, at, at), "the source is not UTF-8")
            .here(format!("byte {at} begins no character"))
            .emit();
        Session::without_networks(path, map, root, sink, anonymous)
    }

    /// A session without networks for a file that is no program; nothing of it is shown.
    fn of_another_kind(path: &str, foreign: foreign::Foreign, anonymous: &str) -> Session {
        let mut map = SourceMap::default();
        let root = map.add(path, "");
        let mut sink = Sink::default();
        sink.error(
            Code::E0017,
            Span::new(root, 0, 0),
            format!("this is {}, and no `.cnn` text", foreign.what),
        )
        .help(foreign.help)
        .emit();
        Session::without_networks(path, map, root, sink, anonymous)
    }

    fn without_networks(path: &str, map: SourceMap, root: FileId, sink: Sink, anonymous: &str) -> Session {
        let mut nothing = Files::default();
        let empty = nothing.set(path, "");
        let program = Program::load(&mut nothing, &(), empty, anonymous, &mut Sink::default());
        Session { map, root, program, syntax: sink.into_sorted(), unreadable: true }
    }

    /// The sources, for rendering.
    pub fn sources(&self) -> &SourceMap {
        &self.map
    }

    /// Takes in a text beside the sources, such as a project file, so that diagnostics can point into it.
    pub fn add_source(&mut self, text: Arc<SourceText>) -> FileId {
        self.map.share(text)
    }

    /// The root file.
    pub fn root(&self) -> FileId {
        self.root
    }

    /// The files and what their names mean.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The text of the root file in canonical form; `None` where it has syntax errors.
    pub fn canonical(&self) -> Option<String> {
        sema::canonical(self.program.root())
    }

    /// Hands the syntax tree of the root file to `out` as text, in pieces of whole lines.
    pub fn dump_syntax(&self, out: &mut dyn FnMut(&str)) {
        self.program.dump_syntax(out);
    }

    /// The root file with what one of its networks needs and nothing else, as text.
    pub fn excerpt(&self, network: &str) -> String {
        self.program.excerpt(network, self.map.text(self.root))
    }

    /// The networks of the root file.
    pub fn entries(&self) -> Vec<EntryPoint> {
        self.program.entries()
    }

    /// The names that settings of a network can have: its parameters and the constants of the files.
    pub fn settable(&self, network: &str) -> Vec<String> {
        let choice =
            sema::ExpandOptions { network: Some(network.to_owned()), ..sema::ExpandOptions::default() };
        sema::settable(&self.program, &choice).map(str::to_owned).collect()
    }

    /// Compiles one network.
    ///
    /// # Errors
    ///
    /// Options that choose no network, or set what is not there.
    pub fn compile(&self, options: &Options) -> Result<Outcome, OptionsError> {
        let network = self.choose(options)?;
        let mut sink = self.sink();
        let Compiled { checked, unchecked, .. } = self.expand(network, options, None, &mut sink)?;
        Ok(Outcome { diagnostics: self.without_allowed(sink), checked, unchecked })
    }

    /// Compiles every network that needs no arguments, and the rest as far as it can be; where `options` name a
    /// network, that one alone.
    ///
    /// # Errors
    ///
    /// As [`Session::compile`], where `options` name a network.
    pub fn check(&self, options: &Options) -> Result<CheckOutcome, OptionsError> {
        let mut sink = self.sink();
        let mut networks = Vec::new();
        if options.network.is_some() {
            let network = self.choose(options)?;
            let entry = self.entries().into_iter().find(|entry| Some(&entry.name) == network.as_ref());
            let Compiled { checked, unused_settings, .. } = self.expand(network, options, None, &mut sink)?;
            networks.extend(entry.zip(checked).map(|(entry, checked)| CheckedNetwork { entry, checked }));
            let (diagnostics, uses) = (self.without_allowed(sink), sema::Uses::default());
            return Ok(CheckOutcome { diagnostics, networks, unused_settings, uses });
        }
        let mut unused: Vec<String> = options.settings.iter().map(|(name, _)| name.clone()).collect();
        let (mut expansion, wrong_before) = (FileExpansion::default(), sink.has_failed());
        for entry in self.entries() {
            // Each network has a sink of its own: what is wrong with one does not keep another from being checked.
            let (mut own, name) = (Sink::with_prior_error(wrong_before), Some(entry.name.clone()));
            let compiled = self.expand(name, options, Some(&mut expansion), &mut own)?;
            own.into_sorted().into_iter().for_each(|one| sink.add(one));
            networks.extend(compiled.checked.map(|checked| CheckedNetwork { entry, checked }));
            unused.retain(|name| compiled.unused_settings.contains(name));
            if expansion.steps.are_spent() || sink.is_full() || options.interrupt.is_over() {
                break;
            }
        }
        sink.set_network(None);
        let choice = sema::ExpandOptions {
            settings: options.settings.clone(),
            steps: expansion.steps,
            uses: options.uses,
            interrupt: options.interrupt.clone(),
            ..sema::ExpandOptions::default()
        };
        // A limit that ended a network would end the expansion of the remaining blocks too.
        if !expansion.exhausted {
            let uncalled =
                sema::check_uncalled_blocks(&self.program, &self.map, &choice, &expansion.called, &mut sink);
            expansion.uses.merge(uncalled);
        }
        // A name that only text with an error uses would look unused.
        if !sink.has_failed() {
            sema::check_unused(&self.program, &mut sink);
        }
        let (diagnostics, uses) = (self.without_allowed(sink), expansion.uses);
        Ok(CheckOutcome { diagnostics, networks, unused_settings: unused, uses })
    }

    fn sink(&self) -> Sink {
        Sink::from_diagnostics(self.syntax.iter().cloned())
    }

    fn expand(
        &self,
        network: Option<String>,
        options: &Options,
        expansion: Option<&mut FileExpansion>,
        sink: &mut Sink,
    ) -> Result<Compiled, OptionsError> {
        sink.set_network(network.as_deref());
        let choice = sema::ExpandOptions {
            network: network.clone(),
            settings: options.settings.clone(),
            input_size: options.input_size,
            steps: expansion.as_ref().map_or(sema::Steps::default(), |expansion| expansion.steps),
            partial: expansion.is_some(),
            uses: options.uses,
            interrupt: options.interrupt.clone(),
        };
        let expanded = sema::expand(&self.program, &self.map, &choice, sink);
        if let Some(name) =
            expanded.unused_settings.first().filter(|_| !self.program.is_broken() && !choice.partial)
        {
            let near = did_you_mean(name, sema::settable(&self.program, &choice)).map(str::to_owned);
            return Err(OptionsError::UnknownSetting { name: name.clone(), near });
        }
        if let Some(expansion) = expansion {
            expansion.steps = expanded.steps;
            expansion.called.extend(expanded.called);
            expansion.exhausted |= expanded.exhausted;
            expansion.uses.merge(expanded.uses);
        }
        let (unused_settings, unchecked) = (expanded.unused_settings, expanded.unchecked.len());
        if !expanded.complete {
            if sink.has_any(&EXPLAINED_BY_LINTS) {
                lints::explain(&expanded.graph, sink);
            }
            return Ok(Compiled { checked: None, unused_settings, unchecked });
        }
        let checked = Checked::new(expanded.graph);
        expectation::check(&checked, sink);
        lints::check(&checked, sink);
        Ok(Compiled { checked: Some(checked), unused_settings, unchecked })
    }

    /// The diagnostics without the warnings that comments allow.
    fn without_allowed(&self, sink: Sink) -> Vec<Diagnostic> {
        let allowed = |one: &Diagnostic| {
            one.severity == Severity::Warning
                && self.program.allows().any(|allow| {
                    allow.code == one.code
                        && allow.scope.contains(Span { end: one.primary.span.start, ..one.primary.span })
                })
        };
        sink.into_sorted().into_iter().filter(|one| !allowed(one)).collect()
    }
}

/// The name of the network that a file's bare statements are: that of the file, in one line.
fn anonymous_name(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    safe::line(name.strip_suffix(".cnn").unwrap_or(name)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_page_compiles_to_published_figures() {
        let text = include_str!("../../tests/corpus/resnet.cnn");
        let session = Session::load(&(), "resnet.cnn", text.as_bytes().to_vec(), "resnet");
        let options = Options { network: Some("resnet50".to_owned()), ..Options::default() };
        let outcome = session.compile(&options).expect("the network exists");
        let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
        assert_eq!(checked.totals().elements.params, 25_557_032);
        assert_eq!(checked.totals().macs, 4_089_184_256);
    }
}

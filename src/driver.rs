//! The stages in order: a [`Session`] loads a program and compiles its networks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::{Checked, expectation, lints};
use crate::base::{FileId, SourceMap, did_you_mean};
use crate::diag::{Code, Diagnostic, Failure, Severity, Sink};
use crate::sema::{self, Program};
use crate::tensor::Shape;

pub use crate::base::MAX_SOURCE_BYTES;
pub use crate::sema::{Entry, Loader, Number};

/// How many networks a message lists.
const MOST_LISTED: usize = 20;

/// Which network is compiled, and with which settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The network, by name; `None` is the only one that needs no arguments.
    pub network: Option<String>,
    /// Values of the network's parameters and of constants.
    pub settings: Vec<(String, Number)>,
    /// Replaces the shape of the only input.
    pub input_size: Option<Shape>,
}

/// A program and all that was said about it.
#[derive(Debug)]
pub struct Session {
    map: SourceMap,
    program: Program,
    syntax: Vec<Diagnostic>,
    /// Whether the text could not even be read as characters.
    unreadable: bool,
}

/// What is known of a file while its networks are checked one after another.
#[derive(Default)]
struct Whole {
    steps: sema::Steps,
    /// The blocks that a network called.
    called: BTreeSet<sema::ItemId>,
    /// Whether a limit ended the expansion of one.
    exhausted: bool,
}

/// What a compilation says, and the network where nothing is wrong.
#[derive(Debug)]
pub struct Outcome {
    /// Errors and warnings by place; those that a comment allows are left out.
    pub diagnostics: Vec<Diagnostic>,
    /// The network; `None` where there is an error, or where an argument is missing.
    pub checked: Option<Checked>,
    /// The settings that no network took.
    pub unused_settings: Vec<String>,
}

impl Outcome {
    /// Whether an error was reported.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

impl Session {
    /// Loads the file `path` and everything that it uses. Fails where the file cannot be read.
    pub fn open(loader: &dyn Loader, path: &str) -> Result<Session, Failure> {
        let bytes = loader
            .read(path)
            .map_err(|error| Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let anonymous = name.strip_suffix(".cnn").unwrap_or(name);
        Ok(Session::load(loader, path, bytes, anonymous))
    }

    /// Loads a text under a name; `anonymous` is the name of the network of bare statements.
    pub fn load(loader: &dyn Loader, path: &str, bytes: Vec<u8>, anonymous: &str) -> Session {
        let mut map = SourceMap::default();
        let mut sink = Sink::default();
        // What is not UTF-8 is shown up to the first wrong byte.
        let (text, wrong) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(&error.into_bytes()[..at]).into_owned(), Some(at))
            }
        };
        let root = map.add(path, text);
        if let Some(at) = wrong {
            let span = crate::base::Span::new(root, at, at);
            sink.error(Code::E0014, span, "the source is not UTF-8")
                .here(format!("byte {at} begins no character"))
                .emit();
            let empty = map.add(path, "");
            let program = Program::load(&mut map, loader, empty, anonymous, &mut Sink::default());
            return Session { map, program, syntax: sink.into_sorted(), unreadable: true };
        }
        let program = Program::load(&mut map, loader, root, anonymous, &mut sink);
        Session { map, program, syntax: sink.into_sorted(), unreadable: false }
    }

    /// The sources, for rendering.
    pub fn sources(&self) -> &SourceMap {
        &self.map
    }

    /// Takes in a text beside the sources, such as a project file, so that diagnostics can point into it.
    pub fn add_source(&mut self, name: &str, text: Arc<str>) -> FileId {
        self.map.add(name, text)
    }

    /// The root file.
    pub fn root(&self) -> Option<FileId> {
        self.map.files().next()
    }

    /// The syntax tree of the root file as text.
    pub fn dump_syntax(&self) -> String {
        self.program.dump_syntax()
    }

    /// The networks of the root file.
    pub fn entries(&self) -> Vec<Entry> {
        self.program.entries()
    }

    /// The network that `options` choose, by name. Fails where none or several could be meant; a failure is
    /// a matter of usage.
    pub fn choose(&self, options: &Options) -> Result<Option<String>, Failure> {
        let entries = self.entries();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let listed = some(names.iter().map(|name| format!("`{name}`")), ", ");
        let set: BTreeSet<&str> = options.settings.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(wanted) = &options.network {
            if let Some(entry) = entries.iter().find(|entry| entry.name == *wanted) {
                let missing = entry.needs.iter().filter(|need| !set.contains(need.as_str()));
                let missing: Vec<&str> = missing.map(String::as_str).collect();
                if missing.is_empty() || self.program.is_broken() {
                    return Ok(Some(wanted.clone()));
                }
                return Err(Failure::new(
                    Code::E0114,
                    format!("`{wanted}` needs values for {}", missing.join(", ")),
                )
                .help(format!("give them with `--set {}=…`", missing.join("=… --set "))));
            }
            let failure = Failure::new(Code::E0106, format!("there is no network `{wanted}`"))
                .note(format!("the networks are {listed}"));
            return Err(match did_you_mean(wanted, names.iter().copied()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure,
            });
        }
        let complete = |entry: &&Entry| entry.needs.iter().all(|need| set.contains(need.as_str()));
        let ready: Vec<&Entry> = entries.iter().filter(|entry| entry.needs.is_empty()).collect();
        let ready = if ready.is_empty() { entries.iter().filter(complete).collect() } else { ready };
        match ready.as_slice() {
            [one] => Ok(Some(one.name.clone())),
            // Errors of the source say more than a missing network.
            _ if self.unreadable || self.program.is_broken() => Ok(None),
            [] if entries.is_empty() => Err(Failure::new(Code::E0114, "the file has no network")
                .help("add a `network name { … }`, or bare statements")),
            [] => {
                let needs =
                    entries.iter().map(|entry| format!("`{}` needs {}", entry.name, entry.needs.join(", ")));
                Err(Failure::new(Code::E0114, "every network of the file needs arguments")
                    .note(some(needs, "; "))
                    .help("give them with `--network NAME --set parameter=value`"))
            }
            _ => Err(Failure::new(Code::E0114, "the file has several networks")
                .note(format!("they are {listed}"))
                .help("choose one with `--network NAME`")),
        }
    }

    /// Compiles one network.
    pub fn compile(&self, options: &Options) -> Result<Outcome, Failure> {
        let network = self.choose(options)?;
        let mut sink = self.sink();
        let (checked, unused) = self.expand(network, options, None, &mut sink, &mut |_, _, _| {})?;
        Ok(self.outcome(sink, checked, unused))
    }

    /// Compiles every network that needs no arguments, and the rest as far as it can be.
    pub fn check(&self, options: &Options) -> Result<Outcome, Failure> {
        self.check_with(options, |_, _, _| {})
    }

    /// Checks, and hands each network that could be compiled to a further check, such as that of budgets.
    pub fn check_with(
        &self,
        options: &Options,
        mut further: impl FnMut(&Entry, &Checked, &mut Sink),
    ) -> Result<Outcome, Failure> {
        let entries = self.entries();
        let by_name: BTreeMap<&str, &Entry> =
            entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut each = |network: Option<&str>, checked: &Checked, sink: &mut Sink| {
            if let Some(entry) = network.and_then(|name| by_name.get(name)) {
                further(entry, checked, sink);
            }
        };
        let mut sink = self.sink();
        if options.network.is_some() {
            let network = self.choose(options)?;
            let (checked, unused) = self.expand(network, options, None, &mut sink, &mut each)?;
            return Ok(self.outcome(sink, checked, unused));
        }
        let mut unused: Vec<String> = options.settings.iter().map(|(name, _)| name.clone()).collect();
        let (mut whole, wrong_before) = (Whole::default(), sink.failed());
        for entry in &entries {
            // Each network has a sink of its own: what is wrong with one does not keep another from being checked.
            let (mut own, name) = (Sink::after(wrong_before), Some(entry.name.clone()));
            let (_, unused_here) = self.expand(name, options, Some(&mut whole), &mut own, &mut each)?;
            own.into_sorted().into_iter().for_each(|one| sink.add(one));
            unused.retain(|name| unused_here.contains(name));
            if whole.steps.are_spent() || sink.is_full() {
                break;
            }
        }
        sink.about(None);
        let choice = sema::Options {
            settings: options.settings.clone(),
            steps: whole.steps,
            ..sema::Options::default()
        };
        // What ended a network would be met again from elsewhere.
        if !whole.exhausted {
            sema::check_uncalled_blocks(&self.program, &self.map, &choice, &whole.called, &mut sink);
        }
        // What an error hides would look unused.
        if sink.failed().is_none() {
            sema::check_unused(&self.program, &mut sink);
        }
        Ok(self.outcome(sink, None, unused))
    }

    fn sink(&self) -> Sink {
        Sink::of(self.syntax.iter().cloned())
    }

    fn expand(
        &self,
        network: Option<String>,
        options: &Options,
        whole: Option<&mut Whole>,
        sink: &mut Sink,
        further: &mut dyn FnMut(Option<&str>, &Checked, &mut Sink),
    ) -> Result<(Option<Checked>, Vec<String>), Failure> {
        sink.about(network.as_deref());
        let choice = sema::Options {
            network: network.clone(),
            settings: options.settings.clone(),
            input_size: options.input_size,
            steps: whole.as_ref().map_or(sema::Steps::default(), |whole| whole.steps),
            partial: whole.is_some(),
        };
        let expanded = sema::expand(&self.program, &self.map, &choice, sink);
        if let Some(name) =
            expanded.unused_settings.first().filter(|_| !self.program.is_broken() && !choice.partial)
        {
            let failure = Failure::new(Code::E0115, format!("there is no parameter or constant `{name}`"))
                .note("`--set` reaches the parameters of the chosen network and the constants of the files");
            return Err(match did_you_mean(name, sema::settable(&self.program, &choice)) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure,
            });
        }
        if let Some(whole) = whole {
            whole.steps = expanded.steps;
            whole.called.extend(expanded.called);
            whole.exhausted |= expanded.exhausted;
        }
        let unused = expanded.unused_settings;
        let Some(graph) = expanded.graph else { return Ok((None, unused)) };
        let checked = Checked::new(graph);
        expectation::check(&checked, sink);
        lints::check(&checked, sink);
        further(network.as_deref(), &checked, sink);
        Ok((sink.failed().is_none().then_some(checked), unused))
    }

    fn outcome(&self, sink: Sink, checked: Option<Checked>, unused_settings: Vec<String>) -> Outcome {
        let allowed = |one: &Diagnostic| {
            one.severity == Severity::Warning
                && self.program.allows().any(|allow| {
                    allow.code == one.code
                        && allow
                            .scope
                            .contains(crate::base::Span { end: one.primary.span.start, ..one.primary.span })
                })
        };
        let diagnostics: Vec<Diagnostic> =
            sink.into_sorted().into_iter().filter(|one| !allowed(one)).collect();
        Outcome { diagnostics, checked, unused_settings }
    }
}

/// The first of a list, and how many more there are.
fn some(all: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let more = all.len().saturating_sub(MOST_LISTED);
    let more = (more > 0).then(|| format!("… and {more} more"));
    all.take(MOST_LISTED).chain(more).collect::<Vec<_>>().join(between)
}

/// Compiles one network of a file: the front door of the library.
pub fn compile(loader: &dyn Loader, path: &str, options: &Options) -> Result<(Session, Outcome), Failure> {
    let session = Session::open(loader, path)?;
    let outcome = session.compile(options)?;
    Ok((session, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_page_compiles_to_published_figures() {
        let text = include_str!("../tests/corpus/resnet.cnn");
        let session = Session::load(&(), "resnet.cnn", text.as_bytes().to_vec(), "resnet");
        let options = Options { network: Some("resnet50".to_owned()), ..Options::default() };
        let outcome = session.compile(&options).expect("the network exists");
        let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
        assert_eq!(checked.totals().elements.params, 25_557_032);
        assert_eq!(checked.totals().macs, 4_089_184_256);
    }
}

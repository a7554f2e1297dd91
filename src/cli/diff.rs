//! `cnnc diff`: what changed between two versions of networks, and which edit caused it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::analysis::Checked;
use crate::diag::{Code, Diagnostic, Failure, Severity};
use crate::diff::{self, Broken, DiffReport, Gate, NetworkDiff, NetworkFigures, Side};
use crate::driver::{Options, Session};

use super::files::{FileLoader, slashed};
use super::git::Revision;
use super::project::walk;
use super::source::{self, Settings};
use super::words::stop;
use super::{Done, Stop, output};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A place is a file, a folder, `zoo:NAME`, or `git:REVISION:PATH`.\n\nExamples:\n  cnnc diff zoo:resnet18 zoo:resnet34\n  cnnc diff git:HEAD:examples examples --format markdown --fail-on 'params>+2%'"
)]
pub(super) struct Arguments {
    /// The old version
    #[arg(value_name = "OLD")]
    old: String,
    /// The new version
    #[arg(value_name = "NEW")]
    new: String,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Fails where a metric changes by more, such as `params>+2%` or `macs>+10M`; repeatable
    #[arg(long, value_name = "GATE")]
    fail_on: Vec<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Table,
    /// A comment for a pull request
    Markdown,
    /// Everything, for machines
    Json,
    /// A page that needs nothing else
    Html,
}

/// A file of one version: its path from the place that was named, its sources, and the network of a zoo.
struct Program {
    path: String,
    session: Session,
    network: Option<String>,
}

/// The networks of a file that can be compiled.
struct Compiled {
    session: Session,
    networks: Vec<(String, Checked)>,
}

/// Compares every network of both versions.
pub(super) fn run(arguments: &Arguments) -> Done {
    let gates = gates(&arguments.fail_on)?;
    let options = arguments.settings.options()?;
    let (olds, news) = (programs(&arguments.old)?, programs(&arguments.new)?);
    // Two files are compared whatever they are called.
    let single = [&olds, &news].iter().all(|some| some.len() == 1);
    let key = |program: &Program| if single { String::new() } else { program.path.clone() };
    let mut old_by_path: BTreeMap<String, Compiled> = BTreeMap::new();
    for program in olds {
        let (key, (compiled, failed)) = (key(&program), compile(program, &options)?);
        if compiled.networks.is_empty() && failed.is_some() {
            let name = if key.is_empty() { &arguments.old } else { &key };
            output::error(&format!("note: `{name}` had errors, so that its networks count as added\n"));
        }
        old_by_path.insert(key, compiled);
    }
    let mut report = DiffReport::new(&arguments.old, &arguments.new);
    let mut failed = false;
    for program in news {
        let (key, file) = (key(&program), program.path.clone());
        let (new, errors) = compile(program, &options)?;
        if let Some(diagnostics) = errors {
            output::diagnostics(&diagnostics, new.session.sources(), arguments.settings.color);
            failed = true;
        }
        let old = old_by_path.remove(&key);
        compare(&mut report, &file, old, new);
    }
    for (path, old) in old_by_path {
        let file = if path.is_empty() { &arguments.old } else { &path };
        report.removed.extend(old.networks.iter().map(|(_, checked)| NetworkFigures::of(file, checked)));
    }
    report.broken =
        report.networks.iter().flat_map(|diff| gates.iter().filter_map(|gate| gate.check(diff))).collect();
    output::print(&match arguments.format {
        Format::Table => diff::table(&report),
        Format::Markdown => diff::markdown(&report),
        Format::Json => output::json(&report)?,
        Format::Html => diff::html(&report),
    })?;
    report.broken.iter().for_each(say);
    if failed || !report.broken.is_empty() { Err(Stop::Model) } else { Ok(()) }
}

fn say(broken: &Broken) {
    let failure = Failure::new(
        Code::E0406,
        format!("`{}` of `{}` is beyond the gate `{}`", broken.metric, broken.network, broken.gate),
    );
    let (old, new) = (crate::base::grouped(broken.old), crate::base::grouped(broken.new));
    output::failure(&failure.note(format!("it went from {old} to {new}")));
}

fn gates(words: &[String]) -> Result<Vec<Gate>, Stop> {
    let gate = |word: &String| {
        Gate::parse(word)
            .map_err(|(message, help)| Stop::Usage(Failure::new(Code::E0205, message).help(help)))
    };
    words.iter().map(gate).collect()
}

/// The files of a place.
fn programs(place: &str) -> Result<Vec<Program>, Stop> {
    if let Some(revision) = Revision::parse(place) {
        let revision = revision?;
        let open = |path: &str, name: String| {
            let session = Session::open(&revision, path).map_err(Stop::Environment)?;
            Ok(Program { path: name, session, network: None })
        };
        if !revision.is_folder()? {
            return Ok(vec![open(&revision.path, revision.path.clone())?]);
        }
        let within = |name: &str| {
            if revision.path.is_empty() { name.to_owned() } else { format!("{}/{name}", revision.path) }
        };
        return revision.files()?.into_iter().map(|name| open(&within(&name), name)).collect();
    }
    if Path::new(place).is_dir() {
        let folder = slashed(place);
        let folder = folder.trim_end_matches('/');
        let files = walk(Path::new(place))?.into_iter().filter(|file| file.ends_with(".cnn"));
        return files
            .map(|name| {
                let path = if folder == "." { name.clone() } else { format!("{folder}/{name}") };
                let session = Session::open(&FileLoader, &path).map_err(Stop::Environment)?;
                Ok(Program { path: name, session, network: None })
            })
            .collect();
    }
    let opened = source::open(Some(place), None)?;
    let path = slashed(place);
    Ok(vec![Program { path, session: opened.session, network: opened.network }])
}

/// Compiles the networks of a file that need no further arguments; and its errors, if there are any.
fn compile(program: Program, options: &Options) -> Result<(Compiled, Option<Vec<Diagnostic>>), Stop> {
    let Program { session, network, .. } = program;
    let wanted = options.network.clone().or(network);
    let set = |name: &String| options.settings.iter().any(|(known, _)| known == name);
    let mut networks = Vec::new();
    let mut errors = Vec::new();
    for entry in session.entries() {
        let chosen = wanted.as_ref().is_none_or(|wanted| *wanted == entry.name);
        if !chosen || !entry.needs.iter().all(set) {
            continue;
        }
        let options = Options { network: Some(entry.name.clone()), ..options.clone() };
        let outcome = session.check(&options).map_err(stop)?;
        networks.extend(outcome.networks.into_iter().map(|network| (network.entry.name, network.checked)));
        for one in outcome.diagnostics {
            if one.severity == Severity::Error && !errors.contains(&one) {
                errors.push(one);
            }
        }
    }
    // A file that cannot be parsed may seem to have no network at all.
    if networks.is_empty() && errors.is_empty() {
        let outcome = session.check(options).map_err(stop)?;
        if outcome.failed() {
            errors = outcome.diagnostics;
        }
    }
    Ok((Compiled { session, networks }, (!errors.is_empty()).then_some(errors)))
}

/// Pairs the networks of a file by name; the only ones of two files whatever they are called.
fn compare(report: &mut DiffReport, file: &str, old: Option<Compiled>, new: Compiled) {
    let Some(mut old) = old else {
        report.added.extend(new.networks.iter().map(|(_, checked)| NetworkFigures::of(file, checked)));
        return;
    };
    let only = old.networks.len() == 1 && new.networks.len() == 1;
    for (name, checked) in &new.networks {
        let partner = old.networks.iter().position(|(known, _)| known == name).or(only.then_some(0));
        let Some(partner) = partner else {
            report.added.push(NetworkFigures::of(file, checked));
            continue;
        };
        let (_, before) = old.networks.remove(partner);
        let sides = (
            Side { checked: &before, sources: old.session.sources() },
            Side { checked, sources: new.session.sources() },
        );
        report.networks.push(NetworkDiff::of(file, sides.0, sides.1));
    }
    // A network that has errors now is not gone.
    let entries = new.session.entries();
    let gone = old.networks.iter().filter(|(name, _)| !entries.iter().any(|entry| entry.name == *name));
    report.removed.extend(gone.map(|(_, checked)| NetworkFigures::of(file, checked)));
}

//! `cnnc diff`: what changed between two versions of networks, and which edit caused it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::analysis::Checked;
use crate::diag::{Code, Diagnostic, Failure, Severity};
use crate::diff::{
    self, Broken, BudgetUse, DiffReport, FailedNetwork, Gate, NetworkDiff, NetworkFigures, Side,
};
use crate::driver::{Options, Session};

use super::files::{FileLoader, slashed};
use super::git::{self, Revision};
use super::project::{Projects, folder_of, walk};
use super::source::{self, NetworkSettings};
use super::words::stop;
use super::{CliError, CliResult, import, output};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A place is a file (.cnn or .onnx), a folder of .cnn files, `zoo:NAME`, `git:REVISION:PATH`, or a revision of git. Without NEW the work tree is compared, and without OLD the last commit.\n\nExamples:\n  cnnc diff zoo:resnet18 zoo:resnet34\n  cnnc diff git:HEAD:examples examples --format markdown --fail-on 'params>+2%'"
)]
pub(super) struct Arguments {
    /// The old version
    #[arg(value_name = "OLD")]
    old: Option<String>,
    /// The new version
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Fails where a metric changes by more, such as `params>+2%` or `macs>+10M`; repeatable
    #[arg(long, value_name = "GATE")]
    fail_on: Vec<String>,
    #[command(flatten)]
    settings: NetworkSettings,
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

/// A file in one of the two versions: its path from the place that was named, its sources, and the network where the
/// place names one of the zoo.
struct Program {
    path: String,
    session: Session,
    network: Option<String>,
    /// Its path in the work tree, where it lies there.
    on_disk: Option<String>,
}

impl Program {
    fn text(&self) -> &str {
        self.session.sources().text(self.session.root())
    }
}

/// A file whose networks were compiled.
struct Compiled {
    /// Its path from the place that was named.
    file: String,
    session: Session,
    /// The networks that could be compiled.
    networks: Vec<(String, Checked)>,
    errors: Vec<Diagnostic>,
    /// Its path in the work tree, where it lies there.
    on_disk: Option<String>,
}

/// The share of common lines from which two files of different names count as one file renamed.
const ALIKE: f64 = 0.5;

/// Compares every network of both versions.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let gates = gates(&arguments.fail_on)?;
    let options = arguments.settings.options()?;
    let (old_place, new_place) = places(arguments.old.as_deref(), arguments.new.as_deref());
    let (olds, news) = (programs(&old_place)?, programs(&new_place)?);
    let mut report = DiffReport::new(&old_place, &new_place);
    let mut failed = false;
    let mut projects = Projects::default();
    for (old, new) in pairs(olds, news) {
        let compiled = |program: Option<Program>| program.map(|one| compile(one, &options)).transpose();
        let (old, new) = (compiled(old)?, compiled(new)?);
        if let Some(old) = &old {
            report.failed.extend(failures(old, "old"));
        }
        if let Some(new) = &new {
            report.failed.extend(failures(new, "new"));
            output::diagnostics(&new.errors, new.session.sources(), arguments.settings.color);
            failed |= !new.errors.is_empty();
            report.budgets.extend(budgets(new, &mut projects)?);
        }
        match (old, new) {
            (old, Some(new)) => compare(&mut report, old, new),
            (Some(old), None) => {
                report
                    .removed
                    .extend(old.networks.iter().map(|(_, checked)| NetworkFigures::of(&old.file, checked)));
            }
            (None, None) => {}
        }
    }
    // Failures of the new version come first, those of the old version behind them.
    report.failed.sort_by_key(|one| one.version != "new");
    report.broken =
        report.networks.iter().flat_map(|diff| gates.iter().filter_map(|gate| gate.check(diff))).collect();
    match arguments.format {
        Format::Table => output::print_prose(&diff::table(&report)),
        Format::Markdown => output::print_text(&diff::markdown(&report)),
        Format::Json => output::print(&output::json(&report)?),
        Format::Html => output::print_text(&diff::html(&report)),
    }?;
    report.broken.iter().for_each(say);
    if failed || !report.broken.is_empty() { Err(CliError::Model) } else { Ok(()) }
}

/// The budgets that the project of a file sets its networks.
fn budgets(compiled: &Compiled, projects: &mut Projects) -> Result<Vec<BudgetUse>, CliError> {
    let Some(path) = &compiled.on_disk else { return Ok(Vec::new()) };
    let Some(project) = projects.above(folder_of(path))? else { return Ok(Vec::new()) };
    let Some(relative) = project.relative(path) else { return Ok(Vec::new()) };
    let groups = || project.file.project.groups_of(&relative);
    let uses = compiled.networks.iter().flat_map(|(name, checked)| {
        let limits = groups().filter(|group| group.matches_network(name)).flat_map(|group| group.limits());
        limits.filter_map(|budget| BudgetUse::of(&compiled.file, checked, budget))
    });
    Ok(uses.collect())
}

/// The two places to compare. Without a second one, `old` is compared with the work tree; without any, the last commit
/// is.
fn places(old: Option<&str>, new: Option<&str>) -> (String, String) {
    let is_place =
        |text: &str| text.starts_with("git:") || text.starts_with("zoo:") || Path::new(text).exists();
    let is_revision = |text: &str| !is_place(text) && git::is_revision(text);
    // A bare revision stands for the other side's path in that revision.
    let of_revision = |revision: &str, path: &str| match path {
        "." | "" => format!("git:{revision}:."),
        path if Path::new(path).is_absolute() => format!("git:{revision}:{path}"),
        path => format!("git:{revision}:./{}", path.trim_start_matches("./")),
    };
    match (old, new) {
        (None, _) => (of_revision("HEAD", "."), ".".to_owned()),
        (Some(one), None) if is_revision(one) => (of_revision(one, "."), ".".to_owned()),
        (Some(one), None) => (of_revision("HEAD", one), one.to_owned()),
        (Some(old), Some(new)) => match (is_revision(old), is_revision(new)) {
            (true, true) => (of_revision(old, "."), of_revision(new, ".")),
            (true, false) => (of_revision(old, new), new.to_owned()),
            (false, true) => (old.to_owned(), of_revision(new, old)),
            (false, false) => (old.to_owned(), new.to_owned()),
        },
    }
}

/// Pairs the files of both versions: two single files always, others by path, the rest by similar content (renamed
/// files).
fn pairs(olds: Vec<Program>, news: Vec<Program>) -> Vec<(Option<Program>, Option<Program>)> {
    if olds.len() == 1 && news.len() == 1 {
        return olds.into_iter().map(Some).zip(news.into_iter().map(Some)).collect();
    }
    let mut by_path: BTreeMap<String, Program> =
        olds.into_iter().map(|program| (program.path.clone(), program)).collect();
    let mut pairs = Vec::new();
    let mut unpaired = Vec::new();
    for new in news {
        match by_path.remove(&new.path) {
            Some(old) => pairs.push((Some(old), Some(new))),
            None => unpaired.push(new),
        }
    }
    for new in unpaired {
        let alike = by_path.iter().map(|(path, old)| (likeness(old, &new), path));
        let best = alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness >= ALIKE);
        let old = best.map(|(_, path)| path.clone()).and_then(|path| by_path.remove(&path));
        pairs.push((old, Some(new)));
    }
    pairs.extend(by_path.into_values().map(|old| (Some(old), None)));
    pairs
}

/// The share of lines that two files have in common.
fn likeness(old: &Program, new: &Program) -> f64 {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    let (old, new) = (old.text(), new.text());
    let lines = |text: &'_ str| text.lines().filter(|line| !line.trim().is_empty()).count();
    for line in old.lines().filter(|line| !line.trim().is_empty()) {
        *left.entry(line.trim()).or_default() += 1;
    }
    let is_common = |line: &&str| match left.get_mut(line.trim()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    let common = new.lines().filter(|line| !line.trim().is_empty()).filter(is_common).count();
    common as f64 / lines(old).max(lines(new)).max(1) as f64
}

/// The networks that do not compile or break an `expect`, each with its first error.
fn failures(compiled: &Compiled, version: &str) -> Vec<FailedNetwork> {
    let mut failures: Vec<FailedNetwork> = Vec::new();
    for error in &compiled.errors {
        let network = error.subject.network.as_deref().map(str::to_owned);
        if failures.iter().any(|one| one.network == network) {
            continue;
        }
        let sources = compiled.session.sources();
        let place = error.primary.span;
        failures.push(FailedNetwork {
            version: version.to_owned(),
            file: sources.name(place.file).to_owned(),
            line: sources.location(place).line,
            compiles: network
                .as_ref()
                .is_some_and(|name| compiled.networks.iter().any(|(one, _)| one == name)),
            network,
            message: error.message.clone(),
        });
    }
    failures
}

fn say(broken: &Broken) {
    let failure = Failure::new(
        Code::E0406,
        format!("`{}` of `{}` is beyond the gate `{}`", broken.metric, broken.network, broken.gate),
    );
    let (old, new) = (crate::base::grouped(broken.old), crate::base::grouped(broken.new));
    output::failure(&failure.note(format!("it went from {old} to {new}")));
}

fn gates(words: &[String]) -> Result<Vec<Gate>, CliError> {
    let gate = |word: &String| {
        Gate::parse(word)
            .map_err(|(message, help)| CliError::Usage(Failure::new(Code::E0205, message).help(help)))
    };
    words.iter().map(gate).collect()
}

/// The files of a place.
fn programs(place: &str) -> Result<Vec<Program>, CliError> {
    if let Some(revision) = Revision::parse(place) {
        let revision = revision?;
        let open = |path: &str, name: String| {
            let session = match import::is_model(path) {
                true => import::open_in(&revision, path)?,
                false => Session::open(&revision, path).map_err(CliError::Environment)?,
            };
            Ok(Program { path: name, session, network: None, on_disk: None })
        };
        if !revision.is_folder()? {
            return Ok(vec![open(&revision.path, revision.path.clone())?]);
        }
        return revision.files()?.into_iter().map(|name| open(&revision.within(&name), name)).collect();
    }
    if Path::new(place).is_dir() {
        let folder = slashed(place);
        let folder = folder.trim_end_matches('/');
        let files = walk(Path::new(place))?.into_iter().filter(|file| file.ends_with(".cnn"));
        return files
            .map(|name| {
                let path = if folder == "." { name.clone() } else { format!("{folder}/{name}") };
                let session = Session::open(&FileLoader, &path).map_err(CliError::Environment)?;
                Ok(Program { path: name, session, network: None, on_disk: Some(path) })
            })
            .collect();
    }
    let opened = source::open(Some(place), None)?;
    let path = slashed(place);
    let on_disk = Some(path.clone()).filter(|path| Path::new(path).is_file());
    Ok(vec![Program { path, session: opened.session, network: opened.network, on_disk }])
}

/// Compiles those networks of a file whose parameters all have a default or are set by an option.
fn compile(program: Program, options: &Options) -> Result<Compiled, CliError> {
    let Program { path: file, session, network, on_disk } = program;
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
    // A syntax error can hide every network of a file; then the first error of the file stands for them.
    if networks.is_empty() && errors.is_empty() {
        let outcome = session.check(options).map_err(stop)?;
        if outcome.failed() {
            errors = outcome.diagnostics;
            errors.retain(|one| one.severity == Severity::Error);
        }
    }
    Ok(Compiled { file, session, networks, errors, on_disk })
}

/// Pairs the networks of two files by name, or regardless of their names where each file has only one.
fn compare(report: &mut DiffReport, old: Option<Compiled>, new: Compiled) {
    let file = new.file.as_str();
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
    // A network that no longer compiles is listed with the failures, not with the removed ones.
    let entries = new.session.entries();
    let gone = old.networks.iter().filter(|(name, _)| !entries.iter().any(|entry| entry.name == *name));
    report.removed.extend(gone.map(|(_, checked)| NetworkFigures::of(file, checked)));
}

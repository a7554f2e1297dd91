//! `cnnc check`: diagnostics and budgets of files, or of a whole project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::Checked;
use crate::analysis::budget::{self, Budget};
use crate::annotate::FileFindings;
use crate::base::{Span, counted};
use crate::baseline::{self, Figures};
use crate::diag::json::DiagnosticReport;
use crate::diag::{Code, Diagnostic, Failure, Severity, Sink};
use crate::driver::{Entry, Options, Session};
use crate::project::{Group, Variant};

use super::baseline::Held;
use super::files::FolderLoader;
use super::findings::{self, Format};
use super::output::{self, counts};
use super::project::{Opened, Projects, folder_of, walk};
use super::source::{self, Settings};
use super::{Done, Stop};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a FILE the project of `cnnc.toml` is checked, found here or above.\n\nExamples:\n  cnnc check zoo:vgg16 zoo:resnet50 --max params=140M\n  cnnc check -e 'input 28x28x1; conv 5x5x16 same; maxpool 2/2' --format json"
)]
pub(super) struct Arguments {
    /// Files or folders, `-` for stdin, or `zoo:NAME`
    #[arg(value_name = "FILE", conflicts_with = "text")]
    files: Vec<String>,
    /// The text of a network instead of files
    #[arg(short = 'e', value_name = "TEXT")]
    text: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Writes another form into a file; repeatable
    #[arg(long, value_name = "FORMAT=FILE")]
    also: Vec<String>,
    /// The most that a metric may be, such as `params=5M`; repeatable
    #[arg(long, value_name = "METRIC=LIMIT")]
    max: Vec<String>,
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
    /// The project file, instead of the one found upward
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<String>,
    /// No project file
    #[arg(long)]
    no_config: bool,
    /// Holds the figures against a baseline, that of the project where none is named
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,
    /// Writes the baseline anew instead
    #[arg(long)]
    update: bool,
    /// Threads; 0 is one for each core
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
    #[command(flatten)]
    settings: Settings,
}

/// A file to check.
struct Job {
    /// What it is opened and shown as.
    name: String,
    /// Its project, and its path from there.
    project: Option<(Arc<Opened>, String)>,
    /// Whether the name is a path from the folder of the project.
    rooted: bool,
}

/// What networks are held against besides their sources and their project.
#[derive(Clone, Copy)]
struct Extra<'a> {
    max: &'a [Budget],
    held: &'a Held,
}

/// What was found in a file.
pub(super) struct Found {
    /// The file.
    pub name: String,
    /// The names of its networks.
    pub networks: Vec<String>,
    /// Its sources.
    pub session: Session,
    /// By place.
    pub diagnostics: Vec<Diagnostic>,
    /// The figures of its networks, by `file#network`.
    pub figures: BTreeMap<String, Figures>,
    /// The settings of variants that a network took: the group's place in its project and the name.
    taken: BTreeSet<(usize, String)>,
    /// The settings of the command line that no network took.
    unused: Vec<String>,
}

impl Found {
    /// What was found in a text that is no network, such as a project file.
    pub(super) fn of_text(name: &str, session: Session, diagnostics: Vec<Diagnostic>) -> Found {
        Found {
            name: name.to_owned(),
            networks: Vec::new(),
            session,
            diagnostics,
            figures: BTreeMap::new(),
            taken: BTreeSet::new(),
            unused: Vec::new(),
        }
    }

    /// The findings with their places written out.
    pub(super) fn findings(&self) -> FileFindings {
        FileFindings {
            file: self.name.clone(),
            networks: self.networks.clone(),
            findings: DiagnosticReport::new(&self.diagnostics, self.session.sources()).diagnostics,
        }
    }
}

/// Checks every file; a file that cannot be read does not hide the others.
pub(super) fn run(arguments: &Arguments) -> Done {
    let options = arguments.settings.options()?;
    let max = budgets(&arguments.max)?;
    let also = also(&arguments.also)?;
    let (jobs, whole) = jobs(arguments)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).stack_size(64 << 20).build();
    let pool = pool.map_err(|error| {
        Stop::Environment(Failure::new(Code::E0607, format!("cannot start threads: {error}")))
    })?;
    let text = arguments.text.as_deref();
    let held = Held::open(arguments.baseline.as_deref(), whole.as_deref(), arguments.update)?;
    let extra = Extra { max: &max, held: &held };
    let results: Vec<Result<Found, Stop>> =
        pool.install(|| jobs.par_iter().map(|job| check(job, text, &options, extra)).collect());
    let mut found = Vec::new();
    let mut stopped: Option<Stop> = None;
    for result in results {
        match result {
            Ok(one) => found.push(one),
            Err(stop) => {
                if let Some(Stop::Usage(failure) | Stop::Environment(failure)) = stopped.take() {
                    output::failure(&failure);
                }
                stopped = Some(stop);
            }
        }
    }
    if stopped.is_none() {
        unused_settings(&found, &options)?;
    }
    if let Some(opened) = &whole {
        found.extend(meets_nothing(opened, &found));
    }
    found.extend(held.finish(&found, whole.is_some(), stopped.is_none())?);
    keep_first(&mut found);
    findings::show(arguments.format, &found, arguments.settings.color)?;
    for (format, path) in also {
        let text = findings::text(format, &found)?;
        output::write_file(path, |file| {
            file.write_all(text.as_bytes())
                .map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
        })?;
    }
    say(arguments.format, &found, whole.is_some());
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let mut all = found.iter().flat_map(|one| &one.diagnostics);
    let fails = all.any(|one| one.severity == Severity::Error || arguments.deny_warnings);
    if fails { Err(Stop::Model) } else { Ok(()) }
}

/// The last line for people.
fn say(format: Format, found: &[Found], whole: bool) {
    let all: Vec<Diagnostic> = found.iter().flat_map(|one| one.diagnostics.iter().cloned()).collect();
    let counted_all = counts(&all);
    if whole {
        let networks: usize = found.iter().map(|one| one.networks.len()).sum();
        let files = found.iter().filter(|one| one.name.ends_with(".cnn")).count();
        let verdict = if all.is_empty() { "no errors" } else { &counted_all };
        let (networks, files) = (counted(networks as u64, "network"), counted(files as u64, "file"));
        output::error(&format!("{networks} in {files}: {verdict}\n"));
    } else if !all.is_empty() && matches!(format, Format::Human | Format::Short) {
        output::error(&format!("{counted_all}\n"));
    }
}

/// The budgets of `--max`.
fn budgets(words: &[String]) -> Result<Vec<Budget>, Stop> {
    let budget = |word: &String| {
        let (name, limit) = word.split_once('=').ok_or_else(|| {
            let failure = Failure::new(Code::E0205, format!("`--max {word}` is no budget"));
            Stop::Usage(failure.help("write `--max metric=limit`, such as `--max params=5M`"))
        })?;
        Budget::parse(name.trim(), limit.trim()).map_err(|mistake| {
            let failure = Failure::new(Code::E0402, format!("`--max {word}`: {}", mistake.message));
            Stop::Usage(match mistake.help {
                Some(help) => failure.help(help),
                None => failure,
            })
        })
    };
    words.iter().map(budget).collect()
}

/// The forms and files of `--also`.
fn also(words: &[String]) -> Result<Vec<(Format, &str)>, Stop> {
    let one = |word: &'_ String| -> Option<Format> {
        <Format as clap::ValueEnum>::from_str(word.split_once('=')?.0, false).ok()
    };
    let parsed = words.iter().map(|word| {
        let format = one(word).ok_or_else(|| {
            let failure = Failure::new(Code::E0205, format!("`--also {word}` names no form and file"));
            Stop::Usage(failure.help("write `--also sarif=cnnc.sarif`; the forms are those of `--format`"))
        })?;
        Ok((format, word.split_once('=').map_or("", |(_, path)| path)))
    });
    parsed.collect()
}

/// The files to check, and the project where all of it is checked.
fn jobs(arguments: &Arguments) -> Result<(Vec<Job>, Option<Arc<Opened>>), Stop> {
    let given = match &arguments.config {
        Some(path) => Some(Arc::new(Opened::read(Path::new(path), path)?)),
        None => None,
    };
    let mut projects = Projects::default();
    if arguments.text.is_some() {
        let name = "inline".to_owned();
        return Ok((vec![Job { name, project: None, rooted: false }], None));
    }
    if arguments.files.is_empty() {
        let found = match given {
            Some(opened) => Some(opened),
            None if arguments.no_config => None,
            None => projects.above(Path::new("."))?,
        };
        let Some(opened) = found else {
            let failure =
                Failure::new(Code::E0701, "no FILE is given, and there is no cnnc.toml here or above");
            return Err(Stop::Usage(
                failure.help("name a file or a folder, or write a project file with `cnnc init`"),
            ));
        };
        // Whatever folder it is called from, names are paths from the folder of the project file.
        let name = opened.name.rsplit('/').next().unwrap_or(&opened.name).to_owned();
        let opened = Arc::new(Opened { name, ..Opened::clone(&opened) });
        let files = opened.files()?;
        let job = |name: String| Job { project: Some((opened.clone(), name.clone())), name, rooted: true };
        return Ok((files.into_iter().map(job).collect(), Some(opened)));
    }
    let mut jobs = Vec::new();
    for file in &arguments.files {
        let mut names = vec![file.replace('\\', "/")];
        if file != "-" && Path::new(file).is_dir() {
            let folder = names[0].trim_end_matches('/').to_owned();
            let inside = walk(Path::new(file))?.into_iter().filter(|one| one.ends_with(".cnn"));
            names = inside.map(|one| if folder == "." { one } else { format!("{folder}/{one}") }).collect();
        }
        for name in names {
            let opened = match (&given, name == "-" || name.starts_with("zoo:") || arguments.no_config) {
                (Some(opened), _) => Some(opened.clone()),
                (None, true) => None,
                (None, false) => projects.above(folder_of(&name))?,
            };
            let project = opened.and_then(|opened| opened.relative(&name).map(|path| (opened, path)));
            jobs.push(Job { name, project, rooted: false });
        }
    }
    Ok((jobs, None))
}

/// The sources of a file, and the options for it.
fn open(job: &Job, text: Option<&str>, options: &Options) -> Result<(Session, Options), Stop> {
    if let Some((opened, path)) = job.project.as_ref().filter(|_| job.rooted) {
        let session = Session::open(&FolderLoader(&opened.root), path).map_err(Stop::Environment)?;
        return Ok((session, options.clone()));
    }
    let opened = source::open(Some(&job.name), text)?;
    let options = opened.options(options.clone());
    Ok((opened.session, options))
}

/// Checks the networks of a file as they stand, and each variant of its project's groups.
fn check(job: &Job, text: Option<&str>, options: &Options, extra: Extra) -> Result<Found, Stop> {
    let (mut session, options) = open(job, text, options)?;
    let options = &options;
    let networks: Vec<String> = session.entries().into_iter().map(|entry| entry.name).collect();
    let baseline = extra.held.add_to(&mut session);
    let mut figures = BTreeMap::new();
    let mut hold = |entry: &Entry, checked: &Checked, sink: &mut Sink| {
        budget::check(checked, extra.max, entry.span, sink);
        if !extra.held.is_asked() {
            return;
        }
        let key = format!("{}#{}", job.name, entry.name);
        let lines = baseline::figures(checked);
        extra.held.check(&key, &lines, entry.span, baseline, sink);
        figures.insert(key, lines);
    };
    let Some((opened, path)) = &job.project else {
        let outcome = session.check_with(options, &mut hold);
        let outcome = outcome.map_err(Stop::Usage)?;
        return Ok(Found {
            name: job.name.clone(),
            networks,
            session,
            diagnostics: outcome.diagnostics,
            figures,
            taken: BTreeSet::new(),
            unused: outcome.unused_settings,
        });
    };
    let file = session.add_source(&opened.name, opened.text.clone());
    let all = opened.project.groups.iter().enumerate();
    let groups: Vec<(usize, &Group, Vec<Budget>)> = all
        .filter(|(_, group)| group.meets(path))
        .map(|(index, group)| (index, group, group.budgets(|place| Span::new(file, place.start, place.end))))
        .collect();
    let outcome = session.check_with(options, |entry, checked, sink| {
        hold(entry, checked, sink);
        for (_, _, budgets) in groups.iter().filter(|(_, group, _)| group.meets_network(&entry.name)) {
            budget::check(checked, budgets, entry.span, sink);
        }
    });
    let outcome = outcome.map_err(Stop::Usage)?;
    let mut diagnostics = outcome.diagnostics;
    let mut taken = BTreeSet::new();
    for (index, group, budgets) in &groups {
        if group.network.as_ref().is_some_and(|network| !networks.contains(network)) {
            continue;
        }
        for variant in &group.variants {
            let options = with_variant(options, group, variant);
            let outcome = session.check_with(&options, |entry, checked, sink: &mut Sink| {
                budget::check(checked, extra.max, entry.span, sink);
                if group.meets_network(&entry.name) {
                    budget::check(checked, budgets, entry.span, sink);
                }
            });
            let outcome = outcome.map_err(Stop::Usage)?;
            let names = variant.settings.iter().map(|(name, _)| name);
            let used = names.filter(|name| !outcome.unused_settings.contains(name));
            taken.extend(used.map(|name| (*index, name.clone())));
            for mut one in outcome.diagnostics {
                let same = |known: &Diagnostic| {
                    (known.code, known.primary.span) == (one.code, one.primary.span)
                        && known.message == one.message
                };
                if !diagnostics.iter().any(same) {
                    one.notes.push(format!("with {}", variant.name()));
                    diagnostics.push(one);
                }
            }
        }
    }
    diagnostics.sort_by_key(|one| (one.primary.span, one.code));
    let diagnostics = opened.project.level(path, diagnostics);
    let unused = outcome.unused_settings;
    Ok(Found { name: job.name.clone(), networks, session, diagnostics, figures, taken, unused })
}

/// The options of a variant; what the command line sets goes before.
fn with_variant(options: &Options, group: &Group, variant: &Variant) -> Options {
    let mut options = options.clone();
    for (name, value) in &variant.settings {
        if !options.settings.iter().any(|(set, _)| set == name) {
            options.settings.push((name.clone(), *value));
        }
    }
    options.network = options.network.or_else(|| group.network.clone());
    options
}

/// A setting that no network of all files took is a slip.
fn unused_settings(found: &[Found], options: &Options) -> Done {
    let unused = |name: &&String| found.iter().all(|one| one.unused.contains(*name));
    let name = options.settings.iter().map(|(name, _)| name).find(unused);
    // What could not be read may well have it.
    let broken = found.iter().any(|one| one.diagnostics.iter().any(|one| one.code.id().starts_with("E00")));
    match name.filter(|_| !found.is_empty() && !broken) {
        None => Ok(()),
        Some(name) => Err(Stop::Usage(
            Failure::new(Code::E0115, format!("there is no parameter or constant `{name}`"))
                .note("`--set` reaches the parameters of the networks and the constants of the files"),
        )),
    }
}

/// What a project file speaks of without effect: patterns without a file, networks and settings that no file
/// has.
fn meets_nothing(opened: &Opened, found: &[Found]) -> Option<Found> {
    let mut session = Session::load(&(), &opened.name, Vec::new(), "");
    let file = session.add_source(&opened.name, opened.text.clone());
    let mut sink = Sink::default();
    let span = |place: &std::ops::Range<usize>| Span::new(file, place.start, place.end);
    let files: Vec<&Found> = found.iter().collect();
    let patterns = opened.project.files.iter();
    for pattern in patterns.chain(opened.project.groups.iter().flat_map(|group| &group.files)) {
        if !files.iter().any(|one| pattern.meets(&one.name)) {
            let message = format!("no file of the project meets `{}`", pattern.text);
            sink.error(Code::E0702, span(&pattern.place), message)
                .here("meets nothing")
                .help("`*` stays within a folder, `**/*.cnn` is every file below")
                .emit();
        }
    }
    for (index, group) in opened.project.groups.iter().enumerate() {
        let met: Vec<&&Found> = files.iter().filter(|one| group.meets(&one.name)).collect();
        if met.is_empty() {
            continue;
        }
        if let Some(network) = &group.network
            && !met.iter().any(|one| one.networks.contains(network))
        {
            let message = format!("no file of the group has a network `{network}`");
            sink.error(Code::E0702, span(&group.network_place), message).here("is not there").emit();
        }
        let names: BTreeSet<&String> =
            group.variants.iter().flat_map(|variant| variant.settings.iter().map(|(name, _)| name)).collect();
        let place = group.files.first().map_or(0..0, |pattern| pattern.place.clone());
        for name in names {
            if !met.iter().any(|one| one.taken.contains(&(index, name.clone()))) {
                let message = format!("no network of the group has a parameter `{name}`");
                sink.error(Code::E0702, span(&place), message)
                    .here("the files of the variant")
                    .metric(name)
                    .emit();
            }
        }
    }
    let diagnostics = sink.into_sorted();
    (!diagnostics.is_empty()).then(|| Found::of_text(&opened.name, session, diagnostics))
}

/// A mistake in a file that others use is reported with the first of them.
fn keep_first(found: &mut [Found]) {
    let mut seen = BTreeSet::new();
    for one in found {
        let sources = one.session.sources();
        one.diagnostics.retain(|diagnostic| {
            let span = diagnostic.primary.span;
            let metric = diagnostic.subject.metric.clone();
            let name = sources.name(span.file).to_owned();
            seen.insert((name, span.start, span.end, diagnostic.code, metric, diagnostic.message.clone()))
        });
    }
}

//! Checks one file: its networks as they stand, the variants of its project, budgets and baseline; and what the
//! findings of all files say together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::Checked;
use crate::analysis::budget::{self, Budget};
use crate::annotate::FileFindings;
use crate::base::Span;
use crate::baseline::{self, Figures};
use crate::diag::json::DiagnosticReport;
use crate::diag::{Code, Diagnostic, Failure, Sink};
use crate::driver::{Entry, Options, Session};
use crate::project::{Group, Variant};

use super::baseline::Held;
use super::files::FolderLoader;
use super::project::Opened;
use super::{Done, Stop, source};

/// A file to check.
pub(super) struct Job {
    /// What it is opened and shown as.
    pub name: String,
    /// Its project, and its path from there.
    pub project: Option<(Arc<Opened>, String)>,
    /// Whether the name is a path from the folder of the project.
    pub rooted: bool,
}

/// What networks are held against besides their sources and their project.
#[derive(Clone, Copy)]
pub(super) struct Extra<'a> {
    pub max: &'a [Budget],
    pub held: &'a Held,
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
pub(super) fn check(job: &Job, text: Option<&str>, options: &Options, extra: Extra) -> Result<Found, Stop> {
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
pub(super) fn unused_settings(found: &[Found], options: &Options) -> Done {
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
/// has. It is listed without findings, too, so that a CI system sees when the last of them is gone.
pub(super) fn meets_nothing(opened: &Opened, found: &[Found]) -> Found {
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
    Found::of_text(&opened.name, session, sink.into_sorted())
}

/// A mistake in a file that others use is reported with the first of them.
pub(super) fn keep_first(found: &mut [Found]) {
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

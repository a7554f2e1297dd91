//! Checks one file: its networks as they stand, and each variant of the project's groups.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::analysis::budget::{self, Budget};
use crate::base::{FileId, Span};
use crate::baseline;
use crate::diag::{Code, Diagnostic, Sink};
use crate::driver::{CheckedNetwork, Options, OptionsError, Session};
use crate::project::{Group, Variant};

use super::{BaselineFile, CheckedFile, ProjectFile};

/// The rules by which networks are checked, besides those in their sources.
#[derive(Clone, Debug, Default)]
pub struct Rules<'a> {
    /// The network of the file that is checked, and its settings.
    pub options: Options,
    /// Budgets of every network.
    pub budgets: &'a [Budget],
    /// The project, and the path of the file from the project's folder.
    pub project: Option<(&'a ProjectFile, &'a str)>,
    /// The baseline that figures must equal.
    pub baseline: Option<&'a BaselineFile>,
    /// Whether figures are gathered for a new baseline, so that a difference is no finding.
    pub update_baseline: bool,
    /// Whether the compiled networks are kept, for a caller that shows their figures.
    pub keep_compiled: bool,
}

/// Checks the networks of a file. `name` names it in figures and findings.
///
/// # Errors
///
/// Options that name no network of the file.
pub fn check_file(name: &str, mut session: Session, rules: &Rules) -> Result<CheckedFile, OptionsError> {
    let networks: Vec<String> = session.entries().into_iter().map(|entry| entry.name).collect();
    let baseline_text = rules.baseline.map(|baseline| session.add_source(baseline.text.clone()));
    let groups = groups_of(rules, &mut session);

    let outcome = session.check(&rules.options)?;
    let mut diagnostics = Diagnostics::of(outcome.diagnostics);
    let mut figures = BTreeMap::new();
    for network in &outcome.networks {
        diagnostics.add_all(None, |sink| check_budgets(network, rules.budgets, groups.iter(), sink));
        if let (Some(baseline), Some(file)) = (rules.baseline, baseline_text) {
            let key = format!("{name}#{}", network.entry.name);
            let own = baseline::figures(&network.checked);
            if !rules.update_baseline {
                let span = |range: std::ops::Range<usize>| Span::new(file, range.start, range.end);
                diagnostics.add_all(None, |sink| {
                    sink.set_network(Some(&network.entry.name));
                    baseline.baseline.check(&key, &own, network.entry.span, span, sink);
                });
            }
            figures.insert(key, own);
        }
    }

    let mut used_by_variants = BTreeSet::new();
    for rule in &groups {
        if rule.group.network.as_ref().is_some_and(|network| !networks.contains(network)) {
            continue;
        }
        for variant in &rule.group.variants {
            let variant_outcome = session.check(&with_variant(&rules.options, rule.group, variant))?;
            let names = variant.settings.iter().map(|(name, _)| name);
            let used = names.filter(|name| !variant_outcome.unused_settings.contains(name));
            used_by_variants.extend(used.map(|name| (rule.index, name.clone())));
            let label = format!("with {}", variant.name());
            diagnostics.add(Some(&label), variant_outcome.diagnostics);
            for network in &variant_outcome.networks {
                let own = std::iter::once(rule);
                diagnostics.add_all(Some(&label), |sink| check_budgets(network, rules.budgets, own, sink));
            }
        }
    }
    let diagnostics = diagnostics.into_sorted();
    let diagnostics = match rules.project {
        Some((project, path)) => project.project.level(path, diagnostics),
        None => diagnostics,
    };
    Ok(CheckedFile {
        name: name.to_owned(),
        networks,
        compiled: if rules.keep_compiled { outcome.networks } else { Vec::new() },
        uses: outcome.uses,
        session,
        diagnostics,
        figures,
        unused_settings: outcome.unused_settings,
        used_by_variants,
    })
}

/// A group of the project that applies to the file.
struct GroupRule<'a> {
    /// Its index in the project.
    index: usize,
    group: &'a Group,
    budgets: Vec<Budget>,
}

/// The groups that apply to the file. The budgets have their places in the text of the project.
fn groups_of<'a>(rules: &Rules<'a>, session: &mut Session) -> Vec<GroupRule<'a>> {
    let Some((project, path)) = rules.project else { return Vec::new() };
    let file: FileId = session.add_source(project.text.clone());
    let all = project.project.groups.iter().enumerate();
    all.filter(|(_, group)| group.matches(path))
        .map(|(index, group)| {
            let budgets = group.budgets(|place| Span::new(file, place.start, place.end));
            GroupRule { index, group, budgets }
        })
        .collect()
}

fn check_budgets<'a>(
    network: &CheckedNetwork,
    budgets: &[Budget],
    groups: impl Iterator<Item = &'a GroupRule<'a>>,
    sink: &mut Sink,
) {
    let (name, place) = (&network.entry.name, network.entry.span);
    sink.set_network(Some(name));
    budget::check(&network.checked, budgets, place, sink);
    for rule in groups.filter(|rule| rule.group.matches_network(name)) {
        budget::check(&network.checked, &rule.budgets, place, sink);
    }
}

/// The options of a variant; settings of the caller take precedence.
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

/// Diagnostics of the file as it stands and of its variants, each mistake once.
struct Diagnostics {
    all: Vec<Diagnostic>,
    seen: HashSet<(Code, Span, String)>,
}

impl Diagnostics {
    fn of(all: Vec<Diagnostic>) -> Diagnostics {
        let seen = all.iter().map(key).collect();
        Diagnostics { all, seen }
    }

    /// Adds the diagnostics of a further check.
    fn add_all(&mut self, label: Option<&str>, check: impl FnOnce(&mut Sink)) {
        let mut sink = Sink::default();
        check(&mut sink);
        self.add(label, sink.into_sorted());
    }

    /// Adds diagnostics that are not there yet; `label` names the variant that they come from.
    fn add(&mut self, label: Option<&str>, diagnostics: Vec<Diagnostic>) {
        for mut one in diagnostics {
            if self.seen.insert(key(&one)) {
                one.notes.extend(label.map(str::to_owned));
                self.all.push(one);
            }
        }
    }

    fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.all.sort_by_key(|one| (one.primary.span, one.code));
        self.all
    }
}

fn key(one: &Diagnostic) -> (Code, Span, String) {
    (one.code, one.primary.span, one.message.clone())
}

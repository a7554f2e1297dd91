//! Reads a project file, and reports entries of it that match nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{SourceText, Span};
use crate::diag::{Code, Sink};
use crate::driver::Session;
use crate::project::{Group, Project, ProjectMistake};

use super::CheckedFile;

/// A project file: its text, into which diagnostics point, and its parsed content.
#[derive(Clone, Debug)]
pub struct ProjectFile {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: Arc<SourceText>,
    /// Its parsed content.
    pub project: Project,
}

impl ProjectFile {
    /// Parses a project file; messages call it `name`.
    ///
    /// # Errors
    ///
    /// As [`Project::parse`].
    pub fn parse(name: &str, text: &str) -> Result<ProjectFile, ProjectMistake> {
        let project = Project::parse(text)?;
        Ok(ProjectFile { name: name.to_owned(), text: SourceText::new(name, text), project })
    }

    /// The same file under another name.
    pub fn renamed(&self, name: &str) -> ProjectFile {
        let text = SourceText::new(name, self.text.text().clone());
        ProjectFile { name: name.to_owned(), text, project: self.project.clone() }
    }
}

/// Reports the entries of a project file that match nothing: patterns without a file, networks and settings that no
/// file has. `files` are all files of the project. The result exists even without findings, so that a CI system
/// sees when the last of them has disappeared.
pub fn unmatched_entries(project: &ProjectFile, files: &[CheckedFile]) -> CheckedFile {
    let mut session = Session::load(&(), &project.name, Vec::new(), "");
    let text = session.add_source(project.text.clone());
    let mut sink = Sink::default();
    let span = |place: &std::ops::Range<usize>| Span::new(text, place.start, place.end);
    let patterns = project.project.files.iter();
    for pattern in patterns.chain(project.project.groups.iter().flat_map(|group| &group.files)) {
        if !files.iter().any(|file| pattern.matches(&file.name)) {
            let message = format!("no file of the project matches `{}`", pattern.text);
            sink.error(Code::E0702, span(&pattern.place), message)
                .here("matches nothing")
                .help("`*` stays within a folder, `**/*.cnn` is every file below")
                .emit();
        }
    }
    for (index, group) in project.project.groups.iter().enumerate() {
        let matched: Vec<&CheckedFile> = files.iter().filter(|file| group.matches(&file.name)).collect();
        if matched.is_empty() {
            continue;
        }
        if let Some(network) = &group.network
            && !matched.iter().any(|file| file.networks.contains(network))
        {
            let message = format!("no file of the group has a network `{network}`");
            sink.error(Code::E0702, span(&group.network_place), message).here("is not there").emit();
        }
        let place = group.files.first().map_or(0..0, |pattern| pattern.place.clone());
        for name in variant_settings(group) {
            if !matched.iter().any(|file| file.used_by_variants.contains(&(index, name.clone()))) {
                let message = format!("no network of the group has a parameter `{name}`");
                sink.error(Code::E0702, span(&place), message)
                    .here("the files of the variant")
                    .metric(name)
                    .emit();
            }
        }
    }
    CheckedFile::of_text(&project.name, session, sink.into_sorted())
}

/// The names that the variants of a group set.
fn variant_settings(group: &Group) -> BTreeSet<&String> {
    group.variants.iter().flat_map(|variant| variant.settings.iter().map(|(name, _)| name)).collect()
}

//! The result of checking one file: its findings, its figures and the sources that they point into.

use std::collections::{BTreeMap, BTreeSet};

use crate::annotate::FileFindings;
use crate::baseline::BaselineFigures;
use crate::diag::Diagnostic;
use crate::diag::json::DiagnosticReport;
use crate::driver::{CheckedNetwork, Session};
use crate::sema::Uses;

/// A file after the check.
#[derive(Debug)]
pub struct CheckedFile {
    /// The name under which it was given.
    pub name: String,
    /// The names of its networks.
    pub networks: Vec<String>,
    /// The networks that could be compiled with the settings of the text; empty unless
    /// [`Rules::keep_compiled`](super::Rules::keep_compiled).
    pub compiled: Vec<CheckedNetwork>,
    /// The meaning of its words and the shapes at its statements.
    pub uses: Uses,
    /// Its sources.
    pub session: Session,
    /// Errors and warnings, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The figures of its networks, by `file#network`; empty where no baseline is asked for.
    pub figures: BTreeMap<String, BaselineFigures>,
    /// The settings of [`Rules::options`](super::Rules::options) that no network took.
    pub unused_settings: Vec<String>,
    /// The settings of variants that a network took: the index of the group in its project, and the name.
    pub(super) used_by_variants: BTreeSet<(usize, String)>,
}

impl CheckedFile {
    /// The findings in a text without networks, such as a project file.
    pub(super) fn of_text(name: &str, session: Session, diagnostics: Vec<Diagnostic>) -> CheckedFile {
        CheckedFile {
            name: name.to_owned(),
            networks: Vec::new(),
            compiled: Vec::new(),
            uses: Uses::default(),
            session,
            diagnostics,
            figures: BTreeMap::new(),
            unused_settings: Vec::new(),
            used_by_variants: BTreeSet::new(),
        }
    }

    /// The findings with line and column of each place, as the forms of CI systems take them.
    pub fn findings(&self) -> FileFindings {
        FileFindings {
            file: self.name.clone(),
            networks: self.networks.clone(),
            findings: DiagnosticReport::new(&self.diagnostics, self.session.sources()).diagnostics,
        }
    }
}

//! Checks the networks of files: the compiler's errors and warnings, budgets, the variants of a project, and
//! differences from a baseline.
//!
//! The caller opens files. This module takes texts, and gives the findings, one [`CheckedFile`] for each file.
//!
//! ```
//! use cnnc::analysis::budget::Budget;
//! use cnnc::check::{Rules, check_file};
//! use cnnc::driver::Session;
//!
//! let session = Session::load(&(), "net.cnn", b"input 32x32x1; conv 5x5x6".to_vec(), "net");
//! let budgets = [Budget::parse("params", "100").expect("a metric and a number")];
//! let file = check_file("net.cnn", session, &Rules { budgets: &budgets, ..Rules::default() }).expect("no options");
//! assert_eq!(file.diagnostics[0].message, "`params` is 156, over its budget of 100");
//! ```

mod baseline;
mod checked_file;
mod file;
mod project;

use std::collections::BTreeSet;

use crate::driver::Options;

pub use baseline::{BaselineFile, missing_networks, updated_figures};
pub use checked_file::CheckedFile;
pub use file::{Rules, check_file};
pub use project::{ProjectFile, unmatched_entries};

/// The first setting of `options` that no network of all files took. It is a slip, unless a file could not be
/// parsed: that may well have it.
pub fn unused_setting<'a>(files: &[CheckedFile], options: &'a Options) -> Option<&'a str> {
    let unused = |name: &&String| files.iter().all(|file| file.unused_settings.contains(*name));
    let name = options.settings.iter().map(|(name, _)| name).find(unused)?;
    let broken = |file: &CheckedFile| file.diagnostics.iter().any(|one| one.code.is_of_syntax());
    (!files.is_empty() && !files.iter().any(broken)).then_some(name)
}

/// Leaves a mistake in a file that others use with the first of them only.
pub fn report_once(files: &mut [CheckedFile]) {
    let mut seen = BTreeSet::new();
    for file in files {
        let sources = file.session.sources();
        file.diagnostics.retain(|diagnostic| {
            let span = diagnostic.primary.span;
            let metric = diagnostic.subject.metric.clone();
            let name = sources.name(span.file).to_owned();
            seen.insert((name, span.start, span.end, diagnostic.code, metric, diagnostic.message.clone()))
        });
    }
}

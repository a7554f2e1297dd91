//! Checks that a name can be changed to another.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::diag::{Diagnostic, Severity};
use crate::driver::{Options, Workspace};

use super::analysis::View;
use super::names::{NameKind, Named};
use super::refusal::Refusal;

/// The longest name, in bytes.
const LONGEST: usize = 255;

/// Checks that a text is a valid name; whether it is free is decided by [`check_result`].
pub(super) fn check_name(named: Named, new: &str) -> Result<(), Refusal> {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_');
    let is_name = match named.kind {
        NameKind::Value => new.split('.').all(is_part),
        _ => is_part(new) && !new.starts_with(|first: char| first.is_ascii_digit()),
    };
    if is_name && new.len() <= LONGEST {
        Ok(())
    } else {
        Err(Refusal::parameters(format!("`{new}` is not a name")))
    }
}

/// Checks that the file has no syntax errors: text that was not parsed may hold uses of the name.
pub(super) fn check_readable(view: View<'_>) -> Result<(), Refusal> {
    let all = view.analysis.checked.diagnostics.iter();
    let mut unread = all.filter(|one| is_error(one) && one.code.is_of_syntax());
    let Some(one) = unread.next() else { return Ok(()) };
    let map = view.analysis.map();
    let (file, line) = (map.name(one.primary.span.file), map.location(one.primary.span).line);
    Err(Refusal::parameters(format!("a mistake in line {line} of `{file}` hides names: mend it first")))
}

/// Compiles a file with the new spelling in `trial`. A name that is taken, reserved or captured by another definition
/// shows as an error that was not there before.
pub(super) fn check_result(view: View<'_>, trial: &mut Workspace, path: &str) -> Result<(), Refusal> {
    let session = trial.session(path).map_err(|why| Refusal::parameters(why.to_string()))?;
    let Ok(outcome) = session.check(&Options::default()) else { return Ok(()) };
    let before = errors_by_code(&view.analysis.checked.diagnostics);
    let after = errors_by_code(&outcome.diagnostics);
    let new = after.into_iter().find(|(code, found)| before.get(code).map_or(0, Vec::len) < found.len());
    match new.and_then(|(_, found)| found.into_iter().next()) {
        None => Ok(()),
        Some(one) => Err(Refusal::parameters(format!("{}: {}", one.code, one.message))),
    }
}

fn errors_by_code(all: &[Diagnostic]) -> BTreeMap<&'static str, Vec<&Diagnostic>> {
    let mut by_code: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for one in all.iter().filter(|one| is_error(one)) {
        by_code.entry(one.code.id()).or_default().push(one);
    }
    by_code
}

fn is_error(one: &Diagnostic) -> bool {
    one.severity == Severity::Error
}

/// The text with the new name at all places.
pub(super) fn respelt(text: &str, places: &[Span], new: &str) -> String {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    let (mut out, mut at) = (String::new(), 0);
    for place in sorted {
        out.push_str(&text[at..place.start as usize]);
        out.push_str(new);
        at = place.end as usize;
    }
    out.push_str(&text[at..]);
    out
}

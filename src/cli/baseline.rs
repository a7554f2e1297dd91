//! Reads the file of a baseline, and rewrites it with `--update`.

use std::io;

use crate::analysis::Checked;
use crate::baseline::{self, Baseline};
use crate::check::{BaselineFile, CheckedFile, missing_networks, updated_figures};
use crate::diag::{Code, Failure, Help};

use super::files::{self, NamedBy};
use super::project::OpenedProject;
use super::{CliError, CliResult, write};

/// The help of a finding about figures that differ, for the case that the change is wanted.
const UPDATE: &str = "`cnnc check --baseline FILE --update` takes the figures of now";

/// The baseline file that a check compares its figures with.
pub(super) struct BaselineCheck {
    path: String,
    pub file: BaselineFile,
    /// Whether the check rewrites the file with the present figures instead of comparing them.
    pub update: bool,
}

impl BaselineCheck {
    /// Reads the baseline at `path`, or the one that the project file names when the whole project is checked; `None`
    /// where there is neither. The file may be missing if it is to be rewritten.
    pub(super) fn open(
        path: Option<&str>,
        whole: Option<&OpenedProject>,
        update: bool,
    ) -> Result<Option<BaselineCheck>, CliError> {
        let of_project = || {
            let opened = whole?;
            let name = &opened.file.project.baseline.as_ref()?.text;
            Some((opened.root.join(name).to_string_lossy().into_owned(), name.clone(), NamedBy::File))
        };
        let by_user = path.map(|path| (path.to_owned(), path.to_owned(), NamedBy::User));
        let Some((path, name, named)) = by_user.or_else(of_project) else {
            if update {
                let failure = Failure::new(Code::E0205, "there is no baseline to update");
                let help = "name it with `--baseline FILE`, or `baseline = \"FILE\"` in cnnc.toml";
                return Err(CliError::Usage(failure.help(help)));
            }
            return Ok(None);
        };
        let file = read(&path, &name, named, update)?;
        Ok(Some(BaselineCheck { path, file, update }))
    }

    /// Rewrites the baseline, or reports the networks in it that no file has any more. If a file could not be read
    /// (`complete` is false), it does nothing.
    pub(super) fn finish(
        &self,
        files: &mut Vec<CheckedFile>,
        whole: bool,
        complete: bool,
    ) -> Result<(), CliError> {
        if !self.update {
            files.extend(missing_networks(&self.file, files, whole));
            let all = files.iter_mut().flat_map(|file| &mut file.diagnostics);
            for one in all.filter(|one| one.code == Code::E0405) {
                one.helps.push(Help { text: UPDATE.to_owned(), edit: None });
            }
            return Ok(());
        }
        if !complete {
            return Ok(());
        }
        write::update(&self.path, || {
            // Another process may have updated the file since this one read it.
            let now = read(&self.path, &self.file.name, NamedBy::User, true)?;
            Ok(baseline::write(&updated_figures(&now.baseline, files, whole)))
        })
    }
}

fn read(path: &str, name: &str, named: NamedBy, may_be_missing: bool) -> Result<BaselineFile, CliError> {
    let text = match files::read_text(path, named, files::MOST_BASELINE_BYTES) {
        Ok(text) => text,
        Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => {
            return Ok(BaselineFile::empty(name));
        }
        Err(error) => {
            let failure = Failure::new(Code::E0609, format!("cannot read `{path}`: {error}"));
            return Err(CliError::Environment(failure.help("`--update` writes a first one")));
        }
    };
    BaselineFile::parse(name, &text).map_err(|(line, why)| {
        CliError::Environment(Failure::new(Code::E0704, format!("{path}:{line}: {why}")))
    })
}

/// Writes the figures of one network into a baseline file; the other networks in it stay.
pub(super) fn save(path: &str, file: &str, checked: &Checked) -> CliResult {
    write::update(path, || {
        let old: Baseline = read(path, path, NamedBy::User, true)?.baseline;
        let mut networks = old.into_figures();
        networks.insert(format!("{file}#{}", checked.graph().name()), baseline::figures(checked));
        Ok(baseline::write(&networks))
    })
}

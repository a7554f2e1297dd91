//! Finds project files and the files that belong to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::SourceMap;
use crate::base::Span;
use crate::check::ProjectFile;
use crate::diag::{Code, Failure};
use crate::driver::MAX_SOURCE_BYTES;
use crate::project::{FILE_NAME, ProjectMistake};

use super::CliError;
use super::files::{self, NamedBy};

/// A project file and its folder.
#[derive(Clone, Debug)]
pub(super) struct OpenedProject {
    pub root: PathBuf,
    pub file: ProjectFile,
}

impl OpenedProject {
    /// Reads the project file `path`.
    pub(super) fn read(path: &Path, name: &str) -> Result<OpenedProject, CliError> {
        let text = files::read_text(path, NamedBy::User, MAX_SOURCE_BYTES as u64).map_err(|error| {
            CliError::Environment(Failure::new(Code::E0609, format!("cannot read `{name}`: {error}")))
        })?;
        let file = ProjectFile::parse(name, &text).map_err(|mistake| wrong(name, &text, mistake))?;
        let root = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(OpenedProject { root: root.to_path_buf(), file })
    }

    /// The path of a file relative to the project's folder, with `/` between its parts; `None` for a file outside.
    pub(super) fn relative(&self, file: &str) -> Option<String> {
        let root = std::fs::canonicalize(&self.root).ok()?;
        let file = std::fs::canonicalize(file).ok()?;
        Some(slashed(file.strip_prefix(root).ok()?))
    }

    /// The files of the project, sorted by path.
    pub(super) fn files(&self) -> Result<Vec<String>, CliError> {
        let mut files = walk(&self.root)?;
        files.retain(|file| self.file.project.has(file));
        Ok(files)
    }
}

/// The failure for a mistake in a project or device file, with its line and column.
pub(super) fn wrong(name: &str, text: &str, mistake: ProjectMistake) -> CliError {
    let mut map = SourceMap::default();
    let file = map.add(name, text);
    let at = map.location(Span::new(file, mistake.place.start, mistake.place.end));
    let message = format!("{name}:{}:{}: {}", at.line, at.column, mistake.message);
    let failure = Failure::new(Code::E0701, message);
    CliError::Usage(match mistake.help {
        Some(help) => failure.help(help),
        None => failure,
    })
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The files below a folder, by path from there, sorted. Hidden folders are left out, and so are links to folders and
/// to files outside.
pub(super) fn walk(root: &Path) -> Result<Vec<String>, CliError> {
    let failed = |folder: &Path, error: std::io::Error| {
        let message = format!("cannot read the folder `{}`: {error}", folder.display());
        CliError::Environment(Failure::new(Code::E0609, message))
    };
    let whole = std::fs::canonicalize(root).map_err(|error| failed(root, error))?;
    let lies_within = |path: &Path| {
        std::fs::canonicalize(path).is_ok_and(|file| file.is_file() && file.starts_with(&whole))
    };
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        for entry in std::fs::read_dir(&place).map_err(|error| failed(&place, error))? {
            let entry = entry.map_err(|error| failed(&place, error))?;
            let name = entry.file_name();
            let kind = entry.file_type().map_err(|error| failed(&place, error))?;
            let path = folder.join(&name);
            if kind.is_dir() {
                if !name.to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if kind.is_file() || lies_within(&root.join(&path)) {
                files.push(slashed(&path));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The project files that were found, each read once.
#[derive(Debug, Default)]
pub(super) struct Projects {
    of_folder: BTreeMap<PathBuf, Option<Arc<OpenedProject>>>,
}

impl Projects {
    /// The project file in the folder, or else in the nearest folder above.
    pub(super) fn above(&mut self, folder: &Path) -> Result<Option<Arc<OpenedProject>>, CliError> {
        let Ok(folder) = std::fs::canonicalize(folder) else { return Ok(None) };
        if let Some(known) = self.of_folder.get(&folder) {
            return Ok(known.clone());
        }
        let found = folder.ancestors().map(|one| one.join(FILE_NAME)).find(|path| path.is_file());
        let opened = match found {
            None => None,
            Some(path) => {
                let here = std::env::current_dir().and_then(std::fs::canonicalize);
                let name = here.ok().and_then(|here| path.strip_prefix(here).ok().map(slashed));
                let name = name.unwrap_or_else(|| files::slashed(&path.to_string_lossy()));
                let root = path.parent().map(Path::to_path_buf);
                match root.and_then(|root| self.of_folder.get(&root).cloned().flatten()) {
                    Some(known) => Some(known),
                    None => Some(Arc::new(OpenedProject::read(&path, &name)?)),
                }
            }
        };
        if let Some(opened) = &opened {
            self.of_folder.insert(opened.root.clone(), Some(opened.clone()));
        }
        self.of_folder.insert(folder, opened.clone());
        Ok(opened)
    }
}

/// The folder that contains a file.
pub(super) fn folder_of(file: &str) -> &Path {
    Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

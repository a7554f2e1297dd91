//! Sources of a git revision: `git:REVISION:PATH`, read through the program `git`.

use std::io;
use std::process::Command;

use crate::diag::{Code, Failure};
use crate::driver::Loader;

use super::Stop;

/// A revision, and a path from the root of the repository.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    revision: String,
    /// The path; empty for the root.
    pub path: String,
}

impl Revision {
    /// Reads `git:REVISION:PATH`; `None` where the text is another place. As in git itself, the path begins at
    /// the root of the repository, with `./` at the current folder.
    pub(super) fn parse(text: &str) -> Option<Result<Revision, Stop>> {
        let rest = text.strip_prefix("git:")?;
        Some(Revision::of(text, rest))
    }

    fn of(text: &str, rest: &str) -> Result<Revision, Stop> {
        let wrong = |what: &str| {
            let failure = Failure::new(Code::E0703, format!("`{text}` {what}"));
            Stop::Usage(failure.help("write `git:REVISION:PATH`, such as `git:main:models/net.cnn`"))
        };
        let (revision, path) = rest.split_once(':').ok_or_else(|| wrong("has no path"))?;
        if revision.is_empty() || revision.starts_with('-') {
            return Err(wrong("names no revision"));
        }
        let path = match path.strip_prefix('.') {
            Some(rest) => {
                let prefix = git(&["rev-parse", "--show-prefix"]).map_err(|said| failed(text, &said))?;
                let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
                format!("{prefix}{}", rest.trim_start_matches('/'))
            }
            None => path.to_owned(),
        };
        Ok(Revision { revision: revision.to_owned(), path: path.trim_end_matches('/').to_owned() })
    }

    fn object(&self, path: &str) -> String {
        format!("{}:{path}", self.revision)
    }

    /// Whether the path is a folder. Fails where the revision or the path is not there.
    pub(super) fn is_folder(&self) -> Result<bool, Stop> {
        let object = self.object(&self.path);
        let kind = git(&["cat-file", "-t", &object]).map_err(|said| failed(&object, &said))?;
        Ok(kind.starts_with(b"tree"))
    }

    /// The `.cnn` files of the folder, by path from there, sorted.
    pub(super) fn files(&self) -> Result<Vec<String>, Stop> {
        let object = self.object(&self.path);
        let listed = git(&["ls-tree", "-r", "-z", "--name-only", &object]);
        let listed = listed.map_err(|said| failed(&object, &said))?;
        let names = listed.split(|&byte| byte == 0).map(|name| String::from_utf8_lossy(name).into_owned());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".cnn")).collect();
        names.sort();
        Ok(names)
    }
}

impl Loader for Revision {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        git(&["cat-file", "blob", &self.object(path)]).map_err(io::Error::other)
    }
}

fn failed(object: &str, said: &str) -> Stop {
    let failure = Failure::new(Code::E0703, format!("git cannot read `{object}`"));
    let failure = said.lines().take(3).fold(failure, |failure, line| failure.note(line));
    Stop::Environment(
        failure.help("in a shallow clone, fetch the revision first: `git fetch --depth 1 origin REVISION`"),
    )
}

/// What git writes, or what it says of its failure.
fn git(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").args(arguments).env("LC_ALL", "C").output();
    let output = output.map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
    }
}

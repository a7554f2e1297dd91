//! Sources of a git revision: `git:REVISION:PATH`, read through the program `git`.
//!
//! One process of `git cat-file` answers for all files. It follows links within the revision, as the file system
//! does within the work tree.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::{Code, Failure};
use crate::driver::{Loader, MAX_SOURCE_BYTES};

use super::CliError;

/// A revision, and a path from the root of the repository.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    revision: String,
    /// The path; empty for the root.
    pub path: String,
    objects: Arc<Mutex<Objects>>,
}

impl Revision {
    /// Parses `git:REVISION:PATH`; `None` for a text without that prefix. As in git itself, the path is relative to the
    /// root of the repository, or to the current folder if it begins with `./` or `../`.
    pub(super) fn parse(text: &str) -> Option<Result<Revision, CliError>> {
        let rest = text.strip_prefix("git:")?;
        Some(Revision::of(text, rest))
    }

    fn of(text: &str, rest: &str) -> Result<Revision, CliError> {
        let wrong = |what: &str| {
            let failure = Failure::new(Code::E0703, format!("`{text}` {what}"));
            CliError::Usage(failure.help("write `git:REVISION:PATH`, such as `git:main:models/net.cnn`"))
        };
        let (revision, path) = rest.split_once(':').ok_or_else(|| wrong("has no path"))?;
        if revision.is_empty() || revision.starts_with('-') || revision.contains('\n') {
            return Err(wrong("names no revision"));
        }
        let begins_here = matches!(path.split('/').next(), Some("." | ".."));
        let path = if begins_here {
            let prefix = git(&["rev-parse", "--show-prefix"]).map_err(|said| failed(text, &said))?;
            let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
            normal(&format!("{prefix}{path}")).ok_or_else(|| wrong("leaves the repository"))?
        } else {
            path.trim_end_matches('/').to_owned()
        };
        let objects = Arc::new(Mutex::new(Objects::default()));
        Ok(Revision { revision: revision.to_owned(), path, objects })
    }

    /// Git's name for another path of the same revision, `REVISION:PATH`.
    pub(super) fn object(&self, path: &str) -> String {
        format!("{}:{path}", self.revision)
    }

    fn find(&self, path: &str) -> io::Result<Object> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).read(&self.object(path))
    }

    /// Returns whether the path is a folder. Fails if the revision or the path does not exist.
    pub(super) fn is_folder(&self) -> Result<bool, CliError> {
        let object = self.object(&self.path);
        let found = self.find(&self.path).map_err(|error| failed(&object, &error.to_string()))?;
        Ok(found.kind == "tree")
    }

    /// The `.cnn` files below the folder, by path from there, sorted. Submodules are left out, and so are links that do
    /// not lead to a file of the revision.
    pub(super) fn files(&self) -> Result<Vec<String>, CliError> {
        let object = self.object(&self.path);
        let tree = self.find(&self.path).map_err(|error| failed(&object, &error.to_string()))?;
        let listed = git(&["ls-tree", "-r", "-z", &tree.id]).map_err(|said| failed(&object, &said))?;
        let mut names = Vec::new();
        for entry in listed.split(|&byte| byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, name)) = entry.split_once('\t').filter(|(_, name)| name.ends_with(".cnn")) else {
                continue;
            };
            let is_file = match head.split(' ').next() {
                Some("120000") => self.find(&self.within(name)).is_ok_and(|found| found.kind == "blob"),
                mode => mode.is_some_and(|mode| mode.starts_with("100")),
            };
            if is_file {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// A copy of a file of any size, which vanishes when it is closed.
    pub(super) fn copy(&self, path: &str) -> io::Result<File> {
        let found = self.find(path)?;
        if found.kind != "blob" {
            return Err(io::Error::other("it is a folder"));
        }
        let mut copy = tempfile::tempfile()?;
        let status = Command::new("git")
            .args(["cat-file", "blob", &found.id])
            .stdin(Stdio::null())
            .stdout(copy.try_clone()?)
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(io::Error::other("git ended early"));
        }
        copy.rewind()?;
        Ok(copy)
    }

    /// The path from the root of a file that is named relative to the folder.
    pub(super) fn within(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }
}

impl Loader for Revision {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let found = self.find(path)?;
        if found.kind != "blob" {
            return Err(io::Error::other("it is a folder"));
        }
        Ok(found.bytes)
    }
}

/// An object of the repository.
struct Object {
    id: String,
    /// `blob` or `tree`.
    kind: String,
    /// Its content, cut one byte beyond the size of the largest allowed source.
    bytes: Vec<u8>,
}

/// The `git cat-file` process, started when the first object is read.
#[derive(Debug, Default)]
struct Objects {
    process: Option<(Child, ChildStdin, BufReader<ChildStdout>)>,
}

impl Objects {
    fn read(&mut self, name: &str) -> io::Result<Object> {
        if name.contains('\n') {
            return Err(io::Error::other("its name has a line break"));
        }
        let (_, stdin, stdout) = match &mut self.process {
            Some(running) => running,
            none => none.insert(start()?),
        };
        stdin.write_all(format!("{name}\n").as_bytes())?;
        stdin.flush()?;
        let mut head = String::new();
        stdout.read_line(&mut head)?;
        let words: Vec<&str> = head.trim_end().rsplitn(3, ' ').collect();
        let size = words[0].parse::<u64>().ok();
        match (words.as_slice(), size) {
            // An object that exists: a line `ID KIND SIZE`, then the content and a line end.
            ([_, kind @ ("blob" | "tree"), id], Some(size)) => {
                let object = Object { id: (*id).to_owned(), kind: (*kind).to_owned(), bytes: Vec::new() };
                let mut bytes = Vec::new();
                let most = MAX_SOURCE_BYTES as u64 + 1;
                stdout.take(size.min(most)).read_to_end(&mut bytes)?;
                if size > most {
                    // The rest of a large object is never read; the process is ended, and the next object starts
                    // another one.
                    self.stop();
                } else {
                    stdout.read_exact(&mut [0])?;
                }
                Ok(Object { bytes, ..object })
            }
            // A link that cannot be followed: a line `KIND SIZE`, then its target.
            ([_, kind @ ("symlink" | "dangling" | "loop" | "notdir")], Some(size)) => {
                let why = match *kind {
                    "loop" => "its links lead in a circle",
                    "symlink" => "a link leads out of the repository",
                    _ => "a link leads to what is not there",
                };
                io::copy(&mut stdout.take(size + 1), &mut io::sink())?;
                Err(io::Error::other(why))
            }
            _ if head.is_empty() => Err(io::Error::other(self.stop())),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }

    /// Ends the process and gives what it wrote to stderr.
    fn stop(&mut self) -> String {
        let Some((mut process, stdin, stdout)) = self.process.take() else { return String::new() };
        drop((stdin, stdout));
        let _ = process.kill();
        let mut said = String::new();
        if let Some(stderr) = &mut process.stderr {
            let _ = stderr.take(1 << 16).read_to_string(&mut said);
        }
        let _ = process.wait();
        if said.is_empty() { "git ended early".to_owned() } else { said.trim_end().to_owned() }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.stop();
    }
}

fn start() -> io::Result<(Child, ChildStdin, BufReader<ChildStdout>)> {
    let mut process = Command::new("git")
        .args(["cat-file", "--batch", "--follow-symlinks"])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::other(format!("cannot start git: {error}")))?;
    let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(io::Error::other("git has no streams"));
    };
    Ok((process, stdin, BufReader::new(stdout)))
}

/// A path with `.` and `..` resolved; `None` where it leads above the root.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The failure for an object that cannot be read, in git's own words where the revision is at fault.
fn failed(object: &str, said: &str) -> CliError {
    let revision = object.split(':').next().unwrap_or(object);
    let revision_is_wrong =
        git(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{tree}}")]).is_err();
    let failure = Failure::new(Code::E0703, format!("git cannot read `{object}`"));
    if !revision_is_wrong {
        return CliError::Environment(failure.note(said.lines().next().unwrap_or_default()));
    }
    let why = git(&["rev-parse", "--verify", &format!("{revision}^{{tree}}")]).err().unwrap_or_default();
    let failure = why.lines().take(3).fold(failure, |failure, line| failure.note(line));
    CliError::Environment(
        failure.help("in a shallow clone, fetch the revision first: `git fetch --depth 1 origin REVISION`"),
    )
}

/// Returns whether a text names a revision of the repository here.
pub(super) fn is_revision(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && git(&["rev-parse", "--verify", "--quiet", &format!("{text}^{{tree}}")]).is_ok()
}

/// Runs git and gives its stdout, or its error message.
fn git(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dots_that_are_parts_are_resolved() {
        assert_eq!(normal("a/./b/../c.cnn").as_deref(), Some("a/c.cnn"));
        assert_eq!(normal("./.h/n.cnn").as_deref(), Some(".h/n.cnn"));
        assert_eq!(normal("a/../../b"), None);
        assert_eq!(normal(".").as_deref(), Some(""));
    }
}

//! Baselines as files: read, held against what is found, written anew.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::analysis::Checked;
use crate::base::{FileId, Span};
use crate::baseline::{self, Baseline, Figures};
use crate::diag::{Code, Failure, Sink};
use crate::driver::Session;

use super::found::Found;
use super::project::Opened;
use super::{Done, Stop, output};

/// The baseline of a check, if there is one.
pub(super) struct Held {
    path: String,
    /// The path as messages show it.
    name: String,
    text: Arc<str>,
    baseline: Option<Baseline>,
    update: bool,
}

impl Held {
    /// Reads the baseline `path`, else that of the project that is checked whole; one that is to be written anew
    /// may be missing.
    pub(super) fn open(path: Option<&str>, whole: Option<&Opened>, update: bool) -> Result<Held, Stop> {
        let of_project = || {
            let opened = whole?;
            let name = &opened.project.baseline.as_ref()?.text;
            Some((opened.root.join(name).to_string_lossy().into_owned(), name.clone()))
        };
        let Some((path, name)) = path.map(|path| (path.to_owned(), path.to_owned())).or_else(of_project)
        else {
            if update {
                let failure = Failure::new(Code::E0205, "there is no baseline to update");
                let help = "name it with `--baseline FILE`, or `baseline = \"FILE\"` in cnnc.toml";
                return Err(Stop::Usage(failure.help(help)));
            }
            let (path, name, text) = (String::new(), String::new(), "".into());
            return Ok(Held { path, name, text, baseline: None, update });
        };
        let (text, baseline) = read(&path, update)?;
        Ok(Held { path, name, text: text.into(), baseline: Some(baseline), update })
    }

    /// Whether there is a baseline.
    pub(super) fn is_asked(&self) -> bool {
        self.baseline.is_some()
    }

    /// Adds the text to the sources of a file, so that diagnostics can point into it.
    pub(super) fn add_to(&self, session: &mut Session) -> Option<FileId> {
        self.baseline.is_some().then(|| session.add_source(&self.name, self.text.clone()))
    }

    /// Holds a network against the baseline.
    pub(super) fn check(
        &self,
        key: &str,
        figures: &Figures,
        place: Span,
        file: Option<FileId>,
        sink: &mut Sink,
    ) {
        if let (Some(baseline), Some(file), false) = (&self.baseline, file, self.update) {
            let span = |range: std::ops::Range<usize>| Span::new(file, range.start, range.end);
            baseline.check(key, figures, place, span, sink);
        }
    }

    /// Writes the baseline anew, or reports the networks of it that are gone. Of files that were not checked
    /// nothing is said, unless the whole project was; nothing is written where a file could not be read.
    pub(super) fn finish(&self, found: &[Found], whole: bool, complete: bool) -> Result<Option<Found>, Stop> {
        let Some(baseline) = &self.baseline else { return Ok(None) };
        let was_checked = |key: &str| {
            let file = key.rsplit_once('#').map_or(key, |(file, _)| file);
            whole || found.iter().any(|one| one.name == file)
        };
        let has = |key: &str| found.iter().any(|one| one.figures.contains_key(key));
        if self.update {
            if complete {
                let mut networks = baseline.clone().into_figures();
                // A network with errors keeps its figures.
                let broken = |key: &str| {
                    let (file, network) = key.rsplit_once('#').unwrap_or((key, ""));
                    let file = found.iter().find(|one| one.name == file);
                    file.is_some_and(|one| one.networks.iter().any(|name| name == network))
                };
                networks.retain(|key, _| !was_checked(key) || broken(key));
                networks.extend(found.iter().flat_map(|one| one.figures.clone()));
                write(&self.path, &networks)?;
            }
            return Ok(None);
        }
        let gone = baseline.keys().filter(|key| was_checked(key) && !has(key));
        let mut session = Session::load(&(), &self.name, Vec::new(), "");
        let file = session.add_source(&self.name, self.text.clone());
        let mut sink = Sink::default();
        for key in gone {
            let (path, network) = key.rsplit_once('#').unwrap_or((key, ""));
            let there = found.iter().find(|one| one.name == path);
            // A network with errors is there, and its errors were reported.
            if there.is_some_and(|one| one.networks.iter().any(|name| name == network)) {
                continue;
            }
            let place = baseline.place(key).unwrap_or(0..0);
            sink.error(Code::E0405, Span::new(file, place.start, place.end), format!("`{key}` is gone"))
                .here("has figures here")
                .metric("baseline")
                .help("`cnnc check --baseline FILE --update` takes the figures of now")
                .emit();
        }
        let diagnostics = sink.into_sorted();
        Ok((!diagnostics.is_empty()).then(|| Found::of_text(&self.name, session, diagnostics)))
    }
}

fn read(path: &str, may_be_missing: bool) -> Result<(String, Baseline), Stop> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => {
            return Ok((String::new(), Baseline::default()));
        }
        Err(error) => {
            let failure = Failure::new(Code::E0609, format!("cannot read `{path}`: {error}"));
            return Err(Stop::Environment(failure.help("`--update` writes a first one")));
        }
    };
    let baseline = Baseline::parse(&text).map_err(|(line, why)| {
        Stop::Environment(Failure::new(Code::E0704, format!("{path}:{line}: {why}")))
    })?;
    Ok((text, baseline))
}

fn write(path: &str, networks: &BTreeMap<String, Figures>) -> Done {
    let text = baseline::write(networks);
    output::write_file(path, |file| {
        file.write_all(text.as_bytes())
            .map_err(|error| Failure::new(Code::E0609, format!("cannot write `{path}`: {error}")))
    })
}

/// Writes the figures of one network into a baseline; the other networks of it stay.
pub(super) fn save(path: &str, file: &str, checked: &Checked) -> Done {
    let (_, baseline) = read(path, true)?;
    let mut networks = baseline.into_figures();
    networks.insert(format!("{file}#{}", checked.graph().name()), baseline::figures(checked));
    write(path, &networks)
}

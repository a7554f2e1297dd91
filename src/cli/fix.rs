//! `cnnc check --fix`: makes the edits that are certain, before the files are checked.

use std::path::Path;

use crate::base::{counted, safe};
use crate::diag::fix::{apply_edits, certain_edit};
use crate::diag::{Code, Failure};
use crate::driver::{Loader, Options, Session};

use super::files::{FileLoader, FolderLoader};
use super::output;
use super::{CliError, write};

/// The number of times that a text is compiled and mended: an edit may uncover further mistakes.
const MOST_ROUNDS: usize = 16;

/// A file to mend.
pub(super) struct Target<'a> {
    /// Its name in messages.
    pub(super) name: &'a str,
    /// The folder that its path is relative to; `None` for the current one.
    pub(super) root: Option<&'a Path>,
}

impl Target<'_> {
    fn path(&self) -> String {
        match self.root {
            Some(root) => root.join(self.name).to_string_lossy().into_owned(),
            None => self.name.to_owned(),
        }
    }

    fn session(&self, bytes: Vec<u8>) -> Session {
        match self.root {
            Some(root) => Session::load(&FolderLoader(root), self.name, bytes, "inline"),
            None => Session::load(&FileLoader, self.name, bytes, "inline"),
        }
    }
}

/// A text before and after all certain edits, with a line of description for each edit.
struct Mended {
    before: String,
    after: String,
    done: Vec<String>,
    /// Whether an edit was left out because it overlaps with another.
    overlap: bool,
}

/// Mends a file and says on stderr what was done; with `only_show` the change is printed and nothing is written.
pub(super) fn fix(target: &Target<'_>, options: &Options, only_show: bool) -> Result<(), CliError> {
    let unreadable = |error: std::io::Error| {
        CliError::Environment(Failure::new(Code::E0609, format!("cannot read `{}`: {error}", target.name)))
    };
    let path = target.path();
    let bytes = FileLoader.read(&path).map_err(unreadable)?;
    // A file that is not UTF-8 is left as it is; the check reports it.
    let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
    let mended = mend(target, text, options);
    if mended.overlap {
        let message = "note: edits that overlap were left out; check again after mending one of them";
        output::error(&format!("{message} ({})\n", safe::line(target.name)));
    }
    if mended.done.is_empty() {
        return Ok(());
    }
    if only_show {
        return super::fmt::print_patch(&super::fmt::unified(target.name, &mended.before, &mended.after));
    }
    write::update(&path, || {
        if FileLoader.read(&path).map_err(unreadable)? == mended.before.as_bytes() {
            return Ok(mended.after.clone());
        }
        let message = format!("`{}` was changed meanwhile and is left alone", target.name);
        Err(CliError::Environment(Failure::new(Code::E0609, message)))
    })?;
    let edits = counted(mended.done.len() as u64, "edit");
    output::error(&format!("{}{}: {edits} made\n", mended.done.concat(), safe::line(target.name)));
    Ok(())
}

/// Makes all certain edits until there are none.
fn mend(target: &Target<'_>, text: String, options: &Options) -> Mended {
    let mut mended = Mended { before: text.clone(), after: text, done: Vec::new(), overlap: false };
    for _ in 0..MOST_ROUNDS {
        let session = target.session(mended.after.clone().into_bytes());
        let file = session.root();
        // Wrong options end the loop; the check reports them.
        let Ok(outcome) = session.check(options) else { break };
        let edits: Vec<_> = outcome
            .diagnostics
            .iter()
            .filter_map(|one| Some((one, certain_edit(one)?)))
            .filter(|(_, edit)| edit.span.file == file)
            .collect();
        if edits.is_empty() {
            break;
        }
        let Ok(after) = apply_edits(&mended.after, file, edits.iter().map(|&(_, edit)| edit)) else {
            mended.overlap = true;
            break;
        };
        if after == mended.after {
            break;
        }
        for (diagnostic, edit) in edits {
            let place = session.sources().location(edit.span);
            let help = diagnostic.helps.iter().find(|help| help.edit.is_some());
            let action = match help.map_or("", |help| help.text.as_str()) {
                question if question.ends_with('?') => format!("write `{}`", edit.replacement),
                action => action.to_owned(),
            };
            let done = format!("{}:{}:{}: {action}", target.name, place.line, place.column);
            mended.done.push(format!("{}\n", safe::line(&done)));
        }
        mended.after = after;
    }
    mended
}

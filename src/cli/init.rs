//! `cnnc init`: a starter project file and workflow.

use std::path::Path;

use crate::base::quantity;
use crate::diag::{Code, Failure};
use crate::driver::Options;
use crate::project::FILE_NAME;

use super::files::FileLoader;
use super::project::walk;
use super::words::stop;
use super::{CliError, CliResult, output, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cnnc init --stdout\n  cnnc init --no-workflow --stdout")]
pub(super) struct Arguments {
    /// Writes no workflow for GitHub
    #[arg(long)]
    no_workflow: bool,
    /// Shows the files instead of writing anything
    #[arg(long)]
    stdout: bool,
}

/// The path at which GitHub looks for workflows.
const WORKFLOW: &str = ".github/workflows/cnnc.yml";

/// The most networks that get a budget.
const MOST_BUDGETS: usize = 40;

/// Writes the files into the current folder; existing ones are left as they are.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let project = project()?;
    let mut files = vec![(FILE_NAME, project.as_str())];
    if !arguments.no_workflow {
        files.push((WORKFLOW, include_str!("../../docs/ci/github.yml")));
    }
    if arguments.stdout {
        let shown = files.iter().map(|(path, text)| match files.len() {
            1 => (*text).to_owned(),
            _ => format!("# --- {path}\n{text}\n"),
        });
        return output::print(&shown.collect::<String>());
    }
    if let Some((there, _)) = files.iter().find(|(path, _)| Path::new(path).exists()) {
        let failure = Failure::new(Code::E0609, format!("`{there}` is there already"));
        return Err(CliError::Usage(failure.help("`cnnc init --stdout` shows what it would write")));
    }
    for (path, text) in files {
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let message = format!("cannot make the folder `{}`: {error}", folder.display());
                CliError::Environment(Failure::new(Code::E0609, message))
            })?;
        }
        write::text(path, text)?;
        output::error(&format!("wrote {path}\n"));
    }
    if !arguments.no_workflow {
        output::error(&format!(
            "next: set CNNC_REPOSITORY and CNNC_VERSION at the head of {WORKFLOW}, then commit both files\n"
        ));
    }
    Ok(())
}

/// The text of the project file, with a budget a little above the present cost of each network in the folder.
fn project() -> Result<String, CliError> {
    let mut text = include_str!("../../docs/ci/cnnc.toml").to_owned();
    let mut budgets = 0;
    let is_special =
        |one: char| one.is_control() || matches!(one, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '"' | '\\');
    let plain = |path: &str| !path.contains(is_special);
    for path in walk(Path::new("."))?.into_iter().filter(|path| path.ends_with(".cnn") && plain(path)) {
        let session = crate::driver::Session::open(&FileLoader, &path).map_err(CliError::Environment)?;
        let outcome = session.check(&Options::default()).map_err(stop)?;
        // Networks with errors have no cost yet and get no budget.
        for network in &outcome.networks {
            let (name, totals) = (&network.entry.name, network.checked.totals());

            budgets += 1;
            if budgets <= MOST_BUDGETS {
                text.push_str(&format!(
                    "\n[[networks]]\nfiles = [\"{path}\"]\nnetwork = \"{name}\"\nmax = {{ params = \"{}\", macs = \"{}\" }}\n",
                    quantity::above(totals.elements.params),
                    quantity::above(totals.macs)
                ));
            }
        }
    }
    if budgets > MOST_BUDGETS {
        text.push_str(&format!("\n# … and {} more networks without a budget\n", budgets - MOST_BUDGETS));
    }
    Ok(text)
}

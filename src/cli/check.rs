//! `cnnc check`: diagnostics and budgets of files, or of a whole project.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::budget::Budget;
use crate::base::counted;
use crate::check::{CheckedFile, Rules, check_file, report_once, unmatched_entries, unused_setting};
use crate::diag::{Code, Diagnostic, Failure, Severity};
use crate::driver::{Options, OptionsError, Session};

use super::baseline::BaselineCheck;
use super::files::{FolderLoader, slashed};
use super::findings::{self, Format};
use super::output::{self, counts};
use super::project::{OpenedProject, Projects, folder_of, walk};
use super::source::{self, NetworkSettings};
use super::words::stop;
use super::{CliError, CliResult, fix, import, write};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a FILE the project of `cnnc.toml` is checked, found here or above. --fix repeats until nothing is certain any more, never touches what a file uses, and leaves decisions about the model (shapes, expectations, warnings) alone; the exit code says what is left.\n\nExamples:\n  cnnc check zoo:vgg16 zoo:resnet50 --max params=140M\n  cnnc check -e 'input 28x28x1; conv 5x5x16 same; maxpool 2/2' --format json"
)]
pub(super) struct Arguments {
    /// Files or folders, `-` for stdin, or `zoo:NAME`
    #[arg(value_name = "FILE", conflicts_with = "text")]
    files: Vec<String>,
    /// The text of a network instead of files
    #[arg(short = 'e', value_name = "TEXT")]
    text: Option<String>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Writes another form into a file; repeatable
    #[arg(long, value_name = "FORMAT=FILE")]
    also: Vec<String>,
    /// The most that a metric may be, such as `params=5M`; repeatable
    #[arg(long, value_name = "METRIC=LIMIT")]
    max: Vec<String>,
    /// Makes the edits that are certain: a missing `;`, a misspelt word, an order of words
    #[arg(long, conflicts_with = "text")]
    fix: bool,
    /// With --fix: shows the edits and writes nothing
    #[arg(long, requires = "fix")]
    diff: bool,
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
    /// The project file, instead of the one found upward
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<String>,
    /// No project file
    #[arg(long)]
    no_config: bool,
    /// Compares the figures with a baseline, that of the project where none is named
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,
    /// Rewrites the baseline with the present figures instead of comparing them
    #[arg(long)]
    update: bool,
    /// Threads; 0 is one for each core
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024), value_name = "N")]
    threads: u16,
    #[command(flatten)]
    settings: NetworkSettings,
}

/// A file that the command checks.
struct Job {
    /// The name under which it is opened and shown.
    name: String,
    /// The project that it belongs to, and its path from the project's folder.
    project: Option<(Arc<OpenedProject>, String)>,
    /// Whether the name is relative to the project's folder instead of the current one.
    rooted: bool,
}

/// The settings that all files share.
struct Common<'a> {
    text: Option<&'a str>,
    options: Options,
    budgets: Vec<Budget>,
    baseline: Option<BaselineCheck>,
    /// Whether compiled networks are kept to the end of the process; those of many files would fill the memory.
    keep_compiled: bool,
}

/// Checks every file; a file that cannot be read does not hide the others.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let also = also(&arguments.also)?;
    let (jobs, whole) = jobs(arguments)?;
    let common = Common {
        text: arguments.text.as_deref(),
        options: arguments.settings.options()?,
        budgets: budgets(&arguments.max)?,
        baseline: BaselineCheck::open(arguments.baseline.as_deref(), whole.as_deref(), arguments.update)?,
        keep_compiled: jobs.len() == 1,
    };
    if arguments.fix {
        fix_all(&jobs, &common.options, arguments.diff)?;
    }
    let results: Vec<Result<CheckedFile, CliError>> = match jobs.as_slice() {
        // Starting threads takes longer than checking one file.
        [job] => vec![check(job, &common)],
        _ => threads(arguments.threads)?.install(|| jobs.par_iter().map(|job| check(job, &common)).collect()),
    };
    let mut files = Vec::new();
    let mut stopped: Option<CliError> = None;
    for result in results {
        match result {
            Ok(file) => files.push(file),
            Err(stop) => {
                if let Some(CliError::Usage(failure) | CliError::Environment(failure)) = stopped.take() {
                    output::failure(&failure);
                }
                stopped = Some(stop);
            }
        }
    }
    if stopped.is_none()
        && let Some(name) = unused_setting(&files, &common.options)
    {
        return Err(stop(OptionsError::UnknownSetting { name: name.to_owned(), near: None }));
    }
    if let Some(opened) = &whole {
        files.push(unmatched_entries(&opened.file, &files));
    }
    if let Some(baseline) = &common.baseline {
        baseline.finish(&mut files, whole.is_some(), stopped.is_none())?;
    }
    report_once(&mut files);
    findings::show(arguments.format, &files, arguments.settings.color)?;
    for (format, path) in also {
        write::text(path, &findings::text(format, &files)?)?;
    }
    say(arguments.format, &files, whole.is_some(), stopped.is_none());
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let mut all = files.iter().flat_map(|file| &file.diagnostics);
    let fails = all.any(|one| one.severity == Severity::Error || arguments.deny_warnings);
    // The process ends here, which is sooner than to free the tree and the graph of a large file.
    std::mem::forget(files);
    if fails { Err(CliError::Model) } else { Ok(()) }
}

/// Applies the certain edits to every file that is neither stdin nor of the zoo.
fn fix_all(jobs: &[Job], options: &Options, only_show: bool) -> CliResult {
    for job in jobs {
        let name = job.name.as_str();
        if name == "-" || name.starts_with("zoo:") {
            let failure = Failure::new(Code::E0206, format!("`--fix` beside `{name}`, which is no file"));
            return Err(CliError::Usage(failure.help("name files or folders")));
        }
        if import::is_model(name) && job.rooted {
            // A project may have models beside its texts.
            continue;
        }
        if import::is_model(name) {
            let message = format!("`--fix` beside `{name}`, which is a model and no text");
            let help = "`cnnc import` writes its text, which can be mended";
            return Err(CliError::Usage(Failure::new(Code::E0206, message).help(help)));
        }
        let root = job.project.as_ref().filter(|_| job.rooted).map(|(opened, _)| opened.root.as_path());
        fix::fix(&fix::Target { name, root }, options, only_show)?;
    }
    Ok(())
}

/// Opens a file and checks it.
fn check(job: &Job, common: &Common) -> Result<CheckedFile, CliError> {
    let (session, options) = match job.project.as_ref().filter(|_| job.rooted) {
        Some((opened, path)) => {
            let session = match import::is_model(path) {
                true => import::open_below(&opened.root, path)?,
                false => Session::open(&FolderLoader(&opened.root), path).map_err(CliError::Environment)?,
            };
            (session, common.options.clone())
        }
        None => {
            let opened = source::open(Some(&job.name), common.text)?;
            let options = opened.options(common.options.clone());
            (opened.session, options)
        }
    };
    let rules = Rules {
        keep_compiled: common.keep_compiled,
        options,
        budgets: &common.budgets,
        project: job.project.as_ref().map(|(opened, path)| (&opened.file, path.as_str())),
        baseline: common.baseline.as_ref().map(|baseline| &baseline.file),
        update_baseline: common.baseline.as_ref().is_some_and(|baseline| baseline.update),
    };
    check_file(&job.name, session, &rules).map_err(stop)
}

/// Threads for checking files side by side; 0 is one for each core.
fn threads(number: u16) -> Result<rayon::ThreadPool, CliError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(number)).build();
    pool.map_err(|error| {
        CliError::Environment(Failure::new(Code::E0607, format!("cannot start threads: {error}")))
    })
}

/// Prints the closing line for people. A check of a whole project always has one, any other only on a terminal.
fn say(format: Format, files: &[CheckedFile], whole: bool, complete: bool) {
    let all: Vec<Diagnostic> = files.iter().flat_map(|file| file.diagnostics.iter().cloned()).collect();
    let counted_all = counts(&all);
    let verdict = match (all.is_empty(), complete) {
        (false, _) => counted_all.as_str(),
        (true, true) => "no errors",
        // The failure that follows names the files that could not be checked.
        (true, false) => return,
    };
    let for_people = matches!(format, Format::Human | Format::Short);
    if whole || (for_people && all.is_empty() && std::io::stderr().is_terminal()) {
        let networks: usize = files.iter().map(|file| file.networks.len()).sum();
        let sources = files.iter().filter(|file| !file.networks.is_empty() || file.name.ends_with(".cnn"));
        let (networks, sources) =
            (counted(networks as u64, "network"), counted(sources.count() as u64, "file"));
        output::error(&format!("{networks} in {sources}: {verdict}\n"));
    } else if !all.is_empty() && for_people {
        output::error(&format!("{verdict}\n"));
    }
}

/// The budgets that `--max` gives.
fn budgets(words: &[String]) -> Result<Vec<Budget>, CliError> {
    let budget = |word: &String| {
        let (name, limit) = word.split_once('=').ok_or_else(|| {
            let failure = Failure::new(Code::E0205, format!("`--max {word}` is no budget"));
            CliError::Usage(failure.help("write `--max metric=limit`, such as `--max params=5M`"))
        })?;
        Budget::parse(name.trim(), limit.trim()).map_err(|mistake| {
            let failure = Failure::new(Code::E0402, format!("`--max {word}`: {}", mistake.message));
            CliError::Usage(match mistake.help {
                Some(help) => failure.help(help),
                None => failure,
            })
        })
    };
    words.iter().map(budget).collect()
}

/// The pairs of form and file that `--also` gives.
fn also(words: &[String]) -> Result<Vec<(Format, &str)>, CliError> {
    let one = |word: &'_ String| -> Option<Format> {
        <Format as clap::ValueEnum>::from_str(word.split_once('=')?.0, false).ok()
    };
    let parsed = words.iter().map(|word| {
        let format = one(word).ok_or_else(|| {
            let failure = Failure::new(Code::E0205, format!("`--also {word}` names no form and file"));
            CliError::Usage(
                failure.help("write `--also sarif=cnnc.sarif`; the forms are those of `--format`"),
            )
        })?;
        Ok((format, word.split_once('=').map_or("", |(_, path)| path)))
    });
    parsed.collect()
}

/// The failure of a check that found no file. Without it, a wrong folder would pass every check.
fn nothing_there(place: &str) -> CliError {
    CliError::Environment(Failure::new(Code::E0609, format!("{place} has no .cnn file")))
}

/// The argument that the project file given by `--config` cannot apply to: a text, or a file outside its folder.
fn outside(arguments: &Arguments, given: Option<&OpenedProject>) -> Option<String> {
    let given = given?;
    if arguments.text.is_some() {
        return Some("the text of `-e`".to_owned());
    }
    let lies_outside = |file: &&String| {
        let is_no_file = *file == "-" || file.starts_with("zoo:");
        is_no_file || (Path::new(file.as_str()).exists() && given.relative(file).is_none())
    };
    arguments.files.iter().find(lies_outside).map(|file| format!("`{file}`"))
}

/// The files to check, and the project where all of it is checked.
fn jobs(arguments: &Arguments) -> Result<(Vec<Job>, Option<Arc<OpenedProject>>), CliError> {
    let given = match &arguments.config {
        Some(path) => Some(Arc::new(OpenedProject::read(Path::new(path), path)?)),
        None => None,
    };
    let mut projects = Projects::default();
    if let (Some(config), Some(file)) = (&arguments.config, outside(arguments, given.as_deref())) {
        let message = format!("{file} lies outside of the project of `{config}`");
        let failure = Failure::new(Code::E0701, message);
        return Err(CliError::Usage(
            failure.help("leave `--config` out, or name files below the folder of the project file"),
        ));
    }
    if arguments.text.is_some() {
        let name = "inline".to_owned();
        return Ok((vec![Job { name, project: None, rooted: false }], None));
    }
    if arguments.files.is_empty() {
        let found = match given {
            Some(opened) => Some(opened),
            None if arguments.no_config => None,
            None => projects.above(Path::new("."))?,
        };
        let Some(opened) = found else {
            let failure =
                Failure::new(Code::E0701, "no FILE is given, and there is no cnnc.toml here or above");
            return Err(CliError::Usage(
                failure.help("name a file or a folder, or write a project file with `cnnc init`"),
            ));
        };
        // Every name becomes relative to the folder of the project file, so that the output does not depend on the
        // current folder.
        let name = opened.file.name.rsplit('/').next().unwrap_or_default();
        let opened = Arc::new(OpenedProject { root: opened.root.clone(), file: opened.file.renamed(name) });
        let files = opened.files()?;
        if files.is_empty() && opened.file.project.files.is_empty() {
            return Err(nothing_there(&format!("the project of `{}`", opened.file.name)));
        }
        let job = |name: String| Job { project: Some((opened.clone(), name.clone())), name, rooted: true };
        return Ok((files.into_iter().map(job).collect(), Some(opened)));
    }
    let mut jobs = Vec::new();
    for file in &arguments.files {
        let mut names = vec![slashed(file)];
        if file != "-" && Path::new(file).is_dir() {
            let folder = names[0].trim_end_matches('/').to_owned();
            let inside = walk(Path::new(file))?.into_iter().filter(|one| one.ends_with(".cnn"));
            names = inside.map(|one| if folder == "." { one } else { format!("{folder}/{one}") }).collect();
            if names.is_empty() {
                return Err(nothing_there(&format!("the folder `{file}`")));
            }
        }
        for name in names {
            let opened = match (&given, name == "-" || name.starts_with("zoo:") || arguments.no_config) {
                (Some(opened), _) => Some(opened.clone()),
                (None, true) => None,
                (None, false) => projects.above(folder_of(&name))?,
            };
            let project = opened.and_then(|opened| opened.relative(&name).map(|path| (opened, path)));
            jobs.push(Job { name, project, rooted: false });
        }
    }
    Ok((jobs, None))
}

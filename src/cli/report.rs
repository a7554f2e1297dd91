//! `cnnc report`: what a network costs, layer by layer.

use crate::analysis::{Checked, Dtype, Metric, explain};
use crate::diag::{Code, Failure};
use crate::driver::{MAX_SOURCE_BYTES, Session};
use crate::project::{Defaults, DeviceFile};
use crate::report::{self, Column, Report, Selection};

use super::files::{self, NamedBy};
use super::project::{Projects, folder_of};
use super::source::Source;
use super::{CliError, CliResult, output, words};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cnnc report zoo:vgg16 --sort params --top 5\n  cnnc report zoo:resnet50 --depth 1 --format markdown"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// The columns, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    columns: Vec<String>,
    /// Sorts the rows by a metric, largest first
    #[arg(long, value_name = "METRIC")]
    sort: Option<String>,
    /// Shows at most so many rows
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Folds rows whose path has more parts
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// Gives parts rows of their own, and indents what they hold
    #[arg(long, conflicts_with_all = ["sort", "top", "depth"])]
    tree: bool,
    /// Pictures at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1 << 20), value_name = "N")]
    batch: u64,
    /// The type of weights and values
    #[arg(long, default_value = "f32", value_parser = ["f32", "f16", "int8"], value_name = "TYPE")]
    dtype: String,
    /// Exact figures instead of rounded ones
    #[arg(long)]
    exact: bool,
    /// Bounds of the time on the device of a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["explain", "dialects"])]
    device: Option<String>,
    /// What other tools print for the network, and the rule of each difference
    #[arg(long, conflicts_with = "explain")]
    dialects: bool,
    /// Whether repeated blocks are folded: on a terminal, always or never
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    fold: Fold,
    /// Writes the figures into a baseline, besides the report
    #[arg(long, value_name = "FILE")]
    save_baseline: Option<String>,
    /// Writes the arithmetic of one layer out
    #[arg(long, value_name = "NAME")]
    explain: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Fold {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Table,
    /// Everything, for machines
    Json,
    /// Comma-separated values with exact figures
    Csv,
    /// A table for GitHub
    Markdown,
    /// A page that needs nothing else
    Html,
    /// A table for a paper, with the package booktabs
    Latex,
}

/// Compiles, then reports.
pub(super) fn run(arguments: &Arguments) -> CliResult {
    let selection = selection(arguments, &defaults(&arguments.source)?)?;
    arguments.source.compile(|session, checked| report(arguments, &selection, session, checked))
}

fn report(arguments: &Arguments, selection: &Selection, session: &Session, checked: &Checked) -> CliResult {
    if let Some(path) = &arguments.save_baseline {
        let file = files::slashed(arguments.source.file.as_deref().unwrap_or("inline"));
        super::baseline::save(path, &file, checked)?;
    }
    if let Some(name) = &arguments.explain {
        return match explain::lines(checked, name) {
            Some(lines) => output::print_prose(&(lines.join("\n") + "\n")),
            None => {
                let rows = checked.graph().layers().map(|(_, node)| node.path.as_str());
                let failure = Failure::new(Code::E0113, format!("there is no layer `{name}`"));
                Err(CliError::Usage(words::suggest(failure, name, rows)))
            }
        };
    }
    if arguments.dialects {
        let report = report::dialects::dialects(checked);
        return if arguments.format == Format::Json {
            output::print(&output::json(&report)?)
        } else {
            output::print_prose(&report::dialects::dialect_table(&report))
        };
    }
    let dtype = match arguments.dtype.as_str() {
        "f16" => Dtype::F16,
        "int8" => Dtype::Int8,
        _ => Dtype::F32,
    };
    if let Some(path) = &arguments.device {
        let settings = report::ReportSettings { dtype, batch: arguments.batch };
        return device(path, arguments.format, settings, checked);
    }
    let report =
        Report::of(checked, session.sources(), report::ReportSettings { dtype, batch: arguments.batch });
    match arguments.format {
        Format::Table => output::print_text(&report::table(&report, selection, output::width())),
        Format::Json => output::print(&output::json(&report)?),
        Format::Csv => output::print(&report::csv(&report, selection)),
        Format::Markdown => output::print_text(&report::markdown(&report, selection)),
        Format::Html => output::print(&report::html::html(&report, checked)),
        Format::Latex => output::print(&report::latex(&report, selection)),
    }
}

/// Bounds of the time on the device of the file `path`.
fn device(path: &str, format: Format, settings: report::ReportSettings, checked: &Checked) -> CliResult {
    let text = files::read_text(path, NamedBy::User, MAX_SOURCE_BYTES as u64).map_err(|error| {
        CliError::Environment(Failure::new(Code::E0609, format!("cannot read `{path}`: {error}")))
    })?;
    let file = DeviceFile::parse(&text).map_err(|mistake| super::project::wrong(path, &text, mistake))?;
    let device = file.device(settings.dtype).ok_or_else(|| {
        let message = format!("`{path}` has no peak for {}", settings.dtype);
        CliError::Usage(Failure::new(Code::E0701, message).help("choose another type with `--dtype`"))
    })?;
    let estimate = report::estimate::estimate(checked, settings, &device, (&file.name, &file.source));
    if format == Format::Json {
        output::print(&output::json(&estimate)?)
    } else {
        output::print_prose(&report::estimate::estimate_table(&estimate))
    }
}

/// The defaults for reports from the project file above the source.
fn defaults(source: &Source) -> Result<Defaults, CliError> {
    let file = source.file.as_deref().filter(|file| *file != "-");
    let opened = match file {
        Some(file) => Projects::default().above(folder_of(file))?,
        None => None,
    };
    Ok(opened.map(|opened| opened.file.project.report.clone()).unwrap_or_default())
}

fn selection(arguments: &Arguments, defaults: &Defaults) -> Result<Selection, CliError> {
    let mut selection = Selection {
        top: arguments.top.or(defaults.top),
        depth: arguments.depth.or(defaults.depth),
        exact: arguments.exact || defaults.exact,
        sort: defaults.sort,
        repeats: match arguments.fold {
            Fold::Auto => arguments.format == Format::Table && output::is_terminal(),
            Fold::Always => true,
            Fold::Never => false,
        },
        marks: arguments.format == Format::Table && output::is_terminal(),
        tree: arguments.tree,
        ..Selection::default()
    };
    if arguments.tree {
        (selection.sort, selection.top, selection.depth) = (None, None, None);
    }
    if arguments.columns.is_empty() && !defaults.columns.is_empty() {
        selection.columns = defaults.columns.clone();
    }
    if !arguments.columns.is_empty() {
        selection.columns = arguments.columns.iter().map(|word| column(word)).collect::<Result<_, _>>()?;
    }
    if let Some(word) = &arguments.sort {
        let metric = Metric::parse(word).filter(|metric| metric.is_sum());
        let words: Vec<&str> =
            Metric::ALL.into_iter().filter(|metric| metric.is_sum()).map(Metric::name).collect();
        let failure = || {
            Failure::new(Code::E0402, format!("rows cannot be sorted by `{word}`"))
                .note(format!("the metrics are {}", words.join(", ")))
        };
        selection.sort = Some(
            metric.ok_or_else(|| CliError::Usage(words::suggest(failure(), word, words.iter().copied())))?,
        );
    }
    Ok(selection)
}

fn column(word: &str) -> Result<Column, CliError> {
    let words: Vec<&str> = Column::all().into_iter().map(Column::word).collect();
    Column::parse(word).ok_or_else(|| {
        let failure = Failure::new(Code::E0402, format!("there is no column `{word}`"))
            .note(format!("the columns are {}", words.join(", ")));
        CliError::Usage(words::suggest(failure, word, words.iter().copied()))
    })
}
